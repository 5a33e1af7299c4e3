#include "programme/steps.h"

#include <inttypes.h>

void step_decimal(struct text *text, int64_t value, int digits)
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

static const struct rule *rule_of(const struct programme *programme, const struct trace_line *line)
{
    return line->kind == TRACE_RULE ? programme_rule(programme, line->number) : NULL;
}

void step_basis(const struct programme *programme, const struct trace_line *line, struct text *text)
{
    const struct rule *rule = rule_of(programme, line);
    if (line->basis == 0) {
        return;
    }
    if (rule != NULL && rule->kind == RULE_SPEND) {
        step_decimal(text, line->basis, programme->currency_digits);
        text_add(text, " %s", programme->currency);
    } else if (rule != NULL && rule->kind == RULE_ITEM && rule->item_per == PER_UNIT) {
        step_decimal(text, line->basis, line->basis % 1000 == 0 ? 0 : 3);
        if (line->basis % 1000 == 0) {
            text->used = 0;
            step_decimal(text, line->basis / 1000, 0);
        }
        text_add(text, " pieces");
    } else if (rule != NULL && rule->kind == RULE_ACTIVITY && rule_is_per_amount(rule)) {
        text_add(text, "%" PRId64 " units", line->basis);
    } else if (line->kind == TRACE_CARD) {
        text_add(text, "%" PRId64 " stamp%s", line->basis, line->basis == 1 ? "" : "s");
    } else if (rule != NULL && rule->kind == RULE_ITEM) {
        text_add(text, "%" PRId64 " lines", line->basis);
    } else if (rule == NULL || (rule->kind == RULE_MULTIPLY && line->asked != 0)) {
        step_decimal(text, line->basis, programme->points_decimals);
        text_add(text, " points");
    }
}

void step_amount(const struct programme *programme, const struct trace_line *line, int64_t amount,
                 struct text *text)
{
    const struct rule *rule = rule_of(programme, line);
    const bool whole = line->kind == TRACE_CARD || (rule != NULL && rule->card >= 0);
    if (amount != 0) {
        step_decimal(text, amount, whole ? 0 : programme->points_decimals);
    }
}

void step_lacking(const struct programme *programme, const struct trace_line *line, struct text *text)
{
    const bool money = line->reason == TRACE_MIN_SPEND || line->reason == TRACE_MIN_BASKET;
    if (line->lacking == 0) {
        return;
    }
    if (money) {
        step_decimal(text, line->lacking, programme->currency_digits);
        text_add(text, " %s", programme->currency);
    } else if (line->reason == TRACE_MIN_QUANTITY) {
        step_decimal(text, line->lacking, 3);
        text_add(text, " pieces");
    } else {
        step_decimal(text, line->lacking, line->kind == TRACE_CARD ? 0 : programme->points_decimals);
        text_add(text, "%s",
                 line->kind != TRACE_CARD ? " points"
                 : line->lacking == 1     ? " stamp"
                                          : " stamps");
    }
}

const char *step_why(const struct trace_line *line)
{
    const bool limits = line->kind == TRACE_CAMPAIGN_LIMITS || line->kind == TRACE_ALL_LIMITS;
    if (limits && line->reason == TRACE_APPLIED) {
        return "leaves all of it";
    }
    if (line->kind == TRACE_TIER) {
        return line->reason == TRACE_APPLIED ? "reached or renewed" : "as before";
    }
    if (line->kind == TRACE_CARD && line->reason == TRACE_NOTHING) {
        return "not full yet";
    }
    return trace_reason_text(line->reason);
}
