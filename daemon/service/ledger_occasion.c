/* Days that come by themselves: whose birthday it is, and who joined years ago. */
#include "service/ledger_internal.h"

#include "model/day.h"

static const struct programme *version_on(const void *versions, int32_t day)
{
    const struct version *version = versions_on(versions, day);
    return version == NULL ? NULL : version->programme;
}

/* What history brought in was given where it comes from. The day of UTC will do, and no zone can change it.
 */
static int32_t live_since(const struct ledger *ledger)
{
    return (int32_t)(ledger->head.live_at / DAY_MS);
}

static int is_birthday(struct ledger *ledger, int32_t first, int32_t last, bool *ret_is)
{
    struct profile profile;
    const size_t mark = ledger->scratch.used;
    const int result = ledger_profile(ledger, ledger->state->member, &profile);
    *ret_is = result == 0 && engine_birthday(&profile, first, last);
    arena_rewind(&ledger->scratch, mark);
    /* A profile that cannot be read any more is one that says nothing. */
    return result == ERR_NOT_FOUND || result == ERR_CORRUPT ? 0 : result;
}

static int is_due(struct ledger *ledger, const struct draft *draft, enum occasion occasion, bool *ret_due)
{
    const int32_t today = ledger->context.booked_day;
    const int32_t since = engine_occasion_since(occasion, today, version_on, &ledger->versions);
    const int32_t live = live_since(ledger);
    const int32_t first = engine_occasion_from(ledger->state, occasion, since > live ? since : live, today);
    *ret_due = false;
    if (first > today) {
        return 0;
    }
    switch (occasion) {
    case OCCASION_BIRTHDAY:
        if (draft->recorded == NULL) {
            return is_birthday(ledger, first, today, ret_due);
        }
        *ret_due = (draft->recorded->occasions & OCCASION_BIT(occasion)) != 0;
        break;
    case OCCASION_ANNIVERSARY:
        *ret_due = engine_anniversary(ledger->state, first, today);
        break;
    case OCCASION_NONE:
    case OCCASIONS:
        break;
    }
    return 0;
}

int ledger_occasions(struct ledger *ledger, const struct draft *draft, uint8_t *ret_occasions)
{
    uint8_t occasions = 0;
    int result = 0;
    for (enum occasion occasion = OCCASION_NONE + 1; occasion < OCCASIONS && result == 0; occasion++) {
        bool due = false;
        if ((draft->programme->occasions & OCCASION_BIT(occasion)) != 0) {
            result = is_due(ledger, draft, occasion, &due);
        }
        occasions = due ? occasions | OCCASION_BIT(occasion) : occasions;
    }
    *ret_occasions = occasions;
    return result;
}
