/* What a row must give, compared with what the engine decided. */
#include "client/loyaltyctl_table_internal.h"

#include "base/text.h"
#include "model/day.h"
#include "programme/steps.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *id_of(const struct trial *trial, enum number_kind kind, uint32_t number)
{
    const char *id = numbers_id(trial->numbers, kind, number);
    return id != NULL ? id : "?";
}

static uint32_t number_of(struct row *row, enum number_kind kind, const char *id)
{
    const uint32_t found = numbers_find(row->book->trial.numbers, kind, id);
    if (found == 0) {
        row_fail(row, "the programme has no", id);
    }
    return found;
}

static const struct outcome *outcome_of(const struct row *row)
{
    return &row->book->trial.decision->outcome;
}

/* NULL, said: nobody has joined. */
static const struct member_state *state_of(struct row *row)
{
    if (row->customer < 0) {
        row_fail(row, "nobody has joined, so there is no", row->text);
        return NULL;
    }
    return trial_customer(&row->book->trial, row->customer);
}

static const char *reason_name(enum trace_reason reason)
{
    static const char *const names[] = {
        [TRACE_APPLIED] = "APPLIED",
        [TRACE_NO_MEMBER] = "NO_MEMBER",
        [TRACE_NO_LINES] = "NO_LINES",
        [TRACE_MIN_SPEND] = "MIN_SPEND",
        [TRACE_MIN_QUANTITY] = "MIN_QUANTITY",
        [TRACE_TENDER] = "TENDER",
        [TRACE_DAYS_SINCE] = "DAYS_SINCE",
        [TRACE_DAYS_JOINED] = "DAYS_JOINED",
        [TRACE_METRIC] = "METRIC",
        [TRACE_SEGMENT] = "SEGMENT",
        [TRACE_BIRTHDAY] = "BIRTHDAY",
        [TRACE_CAMPAIGN] = "CAMPAIGN",
        [TRACE_LIMIT] = "LIMIT",
        [TRACE_ENDED] = "ENDED",
        [TRACE_EXCLUSIVE] = "EXCLUSIVE",
        [TRACE_STOPPED] = "STOPPED",
        [TRACE_NOT_TODAY] = "NOT_TODAY",
        [TRACE_NO_POINTS] = "NO_POINTS",
        [TRACE_EVENT] = "EVENT",
        [TRACE_MIN_BASKET] = "MIN_BASKET",
        [TRACE_DATES] = "DATES",
        [TRACE_WEEKDAY] = "WEEKDAY",
        [TRACE_HOURS] = "HOURS",
        [TRACE_STORE] = "STORE",
        [TRACE_TERMINAL] = "TERMINAL",
        [TRACE_CODE] = "CODE",
        [TRACE_LEVEL] = "LEVEL",
        [TRACE_FIRST_PURCHASE] = "FIRST_PURCHASE",
        [TRACE_UNLESS] = "UNLESS",
        [TRACE_NOTHING] = "NOTHING",
        [TRACE_NOT_BEST] = "NOT_BEST",
    };
    const size_t at = (size_t)reason;
    return at < sizeof(names) / sizeof(names[0]) && names[at] != NULL ? names[at] : "?";
}

static void put_day(struct text *text, int32_t day)
{
    char date[16];
    if (day == DAY_NEVER || day == DAY_ACTIVE) {
        text_add(text, "ever");
        return;
    }
    day_format(day, date);
    text_add(text, "%s", date);
}

/* --- comparisons --- */

static void expect_credited(struct row *row, const struct words *words)
{
    const struct trial *trial = &row->book->trial;
    row_expect_points(row, "credited", words->items[0] + 1,
                      trial->accounts_before[PROGRAMME_ISSUED] - trial->accounts[PROGRAMME_ISSUED]);
}

static void expect_expired(struct row *row, const struct words *words)
{
    const struct trial *trial = &row->book->trial;
    row_expect_points(row, "expired", words->items[0] + 1,
                      trial->accounts[PROGRAMME_EXPIRED] - trial->accounts_before[PROGRAMME_EXPIRED]);
}

static int64_t added(const struct row *row, enum programme_account account)
{
    const struct trial *trial = &row->book->trial;
    return trial->accounts[account] - trial->accounts_before[account];
}

/* "taken N" from the member by a return, "forgiven N" that nobody had, "back N" of those that had paid. */
static void expect_returned(struct row *row, const struct words *words)
{
    const char *word = words->items[0];
    const int64_t forgiven = -added(row, PROGRAMME_FORGIVEN);
    int64_t found = forgiven;
    if (strcmp(word, "taken") == 0) {
        found = added(row, PROGRAMME_RETURNED) - forgiven;
    } else if (strcmp(word, "back") == 0) {
        found = -added(row, PROGRAMME_REDEEMED);
    }
    row_expect_points(row, word, words->items[1], found);
}

static void expect_nothing(struct row *row, const struct words *words)
{
    (void)words;
    const struct outcome *outcome = outcome_of(row);
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const enum effect_kind kind = outcome->effects[i].kind;
        if (kind == EFFECT_MOVE || kind == EFFECT_LOT || kind == EFFECT_STAMPS || kind == EFFECT_VOUCHER) {
            row_differs(row, "expected nothing, found", effect_kind_name(kind));
        }
    }
}

static void expect_balance(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    if (state != NULL) {
        row_expect_points(row, "balance", words->items[1], state->balances[MEMBER_AVAILABLE]);
    }
}

static void expect_pending(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    if (state != NULL) {
        row_expect_points(row, "pending", words->items[1], state->balances[MEMBER_PENDING]);
    }
}

static void expect_qualifying(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    const struct trial *trial = &row->book->trial;
    if (state != NULL) {
        row_expect_points(row, "qualifying", words->items[1],
                          engine_qualifying(trial->programme, state, trial->context->booked_day));
    }
}

static void expect_metric(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    if (state != NULL) {
        const uint32_t metric = (uint32_t)row_number(row, words->items[1]);
        row_expect(row, words->items[1], row_number(row, words->items[2]),
                   member_state_metric(state, metric, DAY_MIN, DAY_MAX));
    }
}

/* "level ID [until DATE]" */
static void expect_level(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    char found[16];
    struct text text;
    if (state == NULL) {
        return;
    }
    row_expect_text(row, "level", words->items[1], id_of(&row->book->trial, NUMBER_LEVEL, state->level));
    text_init(&text, found, sizeof(found));
    put_day(&text, state->level_until);
    if (words->count == 4) {
        row_expect_text(row, "level until", words->items[3], found);
    }
}

static void expect_stamps(struct row *row, const struct words *words)
{
    const struct member_state *state = state_of(row);
    if (state != NULL) {
        const struct stamps *stamps =
            member_state_stamps(state, number_of(row, NUMBER_CARD, words->items[1]));
        row_expect(row, words->items[1], row_number(row, words->items[2]),
                   stamps != NULL ? stamps->count : 0);
    }
}

/* "rewards ID N" issued, or "reward ID until DATE" of the last of them. */
static void expect_rewards(struct row *row, const struct words *words)
{
    const struct outcome *outcome = outcome_of(row);
    const uint32_t reward = number_of(row, NUMBER_REWARD, words->items[1]);
    int64_t count = 0;
    char until[16] = "none";
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER && effect->voucher.reward == reward) {
            struct text text;
            count++;
            text_init(&text, until, sizeof(until));
            put_day(&text, effect->voucher.until);
        }
    }
    if (strcmp(words->items[0], "rewards") == 0) {
        row_expect(row, words->items[1], row_number(row, words->items[2]), count);
    } else {
        row_expect_text(row, words->items[1], words->items[words->count - 1], until);
    }
}

static void expect_note(struct row *row, const struct words *words)
{
    const struct outcome *outcome = outcome_of(row);
    const uint32_t note = number_of(row, NUMBER_NOTE, words->items[1]);
    int64_t count = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        count += outcome->effects[i].kind == EFFECT_NOTE && outcome->effects[i].note.note == note;
    }
    row_expect(row, words->items[1], row_number(row, words->items[2]), count);
}

/* "rule ID N", "rule ID REASON" and "basis ID N". */
static void expect_rule(struct row *row, const struct words *words)
{
    const struct decision *decision = row->book->trial.decision;
    const uint32_t rule = number_of(row, NUMBER_RULE, words->items[1]);
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        if (line->kind != TRACE_RULE || line->number != rule) {
            continue;
        }
        if (strcmp(words->items[0], "basis") == 0) {
            row_expect(row, words->items[1], row_number(row, words->items[2]), line->basis);
        } else if (isdigit((unsigned char)words->items[2][0])) {
            const struct rule *given = programme_rule(row->book->trial.programme, rule);
            const bool stamps = given != NULL && given->card >= 0;
            const int digits = stamps ? 0 : row->book->trial.programme->points_decimals;
            row_expect_decimal(row, words->items[1], row_decimal(row, words->items[2], digits), line->given,
                               digits);
        } else {
            row_expect_text(row, words->items[1], words->items[2], reason_name(line->reason));
        }
        return;
    }
    row_differs(row, "not in the trace", words->items[1]);
}

static void expect_exception(struct row *row, const struct words *words)
{
    static const char *const names[] = {
        [EXCEPTION_UNKNOWN_CARD] = "UNKNOWN_CARD",
        [EXCEPTION_CARD_NOT_OPENED] = "CARD_NOT_OPENED",
        [EXCEPTION_REDEMPTION_LEFT_OUT] = "REDEMPTION_LEFT_OUT",
        [EXCEPTION_FREE_UNITS_LEFT_OUT] = "FREE_UNITS_LEFT_OUT",
        [EXCEPTION_POINTS_LEFT_OUT] = "POINTS_LEFT_OUT",
        [EXCEPTION_UNKNOWN_RECEIPT] = "UNKNOWN_RECEIPT",
        [EXCEPTION_PARKED] = "PARKED",
        [EXCEPTION_WITHOUT_RECEIPT] = "WITHOUT_RECEIPT",
        [EXCEPTION_VOIDED_RECEIPT] = "VOIDED_RECEIPT",
        [EXCEPTION_DAY_CLOSED] = "DAY_CLOSED",
        [EXCEPTION_QUANTITY_NOT_RETURNED] = "QUANTITY_NOT_RETURNED",
        [EXCEPTION_AMOUNT_NOT_RETURNED] = "AMOUNT_NOT_RETURNED",
        [EXCEPTION_POINTS_NOT_TAKEN] = "POINTS_NOT_TAKEN",
        [EXCEPTION_VOUCHER_USED] = "VOUCHER_USED",
        [EXCEPTION_POINTS_SHORT] = "POINTS_SHORT",
        [EXCEPTION_VOUCHER_UNKNOWN] = "VOUCHER_UNKNOWN",
        [EXCEPTION_VOUCHER_USED_BEFORE] = "VOUCHER_USED_BEFORE",
        [EXCEPTION_VOUCHER_EXPIRED] = "VOUCHER_EXPIRED",
        [EXCEPTION_VOUCHER_CANCELLED] = "VOUCHER_CANCELLED",
        [EXCEPTION_RESERVATION_GONE] = "RESERVATION_GONE",
        [EXCEPTION_REWARD_UNKNOWN] = "REWARD_UNKNOWN",
        [EXCEPTION_REWARD_LIMIT] = "REWARD_LIMIT",
        [EXCEPTION_REWARD_CONDITIONS] = "REWARD_CONDITIONS",
        [EXCEPTION_NOTHING_TO_PAY] = "NOTHING_TO_PAY",
    };
    const struct outcome *outcome = outcome_of(row);
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        const struct exception *exception = &outcome->exceptions[i];
        const size_t kind = (size_t)exception->kind;
        if (kind < sizeof(names) / sizeof(names[0]) && names[kind] != NULL &&
            strcmp(names[kind], words->items[1]) == 0) {
            row_expect(row, words->items[1],
                       words->count > 2 ? row_number(row, words->items[2]) : exception->amount,
                       exception->amount);
            return;
        }
    }
    row_differs(row, "no exception", words->items[1]);
}

static void expect_refused(struct row *row, const struct words *words)
{
    row_expect_text(row, "refused", words->items[1], outcome_code_name(outcome_of(row)->code));
}

static void expect_member(struct row *row, const struct words *words)
{
    if (strcmp(words->items[1], "none") != 0) {
        row_fail(row, "expected 'member none', found", words->items[1]);
        return;
    }
    row_expect(row, "member", 0, outcome_of(row)->member);
}

/* Words of one or two, or of as many as `most` says. */
static const struct {
    const char *word;
    size_t least;
    size_t most;
    void (*compare)(struct row *row, const struct words *words);
} comparisons[] = {
    {"nothing", 1, 1, expect_nothing},
    {"balance", 2, 2, expect_balance},
    {"pending", 2, 2, expect_pending},
    {"qualifying", 2, 2, expect_qualifying},
    {"metric", 3, 3, expect_metric},
    {"level", 2, 4, expect_level},
    {"stamps", 3, 3, expect_stamps},
    {"rewards", 3, 3, expect_rewards},
    {"reward", 4, 4, expect_rewards},
    {"note", 3, 3, expect_note},
    {"rule", 3, 3, expect_rule},
    {"basis", 3, 3, expect_rule},
    {"exception", 2, 3, expect_exception},
    {"refused", 2, 2, expect_refused},
    {"member", 2, 2, expect_member},
    {"off", 2, 2, row_expect_off},
    {"spent", 2, 2, row_expect_spent},
    {"used", 3, 3, row_expect_units},
    {"taken", 2, 2, expect_returned},
    {"forgiven", 2, 2, expect_returned},
    {"back", 2, 2, expect_returned},
    {"holds", 3, 3, row_expect_units},
    {"reserved", 2, 2, row_expect_reserved},
};

/* --- lists, compared as text --- */

static const char *source_of(const struct trial *trial, uint32_t source)
{
    static const enum number_kind kinds[] = {
        [SOURCE_RULE] = NUMBER_RULE,
        [SOURCE_CARD] = NUMBER_CARD,
        [SOURCE_LEVEL] = NUMBER_LEVEL,
        [SOURCE_MILESTONE] = NUMBER_MILESTONE,
    };
    const uint32_t kind = source >> SOURCE_KIND_SHIFT;
    if (source == 0) {
        return "level";
    }
    return kind < sizeof(kinds) / sizeof(kinds[0]) ? id_of(trial, kinds[kind], source & 0xffff) : "?";
}

/* Whole points without decimals. */
static void put_points(const struct row *row, struct text *text, int64_t points)
{
    const int digits = row->book->trial.programme->points_decimals;
    const int64_t unit = digits == 0 ? 1 : digits == 1 ? 10 : 100;
    step_decimal(text, points % unit == 0 ? points / unit : points, points % unit == 0 ? 0 : digits);
}

/* "12 euro + 6 level" */
static void list_entries(struct row *row, struct text *text)
{
    const struct outcome *outcome = outcome_of(row);
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE && effect->move.debit == account_of_programme(PROGRAMME_ISSUED)) {
            text_add(text, "%s", text->used > 0 ? " + " : "");
            put_points(row, text, effect->move.amount);
            text_add(text, " %s%s", source_of(&row->book->trial, effect->move.rule),
                     effect->move.has_lot ? "" : " debt");
        }
    }
}

static void list_lots(struct row *row, struct text *text)
{
    const struct member_state *state = state_of(row);
    for (size_t i = 0; state != NULL && i < state->lots_count; i++) {
        text_add(text, "%s", i > 0 ? " + " : "");
        put_points(row, text, state->lots[i].left);
        text_add(text, " until ");
        put_day(text, state->lots[i].until);
    }
    if (text->used == 0) {
        text_add(text, "none");
    }
}

static void list_near(struct row *row, struct text *text)
{
    const struct outcome *outcome = outcome_of(row);
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        const struct near_miss *miss = &outcome->near_misses[i];
        const enum number_kind kind = miss->reason == NEAR_NEXT_LEVEL    ? NUMBER_LEVEL
                                      : miss->reason == NEAR_NEXT_REWARD ? NUMBER_CARD
                                                                         : NUMBER_RULE;
        text_add(text, "%s%s %" PRId64, i > 0 ? " + " : "", id_of(&row->book->trial, kind, miss->number),
                 miss->lacking);
    }
    if (text->used == 0) {
        text_add(text, "none");
    }
}

static const struct {
    const char *word;
    void (*list)(struct row *row, struct text *text);
} lists[] = {
    {"entries", list_entries},
    {"lots", list_lots},
    {"near", list_near},
};

void row_compare(struct row *row, char *token)
{
    char whole[TABLE_ROW_BYTES_MAX];
    char found[TABLE_ROW_BYTES_MAX];
    char *items[TABLE_WORDS_MAX];
    snprintf(whole, sizeof(whole), "%s", token);
    const char *rest = strchr(whole, ' ') != NULL ? strchr(whole, ' ') + 1 : "";
    const struct words words = {items, text_split(token, ' ', items)};
    const char *word = items[0];
    if ((word[0] == '+' || word[0] == '-') && words.count == 1) {
        (word[0] == '+' ? expect_credited : expect_expired)(row, &words);
        return;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].word, word) == 0) {
            struct text text;
            text_init(&text, found, sizeof(found));
            lists[i].list(row, &text);
            row_expect_text(row, word, rest, found);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (strcmp(comparisons[i].word, word) == 0 && words.count >= comparisons[i].least &&
            words.count <= comparisons[i].most) {
            comparisons[i].compare(row, &words);
            return;
        }
    }
    row_fail(row, "cannot be expected", whole);
}

/* --- the trace --- */

static enum number_kind kind_of(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_RULE:
        return NUMBER_RULE;
    case TRACE_MULTIPLIER:
    case TRACE_TIER:
        return NUMBER_LEVEL;
    case TRACE_CAMPAIGN_LIMITS:
    case TRACE_ALL_LIMITS:
        return NUMBER_CAMPAIGN;
    case TRACE_CARD:
        break;
    }
    return NUMBER_CARD;
}

/* One cell, in its column. */
static void put_cell(struct text *text, const char *cell, int width)
{
    text_add(text, " %*s", width, cell);
}

static void put_step(const struct trial *trial, const struct trace_line *line, struct text *text)
{
    const struct programme *programme = trial->programme;
    char cell[96];
    struct text part;
    text_add(text, "    %-24s",
             line->kind == TRACE_ALL_LIMITS ? "all limits" : id_of(trial, kind_of(line->kind), line->number));
    text_init(&part, cell, sizeof(cell));
    step_basis(programme, line, &part);
    put_cell(text, cell, 14);
    text_init(&part, cell, sizeof(cell));
    step_amount(programme, line, line->asked, &part);
    put_cell(text, cell, 8);
    text_init(&part, cell, sizeof(cell));
    step_amount(programme, line, line->given, &part);
    put_cell(text, cell, 8);
    text_init(&part, cell, sizeof(cell));
    step_lacking(programme, line, &part);
    put_cell(text, cell, 14);
    text_add(text, "  %s\n", step_why(line));
}

void table_trace(const struct trial *trial, char *ret_text, size_t size)
{
    const struct decision *decision = trial->decision;
    struct text text;
    text_init(&text, ret_text, size);
    text_add(&text, "    %-24s %14s %8s %8s %14s  %s\n", "what", "looks at", "asks", "gives", "lacks", "why");
    for (size_t i = 0; i < decision->trace_count; i++) {
        put_step(trial, &decision->trace[i], &text);
    }
}
