#include "client/greeting.h"

#include "base/text.h"
#include "client/outbox_event.h"

#include <inttypes.h>
#include <string.h>

enum { CLOCK_OFFSET_STEP_MS = 250 }; /* a smaller change is not worth a write */

/* The log is one we have not met: another epoch than before, or the first one. */
static int meet_log(struct outbox *outbox, const struct session_ready *ready,
                    const struct outbox_counts *counts, char ret_text[SESSION_TEXT_BYTES])
{
    if (ready->expected_sequence < counts->first_kept) {
        session_say(ret_text,
                    "the daemon's log was restored from a copy and wants event %" PRIu64
                    " again, but we keep events from %" PRIu64 " on only: the operator has to decide",
                    ready->expected_sequence, counts->first_kept);
        return ERR_MISMATCH;
    }
    int error = outbox_begin(outbox);
    if (error == 0) {
        error = outbox_event_reopen(outbox, ready->expected_sequence);
    }
    if (error == 0) {
        error = outbox_set_bytes(outbox, OUTBOX_EPOCH, ready->epoch, EPOCH_BYTES);
    }
    if (error == 0) {
        error = outbox_unset(outbox, OUTBOX_LAST_POSITION);
    }
    if (error == 0) {
        error = outbox_unset(outbox, OUTBOX_LAST_CHAIN);
    }
    if (error == 0) {
        error = outbox_commit(outbox);
    }
    if (error != 0) {
        outbox_rollback(outbox);
    }
    return error;
}

int greeting_reconcile(struct outbox *outbox, const struct session_ready *ready,
                       char ret_text[SESSION_TEXT_BYTES])
{
    struct outbox_counts counts;
    uint8_t epoch[EPOCH_BYTES];
    int error = outbox_event_count(outbox, &counts);
    if (error != 0) {
        return error;
    }
    if (ready->expected_sequence > counts.next_sequence) {
        session_say(
            ret_text,
            "the daemon has booked %" PRIu64 " events of this till, but only %" PRIu64
            " were signed here: the till's key is in use elsewhere, or its folder was restored from a copy",
            ready->expected_sequence - 1, counts.next_sequence - 1);
        return ERR_MISMATCH;
    }
    error = outbox_bytes(outbox, OUTBOX_EPOCH, epoch, EPOCH_BYTES);
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    if (error == ERR_NOT_FOUND || memcmp(epoch, ready->epoch, EPOCH_BYTES) != 0) {
        return meet_log(outbox, ready, &counts, ret_text);
    }
    if (ready->log_differs) {
        session_say(ret_text,
                    "the daemon's log does not hold what it told us before, and nobody says it was restored: "
                    "nothing is sent");
        return ERR_MISMATCH;
    }
    if (ready->expected_sequence < counts.first_waiting) {
        session_say(ret_text,
                    "the daemon wants event %" PRIu64
                    " again, which it acknowledged, and nobody says its log was "
                    "restored: nothing is sent",
                    ready->expected_sequence);
        return ERR_MISMATCH;
    }
    return 0;
}

static int remember_text(struct outbox *outbox, const char *name, const char *text)
{
    char known[ID_BYTES_MAX + 1];
    if (text[0] == '\0') {
        return 0;
    }
    const int error = outbox_text(outbox, name, known, sizeof(known));
    if (error == 0 && strcmp(known, text) == 0) {
        return 0;
    }
    return outbox_set_text(outbox, name, text);
}

static int remember_number(struct outbox *outbox, const char *name, int64_t number, int64_t tolerance)
{
    int64_t known = 0;
    const int error = outbox_number(outbox, name, &known);
    if (error == 0 && known - number <= tolerance && number - known <= tolerance) {
        return 0;
    }
    return outbox_set_number(outbox, name, number);
}

int greeting_remember(struct outbox *outbox, const struct session *session)
{
    const struct session_ready *ready = &session->ready;
    int error = remember_text(outbox, OUTBOX_CURRENCY, ready->currency);
    if (error == 0) {
        error = remember_text(outbox, OUTBOX_STORE, ready->store);
    }
    if (error == 0) {
        error = remember_text(outbox, OUTBOX_LABEL, ready->label);
    }
    if (error == 0 && ready->retention_days > 0) {
        error = remember_number(outbox, OUTBOX_RETENTION, ready->retention_days, 0);
    }
    if (error == 0) {
        error = remember_number(outbox, OUTBOX_CLOCK_OFFSET, session->clock_offset_ms, CLOCK_OFFSET_STEP_MS);
    }
    return error;
}
