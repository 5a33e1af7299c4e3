/* Facets of the programme itself: `item` is a struct programme, that of the words. */
#include "programme/facets.h"

#include "model/event.h"

#include <inttypes.h>

#define PROGRAMME_SAYS(name) SAYS(name, struct programme)

/* Facets of the usual forms: one of two sentences, one for each value, a figure, a figure that may be
 * missing. */
#define EITHER(name, flag, yes, no)                                                                          \
    PROGRAMME_SAYS(name)                                                                                     \
    {                                                                                                        \
        SAY("%s", item->flag ? (yes) : (no));                                                                \
    }
#define ONE_OF(name, value, ...)                                                                             \
    PROGRAMME_SAYS(name)                                                                                     \
    {                                                                                                        \
        static const char *const names[] = {__VA_ARGS__};                                                    \
        SAY("%s", names[item->value]);                                                                       \
    }
#define ALWAYS(name, say, value)                                                                             \
    PROGRAMME_SAYS(name)                                                                                     \
    {                                                                                                        \
        say(words, value);                                                                                   \
    }
#define WHERE(name, there, say, value)                                                                       \
    PROGRAMME_SAYS(name)                                                                                     \
    {                                                                                                        \
        if (there) {                                                                                         \
            say(words, value);                                                                               \
        }                                                                                                    \
    }
#define TENDER(name, kind)                                                                                   \
    PROGRAMME_SAYS(name)                                                                                     \
    {                                                                                                        \
        SAY("%s", (item->basis.tenders_excluded >> (kind)&1) == 0 ? "counts" : "");                          \
    }

static void days(struct words *words, int32_t count)
{
    SAY("%" PRId32 " day%s", count, count == 1 ? "" : "s");
}

static void minutes(struct words *words, int32_t count)
{
    SAY("%" PRId32 " minute%s", count, count == 1 ? "" : "s");
}

/* --- the programme --- */

ALWAYS(name, words_texts, &item->name)

PROGRAMME_SAYS(zone)
{
    SAY("%s", item->zone);
}

ALWAYS(day_starts, words_minute, item->day_starts)
EITHER(auto_enrol, auto_enrol, "yes", "")
EITHER(bearer_vouchers, bearer_vouchers, "yes", "")
WHERE(claim, item->claim_days > 0, days, item->claim_days)
ALWAYS(clock_ahead, minutes, item->clock_ahead_minutes)
ALWAYS(clock_behind, minutes, item->clock_behind_minutes)
ALWAYS(max_offline, days, item->max_offline_days)
ALWAYS(outbox_retention, days, item->outbox_retention_days)

static const struct facet head_facets[] = {
    {"name", name, "none", NULL},
    {"time zone", zone, "", NULL},
    {"day starts", day_starts, "", NULL},
    {"unknown cards become members", auto_enrol, "no", NULL},
    {"vouchers are honoured without a card", bearer_vouchers, "no", NULL},
    {"receipts may be claimed for", claim, "never", NULL},
    {"a till's clock may be ahead", clock_ahead, "", NULL},
    {"the daemon's clock may be behind", clock_behind, "", NULL},
    {"tills may be offline for", max_offline, "", NULL},
    {"tills keep what is acknowledged for", outbox_retention, "", NULL},
};

/* --- basis --- */

EITHER(tax, basis.tax_excluded, "does not count", "counts")
EITHER(discounts, basis.discounts_before, "before their discounts", "after their discounts")
EITHER(basket_discounts, basis.basket_discount_apart, "a line of their own", "spread over the lines")
TENDER(points_tender, TENDER_POINTS)
TENDER(voucher_tender, TENDER_VOUCHER)
TENDER(gift_card_tender, TENDER_GIFT_CARD)
ALWAYS(exclude, words_selection, &item->exclude.except)

static const struct facet basis_facets[] = {
    {"tax", tax, "", NULL},
    {"lines count", discounts, "", NULL},
    {"discounts on the basket are", basket_discounts, "", NULL},
    {"what points pay", points_tender, "does not count", NULL},
    {"what vouchers pay", voucher_tender, "does not count", NULL},
    {"what gift cards pay", gift_card_tender, "does not count", NULL},
    {"never counts", exclude, "nothing", NULL},
};

/* --- points --- */

ALWAYS(points_name, words_texts, &item->points_name)
ONE_OF(combine, combine, [COMBINE_SUM] = "all that hold", [COMBINE_BEST] = "the one that gives most",
       [COMBINE_FIRST] = "the first that gives anything")
ONE_OF(multipliers, multipliers, [MULTIPLIERS_MULTIPLY] = "multiplied", [MULTIPLIERS_ADD] = "added",
       [MULTIPLIERS_BEST] = "the best counts")
ONE_OF(rounding, rounding, [ROUNDING_FLOOR] = "down", [ROUNDING_HALF_UP] = "half up", [ROUNDING_CEIL] = "up")
EITHER(visits, visits_by_day, "the first receipt of a day", "each receipt")
ALWAYS(available_after, words_term, &item->available_after)

WHERE(expiry, !item->has_inactivity, words_term, &item->expiry)
WHERE(inactivity, item->has_inactivity, words_term, &item->inactivity)

PROGRAMME_SAYS(limits)
{
    words_limits(words, &item->limits, NULL);
}

EITHER(milestones_at_once, milestones_highest, "the highest", "all")

static const struct facet points_facets[] = {
    {"name", points_name, "none", NULL},
    {"which rules give", combine, "", NULL},
    {"several factors are", multipliers, "", NULL},
    {"parts are rounded", rounding, "", NULL},
    {"a visit is", visits, "", NULL},
    {"pending for", available_after, "not at all", "points given before keep their date"},
    {"last", expiry, "for ever", "points given before keep their date"},
    {"without a purchase last", inactivity, "as long as with one", "points given before, too"},
    {"limits", limits, "none", "what was given before counts"},
    {"of milestones reached at once", milestones_at_once, "", NULL},
};

/* --- tiers --- */

WHERE(tier_window, item->tiers.count > 0, words_window, &item->tiers.window)
WHERE(tier_valid, item->tiers.count > 0, words_term, &item->tiers.valid)
ALWAYS(tier_grace, words_term, &item->tiers.grace)
EITHER(tier_match, tiers.match_all, "all", "")
EITHER(tier_crossing, tiers.crossing_new, "at the new level", "")
EITHER(tier_falls, tiers.falls_at_once, "as soon as the metrics are below", "")
EITHER(tier_downgrade, tiers.downgrade_one, "one level at a time", "")

static const struct facet tiers_facets[] = {
    {"metrics are summed", tier_window, "not at all", NULL},
    {"a level lasts", tier_valid, "for ever", "levels reached before keep their date"},
    {"it is lost later by", tier_grace, "nothing", NULL},
    {"of its metrics are needed", tier_match, "any", NULL},
    {"the purchase that reaches a level counts", tier_crossing, "at the level before", NULL},
    {"levels are lost", tier_falls, "when their term is over", NULL},
    {"they fall", tier_downgrade, "to what the metrics reach", NULL},
};

/* --- policies --- */

PROGRAMME_SAYS(paying)
{
    if (item->paying.points > 0) {
        words_points(words, item->paying.points);
        SAY(" pay ");
        words_money(words, item->paying.worth);
    }
}

WHERE(paying_minimum, item->paying.minimum > 0, words_points, item->paying.minimum)

PROGRAMME_SAYS(paying_share)
{
    if (item->paying.points > 0) {
        words_thousandths(words, item->paying.max_share);
        SAY(" %% of what is due");
    }
}

WHERE(paying_maximum, item->paying.maximum > 0, words_points, item->paying.maximum)

PROGRAMME_SAYS(paying_goods)
{
    words_selector(words, &item->paying.selector);
}

PROGRAMME_SAYS(paying_when)
{
    words_condition(words, &item->paying.when);
}

PROGRAMME_SAYS(paying_unless)
{
    words_condition(words, &item->paying.unless);
}

EITHER(paying_short, paying.clamp, "those there are pay", "")
EITHER(paying_fund, paying.fund_from == FUND_BALANCE_AND_THIS_PURCHASE, "with those of the purchase", "")

static const struct facet paying_facets[] = {
    {"rate", paying, "points pay nothing", NULL},
    {"at least", paying_minimum, "one group", NULL},
    {"at most", paying_share, "nothing", NULL},
    {"at most at once", paying_maximum, "as many as are due", NULL},
    {"goods", paying_goods, "all", NULL},
    {"when", paying_when, "always", NULL},
    {"unless", paying_unless, "never", NULL},
    {"fewer points than asked for", paying_short, "pay nothing", NULL},
    {"paid with points held", paying_fund, "before the purchase", NULL},
};

WHERE(timeout, item->reservations.timeout_minutes > 0, minutes, item->reservations.timeout_minutes)
WHERE(longest, item->reservations.longest_minutes > 0, minutes, item->reservations.longest_minutes)

static const struct facet reservation_facets[] = {
    {"last", timeout, "until they are given back", NULL},
    {"last at most", longest, "as long as is asked for", NULL},
};

ONE_OF(return_points, returns.points, [RETURN_RECOMPUTE] = "down to what the rest would have earned",
       [RETURN_PRORATE] = "the share of what is returned",
       [RETURN_FLOOR_OF_REFUND] = "what the returned part alone would earn", [RETURN_KEEP] = "nothing",
       [RETURN_WHEN_WHOLE] = "all, when all of the receipt is returned")
ONE_OF(return_spent, returns.spent, [SPENT_PRORATE] = "by share",
       [SPENT_WHEN_WHOLE] = "when all of the receipt is returned", [SPENT_KEEP] = "never")
ONE_OF(return_negative, returns.negative, [NEGATIVE_ALLOW] = "are owed", [NEGATIVE_CLAMP] = "are forgiven",
       [NEGATIVE_OWN_LOT] = "are those the purchase has left", [NEGATIVE_REFUSE] = "stop the return")
EITHER(return_expired, returns.charge_expired, "are taken from others", "are forgiven")
ALWAYS(return_ended, words_term, &item->returns.ended_lot)
ONE_OF(return_without, returns.without_receipt, [WITHOUT_RECEIPT_REFUSE] = "refused",
       [WITHOUT_RECEIPT_BY_AMOUNT] = "what the amount would earn is taken",
       [WITHOUT_RECEIPT_REVIEW] = "booked for a person to look at")
EITHER(return_unknown, returns.refuse_unknown_receipt, "refused", "wait for it")
EITHER(return_tier, returns.tier_at_review, "at the review", "at once")

static const struct facet return_facets[] = {
    {"take", return_points, "", NULL},
    {"points that paid come back", return_spent, "", NULL},
    {"points missing", return_negative, "", NULL},
    {"points expired since", return_expired, "", NULL},
    {"points that would have ended last", return_ended, "for ever", NULL},
    {"without a receipt", return_without, "", NULL},
    {"of a receipt not yet known", return_unknown, "", NULL},
    {"a level only they reached is lost", return_tier, "", NULL},
};

EITHER(transfer, moving.transfer, "allowed", "")
EITHER(transfer_expiry, moving.reset_expiry, "as if earned that day", "")

static const struct facet moving_facets[] = {
    {"from member to member", transfer, "refused", NULL},
    {"points passed on last", transfer_expiry, "as they would have", NULL},
};

PROGRAMME_SAYS(households)
{
    if (item->households.points) {
        SAY("points%s%s", item->households.tier ? ", level" : "", item->households.stamps ? ", stamps" : "");
    }
}

static const struct facet household_facets[] = {
    {"share", households, "nothing", NULL},
};

const struct facets section_facets[SECTIONS_SAID] = {
    {"programme", FACETS(head_facets), NULL},
    {"basis", FACETS(basis_facets), NULL},
    {"points", FACETS(points_facets), NULL},
    {"levels", FACETS(tiers_facets), NULL},
    {"paying with points", FACETS(paying_facets), NULL},
    {"reserved points", FACETS(reservation_facets), NULL},
    {"returns", FACETS(return_facets), NULL},
    {"moving points", FACETS(moving_facets), NULL},
    {"households", FACETS(household_facets), NULL},
};
