#include "wire/profile.h"

#include "model/day.h"
#include "wire/body.h"

#include <string.h>

enum { LEAP_YEAR = 2000 }; /* a birthday without a year may be 29 February */

static const struct wire_range month_range = {1, 12};
static const struct wire_range day_range = {1, 31};
static const struct wire_range year_range = {1, 9999};

static const char *const *ids_read(struct wire_values *values, char **ids, size_t count, size_t count_max,
                                   const char *field)
{
    wire_value_check(values, count <= count_max, field);
    for (size_t i = 0; i < count && values->error == 0; i++) {
        (void)wire_id_required(values, ids[i], field, ID_BYTES_MAX);
    }
    return (const char *const *)ids;
}

void wire_profile_read(struct wire_values *values, const Loyalty__Profile *message, struct profile *profile)
{
    memset(profile, 0, sizeof(*profile));
    profile->name = wire_text_optional(values, WIRE_TEXT(message, name), NAME_BYTES_MAX);
    profile->phone = wire_text_optional(values, WIRE_TEXT(message, phone), CARD_BYTES_MAX);
    profile->mail = wire_text_optional(values, WIRE_TEXT(message, mail), MAIL_BYTES_MAX);
    profile->birth_month = (int32_t)wire_optional(values, WIRE_FIELD(message, birth_month), 0, month_range);
    profile->birth_day = (int32_t)wire_optional(values, WIRE_FIELD(message, birth_day), 0, day_range);
    profile->birth_year = (int32_t)wire_optional(values, WIRE_FIELD(message, birth_year), 0, year_range);
    const int32_t year = profile->birth_year != 0 ? profile->birth_year : LEAP_YEAR;
    const bool none = profile->birth_month == 0 && profile->birth_day == 0 && profile->birth_year == 0;
    wire_value_check(values, none || day_is_date(year, profile->birth_month, profile->birth_day),
                     "birth_day");
    profile->locale = wire_text_optional(values, WIRE_TEXT(message, locale), LOCALE_BYTES_MAX);
    profile->segments = ids_read(values, message->segments, message->n_segments, SEGMENTS_MAX, "segments");
    profile->segments_count = message->n_segments;
    profile->consents = ids_read(values, message->consents, message->n_consents, CONSENTS_MAX, "consents");
    profile->consents_count = message->n_consents;
}

void wire_profile_write(const struct profile *profile, Loyalty__Profile *ret_message)
{
    loyalty__profile__init(ret_message);
    ret_message->name = wire_text(profile->name);
    ret_message->phone = wire_text(profile->phone);
    ret_message->mail = wire_text(profile->mail);
    WIRE_PUT_UNLESS(ret_message, birth_month, (uint32_t)profile->birth_month, 0);
    WIRE_PUT_UNLESS(ret_message, birth_day, (uint32_t)profile->birth_day, 0);
    WIRE_PUT_UNLESS(ret_message, birth_year, (uint32_t)profile->birth_year, 0);
    ret_message->locale = wire_text(profile->locale);
    ret_message->segments = (char **)(uintptr_t)profile->segments;
    ret_message->n_segments = profile->segments_count;
    ret_message->consents = (char **)(uintptr_t)profile->consents;
    ret_message->n_consents = profile->consents_count;
}

int wire_profile_pack(const struct profile *profile, struct arena *arena, struct bytes *ret_bytes)
{
    struct wire_output output;
    Loyalty__Profile message;
    wire_output_begin(&output, arena);
    wire_profile_write(profile, &message);
    wire_output_add(&output, &message.base);
    return wire_output_end(&output, ret_bytes);
}

int wire_profile_unpack(struct bytes bytes, struct arena *arena, struct profile *ret_profile)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *message = NULL;
    const struct wire_scan scan = {.descriptor = &loyalty__profile__descriptor, .strictness = WIRE_TOLERANT};
    const int error = wire_unpack(&scan, bytes, arena, &message, &values.field);
    if (error == 0) {
        wire_profile_read(&values, (const Loyalty__Profile *)message, ret_profile);
    }
    return error != 0 ? error : values.error;
}
