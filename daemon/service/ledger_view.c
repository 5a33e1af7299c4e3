/* What a member has and what has become of a voucher, as if everything due by now had happened; nothing is
 * written. */
#include "service/ledger_internal.h"

#include "crypto/card.h"

#include <string.h>

int ledger_find_named(struct ledger *ledger, const char *card, uint32_t member, uint32_t *ret_member)
{
    if (card == NULL) {
        *ret_member = member;
        return member < ledger->head.next_member ? ledger_owner(ledger, ret_member) : ERR_NOT_FOUND;
    }
    struct card_number number;
    if (card_normalise(card, strlen(card), &number) < 0) {
        return ERR_NOT_FOUND;
    }
    uint8_t hash[HASH_BYTES];
    crypto_card_lookup(ledger->options.lookup_key, &number, hash);
    return store_card_find(ledger->options.store, hash, ret_member);
}

/* What a question means by now: while history loads, as far as it has come. */
static int64_t present(const struct ledger *ledger)
{
    return ledger->head.live ? ledger_now(ledger) : ledger->head.booked_at;
}

/* The business day it is now in the programme's zone. */
static int today(struct ledger *ledger, const struct programme *programme, int32_t *ret_day)
{
    struct zone *zone;
    struct civil_time time;
    int result = zones_open(&ledger->zones, programme->zone, &zone);
    if (result == 0) {
        result = civil_from_instant(zone, present(ledger), programme->day_starts, &time);
    }
    if (result == 0) {
        *ret_day = time.day;
    }
    return result;
}

/* What the member would have if it were settled now. */
static int settle_view(struct ledger *ledger, const struct programme *programme, int32_t day)
{
    struct context *context = &ledger->context;
    context_clear(context);
    decision_clear(ledger->decision);
    context->booked_day = day;
    context->booked_at = present(ledger);
    size_t count;
    const int result =
        engine_due(programme, ledger->state, day, ledger->due_days, CONTEXT_DAY_STARTS_MAX, &count);
    if (result < 0) {
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        context->day_starts[i] = (struct day_start){.day = ledger->due_days[i]};
    }
    context->day_starts_count = count;
    return ledger_settle(ledger, programme);
}

/* Reads the member into ledger->state, as it stands on `ret_day`, which is now. */
static int read_settled(struct ledger *ledger, const struct programme *programme, uint32_t member,
                        int32_t *ret_day)
{
    uint32_t household;
    int result = ledger_read_member(ledger, member, 0, &household);
    if (result == 0) {
        result = today(ledger, programme, ret_day);
    }
    return result == 0 ? settle_view(ledger, programme, *ret_day) : result;
}

int ledger_reply_member(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    const struct programme *programme = ledger_programme_at(ledger, present(ledger));
    uint32_t member;
    int32_t day = 0;
    int result = programme == NULL ? ERR_NOT_FOUND
                                   : ledger_find_named(ledger, request->get_member.card,
                                                       request->get_member.member, &member);
    if (result == 0) {
        result = read_settled(ledger, programme, member, &day);
    }
    if (result == ERR_NOT_FOUND) {
        ledger_fail(ledger, reply, FAILURE_NOT_FOUND, "no member has this card or number");
        return 0;
    }
    if (result < 0) {
        return result;
    }
    reply->kind = REPLY_MEMBER;
    memset(&reply->member, 0, sizeof(reply->member));
    reply->member.position = ledger->head.position;
    result =
        render_member(programme, ledger->numbers, ledger->state, day, &ledger->scratch, &reply->member.view);
    if (result == 0 && request->get_member.locale != NULL) {
        const struct rendered rendered = {
            .programme = programme, .numbers = ledger->numbers, .view = reply->member.view};
        result = render_holdings(&ledger->renderer, &rendered, request->get_member.locale, &ledger->scratch,
                                 &reply->member.lines, &reply->member.lines_count);
    }
    return result;
}

/* The voucher as it was issued, whatever became of it since. */
static int find_issued(struct ledger *ledger, const struct voucher_row *row, struct held_voucher *ret_voucher)
{
    struct engine_past past;
    const int result = ledger_past(ledger, row->origin.position, &past);
    if (result < 0) {
        return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
    }
    for (size_t i = 0; i < past.outcome->effects_count; i++) {
        const struct effect *effect = &past.outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER && effect->voucher.position == 0 &&
            effect->voucher.index == row->origin.index) {
            *ret_voucher = (struct held_voucher){
                .origin = row->origin,
                .reward = effect->voucher.reward,
                .card = effect->voucher.card,
                .since = effect->voucher.since,
                .until = effect->voucher.until,
            };
            memcpy(ret_voucher->code, effect->voucher.code, VOUCHER_CODE_BYTES);
            return 0;
        }
    }
    return ERR_CORRUPT;
}

static enum voucher_state state_of(const struct ledger *ledger, const struct voucher_row *row,
                                   struct held_voucher *voucher)
{
    if (row->end != 0) {
        return row->end == VOUCHER_REDEEMED  ? VOUCHER_STATE_REDEEMED
               : row->end == VOUCHER_EXPIRED ? VOUCHER_STATE_EXPIRED
                                             : VOUCHER_STATE_CANCELLED;
    }
    for (size_t i = 0; i < ledger->state->vouchers_count; i++) {
        const struct held_voucher *held = &ledger->state->vouchers[i];
        if (held->origin.position == row->origin.position && held->origin.index == row->origin.index) {
            *voucher = *held;
            return held->reservation != 0 ? VOUCHER_STATE_RESERVED : VOUCHER_STATE_ISSUED;
        }
    }
    return VOUCHER_STATE_EXPIRED; /* by now; it was settled away */
}

static int render_found(struct ledger *ledger, const struct programme *programme,
                        const struct held_voucher *voucher, const char *locale, struct reply *reply)
{
    const struct rendered rendered = {
        .programme = programme,
        .numbers = ledger->numbers,
        .daemon_key = ledger->options.daemon_key,
        .programme_id = ledger->programme_id,
    };
    const bool usable = reply->voucher.state <= VOUCHER_STATE_RESERVED;
    int result = render_voucher(ledger->numbers, voucher, &ledger->scratch, &reply->voucher.view);
    if (result == 0 && usable) {
        result = render_token(&rendered, voucher, &ledger->scratch, &reply->voucher.view);
    }
    if (result == 0 && usable && locale != NULL) {
        result = render_slip(&ledger->renderer, &rendered, &reply->voucher.view, locale, &ledger->scratch,
                             &reply->voucher.lines, &reply->voucher.lines_count);
    }
    return result;
}

int ledger_reply_voucher(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    const struct programme *programme = ledger_programme_at(ledger, present(ledger));
    struct voucher_row row;
    struct held_voucher voucher = {0};
    int32_t day = 0;
    int result = programme == NULL
                     ? ERR_NOT_FOUND
                     : store_voucher_find(ledger->options.store, request->get_voucher.code.data, &row);
    if (result == ERR_NOT_FOUND) {
        ledger_fail(ledger, reply, FAILURE_NOT_FOUND, "no voucher has this code");
        return 0;
    }
    result = result == 0 ? find_issued(ledger, &row, &voucher) : result;
    result = result == 0 ? ledger_owner(ledger, &row.member) : result;
    result = result == 0 ? read_settled(ledger, programme, row.member, &day) : result;
    if (result < 0) {
        return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
    }
    reply->kind = REPLY_VOUCHER;
    memset(&reply->voucher, 0, sizeof(reply->voucher));
    reply->voucher.state = state_of(ledger, &row, &voucher);
    reply->voucher.member = row.member;
    reply->voucher.since = voucher.since;
    reply->voucher.issued = row.origin.position;
    return render_found(ledger, programme, &voucher, request->get_voucher.locale, reply);
}
