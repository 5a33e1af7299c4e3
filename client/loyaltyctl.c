/* loyaltyctl: the operator's tool. Main, the connection, and what the commands share. */
#include "client/loyaltyctl.h"

#include "client/amount.h"
#include "client/clock.h"
#include "client/delivery.h"
#include "client/place.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_MS = 200,
    CONFLICTS_MAX = 8, /* other loyaltyctl's with the same key that came first */
};

const char *argp_program_version = "loyaltyctl " LOYALTY_VERSION;

void ctl_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    command_complain("loyaltyctl", format, arguments);
    va_end(arguments);
}

static const struct command_option common_options[] = {
    {.name = "data",
     .letter = 'd',
     .arg = "DIR",
     .doc = "The daemon's folder, with its socket and the operator's key (default: $LOYALTY_DATA or "
            "/var/lib/loyaltyd)",
     .type = &command_text,
     .offset = offsetof(struct ctl_options, folder)},
    {.name = "socket",
     .arg = "PATH",
     .doc = "The daemon's socket, or its URL (as enrolled, else DIR/loyaltyd.sock)",
     .type = &command_text,
     .offset = offsetof(struct ctl_options, socket)},
    {.name = "key",
     .arg = "FILE",
     .doc = "The operator's key (DIR/operator.key)",
     .type = &command_text,
     .offset = offsetof(struct ctl_options, key)},
    {.name = "ca",
     .arg = "FILE",
     .doc = "The certificate of the authority that vouches for the daemon, for a URL with `ca`; without it "
            "the one named at enrolment, or those the system knows",
     .type = &command_text,
     .offset = offsetof(struct ctl_options, ca)},
    {.name = "passphrase-file",
     .arg = "FILE",
     .doc = "The key is under the passphrase in the first line of this file",
     .type = &command_text,
     .offset = offsetof(struct ctl_options, passphrase_file)},
    {.name = "principal",
     .arg = "N",
     .doc = "The operator's number (default: as enrolled, else 1)",
     .type = &command_principal,
     .offset = offsetof(struct ctl_options, principal)},
    {.name = "json",
     .doc = "Print JSON",
     .type = &command_flag,
     .offset = offsetof(struct ctl_options, json)},
    {.name = "timeout",
     .arg = "MS",
     .doc = "Give up when the daemon says nothing for this long (default: 10000)",
     .type = &command_milliseconds,
     .offset = offsetof(struct ctl_options, timeout_ms)},
    {0},
};

void ctl_parse(const struct command_call *call, void *arguments)
{
    const char *folder = getenv("LOYALTY_DATA");
    *(struct ctl_options *)arguments = (struct ctl_options){
        .folder = folder != NULL && folder[0] != '\0' ? folder : "/var/lib/loyaltyd", .timeout_ms = 10000};
    command_parse(call, arguments);
}

int ctl_begin(struct ctl *ctl, const struct command_call *call, void *arguments)
{
    ctl_parse(call, arguments);
    return ctl_open(ctl, arguments);
}

int ctl_begin_offline(struct ctl *ctl, const struct command_call *call, void *arguments)
{
    ctl_parse(call, arguments);
    return ctl_open_offline(ctl, arguments);
}

int ctl_open_offline(struct ctl *ctl, const struct ctl_options *options)
{
    *ctl = (struct ctl){.options = *options};
    json_init(&ctl->json, stdout);
    ctl->memory = malloc(CTL_ARENA_BYTES);
    ctl->outcome = malloc(sizeof(*ctl->outcome));
    if (ctl->memory == NULL || ctl->outcome == NULL || crypto_init() != 0) {
        ctl_complain("out of memory or randomness");
        return CTL_EXIT_ERROR;
    }
    arena_init(&ctl->arena, ctl->memory, CTL_ARENA_BYTES);
    return CTL_EXIT_OK;
}

int ctl_key_path(struct ctl *ctl)
{
    const struct ctl_options *options = &ctl->options;
    const int size = options->key != NULL
                         ? snprintf(ctl->key_path, sizeof(ctl->key_path), "%s", options->key)
                         : snprintf(ctl->key_path, sizeof(ctl->key_path), "%s/operator.key", options->folder);
    if (size < 0 || (size_t)size >= sizeof(ctl->key_path)) {
        ctl_complain("the path of the operator's key is too long");
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

/* The key, and where it was enrolled; the first operator's was not. */
static int load_key(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    const int status = ctl_key_path(ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    int error = operator_keys_load(ctl->key_path, ctl->options.passphrase_file, &ctl->pair, &ctl->next,
                                   &ctl->has_next, text);
    if (error == 0) {
        error = operator_place_read(ctl->key_path, &ctl->place, text);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == ERR_NOT_FOUND) {
        ctl_complain("%s: say where the daemon's data is (--data DIR, or set LOYALTY_DATA), or --key FILE",
                     text);
        return CTL_EXIT_ERROR;
    }
    if (error != 0) {
        ctl_complain("%s", text);
        return CTL_EXIT_ERROR;
    }
    if (ctl->options.principal == 0) {
        ctl->options.principal = ctl->place.principal != 0 ? ctl->place.principal : 1;
    }
    return CTL_EXIT_OK;
}

/* Our change of keys was booked, and we did not hear of it. */
static int take_next(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    ctl->pair = ctl->next;
    ctl->has_next = false;
    const int error = operator_key_promote(ctl->key_path, text);
    if (error != 0) {
        ctl_complain("%s", text);
    }
    return error;
}

/* The daemon may have another TLS key soon: its pins are in the URL. */
static void learn_pins(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    struct operator_place changed = ctl->place;
    if (ctl->place.principal != 0 && strcmp(ctl->at.url, ctl->place.url) == 0 &&
        place_learn_url(changed.url, &ctl->session) &&
        operator_place_write(ctl->key_path, &changed, text) == 0) {
        ctl->place = changed;
    }
}

/* On the daemon's own box whoever owns the socket is the daemon: nothing is pinned. */
static int connect_session(struct ctl *ctl)
{
    const bool pinned = ctl->place.principal != 0;
    const struct session_options options = {.url = ctl->at.url,
                                            .ca = ctl->at.ca[0] != '\0' ? ctl->at.ca : NULL,
                                            .world = &client_world,
                                            .timeout_ms = ctl->options.timeout_ms};
    struct session_identity identity = {.principal = ctl->options.principal,
                                        .pair = &ctl->pair,
                                        .programme_id = pinned ? ctl->place.programme_id : NULL,
                                        .daemon_key = pinned ? ctl->place.daemon_key : NULL};
    int error = session_open(&ctl->session, &options, &identity);
    if (error != 0 && ctl->has_next && ctl->session.failed && ctl->session.failure == FAILURE_BAD_SIGNATURE) {
        identity.pair = &ctl->next;
        error = session_open(&ctl->session, &options, &identity);
        if (error == 0) {
            error = take_next(ctl);
        }
    }
    ctl->connected = error == 0;
    if (error == 0) {
        learn_pins(ctl);
    }
    return error;
}

static void disconnect(struct ctl *ctl)
{
    session_close(&ctl->session);
    ctl->connected = false;
}

/* Where the daemon is: --socket, else where the key was enrolled, else the socket of this box. */
static int find_place(struct ctl *ctl)
{
    const struct ctl_options *options = &ctl->options;
    char text[PLACE_TEXT_BYTES];
    char url[CONNECTION_URL_BYTES_MAX + 1];
    const bool enrolled = options->socket == NULL && ctl->place.principal != 0;
    if (options->socket != NULL || enrolled) {
        (void)snprintf(url, sizeof(url), "%s", enrolled ? ctl->place.url : options->socket);
    } else {
        (void)snprintf(url, sizeof(url), "unix:%s/loyaltyd.sock", options->folder);
    }
    const char *ca = options->ca;
    if (ca == NULL && ctl->place.ca[0] != '\0') {
        ca = ctl->place.ca;
    }
    if (place_make(url, ca, &ctl->at, text) != 0) {
        ctl_complain("%s", text);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

int ctl_open(struct ctl *ctl, const struct ctl_options *options)
{
    int status = ctl_open_offline(ctl, options);
    if (status == CTL_EXIT_OK) {
        status = load_key(ctl);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    status = find_place(ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (connect_session(ctl) != 0) {
        ctl_complain("%s", ctl->session.text);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

void ctl_close(struct ctl *ctl)
{
    if (ctl->connected) {
        disconnect(ctl);
    }
    key_pair_fini(&ctl->pair);
    key_pair_fini(&ctl->next);
    free(ctl->memory);
    free(ctl->outcome);
    ctl->memory = NULL;
    ctl->outcome = NULL;
}

int ctl_call(struct ctl *ctl, struct request *request, struct reply *ret_reply)
{
    const int error = session_call(&ctl->session, request, ret_reply);
    if (error != 0) {
        ctl_complain("%s", ctl->session.text);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

static int sign(const struct ctl *ctl, struct bytes body, uint64_t sequence,
                uint8_t ret_signature[SIGNATURE_BYTES])
{
    const size_t scratch_size = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *scratch = malloc(scratch_size);
    if (scratch == NULL) {
        return ERR_NOMEM;
    }
    const struct sign_event event = {.programme_id = ctl->session.programme_id,
                                     .principal = ctl->options.principal,
                                     .sequence = sequence,
                                     .body = body};
    const int error = sign_event(&ctl->pair, &event, scratch, scratch_size, ret_signature);
    free(scratch);
    return error;
}

/* Takes the answer out of the reply, whose memory goes with the next call. */
static int take_booked(struct ctl *ctl, const struct reply *reply, struct booked *ret_booked)
{
    int error = wire_booked_unpack(reply->booked.booked, &ctl->arena, ret_booked);
    if (error == 0) {
        error = wire_outcome_unpack(ret_booked->outcome, &ctl->arena, ctl->outcome);
    }
    return error;
}

/* Sends the same bytes under the same sequence until there is an answer. A sequence that turns out to be
 * booked with another body was never ours: then the event takes the next one. */
static int book_body(struct ctl *ctl, struct bytes body, struct booked *ret_booked)
{
    uint64_t sequence = ctl->session.ready.expected_sequence;
    uint8_t signature[SIGNATURE_BYTES];
    int conflicts = 0;
    const int64_t deadline = clock_monotonic_ms() + ctl->options.timeout_ms;
    for (;;) {
        int error = ctl->connected ? 0 : connect_session(ctl);
        if (error == 0) {
            error = sign(ctl, body, sequence, signature);
        }
        if (error == 0) {
            struct request request = {.kind = REQUEST_BOOK};
            struct reply reply;
            request.book = (struct request_book){.principal = ctl->options.principal,
                                                 .sequence = sequence,
                                                 .body = body,
                                                 .signature = {.data = signature, .size = SIGNATURE_BYTES},
                                                 .opening = ctl->opening};
            error = session_call(&ctl->session, &request, &reply);
            if (error == 0) {
                return take_booked(ctl, &reply, ret_booked);
            }
            const bool taken = ctl->session.failed && (ctl->session.failure == FAILURE_CONFLICT ||
                                                       ctl->session.failure == FAILURE_REPLACED);
            disconnect(ctl);
            if (taken && conflicts++ < CONFLICTS_MAX) {
                const bool conflict = ctl->session.failure == FAILURE_CONFLICT;
                error = connect_session(ctl);
                sequence = error == 0 && conflict ? ctl->session.ready.expected_sequence : sequence;
                if (error == 0) {
                    continue;
                }
            }
        }
        if ((error != ERR_CLOSED && error != ERR_TIMEOUT) || clock_monotonic_ms() + BACKOFF_MS > deadline) {
            return error;
        }
        clock_sleep_ms(BACKOFF_MS);
    }
}

void ctl_say_booked(struct ctl *ctl, const struct booked *booked, const char *format, ...)
{
    if (ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "position", booked->position);
        if (ctl->outcome->member != 0) {
            json_unsigned(&ctl->json, "member", ctl->outcome->member);
        }
        json_end_object(&ctl->json);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
}

int ctl_commit_card(struct ctl *ctl, const char *card, struct bytes *ret_commitment)
{
    if (card_normalise(card, strlen(card), &ctl->card) != 0) {
        ctl_complain("'%s' cannot be a card", card);
        return CTL_EXIT_ERROR;
    }
    crypto_world_random(NULL, ctl->salt, sizeof(ctl->salt));
    crypto_card_commitment(ctl->salt, &ctl->card, ctl->commitment);
    ctl->opening = (struct opening){.salt = {ctl->salt, sizeof(ctl->salt)}, .card = ctl->card.text};
    *ret_commitment = (struct bytes){ctl->commitment, sizeof(ctl->commitment)};
    return CTL_EXIT_OK;
}

int ctl_book(struct ctl *ctl, struct event *event, struct booked *ret_booked)
{
    struct bytes body;
    const int64_t offset = ctl->session.clock_offset_ms;
    event->occurred_at = clock_wall_ms();
    if (offset > DELIVERY_CLOCK_TOLERANCE_MS || offset < -DELIVERY_CLOCK_TOLERANCE_MS) {
        event->occurred_at += offset;
        event->clock_correction = offset;
    }
    int error = wire_body_pack(event, &ctl->arena, &body);
    if (error != 0) {
        ctl_complain("this cannot be put into an event: %s", error_text(error));
        return CTL_EXIT_ERROR;
    }
    error = book_body(ctl, body, ret_booked);
    ctl->opening = (struct opening){0};
    if (error != 0) {
        ctl_complain("not known to be booked: %s",
                     ctl->session.text[0] != '\0' ? ctl->session.text : error_text(error));
        return CTL_EXIT_ERROR;
    }
    if (ctl->outcome->code != CODE_ACCEPTED) {
        ctl_complain("refused (%s): %s", outcome_code_name(ctl->outcome->code),
                     outcome_code_text(ctl->outcome->code));
        return CTL_EXIT_REFUSED;
    }
    return CTL_EXIT_OK;
}

bool ctl_path(char *ret_path, size_t size, const char *folder, const char *name)
{
    const int length = snprintf(ret_path, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size) {
        ctl_complain("%s: the path is too long", folder);
        return false;
    }
    return true;
}

int ctl_read_file(struct ctl *ctl, const char *path, size_t size_max, struct bytes *ret_bytes)
{
    FILE *stream = fopen(path, "re");
    uint8_t *data = arena_alloc(&ctl->arena, size_max + 2, 1);
    if (stream == NULL || data == NULL) {
        ctl_complain("%s: %s", path, stream == NULL ? strerror(errno) : "too large");
        if (stream != NULL) {
            (void)fclose(stream);
        }
        return CTL_EXIT_ERROR;
    }
    const size_t size = fread(data, 1, size_max + 1, stream);
    const bool broken = ferror(stream) != 0;
    (void)fclose(stream);
    if (broken || size > size_max) {
        ctl_complain("%s: %s", path, broken ? "cannot be read" : "larger than a programme may be");
        return CTL_EXIT_ERROR;
    }
    *ret_bytes = (struct bytes){.data = data, .size = size};
    return CTL_EXIT_OK;
}

int main(int argc, char **argv)
{
    static const struct command *const tables[] = {
        ctl_status_commands,    ctl_terminal_commands,  ctl_operator_commands,
        ctl_programme_commands, ctl_test_commands,      ctl_member_commands,
        ctl_hand_commands,      ctl_person_commands,    ctl_receipt_commands,
        ctl_voucher_commands,   ctl_exception_commands, ctl_profile_commands,
        ctl_event_commands,     ctl_explain_commands,   ctl_go_live_commands,
        ctl_backup_commands,    ctl_verify_commands,    NULL};
    static const struct command_program program = {
        .name = "loyaltyctl",
        .doc = "The operator's tool of loyaltyd.",
        .ending = "\n\nExit status: 0 done; 1 failed, or the programme has findings; 3 booked as refused; "
                  "4 a log does not hold; 64 wrong usage.",
        .options = common_options,
        .tables = tables};
    return command_main(&program, argc, argv);
}
