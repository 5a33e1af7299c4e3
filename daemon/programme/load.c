#include "programme/load.h"

#include "base/check.h"
#include "base/text.h"
#include "programme/measures.h"
#include "programme/sections.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(((struct finding *)0)->path) >= YAML_PATH_BYTES, "a finding holds any path");
static_assert(sizeof(((struct finding *)0)->text) >= YAML_TEXT_BYTES, "a finding holds any text");
static_assert(PROGRAMME_BYTES_MAX + 0 <= YAML_BYTES_MAX + 0, "a programme is a document");

/* --- findings --- */

static void put_text(char *to, size_t size, const char *from)
{
    struct text text;
    text_init(&text, to, size);
    text_add(&text, "%s", from);
}

static void add_finding(struct findings *findings, const char *path, const char *text)
{
    if (findings->count < FINDINGS_MAX) {
        struct finding *finding = &findings->items[findings->count++];
        *finding = (struct finding){.warning = false};
        put_text(finding->path, sizeof(finding->path), path);
        put_text(finding->text, sizeof(finding->text), text);
    }
}

static bool stands_before(const struct yaml_place *a, const struct finding *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The errors in the order of the file. */
static void fill_findings(const struct yaml_errors *errors, struct findings *findings)
{
    for (size_t i = 0; i < errors->item_count && findings->count < FINDINGS_MAX; i++) {
        const struct yaml_error *error = &errors->items[i];
        size_t at = findings->count++;
        while (at > 0 && stands_before(&error->place, &findings->items[at - 1])) {
            findings->items[at] = findings->items[at - 1];
            at--;
        }
        struct finding *finding = &findings->items[at];
        *finding = (struct finding){
            .warning = error->warning, .line = error->place.line, .column = error->place.column};
        put_text(finding->path, sizeof(finding->path), error->path);
        put_text(finding->text, sizeof(finding->text), error->text);
    }
}

/* --- what only the whole file shows --- */

static const struct yaml_node *first_of(const struct yaml_node *list)
{
    return list != NULL ? list->first : NULL;
}

/* Whether an item of the list has this text at `key`, or at `key` of its mapping `below`. */
static bool names_it(const struct yaml_node *list, const char *below, const char *key, const char *text)
{
    for (const struct yaml_node *item = first_of(list); item != NULL; item = item->next) {
        const struct yaml_node *value = yaml_get(below != NULL ? yaml_get(item, below) : item, key);
        if (value != NULL && yaml_is_text(value, text)) {
            return true;
        }
    }
    return false;
}

static bool is_given(const struct loader *loader, const char *reward)
{
    static const enum section givers[] = {SECTION_CARDS, SECTION_RULES, SECTION_LEVELS, SECTION_MILESTONES};
    bool given = false;
    for (size_t i = 0; i < sizeof(givers) / sizeof(givers[0]); i++) {
        given = given || names_it(loader->sections[givers[i]], "gives", "reward", reward);
    }
    const struct yaml_node *rules = loader->sections[SECTION_RULES];
    for (const struct yaml_node *rule = first_of(rules); rule != NULL && !given; rule = rule->next) {
        const struct yaml_node *reward_of = yaml_get(yaml_get(yaml_get(rule, "occasion"), "gives"), "reward");
        given = reward_of != NULL && yaml_is_text(reward_of, reward);
    }
    return given;
}

static void check_use(struct loader *loader)
{
    const struct yaml_node *cards = loader->sections[SECTION_CARDS];
    const struct yaml_node *rewards = loader->sections[SECTION_REWARDS];
    for (const struct yaml_node *reward = first_of(rewards); reward != NULL; reward = reward->next) {
        const struct yaml_node *id = yaml_get(reward, "id");
        if (id != NULL && id->text != NULL && yaml_get(reward, "cost") == NULL &&
            !is_given(loader, id->text)) {
            (void)yaml_error(
                &loader->errors, reward,
                "nothing gives '%s': expected a 'cost', or 'gives: {reward: %s}' on a stamp card, rule, "
                "level or milestone",
                id->text, id->text);
        }
    }
    for (const struct yaml_node *card = first_of(cards); card != NULL; card = card->next) {
        const struct yaml_node *id = yaml_get(card, "id");
        if (id != NULL && id->text != NULL &&
            !names_it(loader->sections[SECTION_RULES], NULL, "card", id->text)) {
            yaml_warning(&loader->errors, card, "no rule gives stamps of '%s': expected one with 'card: %s'",
                         id->text, id->text);
        }
    }
}

static void check_points(struct loader *loader)
{
    const struct yaml_node *levels = loader->sections[SECTION_LEVELS];
    bool given = false;
    bool qualifying = false;
    for (const struct yaml_node *rule = first_of(loader->sections[SECTION_RULES]); rule != NULL;
         rule = rule->next) {
        const struct yaml_node *qualifies = yaml_get(rule, "qualifies");
        const bool gives =
            rule->kind != YAML_KIND_MAPPING ||
            (yaml_get(rule, "card") == NULL && yaml_get(rule, "gives") == NULL &&
             yaml_get(yaml_get(rule, "occasion"), "gives") == NULL && yaml_get(rule, "multiply") == NULL);
        given = given || gives;
        qualifying = qualifying || (gives && (qualifies == NULL || (!yaml_is_text(qualifies, "no") &&
                                                                    !yaml_is_text(qualifies, "false"))));
    }
    if (levels != NULL && levels->size > 1 && !qualifying) {
        yaml_warning(&loader->errors, levels,
                     "no rule gives points that qualify: nobody leaves the first level");
    }
    const struct yaml_node *points = yaml_get(loader->root, "points");
    if (given && yaml_get(points, "name") == NULL) {
        yaml_warning(&loader->errors, points != NULL ? points : loader->root,
                     "points have no 'name': customers read \"points\"");
    }
}

/* --- the load --- */

static void read_sections(struct loader *loader)
{
    const struct yaml_node *tiers = yaml_get(loader->root, "tiers");
    read_head(loader);
    if (tiers != NULL) {
        read_tiers(loader, tiers);
    }
    if (loader->sections[SECTION_REWARDS] != NULL) {
        read_rewards(loader, loader->sections[SECTION_REWARDS]);
    }
    if (loader->sections[SECTION_CARDS] != NULL) {
        read_cards(loader, loader->sections[SECTION_CARDS]);
    }
    if (loader->sections[SECTION_MILESTONES] != NULL) {
        read_milestones(loader, loader->sections[SECTION_MILESTONES]);
    }
    if (loader->sections[SECTION_CAMPAIGNS] != NULL) {
        read_campaigns(loader, loader->sections[SECTION_CAMPAIGNS]);
    }
    if (loader->sections[SECTION_RULES] != NULL) {
        read_rules(loader, loader->sections[SECTION_RULES]);
    }
    read_paying(loader, yaml_get(loader->root, "pay_with_points"));
    keep_measures(loader);
    check_use(loader);
    check_points(loader);
    if (loader->errors.error_count == 0 && loader->failure == 0) {
        check_policies(loader);
        number_questions(loader);
    }
}

static int load(struct loader *loader, struct bytes yaml, struct arena *document)
{
    loader->programme = arena_alloc(loader->binder.arena, 1, sizeof(*loader->programme));
    if (loader->programme == NULL) {
        return loader_full(loader, NULL);
    }
    const int parsed =
        yaml_parse((const char *)yaml.data, yaml.size, document, &loader->errors, &loader->root);
    (void)loader_ok(loader, parsed);
    if (loader->root != NULL) {
        read_sections(loader);
    }
    if (loader->failure < 0) {
        return loader->failure;
    }
    return loader->errors.error_count > 0 ? ERR_FORMAT : 0;
}

int programme_load(struct bytes yaml, struct arena *arena, struct numbers *numbers,
                   const struct programme **ret_programme, struct findings *ret_findings)
{
    CHECK(yaml.data != NULL || yaml.size == 0);
    ret_findings->count = 0;
    if (yaml.size > PROGRAMME_BYTES_MAX) {
        add_finding(ret_findings, "", "the file is larger than 256 KiB");
        return ERR_TOO_LARGE;
    }
    /* The programme grows at the front of the free memory; the document, gone afterwards, is behind it. */
    const size_t room = arena->size - arena->used;
    struct arena bound;
    struct arena document;
    arena_init(&bound, arena->memory + arena->used, room / 3);
    arena_init(&document, arena->memory + arena->used + room / 3, room - room / 3);
    struct loader *loader = arena_alloc(&document, 1, sizeof(*loader));
    if (loader == NULL) {
        add_finding(ret_findings, "", "there is no memory to read it");
        return ERR_NOMEM;
    }
    yaml_errors_init(&loader->errors);
    zones_init(&loader->zones);
    locales_init(&loader->languages);
    loader->numbers = numbers;
    loader->binder = (struct yaml_binder){
        .errors = &loader->errors, .arena = &bound, .copy_texts = true, .context = loader};

    const size_t numbers_before = numbers->count;
    uint32_t last_before[NUMBER_KINDS];
    memcpy(last_before, numbers->last, sizeof(last_before));
    const int result = load(loader, yaml, &document);
    if (result == 0) {
        arena->used += bound.used;
        *ret_programme = loader->programme;
    } else {
        numbers->count = numbers_before;
        memcpy(numbers->last, last_before, sizeof(last_before));
    }
    fill_findings(&loader->errors, ret_findings);
    zones_fini(&loader->zones);
    locales_fini(&loader->languages);
    return result;
}

int programme_follows(const struct programme *current, const struct programme *next, const char *currency,
                      struct findings *findings)
{
    char data[sizeof(findings->items[0].text)];
    struct text text;
    int result = 0;
    if (strcmp(next->currency, currency) != 0) {
        text_init(&text, data, sizeof(data));
        text_add(&text, "expected %s, the currency of the log, found %s", currency, next->currency);
        add_finding(findings, "currency", data);
        result = ERR_FORMAT;
    }
    if (current == NULL) {
        return result;
    }
    if (strcmp(next->id, current->id) != 0) {
        text_init(&text, data, sizeof(data));
        text_add(&text, "expected %s, the programme of this log, found %s", current->id, next->id);
        add_finding(findings, "programme", data);
        result = ERR_FORMAT;
    }
    if (next->version <= current->version) {
        text_init(&text, data, sizeof(data));
        text_add(&text, "expected more than %u, the version in force, found %u", current->version,
                 next->version);
        add_finding(findings, "version", data);
        result = ERR_FORMAT;
    }
    if (next->points_decimals != current->points_decimals) {
        text_init(&text, data, sizeof(data));
        text_add(&text, "expected %d as before: points exist already, found %d",
                 (int)current->points_decimals, (int)next->points_decimals);
        add_finding(findings, "points.decimals", data);
        result = ERR_FORMAT;
    }
    const struct household_policy *was = &current->households;
    const struct household_policy *is = &next->households;
    if (was->points && (!is->points || is->tier != was->tier || is->stamps != was->stamps)) {
        text_init(&text, data, sizeof(data));
        text_add(&text, "expected points%s%s as before: households own what they share already",
                 was->tier ? ", tier" : "", was->stamps ? ", stamps" : "");
        add_finding(findings, "households.share", data);
        result = ERR_FORMAT;
    }
    return result;
}
