/* loyalty-till reserve and release, and what a purchase redeems. */
#include "client/till.h"

#include "client/amount.h"
#include "client/clock.h"
#include "crypto/base32.h"
#include "crypto/voucher.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct till_options common;
    const char *what;
    const char *card;
    const char *units;
    const char *locale;
    const char *token;
    uint64_t reservation;
    int64_t timeout_ms; /* -1: the programme's */
};

/* The part of a text before its last comma, and the number behind it; 1 where there is none. */
static int cut_units(struct arena *arena, const char *text, const char **ret_name, uint32_t *ret_units)
{
    const char *comma = strrchr(text, ',');
    uint64_t units = 1;
    if (comma != NULL) {
        const int error = number_parse(comma + 1, UNITS_MAX, &units);
        if (error != 0 || units == 0) {
            return ERR_FORMAT;
        }
    }
    *ret_name = arena_copy(arena, text, comma != NULL ? (size_t)(comma - text) : strlen(text));
    *ret_units = (uint32_t)units;
    return *ret_name == NULL ? ERR_NOMEM : 0;
}

/* The token of a voucher, without the daemon: the till has known its key since it was enrolled. A message
 * says what is wrong. */
static int read_token(struct till *till, const char *text, struct voucher_token *ret_token,
                      char ret_text[TILL_TEXT_BYTES])
{
    uint8_t daemon_key[KEY_BYTES];
    int error = outbox_bytes(&till->outbox, OUTBOX_DAEMON_KEY, daemon_key, KEY_BYTES);
    error = error != 0 ? error : voucher_token_read(daemon_key, till->programme_id, text, ret_token);
    if (error != 0) {
        (void)snprintf(ret_text, TILL_TEXT_BYTES, "this is no voucher of this programme: %s",
                       error_text(error));
    }
    return error;
}

static bool valid_today(const struct till *till, const struct voucher_token *token)
{
    const int32_t today = clock_local_day(clock_wall_ms() + till->clock_offset_ms);
    return token->since <= today && today <= token->until;
}

int voucher_read(struct till *till, const char *text, struct bytes *ret_code, char ret_text[TILL_TEXT_BYTES])
{
    uint8_t *code = arena_alloc(&till->arena, 1, VOUCHER_CODE_BYTES);
    struct voucher_token token;
    int error = code == NULL ? ERR_NOMEM : 0;
    if (error == 0 && strlen(text) > BASE32_INPUT_BYTES_MAX) {
        error = read_token(till, text, &token, ret_text);
        if (error == 0 && !valid_today(till, &token)) {
            (void)snprintf(ret_text, TILL_TEXT_BYTES, "this voucher is not valid today");
            error = ERR_RANGE;
        }
        if (error == 0) {
            memcpy(code, token.code, VOUCHER_CODE_BYTES);
        }
    } else if (error == 0) {
        error = base32_decode(text, strlen(text), code);
        if (error != 0) {
            (void)snprintf(ret_text, TILL_TEXT_BYTES, "'%s' is no voucher's code: %s", text,
                           error == ERR_CORRUPT ? "a symbol of it is wrong" : error_text(error));
        }
    }
    *ret_code = (struct bytes){code, VOUCHER_CODE_BYTES};
    return error;
}

/* Behind a word such as "voucher:", or NULL. */
static const char *behind(const char *text, const char *word)
{
    const size_t size = strlen(word);
    return strncmp(text, word, size) == 0 ? text + size : NULL;
}

int basket_add_redemption(struct basket *basket, struct till *till, const char *text,
                          char ret_text[TILL_TEXT_BYTES])
{
    struct purchase *purchase = &basket->event.purchase;
    struct redemption redemption = {.units = 1};
    const char *code = behind(text, "voucher:");
    const char *held = behind(text, "reservation:");
    const char *name = NULL;
    int error = 0;
    (void)snprintf(ret_text, TILL_TEXT_BYTES,
                   "'%.64s' is nothing to redeem: say voucher:CODE, REWARD or reservation:N", text);
    if (purchase->redemptions_count == REDEMPTIONS_MAX) {
        return ERR_TOO_LARGE;
    }
    if (code != NULL) {
        error = voucher_read(till, code, &redemption.voucher, ret_text);
    } else {
        error = cut_units(&till->arena, held != NULL ? held : text, &name, &redemption.units);
        redemption.reward = held == NULL ? name : NULL;
    }
    if (error == 0 && held != NULL) {
        error = number_parse(name, INT64_MAX, &redemption.reservation);
        error = error == 0 && redemption.reservation == 0 ? ERR_RANGE : error;
    }
    if (error == 0) {
        basket->redemptions[purchase->redemptions_count++] = redemption;
        purchase->redemptions = basket->redemptions;
    }
    return error;
}

int points_read(const char *text, int64_t *ret_points)
{
    uint64_t points = 0;
    int error = 0;
    if (strcmp(text, "max") != 0) {
        error = number_parse(text, POINTS_MAX, &points);
        error = error == 0 && points == 0 ? ERR_RANGE : error;
    }
    if (error == 0) {
        *ret_points = (int64_t)points;
    }
    return error;
}

/* "voucher:CODE", "points:N", "points:max", or a reward with its units. */
static int read_held(struct till *till, const struct arguments *arguments, struct reserve *reserve,
                     char ret_text[TILL_TEXT_BYTES])
{
    const char *code = behind(arguments->what, "voucher:");
    const char *points = behind(arguments->what, "points:");
    *reserve = (struct reserve){.units = 1};
    (void)snprintf(ret_text, TILL_TEXT_BYTES,
                   "'%.64s' is nothing to reserve: say REWARD, REWARD,UNITS, voucher:CODE, points:N or "
                   "points:max",
                   arguments->what);
    if (code != NULL) {
        return voucher_read(till, code, &reserve->voucher, ret_text);
    }
    if (points != NULL) {
        reserve->points = true;
        return points_read(points, &reserve->amount);
    }
    return cut_units(&till->arena, arguments->what, &reserve->reward, &reserve->units);
}

/* Nothing of this is worth anything later: it is sent at once, behind what waits. */
static int say(struct till *till, const struct arguments *arguments, struct event *event)
{
    const struct till_event draft = {.event = event, .card = arguments->card, .locale = arguments->locale};
    return till_tell(till, &draft, false);
}

static int reserve(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .timeout_ms = -1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_RESERVE};
        char text[TILL_TEXT_BYTES];
        if (read_held(&till, &arguments, &event.reserve, text) != 0) {
            till_complain("%s", text);
            status = TILL_EXIT_ERROR;
        } else {
            event.reserve.has_timeout = arguments.timeout_ms >= 0;
            event.reserve.timeout_minutes =
                arguments.timeout_ms > 0 ? (uint32_t)((arguments.timeout_ms + 59999) / 60000) : 0;
            status = say(&till, &arguments, &event);
        }
    }
    till_close(&till);
    return status;
}

static int release(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en"};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_RELEASE, .release = {.reservation = arguments.reservation}};
        status = say(&till, &arguments, &event);
    }
    till_close(&till);
    return status;
}

static int check_voucher(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en"};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    struct voucher_token token;
    char text[TILL_TEXT_BYTES];
    if (status == TILL_EXIT_OK && read_token(&till, arguments.token, &token, text) != 0) {
        till_complain("%s", text);
        status = TILL_EXIT_REFUSED;
    } else if (status == TILL_EXIT_OK) {
        const bool valid = valid_today(&till, &token);
        char code[BASE32_TEXT_BYTES];
        char grouped[BASE32_GROUPED_BYTES];
        char until[DAY_TEXT_BYTES] = "ever";
        base32_encode(token.code, code);
        base32_group(code, grouped);
        if (token.until != INT32_MAX) {
            day_format(token.until, until);
        }
        printf("%s  %s  valid to %s%s\n", grouped, token.reward, until, valid ? "" : "  NOT TODAY");
        printf("Issued by our daemon. Whether it was used, only the daemon knows.\n");
        status = valid ? TILL_EXIT_OK : TILL_EXIT_REFUSED;
    }
    till_close(&till);
    return status;
}

#define LOCALE_OPTION                                                                                        \
    {                                                                                                        \
        .name = "locale", .arg = "TAG", .doc = "The customer's language (default: en)",                      \
        .type = &command_locale, .offset = offsetof(struct arguments, locale)                                \
    }

static const struct command_option reserve_options[] = {
    {.arg = "WHAT",
     .doc = "REWARD, REWARD,UNITS, voucher:CODE, points:N or points:max",
     .type = &command_text,
     .offset = offsetof(struct arguments, what),
     .missing = "what is to be reserved? Say a REWARD, voucher:CODE or points:N"},
    COMMAND_CARD(struct arguments, card, "The card, as read", "which card? Say --card C"),
    {.name = "for",
     .arg = "TIME",
     .doc = "How long, such as 30m (default: the programme's)",
     .type = &command_duration,
     .offset = offsetof(struct arguments, timeout_ms)},
    LOCALE_OPTION,
    {0}};

static const struct command_option release_options[] = {{.arg = "RESERVATION",
                                                         .doc = "The number the reservation got",
                                                         .type = &command_position,
                                                         .offset = offsetof(struct arguments, reservation),
                                                         .missing = "which reservation? Say its number"},
                                                        LOCALE_OPTION,
                                                        {0}};

static const struct command_option voucher_options[] = {{.arg = "TOKEN",
                                                         .doc = "The token of the voucher, as scanned",
                                                         .type = &command_text,
                                                         .offset = offsetof(struct arguments, token),
                                                         .missing = "which voucher? Say its token"},
                                                        {0}};

const struct command till_redeem_commands[] = {
    {.name = "reserve",
     .summary = "hold points or a voucher for a basket in progress",
     .doc = "Hold points or a voucher for a basket in progress, at the price of now. The number it gets is "
            "committed by a purchase: --redeem reservation:N.",
     .options = reserve_options,
     .run = reserve},
    {.name = "release",
     .summary = "free what a reservation holds",
     .doc = "Free what a reservation holds; without that it is free when its time is over.",
     .options = release_options,
     .run = release},
    {.name = "check-voucher",
     .summary = "whether a voucher is ours, without the daemon",
     .doc = "Check the signed token of a voucher, without the daemon: whether it is ours, and its days.",
     .options = voucher_options,
     .run = check_voucher},
    {0}};
