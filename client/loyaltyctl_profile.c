/* loyaltyctl member profile: what is known of the person behind a number. */
#include "base/limits.h"
#include "base/text.h"
#include "client/loyaltyctl.h"
#include "client/loyaltyctl_show.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS_MAX = 16, TEXT_BYTES = 1024 };

struct arguments {
    struct ctl_options common;
    uint32_t member;
    const char *items[SETTINGS_MAX];
    struct command_list set;
};

/* A profile that is being changed, and room for its lists. */
struct changing {
    struct profile profile;
    const char *segments[SEGMENTS_MAX];
    const char *consents[CONSENTS_MAX];
    char segments_text[TEXT_BYTES];
    char consents_text[TEXT_BYTES];
};

/* "a,b": ids. False when there are more than `most` or one is none. */
static bool take_ids(const char *value, char *text, const char **ids, size_t most, size_t *ret_count)
{
    size_t count = 0;
    if (strlen(value) >= TEXT_BYTES) {
        return false;
    }
    memcpy(text, value, strlen(value) + 1);
    for (char *id = text; *id != '\0';) {
        char *end = id + strcspn(id, ",");
        const bool more = *end == ',';
        *end = '\0';
        if (count == most || !text_is_id(id, ID_BYTES_MAX)) {
            return false;
        }
        ids[count++] = id;
        id = more ? end + 1 : end;
    }
    *ret_count = count;
    return true;
}

/* "1984-02-29", "--02-29" without a year, or nothing. */
static bool take_birthday(const char *value, struct profile *profile)
{
    enum { ANY_LEAP_YEAR = 2000 };
    char text[DAY_TEXT_BYTES];
    int32_t day;
    const bool told = strncmp(value, "--", 2) != 0;
    if (value[0] == '\0') {
        profile->birth_month = profile->birth_day = profile->birth_year = 0;
        return true;
    }
    const int length = snprintf(text, sizeof(text), "%s%s", told ? "" : "2000-", told ? value : value + 2);
    if (length != DAY_TEXT_BYTES - 1 || day_parse(text, (size_t)length, &day) != 0) {
        return false;
    }
    const struct date date = date_from_day(day);
    profile->birth_month = date.month;
    profile->birth_day = date.day;
    profile->birth_year = told ? date.year : 0;
    return true;
}

static bool take_text(const char *value, size_t bytes_max, const char **field)
{
    *field = value[0] == '\0' ? NULL : value;
    return strlen(value) <= bytes_max;
}

/* One FIELD=VALUE. */
static bool change(struct changing *changing, const char *setting)
{
    struct profile *profile = &changing->profile;
    const char *equals = strchr(setting, '=');
    const size_t size = equals == NULL ? 0 : (size_t)(equals - setting);
    const struct {
        const char *name;
        const char **field;
        size_t bytes_max;
    } texts[] = {{"name", &profile->name, NAME_BYTES_MAX},
                 {"phone", &profile->phone, CARD_BYTES_MAX},
                 {"mail", &profile->mail, MAIL_BYTES_MAX},
                 {"locale", &profile->locale, LOCALE_BYTES_MAX}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (size == strlen(texts[i].name) && memcmp(setting, texts[i].name, size) == 0) {
            return take_text(equals + 1, texts[i].bytes_max, texts[i].field);
        }
    }
    if (size == 8 && memcmp(setting, "birthday", size) == 0) {
        return take_birthday(equals + 1, profile);
    }
    if (size == 8 && memcmp(setting, "segments", size) == 0) {
        profile->segments = changing->segments;
        return take_ids(equals + 1, changing->segments_text, changing->segments, SEGMENTS_MAX,
                        &profile->segments_count);
    }
    if (size == 8 && memcmp(setting, "consents", size) == 0) {
        profile->consents = changing->consents;
        return take_ids(equals + 1, changing->consents_text, changing->consents, CONSENTS_MAX,
                        &profile->consents_count);
    }
    return false;
}

static void show_ids(struct json *json, const char *name, const char *const *ids, size_t count)
{
    json_array(json, name);
    for (size_t i = 0; i < count; i++) {
        json_text(json, NULL, ids[i]);
    }
    json_end_array(json);
}

static void show(struct ctl *ctl, uint32_t member, const struct profile *profile)
{
    struct json *json = &ctl->json;
    char birthday[24];
    if (!ctl->options.json) {
        json_init_plain(json, stdout);
    }
    json_object(json, NULL);
    json_unsigned(json, "member", member);
    ctl_show_optional(json, "name", profile->name);
    ctl_show_optional(json, "phone", profile->phone);
    ctl_show_optional(json, "mail", profile->mail);
    if (profile->birth_month != 0) {
        if (profile->birth_year != 0) {
            (void)snprintf(birthday, sizeof(birthday), "%04d-%02d-%02d", (int)profile->birth_year,
                           (int)profile->birth_month, (int)profile->birth_day);
        } else {
            (void)snprintf(birthday, sizeof(birthday), "--%02d-%02d", (int)profile->birth_month,
                           (int)profile->birth_day);
        }
        json_text(json, "birthday", birthday);
    }
    ctl_show_optional(json, "locale", profile->locale);
    show_ids(json, "segments", profile->segments, profile->segments_count);
    show_ids(json, "consents", profile->consents, profile->consents_count);
    json_end_object(json);
}

static int run_profile_of(struct ctl *ctl, const struct arguments *arguments)
{
    struct changing changing;
    struct reply reply;
    struct request request = {.kind = REQUEST_GET_PROFILE, .get_profile.member = arguments->member};
    int status = ctl_call(ctl, &request, &reply);
    if (status != CTL_EXIT_OK || arguments->set.count == 0) {
        if (status == CTL_EXIT_OK) {
            show(ctl, arguments->member, &reply.profile.profile);
        }
        return status;
    }
    changing.profile = reply.profile.profile;
    for (size_t i = 0; i < arguments->set.count; i++) {
        if (!change(&changing, arguments->set.items[i])) {
            ctl_complain("'%s' is not FIELD=VALUE of a profile; fields are name, phone, mail, birthday "
                         "(1984-02-29, or --02-29 without the year), locale, segments and consents (a,b)",
                         arguments->set.items[i]);
            return CTL_EXIT_ERROR;
        }
    }
    request = (struct request){.kind = REQUEST_SET_PROFILE,
                               .set_profile = {.member = arguments->member, .profile = changing.profile}};
    status = ctl_call(ctl, &request, &reply);
    if (status == CTL_EXIT_OK) {
        show(ctl, arguments->member, &reply.profile.profile);
    }
    return status;
}

static int run_profile(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    arguments.set = (struct command_list){.items = arguments.items, .most = SETTINGS_MAX};
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = run_profile_of(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option options[] = {
    {.arg = "N",
     .type = &command_member,
     .offset = offsetof(struct arguments, member),
     .missing = "which member? Say its number"},
    {.name = "set",
     .arg = "FIELD=VALUE",
     .doc = "Change a field; nothing behind the = takes it away. May be repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, set)},
    {0}};

const struct command ctl_profile_commands[] = {
    {.name = "member profile",
     .summary = "what is known of the person behind a number",
     .doc =
         "Show or change what is known of a member: name, phone, mail, birthday, locale, segments, consents. "
         "It rests encrypted and is never in the log.",
     .options = options,
     .run = run_profile},
    {0}};
