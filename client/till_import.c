/* Receipts go through in groups: a group is signed and synced in the outbox together, then sent, and while
 * its answers come in the next group is read and signed. What became of a receipt is remembered in the outbox
 * with its event, in one transaction: so the import may be cut off anywhere, by either side, and be started
 * again. */

#include "base/check.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/journal.h"
#include "client/outbox_import.h"
#include "client/till.h"
#include "crypto/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SEEN_MAX = 4096,  /* receipts looked at in one transaction, when nearly all were imported before */
    ROWS_KEPT = 1024, /* more than the events that wait for an answer at once */
    PROGRESS_MS = 250,
};

#define DIGEST_TAG "loyaltyd import v1"

/* Where in the journal an event's receipt stands. */
struct rows {
    uint64_t first_line;
    uint64_t last_line;
};

struct import {
    struct till *till;
    const char *path;
    struct delivery delivery;
    struct journal journal;
    FILE *problems;   /* what is not booked, as it will be told at the end; a file without a name */
    struct json json; /* on it */
    struct rows rows[ROWS_KEPT]; /* of the last events, by sequence */
    bool reading;                /* false: what was queued before is delivered */
    uint64_t earlier;            /* events queued before and delivered now */
    uint64_t receipts;           /* of the journal that could be read */
    uint64_t signed_now;
    uint64_t booked;
    uint64_t known;   /* booked by an earlier run */
    uint64_t refused; /* by the daemon, now or in an earlier run */
    uint64_t unfit;   /* of those read, not signed */
    bool shows_progress;
    int64_t started;  /* monotonic ms */
    int64_t shown_at; /* monotonic ms */
};

static_assert(ROWS_KEPT > 2 * TILL_GROUP_MAX, "the rows of every event without an answer are kept");

/* Notes something that is not booked. Lines 0: it stands in no line of this run. */
static void note(struct import *import, struct rows rows, const char *receipt, const char *reason)
{
    if (import->till->options.json) {
        struct json *json = &import->json;
        json_object(json, NULL);
        json_unsigned(json, "first_line", rows.first_line);
        json_unsigned(json, "last_line", rows.last_line);
        json_text(json, "receipt", receipt);
        json_text(json, "reason", reason);
        json_end_object(json);
        return;
    }
    fprintf(import->problems, "%s:%" PRIu64, import->path, rows.first_line);
    if (rows.last_line > rows.first_line) {
        fprintf(import->problems, "-%" PRIu64, rows.last_line);
    }
    fputs(": ", import->problems);
    if (receipt != NULL) {
        fputs("receipt ", import->problems);
        for (const char *c = receipt; *c != '\0'; c++) {
            putc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, import->problems);
        }
        fputs(": ", import->problems);
    }
    fprintf(import->problems, "%s\n", reason);
}

static void problem(void *context, const struct journal_problem *problem)
{
    const struct rows rows = {problem->first_line, problem->last_line};
    note(context, rows, problem->receipt, problem->reason);
}

static void note_refusal(struct import *import, struct rows rows, const char *receipt, uint64_t sequence,
                         enum outcome_code code)
{
    char reason[TILL_TEXT_BYTES];
    (void)snprintf(reason, sizeof(reason), "refused as event %" PRIu64 ": %s", sequence,
                   outcome_code_text(code));
    note(import, rows, receipt, reason);
    import->refused++;
}

/* The number in the name the outbox knows a receipt by: what is behind store, date and till. */
static const char *number_of(const char *name)
{
    for (int slashes = 0; name != NULL && slashes < 3; slashes++) {
        name = strchr(name, '/');
        name = name != NULL ? name + 1 : NULL;
    }
    return name;
}

/* An event that was queued before this run. Those of the journal are told when their lines are reached. */
static void answered_earlier(struct import *import, const struct outbox_event *event,
                             const struct delivery_answer *answer)
{
    struct till *till = import->till;
    struct outbox_import known;
    import->earlier++;
    if (answer->outcome->code == CODE_ACCEPTED ||
        (event->receipt != NULL &&
         outbox_import_find(&till->outbox, event->receipt, &till->arena, &known) == 0)) {
        return;
    }
    till_complain("event %" PRIu64 ", queued earlier, was refused: %s", answer->sequence,
                  outcome_code_text(answer->outcome->code));
    till->refused++;
}

static void answered(void *context, const struct delivery_answer *answer)
{
    struct import *import = context;
    struct till *till = import->till;
    struct outbox_event event = {0};
    if (import->reading && answer->outcome->code == CODE_ACCEPTED) {
        import->booked++;
        return;
    }
    arena_reset(&till->arena);
    if (outbox_event_load(&till->outbox, answer->sequence, &till->arena, &event) != 0) {
        event = (struct outbox_event){0};
    }
    if (import->reading) {
        note_refusal(import, import->rows[answer->sequence % ROWS_KEPT], number_of(event.receipt),
                     answer->sequence, answer->outcome->code);
    } else {
        answered_earlier(import, &event, answer);
    }
}

static void show_progress(struct import *import, bool at_once)
{
    const int64_t now = clock_monotonic_ms();
    if (!import->shows_progress || (!at_once && now - import->shown_at < PROGRESS_MS)) {
        return;
    }
    import->shown_at = now;
    const uint64_t elapsed = now > import->started ? (uint64_t)(now - import->started) : 1;
    const uint64_t done = journal_progress(&import->journal);
    const uint64_t size = import->journal.size;
    fprintf(stderr, "\r\033[K%" PRIu64 " receipts", import->receipts);
    if (import->signed_now > 0) {
        fprintf(stderr, ", %" PRIu64 " a second", import->signed_now * 1000 / elapsed);
    }
    if (size > 0 && done > 0 && done <= size) {
        const uint64_t left = elapsed * (size - done) / done / 1000;
        fprintf(stderr, ", %" PRIu64 " %%, about %" PRIu64 ":%02" PRIu64 " left", done * 100 / size,
                left / 60, left % 60);
    }
    (void)fflush(stderr);
}

/* What the receipt holds, whichever till reads it. */
static int digest_of(struct import *import, const struct event *event, const char *card,
                     uint8_t ret_digest[HASH_BYTES])
{
    struct event plain = *event;
    struct bytes body;
    struct hash hash;
    struct receipt *own = journal_own_receipt(&plain);
    own->store = NULL;
    own->till = NULL;
    const int error = wire_body_pack(&plain, &import->till->arena, &body);
    if (error == 0) {
        hash_init(&hash);
        hash_add(&hash, DIGEST_TAG, sizeof(DIGEST_TAG));
        hash_add_u64(&hash, body.size);
        hash_add(&hash, body.data, body.size);
        hash_add(&hash, card != NULL ? card : "", card != NULL ? strlen(card) : 0);
        hash_end(&hash, ret_digest);
    }
    return error;
}

/* The receipt became an event before. */
static void meet_again(struct import *import, const struct journal_receipt *receipt,
                       const struct outbox_import *known, const uint8_t digest[HASH_BYTES])
{
    const struct rows rows = {receipt->first_line, receipt->last_line};
    struct event event = receipt->event;
    const char *number = journal_own_receipt(&event)->number;
    struct booked booked;
    enum outcome_code code;
    if (memcmp(known->digest, digest, HASH_BYTES) != 0) {
        char reason[TILL_TEXT_BYTES];
        (void)snprintf(reason, sizeof(reason),
                       "it was imported before as event %" PRIu64 ", with other contents", known->sequence);
        note(import, rows, number, reason);
        import->unfit++;
    } else if (known->booked.size > 0 &&
               wire_booked_unpack(known->booked, &import->till->arena, &booked) == 0 &&
               wire_outcome_code(booked.outcome, &code) == 0 && code != CODE_ACCEPTED) {
        note_refusal(import, rows, number, known->sequence, code);
    } else {
        import->known++;
    }
}

/* Signs a receipt, in the transaction of its group. */
static int sign_receipt(struct import *import, const struct journal_receipt *receipt, const char *name,
                        const uint8_t digest[HASH_BYTES])
{
    struct till *till = import->till;
    struct event event = receipt->event;
    struct receipt *key = journal_own_receipt(&event);
    const char *number = key->number;
    uint64_t sequence = 0;
    /* What is this till's own need not be said. */
    if (key->store == NULL || strcmp(key->store, till->store) == 0) {
        key->store = NULL;
        key->till = strcmp(key->till, till->label) == 0 ? NULL : key->till;
    }
    const struct till_event draft = {
        .event = &event, .card = receipt->card, .receipt = name, .sign_later = true};
    int error = till_queue(till, &draft, &sequence);
    if (error == ERR_TOO_LARGE || error == ERR_RANGE || error == ERR_FORMAT) {
        char reason[TILL_TEXT_BYTES];
        (void)snprintf(reason, sizeof(reason), "its event would be %s",
                       error == ERR_TOO_LARGE ? "larger than 60 KiB" : error_text(error));
        note(import, (struct rows){receipt->first_line, receipt->last_line}, number, reason);
        import->unfit++;
        return 0;
    }
    if (error == 0) {
        error = outbox_import_add(&till->outbox, name, sequence, digest);
    }
    if (error == 0) {
        import->rows[sequence % ROWS_KEPT] = (struct rows){receipt->first_line, receipt->last_line};
        import->signed_now++;
    }
    return error;
}

static int take_receipt(struct import *import, const struct journal_receipt *receipt)
{
    struct till *till = import->till;
    struct event event = receipt->event;
    char name[OUTBOX_RECEIPT_BYTES_MAX + 1];
    uint8_t digest[HASH_BYTES];
    struct outbox_import known;
    uint64_t sequence = 0;
    arena_reset(&till->arena);
    till_receipt_name(till, journal_own_receipt(&event), name);
    int error = digest_of(import, &receipt->event, receipt->card, digest);
    if (error != 0) {
        return error;
    }
    error = outbox_import_find(&till->outbox, name, &till->arena, &known);
    if (error == 0) {
        meet_again(import, receipt, &known, digest);
        return 0;
    }
    if (error != ERR_NOT_FOUND) {
        return error;
    }
    /* Rung up with `loyalty-till purchase` on this till. */
    error = outbox_event_by_receipt(&till->outbox, name, &sequence);
    if (error == 0) {
        import->known++;
        return 0;
    }
    return error == ERR_NOT_FOUND ? sign_receipt(import, receipt, name, digest) : error;
}

/* Reads and signs a group of receipts; synced on return. */
static int sign_group(struct import *import, bool *ret_at_end)
{
    struct outbox *outbox = &import->till->outbox;
    const uint64_t before = import->signed_now;
    int error = outbox_begin(outbox);
    if (error != 0) {
        return error;
    }
    for (unsigned seen = 0; error == 0 && seen < SEEN_MAX && import->signed_now - before < TILL_GROUP_MAX;
         seen++) {
        const struct journal_receipt *receipt = NULL;
        error = journal_next(&import->journal, &receipt);
        if (error == ERR_NOT_FOUND) {
            *ret_at_end = true;
            error = 0;
            break;
        }
        if (error == 0) {
            import->receipts++;
            error = take_receipt(import, receipt);
        }
    }
    if (error == 0) {
        error = outbox_commit(outbox);
    }
    if (error != 0) {
        outbox_rollback(outbox);
    }
    return error;
}

/* Why the import stops here, and that nothing is lost. */
static int stop(struct import *import, int error)
{
    if (import->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    if (error != ERR_CLOSED && error != ERR_TIMEOUT) {
        return till_explain(error, import->delivery.text);
    }
    till_complain("%s; what is signed is safe: run the same command again to go on", import->delivery.text);
    return TILL_EXIT_ERROR;
}

static int transfer(struct import *import)
{
    bool at_end = false;
    import->started = clock_monotonic_ms();
    import->reading = true;
    while (!at_end) {
        int error = sign_group(import, &at_end);
        if (error != 0) {
            import->delivery.text[0] = '\0';
            return stop(import, error);
        }
        /* Half of what may be in flight stays so while the next group is signed. */
        error = delivery_run_until(&import->delivery, TILL_GROUP_MAX);
        if (error != 0) {
            return stop(import, error);
        }
        show_progress(import, at_end);
    }
    const int error = delivery_run(&import->delivery);
    return error != 0 ? stop(import, error) : TILL_EXIT_OK;
}

/* What is not booked, and how many are. */
static void tell(struct import *import, bool whole)
{
    const int64_t elapsed = clock_monotonic_ms() - import->started;
    const uint64_t unreadable = import->journal.receipts_bad;
    struct json *json = &import->till->json;
    char piece[4096];
    size_t size = 0;
    if (import->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    rewind(import->problems);
    while ((size = fread(piece, 1, sizeof(piece), import->problems)) > 0) {
        (void)fwrite(piece, 1, size, stdout);
    }
    if (import->till->options.json) {
        json_object(json, NULL);
        json_bool(json, "whole", whole);
        json_unsigned(json, "receipts", import->receipts + unreadable);
        json_unsigned(json, "booked", import->booked);
        json_unsigned(json, "booked_before", import->known);
        json_unsigned(json, "refused", import->refused);
        json_unsigned(json, "not_sent", import->unfit + unreadable);
        json_unsigned(json, "delivered_earlier", import->earlier);
        json_integer(json, "milliseconds", elapsed);
        json_end_object(json);
        return;
    }
    printf("%s: %" PRIu64 " receipts%s: %" PRIu64 " booked, %" PRIu64 " booked before, %" PRIu64
           " refused, %" PRIu64 " not sent\n",
           import->path, import->receipts + unreadable, whole ? "" : " so far", import->booked, import->known,
           import->refused, import->unfit + unreadable);
    if (import->booked > 0 && elapsed > 0) {
        printf("%" PRId64 ".%" PRId64 " s, %" PRIu64 " receipts a second\n", elapsed / 1000,
               elapsed % 1000 / 100, import->booked * 1000 / (uint64_t)elapsed);
    }
}

static int open_journal(struct import *import)
{
    char text[JOURNAL_TEXT_BYTES];
    const struct journal_options options = {
        .path = import->path, .digits = import->till->digits, .problem = problem, .context = import};
    import->problems = tmpfile();
    if (import->problems == NULL) {
        till_complain("no room for a temporary file: %s", strerror(errno));
        return TILL_EXIT_ERROR;
    }
    json_init(&import->json, import->problems);
    if (journal_open(&import->journal, &options, text) != 0) {
        till_complain("%s: %s", import->path, text);
        return TILL_EXIT_ERROR;
    }
    return TILL_EXIT_OK;
}

/* Delivers what waits, and by that meets the daemon: only then the currency is known for sure. */
static int meet(struct import *import)
{
    struct till *till = import->till;
    const struct delivery_options options = {.outbox = &till->outbox,
                                             .pair = &till->pair,
                                             .world = &client_world,
                                             .timeout_ms = till->options.timeout_ms,
                                             .in_flight_max = REQUESTS_IN_FLIGHT_MAX,
                                             .answered = answered,
                                             .context = import};
    int error = delivery_init(&import->delivery, &options);
    if (error == 0) {
        error = delivery_run(&import->delivery);
    }
    if (error != 0) {
        return stop(import, error);
    }
    if (outbox_text(&till->outbox, OUTBOX_CURRENCY, till->currency, sizeof(till->currency)) != 0 ||
        amount_digits(till->currency, &till->digits) != 0) {
        till_complain("the programme has no currency this till knows");
        return TILL_EXIT_ERROR;
    }
    error = outbox_text(&till->outbox, OUTBOX_STORE, till->store, sizeof(till->store));
    if (error == 0 || error == ERR_NOT_FOUND) {
        error = outbox_text(&till->outbox, OUTBOX_LABEL, till->label, sizeof(till->label));
    }
    return error == 0 || error == ERR_NOT_FOUND ? TILL_EXIT_OK : till_explain(error, NULL);
}

static int run(struct till *till, const char *path)
{
    struct import *import = calloc(1, sizeof(*import));
    if (import == NULL) {
        return till_explain(ERR_NOMEM, NULL);
    }
    import->till = till;
    import->path = path;
    import->shows_progress = isatty(STDERR_FILENO) == 1;
    int status = meet(import);
    if (status == TILL_EXIT_OK) {
        status = open_journal(import);
    }
    if (status == TILL_EXIT_OK) {
        status = transfer(import);
        tell(import, status == TILL_EXIT_OK);
    }
    if (status == TILL_EXIT_OK && (import->refused + import->unfit + import->journal.receipts_bad > 0 ||
                                   import->journal.stray_line > 0 || till->refused > 0)) {
        status = TILL_EXIT_REFUSED;
    }
    journal_close(&import->journal);
    if (import->problems != NULL) {
        (void)fclose(import->problems);
    }
    delivery_fini(&import->delivery);
    free(import);
    return status;
}

struct arguments {
    struct till_options common;
    const char *path;
};

static int import(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        status = run(&till, arguments.path);
    }
    till_close(&till);
    return status;
}

static const struct command_option import_options[] = {{.arg = "FILE.csv",
                                                        .type = &command_text,
                                                        .offset = offsetof(struct arguments, path),
                                                        .missing = "which file?"},
                                                       {0}};

const struct command till_import_commands[] = {
    {.name = "import",
     .summary = "send the receipts of a till journal, as of last year",
     .doc = "Sign and send the receipts of a till journal, in the order of the file ('-': standard input)."
            "\vThe columns are those of docs/journal.md; the first line names them. Receipts that were "
            "imported before are left out, so an import that was cut off is simply started again. What "
            "cannot be booked is listed at the end with its line and the reason; everything else is booked "
            "all the same.\n"
            "\n"
            "Exit status: 0 all is booked; 3 something is listed; 1 failed, run it again to go on; 4 alarm, "
            "the daemon and this till disagree; 64 wrong usage.",
     .options = import_options,
     .run = import},
    {0}};
