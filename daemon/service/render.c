#include "service/render.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/base32.h"
#include "engine/engine.h"
#include "engine/purse.h"
#include "model/day.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256, LOTS_SHOWN = 100, EXPIRING_DAYS = 30 };

void renderer_init(struct renderer *renderer)
{
    locales_init(&renderer->locales);
}

void renderer_fini(struct renderer *renderer)
{
    locales_fini(&renderer->locales);
}

/* The id behind a number; ids of older versions included. */
static const char *id_of(const struct numbers *numbers, enum number_kind kind, uint32_t number)
{
    const char *id = numbers_id(numbers, kind, number);
    return id != NULL ? id : "?";
}

int render_voucher(const struct numbers *numbers, const struct held_voucher *voucher, struct arena *arena,
                   struct voucher_view *ret_view)
{
    char *code = arena_alloc(arena, 1, BASE32_TEXT_BYTES);
    if (code == NULL) {
        return ERR_TOO_LARGE;
    }
    base32_encode(voucher->code, code);
    *ret_view = (struct voucher_view){
        .code = code,
        .reward = id_of(numbers, NUMBER_REWARD, voucher->reward),
        .has_until = voucher->until != DAY_NEVER,
        .until = voucher->until,
        .card = voucher->card == 0 ? NULL : id_of(numbers, NUMBER_CARD, voucher->card),
        .reservation = voucher->reservation,
    };
    return 0;
}

static int view_vouchers(const struct numbers *numbers, const struct member_state *state, int32_t day,
                         struct arena *arena, struct member_view *view)
{
    view->vouchers = arena_alloc(arena, state->vouchers_count, sizeof(*view->vouchers));
    if (view->vouchers == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < state->vouchers_count; i++) {
        if (state->vouchers[i].until < day) {
            continue;
        }
        const int result =
            render_voucher(numbers, &state->vouchers[i], arena, &view->vouchers[view->vouchers_count]);
        if (result < 0) {
            return result;
        }
        view->vouchers_count++;
    }
    return 0;
}

/* A lot and its last valid day as things stand. */
struct shown_lot {
    const struct lot *lot;
    int32_t until;
};

/* Before: the order in which lots are spent. */
static bool lot_goes_before(const struct shown_lot *a, const struct shown_lot *b)
{
    if (a->until != b->until) {
        return a->until < b->until;
    }
    if (a->lot->since != b->lot->since) {
        return a->lot->since < b->lot->since;
    }
    return a->lot->origin.position != b->lot->origin.position
               ? a->lot->origin.position < b->lot->origin.position
               : a->lot->origin.index < b->lot->origin.index;
}

/* The first LOTS_SHOWN lots in spending order. */
static int view_lots(const struct programme *programme, const struct member_state *state, struct arena *arena,
                     struct member_view *view)
{
    struct shown_lot shown[LOTS_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct shown_lot lot = {&state->lots[i], lot_until(programme, state, &state->lots[i])};
        size_t place = count;
        while (place > 0 && lot_goes_before(&lot, &shown[place - 1])) {
            place--;
        }
        if (place == LOTS_SHOWN) {
            continue;
        }
        count += count < LOTS_SHOWN;
        memmove(&shown[place + 1], &shown[place], (count - place - 1) * sizeof(shown[0]));
        shown[place] = lot;
    }
    view->lots = arena_alloc(arena, count, sizeof(*view->lots));
    if (view->lots == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        view->lots[i] = (struct lot_view){
            .position = shown[i].lot->origin.position,
            .index = shown[i].lot->origin.index,
            .left = shown[i].lot->left,
            .has_until = shown[i].until != DAY_NEVER,
            .until = shown[i].until,
        };
    }
    view->lots_count = count;
    return 0;
}

/* What the coming days take, a day each. */
static int view_expiring(const struct programme *programme, const struct member_state *state, int32_t day,
                         struct arena *arena, struct member_view *view)
{
    int64_t points[EXPIRING_DAYS + 1] = {0};
    size_t days = 0;
    for (size_t i = 0; i < state->lots_count; i++) {
        const int64_t after = (int64_t)lot_until(programme, state, &state->lots[i]) - day;
        if (after >= 0 && after <= EXPIRING_DAYS) {
            days += points[after] == 0;
            points[after] += state->lots[i].left; /* no more than the member has */
        }
    }
    view->expiring = arena_alloc(arena, days, sizeof(*view->expiring));
    if (view->expiring == NULL) {
        return ERR_TOO_LARGE;
    }
    for (int32_t i = 0; i <= EXPIRING_DAYS; i++) {
        if (points[i] != 0) {
            view->expiring[view->expiring_count++] = (struct expiry_view){day + i, points[i]};
        }
    }
    return 0;
}

static int view_reservations(const struct numbers *numbers, const struct member_state *state,
                             struct arena *arena, struct member_view *view)
{
    view->reservations = arena_alloc(arena, state->reservations_count, sizeof(*view->reservations));
    if (view->reservations == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < state->reservations_count; i++) {
        const struct reservation *reservation = &state->reservations[i];
        view->reservations[i] = (struct reservation_view){
            .reservation = reservation->position,
            .points = reservation->points,
            .reward = reservation->reward == 0 ? NULL : id_of(numbers, NUMBER_REWARD, reservation->reward),
            .units = reservation->units,
            .until = reservation->until,
        };
    }
    view->reservations_count = state->reservations_count;
    return 0;
}

static int view_cards(const struct programme *programme, const struct member_state *state,
                      struct arena *arena, struct member_view *view)
{
    view->cards = arena_alloc(arena, programme->cards_count, sizeof(*view->cards));
    if (view->cards == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < programme->cards_count; i++) {
        const struct stamps *stamps = member_state_stamps(state, programme->cards[i].number);
        if (stamps != NULL) {
            view->cards[view->cards_count++] = (struct card_view){
                .card = programme->cards[i].id,
                .stamps = stamps->count,
                .required = programme->cards[i].required,
                .completed = stamps->completed,
            };
        }
    }
    return 0;
}

static void view_level(const struct programme *programme, const struct numbers *numbers,
                       const struct member_state *state, int32_t day, struct member_view *view)
{
    view->qualifying = engine_qualifying(programme, state, day);
    if (state->level != 0) {
        view->level = id_of(numbers, NUMBER_LEVEL, state->level);
        view->has_level_until = state->level_until != DAY_NEVER;
        view->level_until = state->level_until;
    } else if (programme->tiers.count > 0 && programme->tiers.levels[0].reach.qualifying == 0) {
        view->level = programme->tiers.levels[0].id;
    }
    const struct level *level = programme_level(programme, state->level);
    const int64_t held = level != NULL ? level->reach.qualifying : 0;
    for (size_t i = 0; i < programme->tiers.count; i++) {
        const struct level *next = &programme->tiers.levels[i];
        if (next->reach.qualifying > held && next->reach.qualifying > view->qualifying) {
            view->next_level = next->id;
            view->next_level_lacking = next->reach.qualifying - view->qualifying;
            break;
        }
    }
}

int render_member(const struct programme *programme, const struct numbers *numbers,
                  const struct member_state *state, int32_t day, struct arena *arena,
                  const struct member_view **ret_view)
{
    struct member_view *view = arena_alloc(arena, 1, sizeof(*view));
    if (view == NULL) {
        return ERR_TOO_LARGE;
    }
    view->member = state->member;
    view->available = state->balances[MEMBER_AVAILABLE];
    view->pending = state->balances[MEMBER_PENDING];
    view->reserved = state->balances[MEMBER_RESERVED];
    view->last_position = state->last_position;
    view->purchases = state->purchases;
    view_level(programme, numbers, state, day, view);
    int result = view_cards(programme, state, arena, view);
    if (result == 0) {
        result = view_vouchers(numbers, state, day, arena, view);
    }
    if (result == 0) {
        result = view_lots(programme, state, arena, view);
    }
    if (result == 0) {
        result = view_expiring(programme, state, day, arena, view);
    }
    if (result == 0) {
        result = view_reservations(numbers, state, arena, view);
    }
    if (result == 0) {
        *ret_view = view;
    }
    return result;
}

/* Who a line of the trace is about. */
static const char *trace_id(const struct programme *programme, const struct trace_line *line)
{
    const struct rule *rule;
    const struct level *level;
    const struct stamp_card *card;
    switch (line->kind) {
    case TRACE_RULE:
        rule = programme_rule(programme, line->number);
        return rule != NULL ? rule->id : "?";
    case TRACE_CARD:
        card = programme_card(programme, line->number);
        return card != NULL ? card->id : "?";
    case TRACE_MULTIPLIER:
    case TRACE_TIER:
        level = programme_level(programme, line->number);
        return level != NULL ? level->id : "?";
    case TRACE_CAMPAIGN_LIMITS:
        for (size_t i = 0; i < programme->campaigns_count; i++) {
            if (programme->campaigns[i].number == line->number) {
                return programme->campaigns[i].id;
            }
        }
        return "?";
    case TRACE_ALL_LIMITS:
        return programme->id;
    }
    return "?";
}

static const char *trace_kind(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_RULE:
        return "rule";
    case TRACE_MULTIPLIER:
        return "multiplier of level";
    case TRACE_CARD:
        return "stamp card";
    case TRACE_TIER:
        return "level";
    case TRACE_CAMPAIGN_LIMITS:
        return "limits of campaign";
    case TRACE_ALL_LIMITS:
        return "limits of";
    }
    return "?";
}

void render_trace_name(const struct programme *programme, const struct trace_line *line, struct text *text)
{
    text_add(text, "%s %s", trace_kind(line->kind), trace_id(programme, line));
}

int render_trace(const struct programme *programme, const struct decision *decision, struct arena *arena,
                 const char ***ret_lines, size_t *ret_count)
{
    const char **lines = arena_alloc(arena, decision->trace_count, sizeof(*lines));
    if (lines == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *trace = &decision->trace[i];
        char line[LINE_BYTES];
        struct text text;
        text_init(&text, line, sizeof(line));
        text_add(&text, "%s %s: %s", trace_kind(trace->kind), trace_id(programme, trace),
                 trace_reason_text(trace->reason));
        if (trace->basis != 0) {
            text_add(&text, ", basis %lld", (long long)trace->basis);
        }
        if (trace->factor != 0) {
            text_add(&text, ", x %lld.%03lld", (long long)trace->factor / 1000,
                     (long long)trace->factor % 1000);
        }
        if (trace->asked != trace->given && trace->asked != 0) {
            text_add(&text, ", %lld before limits", (long long)trace->asked);
        }
        if (trace->given != 0) {
            text_add(&text, ", gives %lld", (long long)trace->given);
        }
        if (trace->lacking != 0) {
            text_add(&text, ", lacking %lld", (long long)trace->lacking);
        }
        lines[i] = arena_copy(arena, line, text.used);
        if (lines[i] == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    *ret_lines = lines;
    *ret_count = decision->trace_count;
    return 0;
}
