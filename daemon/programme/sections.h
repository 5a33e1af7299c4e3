/* The sections of a programme file. Each fills its part of loader->programme; what is wrong is noted in the
 * loader's errors. In the order they must be called: the points' decimals and the numbers of levels, cards
 * and rewards are known before the rules are read. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_SECTIONS_H
#define LOYALTY_PROGRAMME_SECTIONS_H

#include "programme/loader.h"

/* A rule's own `basis`: what it leaves out is as `*basis` has it. */
void read_rule_basis(struct loader *loader, const struct yaml_node *node, struct basis *basis);
/* What the programme does when policies are asked for, each in a mapping of its own at the top level. */
enum policy {
    POLICY_PAYING,
    POLICY_RESERVATIONS,
    POLICY_RETURNS,
    POLICY_MOVING,
    POLICY_HOUSEHOLDS,
    POLICIES
};

/* The policies, by their nodes (NULL: not in the file). The points' decimals are known. */
/* `pay_with_points`, whose conditions may name levels: after them. `node` may be NULL. */
void read_paying(struct loader *loader, const struct yaml_node *node);

/* All others. */
void read_policies(struct loader *loader, const struct yaml_node *const nodes[POLICIES]);
/* What contradicts each other, when the whole programme has been read without errors. */
void check_policies(struct loader *loader);
/* Counts what the conditions ask of a profile, when everything has been read. */
void number_questions(struct loader *loader);
/* Everything but the lists of things with ids; sets loader->sections. */
void read_head(struct loader *loader);
/* `rewards`, whose conditions name levels; then `stamp_cards`, which name rewards. */
void read_rewards(struct loader *loader, const struct yaml_node *list);
void read_cards(struct loader *loader, const struct yaml_node *list);
void read_campaigns(struct loader *loader, const struct yaml_node *list);
void read_milestones(struct loader *loader, const struct yaml_node *list);
void read_tiers(struct loader *loader, const struct yaml_node *mapping);
void read_rules(struct loader *loader, const struct yaml_node *list);

/* The kind that a rule's keys say, for what is read before the rules; false: none. */
bool rule_kind_of(const struct yaml_node *rule, enum rule_kind *ret_kind);

#endif
