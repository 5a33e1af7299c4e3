#include "programme/diff.h"

#include "base/check.h"
#include "programme/facets.h"

#include <inttypes.h>
#include <string.h>

/* One comparison: what the facets of an item say before and after, and the sentence made of it. */
struct diff {
    const struct programme *before;
    const struct programme *after;
    const struct numbers *numbers;
    char *texts[3];
    size_t text_bytes;
    programme_difference *report;
    void *context;
    size_t count;
};

enum { TEXT_BEFORE, TEXT_AFTER, TEXT_SENTENCE };

static struct words words_in(const struct diff *diff, const struct programme *programme, size_t at)
{
    struct words words = {.programme = programme, .numbers = diff->numbers};
    text_init(&words.text, diff->texts[at], diff->text_bytes);
    return words;
}

static void report(struct diff *diff, enum difference_kind kind, const char *what, const char *id)
{
    char full[64 + ID_BYTES_MAX];
    struct text text;
    text_init(&text, full, sizeof(full));
    text_add(&text, id != NULL ? "%s %s" : "%s", what, id);
    const struct difference difference = {.kind = kind, .what = full, .text = diff->texts[TEXT_SENTENCE]};
    diff->report(diff->context, &difference);
    diff->count++;
}

static void add_note(struct text *sentence, const char *note)
{
    if (note != NULL) {
        text_add(sentence, "; %s", note);
    }
}

/* --- items --- */

static const char *or_none(const char *text, const struct facet *facet)
{
    return text[0] != '\0' ? text : facet->none;
}

static void compare(struct diff *diff, const struct facets *facets, const char *id, const void *before,
                    const void *after)
{
    for (size_t i = 0; i < facets->count; i++) {
        const struct facet *facet = &facets->items[i];
        struct words old = words_in(diff, diff->before, TEXT_BEFORE);
        struct words now = words_in(diff, diff->after, TEXT_AFTER);
        facet->say(&old, before);
        facet->say(&now, after);
        if (strcmp(old.text.data, now.text.data) == 0) {
            continue;
        }
        struct text sentence;
        text_init(&sentence, diff->texts[TEXT_SENTENCE], diff->text_bytes);
        text_add(&sentence, "%s: %s (before: %s)", facet->label, or_none(now.text.data, facet),
                 or_none(old.text.data, facet));
        add_note(&sentence, facet->note);
        report(diff, DIFFERENCE_CHANGED, facets->what, id);
    }
}

/* A new item is all that can be said of it. */
static void introduce(struct diff *diff, const struct facets *facets, const char *id, const void *item)
{
    struct text sentence;
    text_init(&sentence, diff->texts[TEXT_SENTENCE], diff->text_bytes);
    text_add(&sentence, "new");
    const char *before = ": ";
    for (size_t i = 0; i < facets->count; i++) {
        struct words words = words_in(diff, diff->after, TEXT_AFTER);
        facets->items[i].say(&words, item);
        if (words.text.used > 0) {
            text_add(&sentence, "%s%s: %s", before, facets->items[i].label, words.text.data);
            before = "; ";
        }
    }
    report(diff, DIFFERENCE_NEW, facets->what, id);
}

static void dismiss(struct diff *diff, const struct facets *facets, const char *id)
{
    struct text sentence;
    text_init(&sentence, diff->texts[TEXT_SENTENCE], diff->text_bytes);
    text_add(&sentence, "gone");
    add_note(&sentence, facets->gone);
    report(diff, DIFFERENCE_GONE, facets->what, id);
}

/* --- lists --- */

struct items {
    const void *data;
    size_t count;
    size_t size; /* of one; each begins with its id */
};

static struct items items_of(const struct programme *programme, enum part part)
{
    switch (part) {
    case PART_STORES:
        return (struct items){programme->stores, programme->stores_count, sizeof(*programme->stores)};
    case PART_RULES:
        return (struct items){programme->rules, programme->rules_count, sizeof(*programme->rules)};
    case PART_CAMPAIGNS:
        return (struct items){programme->campaigns, programme->campaigns_count,
                              sizeof(*programme->campaigns)};
    case PART_MILESTONES:
        return (struct items){programme->milestones, programme->milestones_count,
                              sizeof(*programme->milestones)};
    case PART_CARDS:
        return (struct items){programme->cards, programme->cards_count, sizeof(*programme->cards)};
    case PART_LEVELS:
        return (struct items){programme->tiers.levels, programme->tiers.count,
                              sizeof(*programme->tiers.levels)};
    case PART_REWARDS:
        return (struct items){programme->rewards, programme->rewards_count, sizeof(*programme->rewards)};
    case PARTS:
        break;
    }
    return (struct items){NULL, 0, 0};
}

static const void *item_at(const struct items *items, size_t at)
{
    CHECK(at < items->count);
    return (const char *)items->data + at * items->size;
}

static const char *id_of(const void *item)
{
    const char *id;
    memcpy(&id, item, sizeof(id));
    return id;
}

/* The place of the item with this id; items->count: none. */
static size_t find(const struct items *items, const char *id)
{
    size_t at = 0;
    while (at < items->count && strcmp(id_of(item_at(items, at)), id) != 0) {
        at++;
    }
    return at;
}

static void compare_lists(struct diff *diff, enum part part)
{
    const struct facets *facets = &part_facets[part];
    const struct items before = items_of(diff->before, part);
    const struct items after = items_of(diff->after, part);
    for (size_t i = 0; i < after.count; i++) {
        const void *item = item_at(&after, i);
        const size_t old = find(&before, id_of(item));
        if (old == before.count) {
            introduce(diff, facets, id_of(item), item);
        } else {
            compare(diff, facets, id_of(item), item_at(&before, old), item);
        }
    }
    for (size_t i = 0; i < before.count; i++) {
        const char *id = id_of(item_at(&before, i));
        if (find(&after, id) == after.count) {
            dismiss(diff, facets, id);
        }
    }
}

/* Whether the order of rules decides anything: which is first, which stops others, which factor is cut. */
static bool order_decides(const struct programme *programme)
{
    bool decides = programme->combine != COMBINE_SUM;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct rule *rule = &programme->rules[i];
        decides = decides || rule->stop || (rule->kind == RULE_MULTIPLY && rule->limits.count > 0);
    }
    return decides;
}

static void compare_order(struct diff *diff)
{
    const struct items before = items_of(diff->before, PART_RULES);
    const struct items after = items_of(diff->after, PART_RULES);
    size_t last = 0;
    bool rising = true;
    for (size_t i = 0; i < after.count; i++) {
        const size_t old = find(&before, id_of(item_at(&after, i)));
        if (old < before.count) {
            rising = rising && old >= last;
            last = old;
        }
    }
    if (!rising && (order_decides(diff->before) || order_decides(diff->after))) {
        struct text sentence;
        text_init(&sentence, diff->texts[TEXT_SENTENCE], diff->text_bytes);
        text_add(&sentence, "stand in another order");
        report(diff, DIFFERENCE_CHANGED, "rules", NULL);
    }
}

int programme_diff(const struct programme *before, const struct programme *after,
                   const struct numbers *numbers, struct arena *scratch, programme_difference *report_to,
                   void *context, size_t *ret_count)
{
    struct diff diff = {.before = before,
                        .after = after,
                        .numbers = numbers,
                        .text_bytes = PROGRAMME_DIFF_BYTES / 4,
                        .report = report_to,
                        .context = context};
    const size_t used = scratch->used;
    for (size_t i = 0; i < sizeof(diff.texts) / sizeof(diff.texts[0]); i++) {
        diff.texts[i] = arena_alloc(scratch, diff.text_bytes, 1);
        if (diff.texts[i] == NULL) {
            arena_rewind(scratch, used);
            return ERR_NOMEM;
        }
    }
    for (size_t i = 0; i < SECTIONS_SAID; i++) {
        compare(&diff, &section_facets[i], NULL, before, after);
    }
    for (enum part part = 0; part < PARTS; part++) {
        compare_lists(&diff, part);
    }
    compare_order(&diff);
    arena_rewind(scratch, used);
    *ret_count = diff.count;
    return 0;
}
