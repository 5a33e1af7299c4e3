/* loyaltyctl operator: the people of the back office and their keys. */
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "client/passphrase.h"
#include "crypto/crypto.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define USAGE_ENROL "say: loyaltyctl operator enrol URL CODE --key FILE"

struct arguments {
    struct ctl_options common;
    const char *url;
    const char *code;
    struct passphrase_change change;
};

static bool take_role(const char *text, void *field)
{
    static const enum role roles[] = {ROLE_CLERK, ROLE_MANAGER, ROLE_ADMIN, ROLE_AUDITOR};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, role_name(roles[i])) == 0) {
            *(enum role *)field = roles[i];
            return true;
        }
    }
    return false;
}

static int invite(const struct command_call *call)
{
    struct ctl_invitation arguments = {.invite = {.expires_ms = CTL_INVITE_MS}};
    return ctl_run_invite(call, &arguments);
}

/* Makes the next key unless one waits since the last try: whatever became of that, the daemon knows no other.
 */
static int ensure_next(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    if (ctl->has_next) {
        return CTL_EXIT_OK;
    }
    key_pair_make(&client_world, &ctl->next);
    if (operator_key_save(ctl->key_path, OPERATOR_KEY_NEXT, &ctl->next, ctl->options.passphrase_file, text) !=
        0) {
        ctl_complain("%s", text);
        return CTL_EXIT_ERROR;
    }
    ctl->has_next = true;
    return CTL_EXIT_OK;
}

static int finish_rotation(struct ctl *ctl, int status, const struct booked *booked)
{
    char text[OPERATOR_TEXT_BYTES];
    int error = 0;
    if (status == CTL_EXIT_OK) {
        error = operator_key_promote(ctl->key_path, text);
    } else if (status == CTL_EXIT_REFUSED) {
        error = operator_key_drop_next(ctl->key_path, text);
    }
    if (error != 0) {
        ctl_complain("%s", text);
        return CTL_EXIT_ERROR;
    }
    if (status == CTL_EXIT_OK && ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "principal", ctl->options.principal);
        json_unsigned(&ctl->json, "position", booked->position);
        json_end_object(&ctl->json);
    } else if (status == CTL_EXIT_OK) {
        printf("%s is another key, from position %" PRIu64 " on. The old one is kept in %s.old.\n",
               ctl->key_path, booked->position, ctl->key_path);
    }
    return status;
}

static int rotate(struct ctl *ctl)
{
    uint8_t proof[SIGNATURE_BYTES];
    uint8_t key[KEY_BYTES];
    struct booked booked;
    int status = ensure_next(ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    memcpy(key, ctl->next.public_key, KEY_BYTES);
    sign_rotate(&ctl->next, ctl->session.programme_id, ctl->options.principal, proof);
    struct event event = {.kind = EVENT_KEY_ROTATED,
                          .key_rotated = {.key = {key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    status = ctl_book(ctl, &event, &booked);
    return finish_rotation(ctl, status, &booked);
}

static int rotate_key(const struct command_call *call)
{
    struct ctl_options arguments;
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = rotate(&ctl);
    }
    ctl_close(&ctl);
    return status;
}

/* Offline from here on. */
static int complain(const char *text)
{
    ctl_complain("%s", text);
    return CTL_EXIT_ERROR;
}

/* The key to enrol with: that of an earlier try, or a new one. */
static int ensure_key(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    if (access(ctl->key_path, F_OK) == 0) {
        const int error = operator_keys_load(ctl->key_path, ctl->options.passphrase_file, &ctl->pair,
                                             &ctl->next, &ctl->has_next, text);
        return error != 0 ? complain(text) : CTL_EXIT_OK;
    }
    key_pair_make(&client_world, &ctl->pair);
    return operator_key_save(ctl->key_path, OPERATOR_KEY_NEW, &ctl->pair, ctl->options.passphrase_file,
                             text) != 0
               ? complain(text)
               : CTL_EXIT_OK;
}

static int show_enrolled(struct ctl *ctl, const struct session_enrolled *enrolled)
{
    if (ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "principal", enrolled->principal);
        json_text(&ctl->json, "role", session_role_name(enrolled->role));
        json_text(&ctl->json, "name", enrolled->label);
        json_text(&ctl->json, "key", ctl->key_path);
        json_end_object(&ctl->json);
    } else {
        printf("Enrolled: %s %s (principal %" PRIu32 "). Work with:  loyaltyctl COMMAND --key %s\n",
               session_role_name(enrolled->role), enrolled->label, enrolled->principal, ctl->key_path);
    }
    return CTL_EXIT_OK;
}

/* "URL CODE" or "URL#CODE": where to, and the code; NULL after a complaint. */
static const char *split_words(const struct ctl *ctl, const struct arguments *arguments,
                               struct place *ret_place)
{
    char text[PLACE_TEXT_BYTES];
    char url[CONNECTION_URL_BYTES_MAX + 1];
    const char *hash = strchr(arguments->url, '#');
    const size_t size = hash != NULL ? (size_t)(hash - arguments->url) : strlen(arguments->url);
    if (ctl->options.key == NULL || size >= sizeof(url) || (hash != NULL) != (arguments->code == NULL)) {
        ctl_complain(USAGE_ENROL);
        return NULL;
    }
    memcpy(url, arguments->url, size);
    url[size] = '\0';
    if (place_make(url, ctl->options.ca, ret_place, text) != 0) {
        ctl_complain("%s", text);
        return NULL;
    }
    return hash != NULL ? hash + 1 : arguments->code;
}

static int enrol_with(struct ctl *ctl, const struct arguments *arguments)
{
    char text[OPERATOR_TEXT_BYTES];
    struct session_enrolled enrolled;
    struct operator_place place = {0};
    const char *code = split_words(ctl, arguments, &ctl->at);
    if (code == NULL) {
        return CTL_EXIT_USAGE;
    }
    int status = ctl_key_path(ctl);
    if (status == CTL_EXIT_OK) {
        status = ensure_key(ctl);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    const struct session_options options = {.url = ctl->at.url,
                                            .ca = ctl->at.ca[0] != '\0' ? ctl->at.ca : NULL,
                                            .world = &client_world,
                                            .timeout_ms = ctl->options.timeout_ms};
    static_assert((int)SESSION_TEXT_BYTES <= (int)OPERATOR_TEXT_BYTES, "its text fits ours");
    if (session_enrol(&options, &ctl->pair, code, &enrolled, text) != 0) {
        return complain(text);
    }
    static_assert((int)PLACE_CA_BYTES == (int)OPERATOR_PATH_BYTES, "its path fits ours");
    memcpy(place.url, ctl->at.url, sizeof(place.url));
    memcpy(place.ca, ctl->at.ca, sizeof(place.ca));
    place.principal = enrolled.principal;
    memcpy(place.programme_id, enrolled.programme_id, PROGRAMME_ID_BYTES);
    memcpy(place.daemon_key, enrolled.daemon_key, KEY_BYTES);
    return operator_place_write(ctl->key_path, &place, text) != 0 ? complain(text)
                                                                  : show_enrolled(ctl, &enrolled);
}

static int enrol(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin_offline(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = enrol_with(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_passphrase(const void *opaque)
{
    return passphrase_check(&((const struct arguments *)opaque)->change);
}

static int change_passphrase(struct ctl *ctl, const struct arguments *arguments)
{
    char text[OPERATOR_TEXT_BYTES];
    const int status = ctl_key_path(ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (operator_keys_load(ctl->key_path, ctl->options.passphrase_file, &ctl->pair, &ctl->next,
                           &ctl->has_next, text) != 0) {
        return complain(text);
    }
    if (ctl->has_next) {
        ctl_complain("a change of this key was begun: loyaltyctl operator rotate-key first");
        return CTL_EXIT_ERROR;
    }
    if (operator_key_save(ctl->key_path, OPERATOR_KEY_REPLACE, &ctl->pair, arguments->change.new_file,
                          text) != 0) {
        return complain(text);
    }
    if (!ctl->options.json) {
        printf("%s is %s\n", ctl->key_path,
               arguments->change.new_file != NULL ? "under the new passphrase" : "without a passphrase");
    }
    return CTL_EXIT_OK;
}

static int passphrase(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin_offline(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = change_passphrase(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_type role = {take_role, "is none of clerk, manager, admin, auditor"};

static const struct command_option invite_options[] = {
    {.name = "role",
     .arg = "R",
     .doc = "clerk, manager, admin or auditor",
     .type = &role,
     .offset = offsetof(struct ctl_invitation, invite.role),
     .missing = "an invite needs --role R and --name N"},
    {.name = "name",
     .arg = "N",
     .doc = "What the operator is called in the log",
     .type = &command_id,
     .offset = offsetof(struct ctl_invitation, invite.label),
     .missing = "an invite needs --role R and --name N"},
    {.name = "store",
     .arg = "S",
     .doc = "The store the operator works in",
     .type = &command_id,
     .offset = offsetof(struct ctl_invitation, invite.store)},
    {0}};

static const struct command_option enrol_options[] = {
    {.arg = "URL", .type = &command_text, .offset = offsetof(struct arguments, url), .missing = USAGE_ENROL},
    {.arg = "CODE", .type = &command_text, .offset = offsetof(struct arguments, code)},
    {0}};

static const struct command_option passphrase_options[] = {PASSPHRASE_OPTIONS(struct arguments, change), {0}};

const struct command ctl_operator_commands[] = {
    {.name = "operator invite",
     .summary = "a one-time code for a new operator",
     .doc = "Make a one-time code for a new operator with a role.",
     .options = invite_options,
     .more = ctl_invite_options,
     .run = invite},
    {.name = "operator enrol",
     .summary = "become one: makes a key",
     .doc = "Become an operator with the URL and the code of an invite (also URL#CODE): makes the key --key.",
     .options = enrol_options,
     .run = enrol},
    {.name = "operator list",
     .summary = "the people of the back office",
     .doc = "List the people of the back office: number, role, store, name and how much each has booked.",
     .run = ctl_run_list_operators},
    CTL_END_COMMANDS("operator retire", "take what was signed until now, nothing later",
                     "Retire operator number N: what was signed until now may still come, nothing later.",
                     "operator revoke", "book nothing of an operator any more",
                     "Revoke operator number N: nothing of it is booked any more."),
    {.name = "operator rotate-key",
     .summary = "change the own key for another",
     .doc = "Change the own key for another. Both sign the change; from its position on the daemon takes the "
            "new one only.",
     .run = rotate_key},
    {.name = "operator passphrase",
     .summary = "put the own key under a passphrase, or change it",
     .doc =
         "Put the own key under a passphrase, change it (--passphrase-file names the one it has) or remove "
         "it.",
     .options = passphrase_options,
     .check = check_passphrase,
     .run = passphrase},
    {0}};
