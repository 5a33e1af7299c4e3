/* Purchases of a till under one signature. */
#include "load.h"

#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_ROOM = 1024 * 1024 };

size_t load_sign_batch(const struct load *load, uint64_t index, uint8_t *memory, struct message *ret_message)
{
    static _Thread_local uint8_t room[BATCH_ROOM];
    struct request_book books[BATCH_EVENTS_MAX];
    uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    struct arena arena;
    struct bytes frame;
    const struct till *till = &load->tills[index % load->options.tills];
    const uint64_t batch = index / load->options.tills;
    const uint32_t count = load->options.batch;
    size_t body_bytes = 0;
    arena_init(&arena, room, sizeof(room));
    for (uint32_t i = 0; i < count; i++) {
        load_make_book(load, till, batch * count + i, &arena, &books[i]);
        hash_bytes(books[i].body.data, books[i].body.size, hashes[i]);
        body_bytes += books[i].body.size;
    }
    const struct sign_batch message = {.programme_id = load->programme_id,
                                       .principal = till->principal,
                                       .first_sequence = books[0].sequence,
                                       .count = count,
                                       .body_hashes = (const uint8_t(*)[HASH_BYTES])hashes};
    sign_batch(&till->pair, &message, signature);
    struct request request = {.id = (uint32_t)batch + 1,
                              .kind = REQUEST_BOOK_BATCH,
                              .batch = {.principal = till->principal,
                                        .first_sequence = books[0].sequence,
                                        .count = count,
                                        .signature = {signature, SIGNATURE_BYTES}}};
    load_need(wire_batch_pack(books, count, &arena, &request.batch.events), "a batch");
    load_need(wire_request_pack(&request, &arena, &frame), "a request");
    load_need(frame.size > count * (size_t)LOAD_PURCHASE_BYTES ? ERR_TOO_LARGE : 0, "a message");
    memcpy(memory, frame.data, frame.size);
    *ret_message = (struct message){.data = memory, .size = (uint32_t)frame.size, .purchases = count};
    return body_bytes;
}
