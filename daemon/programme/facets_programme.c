/* Facets of the programme itself: `item` is a struct programme, that of the words. */
#include "programme/facets.h"

#include "model/event.h"

#include <inttypes.h>

#define PROGRAMME_SAYS(name) SAYS(name, struct programme)

static void days(struct words *words, int32_t count)
{
    SAY("%" PRId32 " day%s", count, count == 1 ? "" : "s");
}

static void minutes(struct words *words, int32_t count)
{
    SAY("%" PRId32 " minute%s", count, count == 1 ? "" : "s");
}

/* --- the programme --- */

PROGRAMME_SAYS(name)
{
    words_texts(words, &item->name);
}

PROGRAMME_SAYS(zone)
{
    SAY("%s", item->zone);
}

PROGRAMME_SAYS(day_starts)
{
    words_minute(words, item->day_starts);
}

PROGRAMME_SAYS(auto_enrol)
{
    SAY("%s", item->auto_enrol ? "yes" : "");
}

PROGRAMME_SAYS(claim)
{
    if (item->claim_days > 0) {
        days(words, item->claim_days);
    }
}

PROGRAMME_SAYS(clock_ahead)
{
    minutes(words, item->clock_ahead_minutes);
}

PROGRAMME_SAYS(clock_behind)
{
    minutes(words, item->clock_behind_minutes);
}

PROGRAMME_SAYS(max_offline)
{
    days(words, item->max_offline_days);
}

PROGRAMME_SAYS(outbox_retention)
{
    days(words, item->outbox_retention_days);
}

static const struct facet head_facets[] = {
    {"name", name, "none", NULL},
    {"time zone", zone, "", NULL},
    {"day starts", day_starts, "", NULL},
    {"unknown cards become members", auto_enrol, "no", NULL},
    {"receipts may be claimed for", claim, "never", NULL},
    {"a till's clock may be ahead", clock_ahead, "", NULL},
    {"the daemon's clock may be behind", clock_behind, "", NULL},
    {"tills may be offline for", max_offline, "", NULL},
    {"tills keep what is acknowledged for", outbox_retention, "", NULL},
};

/* --- basis --- */

static void tender(struct words *words, enum tender_kind kind)
{
    SAY("%s", (words->programme->basis.tenders_excluded >> kind & 1) == 0 ? "counts" : "");
}

PROGRAMME_SAYS(tax)
{
    SAY("%s", item->basis.tax_excluded ? "does not count" : "counts");
}

PROGRAMME_SAYS(discounts)
{
    SAY("%s", item->basis.discounts_before ? "before their discounts" : "after their discounts");
}

PROGRAMME_SAYS(basket_discounts)
{
    SAY("%s", item->basis.basket_discount_apart ? "a line of their own" : "spread over the lines");
}

PROGRAMME_SAYS(points_tender)
{
    (void)item;
    tender(words, TENDER_POINTS);
}

PROGRAMME_SAYS(voucher_tender)
{
    (void)item;
    tender(words, TENDER_VOUCHER);
}

PROGRAMME_SAYS(gift_card_tender)
{
    (void)item;
    tender(words, TENDER_GIFT_CARD);
}

PROGRAMME_SAYS(exclude)
{
    words_selection(words, &item->exclude.except);
}

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

PROGRAMME_SAYS(points_name)
{
    words_texts(words, &item->points_name);
}

PROGRAMME_SAYS(combine)
{
    static const char *const names[] = {[COMBINE_SUM] = "all that hold",
                                        [COMBINE_BEST] = "the one that gives most",
                                        [COMBINE_FIRST] = "the first that gives anything"};
    SAY("%s", names[item->combine]);
}

PROGRAMME_SAYS(multipliers)
{
    static const char *const names[] = {[MULTIPLIERS_MULTIPLY] = "multiplied",
                                        [MULTIPLIERS_ADD] = "added",
                                        [MULTIPLIERS_BEST] = "the best counts"};
    SAY("%s", names[item->multipliers]);
}

PROGRAMME_SAYS(rounding)
{
    static const char *const names[] = {
        [ROUNDING_FLOOR] = "down", [ROUNDING_HALF_UP] = "half up", [ROUNDING_CEIL] = "up"};
    SAY("%s", names[item->rounding]);
}

PROGRAMME_SAYS(visits)
{
    SAY("%s", item->visits_by_day ? "the first receipt of a day" : "each receipt");
}

PROGRAMME_SAYS(available_after)
{
    words_term(words, &item->available_after);
}

PROGRAMME_SAYS(expiry)
{
    if (item->has_inactivity) {
        words_term(words, &item->inactivity);
        SAY(" without a purchase");
    } else {
        words_term(words, &item->expiry);
    }
}

PROGRAMME_SAYS(limits)
{
    words_limits(words, &item->limits, NULL);
}

PROGRAMME_SAYS(milestones_at_once)
{
    SAY("%s", item->milestones_highest ? "the highest" : "all");
}

static const struct facet points_facets[] = {
    {"name", points_name, "none", NULL},
    {"which rules give", combine, "", NULL},
    {"several factors are", multipliers, "", NULL},
    {"parts are rounded", rounding, "", NULL},
    {"a visit is", visits, "", NULL},
    {"pending for", available_after, "not at all", "points given before keep their date"},
    {"last", expiry, "for ever", "points given before keep their date"},
    {"limits", limits, "none", "what was given before counts"},
    {"of milestones reached at once", milestones_at_once, "", NULL},
};

/* --- tiers --- */

PROGRAMME_SAYS(tier_window)
{
    if (item->tiers.count > 0) {
        words_window(words, &item->tiers.window);
    }
}

PROGRAMME_SAYS(tier_valid)
{
    if (item->tiers.count > 0) {
        words_term(words, &item->tiers.valid);
    }
}

PROGRAMME_SAYS(tier_grace)
{
    words_term(words, &item->tiers.grace);
}

PROGRAMME_SAYS(tier_match)
{
    SAY("%s", item->tiers.match_all ? "all" : "");
}

PROGRAMME_SAYS(tier_crossing)
{
    SAY("%s", item->tiers.crossing_new ? "at the new level" : "");
}

PROGRAMME_SAYS(tier_falls)
{
    SAY("%s", item->tiers.falls_at_once ? "as soon as the metrics are below" : "");
}

PROGRAMME_SAYS(tier_downgrade)
{
    SAY("%s", item->tiers.downgrade_one ? "one level at a time" : "");
}

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

PROGRAMME_SAYS(paying_minimum)
{
    if (item->paying.minimum > 0) {
        words_points(words, item->paying.minimum);
    }
}

PROGRAMME_SAYS(paying_share)
{
    if (item->paying.points > 0) {
        words_thousandths(words, item->paying.max_share);
        SAY(" %% of what is due");
    }
}

PROGRAMME_SAYS(paying_short)
{
    SAY("%s", item->paying.clamp ? "those there are pay" : "");
}

PROGRAMME_SAYS(paying_fund)
{
    SAY("%s", item->paying.fund_from == FUND_BALANCE_AND_THIS_PURCHASE ? "with those of the purchase" : "");
}

static const struct facet paying_facets[] = {
    {"rate", paying, "points pay nothing", NULL},
    {"at least", paying_minimum, "one group", NULL},
    {"at most", paying_share, "nothing", NULL},
    {"fewer points than asked for", paying_short, "pay nothing", NULL},
    {"paid with points held", paying_fund, "before the purchase", NULL},
};

PROGRAMME_SAYS(timeout)
{
    if (item->reservations.timeout_minutes > 0) {
        minutes(words, item->reservations.timeout_minutes);
    }
}

PROGRAMME_SAYS(longest)
{
    if (item->reservations.longest_minutes > 0) {
        minutes(words, item->reservations.longest_minutes);
    }
}

static const struct facet reservation_facets[] = {
    {"last", timeout, "until they are given back", NULL},
    {"last at most", longest, "as long as is asked for", NULL},
};

PROGRAMME_SAYS(return_points)
{
    static const char *const names[] = {
        [RETURN_RECOMPUTE] = "down to what the rest would have earned",
        [RETURN_PRORATE] = "the share of what is returned",
        [RETURN_FLOOR_OF_REFUND] = "what the returned part alone would earn",
        [RETURN_KEEP] = "nothing",
    };
    SAY("%s", names[item->returns.points]);
}

PROGRAMME_SAYS(return_spent)
{
    static const char *const names[] = {[SPENT_PRORATE] = "by share",
                                        [SPENT_WHEN_WHOLE] = "when all of the receipt is returned",
                                        [SPENT_KEEP] = "never"};
    SAY("%s", names[item->returns.spent]);
}

PROGRAMME_SAYS(return_negative)
{
    static const char *const names[] = {[NEGATIVE_ALLOW] = "are owed",
                                        [NEGATIVE_CLAMP] = "are forgiven",
                                        [NEGATIVE_OWN_LOT] = "are those the purchase has left",
                                        [NEGATIVE_REFUSE] = "stop the return"};
    SAY("%s", names[item->returns.negative]);
}

PROGRAMME_SAYS(return_expired)
{
    SAY("%s", item->returns.charge_expired ? "are taken from others" : "are forgiven");
}

PROGRAMME_SAYS(return_ended)
{
    words_term(words, &item->returns.ended_lot);
}

PROGRAMME_SAYS(return_without)
{
    static const char *const names[] = {[WITHOUT_RECEIPT_REFUSE] = "refused",
                                        [WITHOUT_RECEIPT_BY_AMOUNT] = "what the amount would earn is taken",
                                        [WITHOUT_RECEIPT_REVIEW] = "booked for a person to look at"};
    SAY("%s", names[item->returns.without_receipt]);
}

PROGRAMME_SAYS(return_unknown)
{
    SAY("%s", item->returns.refuse_unknown_receipt ? "refused" : "wait for it");
}

PROGRAMME_SAYS(return_tier)
{
    SAY("%s", item->returns.tier_at_review ? "at the review" : "at once");
}

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

PROGRAMME_SAYS(transfer)
{
    SAY("%s", item->moving.transfer ? "allowed" : "");
}

PROGRAMME_SAYS(transfer_expiry)
{
    SAY("%s", item->moving.reset_expiry ? "as if earned that day" : "");
}

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
