/* What a profile answers to the questions of a programme. */
#include "engine/engine.h"

#include "engine/selector.h"
#include "model/day.h"

#include <string.h>

enum { FEBRUARY = 2, LEAP_DAY = 29 };

static bool in_segments(const struct id_list *segments, const struct profile *profile)
{
    for (size_t i = 0; i < profile->segments_count; i++) {
        if (id_list_has(segments, profile->segments[i])) {
            return true;
        }
    }
    return false;
}

/* The birthday in a year: who was born on 29 February has it on the 28th of others. */
static bool birthday_in(const struct profile *profile, int32_t year, int32_t *ret_day)
{
    int32_t day = profile->birth_day;
    if (profile->birth_month == FEBRUARY && day == LEAP_DAY && !day_is_date(year, FEBRUARY, LEAP_DAY)) {
        day--;
    }
    if (!day_is_date(year, profile->birth_month, day)) {
        return false;
    }
    *ret_day = day_from_date(year, profile->birth_month, day);
    return true;
}

bool engine_birthday(const struct profile *profile, int32_t first, int32_t last)
{
    for (int32_t year = date_from_day(first).year; year <= date_from_day(last).year; year++) {
        int32_t day;
        if (birthday_in(profile, year, &day) && day >= first && day <= last) {
            return true;
        }
    }
    return false;
}

/* The nearest birthday may lie in the year before or behind. */
static bool around_birthday(const struct condition *condition, const struct profile *profile, int32_t today)
{
    const int32_t this_year = date_from_day(today).year;
    if (condition->birthday_month) {
        return date_from_day(today).month == profile->birth_month;
    }
    for (int32_t year = this_year - 1; year <= this_year + 1; year++) {
        int32_t day;
        if (birthday_in(profile, year, &day) && day - today <= condition->birthday_before &&
            today - day <= condition->birthday_after) {
            return true;
        }
    }
    return false;
}

static void answer(struct context *context, uint32_t question, bool yes)
{
    if (question == 0 || !yes) {
        return;
    }
    const size_t byte = (question - 1) / 8;
    context->answers[byte] = (uint8_t)(context->answers[byte] | 1U << (question - 1) % 8);
    if (byte >= context->answers_size) {
        context->answers_size = byte + 1;
    }
}

static void ask(const struct condition *condition, const struct profile *profile, struct context *context)
{
    if (condition->segments_question != 0) {
        answer(context, condition->segments_question, in_segments(&condition->segments, profile));
    }
    if (condition->birthday_question != 0) {
        answer(context, condition->birthday_question,
               around_birthday(condition, profile, context->member_day));
    }
}

void engine_answers(const struct programme *programme, const struct profile *profile, struct context *context)
{
    memset(context->answers, 0, sizeof(context->answers));
    context->answers_size = 0;
    for (size_t i = 0; i < programme->rules_count; i++) {
        ask(&programme->rules[i].when, profile, context);
        ask(&programme->rules[i].unless, profile, context);
    }
    for (size_t i = 0; i < programme->campaigns_count; i++) {
        ask(&programme->campaigns[i].when, profile, context);
        ask(&programme->campaigns[i].unless, profile, context);
    }
    for (size_t i = 0; i < programme->rewards_count; i++) {
        ask(&programme->rewards[i].when, profile, context);
        ask(&programme->rewards[i].unless, profile, context);
    }
    ask(&programme->paying.when, profile, context);
    ask(&programme->paying.unless, profile, context);
}
