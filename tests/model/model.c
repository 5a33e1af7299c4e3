/* A member's points, level, stamps and vouchers, and what falls due of them. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int32_t model_today(const struct model *model)
{
    return (int32_t)(model->now / DAY_MS);
}

int64_t model_available(const struct m_member *member)
{
    int64_t sum = -member->owed;
    for (size_t i = 0; i < member->lots_count; i++) {
        sum += member->lots[i].due == 0 ? member->lots[i].left - member->lots[i].reserved : 0;
    }
    return sum;
}

int64_t model_reserved(const struct m_member *member)
{
    int64_t sum = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        sum += member->lots[i].reserved;
    }
    return sum;
}

int64_t model_pending(const struct m_member *member)
{
    int64_t sum = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        sum += member->lots[i].due != 0 ? member->lots[i].left : 0;
    }
    return sum;
}

/* --- lots --- */

struct m_lot *model_lot(struct m_member *member, uint64_t position, uint32_t index)
{
    for (size_t i = 0; i < member->lots_count; i++) {
        if (member->lots[i].position == position && member->lots[i].index == index) {
            return &member->lots[i];
        }
    }
    return NULL;
}

struct m_lot *model_lot_add(struct m_member *member, const struct m_lot *lot)
{
    size_t at = member->lots_count;
    if (at == LOTS_ROOM) {
        abort();
    }
    while (at > 0 &&
           (member->lots[at - 1].position > lot->position ||
            (member->lots[at - 1].position == lot->position && member->lots[at - 1].index > lot->index))) {
        member->lots[at] = member->lots[at - 1];
        at--;
    }
    member->lots[at] = *lot;
    member->lots_count++;
    return &member->lots[at];
}

static void drop_empty(struct m_member *member)
{
    size_t kept = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        if (member->lots[i].left > 0) {
            member->lots[kept++] = member->lots[i];
        }
    }
    member->lots_count = kept;
}

/* The lots that are not pending, in the order of spending. */
static size_t in_order(struct m_member *member, struct m_lot **ret_lots)
{
    size_t count = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        struct m_lot *lot = &member->lots[i];
        size_t at = count;
        if (lot->due != 0) {
            continue;
        }
        while (at > 0 && (ret_lots[at - 1]->until > lot->until ||
                          (ret_lots[at - 1]->until == lot->until && ret_lots[at - 1]->since > lot->since))) {
            ret_lots[at] = ret_lots[at - 1];
            at--;
        }
        ret_lots[at] = lot;
        count++;
    }
    return count;
}

static void note_spend(struct m_purchase *purchase, const struct m_lot *lot, int64_t amount)
{
    if (purchase == NULL || amount == 0) {
        return;
    }
    if (purchase->spends_count == SPENDS_ROOM) {
        abort();
    }
    struct m_spend *spend = &purchase->spends[purchase->spends_count++];
    *spend = (struct m_spend){.has_lot = lot != NULL, .amount = amount};
    if (lot != NULL) {
        spend->lot = *lot;
    }
    purchase->spent += amount;
}

/* Spends what there is of them; what is spent of a purchase is noted there. */
int64_t model_spend(struct m_member *member, int64_t points, struct m_purchase *purchase)
{
    struct m_lot *lots[LOTS_ROOM];
    const size_t count = in_order(member, lots);
    int64_t left = points;
    for (size_t i = 0; i < count && left > 0; i++) {
        const int64_t part = least(left, lots[i]->left - lots[i]->reserved);
        note_spend(purchase, lots[i], part);
        lots[i]->left -= part;
        left -= part;
    }
    drop_empty(member);
    return points - left;
}

void model_spend_reserved(struct m_member *member, int64_t points, struct m_purchase *purchase)
{
    struct m_lot *lots[LOTS_ROOM];
    const size_t count = in_order(member, lots);
    for (size_t i = 0; i < count && points > 0; i++) {
        const int64_t part = least(points, lots[i]->reserved);
        note_spend(purchase, lots[i], part);
        lots[i]->left -= part;
        lots[i]->reserved -= part;
        points -= part;
    }
    drop_empty(member);
}

/* Frees reserved points, the ones that would be spent last first: they pay what is owed. */
void model_free_reserved(struct m_member *member, int64_t points)
{
    struct m_lot *lots[LOTS_ROOM];
    const size_t count = in_order(member, lots);
    for (size_t i = count; i > 0 && points > 0; i--) {
        struct m_lot *lot = lots[i - 1];
        const int64_t part = least(points, lot->reserved);
        const int64_t paid = least(part, member->owed);
        lot->reserved -= part;
        lot->left -= paid;
        member->owed -= paid;
        points -= part;
    }
    drop_empty(member);
}

/* Points come in: they pay what is owed, unless they are pending, and the rest is a lot. */
void model_give(struct model *model, struct m_member *member, int64_t points, struct m_lot lot,
                struct m_purchase *purchase)
{
    const int64_t paid = lot.due == 0 ? least(points, member->owed) : 0;
    member->owed -= paid;
    lot.left = points - paid;
    if (lot.left == 0) {
        return;
    }
    if (purchase != NULL) {
        purchase->has_lot = true;
        purchase->lot = lot;
    }
    if (lot.until >= model_today(model)) {
        model_lot_add(member, &lot);
    } else if (purchase != NULL) {
        purchase->expired += lot.left;
    }
}

/* What a purchase's points that expired are to its returns. */
void model_expired(struct model *model, const struct m_lot *lot, int64_t points)
{
    for (uint32_t i = 1; i <= model->receipts; i++) {
        struct m_purchase *purchase = &model->purchases[i];
        if (purchase->booked && purchase->member != 0 && purchase->position == lot->position &&
            lot->index == 0) {
            purchase->expired += points;
            model->undo[model->undo_count].purchase = i;
            model->undo[model->undo_count++].points = points;
        }
    }
}

/* --- levels --- */

static int32_t start_of_year(int32_t day)
{
    /* Days of whole years since 1970. */
    int32_t start = 0;
    for (int year = 1970;; year++) {
        const int32_t length = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
        if (start + length > day) {
            return start;
        }
        start += length;
    }
}

static void window_of(const struct model *model, int32_t day, int32_t *ret_first, int32_t *ret_last)
{
    switch (model->rules.window) {
    case TIERS_LIFETIME:
    case TIERS_WINDOWS:
        *ret_first = INT32_MIN;
        *ret_last = FOR_EVER;
        return;
    case TIERS_YEAR:
        *ret_first = start_of_year(day);
        *ret_last = start_of_year(*ret_first + 366) - 1;
        return;
    case TIERS_ROLLING:
        *ret_first = day - model->rules.window_days + 1;
        *ret_last = day;
        return;
    }
}

int64_t model_window(const struct model *model, const struct m_member *member, int32_t day)
{
    int32_t first = 0;
    int32_t last = 0;
    int64_t sum = 0;
    window_of(model, day, &first, &last);
    for (size_t i = 0; i < member->days_count; i++) {
        sum += member->days[i].day >= first && member->days[i].day <= last ? member->days[i].points : 0;
    }
    return sum;
}

int model_reached(const struct model *model, int64_t points)
{
    return points >= model->rules.gold ? 2 : points >= model->rules.silver ? 1 : 0;
}

int32_t model_level_until(const struct model *model, int level, int32_t day)
{
    if (level == 0 || model->rules.window == TIERS_LIFETIME) {
        return FOR_EVER;
    }
    if (model->rules.window == TIERS_ROLLING) {
        return day + model->rules.window_days;
    }
    const int32_t next = start_of_year(start_of_year(day) + 366);
    return start_of_year(next + 366) - 1;
}

void model_qualify(struct model *model, struct m_member *member, int64_t points, int32_t day)
{
    (void)model;
    for (size_t i = 0; i < member->days_count; i++) {
        if (member->days[i].day == day) {
            member->days[i].points += points;
            if (member->days[i].points == 0) {
                member->days[i] = member->days[--member->days_count];
            }
            return;
        }
    }
    if (points != 0) {
        if (member->days_count == DAYS_ROOM) {
            abort();
        }
        member->days[member->days_count++] = (struct m_day){day, points};
    }
}

void model_level_set(const struct model *model, struct m_member *member, int level, int32_t since)
{
    (void)model;
    member->level = level;
    if (member->levels_count == LEVELS_ROOM) {
        memmove(member->levels, member->levels + 1, (LEVELS_ROOM - 1) * sizeof(member->levels[0]));
        member->levels_count--;
    }
    member->levels[member->levels_count++] = (struct m_level){since, level};
}

static int level_on(const struct m_member *member, int32_t day)
{
    int level = 0;
    for (size_t i = 0; i < member->levels_count; i++) {
        level = member->levels[i].since <= day ? member->levels[i].level : level;
    }
    return level;
}

struct m_then model_then(const struct model *model, const struct m_member *member, int32_t day)
{
    const int32_t today = model_today(model);
    int32_t first = 0;
    int32_t last = 0;
    struct m_then then = {.day = day,
                          .level = day < today         ? level_on(member, day)
                                   : member->level > 0 ? member->level
                                                       : 0,
                          .had = member->level,
                          .until = member->level_until,
                          .booked = today};
    for (int32_t end = day; end <= today; end++) {
        window_of(model, end, &first, &last);
        if (day >= first && day <= last && (end == day || model->rules.window == TIERS_ROLLING)) {
            const int64_t sum = model_window(model, member, end);
            then.fullest = end == day || sum > then.fullest ? sum : then.fullest;
        }
    }
    window_of(model, today, &first, &last);
    then.now = model_window(model, member, today);
    then.counts_now = day >= first && day <= last;
    return then;
}

static void up_to(const struct model *model, int reached, int32_t day, struct m_standing *standing)
{
    const int32_t until = model_level_until(model, reached, day);
    if (reached > standing->level || (reached == standing->level && until > standing->until)) {
        *standing = (struct m_standing){reached, until, day};
    }
}

static struct m_standing stand(const struct model *model, const struct m_then *then, int64_t gain)
{
    const int reached = model_reached(model, then->fullest + gain);
    const int now = model_reached(model, then->now + (then->counts_now ? gain : 0));
    struct m_standing standing = {then->had, then->until, then->day};
    if (gain > 0 || (then->day >= then->booked && reached > then->had)) {
        if (model_level_until(model, reached, then->day) >= then->booked) {
            up_to(model, reached, then->day, &standing);
        }
        if (now > standing.level) {
            up_to(model, now, then->booked, &standing);
        }
    }
    if (standing.level < 0) {
        standing = (struct m_standing){0, FOR_EVER, then->day};
    }
    return standing;
}

/* What a gain makes of the level. */
void model_reach(const struct model *model, struct m_member *member, const struct m_then *then, int64_t gain)
{
    const int32_t today = model_today(model);
    const struct m_standing standing = stand(model, then, gain);
    if (standing.level == then->had && standing.until == then->until) {
        return;
    }
    int32_t first = 0;
    int32_t last = 0;
    window_of(model, standing.day, &first, &last);
    if (then->had >= 0 && member->level_day < first && then->until != FOR_EVER && then->until >= today) {
        member->held = then->had;
        member->held_until = then->until;
    } else if (member->held_until < today) {
        member->held = -1;
        member->held_until = 0;
    }
    model_level_set(model, member, standing.level, today);
    member->level_until = standing.until;
    member->level_day = standing.day;
}

static void review(const struct model *model, struct m_member *member)
{
    const int32_t today = model_today(model);
    while (member->level > 0 && member->level_until < today) {
        const int32_t day = member->level_until;
        const int reached = model_reached(model, model_window(model, member, day));
        int next = reached >= member->level ? member->level : reached;
        int32_t until = model_level_until(model, next, day);
        if (member->held > next && member->held_until > day) {
            next = member->held;
            until = member->held_until;
        }
        if (next != member->level) {
            model_level_set(model, member, next, day + 1);
        }
        member->level_until = until;
        member->level_day = day;
        if (member->held_until <= until) {
            member->held = -1;
            member->held_until = 0;
        }
    }
}

/* --- what falls due --- */

int64_t *model_used(struct m_used *used, int32_t day)
{
    if (used->day != day) {
        *used = (struct m_used){.day = day};
    }
    return &used->used;
}

int64_t *model_given(struct m_member *member, int32_t day)
{
    return model_used(&member->given[day % USED_DAYS], day);
}

void model_end_reservation(struct model *model, struct m_member *member, size_t at, int64_t unused,
                           bool timed_out, bool committed)
{
    struct m_reservation *reservation = &member->reservations[at];
    struct m_gone *gone = &model->gone[model->gone_count++];
    if (model->gone_count == PURCHASES_MAX) {
        abort();
    }
    *gone = (struct m_gone){.reservation = *reservation, .member = member->number, .ended = !timed_out};
    for (size_t i = 0; i < member->vouchers_count; i++) {
        struct m_voucher *voucher = &member->vouchers[i];
        if (voucher->reservation == reservation->position) {
            gone->voucher_position = voucher->position;
            gone->voucher_index = voucher->index;
            voucher->reservation = committed ? voucher->reservation : 0;
        }
    }
    if (reservation->cake && member->cakes.day == reservation->day) {
        member->cakes.used -= unused;
    }
    member->reservations_count--;
    memmove(reservation, reservation + 1, (member->reservations_count - at) * sizeof(*reservation));
}

/* Lots that are over by `by` lose what no reservation holds of them. */
static void expire(struct model *model, struct m_member *member, int32_t by)
{
    for (size_t i = 0; i < member->lots_count; i++) {
        struct m_lot *lot = &member->lots[i];
        if (lot->until < by && lot->left > lot->reserved) {
            model_expired(model, lot, lot->left - lot->reserved);
            lot->left = lot->reserved;
        }
    }
    drop_empty(member);
}

static void time_out(struct model *model, struct m_member *member, int64_t by, int32_t day)
{
    for (;;) {
        size_t next = member->reservations_count;
        for (size_t i = 0; i < member->reservations_count; i++) {
            const int64_t until = member->reservations[i].until;
            if (until != 0 && until <= by &&
                (next == member->reservations_count || until < member->reservations[next].until)) {
                next = i;
            }
        }
        if (next == member->reservations_count) {
            return;
        }
        model_free_reserved(member, member->reservations[next].points);
        model_end_reservation(model, member, next, member->reservations[next].units, true, false);
        expire(model, member, day);
    }
}

/* The next day after `after` on which a lot falls due, by today; 0: none. */
static int32_t next_due(const struct m_member *member, int32_t after, int32_t today)
{
    int32_t next = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        const struct m_lot *lot = &member->lots[i];
        const int32_t days[2] = {lot->due, lot->until < FOR_EVER ? lot->until + 1 : 0};
        for (size_t k = 0; k < 2; k++) {
            if (days[k] > after && days[k] <= today && (next == 0 || days[k] < next)) {
                next = days[k];
            }
        }
    }
    return next;
}

void model_settle(struct model *model, struct m_member *member)
{
    const int32_t today = model_today(model);
    int32_t done = 0;
    for (int32_t day = next_due(member, 0, today); day != 0; day = next_due(member, day, today)) {
        time_out(model, member, (int64_t)day * DAY_MS, done);
        for (size_t i = 0; i < member->lots_count; i++) {
            struct m_lot *lot = &member->lots[i];
            if (lot->due != 0 && lot->due <= day) {
                const int64_t paid = least(lot->left, member->owed);
                lot->due = 0;
                lot->left -= paid;
                member->owed -= paid;
            }
        }
        drop_empty(member);
        expire(model, member, day);
        done = day;
    }
    time_out(model, member, model->now, today);
    size_t kept = 0;
    for (size_t i = 0; i < member->vouchers_count; i++) {
        const struct m_voucher *voucher = &member->vouchers[i];
        if (voucher->until >= today || voucher->reservation != 0) {
            member->vouchers[kept++] = *voucher;
        }
    }
    member->vouchers_count = kept;
    review(model, member);
}

/* --- what is given --- */

static int64_t earns_at(const struct model *model, int64_t basis, int level)
{
    const int64_t exact = basis / 100 * model->rules.factors[level];
    switch (model->rules.rounding) {
    case ROUND_DOWN:
    case ROUNDINGS:
        break;
    case ROUND_NEAREST:
        return (exact + 500) / 1000;
    case ROUND_UP:
        return (exact + 999) / 1000;
    }
    return exact / 1000;
}

int64_t model_earns(const struct model *model, int64_t basis, const struct m_then *then)
{
    const int64_t points = earns_at(model, basis, then->level);
    const int had = then->had > 0 ? then->had : 0;
    const int reached = stand(model, then, points).level;
    return model->rules.crossing_new && reached > then->level && reached > had
               ? earns_at(model, basis, reached)
               : points;
}

void model_issue(struct model *model, struct m_member *member, bool of_card, int32_t day, uint32_t *vouchers)
{
    if (member->vouchers_count == VOUCHERS_ROOM) {
        abort();
    }
    member->vouchers[member->vouchers_count++] = (struct m_voucher){.position = model->position,
                                                                    .index = (*vouchers)++,
                                                                    .of_card = of_card,
                                                                    .since = day,
                                                                    .until = day + model->rules.voucher_days};
}

void model_stamp(struct model *model, struct m_member *member, int64_t stamps, int32_t day,
                 uint32_t *vouchers)
{
    member->stamps += stamps;
    while (stamps > 0 && member->stamps >= model->rules.required) {
        member->stamps -= model->rules.required;
        member->completed++;
        model_issue(model, member, true, day, vouchers);
    }
}

struct m_member *model_enrol(struct model *model, int card)
{
    const uint32_t number = ++model->members_count;
    if (number == MEMBERS_MAX) {
        abort();
    }
    model->cards[card] = number;
    model->members[number] = (struct m_member){.number = number, .level = -1, .held = -1};
    return &model->members[number];
}

void model_except(struct expected *expected, enum exception_kind kind, int64_t amount)
{
    expected->exceptions[expected->exceptions_count++] = (struct exception){kind, amount};
}
