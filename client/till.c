/* loyalty-till: a till on the command line. Main, the folder, and what the commands share. */
#include "client/till.h"

#include "client/amount.h"
#include "client/clock.h"
#include "crypto/card.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "loyalty-till " LOYALTY_VERSION;

void till_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    command_complain("loyalty-till", format, arguments);
    va_end(arguments);
}

static const struct command_option common_options[] = {
    {.name = "till",
     .letter = 't',
     .arg = "DIR",
     .doc = "The till's folder (default: $LOYALTY_TILL)",
     .type = &command_text,
     .offset = offsetof(struct till_options, folder)},
    {.name = "json",
     .doc = "Print JSON, one value a line",
     .type = &command_flag,
     .offset = offsetof(struct till_options, json)},
    {.name = "passphrase-file",
     .arg = "FILE",
     .doc = "The till's key is under the passphrase in the first line of this file",
     .type = &command_text,
     .offset = offsetof(struct till_options, passphrase_file)},
    {.name = "timeout",
     .arg = "MS",
     .doc = "Give up when the daemon says nothing for this long (default: 5000)",
     .type = &command_milliseconds,
     .offset = offsetof(struct till_options, timeout_ms)},
    {0},
};

void till_parse(const struct command_call *call, void *arguments)
{
    *(struct till_options *)arguments =
        (struct till_options){.folder = getenv("LOYALTY_TILL"), .timeout_ms = TILL_TIMEOUT_MS};
    command_parse(call, arguments);
}

int till_begin(struct till *till, const struct command_call *call, void *arguments)
{
    till_parse(call, arguments);
    return till_open(till, arguments, true);
}

int till_path(const struct till_options *options, const char *name, char *ret_path, size_t size)
{
    const int written = snprintf(ret_path, size, "%s/%s", options->folder, name);
    if (written < 0 || (size_t)written >= size) {
        till_complain("the name of the till's folder is too long");
        return TILL_EXIT_ERROR;
    }
    return TILL_EXIT_OK;
}

/* What the outbox knows of the till; missing settings leave what was there. */
static int load_identity(struct till *till)
{
    int64_t principal = 0;
    int error = outbox_number(&till->outbox, OUTBOX_PRINCIPAL, &principal);
    if (error != 0) {
        return error == ERR_NOT_FOUND ? 0 : error;
    }
    till->principal = (uint32_t)principal;
    error = outbox_bytes(&till->outbox, OUTBOX_PROGRAMME_ID, till->programme_id, PROGRAMME_ID_BYTES);
    if (error == 0) {
        error = outbox_text(&till->outbox, OUTBOX_STORE, till->store, sizeof(till->store));
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == 0) {
        error = outbox_text(&till->outbox, OUTBOX_LABEL, till->label, sizeof(till->label));
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == 0) {
        error = outbox_number(&till->outbox, OUTBOX_CLOCK_OFFSET, &till->clock_offset_ms);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == 0) {
        error = outbox_text(&till->outbox, OUTBOX_CURRENCY, till->currency, sizeof(till->currency));
        if (error == 0) {
            return amount_digits(till->currency, &till->digits);
        }
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    return error;
}

int till_open(struct till *till, const struct till_options *options, bool must_be_enrolled)
{
    char path[512];
    *till = (struct till){.options = *options, .digits = -1};
    json_init(&till->json, stdout);
    if (options->folder == NULL) {
        till_complain("which till? Say --till DIR or set LOYALTY_TILL");
        return TILL_EXIT_USAGE;
    }
    till->memory = malloc(TILL_ARENA_BYTES);
    if (till->memory == NULL || crypto_init() != 0) {
        till_complain("out of memory or randomness");
        return TILL_EXIT_ERROR;
    }
    arena_init(&till->arena, till->memory, TILL_ARENA_BYTES);
    if (till_path(options, "outbox.db", path, sizeof(path)) != 0) {
        return TILL_EXIT_ERROR;
    }
    int error = outbox_open(&till->outbox, path);
    if (error == 0) {
        error = load_identity(till);
    }
    if (error != 0) {
        till_complain("%s: %s", path,
                      error == ERR_LOCKED ? "another loyalty-till is at work here" : error_text(error));
        return TILL_EXIT_ERROR;
    }
    if (till_keys_load(till) != 0) {
        return TILL_EXIT_ERROR;
    }
    if (must_be_enrolled && (till->principal == 0 || !till->has_key)) {
        till_complain("this till is not enrolled yet: loyalty-till enrol URL CODE");
        return TILL_EXIT_ERROR;
    }
    return TILL_EXIT_OK;
}

void till_close(struct till *till)
{
    outbox_close(&till->outbox);
    till_keys_fini(till);
    free(till->memory);
    till->memory = NULL;
}

int till_explain(int error, const char *text)
{
    const char *what = text != NULL && text[0] != '\0' ? text : error_text(error);
    switch (error) {
    case 0:
        return TILL_EXIT_OK;
    case ERR_MISMATCH:
    case ERR_PERMISSION:
    case ERR_SIGNATURE:
    case ERR_RANGE:
    case ERR_TOO_LARGE:
        till_complain("ALARM: %s", what);
        return TILL_EXIT_ALARM;
    default:
        till_complain("%s", what);
        return TILL_EXIT_ERROR;
    }
}

static void answered(void *context, const struct delivery_answer *answer)
{
    struct till *till = context;
    if (answer->outcome->code != CODE_ACCEPTED) {
        till->refused++;
    }
    if (answer->sequence < till->shown_from) {
        till->earlier++;
        return;
    }
    till_print_answer(till, answer);
}

int till_delivery_init(struct till *till, struct delivery *delivery)
{
    const struct delivery_options options = {
        .outbox = &till->outbox,
        .pair = &till->pair,
        .others = {till->has_next ? &till->next : NULL, till->has_previous ? &till->previous : NULL},
        .world = &client_world,
        .timeout_ms = till->options.timeout_ms,
        .in_flight_max = REQUESTS_IN_FLIGHT_MAX,
        .answered = answered,
        .context = till};
    return till_explain(delivery_init(delivery, &options), NULL);
}

int till_deliver(struct till *till, struct delivery *delivery)
{
    struct outbox_counts counts;
    const int error = delivery_run(delivery);
    if (error != 0 && error != ERR_CLOSED && error != ERR_TIMEOUT) {
        return till_explain(error, delivery->text);
    }
    if (outbox_event_count(&till->outbox, &counts) != 0) {
        till_complain("the outbox cannot be read");
        return TILL_EXIT_ERROR;
    }
    if (till->earlier > 0 && !till->options.json) {
        printf("(delivered from the queue: %" PRIu64 ")\n", till->earlier);
        till->earlier = 0;
    }
    const uint64_t from = counts.first_waiting > till->shown_from ? counts.first_waiting : till->shown_from;
    for (uint64_t sequence = from; error != 0 && sequence < counts.next_sequence; sequence++) {
        till_print_queued(till, sequence);
    }
    if (error != 0 && !till->away) {
        till_complain("%s; what was rung up is queued safely (%" PRIu64 ") and sent later", delivery->text,
                      counts.waiting);
    }
    till->away = error != 0;
    return till->refused > 0 ? TILL_EXIT_REFUSED : TILL_EXIT_OK;
}

int till_deliver_all(struct till *till, uint64_t shown_from)
{
    struct delivery delivery;
    int status = till_delivery_init(till, &delivery);
    if (status == TILL_EXIT_OK) {
        till->shown_from = shown_from;
        status = till_deliver(till, &delivery);
        delivery_fini(&delivery);
    }
    return status;
}

/* The time of an event and what was added to our clock to get it. */
static void set_time(const struct till *till, struct event *event)
{
    if (event->occurred_at == 0) {
        const int64_t offset = till->clock_offset_ms;
        event->occurred_at = clock_wall_ms();
        if (offset > DELIVERY_CLOCK_TOLERANCE_MS || offset < -DELIVERY_CLOCK_TOLERANCE_MS) {
            event->occurred_at += offset;
            event->clock_correction = offset;
        }
    }
}

/* What the daemon would call malformed must not get a sequence: it could never be taken back. */
static int check_body(struct till *till, struct bytes body)
{
    struct event event;
    const char *field = "";
    if (body.size > BODY_TERMINAL_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    const int error = wire_body_unpack(body, &till->arena, &event, &field);
    if (error == ERR_RANGE && field[0] != '\0') {
        till_complain("the %s is missing or out of range", field);
    }
    return error;
}

int till_pack(struct till *till, const struct till_event *draft, struct till_packed *ret_packed)
{
    struct event *event = draft->event;
    struct card_number card = {.text = ""};
    uint8_t commitment[HASH_BYTES];
    set_time(till, event);
    if (draft->card != NULL) {
        const int error = card_normalise(draft->card, strlen(draft->card), &card);
        if (error != 0) {
            return error;
        }
        crypto_world_random(NULL, ret_packed->salt, sizeof(ret_packed->salt));
        crypto_card_commitment(ret_packed->salt, &card, commitment);
        const struct bytes bytes = {.data = commitment, .size = sizeof(commitment)};
        if (event->kind == EVENT_ENROLMENT) {
            event->enrolment.card = bytes;
        } else if (event->kind == EVENT_ACTIVITY) {
            event->activity.card = bytes;
        } else if (event->kind == EVENT_GOODS_RETURN) {
            event->goods_return.card = bytes;
        } else if (event->kind == EVENT_RESERVE) {
            event->reserve.card = bytes;
        } else if (event->kind == EVENT_CLAIM) {
            event->claim.card = bytes;
        } else {
            event->purchase.card = bytes;
        }
    }
    const int error = wire_body_pack(event, &till->arena, &ret_packed->body);
    if (error != 0) {
        return error;
    }
    ret_packed->card = card;
    return check_body(till, ret_packed->body);
}

int till_queue(struct till *till, const struct till_event *draft, uint64_t *ret_sequence)
{
    struct till_packed packed = {.body = {0}};
    const int error = till_pack(till, draft, &packed);
    if (error != 0) {
        return error;
    }
    const struct outbox_draft outbox_draft = {.body = packed.body,
                                              .salt = {.data = packed.salt, .size = sizeof(packed.salt)},
                                              .card = draft->card != NULL ? packed.card.text : NULL,
                                              .locale = draft->locale,
                                              .receipt = draft->receipt,
                                              .queued_at = clock_wall_ms()};
    const struct outbox_signer signer = {
        .pair = &till->pair, .programme_id = till->programme_id, .principal = till->principal};
    return outbox_event_add(&till->outbox, &outbox_draft, draft->sign_later ? NULL : &signer, ret_sequence);
}

/* The event that has this receipt in the outbox; `ret_refused`: it was booked, and its receipt is not taken.
 */
static int find_known(struct till *till, const char *name, uint64_t *ret_sequence, bool *ret_waits,
                      bool *ret_refused)
{
    struct outbox_event event;
    struct booked booked;
    enum outcome_code code = CODE_ACCEPTED;
    int error = outbox_event_by_receipt(&till->outbox, name, ret_sequence);
    const size_t used = till->arena.used;
    error = error != 0 ? error : outbox_event_load(&till->outbox, *ret_sequence, &till->arena, &event);
    if (error == 0 && event.booked.size > 0) {
        error = wire_booked_unpack(event.booked, &till->arena, &booked);
        error = error != 0 ? error : wire_outcome_code(booked.outcome, &code);
    }
    *ret_waits = error == 0 && event.booked.size == 0;
    /* One that is booked under another event stands there. */
    *ret_refused = code != CODE_ACCEPTED && code != CODE_DUPLICATE_RECEIPT;
    arena_rewind(&till->arena, used);
    return error;
}

/* Queues it. A receipt is not rung up twice, but a refusal takes none: 0 with sequence 0 says that it is in
 * the outbox already. */
static int queue_once(struct till *till, const struct till_event *draft, uint64_t *ret_sequence)
{
    uint64_t known = 0;
    bool waits = false;
    bool refused = false;
    *ret_sequence = 0;
    int error = till_queue(till, draft, ret_sequence);
    if (error != ERR_EXISTS) {
        return error;
    }
    error = find_known(till, draft->receipt, &known, &waits, &refused);
    if (error == 0 && refused) {
        error = outbox_event_free_receipt(&till->outbox, known);
        return error != 0 ? error : till_queue(till, draft, ret_sequence);
    }
    if (error == 0) {
        till_complain("receipt %s was rung up before: event %" PRIu64 ", %s. Nothing is sent twice",
                      draft->receipt, known, waits ? "waiting" : "acknowledged");
    }
    return error;
}

int till_tell(struct till *till, const struct till_event *draft, bool offline)
{
    uint64_t sequence = 0;
    const int error = queue_once(till, draft, &sequence);
    if (error == 0 && sequence == 0) {
        return offline ? TILL_EXIT_OK : till_deliver_all(till, UINT64_MAX);
    }
    if (error != 0) {
        till_complain("the %s could not be queued: %s", event_kind_name(draft->event->kind),
                      error_text(error));
        return TILL_EXIT_ERROR;
    }
    if (offline) {
        till_print_queued(till, sequence);
        return TILL_EXIT_OK;
    }
    return till_deliver_all(till, sequence);
}

int till_ask(struct till *till, struct till_question *question, const void *arguments)
{
    struct delivery delivery;
    struct reply reply;
    int status = till_delivery_init(till, &delivery);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    int error = delivery_connect(&delivery);
    if (error != 0) {
        status = till_explain(error, delivery.text);
    } else {
        error = session_call(&delivery.session, &question->request, &reply);
        if (error == ERR_NOT_FOUND && question->nothing != NULL) {
            till_complain("%s", question->nothing);
            status = TILL_EXIT_REFUSED;
        } else if (error != 0) {
            status = till_explain(error, delivery.session.text);
        } else {
            question->show(till, &reply, arguments);
        }
    }
    delivery_fini(&delivery);
    return status;
}

int main(int argc, char **argv)
{
    static const struct command *const tables[] = {till_enrol_commands,  till_purchase_commands,
                                                   till_import_commands, till_return_commands,
                                                   till_redeem_commands, till_counter_commands,
                                                   till_member_commands, till_move_commands,
                                                   till_key_commands,    NULL};
    static const struct command_program program = {
        .name = "loyalty-till",
        .doc = "A till on the command line.",
        .ending =
            " A till never loses a purchase: it is signed and on the disk before it is sent, and waits "
            "there while the daemon cannot be reached.\n\nExit status: 0 booked or safely queued; 1 "
            "failed, nothing was done; 3 booked as refused; 4 alarm, the daemon and this till disagree; "
            "64 wrong usage.",
        .options = common_options,
        .tables = tables};
    return command_main(&program, argc, argv);
}
