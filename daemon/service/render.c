#include "service/render.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/base32.h"
#include "engine/engine.h"
#include "model/day.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256, LINES_MOST = 64, LOTS_SHOWN = 100 };

enum phrase {
#define X(name, english, estonian, russian) PHRASE_##name,
#include "service/phrase.def"
#undef X
};

/* A phrase in the language of a locale; English where we do not speak it. */
static const char *phrase(enum phrase which, const char *locale)
{
    static const struct {
        const char *english;
        const char *estonian;
        const char *russian;
    } phrases[] = {
#define X(name, english, estonian, russian) {english, estonian, russian},
#include "service/phrase.def"
#undef X
    };
    if (strncmp(locale, "et", 2) == 0) {
        return phrases[which].estonian;
    }
    return strncmp(locale, "ru", 2) == 0 ? phrases[which].russian : phrases[which].english;
}

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

static int view_voucher(const struct numbers *numbers, const struct held_voucher *voucher,
                        struct arena *arena, struct voucher_view *ret_view)
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
            view_voucher(numbers, &state->vouchers[i], arena, &view->vouchers[view->vouchers_count]);
        if (result < 0) {
            return result;
        }
        view->vouchers_count++;
    }
    return 0;
}

/* Before: the order in which lots are spent. */
static bool lot_goes_before(const struct lot *a, const struct lot *b)
{
    if (a->until != b->until) {
        return a->until < b->until;
    }
    if (a->since != b->since) {
        return a->since < b->since;
    }
    return a->origin.position != b->origin.position ? a->origin.position < b->origin.position
                                                    : a->origin.index < b->origin.index;
}

/* The first LOTS_SHOWN lots in spending order. */
static int view_lots(const struct member_state *state, struct arena *arena, struct member_view *view)
{
    const struct lot *shown[LOTS_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct lot *lot = &state->lots[i];
        size_t place = count;
        while (place > 0 && lot_goes_before(lot, shown[place - 1])) {
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
            .position = shown[i]->origin.position,
            .index = shown[i]->origin.index,
            .left = shown[i]->left,
            .has_until = shown[i]->until != DAY_NEVER,
            .until = shown[i]->until,
        };
    }
    view->lots_count = count;
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
    } else if (programme->tiers.count > 0 && programme->tiers.levels[0].qualifying == 0) {
        view->level = programme->tiers.levels[0].id;
    }
    const struct level *level = programme_level(programme, state->level);
    const int64_t held = level != NULL ? level->qualifying : 0;
    for (size_t i = 0; i < programme->tiers.count; i++) {
        const struct level *next = &programme->tiers.levels[i];
        if (next->qualifying > held && next->qualifying > view->qualifying) {
            view->next_level = next->id;
            view->next_level_lacking = next->qualifying - view->qualifying;
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
        result = view_lots(state, arena, view);
    }
    if (result == 0) {
        *ret_view = view;
    }
    return result;
}

/* Receipt lines being written. */
struct writer {
    struct renderer *renderer;
    const struct programme *programme;
    const struct numbers *numbers;
    const char *locale; /* as asked for; the phrases and numbers follow it */
    struct locale *format;
    struct arena *arena;
    const char **lines;
    size_t count;
};

static int add_line(struct writer *writer, const char *text)
{
    if (writer->count == LINES_MOST) {
        return 0;
    }
    const char *copy = arena_copy(writer->arena, text, strlen(text));
    if (copy == NULL) {
        return ERR_TOO_LARGE;
    }
    writer->lines[writer->count++] = copy;
    return 0;
}

/* A line from a phrase, its %s replaced in turn. Phrases are ours, arguments are only ever text. */
static int add_phrase(struct writer *writer, enum phrase which, const char *const arguments[3])
{
    char line[LINE_BYTES];
    struct text text;
    text_init(&text, line, sizeof(line));
    size_t next = 0;
    for (const char *p = phrase(which, writer->locale); *p != '\0';) {
        if (p[0] == '%' && p[1] == 's') {
            CHECK(next < 3 && arguments[next] != NULL);
            text_add(&text, "%s", arguments[next++]);
            p += 2;
        } else {
            text_add(&text, "%c", *p++);
        }
    }
    return add_line(writer, line);
}

static const char *name_of(const struct writer *writer, const struct texts *name, const char *id)
{
    return texts_choose(name, writer->locale, id);
}

/* "38 stars" in the customer's language. */
static int points_text(const struct writer *writer, int64_t points, char *text, size_t size)
{
    const int digits = writer->programme->points_decimals;
    char number[LOCALE_NUMBER_BYTES];
    enum plural plural;
    int result = locale_number(writer->format, points, digits, number, sizeof(number));
    if (result == 0) {
        result = locale_plural(writer->format, points < 0 ? -points : points, digits, &plural);
    }
    if (result < 0) {
        return result;
    }
    const struct localised *item = texts_item(&writer->programme->points_name, writer->locale);
    const char *word = "points";
    if (item != NULL) {
        const char *forms[PLURAL_COUNT] = {
            [PLURAL_ZERO] = item->zero, [PLURAL_ONE] = item->one,   [PLURAL_TWO] = item->two,
            [PLURAL_FEW] = item->few,   [PLURAL_MANY] = item->many, [PLURAL_OTHER] = item->text,
        };
        word = forms[plural] != NULL ? forms[plural] : item->text;
    }
    snprintf(text, size, "%s %s", number, word);
    return 0;
}

static int add_points(struct writer *writer, enum phrase which, int64_t points)
{
    char text[LINE_BYTES];
    const int result = points_text(writer, points, text, sizeof(text));
    return result < 0 ? result : add_phrase(writer, which, (const char *const[3]){text});
}

static const struct level *level_of(const struct programme *programme, const char *id)
{
    for (size_t i = 0; id != NULL && i < programme->tiers.count; i++) {
        if (strcmp(programme->tiers.levels[i].id, id) == 0) {
            return &programme->tiers.levels[i];
        }
    }
    return NULL;
}

static int add_level(struct writer *writer, uint32_t level_before, const struct member_view *view)
{
    const struct level *level = level_of(writer->programme, view->level);
    const struct level *before = programme_level(writer->programme, level_before);
    const struct level *next = level_of(writer->programme, view->next_level);
    int result = 0;
    if (level != NULL) {
        const bool reached = level->qualifying > (before != NULL ? before->qualifying : 0);
        result = add_phrase(writer, reached ? PHRASE_LEVEL_REACHED : PHRASE_LEVEL,
                            (const char *const[3]){name_of(writer, &level->name, level->id)});
    }
    if (result == 0 && next != NULL) {
        char lacking[LINE_BYTES];
        result = points_text(writer, view->next_level_lacking, lacking, sizeof(lacking));
        if (result == 0) {
            result = add_phrase(writer, PHRASE_TO_NEXT_LEVEL,
                                (const char *const[3]){lacking, name_of(writer, &next->name, next->id)});
        }
    }
    return result;
}

/* "Lunch card: 7 of 9", for the cards this event touched. */
static int add_cards(struct writer *writer, const struct outcome *outcome)
{
    int result = 0;
    for (size_t i = 0; i < writer->programme->cards_count && result == 0; i++) {
        const struct stamp_card *card = &writer->programme->cards[i];
        const struct effect *last = NULL;
        for (size_t j = 0; j < outcome->effects_count; j++) {
            const struct effect *effect = &outcome->effects[j];
            if (effect->kind == EFFECT_STAMPS && effect->stamps.card == card->number) {
                last = effect;
            }
        }
        if (last == NULL) {
            continue;
        }
        char count[LOCALE_NUMBER_BYTES];
        char required[LOCALE_NUMBER_BYTES];
        result = locale_number(writer->format, last->stamps.count, 0, count, sizeof(count));
        if (result == 0) {
            result = locale_number(writer->format, card->required, 0, required, sizeof(required));
        }
        if (result == 0) {
            result =
                add_phrase(writer, PHRASE_STAMPS,
                           (const char *const[3]){name_of(writer, &card->name, card->id), count, required});
        }
    }
    return result;
}

static int add_voucher(struct writer *writer, const struct effect *effect, struct rendering *rendering)
{
    const struct programme *programme = writer->programme;
    struct held_voucher voucher = {
        .reward = effect->voucher.reward,
        .card = effect->voucher.card,
        .since = effect->voucher.since,
        .until = effect->voucher.until,
    };
    memcpy(voucher.code, effect->voucher.code, VOUCHER_CODE_BYTES);
    struct voucher_view *view = &rendering->vouchers[rendering->vouchers_count];
    int result = view_voucher(writer->numbers, &voucher, writer->arena, view);
    if (result < 0) {
        return result;
    }
    rendering->vouchers_count++;
    const struct reward *reward = programme_reward(programme, effect->voucher.reward);
    const struct stamp_card *card = programme_card(programme, effect->voucher.card);
    const char *name = reward != NULL ? name_of(writer, &reward->name, reward->id) : view->reward;
    result = add_phrase(writer, PHRASE_REWARD, (const char *const[3]){name});
    if (result == 0 && card != NULL) {
        result = add_phrase(writer, PHRASE_REWARD_WHY,
                            (const char *const[3]){name_of(writer, &card->name, card->id)});
    }
    if (result == 0) {
        result = add_phrase(writer, PHRASE_REWARD_CODE, (const char *const[3]){view->code});
    }
    if (result == 0 && view->has_until) {
        char date[DAY_TEXT_BYTES];
        day_format(view->until, date);
        result = add_phrase(writer, PHRASE_REWARD_UNTIL, (const char *const[3]){date});
    }
    return result;
}

/* What a member reads: earned, balance, level, cards, rewards. */
static int add_member_lines(struct writer *writer, uint32_t level_before, const struct outcome *outcome,
                            const struct member_view *view, struct rendering *rendering)
{
    int result = 0;
    for (size_t i = 0; i < outcome->effects_count && result == 0; i++) {
        if (outcome->effects[i].kind == EFFECT_ENROL) {
            result = add_phrase(
                writer, PHRASE_NEW_MEMBER,
                (const char *const[3]){name_of(writer, &writer->programme->name, writer->programme->id)});
        }
    }
    if (result == 0 && rendering->points > 0) {
        result = add_points(writer, PHRASE_EARNED, rendering->points);
    }
    if (result == 0 && (view->available > 0 || writer->programme->points_name.count > 0)) {
        result = view->available < 0 ? add_points(writer, PHRASE_OWED, -view->available)
                                     : add_points(writer, PHRASE_BALANCE, view->available);
    }
    if (result == 0) {
        result = add_level(writer, level_before, view);
    }
    if (result == 0) {
        result = add_cards(writer, outcome);
    }
    for (size_t i = 0; i < outcome->effects_count && result == 0; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            result = add_voucher(writer, &outcome->effects[i], rendering);
        }
    }
    return result;
}

static int add_lines(struct writer *writer, uint32_t level_before, const struct outcome *outcome,
                     const struct member_view *view, struct rendering *rendering)
{
    if (outcome->code != CODE_ACCEPTED) {
        return add_phrase(writer, PHRASE_REFUSED, (const char *const[3]){outcome_code_text(outcome->code)});
    }
    if (view != NULL) {
        return add_member_lines(writer, level_before, outcome, view, rendering);
    }
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        if (outcome->exceptions[i].kind == EXCEPTION_UNKNOWN_CARD ||
            outcome->exceptions[i].kind == EXCEPTION_CARD_NOT_OPENED) {
            return add_phrase(writer, PHRASE_UNKNOWN_CARD, (const char *const[3]){NULL});
        }
    }
    return add_phrase(writer, PHRASE_NO_CARD, (const char *const[3]){NULL});
}

/* The locale numbers are written in: the customer's, or English where ICU does not know it. */
static int open_format(struct renderer *renderer, const char *locale, struct locale **ret_format)
{
    char tag[LOCALE_BYTES_MAX + 1];
    int result = locale_normalise(locale, tag);
    if (result == 0) {
        result = locales_open(&renderer->locales, tag, ret_format);
    }
    return result == 0 || result == ERR_NOMEM ? result : locales_open(&renderer->locales, "en", ret_format);
}

int render_outcome(struct renderer *renderer, const struct rendered *rendered, const char *locale,
                   struct arena *arena, const struct rendering **ret_rendering)
{
    const struct outcome *outcome = rendered->outcome;
    struct writer writer = {
        .renderer = renderer,
        .programme = rendered->programme,
        .numbers = rendered->numbers,
        .locale = locale,
        .arena = arena,
        .lines = arena_alloc(arena, LINES_MOST, sizeof(*writer.lines)),
    };
    struct rendering *rendering = arena_alloc(arena, 1, sizeof(*rendering));
    if (writer.lines == NULL || rendering == NULL) {
        return ERR_TOO_LARGE;
    }
    size_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        vouchers += effect->kind == EFFECT_VOUCHER;
        if (effect->kind == EFFECT_MOVE && effect->move.debit == account_of_programme(PROGRAMME_ISSUED)) {
            rendering->points += effect->move.amount;
        }
    }
    rendering->vouchers = arena_alloc(arena, vouchers, sizeof(*rendering->vouchers));
    if (rendering->vouchers == NULL) {
        return ERR_TOO_LARGE;
    }
    rendering->member = rendered->view;
    int result = open_format(renderer, locale, &writer.format);
    if (result == 0) {
        result = add_lines(&writer, rendered->level_before, outcome, rendered->view, rendering);
    }
    if (result < 0) {
        return result;
    }
    rendering->lines = writer.lines;
    rendering->lines_count = writer.count;
    *ret_rendering = rendering;
    return 0;
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
    }
    return "?";
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
