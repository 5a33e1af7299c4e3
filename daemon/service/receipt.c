/* What a customer reads on a receipt. */
#include "service/render.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/base32.h"
#include "crypto/voucher.h"
#include "model/day.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256, LINES_MOST = 64 };

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

/* Receipt lines being written. */
struct writer {
    struct renderer *renderer;
    const struct programme *programme;
    const struct numbers *numbers;
    const char *locale; /* as asked for; the phrases and numbers follow it */
    struct locale *format;
    struct arena *arena;
    const struct rendered *rendered;
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
    enum plural plural = PLURAL_OTHER;
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

/* NULL of no id. */
static const struct level *named_level(const struct programme *programme, const char *id)
{
    return id != NULL ? programme_level_named(programme, id) : NULL;
}

static int add_level(struct writer *writer, uint32_t level_before, const struct member_view *view)
{
    const struct level *level = named_level(writer->programme, view->level);
    const struct level *before = programme_level(writer->programme, level_before);
    const struct level *next = named_level(writer->programme, view->next_level);
    int result = 0;
    if (level != NULL) {
        const bool reached = level->reach.qualifying > (before != NULL ? before->reach.qualifying : 0);
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

int render_token(const struct rendered *rendered, const struct held_voucher *voucher, struct arena *arena,
                 struct voucher_view *view)
{
    struct voucher_token token = {.since = voucher->since, .until = voucher->until};
    char text[VOUCHER_TOKEN_TEXT_BYTES];
    const size_t size = strlen(view->reward);
    if (rendered->daemon_key == NULL || size > ID_BYTES_MAX) {
        return 0;
    }
    memcpy(token.code, voucher->code, VOUCHER_CODE_BYTES);
    memcpy(token.reward, view->reward, size + 1);
    const int result = voucher_token_make(rendered->daemon_key, rendered->programme_id, &token, text);
    view->token = result == 0 ? arena_copy(arena, text, strlen(text)) : NULL;
    return result == 0 && view->token == NULL ? ERR_TOO_LARGE : result;
}

/* "  voucher 0123-...", "  valid to 2026-12-31" */
static int add_code(struct writer *writer, const struct voucher_view *view)
{
    char code[BASE32_GROUPED_BYTES];
    char date[DAY_TEXT_BYTES];
    base32_group(view->code, code);
    const int result = add_phrase(writer, PHRASE_REWARD_CODE, (const char *const[3]){code});
    if (result != 0 || !view->has_until) {
        return result;
    }
    day_format(view->until, date);
    return add_phrase(writer, PHRASE_REWARD_UNTIL, (const char *const[3]){date});
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
    int result = render_voucher(writer->numbers, &voucher, writer->arena, view);
    result = result != 0 ? result : render_token(writer->rendered, &voucher, writer->arena, view);
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
    return result == 0 ? add_code(writer, view) : result;
}

static int money_text(const struct writer *writer, int64_t amount, char *text, size_t size)
{
    char number[LOCALE_NUMBER_BYTES];
    const int result =
        locale_number(writer->format, amount, writer->programme->currency_digits, number, sizeof(number));
    if (result == 0) {
        snprintf(text, size, "%s %s", number, writer->programme->currency);
    }
    return result;
}

/* By its id; one of an older version by that alone. */
static const char *reward_name(const struct writer *writer, const char *id)
{
    const struct reward *reward = programme_reward_named(writer->programme, id);
    return reward != NULL ? name_of(writer, &reward->name, reward->id) : id;
}

/* "Voucher: Free lunch" and what it is used with. */
static int add_slip(struct writer *writer, const struct voucher_view *voucher)
{
    const int result =
        add_phrase(writer, PHRASE_VOUCHER, (const char *const[3]){reward_name(writer, voucher->reward)});
    return result == 0 ? add_code(writer, voucher) : result;
}

/* What the customer could use now, and what only lacks points. */
static int add_offer(struct writer *writer, const struct offer *offer)
{
    char points[LINE_BYTES];
    char value[LINE_BYTES];
    int result =
        points_text(writer, offer->lacking > 0 ? offer->lacking : offer->points, points, sizeof(points));
    result = result != 0 ? result : money_text(writer, offer->value, value, sizeof(value));
    if (result != 0 || offer->why != NULL) {
        return result;
    }
    if (offer->reward == NULL) {
        return offer->lacking > 0 ? 0
                                  : add_phrase(writer, PHRASE_CAN_PAY, (const char *const[3]){points, value});
    }
    const char *name = reward_name(writer, offer->reward);
    if (offer->lacking > 0) {
        return add_phrase(writer, PHRASE_LACKING, (const char *const[3]){points, name});
    }
    if (offer->voucher == NULL && offer->points > 0) {
        return add_phrase(writer, PHRASE_CAN_BUY, (const char *const[3]){name, points});
    }
    return add_phrase(writer, PHRASE_CAN_USE, (const char *const[3]){name});
}

/* "Used: Free lunch", "1,000 points used, 50.00 EUR off" */
static int add_use(struct writer *writer, const struct use *use)
{
    char points[LINE_BYTES];
    char units[LOCALE_NUMBER_BYTES];
    char value[LINE_BYTES];
    int result = points_text(writer, use->points, points, sizeof(points));
    result = result != 0 ? result : money_text(writer, use->value, value, sizeof(value));
    result = result != 0 ? result : locale_number(writer->format, use->units, 0, units, sizeof(units));
    if (result != 0) {
        return result;
    }
    if (use->redemption == USE_POINTS) {
        return add_phrase(writer, PHRASE_PAID_WITH, (const char *const[3]){points, value});
    }
    const struct reward *reward = programme_reward(writer->programme, use->reward);
    const char *name = reward != NULL ? name_of(writer, &reward->name, reward->id) : "?";
    if (use->points > 0) {
        return add_phrase(writer, PHRASE_USED_FOR, (const char *const[3]){name, points});
    }
    return use->units > 1 ? add_phrase(writer, PHRASE_USED_UNITS, (const char *const[3]){units, name})
                          : add_phrase(writer, PHRASE_USED, (const char *const[3]){name});
}

/* What was used, and what is held from now on. */
static int add_redeemed(struct writer *writer, const struct outcome *outcome)
{
    int result = 0;
    for (size_t i = 0; i < outcome->uses_count && result == 0; i++) {
        result = add_use(writer, &outcome->uses[i]);
    }
    for (size_t i = 0; i < outcome->effects_count && result == 0; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind != EFFECT_RESERVATION) {
            continue;
        }
        const struct reward *reward = programme_reward(writer->programme, effect->reservation.reward);
        if (reward != NULL) {
            result = add_phrase(writer, PHRASE_RESERVED,
                                (const char *const[3]){name_of(writer, &reward->name, reward->id)});
        } else {
            result = add_points(writer, PHRASE_RESERVED, effect->reservation.points);
        }
    }
    return result;
}

/* What a member reads: used, earned, balance, level, cards, rewards. */
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
    result = result != 0 ? result : add_redeemed(writer, outcome);
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
    if (!writer->rendered->credits) {
        return 0;
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

/* Ready to take lines. */
static int writer_open(struct writer *writer, struct renderer *renderer, const struct rendered *rendered,
                       const char *locale, struct arena *arena)
{
    *writer = (struct writer){
        .renderer = renderer,
        .programme = rendered->programme,
        .numbers = rendered->numbers,
        .locale = locale,
        .arena = arena,
        .rendered = rendered,
        .lines = arena_alloc(arena, LINES_MOST, sizeof(*writer->lines)),
    };
    return writer->lines == NULL ? ERR_TOO_LARGE : open_format(renderer, locale, &writer->format);
}

int render_outcome(struct renderer *renderer, const struct rendered *rendered, const char *locale,
                   struct arena *arena, const struct rendering **ret_rendering)
{
    const struct outcome *outcome = rendered->outcome;
    struct writer writer;
    struct rendering *rendering = arena_alloc(arena, 1, sizeof(*rendering));
    if (rendering == NULL) {
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
    int result = writer_open(&writer, renderer, rendered, locale, arena);
    if (result == 0) {
        result = add_lines(&writer, rendered->level_before, outcome, rendered->view, rendering);
    }
    for (size_t i = 0; i < rendered->offers_count && result == 0; i++) {
        result = add_offer(&writer, &rendered->offers[i]);
    }
    if (result < 0) {
        return result;
    }
    rendering->lines = writer.lines;
    rendering->lines_count = writer.count;
    *ret_rendering = rendering;
    return 0;
}

int render_slip(struct renderer *renderer, const struct rendered *rendered,
                const struct voucher_view *voucher, const char *locale, struct arena *arena,
                const char ***ret_lines, size_t *ret_count)
{
    struct writer writer;
    int result = writer_open(&writer, renderer, rendered, locale, arena);
    if (result == 0) {
        result = add_slip(&writer, voucher);
    }
    if (result == 0) {
        *ret_lines = writer.lines;
        *ret_count = writer.count;
    }
    return result;
}

/* Those a member has anything on. */
static int add_all_cards(struct writer *writer, const struct member_view *view)
{
    int result = 0;
    for (size_t i = 0; i < view->cards_count && result == 0; i++) {
        const struct card_view *card = &view->cards[i];
        char count[LOCALE_NUMBER_BYTES];
        char required[LOCALE_NUMBER_BYTES];
        const char *name = card->card;
        for (size_t k = 0; k < writer->programme->cards_count; k++) {
            const struct stamp_card *known = &writer->programme->cards[k];
            name = strcmp(known->id, card->card) == 0 ? name_of(writer, &known->name, known->id) : name;
        }
        result = locale_number(writer->format, card->stamps, 0, count, sizeof(count));
        result = result != 0 ? result
                             : locale_number(writer->format, card->required, 0, required, sizeof(required));
        result = result != 0
                     ? result
                     : add_phrase(writer, PHRASE_STAMPS, (const char *const[3]){name, count, required});
    }
    return result;
}

static int add_expiring(struct writer *writer, const struct member_view *view)
{
    int result = 0;
    for (size_t i = 0; i < view->expiring_count && result == 0; i++) {
        char points[LINE_BYTES];
        char date[DAY_TEXT_BYTES];
        day_format(view->expiring[i].until, date);
        result = points_text(writer, view->expiring[i].points, points, sizeof(points));
        result =
            result != 0 ? result : add_phrase(writer, PHRASE_EXPIRING, (const char *const[3]){points, date});
    }
    return result;
}

int render_holdings(struct renderer *renderer, const struct rendered *rendered, const char *locale,
                    struct arena *arena, const char ***ret_lines, size_t *ret_count)
{
    const struct member_view *view = rendered->view;
    struct writer writer;
    int result = writer_open(&writer, renderer, rendered, locale, arena);
    if (result == 0) {
        result = view->available < 0 ? add_points(&writer, PHRASE_OWED, -view->available)
                                     : add_points(&writer, PHRASE_BALANCE, view->available);
    }
    result = result != 0 ? result : add_expiring(&writer, view);
    const struct level *level =
        view->level != NULL ? programme_level_named(rendered->programme, view->level) : NULL;
    result = result != 0 ? result : add_level(&writer, level != NULL ? level->number : 0, view);
    result = result != 0 ? result : add_all_cards(&writer, view);
    for (size_t i = 0; i < view->vouchers_count && result == 0; i++) {
        result = add_slip(&writer, &view->vouchers[i]);
    }
    for (size_t i = 0; i < view->reservations_count && result == 0; i++) {
        const struct reservation_view *held = &view->reservations[i];
        result = held->reward != NULL ? add_phrase(&writer, PHRASE_RESERVED,
                                                   (const char *const[3]){reward_name(&writer, held->reward)})
                                      : add_points(&writer, PHRASE_RESERVED, held->points);
    }
    if (result == 0) {
        *ret_lines = writer.lines;
        *ret_count = writer.count;
    }
    return result;
}
