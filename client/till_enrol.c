/* loyalty-till enrol: from an empty folder and a one-time code to a till. */
#include "client/till.h"

#include "client/clock.h"
#include "crypto/invite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTION_CA = 0x200 };

struct arguments {
    struct till_options common;
    struct place place;
    const char *code;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_CA:
        till_set_ca(&arguments->place, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0) {
            /* "URL#CODE" is what the QR code of an invite says. */
            const char *hash = strchr(argument, '#');
            const size_t size = hash != NULL ? (size_t)(hash - argument) : strlen(argument);
            if (size >= sizeof(arguments->place.url)) {
                argp_error(state, "the URL is too long");
            }
            memcpy(arguments->place.url, argument, size);
            arguments->code = hash != NULL ? hash + 1 : NULL;
        } else if (state->arg_num == 1 && arguments->code == NULL) {
            arguments->code = argument;
        } else {
            argp_usage(state);
        }
        return 0;
    case ARGP_KEY_END:
        if (arguments->code == NULL) {
            argp_usage(state);
        }
        till_check_url(&arguments->place, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The till's own key, made here and never told to anybody: on the disk before it is used. */
static int ensure_key(struct till *till)
{
    if (till->has_key) {
        return TILL_EXIT_OK;
    }
    key_pair_make(&client_world, &till->pair);
    const int status = till_key_save(till, TILL_KEY_NAME, &till->pair);
    till->has_key = status == TILL_EXIT_OK;
    return status;
}

static int remember(struct outbox *outbox, const struct place *place, const uint8_t code_hash[HASH_BYTES],
                    const struct session_enrolled *enrolled)
{
    int error = outbox_begin(outbox);
    if (error == 0) {
        error = place_write(outbox, place);
    }
    if (error == 0) {
        error = outbox_set_bytes(outbox, OUTBOX_PROGRAMME_ID, enrolled->programme_id, PROGRAMME_ID_BYTES);
    }
    if (error == 0) {
        error = outbox_set_bytes(outbox, OUTBOX_DAEMON_KEY, enrolled->daemon_key, KEY_BYTES);
    }
    if (error == 0) {
        error = outbox_set_bytes(outbox, OUTBOX_CODE_HASH, code_hash, HASH_BYTES);
    }
    if (error == 0) {
        error = outbox_set_number(outbox, OUTBOX_PRINCIPAL, enrolled->principal);
    }
    if (error == 0) {
        error = outbox_set_text(outbox, OUTBOX_STORE, enrolled->store);
    }
    if (error == 0) {
        error = outbox_set_text(outbox, OUTBOX_LABEL, enrolled->label);
    }
    if (error == 0) {
        error = outbox_commit(outbox);
    }
    if (error != 0) {
        outbox_rollback(outbox);
    }
    return error;
}

/* A till that is enrolled may only repeat its own code: another programme would orphan its queue. */
static int check_repeat(struct till *till, const uint8_t code_hash[HASH_BYTES])
{
    uint8_t known[HASH_BYTES];
    if (till->principal == 0) {
        return TILL_EXIT_OK;
    }
    if (outbox_bytes(&till->outbox, OUTBOX_CODE_HASH, known, HASH_BYTES) == 0 &&
        memcmp(known, code_hash, HASH_BYTES) == 0) {
        return TILL_EXIT_OK;
    }
    till_complain("this folder is till %s of store %s already, enrolled with another code", till->label,
                  till->store);
    return TILL_EXIT_ERROR;
}

static int show(struct till *till, const struct session_enrolled *enrolled)
{
    if (till->options.json) {
        json_object(&till->json, NULL);
        json_unsigned(&till->json, "principal", enrolled->principal);
        json_text(&till->json, "store", enrolled->store);
        json_text(&till->json, "label", enrolled->label);
        json_hex(&till->json, "programme_id",
                 (struct bytes){.data = enrolled->programme_id, .size = PROGRAMME_ID_BYTES});
        json_hex(&till->json, "daemon_key", (struct bytes){.data = enrolled->daemon_key, .size = KEY_BYTES});
        json_end_object(&till->json);
    } else {
        printf("Enrolled: till %s of store %s (principal %u)\n", enrolled->label, enrolled->store,
               enrolled->principal);
    }
    return TILL_EXIT_OK;
}

static int enrol(struct till *till, const struct arguments *arguments)
{
    uint8_t code_hash[HASH_BYTES];
    struct session_enrolled enrolled;
    char text[SESSION_TEXT_BYTES];
    if (invite_code_hash(arguments->code, code_hash) != 0) {
        till_complain("'%s' cannot be the code of an invite", arguments->code);
        return TILL_EXIT_ERROR;
    }
    int status = check_repeat(till, code_hash);
    if (status == TILL_EXIT_OK) {
        status = ensure_key(till);
    }
    if (status != TILL_EXIT_OK) {
        return status;
    }
    const struct session_options options = {.url = arguments->place.url,
                                            .ca = arguments->place.ca[0] != '\0' ? arguments->place.ca : NULL,
                                            .world = &client_world,
                                            .timeout_ms = arguments->common.timeout_ms};
    int error = session_enrol(&options, &till->pair, arguments->code, &enrolled, text);
    if (error != 0) {
        return till_explain(error, text);
    }
    if (till->principal != 0 &&
        (till->principal != enrolled.principal ||
         memcmp(till->programme_id, enrolled.programme_id, PROGRAMME_ID_BYTES) != 0)) {
        return till_explain(ERR_MISMATCH, "the daemon answers the same code otherwise than before");
    }
    error = remember(&till->outbox, &arguments->place, code_hash, &enrolled);
    if (error != 0) {
        return till_explain(error, NULL);
    }
    /* A first conversation, for the currency and the clock: a till must know them before it goes offline. */
    struct delivery delivery;
    status = till_delivery_init(till, &delivery);
    if (status == TILL_EXIT_OK) {
        error = delivery_connect(&delivery);
        status = error != 0 ? till_explain(error, delivery.text) : show(till, &enrolled);
        delivery_fini(&delivery);
    }
    return status;
}

int till_command_enrol(int argc, char **argv)
{
    const struct argp_child children[] = {{.argp = &till_options_argp}, {0}};
    static const struct argp_option options[] = {{.name = "ca",
                                                  .key = OPTION_CA,
                                                  .arg = "FILE",
                                                  .doc = "The certificate of the authority that vouches for "
                                                         "the daemon, for a URL with `ca`; without it those "
                                                         "the system knows"},
                                                 {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "URL CODE\nURL#CODE",
                              .doc = "Become a till: make a key, present the one-time code of an invite and "
                                     "keep who we are in the till's folder. The same code may be sent again.",
                              .children = children};
    struct arguments arguments = {
        .common = {.folder = getenv("LOYALTY_TILL"), .timeout_ms = TILL_TIMEOUT_MS}};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return TILL_EXIT_USAGE;
    }
    if (arguments.common.folder != NULL && mkdir(arguments.common.folder, 0700) != 0 && errno != EEXIST) {
        till_complain("%s: %s", arguments.common.folder, strerror(errno));
        return TILL_EXIT_ERROR;
    }
    struct till till;
    int status = till_open(&till, &arguments.common, false);
    if (status == TILL_EXIT_OK) {
        status = enrol(&till, &arguments);
    }
    till_close(&till);
    return status;
}
