#include "client/loyaltyctl_show.h"

#include "client/clock.h"
#include "model/day.h"
#include "model/programme.h"

void ctl_show_instant(struct json *json, const char *name, int64_t instant_ms)
{
    char text[INSTANT_TEXT_BYTES];
    instant_format(instant_ms, text);
    json_text(json, name, text);
}

void ctl_show_day(struct json *json, const char *name, int32_t day)
{
    char text[DAY_TEXT_BYTES];
    if (day == DAY_NEVER) {
        json_text(json, name, "never");
        return;
    }
    day_format(day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : day, text);
    json_text(json, name, text);
}

void ctl_show_optional(struct json *json, const char *name, const char *text)
{
    if (text != NULL) {
        json_text(json, name, text);
    }
}

void ctl_show_nonzero(struct json *json, const char *name, int64_t value)
{
    if (value != 0) {
        json_integer(json, name, value);
    }
}
