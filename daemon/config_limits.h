/* `limits` of the configuration: what one peer may do. */
#ifndef LOYALTY_CONFIG_LIMITS_H
#define LOYALTY_CONFIG_LIMITS_H

#include "service/peers.h"
#include "yaml/bind.h"

#include <stdio.h>

/* As bound by config_limits_table; missing keys have the defaults of service/peer_limit.def. */
struct limits_row {
    struct limits_side {
        uint32_t values[PEER_LIMITS]; /* by peer_limit */
    } others, local;
    uint32_t wrong_codes;
};

extern const struct yaml_table config_limits_table;

void config_limits_fill(const struct limits_row *row, struct peer_limits *ret_limits);
/* Nothing when all are the defaults. */
void config_limits_print(const struct peer_limits *limits, FILE *out);

#endif
