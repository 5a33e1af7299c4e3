/* Metrics and their windows as they stand in conditions, levels and milestones. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_MEASURES_H
#define LOYALTY_PROGRAMME_MEASURES_H

#include "programme/loader.h"

enum { METRIC_KINDS = 5 };

struct window_keys {
    struct window window;
    bool has_days;
};

extern const char *const window_names[];

/* `window` (the whole life without it) and `days`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers, not expressions */
#define WINDOW_ROWS(structure, member)                                                                       \
    YAML_KEY(structure, member.window.kind, "window", YAML_NAME, .names = window_names),                     \
        YAML_KEY(structure, member.window.days, "days", YAML_INTEGER, .min = 1, .max = 3660,                 \
                 YAML_PRESENT(structure, member.has_days))

/* The nodes of `qualifying`, `spend`, `visits`, `units` and `balance`; NULL where not given. */
struct goal_keys {
    const struct yaml_node *of[METRIC_KINDS];
};

#define GOAL_ROWS(structure, member)                                                                         \
    YAML_KEY(structure, member.of[0], "qualifying", YAML_NODE),                                              \
        YAML_KEY(structure, member.of[1], "spend", YAML_NODE),                                               \
        YAML_KEY(structure, member.of[2], "visits", YAML_NODE),                                              \
        YAML_KEY(structure, member.of[3], "units", YAML_NODE),                                               \
        YAML_KEY(structure, member.of[4], "balance", YAML_NODE)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Notes where `days` and the kind of the window do not go together. */
void check_window(struct loader *loader, const struct yaml_node *node, const struct window_keys *keys);

/* Reads the goals that are given; each metric joins the programme's list. Returns how many. */
size_t read_goals(struct loader *loader, const struct yaml_node *node, const struct goal_keys *keys,
                  const struct selector *selector, const struct window *window,
                  struct goal goals[METRIC_KINDS]);

/* The same where exactly one must be given. False: noted. */
bool read_goal(struct loader *loader, const struct yaml_node *node, const struct goal_keys *keys,
               const struct selector *selector, const struct window *window, struct goal *ret_goal);

/* The index of a metric in the programme's list, which it joins. */
uint32_t list_measure(struct loader *loader, const struct yaml_node *node, struct measure measure);

/* Lets a goal that was read be asked of so many windows in a row, of `in_a_row` of the node; writes the index
 * of the run in the programme's list. False: noted. */
bool read_run(struct loader *loader, const struct yaml_node *node, const struct goal *goal, int32_t in_a_row,
              uint32_t *ret_run);

/* Copies the list of all metrics into the programme, at the end. */
void keep_measures(struct loader *loader);

#endif
