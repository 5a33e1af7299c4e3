#include "model/programme.h"

#include <string.h>

/* How well a locale fits: 3 the same, 2 the same language, 0 not at all. */
static int locale_fit(const char *have, const char *want)
{
    if (strcmp(have, want) == 0) {
        return 3;
    }
    const size_t language = strcspn(want, "-_");
    return strcspn(have, "-_") == language && strncmp(have, want, language) == 0 ? 2 : 0;
}

const struct localised *texts_item(const struct texts *texts, const char *locale)
{
    const struct localised *best = texts->count > 0 ? &texts->items[0] : NULL;
    int best_fit = 0;
    for (size_t i = 0; i < texts->count && locale != NULL; i++) {
        const int fit = locale_fit(texts->items[i].locale, locale);
        if (fit > best_fit) {
            best = &texts->items[i];
            best_fit = fit;
        }
    }
    return best;
}

const char *texts_choose(const struct texts *texts, const char *locale, const char *fallback)
{
    const struct localised *item = texts_item(texts, locale);
    return item != NULL ? item->text : fallback;
}

uint32_t limit_number(enum limit_owner owner, uint32_t owner_number, enum limit_of of, enum limit_per per,
                      enum limit_for whose)
{
    return (uint32_t)owner << 24 | owner_number << 8 | (uint32_t)of << 6 | (uint32_t)per << 3 |
           (uint32_t)whose;
}

enum limit_owner limit_number_owner(uint32_t number)
{
    return (enum limit_owner)(number >> 24);
}

const char *occasion_name(enum occasion occasion)
{
    static const char *const names[OCCASIONS + 1] = {
        "", [OCCASION_BIRTHDAY] = "birthday", [OCCASION_ANNIVERSARY] = "anniversary", [OCCASIONS] = ""};
    return names[occasion];
}

uint32_t occasion_counter(enum occasion occasion)
{
    return limit_number(OWNER_OCCASION, (uint32_t)occasion, LIMIT_TIMES, LIMIT_EVER, LIMIT_MEMBER);
}

bool occasion_counted(uint32_t limit)
{
    return limit_number_owner(limit) == OWNER_OCCASION;
}

#define FIND_BY_NUMBER(items, items_count, wanted)                                                           \
    for (size_t i = 0; i < (items_count); i++) {                                                             \
        if ((items)[i].number == (wanted)) {                                                                 \
            found = &(items)[i];                                                                             \
        }                                                                                                    \
    }

const struct level *programme_level(const struct programme *programme, uint32_t number)
{
    const struct level *found = NULL;
    FIND_BY_NUMBER(programme->tiers.levels, programme->tiers.count, number)
    return found;
}

const struct stamp_card *programme_card(const struct programme *programme, uint32_t number)
{
    const struct stamp_card *found = NULL;
    FIND_BY_NUMBER(programme->cards, programme->cards_count, number)
    return found;
}

const struct reward *programme_reward(const struct programme *programme, uint32_t number)
{
    const struct reward *found = NULL;
    FIND_BY_NUMBER(programme->rewards, programme->rewards_count, number)
    return found;
}

const struct rule *programme_rule(const struct programme *programme, uint32_t number)
{
    const struct rule *found = NULL;
    FIND_BY_NUMBER(programme->rules, programme->rules_count, number)
    return found;
}

bool rule_is_per_amount(const struct rule *rule)
{
    return rule->kind == RULE_SPEND || (rule->kind == RULE_ACTIVITY && rule->per > 0);
}

int64_t rule_first_step(const struct rule *rule)
{
    return rule->steps == STEPS_WHOLE ? rule->per : (rule->per + rule->give - 1) / rule->give;
}

#define FIND_BY_ID(items, items_count, wanted)                                                               \
    for (size_t i = 0; i < (items_count); i++) {                                                             \
        if (strcmp((items)[i].id, (wanted)) == 0) {                                                          \
            found = &(items)[i];                                                                             \
        }                                                                                                    \
    }

const struct store_place *programme_store(const struct programme *programme, const char *id)
{
    const struct store_place *found = NULL;
    FIND_BY_ID(programme->stores, programme->stores_count, id)
    return found;
}

const struct level *programme_level_named(const struct programme *programme, const char *id)
{
    const struct level *found = NULL;
    FIND_BY_ID(programme->tiers.levels, programme->tiers.count, id)
    return found;
}

const struct stamp_card *programme_card_named(const struct programme *programme, const char *id)
{
    const struct stamp_card *found = NULL;
    FIND_BY_ID(programme->cards, programme->cards_count, id)
    return found;
}

const struct reward *programme_reward_named(const struct programme *programme, const char *id)
{
    const struct reward *found = NULL;
    FIND_BY_ID(programme->rewards, programme->rewards_count, id)
    return found;
}
