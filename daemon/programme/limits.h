/* Limits as they stand on rules, campaigns and the programme. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_LIMITS_H
#define LOYALTY_PROGRAMME_LIMITS_H

#include "programme/loader.h"

yaml_read_function read_limits; /* struct limits, without their numbers */
yaml_read_function read_over;   /* bool: reject */

#define LIMITS_ROW(structure, member) YAML_KEY(structure, member, "limits", YAML_CUSTOM, .read = read_limits)

/* Numbers limits that read_limits has read. */
void number_limits(struct limits *limits, enum limit_owner owner, uint32_t owner_number);

/* Notes limits below what a rule gives at once: `reject` gives nothing then, `cut` is questionable. */
void check_one_gift(struct loader *loader, const struct yaml_node *rule, const struct limits *limits,
                    int64_t give);

#endif
