/* A till journal. Every row ends in a receipt or in a problem that names its lines; what is given is within
 * what a body may hold, so that it packs and the daemon reads it. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "client/journal.h"
#include "crypto/card.h"
#include "crypto/crypto.h"
#include "wire/body.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_BYTES = 4 * 1024 * 1024 };

static uint64_t problems;

static void count_problem(void *context, const struct journal_problem *problem)
{
    (void)context;
    CHECK(problem->first_line >= 1 && problem->first_line <= problem->last_line);
    CHECK(problem->reason != NULL && problem->reason[0] != '\0');
    CHECK(strlen(problem->reason) < JOURNAL_TEXT_BYTES);
    problems++;
}

/* The event as the till would send it. */
static void check_event(const struct journal_receipt *receipt)
{
    static uint8_t commitment[HASH_BYTES] = {1};
    struct event event = receipt->event;
    struct event read;
    struct arena arena;
    struct arena other;
    struct bytes body;
    const char *field;
    const bool returned = event.kind == EVENT_GOODS_RETURN;
    CHECK(returned || event.kind == EVENT_PURCHASE);
    if (receipt->card != NULL) {
        struct card_number card;
        CHECK(card_normalise(receipt->card, strlen(receipt->card), &card) == 0);
        *(returned ? &event.goods_return.card : &event.purchase.card) =
            (struct bytes){commitment, sizeof(commitment)};
    }
    arena_init(&arena, fuzz_memory(0, MEMORY_BYTES), MEMORY_BYTES);
    arena_init(&other, fuzz_memory(1, MEMORY_BYTES), MEMORY_BYTES);
    CHECK(wire_body_pack(&event, &arena, &body) == 0);
    CHECK(wire_body_unpack(body, &other, &read, &field) == 0);
    CHECK(read.kind == event.kind);
    if (returned) {
        CHECK(read.goods_return.parts_count == event.goods_return.parts_count);
    } else {
        CHECK(read.purchase.lines_count == event.purchase.lines_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    char text[JOURNAL_TEXT_BYTES];
    CHECK(crypto_init() == 0);
    fd = fd < 0 ? memfd_create("journal", MFD_CLOEXEC) : fd;
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    struct text writer;
    text_init(&writer, path, sizeof(path));
    text_add(&writer, "/proc/self/fd/%d", fd);
    struct journal journal = {0};
    const struct journal_options options = {
        .path = path, .digits = (int)(size % 4), .problem = count_problem};
    const int err = journal_open(&journal, &options, text);
    if (err != 0) {
        CHECK(err == ERR_FORMAT && strlen(text) > 0);
        return 0;
    }
    problems = 0;
    uint64_t last_line = 1;
    uint64_t given = 0;
    for (;;) {
        const struct journal_receipt *receipt = NULL;
        const int found = journal_next(&journal, &receipt);
        CHECK(found == 0 || found == ERR_NOT_FOUND);
        if (found != 0) {
            break;
        }
        CHECK(receipt->first_line > last_line && receipt->first_line <= receipt->last_line);
        last_line = receipt->last_line;
        check_event(receipt);
        given++;
    }
    CHECK(given == journal.receipts_good);
    CHECK(journal.receipts_bad <= problems);
    CHECK(journal_progress(&journal) <= size);
    journal_close(&journal);
    return 0;
}
