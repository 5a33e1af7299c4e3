/* loyalty-till enrol: from an empty folder and a one-time code to a till. */
#include "client/till.h"

#include "client/clock.h"
#include "crypto/invite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct arguments {
    struct till_options common;
    const char *url;
    const char *code;
    const char *ca;
};

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

static int present(struct till *till, const char *code, const struct place *place)
{
    uint8_t code_hash[HASH_BYTES];
    struct session_enrolled enrolled;
    char text[SESSION_TEXT_BYTES];
    if (invite_code_hash(code, code_hash) != 0) {
        till_complain("'%s' cannot be the code of an invite", code);
        return TILL_EXIT_ERROR;
    }
    int status = check_repeat(till, code_hash);
    if (status == TILL_EXIT_OK) {
        status = ensure_key(till);
    }
    if (status != TILL_EXIT_OK) {
        return status;
    }
    const struct session_options options = {.url = place->url,
                                            .ca = place->ca[0] != '\0' ? place->ca : NULL,
                                            .world = &client_world,
                                            .timeout_ms = till->options.timeout_ms};
    int error = session_enrol(&options, &till->pair, code, &enrolled, text);
    if (error != 0) {
        return till_explain(error, text);
    }
    if (till->principal != 0 &&
        (till->principal != enrolled.principal ||
         memcmp(till->programme_id, enrolled.programme_id, PROGRAMME_ID_BYTES) != 0)) {
        return till_explain(ERR_MISMATCH, "the daemon answers the same code otherwise than before");
    }
    error = remember(&till->outbox, place, code_hash, &enrolled);
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

/* "URL CODE", or "URL#CODE" as the QR code of an invite has it: the code; NULL after a complaint. */
static const char *split(const struct arguments *arguments, struct place *ret_place)
{
    char url[CONNECTION_URL_BYTES_MAX + 1];
    const char *hash = strchr(arguments->url, '#');
    const size_t size = hash != NULL ? (size_t)(hash - arguments->url) : strlen(arguments->url);
    if (size >= sizeof(url) || (hash != NULL) != (arguments->code == NULL)) {
        till_complain("say: loyalty-till enrol URL CODE, or URL#CODE");
        return NULL;
    }
    memcpy(url, arguments->url, size);
    url[size] = '\0';
    if (till_place(url, arguments->ca, ret_place) != TILL_EXIT_OK) {
        return NULL;
    }
    return hash != NULL ? hash + 1 : arguments->code;
}

static int enrol(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct place place;
    till_parse(call, &arguments);
    const char *code = split(&arguments, &place);
    if (code == NULL) {
        return TILL_EXIT_USAGE;
    }
    if (arguments.common.folder != NULL && mkdir(arguments.common.folder, 0700) != 0 && errno != EEXIST) {
        till_complain("%s: %s", arguments.common.folder, strerror(errno));
        return TILL_EXIT_ERROR;
    }
    struct till till;
    int status = till_open(&till, &arguments.common, false);
    if (status == TILL_EXIT_OK) {
        status = present(&till, code, &place);
    }
    till_close(&till);
    return status;
}

static const struct command_option options[] = {
    {.arg = "URL",
     .type = &command_text,
     .offset = offsetof(struct arguments, url),
     .missing = "say: loyalty-till enrol URL CODE, or URL#CODE"},
    {.arg = "CODE", .type = &command_text, .offset = offsetof(struct arguments, code)},
    {.name = "ca",
     .arg = "FILE",
     .doc = "The certificate of the authority that vouches for the daemon, for a URL with `ca`; without it "
            "those the system knows",
     .type = &command_text,
     .offset = offsetof(struct arguments, ca)},
    {0}};

const struct command till_enrol_commands[] = {
    {.name = "enrol",
     .summary = "become a till, with the code of an invite",
     .doc = "Become a till: make a key, present the one-time code of an invite and keep who we are in the "
            "till's folder. The same code may be sent again. URL#CODE is what the invite's QR code says.",
     .options = options,
     .run = enrol},
    {0}};
