/* Tills and operators drawn at random say everything they may to a ledger, and a model that shares no code
 * with the engine says what must come of each event: its code, exceptions and balances, and all that the
 * members it touched hold. LOYALTY_SEED chooses the run, LOYALTY_OPERATIONS how long it is. Where the two
 * differ, the events up to there that concern the same member or receipt are printed: the shortest beginning
 * of the run that fails. */
#include "model/run.h"

#include "lib/drawn.h"
#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPERATIONS = 25000, DIFFERENCE_BYTES = 512, SHOWN_MAX = 60, QUOTED_OF = 4 };

static const char *const kind_names[OP_KINDS] = {
    "buy",       "enrol", "activity", "reserve", "release",  "return", "loose return", "void",
    "close day", "claim", "unclaim",  "adjust",  "transfer", "link",   "erase"};

static void random_bytes(void *context, void *ret_data, size_t size)
{
    struct run *run = context;
    uint8_t *bytes = ret_data;
    for (size_t i = 0; i < size; i++) {
        run->random = run->random * 6364136223846793005ULL + 1442695040888963407ULL;
        bytes[i] = (uint8_t)(run->random >> 56);
    }
}

/* --- comparing --- */

struct difference {
    char text[DIFFERENCE_BYTES];
};

#define DIFFER(difference, ...)                                                                              \
    do {                                                                                                     \
        if ((difference)->text[0] == '\0') {                                                                 \
            (void)snprintf((difference)->text, DIFFERENCE_BYTES, __VA_ARGS__);                               \
        }                                                                                                    \
    } while (0)

static void same(struct difference *difference, const char *what, int64_t found, int64_t expected)
{
    if (found != expected) {
        DIFFER(difference, "%s is %lld, not %lld", what, (long long)found, (long long)expected);
    }
}

static int32_t day_of(int32_t day)
{
    return day == DAY_NEVER ? FOR_EVER : day;
}

static void compare_lots(const struct member_state *state, const struct m_member *member,
                         struct difference *difference)
{
    same(difference, "number of lots", (int64_t)state->lots_count, (int64_t)member->lots_count);
    for (size_t i = 0; i < state->lots_count && i < member->lots_count; i++) {
        const struct lot *a = &state->lots[i];
        const struct m_lot *b = &member->lots[i];
        if (a->origin.position != b->position || a->origin.index != b->index || a->left != b->left ||
            a->reserved != b->reserved || a->since != b->since || day_of(a->until) != b->until ||
            a->due != b->due) {
            DIFFER(
                difference,
                "lot %zu is %llu.%u left %lld reserved %lld since %d until %d due %d, not %llu.%u left %lld "
                "reserved %lld since %d until %d due %d",
                i, (unsigned long long)a->origin.position, a->origin.index, (long long)a->left,
                (long long)a->reserved, a->since, a->until, a->due, (unsigned long long)b->position, b->index,
                (long long)b->left, (long long)b->reserved, b->since, b->until, b->due);
        }
    }
}

static void compare_holds(const struct member_state *state, const struct m_member *member,
                          struct difference *difference)
{
    same(difference, "number of vouchers", (int64_t)state->vouchers_count, (int64_t)member->vouchers_count);
    for (size_t i = 0; i < state->vouchers_count && i < member->vouchers_count; i++) {
        const struct held_voucher *a = &state->vouchers[i];
        const struct m_voucher *b = &member->vouchers[i];
        same(difference, "a voucher's position", (int64_t)a->origin.position, (int64_t)b->position);
        same(difference, "a voucher's index", a->origin.index, b->index);
        same(difference, "a voucher's last day", a->until, b->until);
        same(difference, "a voucher's first day", a->since, b->since);
        same(difference, "a voucher's reservation", (int64_t)a->reservation, (int64_t)b->reservation);
        same(difference, "whether a voucher is of the card", a->card != 0, b->of_card);
    }
    same(difference, "number of reservations", (int64_t)state->reservations_count,
         (int64_t)member->reservations_count);
    for (size_t i = 0; i < state->reservations_count && i < member->reservations_count; i++) {
        const struct reservation *a = &state->reservations[i];
        const struct m_reservation *b = &member->reservations[i];
        same(difference, "a reservation's position", (int64_t)a->position, (int64_t)b->position);
        same(difference, "a reservation's points", a->points, b->points);
        same(difference, "a reservation's end", a->until, b->until);
    }
}

static void compare_standing(const struct model *model, const struct member_state *state,
                             const struct m_member *member, struct difference *difference)
{
    const int32_t today = model_today(model);
    int64_t all = 0;
    for (size_t i = 0; i < member->days_count; i++) {
        all += member->days[i].points;
    }
    same(difference, "qualifying points ever",
         member_state_metric(state, METRIC_QUALIFYING, DAY_MIN, DAY_MAX), all);
    if (model->rules.window == TIERS_ROLLING) {
        same(difference, "qualifying points of the window",
             member_state_metric(state, METRIC_QUALIFYING, today - model->rules.window_days + 1, today),
             model_window(model, member, today));
    }
    same(difference, "level", state->level, member->level + 1);
    same(difference, "last day of the level", day_of(state->level_until), member->level_until);
    same(difference, "level held", state->held_level, member->held + 1);
    same(difference, "last day of the level held", state->held_until, member->held_until);
    same(difference, "purchases", state->purchases, member->purchases);
    same(difference, "stamps", state->stamps_count > 0 ? state->stamps[0].count : 0, member->stamps);
    same(difference, "completed cards", state->stamps_count > 0 ? state->stamps[0].completed : 0,
         member->completed);
}

static void compare_member(struct run *run, uint32_t number, struct difference *difference)
{
    const struct m_member *member = &run->model.members[number];
    struct member_state *state = &run->state;
    if (number == 0 || difference->text[0] != '\0') {
        return;
    }
    assert_int_equal(store_member_read(run->house.temporary.store, number, state), 0);
    same(difference, "available", state->balances[MEMBER_AVAILABLE], model_available(member));
    same(difference, "pending", state->balances[MEMBER_PENDING], model_pending(member));
    same(difference, "reserved", state->balances[MEMBER_RESERVED], model_reserved(member));
    compare_lots(state, member, difference);
    compare_holds(state, member, difference);
    compare_standing(&run->model, state, member, difference);
}

/* A voucher that is gone was redeemed, is over or was cancelled: which, only the log knows. */
static int code_class(enum outcome_code code)
{
    const bool gone =
        code == CODE_VOUCHER_USED || code == CODE_VOUCHER_EXPIRED || code == CODE_VOUCHER_CANCELLED;
    return gone ? CODE_VOUCHER_UNKNOWN : (int)code;
}

static int exception_class(enum exception_kind kind)
{
    const bool gone = kind == EXCEPTION_VOUCHER_USED_BEFORE || kind == EXCEPTION_VOUCHER_EXPIRED ||
                      kind == EXCEPTION_VOUCHER_CANCELLED;
    return gone ? EXCEPTION_VOUCHER_UNKNOWN : (int)kind;
}

static void compare_outcome(const struct outcome *outcome, const struct expected *expected,
                            struct difference *difference)
{
    if (code_class(outcome->code) != code_class(expected->code)) {
        DIFFER(difference, "it is %s, not %s", outcome_code_name(outcome->code),
               outcome_code_name(expected->code));
    }
    if (expected->code != CODE_ACCEPTED) {
        return;
    }
    same(difference, "member", outcome->member, expected->member);
    same(difference, "number of exceptions", (int64_t)outcome->exceptions_count,
         (int64_t)expected->exceptions_count);
    for (size_t i = 0; i < outcome->exceptions_count && i < expected->exceptions_count; i++) {
        same(difference, "an exception", exception_class(outcome->exceptions[i].kind),
             exception_class(expected->exceptions[i].kind));
        same(difference, "an exception's amount", outcome->exceptions[i].amount,
             expected->exceptions[i].amount);
    }
    if (outcome->has_balances) {
        same(difference, "available, as answered", outcome->balances.accounts[MEMBER_AVAILABLE],
             expected->available);
        same(difference, "pending, as answered", outcome->balances.accounts[MEMBER_PENDING],
             expected->pending);
        same(difference, "reserved, as answered", outcome->balances.accounts[MEMBER_RESERVED],
             expected->reserved);
    }
}

/* --- showing --- */

static void show_op(const struct said *said)
{
    const struct op *op = &said->op;
    printf("  %llu at %lld.%02lld:%02lld: %s", (unsigned long long)said->position,
           (long long)(said->now / DAY_MS), (long long)(said->now % DAY_MS / (60 * MINUTE_MS)),
           (long long)(said->now / MINUTE_MS % 60), kind_names[op->kind]);
    if (op->card >= 0) {
        printf(" card %d", op->card);
    }
    if (op->member != 0) {
        printf(" member %u", op->member);
    }
    if (op->to != 0) {
        printf(" to %u", op->to);
    }
    if (op->receipt != 0) {
        printf(" receipt %u", op->receipt);
    }
    for (size_t i = 0; i < op->lines_count; i++) {
        printf(" %lldx%s=%lld", (long long)op->lines[i].units, op->lines[i].coffee ? "coffee" : "bread",
               (long long)op->lines[i].gross);
    }
    for (size_t i = 0; i < op->uses_count || (i == 0 && op->uses[0].position != 0); i++) {
        static const char *const uses[] = {"voucher", "cake", "reservation"};
        printf(" %s %llu.%u x%lld", uses[op->uses[i].kind], (unsigned long long)op->uses[i].position,
               op->uses[i].index, (long long)op->uses[i].units);
    }
    if (op->days_late > 0) {
        printf(" %d days late", op->days_late);
    }
    printf("%s%s%s%s points %lld units %lld line %d amount %lld minutes %d qualifying %lld stamps %lld%s -> "
           "%s\n",
           op->pays ? " pays" : "", op->cake ? " cake" : "", op->whole ? " whole" : "",
           op->done ? " done" : "", (long long)op->points, (long long)op->units, op->line,
           (long long)op->amount, op->minutes, (long long)op->qualifying, (long long)op->stamps,
           op->may_owe ? " may owe" : "", outcome_code_name(said->expected.code));
}

static bool concerns(const struct run *run, const struct said *said, const struct said *last)
{
    const uint32_t members[2] = {last->expected.member, last->expected.other};
    const bool card = said->op.card >= 0 && last->op.card == said->op.card;
    bool its = said == last || card || (said->op.receipt != 0 && said->op.receipt == last->op.receipt);
    for (size_t i = 0; i < 2; i++) {
        its = its || (members[i] != 0 &&
                      (said->expected.member == members[i] || said->expected.other == members[i] ||
                       (said->op.card >= 0 && run->model.cards[said->op.card] == members[i])));
    }
    return its;
}

static void show(const struct run *run, const char *programme, size_t operation, const char *text)
{
    const struct said *last = &run->said[run->said_count - 1];
    size_t shown = 0;
    size_t first = run->said_count;
    while (first > 0 && shown < SHOWN_MAX) {
        shown += concerns(run, &run->said[--first], last);
    }
    printf("%s\n", programme);
    for (size_t i = first; i < run->said_count; i++) {
        if (concerns(run, &run->said[i], last)) {
            show_op(&run->said[i]);
        }
    }
    (void)fflush(stdout);
    fail_msg("operation %zu, position %llu, %s: %s", operation, (unsigned long long)last->position,
             kind_names[last->op.kind], text);
}

/* --- one world --- */

static void keep_codes(struct run *run)
{
    const struct outcome *outcome = &run->house.decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER && effect->voucher.position == 0) {
            assert_true(run->codes_count < CODES_ROOM);
            run->codes[run->codes_count].position = run->house.booked.position;
            run->codes[run->codes_count].index = effect->voucher.index;
            memcpy(run->codes[run->codes_count++].code, effect->voucher.code, VOUCHER_CODE_BYTES);
        }
    }
}

/* What booking the purchase would answer. */
static void quote(struct run *run, const struct told *told)
{
    struct event event = told->event;
    struct request request = {.id = 3, .kind = REQUEST_QUOTE};
    struct request_book sealed = {.principal = 0};
    arena_reset(&run->house.scratch);
    house_seal(&event, run->model.position, told->card, &run->house.scratch, &sealed);
    request.quote.body = sealed.body;
    request.quote.opening = sealed.opening;
    house_ask(&run->house, run->said[run->said_count - 1].op.till, &request);
    assert_int_equal(run->house.reply.kind, REPLY_QUOTED);
    memset(&run->quoted, 0, sizeof(run->quoted));
    assert_int_equal(wire_outcome_unpack(run->house.reply.quoted.outcome, &run->house.scratch, &run->quoted),
                     0);
}

static void compare_quote(const struct run *run, struct difference *difference)
{
    const struct outcome *booked = &run->house.decision->outcome;
    same(difference, "the quote's code", run->quoted.code, booked->code);
    if (booked->code != CODE_ACCEPTED || booked->member == 0) {
        return;
    }
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        same(difference, "an account of the quote", run->quoted.balances.accounts[i],
             booked->balances.accounts[i]);
    }
    same(difference, "the quote's level", run->quoted.balances.level, booked->balances.level);
    same(difference, "the quote's effects", (int64_t)run->quoted.effects_count,
         (int64_t)booked->effects_count);
}

static void step(struct run *run, const char *programme, size_t operation)
{
    static struct told told;
    struct said *said = &run->said[run->said_count++];
    struct difference difference = {.text = ""};
    run->house.now += draw_time();
    run->model.now = run->house.now;
    draw_op(&run->model, &run->drawing, &said->op);
    tell(run, &said->op, &told);
    said->now = run->house.now;
    said->position = run->model.position;
    const bool quotes = said->op.kind == OP_BUY && drawn(QUOTED_OF) == 0;
    if (quotes) {
        quote(run, &told);
    }
    house_book(&run->house, said->op.till, &told.event, told.card);
    model_event(&run->model, &said->op, &said->expected);
    if (run->house.reply.kind != REPLY_BOOKED) {
        show(run, programme, operation, "it is not booked");
    }
    keep_codes(run);
    same(&difference, "position", (int64_t)run->house.booked.position, (int64_t)said->position);
    compare_outcome(&run->house.decision->outcome, &said->expected, &difference);
    if (quotes) {
        compare_quote(run, &difference);
    }
    compare_member(run, said->expected.member, &difference);
    compare_member(run, said->expected.other, &difference);
    if (difference.text[0] != '\0') {
        show(run, programme, operation, difference.text);
    }
}

/* Two tills and an operator. */
static void open_world(struct run *run, char programme[PROGRAMME_BYTES])
{
    memset(run, 0, sizeof(*run));
    draw_rules(&run->model.rules);
    tell_programme(&run->model.rules, programme);
    run->random = drawn(UINT32_MAX);
    house_open(&run->house, programme, false);
    run->house.world.random = random_bytes;
    assert_int_equal(house_terminal(&run->house, "cafe", "a"), TILL_A);
    struct event first = house_purchase(&run->house, "first", "bread", 100);
    house_book(&run->house, TILL_A, &first, NULL);
    assert_int_equal(house_terminal(&run->house, "cafe", "b"), TILL_B);
    struct store_head head;
    assert_int_equal(store_head(run->house.temporary.store, &head), 0);
    run->model.position = head.position + 1;
}

static void the_ledger_does_what_the_model_says(void **state)
{
    (void)state;
    const char *asked = getenv("LOYALTY_OPERATIONS");
    const size_t operations = asked != NULL       ? strtoull(asked, NULL, 0)
                              : testing_is_slow() ? 2000
                                                  : OPERATIONS;
    const uint64_t seed = drawn_seed(2026);
    size_t kinds[OP_KINDS] = {0};
    size_t accepted[OP_KINDS] = {0};
    char programme[PROGRAMME_BYTES];
    struct run *run = malloc(sizeof(*run));
    assert_non_null(run);
    for (size_t done = 0; done < operations;) {
        drawn_start(seed + done);
        open_world(run, programme);
        for (size_t i = 0; i < WORLD_OPERATIONS && done < operations; i++, done++) {
            step(run, programme, done);
            const struct said *last = &run->said[run->said_count - 1];
            kinds[last->op.kind]++;
            accepted[last->op.kind] += last->expected.code == CODE_ACCEPTED;
        }
        if (done == operations) {
            house_replay(&run->house);
        }
        house_close(&run->house);
    }
    free(run);
    for (size_t i = 0; i < OP_KINDS; i++) {
        printf("%s: %zu, %zu accepted\n", kind_names[i], kinds[i], accepted[i]);
        assert_true(operations < OPERATIONS || accepted[i] > 0);
    }
}

int main(void)
{
    /* What is synced need not outlive the test. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 1), 0);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_ledger_does_what_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
