/* loyaltyctl operator: the people of the back office and their keys. */
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "crypto/crypto.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_ROLE = 0x200,
    OPTION_NAME,
    OPTION_STORE,
    OPTION_EXPIRES,
    OPTION_REASON,
    OPTION_URL,
    OPTION_HOST,
    OPTION_CA,
    OPTION_NEW_FILE,
    OPTION_REMOVE,
};

struct arguments {
    struct ctl_options common;
    struct ctl_invite invite;
    bool has_role;
    const char *reason;
    const char *ca;
    const char *new_file;
    bool remove;
    const char *words[2]; /* what is not an option */
    unsigned words_count;
};

static bool role_of(const char *text, enum role *ret_role)
{
    static const enum role roles[] = {ROLE_CLERK, ROLE_MANAGER, ROLE_ADMIN, ROLE_AUDITOR};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, role_name(roles[i])) == 0) {
            *ret_role = roles[i];
            return true;
        }
    }
    return false;
}

static error_t parse_invite(int key, char *argument, struct arguments *arguments, struct argp_state *state)
{
    switch (key) {
    case OPTION_ROLE:
        if (!role_of(argument, &arguments->invite.role)) {
            argp_error(state, "'%s' is none of clerk, manager, admin, auditor", argument);
        }
        arguments->has_role = true;
        return 0;
    case OPTION_NAME:
        arguments->invite.label = argument;
        return 0;
    case OPTION_STORE:
        arguments->invite.store = argument;
        return 0;
    case OPTION_EXPIRES:
        if (!ctl_parse_duration(argument, &arguments->invite.expires_ms)) {
            argp_error(state, "'%s' is not a time such as 15m, 1h or 7d", argument);
        }
        return 0;
    case OPTION_URL:
        arguments->invite.url = argument;
        return 0;
    case OPTION_HOST:
        arguments->invite.host = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_REASON:
        arguments->reason = argument;
        return 0;
    case OPTION_CA:
        arguments->ca = argument;
        return 0;
    case OPTION_NEW_FILE:
        arguments->new_file = argument;
        return 0;
    case OPTION_REMOVE:
        arguments->remove = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->words_count == sizeof(arguments->words) / sizeof(arguments->words[0])) {
            argp_usage(state);
        }
        arguments->words[arguments->words_count++] = argument;
        return 0;
    default:
        return parse_invite(key, argument, arguments, state);
    }
}

static const struct argp_child common[] = {{.argp = &ctl_options_argp, .group = 4}, {0}};

enum subcommand { INVITE, ENROL, LIST, RETIRE, REVOKE, ROTATE_KEY, PASSPHRASE };

static int check_invite(const struct arguments *arguments)
{
    const struct ctl_invite *invite = &arguments->invite;
    if (!arguments->has_role || invite->label == NULL) {
        ctl_complain("an invite needs --role R and --name N");
        return CTL_EXIT_USAGE;
    }
    if (!text_is_id(invite->label, TILL_LABEL_BYTES_MAX) ||
        (invite->store != NULL && !text_is_id(invite->store, ID_BYTES_MAX))) {
        ctl_complain("a name and a store are up to %d letters, digits, '_', '-' and '.'", ID_BYTES_MAX);
        return CTL_EXIT_USAGE;
    }
    return ctl_check_url(invite->url);
}

static int invite(struct ctl *ctl, const struct arguments *arguments)
{
    return ctl_invite(ctl, &arguments->invite);
}

static int list(struct ctl *ctl, const struct arguments *arguments)
{
    (void)arguments;
    return ctl_list_principals(ctl, true);
}

/* The principal named on the command line; 0 after a complaint. */
static uint32_t principal_of(const struct arguments *arguments)
{
    uint64_t number = 0;
    if (arguments->words_count != 1 || number_parse(arguments->words[0], UINT32_MAX, &number) != 0 ||
        number == 0) {
        ctl_complain("whom? `loyaltyctl operator list` has the numbers");
        return 0;
    }
    return (uint32_t)number;
}

static int retire(struct ctl *ctl, const struct arguments *arguments)
{
    const uint32_t principal = principal_of(arguments);
    return principal == 0 ? CTL_EXIT_USAGE : ctl_retire(ctl, principal, arguments->reason);
}

static int revoke_operator(struct ctl *ctl, const struct arguments *arguments)
{
    const uint32_t principal = principal_of(arguments);
    return principal == 0 ? CTL_EXIT_USAGE : ctl_revoke(ctl, principal, arguments->reason);
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

static int rotate_key(struct ctl *ctl, const struct arguments *arguments)
{
    (void)arguments;
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

/* "URL CODE" or "URL#CODE". */
static bool split_words(const struct arguments *arguments, char ret_url[CONNECTION_URL_BYTES_MAX + 1],
                        const char **ret_code)
{
    const char *first = arguments->words_count > 0 ? arguments->words[0] : "";
    const char *hash = strchr(first, '#');
    const size_t size = hash != NULL ? (size_t)(hash - first) : strlen(first);
    if (size == 0 || size > CONNECTION_URL_BYTES_MAX || arguments->words_count != (hash != NULL ? 1u : 2u)) {
        return false;
    }
    memcpy(ret_url, first, size);
    ret_url[size] = '\0';
    *ret_code = hash != NULL ? hash + 1 : arguments->words[1];
    return connection_url_valid(ret_url);
}

static int enrol(struct ctl *ctl, const struct arguments *arguments)
{
    char text[OPERATOR_TEXT_BYTES];
    struct session_enrolled enrolled;
    struct operator_place place = {0};
    const char *code = NULL;
    if (ctl->options.key == NULL || !split_words(arguments, place.url, &code)) {
        ctl_complain("say: loyaltyctl operator enrol URL CODE --key FILE");
        return CTL_EXIT_USAGE;
    }
    int status = ctl_key_path(ctl);
    if (status == CTL_EXIT_OK) {
        status = ensure_key(ctl);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    (void)snprintf(place.ca, sizeof(place.ca), "%s", arguments->ca != NULL ? arguments->ca : "");
    const struct session_options options = {
        .url = place.url, .ca = arguments->ca, .world = &client_world, .timeout_ms = ctl->options.timeout_ms};
    static_assert((int)SESSION_TEXT_BYTES <= (int)OPERATOR_TEXT_BYTES, "its text fits ours");
    if (session_enrol(&options, &ctl->pair, code, &enrolled, text) != 0) {
        return complain(text);
    }
    place.principal = enrolled.principal;
    memcpy(place.programme_id, enrolled.programme_id, PROGRAMME_ID_BYTES);
    memcpy(place.daemon_key, enrolled.daemon_key, KEY_BYTES);
    return operator_place_write(ctl->key_path, &place, text) != 0 ? complain(text)
                                                                  : show_enrolled(ctl, &enrolled);
}

static int passphrase(struct ctl *ctl, const struct arguments *arguments)
{
    char text[OPERATOR_TEXT_BYTES];
    if ((arguments->new_file != NULL) == arguments->remove) {
        ctl_complain("say either --new-passphrase-file FILE or --remove");
        return CTL_EXIT_USAGE;
    }
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
    if (operator_key_save(ctl->key_path, OPERATOR_KEY_REPLACE, &ctl->pair, arguments->new_file, text) != 0) {
        return complain(text);
    }
    if (!ctl->options.json) {
        printf("%s is %s\n", ctl->key_path,
               arguments->new_file != NULL ? "under the new passphrase" : "without a passphrase");
    }
    return CTL_EXIT_OK;
}

static const struct argp_option options[] = {
    {.name = "role", .key = OPTION_ROLE, .arg = "R", .doc = "invite: clerk, manager, admin or auditor"},
    {.name = "name", .key = OPTION_NAME, .arg = "N", .doc = "invite: what the operator is called in the log"},
    {.name = "store", .key = OPTION_STORE, .arg = "S", .doc = "invite: the store the operator works in"},
    {.name = "expires", .key = OPTION_EXPIRES, .arg = "TIME", .doc = "invite: 15m, 1h, 7d (default: 1h)"},
    {.name = "url", .key = OPTION_URL, .arg = "URL", .doc = "invite: where the operator finds the daemon"},
    {.name = "host", .key = OPTION_HOST, .arg = "HOST", .doc = "invite: where it is reached by TLS"},
    {.name = "ca", .key = OPTION_CA, .arg = "FILE", .doc = "enrol: of the authority, where the URL says so"},
    {.name = "new-passphrase-file",
     .key = OPTION_NEW_FILE,
     .arg = "FILE",
     .doc = "passphrase: the one it is to have, in the first line of this file"},
    {.name = "remove", .key = OPTION_REMOVE, .doc = "passphrase: none from now on"},
    {.name = "reason", .key = OPTION_REASON, .arg = "TEXT", .doc = "retire, revoke: kept in the log"},
    {0}};

int ctl_command_operator(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool offline;
        int (*run)(struct ctl *ctl, const struct arguments *arguments);
    } table[] = {
        [INVITE] = {"invite", false, invite},
        [ENROL] = {"enrol", true, enrol},
        [LIST] = {"list", false, list},
        [RETIRE] = {"retire", false, retire},
        [REVOKE] = {"revoke", false, revoke_operator},
        [ROTATE_KEY] = {"rotate-key", false, rotate_key},
        [PASSPHRASE] = {"passphrase", true, passphrase},
    };
    enum { COUNT = sizeof(table) / sizeof(table[0]) };
    const char *names[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = table[i].name;
    }
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[N | URL CODE]",
        .doc =
            "Operators: invite one with a role, become one with a code (enrol), list them, retire or revoke "
            "number N, give the own key another one (rotate-key), put it under a passphrase.",
        .children = common};
    struct arguments arguments = {.invite = {.expires_ms = 60 * 60 * 1000}};
    struct ctl ctl;
    ctl_options_init(&arguments.common);
    const int subcommand = ctl_subcommand(&argc, &argv, names, COUNT);
    if (subcommand < 0 || argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0 ||
        (subcommand == INVITE && check_invite(&arguments) != CTL_EXIT_OK)) {
        return CTL_EXIT_USAGE;
    }
    int status = table[subcommand].offline ? ctl_open_offline(&ctl, &arguments.common)
                                           : ctl_open(&ctl, &arguments.common);
    if (status == CTL_EXIT_OK) {
        status = table[subcommand].run(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}
