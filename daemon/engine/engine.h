/* The engine: what a programme makes of an event. Pure: the same inputs give the same bytes; no clock, no
 * randomness, no I/O, no allocation, no floating point. Everything an event's decision reads of the world and
 * of the member stands in its context, which is recorded; so a decision can be made again years later from
 * (programme, event, context) alone.
 *
 * One event, in the order the ledger calls:
 * - engine_due: which days' starts the settlement needs, for context.day_starts;
 * - engine_settle: effects of what fell due by booked_at, which the ledger applies to the state;
 * - engine_observe: the part of the settled state the decision reads, into the context;
 * - engine_decide: the decision itself, outcome and trace;
 * - engine_apply: the fold of an effect into a member's state, here and in the store.
 *
 * A bound that input could exceed (open lots, effects) is ERR_TOO_LARGE, never a CHECK; the ledger books it
 * as LIMIT_EXCEEDED. ERR_OVERFLOW where points or money leave their range. All pointers are borrowed for the
 * call. */
#ifndef LOYALTY_ENGINE_ENGINE_H
#define LOYALTY_ENGINE_ENGINE_H

#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/effect.h"
#include "model/event.h"
#include "model/member_state.h"
#include "model/profile.h"
#include "model/programme.h"

/* Raised whenever engine_decide or engine_settle may answer differently for the same inputs. Booked in the
 * log before the first event decided under it. */
enum { ENGINE_REVISION = 1 };

/* The days d, ascending and each once, at whose start points of the member's fall due up to and including
 * `booked_day` (pending points that become available, an expiry at the start of the day after the last valid
 * one). A tier review makes no entry, so it needs no instant. At most `days_max`, which
 * CONTEXT_DAY_STARTS_MAX always is enough for; more is ERR_TOO_LARGE. */
int engine_due(const struct programme *programme, const struct member_state *state, int32_t booked_day,
               int32_t *ret_days, size_t days_max, size_t *ret_count) MUST_CHECK;

/* Adds to `outcome` the effects of what fell due by context->booked_day: pending
 * points released and points expired in order of due day, of one day releases first, in order of the lots'
 * origin; stamps that are over; then tier reviews in order of due day; then days of metrics no window needs
 * one by one any more are added up (model/member_state.h) and counters no event can ask for any more are
 * dropped. Expiry and reviews do not look at each other. Entries carry effective_at = the day's start from
 * context->day_starts, which must hold every day of engine_due (else ERR_CORRUPT). Does not change `state`;
 * apply the effects to see what is left. Settling to a and then b gives the same entries and the same state
 * as settling to b. */
int engine_settle(const struct programme *programme, const struct member_state *state,
                  const struct context *context, struct outcome *outcome) MUST_CHECK;

/* Whether a version of the programme has made a card of the member's complete that is in progress: a tick of
 * this member alone completes it. */
bool engine_completes(const struct programme *programme, const struct member_state *state);

/* Whether any of these effects of a settlement is more than housekeeping: days of metrics that are added up,
 * counters that are dropped. */
bool engine_fell_due(const struct effect *effects, size_t effects_count);

/* The programme in force on a day, NULL where there is none. Borrows all. */
typedef const struct programme *engine_version_on(const void *versions, int32_t day);

/* The first day from which the versions in force, to `day`, have had rules of the occasion without a gap;
 * DAY_NEVER where that of `day` has none. */
int32_t engine_occasion_since(enum occasion occasion, int32_t day, engine_version_on *version_on,
                              const void *versions);

/* The first day an occasion that is decided on `booked_day` may have been on: it counts
 * OCCASION_LATE_DAYS_MAX after, neither from before the member joined or before `since`, nor so soon after
 * the last one that it could be the same. Behind `booked_day` there is none; DAY_NEVER for a member who is
 * merged, erased (of the anniversary; there is no profile either), or is a household. */
int32_t engine_occasion_from(const struct member_state *state, enum occasion occasion, int32_t since,
                             int32_t booked_day);

/* Whether the same day of a later year as the one the member joined on is one of first..last, both included
 * and at most a year: 29 February is 28 February of other years. */
bool engine_anniversary(const struct member_state *state, int32_t first, int32_t last);

/* Whether a birthday is one of first..last, both included and at most a year; likewise. False where it is not
 * known. */
bool engine_birthday(const struct profile *profile, int32_t first, int32_t last);

struct engine_place {
    const char *store; /* id; never NULL for a purchase */
    const char *till;  /* label */
};

/* A counter that is no member's: of a limit for a till, a store or all, in one period. */
struct shared_counter {
    uint32_t limit;    /* number */
    int32_t period;    /* its first day */
    const char *store; /* of a till; else "" */
    const char *scope; /* till label, store id, or "" for all; borrowed like the event */
    int64_t used;      /* filled by the ledger */
};

/* The shared counters that engine_observe needs for a purchase, an activity or a reservation, without what
 * they stand at. COUNTERS_MAX are enough for any programme; more than `counters_max` is ERR_TOO_LARGE. */
int engine_counters(const struct programme *programme, const struct engine_place *place,
                    const struct event *event, const struct context *context,
                    struct shared_counter *ret_counters, size_t counters_max, size_t *ret_count) MUST_CHECK;

/* A booked event that another one is about: what a return returns, what a commit reserved. As it was decided.
 */
struct engine_past {
    uint64_t position;
    uint64_t decided; /* position of the event that decided it: another one where it was claimed or moved */
    const struct programme *programme; /* the version it was decided under */
    struct engine_place place;
    const struct event *event;
    const struct context *context;
    const struct outcome *outcome;
};

/* Copies what a decision may take from or change of a member's holdings, for context->holdings or
 * context->other: balances, lots, stamps, vouchers and reservations; with `all`, everything. */
void engine_holdings(const struct member_state *state, bool all, struct member_state *ret_holdings);

/* Fills the second part of the context (from `previous` on: balances, level, metrics, stamps, limits, ...)
 * with what engine_decide will read for this event. `state` is the settled state, or that of nobody (member
 * 0) for a member about to be enrolled or for no member; `shared` the counters of engine_counters. */
void engine_observe(const struct programme *programme, const struct event *event,
                    const struct member_state *state, const struct shared_counter *shared,
                    size_t shared_count, struct context *context);

/* Fills context->answers with what the profile says on context->member_day to the programme's questions. Only
 * a programme that asks any needs it. */
void engine_answers(const struct programme *programme, const struct profile *profile,
                    struct context *context);

/* Decides any event of a member's; of a tick, that of one member. `place` is the signing terminal's, used
 * where the event names none; an enrolment needs none (NULL). Appends to `decision`, whose outcome may hold
 * the settlement's effects already: code, effects, balances after (of the member, when there is one), near
 * misses, exceptions, and the trace.
 *
 * context->member is the member the card belongs to (0: none known). With a card commitment and no member the
 * decision enrols context->new_member when the programme says auto_enrol, else books without a member and an
 * exception; context->new_member == 0 means the card was not opened (exception CARD_NOT_OPENED). An enrolment
 * enrols context->new_member whatever auto_enrol says.
 *
 * The member's vouchers take the context's random bytes from the start, VOUCHER_CODE_BYTES each: those of the
 * effects issued are what must be recorded of them. `past` is the event at context->about, NULL where that is
 * 0. A refusal drops the settlement's effects too; they come with the next event. On an error what was
 * appended is to be thrown away: ERR_TOO_LARGE, ERR_OVERFLOW, and ERR_CORRUPT for a context that does not
 * hold what the decision needs. */
int engine_decide(const struct programme *programme, const struct engine_place *place,
                  const struct event *event, const struct context *context, const struct engine_past *past,
                  struct decision *decision) MUST_CHECK;

/* Qualifying points over the tiers' window that ends on `day`; 0 without tiers. */
int64_t engine_qualifying(const struct programme *programme, const struct member_state *state, int32_t day);

/* Folds one effect of the event at `position` (from 1) into the member's state, when it is about this member,
 * and makes that the member's last position; other effects leave the state as it is. ENROL makes of nobody's
 * state (member 0) the new member's. ERR_TOO_LARGE when an array of the state is full, ERR_OVERFLOW,
 * ERR_CORRUPT for effects that no decision can have given; the state is then not to be used any more. */
int engine_apply(struct member_state *state, uint64_t position, const struct effect *effect) MUST_CHECK;

/* Whether available + reserved = points in open lots, less what is owed beyond them; pending = points in
 * pending lots; and, while points are owed, every point in an open lot is reserved. Used by tests, verify and
 * the simulator. (Available is stored with its sign: the deficit is -available, so available + reserved =
 * open lots - deficit.) */
bool engine_state_holds(const struct member_state *state);

#endif
