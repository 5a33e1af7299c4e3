#include "programme/gives.h"

#include "programme/forms.h"
#include "programme/measures.h"
#include "programme/sections.h"

enum { AWARD_POINTS_MAX = 1000000000 };

struct award_keys {
    const struct yaml_node *reward;
    const char *note;
    int64_t points;
    const struct yaml_node *level;
    struct term term;
};

static const struct yaml_field award_fields[] = {
    YAML_FIELD(struct award_keys, reward, YAML_NODE),
    YAML_FIELD(struct award_keys, points, YAML_POINTS, .min = 1, .max = AWARD_POINTS_MAX),
    YAML_FIELD(struct award_keys, note, YAML_ID, .max = ID_BYTES_MAX),
    YAML_FIELD(struct award_keys, level, YAML_NODE),
    TERM_ROW(struct award_keys, term, "for"),
};
static const struct yaml_table award_table = {YAML_FIELDS(award_fields), .size = sizeof(struct award_keys)};

int read_award(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    struct award *award = field;
    struct award_keys keys;
    *award = NO_AWARD;
    int result = yaml_bind(binder, node, &award_table, &keys);
    if (result < 0) {
        return result;
    }
    if (node->size == 0) {
        return yaml_error(binder->errors, node, "expected at least one of reward, points, note, level");
    }
    award->points = keys.points;
    if (keys.note != NULL) {
        award->note = loader_number(loader, node, NUMBER_NOTE, keys.note);
    }
    if (keys.level == NULL && yaml_get(node, "for") != NULL) {
        return yaml_error(binder->errors, yaml_get(node, "for"),
                          "for says how long a level is given: say level, too");
    }
    if (keys.level != NULL) {
        const char *id;
        uint32_t index = 0;
        result = loader_reference(loader, keys.level, SECTION_LEVELS, &id, &index);
        if (result < 0) {
            return result;
        }
        award->level = loader_number(loader, keys.level, NUMBER_LEVEL, id);
        award->level_term = keys.term;
    }
    if (keys.reward != NULL) {
        const char *id;
        uint32_t index = 0;
        result = loader_reference(loader, keys.reward, SECTION_REWARDS, &id, &index);
        award->reward = (int32_t)index;
    }
    return result;
}

/* --- milestones --- */

struct milestone_keys {
    struct milestone milestone;
    struct goal_keys goals;
    struct window_keys window;
    struct selector selector;
    int32_t repeat;
};

static const char *const repeat_names[] = {[MILESTONE_ONCE] = "once",
                                           [MILESTONE_EACH_WINDOW] = "each_window",
                                           [MILESTONE_EACH_CROSSING] = "each_crossing",
                                           NULL};

static const struct yaml_field milestone_fields[] = {
    YAML_KEY(struct milestone_keys, milestone.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct milestone_keys, milestone.name),
    GOAL_ROWS(struct milestone_keys, goals),
    WINDOW_ROWS(struct milestone_keys, window),
    SELECTOR_ROWS(struct milestone_keys, selector),
    YAML_KEY(struct milestone_keys, milestone.in_a_row, "in_a_row", YAML_INTEGER, .min = 2,
             .max = IN_A_ROW_MAX),
    YAML_FIELD(struct milestone_keys, repeat, YAML_NAME, .names = repeat_names),
    YAML_KEY(struct milestone_keys, milestone.award, "gives", YAML_CUSTOM, .required = true,
             .read = read_award),
};
static const struct yaml_table milestone_table = {YAML_FIELDS(milestone_fields),
                                                  .size = sizeof(struct milestone_keys)};

static void read_milestone(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct milestone_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &milestone_table, &keys))) {
        return;
    }
    struct milestone milestone = keys.milestone;
    check_window(loader, node, &keys.window);
    if (!read_goal(loader, node, &keys.goals, &keys.selector, &keys.window.window, &milestone.goal)) {
        return;
    }
    milestone.repeat = (unsigned)keys.repeat;
    if (milestone.in_a_row > 0 &&
        !read_run(loader, node, &milestone.goal, milestone.in_a_row, &milestone.run)) {
        return;
    }
    if (milestone.in_a_row > 0 && milestone.repeat == MILESTONE_EACH_WINDOW) {
        (void)yaml_error(&loader->errors, yaml_get(node, "repeat"),
                         "windows in a row are reached once, or each time so many more are full: expected "
                         "once or each_crossing");
    }
    milestone.number = loader_number(loader, node, NUMBER_MILESTONE, milestone.id);
    milestone.line = node->place.line;
    loader->counters_count++;
    *(struct milestone *)ret_item = milestone;
}

void read_milestones(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_MILESTONES);
    programme->milestones = loader_list(loader, list, MILESTONES_MAX, sizeof(struct milestone),
                                        read_milestone, &programme->milestones_count);
}
