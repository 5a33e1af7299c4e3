#include "engine/going.h"

#include "base/checked.h"
#include "engine/redeem.h"

static bool is_untouched(const struct going *going)
{
    for (size_t i = 0; i < going->purchase->lines_count; i++) {
        if (going->before.quantity[i] != 0 || going->before.money[i] != 0) {
            return false;
        }
    }
    return !going->before.whole;
}

int64_t going_left(int64_t given, int64_t standing, int64_t taken)
{
    return taken > 0 ? least(standing, given - taken) : standing - taken;
}

int going_returned(const struct going *going, int64_t whole, enum rounding rounding, int64_t *ret_part)
{
    struct remains all;
    static const struct returned none;
    const int err = remains_make(going->purchase, &none, &all);
    if (err != 0 || going->left_after.nothing) {
        *ret_part = going->left_after.nothing ? whole : 0;
        return err;
    }
    if (all.due > 0) {
        return checked_mul_div(whole, all.due - going->left_after.due, all.due, rounding, ret_part);
    }
    *ret_part = 0;
    return all.quantity > 0 ? checked_mul_div(whole, all.quantity - going->left_after.quantity, all.quantity,
                                              rounding, ret_part)
                            : 0;
}

int going_rest(const struct return_policy *policy, const struct going *going, int64_t given, int64_t rest,
               int64_t *ret_rest)
{
    int64_t gone = 0;
    if (policy->points != RETURN_PRORATE) {
        *ret_rest = least(given, rest);
        return 0;
    }
    const int err = going_returned(going, given, ROUND_HALF_UP, &gone);
    *ret_rest = given - gone;
    return err;
}

int going_move_by_hand(const struct context *context, const struct remains *left, const struct gains *given,
                       struct gains *gains)
{
    int err = 0;
    for (size_t i = 0; i < context->facts_count && err == 0 && !left->nothing; i++) {
        const struct receipt_fact *fact = &context->facts[i];
        if (fact->kind == FACT_ADJUSTED_STAMPS) {
            const int64_t stamps = going_left(gains_stamps(given, fact->index),
                                              gains_stamps(gains, fact->index), fact->quantity);
            err = gains_put_stamps(gains, fact->index, stamps);
        } else if (fact->kind == FACT_ADJUSTED_VOUCHERS) {
            gains_lose_vouchers(gains, fact->index,
                                (int64_t)gains_vouchers(given, fact->index) - fact->quantity);
        }
    }
    return err;
}

/* What the rest of the basket gives: at most what was given. */
static int gains_of_rest(const struct engine_past *past, const struct remains *remains,
                         const struct gains *given, struct bindings *bindings, struct decision *decision,
                         struct gains *ret_gains)
{
    gains_clear(ret_gains);
    if (remains->nothing) {
        return 0;
    }
    const int err = gains_again(past, &remains->purchase, bindings, decision, ret_gains);
    for (size_t i = 0; i < ret_gains->cards_count && err == 0; i++) {
        ret_gains->cards[i].stamps =
            least(ret_gains->cards[i].stamps, gains_stamps(given, ret_gains->cards[i].card));
    }
    return err;
}

/* Decides the purchase again as it was, for the limits that bound; then what was left of it and is left now.
 */
int going_weigh(const struct engine_past *past, struct going *going, struct decision *decision)
{
    struct bindings bindings;
    struct gains again;
    bindings.use = BINDINGS_RECORD;
    bindings.count = 0;
    int err = gains_recorded(past, &going->given);
    err = err != 0 ? err : gains_again(past, going->purchase, &bindings, decision, &again);
    bindings.use = BINDINGS_REPLAY;
    if (err == 0 && is_untouched(going)) {
        going->stood = going->given;
    } else if (err == 0) {
        err = gains_of_rest(past, &going->left_before, &going->given, &bindings, decision, &going->stood);
    }
    return err != 0
               ? err
               : gains_of_rest(past, &going->left_after, &going->given, &bindings, decision, &going->stands);
}

int going_begin(const struct engine_past *past, const struct context *context, struct going *going)
{
    redeem_paid(past, going->tenders, &going->paid);
    going->purchase = &going->paid;
    int err = returned_read(going->purchase, context, &going->before);
    if (err == 0) {
        going->after = going->before;
        err = remains_make(going->purchase, &going->before, &going->left_before);
    }
    return err;
}
