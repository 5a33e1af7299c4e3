#include "client/view.h"

#include "client/clock.h"
#include "client/qr.h"
#include "crypto/base32.h"
#include "model/day.h"

#include <inttypes.h>

static void json_day(struct json *json, const char *name, bool known, int32_t day)
{
    char text[DAY_TEXT_BYTES];
    if (known) {
        day_format(day, text);
    }
    json_text(json, name, known ? text : NULL);
}

static void json_voucher_fields(struct json *json, const struct voucher_view *voucher)
{
    json_text(json, "code", voucher->code);
    json_text(json, "reward", voucher->reward);
    json_text(json, "card", voucher->card);
    if (voucher->token != NULL) {
        json_text(json, "token", voucher->token);
    }
    if (voucher->has_until) {
        json_day(json, "until", true, voucher->until);
    }
    if (voucher->reservation != 0) {
        json_unsigned(json, "reservation", voucher->reservation);
    }
}

void view_json_vouchers(struct json *json, const char *name, const struct voucher_view *vouchers,
                        size_t count)
{
    json_array(json, name);
    for (size_t i = 0; i < count; i++) {
        json_object(json, NULL);
        json_voucher_fields(json, &vouchers[i]);
        json_end_object(json);
    }
    json_end_array(json);
}

void view_json_lines(struct json *json, const char *const *lines, size_t count)
{
    json_array(json, "lines");
    for (size_t i = 0; i < count; i++) {
        json_text(json, NULL, lines[i]);
    }
    json_end_array(json);
}

void view_json_uses(struct json *json, const struct outcome *outcome)
{
    json_array(json, "uses");
    for (size_t i = 0; i < outcome->uses_count; i++) {
        const struct use *use = &outcome->uses[i];
        json_object(json, NULL);
        if (use->redemption != USE_POINTS) {
            json_unsigned(json, "redemption", use->redemption);
            json_unsigned(json, "reward", use->reward);
            json_unsigned(json, "units", use->units);
        }
        json_integer(json, "points", use->points);
        json_integer(json, "value", use->value);
        json_end_object(json);
    }
    json_end_array(json);
}

static void json_coming(struct json *json, const struct member_view *view)
{
    json_array(json, "expiring");
    for (size_t i = 0; i < view->expiring_count; i++) {
        json_object(json, NULL);
        json_day(json, "until", true, view->expiring[i].until);
        json_integer(json, "points", view->expiring[i].points);
        json_end_object(json);
    }
    json_end_array(json);
    json_array(json, "reservations");
    for (size_t i = 0; i < view->reservations_count; i++) {
        const struct reservation_view *held = &view->reservations[i];
        char when[INSTANT_TEXT_BYTES];
        json_object(json, NULL);
        json_unsigned(json, "reservation", held->reservation);
        json_integer(json, "points", held->points);
        json_text(json, "reward", held->reward);
        json_unsigned(json, "units", held->units);
        if (held->until != 0) {
            instant_format(held->until, when);
            json_text(json, "until", when);
        }
        json_end_object(json);
    }
    json_end_array(json);
}

void view_json_member(struct json *json, const char *name, const struct member_view *view)
{
    json_object(json, name);
    json_unsigned(json, "member", view->member);
    json_integer(json, "available", view->available);
    json_integer(json, "pending", view->pending);
    json_integer(json, "reserved", view->reserved);
    json_text(json, "level", view->level);
    json_day(json, "level_until", view->has_level_until, view->level_until);
    json_integer(json, "qualifying", view->qualifying);
    json_text(json, "next_level", view->next_level);
    json_integer(json, "next_level_lacking", view->next_level_lacking);
    json_unsigned(json, "purchases", view->purchases);
    json_unsigned(json, "last_position", view->last_position);
    json_array(json, "cards");
    for (size_t i = 0; i < view->cards_count; i++) {
        json_object(json, NULL);
        json_text(json, "card", view->cards[i].card);
        json_integer(json, "stamps", view->cards[i].stamps);
        json_integer(json, "required", view->cards[i].required);
        json_unsigned(json, "completed", view->cards[i].completed);
        json_end_object(json);
    }
    json_end_array(json);
    view_json_vouchers(json, "vouchers", view->vouchers, view->vouchers_count);
    json_array(json, "lots");
    for (size_t i = 0; i < view->lots_count; i++) {
        json_object(json, NULL);
        json_unsigned(json, "position", view->lots[i].position);
        json_integer(json, "left", view->lots[i].left);
        json_day(json, "until", view->lots[i].has_until, view->lots[i].until);
        json_end_object(json);
    }
    json_end_array(json);
    json_coming(json, view);
    json_end_object(json);
}

static void print_coming(FILE *stream, const struct member_view *view)
{
    for (size_t i = 0; i < view->expiring_count; i++) {
        char day[DAY_TEXT_BYTES];
        day_format(view->expiring[i].until, day);
        fprintf(stream, "  expiring   %" PRId64 " after %s\n", view->expiring[i].points, day);
    }
    for (size_t i = 0; i < view->reservations_count; i++) {
        const struct reservation_view *held = &view->reservations[i];
        char when[INSTANT_TEXT_BYTES] = "it is released";
        if (held->until != 0) {
            instant_format_local(held->until, when);
        }
        fprintf(stream, "  reservation %" PRIu64 ": ", held->reservation);
        if (held->reward != NULL) {
            fprintf(stream, "%" PRIu32 " x %s", held->units, held->reward);
        } else {
            fprintf(stream, "%" PRId64 " points to pay with", held->points);
        }
        fprintf(stream, ", until %s\n", when);
    }
}

void view_print_member(FILE *stream, const struct member_view *view)
{
    char day[DAY_TEXT_BYTES];
    fprintf(stream, "Member %" PRIu32 "\n", view->member);
    fprintf(stream, "  available  %" PRId64 "\n  pending    %" PRId64 "\n  reserved   %" PRId64 "\n",
            view->available, view->pending, view->reserved);
    if (view->level != NULL) {
        fprintf(stream, "  level      %s", view->level);
        if (view->has_level_until) {
            day_format(view->level_until, day);
            fprintf(stream, " until %s", day);
        }
        putc('\n', stream);
    }
    if (view->next_level != NULL) {
        fprintf(stream, "  to %s  %" PRId64 " more\n", view->next_level, view->next_level_lacking);
    }
    for (size_t i = 0; i < view->cards_count; i++) {
        fprintf(stream, "  %s  %" PRId64 " of %" PRId64 "\n", view->cards[i].card, view->cards[i].stamps,
                view->cards[i].required);
    }
    for (size_t i = 0; i < view->vouchers_count; i++) {
        char code[BASE32_GROUPED_BYTES];
        base32_group(view->vouchers[i].code, code);
        fprintf(stream, "  voucher %s: %s", code, view->vouchers[i].reward);
        if (view->vouchers[i].has_until) {
            day_format(view->vouchers[i].until, day);
            fprintf(stream, ", until %s", day);
        }
        putc('\n', stream);
    }
    print_coming(stream, view);
    fprintf(stream, "  %" PRIu32 " purchases\n", view->purchases);
}

static const char *voucher_state_text(enum voucher_state state)
{
    switch (state) {
    case VOUCHER_STATE_ISSUED:
        return "issued";
    case VOUCHER_STATE_RESERVED:
        return "reserved";
    case VOUCHER_STATE_REDEEMED:
        return "redeemed";
    case VOUCHER_STATE_EXPIRED:
        return "expired";
    case VOUCHER_STATE_CANCELLED:
        return "cancelled";
    }
    return "";
}

void view_json_voucher(struct json *json, const struct reply *reply)
{
    json_object(json, NULL);
    json_voucher_fields(json, &reply->voucher.view);
    json_text(json, "state", voucher_state_text(reply->voucher.state));
    json_unsigned(json, "member", reply->voucher.member);
    json_day(json, "since", true, reply->voucher.since);
    json_unsigned(json, "issued", reply->voucher.issued);
    view_json_lines(json, reply->voucher.lines, reply->voucher.lines_count);
    json_end_object(json);
}

void view_print_voucher(FILE *stream, const struct reply *reply, bool qr)
{
    const struct voucher_view *view = &reply->voucher.view;
    char code[BASE32_GROUPED_BYTES];
    char since[DAY_TEXT_BYTES];
    char until[DAY_TEXT_BYTES] = "ever";
    base32_group(view->code, code);
    day_format(reply->voucher.since, since);
    if (view->has_until) {
        day_format(view->until, until);
    }
    fprintf(stream, "Voucher %s: %s, %s\n", code, view->reward, voucher_state_text(reply->voucher.state));
    fprintf(stream, "  owner      member %" PRIu32 "\n", reply->voucher.member);
    fprintf(stream, "  valid      %s to %s\n", since, until);
    fprintf(stream, "  issued     at position %" PRIu64, reply->voucher.issued);
    if (view->card != NULL) {
        fprintf(stream, ", for a full card %s", view->card);
    }
    putc('\n', stream);
    if (view->reservation != 0) {
        fprintf(stream, "  held by    reservation %" PRIu64 "\n", view->reservation);
    }
    if (view->token == NULL) {
        return;
    }
    fprintf(stream, "  token      %s\n", view->token);
    if (reply->voucher.lines_count > 0) {
        fprintf(stream, "For the receipt printer:\n");
    }
    for (size_t i = 0; i < reply->voucher.lines_count; i++) {
        fprintf(stream, "  %s\n", reply->voucher.lines[i]);
    }
    if (qr) {
        putc('\n', stream);
        qr_print(stream, view->token);
    }
}
