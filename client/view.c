#include "client/view.h"

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

void view_json_vouchers(struct json *json, const char *name, const struct voucher_view *vouchers,
                        size_t count)
{
    json_array(json, name);
    for (size_t i = 0; i < count; i++) {
        char day[DAY_TEXT_BYTES];
        json_object(json, NULL);
        json_text(json, "code", vouchers[i].code);
        json_text(json, "reward", vouchers[i].reward);
        json_text(json, "card", vouchers[i].card);
        if (vouchers[i].token != NULL) {
            json_text(json, "token", vouchers[i].token);
        }
        if (vouchers[i].has_until) {
            day_format(vouchers[i].until, day);
            json_text(json, "until", day);
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
    json_end_object(json);
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
    fprintf(stream, "  %" PRIu32 " purchases\n", view->purchases);
}
