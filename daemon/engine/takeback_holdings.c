/* Taking back what is no points: metrics and the level, stamps, vouchers. */
#include "engine/takeback.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/reserve.h"
#include "engine/selector.h"
#include "engine/tiers.h"
#include "model/day.h"

#include <assert.h>
#include <string.h>

/* A metric's sums as they are once the purchase's day has lost something. */
static void reached_after(const struct takeback *takeback, const struct gains *before,
                          const struct gains *after, int32_t day, struct metric_values *ret_values)
{
    const struct programme *programme = takeback->programme;
    const int32_t fallen = takeback->past->context->member_day;
    metrics_on(programme, takeback->purse.holdings, day, ret_values);
    const struct day_range tiers =
        window_range(&programme->tiers.window, takeback->purse.holdings->enrolled, day);
    if (fallen >= tiers.first && fallen <= tiers.last) {
        ret_values->of[0] -= before->qualifying - after->qualifying;
    }
    for (size_t i = 0; i < programme->measures_count; i++) {
        const struct measure *measure = &programme->measures[i];
        const struct day_range range =
            window_range(&measure->window, takeback->purse.holdings->enrolled, day);
        if (measure->kind == MEASURE_BALANCE || measure->kind == MEASURE_RUN || fallen < range.first ||
            fallen > range.last) {
            continue;
        }
        ret_values->of[1 + i] -=
            measure->metric == METRIC_QUALIFYING
                ? before->qualifying - after->qualifying
                : gains_metric(before, measure->metric) - gains_metric(after, measure->metric);
    }
}

/* What the metrics came to on days once the purchase's day has lost something: the highest level they
 * reached, and which levels (bits by index) they were enough to keep. */
struct looked_at {
    int reached;
    uint32_t kept;
};
static_assert(LEVELS_MAX <= 32, "a bit for each level");

static void look_on(const struct takeback *takeback, const struct gains *before, const struct gains *after,
                    int32_t day, struct looked_at *looked)
{
    const struct tiers *tiers = &takeback->programme->tiers;
    struct metric_values values;
    reached_after(takeback, before, after, day, &values);
    const int reached = tiers_reached(tiers, &values);
    looked->reached = reached > looked->reached ? reached : looked->reached;
    for (size_t i = 0; i < tiers->count; i++) {
        looked->kept |= tiers_keeps(tiers, (int)i, &values) ? UINT32_C(1) << i : 0;
    }
}

/* From `first` on: only a rolling window has several sums in between, each the largest on a day on which
 * something was counted. */
static struct looked_at look_since(const struct takeback *takeback, const struct gains *before,
                                   const struct gains *after, int32_t first)
{
    const struct member_state *holdings = takeback->purse.holdings;
    const int32_t now = takeback->context->booked_day;
    struct looked_at looked = {.reached = -1};
    look_on(takeback, before, after, first, &looked);
    look_on(takeback, before, after, now, &looked);
    for (size_t i = 0; i < holdings->metric_days_count; i++) {
        const int32_t day = holdings->metric_days[i].day;
        if (day > first && day < now) {
            look_on(takeback, before, after, day, &looked);
        }
    }
    return looked;
}

/* Whether the member has been at the level or above since before the day, without a break. */
static bool was_at(const struct takeback *takeback, int index, int32_t day)
{
    const struct member_state *holdings = takeback->purse.holdings;
    size_t first = holdings->levels_count;
    while (first > 0 &&
           tiers_index(&takeback->programme->tiers, holdings->levels[first - 1].level) >= index) {
        first--;
    }
    return first < holdings->levels_count && holdings->levels[first].since < day;
}

/* The highest level up to `level` that what remains reached on any day since the level was last reached. What
 * is easier to keep than to reach is kept by who had it before the day of the purchase, or reached it since
 * then by what remains: else nobody ever reached it. */
static int reached_since(const struct takeback *takeback, const struct gains *before,
                         const struct gains *after, int level)
{
    const int32_t day = takeback->past->context->member_day;
    /* What falls at once is never had by a window that has moved on. */
    const int32_t since = takeback->programme->tiers.falls_at_once ? takeback->context->booked_day
                                                                   : takeback->purse.holdings->level_day;
    const struct looked_at last = look_since(takeback, before, after, since);
    if (last.kept >> (last.reached + 1) == 0) {
        return last.reached;
    }
    const int ever = look_since(takeback, before, after, day).reached;
    for (int i = level; i > last.reached; i--) {
        if ((last.kept >> i & 1) != 0 && (ever >= i || was_at(takeback, i, day))) {
            return i;
        }
    }
    return last.reached;
}

/* Whether what is returned is what had reached the level. Who stands at it because a level is lost one step
 * at a time loses it only with goods that had brought him that far. */
static bool loses(const struct takeback *takeback, const struct gains *before, const struct gains *after,
                  int level)
{
    if (reached_since(takeback, after, after, level) >= level) {
        return true;
    }
    const int32_t day = takeback->past->context->member_day;
    return look_since(takeback, after, after, day).reached >= level &&
           look_since(takeback, before, after, day).reached < level;
}

/* Where the member falls who loses the level that he reached by what is returned. */
static int fallen_to(const struct takeback *takeback, int reached, int32_t *ret_until)
{
    const struct tiers *tiers = &takeback->programme->tiers;
    const struct member_state *holdings = takeback->purse.holdings;
    const int32_t today = takeback->context->booked_day;
    int next = reached > 0 ? reached : 0;
    *ret_until = tiers_until(tiers, next, holdings->level_day);
    const int held = holdings->held_level != 0 && holdings->held_until >= today
                         ? tiers_index(tiers, holdings->held_level)
                         : -1;
    if (held > next) {
        next = held;
        *ret_until = holdings->held_until;
    }
    const int floor = holdings->floor_level != 0 && holdings->floor_until >= today
                          ? tiers_index(tiers, holdings->floor_level)
                          : -1;
    if (floor > next || (floor == next && holdings->floor_until > *ret_until)) {
        next = floor;
        *ret_until = holdings->floor_until;
    }
    *ret_until = tiers->falls_at_once ? DAY_NEVER : *ret_until;
    return next;
}

/* What of the level stays: never more than it was, nor for longer. */
static int lower_level(struct takeback *takeback, const struct gains *before, const struct gains *after,
                       struct balances *balances)
{
    const struct tiers *tiers = &takeback->programme->tiers;
    const struct context *context = takeback->context;
    const struct member_state *holdings = takeback->purse.holdings;
    const int level = tiers_index(tiers, holdings->level);
    const bool fell = before->qualifying != after->qualifying || before->metrics_count > 0;
    if (level <= 0 || !fell || takeback->policy->tier_at_review) {
        return 0;
    }
    const int reached = reached_since(takeback, before, after, level);
    if (reached >= level || !loses(takeback, before, after, level)) {
        return 0;
    }
    int32_t until;
    const int next = fallen_to(takeback, reached, &until);
    if (next > level || (next == level && until >= holdings->level_until)) {
        return 0;
    }
    struct effect *effect = outcome_add(&takeback->decision->outcome, EFFECT_LEVEL, holdings->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->level.level = tiers->levels[next].number;
    effect->level.since = context->booked_day;
    effect->level.until = until;
    effect->level.day = holdings->level_day;
    effect->level.held = holdings->held_level;
    effect->level.held_until = holdings->held_until;
    balances->level = effect->level.level;
    balances->level_until = until;
    return 0;
}

static int lower_metric(struct takeback *takeback, uint32_t metric, int64_t amount)
{
    if (amount == 0) {
        return 0;
    }
    struct effect *effect =
        outcome_add(&takeback->decision->outcome, EFFECT_METRIC, takeback->purse.holdings->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->metric.metric = metric;
    effect->metric.day = takeback->past->context->member_day;
    effect->metric.amount = -amount;
    return 0;
}

int takeback_metrics(struct takeback *takeback, const struct gains *before, const struct gains *after,
                     struct balances *balances)
{
    const struct context *context = takeback->context;
    const struct programme *programme = takeback->programme;
    int64_t lost;
    int err = checked_sub(before->qualifying, after->qualifying, &lost);
    err = err != 0 ? err : lower_metric(takeback, METRIC_QUALIFYING, lost);
    for (size_t i = 0; i < before->metrics_count && err == 0; i++) {
        const uint32_t metric = before->metrics[i].metric;
        err = lower_metric(takeback, metric, before->metrics[i].amount - gains_metric(after, metric));
    }
    for (size_t i = 0; i < after->metrics_count && err == 0; i++) {
        const uint32_t metric = after->metrics[i].metric;
        err =
            gains_metric(before, metric) == 0 ? lower_metric(takeback, metric, -after->metrics[i].amount) : 0;
    }
    balances->qualifying = context_metric(context, 0).now;
    if (err == 0 && programme->tiers.count > 0) {
        const struct day_range now =
            window_range(&programme->tiers.window, takeback->purse.holdings->enrolled, context->booked_day);
        const int32_t day = takeback->past->context->member_day;
        const bool counts = day >= now.first && day <= now.last;
        err = counts ? checked_sub(balances->qualifying, lost, &balances->qualifying) : 0;
        err = err != 0 ? err : lower_level(takeback, before, after, balances);
    }
    return err;
}

static bool is_cancelled(const struct takeback *takeback, struct origin origin)
{
    const struct outcome *outcome = &takeback->decision->outcome;
    for (size_t i = takeback->first; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER_END && effect->voucher_end.voucher.position == origin.position &&
            effect->voucher_end.voucher.index == origin.index) {
            return true;
        }
    }
    return false;
}

/* The member's newest voucher that is neither used nor reserved: of a card, or of a reward that the event
 * itself issued. NULL: there is none. */
static const struct held_voucher *newest(const struct takeback *takeback, uint32_t card, uint32_t reward)
{
    const struct member_state *holdings = takeback->purse.holdings;
    for (size_t i = holdings->vouchers_count; i > 0; i--) {
        const struct held_voucher *voucher = &holdings->vouchers[i - 1];
        const bool own = voucher->origin.position == takeback->past->decided && voucher->card == 0 &&
                         voucher->reward == reward;
        if (voucher->reservation == 0 && (card != 0 ? voucher->card == card : own) &&
            !is_cancelled(takeback, voucher->origin)) {
            return voucher;
        }
    }
    return NULL;
}

int takeback_vouchers(struct takeback *takeback, const struct gains *before, const struct gains *after)
{
    int err = 0;
    for (size_t i = 0; i < before->rewards_count && err == 0; i++) {
        const uint32_t reward = before->rewards[i].reward;
        for (uint32_t n = gains_vouchers(after, reward); n < before->rewards[i].vouchers && err == 0; n++) {
            const struct held_voucher *voucher = newest(takeback, 0, reward);
            takeback->used += voucher == NULL;
            err = voucher != NULL ? voucher_end(&takeback->decision->outcome,
                                                takeback->purse.holdings->member, voucher, VOUCHER_CANCELLED)
                                  : 0;
        }
    }
    return err;
}

/* Fills how many stamps are on the card then. */
static int take_stamps(struct takeback *takeback, uint32_t number, int64_t lost, int64_t *ret_count)
{
    const struct stamp_card *card = programme_card(takeback->programme, number);
    const struct stamps *held = member_state_stamps(takeback->purse.holdings, number);
    struct stamps stamps = held != NULL ? *held : (struct stamps){.card = number};
    uint32_t undone = 0;
    int err = checked_sub(stamps.count, lost, &stamps.count);
    while (err == 0 && stamps.count < 0 && card != NULL && lost > 0) {
        const struct held_voucher *voucher = newest(takeback, number, 0);
        if (voucher == NULL) {
            break;
        }
        err = voucher_end(&takeback->decision->outcome, takeback->purse.holdings->member, voucher,
                          VOUCHER_CANCELLED);
        stamps.count += card->required;
        undone++;
    }
    struct effect *effect =
        err == 0 ? outcome_add(&takeback->decision->outcome, EFFECT_STAMPS, takeback->purse.holdings->member)
                 : NULL;
    if (effect == NULL) {
        return err != 0 ? err : ERR_TOO_LARGE;
    }
    effect->stamps.card = number;
    effect->stamps.given = -lost;
    effect->stamps.undone = undone < stamps.completed ? undone : stamps.completed;
    effect->stamps.count = stamps.count;
    effect->stamps.since = stamps.count <= 0   ? 0
                           : stamps.since != 0 ? stamps.since
                                               : takeback->past->context->member_day;
    *ret_count = stamps.count;
    return 0;
}

int takeback_stamps(struct takeback *takeback, const struct gains *before, const struct gains *after)
{
    int err = 0;
    for (size_t i = 0; i < before->cards_count && err == 0; i++) {
        const uint32_t card = before->cards[i].card;
        const int64_t lost = before->cards[i].stamps - gains_stamps(after, card) +
                             takeback_set_leaving(takeback, card, before, after);
        const struct stamps *held = member_state_stamps(takeback->purse.holdings, card);
        int64_t count = held != NULL ? held->count : 0;
        err = lost != 0 ? take_stamps(takeback, card, lost, &count) : 0;
        err = err != 0 ? err : takeback_set(takeback, card, count, before, after);
    }
    return err;
}

static bool has_goods(const struct purchase *purchase, const struct selector *selector)
{
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct line *line = &purchase->lines[i];
        if (!line->voided && line->gross >= 0 && selector_takes(selector, line)) {
            return true;
        }
    }
    return false;
}

int takeback_redeemed(struct takeback *takeback, const struct purchase *before, const struct purchase *after,
                      bool nothing)
{
    const struct engine_past *past = takeback->past;
    const struct member_state *then = past->context->holdings;
    int err = 0;
    for (size_t i = 0; then != NULL && i < past->outcome->effects_count && err == 0; i++) {
        const struct effect *was = &past->outcome->effects[i];
        if (was->kind != EFFECT_VOUCHER_END || was->voucher_end.end != VOUCHER_REDEEMED ||
            was->member != past->outcome->member) {
            continue;
        }
        const struct held_voucher *voucher = NULL;
        for (size_t k = 0; k < then->vouchers_count; k++) {
            const struct origin origin = then->vouchers[k].origin;
            if (origin.position == was->voucher_end.voucher.position &&
                origin.index == was->voucher_end.voucher.index) {
                voucher = &then->vouchers[k];
            }
        }
        const struct reward *reward =
            voucher != NULL ? programme_reward(past->programme, voucher->reward) : NULL;
        const struct selector any = {0};
        const struct selector *selector = reward != NULL ? &reward->selector : &any;
        if (voucher == NULL || (before != NULL && !has_goods(before, selector)) ||
            (!nothing && has_goods(after, selector))) {
            continue;
        }
        struct effect *effect =
            outcome_add(&takeback->decision->outcome, EFFECT_VOUCHER, takeback->purse.holdings->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->voucher.position = voucher->origin.position;
        effect->voucher.index = voucher->origin.index;
        memcpy(effect->voucher.code, voucher->code, VOUCHER_CODE_BYTES);
        effect->voucher.reward = voucher->reward;
        effect->voucher.card = voucher->card;
        effect->voucher.since = voucher->since;
        effect->voucher.until = voucher->until;
    }
    return err;
}
