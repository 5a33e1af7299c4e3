/* What a basket could use: each voucher, each reward for sale and points are tried as if the purchase
 * redeemed them, by the functions that decide it when it does. Nothing is written. */
#include "service/ledger_internal.h"

#include <string.h>

/* One thing to try. */
struct candidate {
    const struct reward *reward;        /* for sale, or of the voucher; NULL: points to pay with */
    const struct held_voucher *voucher; /* NULL: none */
};

struct search {
    struct ledger *ledger;
    const struct draft *draft;
    const struct principal_row *principal;
    struct purchase bought; /* as it is quoted */
    struct redemption redemptions[REDEMPTIONS_MAX];
    struct pay_with_points pay;
    size_t tried;
    struct offer *offers;
    size_t count;
    struct offer *missed; /* only points are missing; they come last */
    size_t missed_count;
};

/* The purchase with this candidate beside what it redeems; `done`: what is missing is owed. */
static int try(struct search *search, const struct candidate *candidate, bool done)
{
    struct ledger *ledger = search->ledger;
    struct purchase purchase = search->bought;
    struct event event = *search->draft->event;
    struct draft draft = *search->draft;
    const size_t at = purchase.redemptions_count;
    if (candidate->reward != NULL) {
        search->redemptions[at] = (struct redemption){.units = 1};
        if (candidate->voucher != NULL) {
            search->redemptions[at].voucher = (struct bytes){candidate->voucher->code, VOUCHER_CODE_BYTES};
        } else {
            search->redemptions[at].reward = candidate->reward->id;
        }
        purchase.redemptions = search->redemptions;
        purchase.redemptions_count = at + 1;
    } else {
        purchase.pay_with_points = &search->pay;
    }
    purchase.redeem_done = done;
    event.purchase = purchase;
    draft.event = &event;
    const size_t used = ledger->scratch.used;
    const int result = ledger_decide(ledger, &draft, search->principal);
    arena_rewind(&ledger->scratch, used);
    return result;
}

/* What the candidate of the last try costs and pays; false where it was not used. */
static bool read_use(const struct search *search, const struct candidate *candidate, struct offer *offer)
{
    const struct outcome *outcome = &search->ledger->decision->outcome;
    const uint32_t wanted =
        candidate->reward != NULL ? (uint32_t)search->bought.redemptions_count : USE_POINTS;
    for (size_t i = 0; i < outcome->uses_count; i++) {
        if (outcome->uses[i].redemption == wanted) {
            offer->points = outcome->uses[i].points;
            offer->value = outcome->uses[i].value;
            return true;
        }
    }
    return false;
}

/* Points that the last try would owe. */
static int64_t owed(const struct search *search)
{
    const struct outcome *outcome = &search->ledger->decision->outcome;
    int64_t points = 0;
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        points += outcome->exceptions[i].kind == EXCEPTION_POINTS_SHORT ? outcome->exceptions[i].amount : 0;
    }
    return points;
}

/* The code is text for people, and lives as long as the reply. */
static int add_voucher(struct search *search, const struct candidate *candidate, struct offer *offer)
{
    struct voucher_view view;
    const int result =
        render_voucher(search->ledger->numbers, candidate->voucher, &search->ledger->scratch, &view);
    offer->reward = view.reward;
    offer->voucher = view.code;
    offer->has_until = view.has_until;
    offer->until = view.until;
    return result;
}

/* Tries the candidate and keeps what comes of it; one that cannot be used at all is left out, unless it is
 * the member's own already. */
static int consider(struct search *search, const struct candidate *candidate)
{
    const struct outcome *outcome = &search->ledger->decision->outcome;
    struct offer offer = {.reward = candidate->reward != NULL ? candidate->reward->id : NULL};
    if (search->tried++ >= OFFERS_MAX) {
        return 0;
    }
    int result = try(search, candidate, false);
    const enum outcome_code code = outcome->code;
    bool used = result == 0 && code == CODE_ACCEPTED && read_use(search, candidate, &offer);
    if (result == 0 && code == CODE_POINTS_SHORT) {
        result = try(search, candidate, true);
        used = result == 0 && outcome->code == CODE_ACCEPTED && read_use(search, candidate, &offer);
        offer.lacking = used ? owed(search) : 0;
    }
    if (result == 0 && candidate->voucher != NULL) {
        offer.why = used ? NULL : outcome_code_text(code);
        result = add_voucher(search, candidate, &offer);
    } else if (!used) {
        return result;
    }
    if (offer.lacking > 0 || offer.why != NULL) {
        search->missed[search->missed_count++] = offer;
    } else {
        search->offers[search->count++] = offer;
    }
    return result;
}

/* Points pay as far as they can; where they cannot, the least that could is what is lacking. */
static int consider_points(struct search *search)
{
    const struct paying_policy *policy = &search->draft->programme->paying;
    const struct candidate points = {.reward = NULL};
    const size_t before = search->count;
    search->pay.points = 0;
    int result = consider(search, &points);
    if (result == 0 && search->count == before) {
        const int64_t groups = (policy->minimum + policy->points - 1) / policy->points;
        search->pay.points = (groups > 1 ? groups : 1) * policy->points;
        result = consider(search, &points);
    }
    return result;
}

/* The vouchers, the one that ends first before the others: `held` is the member's state, settled. */
static int consider_vouchers(struct search *search, const struct held_voucher *held, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct candidate candidate = {
            .reward = programme_reward(search->draft->programme, held[i].reward), .voucher = &held[i]};
        result = candidate.reward != NULL ? consider(search, &candidate) : 0;
    }
    return result;
}

/* A copy of what the member has: each try reads and settles it anew. */
static int copy_vouchers(struct ledger *ledger, struct held_voucher **ret_vouchers, size_t *ret_count)
{
    const struct member_state *state = ledger->state;
    const size_t room = state->vouchers_count < OFFERS_MAX ? state->vouchers_count : OFFERS_MAX;
    struct held_voucher *vouchers = arena_alloc(&ledger->scratch, room, sizeof(*vouchers));
    size_t count = 0;
    if (vouchers == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < state->vouchers_count; i++) {
        const struct held_voucher *voucher = &state->vouchers[i];
        size_t place = count;
        while (place > 0 && voucher->until < vouchers[place - 1].until) {
            place--;
        }
        if (place == room) {
            continue;
        }
        count += count < room;
        memmove(&vouchers[place + 1], &vouchers[place], (count - place - 1) * sizeof(*vouchers));
        vouchers[place] = *voucher;
    }
    *ret_vouchers = vouchers;
    *ret_count = count;
    return 0;
}

static int search_all(struct search *search)
{
    const struct programme *programme = search->draft->programme;
    struct held_voucher *vouchers = NULL;
    size_t vouchers_count = 0;
    int result = copy_vouchers(search->ledger, &vouchers, &vouchers_count);
    if (search->bought.redemptions_count < REDEMPTIONS_MAX) {
        result = result != 0 ? result : consider_vouchers(search, vouchers, vouchers_count);
        for (size_t i = 0; i < programme->rewards_count && result == 0; i++) {
            const struct candidate candidate = {.reward = &programme->rewards[i]};
            result = candidate.reward->has_cost ? consider(search, &candidate) : 0;
        }
    }
    if (result == 0 && programme->paying.points > 0 && search->bought.pay_with_points == NULL) {
        result = consider_points(search);
    }
    return result;
}

int ledger_offers(struct ledger *ledger, const struct draft *draft, const struct principal_row *principal,
                  struct offer **ret_offers, size_t *ret_count)
{
    struct search *search = arena_alloc(&ledger->scratch, 1, sizeof(*search));
    struct offer *offers = arena_alloc(&ledger->scratch, 2 * (size_t)OFFERS_MAX, sizeof(*offers));
    if (search == NULL || offers == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_offers = offers;
    *ret_count = 0;
    const size_t used = ledger->scratch.used;
    int result = ledger_decide(ledger, (struct draft[]){*draft}, principal);
    arena_rewind(&ledger->scratch, used);
    if (result < 0 || ledger->context.member == 0) {
        return result;
    }
    *search = (struct search){.ledger = ledger,
                              .draft = draft,
                              .principal = principal,
                              .bought = draft->event->purchase,
                              .offers = offers,
                              .missed = offers + OFFERS_MAX};
    if (ledger->decision->outcome.code != CODE_ACCEPTED) {
        /* What it redeems is no reason not to say what it could. */
        search->bought.redemptions_count = 0;
        search->bought.pay_with_points = NULL;
    }
    for (size_t i = 0; i < search->bought.redemptions_count; i++) {
        search->redemptions[i] = search->bought.redemptions[i];
    }
    result = search_all(search);
    memmove(&offers[search->count], search->missed, search->missed_count * sizeof(*offers));
    *ret_count = search->count + search->missed_count;
    return result;
}
