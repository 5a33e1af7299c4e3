/* The till's keys: in their files, changed for others, put under a passphrase.
 *
 * A change of keys is an event like any other, so it can wait in the queue and be sent twice. What must not
 * happen is that the daemon knows a key that is not on our disk. Hence the order:
 *
 *   1. the new key is made and written to till.key.next;
 *   2. the event goes into the outbox, which remembers its sequence;
 *   3. it is sent, now or later; whoever delivers has both keys at hand and uses the one the daemon knows;
 *   4. when its answer is there (settle), till.key becomes till.key.old and till.key.next becomes till.key.
 *
 * Wherever that is interrupted, the next command goes on from there. */
#include "client/till.h"

#include "client/clock.h"
#include "client/passphrase.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_NEXT TILL_KEY_NAME ".next"
#define KEY_OLD TILL_KEY_NAME ".old"

enum { PATH_BYTES = 512 };

/* Loads FOLDER/name; TILL_EXIT_OK also when there is no such file, and unless it `must` be read, when it is
 * under another passphrase. */
static int load(const struct till *till, const char *name, bool must, struct key_pair *ret_pair,
                bool *ret_there)
{
    char path[PATH_BYTES];
    char text[PASSPHRASE_TEXT_BYTES];
    struct key_file file;
    *ret_there = false;
    if (till_path(&till->options, name, path, sizeof(path)) != 0) {
        return TILL_EXIT_ERROR;
    }
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return TILL_EXIT_OK;
    }
    const int error = passphrase_load_key(path, till->options.passphrase_file, &file, text);
    if (error == ERR_SIGNATURE && !must) {
        return TILL_EXIT_OK;
    }
    if (error != 0) {
        till_complain("%s", text);
        return TILL_EXIT_ERROR;
    }
    key_pair_from_seed(file.secret, ret_pair);
    key_file_fini(&file);
    *ret_there = true;
    return TILL_EXIT_OK;
}

/* Writes the key under the passphrase, over what is there. */
static int save(const struct till *till, const char *name, const struct key_pair *pair,
                const char *passphrase_file, enum key_file_mode mode)
{
    char path[PATH_BYTES];
    char text[PASSPHRASE_TEXT_BYTES];
    struct passphrase passphrase;
    struct key_file file = {.kind = "terminal", .signs = true};
    if (till_path(&till->options, name, path, sizeof(path)) != 0) {
        return TILL_EXIT_ERROR;
    }
    if (passphrase_read(passphrase_file, &passphrase, text) != 0) {
        till_complain("%s", text);
        return TILL_EXIT_ERROR;
    }
    memcpy(file.secret, pair->secret, KEY_BYTES);
    const int error = key_file_save(path, &file, mode, passphrase_bytes(&passphrase), &client_world);
    key_file_fini(&file);
    passphrase_fini(&passphrase);
    if (error != 0) {
        till_complain("%s: %s", path, error_text(error));
        return TILL_EXIT_ERROR;
    }
    return TILL_EXIT_OK;
}

int till_key_save(const struct till *till, const char *name, const struct key_pair *pair)
{
    return save(till, name, pair, till->options.passphrase_file, KEY_FILE_NEW);
}

/* Whether it exists under this name in the till's folder. */
static bool exists(const struct till *till, const char *name)
{
    char path[PATH_BYTES];
    return till_path(&till->options, name, path, sizeof(path)) == 0 && access(path, F_OK) == 0;
}

static int move(const struct till *till, const char *from, const char *to)
{
    char from_path[PATH_BYTES];
    char to_path[PATH_BYTES];
    if (till_path(&till->options, from, from_path, sizeof(from_path)) != 0 ||
        till_path(&till->options, to, to_path, sizeof(to_path)) != 0) {
        return TILL_EXIT_ERROR;
    }
    if (rename(from_path, to_path) != 0) {
        till_complain("%s: %s", from_path, strerror(errno));
        return TILL_EXIT_ERROR;
    }
    return TILL_EXIT_OK;
}

/* The new key takes the place of the current one. Done again when it was interrupted. */
static int promote(const struct till *till)
{
    int status = TILL_EXIT_OK;
    if (exists(till, KEY_NEXT)) {
        if (exists(till, TILL_KEY_NAME)) {
            status = move(till, TILL_KEY_NAME, KEY_OLD);
        }
        if (status == TILL_EXIT_OK) {
            status = move(till, KEY_NEXT, TILL_KEY_NAME);
        }
    }
    return status;
}

/* What became of the event that changes the key. */
enum rotation { ROTATION_NONE, ROTATION_WAITS, ROTATION_ACCEPTED, ROTATION_REFUSED };

static int look_up(struct till *till, enum rotation *ret_rotation, uint64_t *ret_position)
{
    int64_t sequence = 0;
    struct outbox_event event;
    struct booked booked;
    enum outcome_code code = CODE_ACCEPTED;
    *ret_rotation = ROTATION_NONE;
    int error = outbox_number(&till->outbox, OUTBOX_ROTATION, &sequence);
    if (error != 0) {
        return error == ERR_NOT_FOUND ? 0 : error;
    }
    arena_reset(&till->arena);
    error = outbox_event_load(&till->outbox, (uint64_t)sequence, &till->arena, &event);
    if (error == 0 && event.booked.size == 0) {
        *ret_rotation = ROTATION_WAITS;
        return 0;
    }
    if (error == 0) {
        error = wire_booked_unpack(event.booked, &till->arena, &booked);
    }
    if (error == 0) {
        error = wire_outcome_code(booked.outcome, &code);
    }
    if (error == 0) {
        *ret_rotation = code == CODE_ACCEPTED ? ROTATION_ACCEPTED : ROTATION_REFUSED;
        *ret_position = booked.position;
    }
    /* An event that is not kept any more was answered long ago. */
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* Finishes a change of keys whose answer is there. */
static int settle(struct till *till, enum rotation *ret_rotation, uint64_t *ret_position)
{
    int status = till_explain(look_up(till, ret_rotation, ret_position), NULL);
    if (status != TILL_EXIT_OK || *ret_rotation == ROTATION_NONE || *ret_rotation == ROTATION_WAITS) {
        return status;
    }
    if (*ret_rotation == ROTATION_ACCEPTED) {
        status = promote(till);
    } else if (exists(till, KEY_NEXT)) {
        char path[PATH_BYTES];
        status = till_path(&till->options, KEY_NEXT, path, sizeof(path));
        if (status == TILL_EXIT_OK && unlink(path) != 0) {
            till_complain("%s: %s", path, strerror(errno));
            status = TILL_EXIT_ERROR;
        }
    }
    if (status == TILL_EXIT_OK) {
        status = till_explain(outbox_unset(&till->outbox, OUTBOX_ROTATION), NULL);
    }
    return status;
}

int till_keys_load(struct till *till)
{
    enum rotation rotation;
    uint64_t position = 0;
    int status = settle(till, &rotation, &position);
    if (status == TILL_EXIT_OK) {
        status = load(till, TILL_KEY_NAME, true, &till->pair, &till->has_key);
    }
    if (status == TILL_EXIT_OK && rotation == ROTATION_WAITS) {
        status = load(till, KEY_NEXT, true, &till->next, &till->has_next);
    }
    if (status == TILL_EXIT_OK) {
        /* A change of the passphrase that was interrupted may have left it behind under the new one. */
        status = load(till, KEY_OLD, false, &till->previous, &till->has_previous);
    }
    return status;
}

void till_keys_fini(struct till *till)
{
    key_pair_fini(&till->pair);
    key_pair_fini(&till->next);
    key_pair_fini(&till->previous);
}

/* Puts the event into the outbox, which remembers it. */
static int queue_rotation(struct till *till)
{
    uint8_t proof[SIGNATURE_BYTES];
    uint64_t sequence = 0;
    sign_rotate(&till->next, till->programme_id, till->principal, proof);
    struct event event = {
        .kind = EVENT_KEY_ROTATED,
        .key_rotated = {.key = {till->next.public_key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    const struct till_event draft = {.event = &event};
    int error = outbox_begin(&till->outbox);
    if (error == 0) {
        error = till_queue(till, &draft, &sequence);
    }
    if (error == 0) {
        error = outbox_set_number(&till->outbox, OUTBOX_ROTATION, (int64_t)sequence);
    }
    if (error == 0) {
        error = outbox_commit(&till->outbox);
    }
    if (error != 0) {
        outbox_rollback(&till->outbox);
    }
    return till_explain(error, NULL);
}

static int begin_rotation(struct till *till)
{
    key_pair_make(&client_world, &till->next);
    int status = save(till, KEY_NEXT, &till->next, till->options.passphrase_file, KEY_FILE_REPLACE);
    if (status == TILL_EXIT_OK) {
        status = queue_rotation(till);
    }
    till->has_next = status == TILL_EXIT_OK;
    return status;
}

static int show_rotation(struct till *till, enum rotation rotation, uint64_t position)
{
    static const char *const states[] = {"none", "queued", "booked", "refused"};
    const struct key_pair *pair = rotation == ROTATION_REFUSED ? &till->pair : &till->next;
    if (till->options.json) {
        json_object(&till->json, NULL);
        json_text(&till->json, "state", states[rotation]);
        json_hex(&till->json, "key", (struct bytes){pair->public_key, KEY_BYTES});
        if (rotation != ROTATION_WAITS) {
            json_unsigned(&till->json, "position", position);
        }
        json_end_object(&till->json);
    } else if (rotation == ROTATION_ACCEPTED) {
        printf("The till has another key, from position %" PRIu64 " on. The old one is kept in %s.\n",
               position, KEY_OLD);
    } else if (rotation == ROTATION_WAITS) {
        printf("The change of the key is queued safely, to be sent later.\n");
    } else {
        till_complain("the change of the key was refused (position %" PRIu64 "): the key stays as it is",
                      position);
    }
    return rotation == ROTATION_REFUSED ? TILL_EXIT_REFUSED : TILL_EXIT_OK;
}

static int rotate(struct till *till, bool offline)
{
    struct delivery delivery = {0};
    enum rotation rotation = ROTATION_WAITS;
    uint64_t position = 0;
    int status = till->has_next ? TILL_EXIT_OK : begin_rotation(till);
    if (status == TILL_EXIT_OK && !offline) {
        till->shown_from = UINT64_MAX; /* what comes of it is told below */
        status = till_delivery_init(till, &delivery);
        const int error = status == TILL_EXIT_OK ? delivery_run(&delivery) : 0;
        if (error != 0 && error != ERR_CLOSED && error != ERR_TIMEOUT) {
            status = till_explain(error, delivery.text);
        } else if (error != 0) {
            till_complain("%s", delivery.text);
        }
        delivery_fini(&delivery);
        const int settled = settle(till, &rotation, &position);
        status = status != TILL_EXIT_OK ? status : settled;
    }
    return status != TILL_EXIT_OK ? status : show_rotation(till, rotation, position);
}

struct arguments {
    struct till_options common;
    bool offline;
    struct passphrase_change change;
};

static int rotate_key(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        status = rotate(&till, arguments.offline);
    }
    till_close(&till);
    return status;
}

/* The current key last: until it is written the old passphrase is the one that counts. */
static int change_passphrase(struct till *till, const struct arguments *arguments)
{
    const char *file = arguments->change.remove ? NULL : arguments->change.new_file;
    if (till->has_next) {
        till_complain("a change of the key waits in the queue: loyalty-till send first");
        return TILL_EXIT_ERROR;
    }
    int status = TILL_EXIT_OK;
    if (till->has_previous) {
        status = save(till, KEY_OLD, &till->previous, file, KEY_FILE_REPLACE);
    }
    if (status == TILL_EXIT_OK) {
        status = save(till, TILL_KEY_NAME, &till->pair, file, KEY_FILE_REPLACE);
    }
    if (status == TILL_EXIT_OK && !till->options.json) {
        printf("The till's key is %s\n", file != NULL ? "under the new passphrase" : "without a passphrase");
    }
    return status;
}

static const char *check_passphrase(const void *opaque)
{
    return passphrase_check(&((const struct arguments *)opaque)->change);
}

static int passphrase(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        status = change_passphrase(&till, &arguments);
    }
    till_close(&till);
    return status;
}

static const struct command_option rotate_options[] = {{.name = "offline",
                                                        .doc = "Only queue it",
                                                        .type = &command_flag,
                                                        .offset = offsetof(struct arguments, offline)},
                                                       {0}};

static const struct command_option passphrase_options[] = {PASSPHRASE_OPTIONS(struct arguments, change), {0}};

const struct command till_key_commands[] = {
    {.name = "rotate-key",
     .summary = "give the till another key",
     .doc = "Give the till another key. Both keys sign for it; from its position in the log on the daemon "
            "takes the new one only. Saying it again while it waits sends it again.",
     .options = rotate_options,
     .run = rotate_key},
    {.name = "passphrase",
     .summary = "put the till's key under a passphrase, or change it",
     .doc = "Put the till's key under a passphrase, change it (--passphrase-file names the one it has) or "
            "remove it.",
     .options = passphrase_options,
     .check = check_passphrase,
     .run = passphrase},
    {0}};
