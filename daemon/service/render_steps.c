/* The trace in columns: what a shop manager reads. */
#include "service/render.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CELL_BYTES = 96 };

/* 12345 with two digits is 123.45. */
static void put_decimal(struct text *text, int64_t value, int digits)
{
    uint64_t unit = 1;
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (int i = 0; i < digits; i++) {
        unit *= 10;
    }
    text_add(text, "%s%" PRIu64, value < 0 ? "-" : "", size / unit);
    if (digits > 0) {
        text_add(text, ".%0*" PRIu64, digits, size % unit);
    }
}

/* A copy of what stands in `text`; NULL where that is nothing. False: there is no room. */
static bool keep(struct arena *arena, const struct text *text, const char *data, const char **ret_cell)
{
    *ret_cell = text->used > 0 ? arena_copy(arena, data, text->used) : NULL;
    return text->used == 0 || *ret_cell != NULL;
}

static const struct rule *rule_of(const struct programme *programme, const struct trace_line *line)
{
    return line->kind == TRACE_RULE ? programme_rule(programme, line->number) : NULL;
}

static void put_basis(const struct programme *programme, const struct trace_line *line, struct text *text)
{
    const struct rule *rule = rule_of(programme, line);
    if (line->basis == 0) {
        return;
    }
    if (rule != NULL && rule->kind == RULE_SPEND) {
        put_decimal(text, line->basis, programme->currency_digits);
        text_add(text, " %s", programme->currency);
    } else if (rule != NULL && rule->kind == RULE_ITEM && rule->item_per == PER_UNIT) {
        put_decimal(text, line->basis, line->basis % 1000 == 0 ? 0 : 3);
        if (line->basis % 1000 == 0) {
            text->used = 0;
            put_decimal(text, line->basis / 1000, 0);
        }
        text_add(text, " pieces");
    } else if (line->kind == TRACE_CARD) {
        text_add(text, "%" PRId64 " stamps", line->basis);
    } else if (rule != NULL && rule->kind == RULE_ITEM) {
        text_add(text, "%" PRId64 " lines", line->basis);
    } else if (rule == NULL || (rule->kind == RULE_MULTIPLY && line->asked != 0)) {
        put_decimal(text, line->basis, programme->points_decimals);
        text_add(text, " points");
    }
}

/* Points or stamps, as the line counts. */
static void put_amount(const struct programme *programme, const struct trace_line *line, int64_t amount,
                       struct text *text)
{
    const struct rule *rule = rule_of(programme, line);
    const bool whole = line->kind == TRACE_CARD || (rule != NULL && rule->card >= 0);
    if (amount != 0) {
        put_decimal(text, amount, whole ? 0 : programme->points_decimals);
    }
}

static void put_lacking(const struct programme *programme, const struct trace_line *line, struct text *text)
{
    const bool money = line->reason == TRACE_MIN_SPEND || line->reason == TRACE_MIN_BASKET;
    if (line->lacking == 0) {
        return;
    }
    if (money) {
        put_decimal(text, line->lacking, programme->currency_digits);
        text_add(text, " %s", programme->currency);
    } else if (line->reason == TRACE_MIN_QUANTITY) {
        put_decimal(text, line->lacking, 3);
        text_add(text, " pieces");
    } else {
        put_decimal(text, line->lacking, line->kind == TRACE_CARD ? 0 : programme->points_decimals);
        text_add(text, "%s", line->kind == TRACE_CARD ? " stamps" : " points");
    }
}

/* Limits that leave everything say so. */
static const char *reason_of(const struct trace_line *line)
{
    const bool limits = line->kind == TRACE_CAMPAIGN_LIMITS || line->kind == TRACE_ALL_LIMITS;
    return limits && line->reason == TRACE_APPLIED ? "leaves all of it" : trace_reason_text(line->reason);
}

static bool render_step(const struct programme *programme, const struct trace_line *line, const char *what,
                        struct arena *arena, struct trace_step *ret_step)
{
    char cell[CELL_BYTES];
    struct text text;
    *ret_step = (struct trace_step){.what = what, .why = reason_of(line)};
    text_init(&text, cell, sizeof(cell));
    put_basis(programme, line, &text);
    bool room = keep(arena, &text, cell, &ret_step->looks_at);
    text_init(&text, cell, sizeof(cell));
    if (line->exact != 0) {
        put_decimal(&text, line->exact, programme->points_decimals + 3);
    }
    room = room && keep(arena, &text, cell, &ret_step->exact);
    text_init(&text, cell, sizeof(cell));
    put_amount(programme, line, line->asked, &text);
    room = room && keep(arena, &text, cell, &ret_step->asked);
    text_init(&text, cell, sizeof(cell));
    put_amount(programme, line, line->given, &text);
    room = room && keep(arena, &text, cell, &ret_step->given);
    text_init(&text, cell, sizeof(cell));
    put_lacking(programme, line, &text);
    return room && keep(arena, &text, cell, &ret_step->lacking);
}

int render_steps(const struct programme *programme, const struct decision *decision, struct arena *arena,
                 struct trace_step **ret_steps, size_t *ret_count)
{
    struct trace_step *steps = arena_alloc(arena, decision->trace_count, sizeof(*steps));
    if (steps == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        char what[CELL_BYTES];
        struct text text;
        const char *name;
        text_init(&text, what, sizeof(what));
        render_trace_name(programme, line, &text);
        if (!keep(arena, &text, what, &name) || !render_step(programme, line, name, arena, &steps[i])) {
            return ERR_TOO_LARGE;
        }
    }
    *ret_steps = steps;
    *ret_count = decision->trace_count;
    return 0;
}
