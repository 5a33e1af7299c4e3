#include "lib/batch.h"

#include "base/check.h"
#include "crypto/hash.h"

struct request batch_of(const struct batch_signer *signer, uint64_t first_sequence,
                        const struct request_book *books, size_t count, struct arena *arena)
{
    uint8_t *signature = arena_alloc(arena, 1, SIGNATURE_BYTES);
    uint8_t(*hashes)[HASH_BYTES] = arena_alloc(arena, count, HASH_BYTES);
    CHECK(signature != NULL && hashes != NULL);
    for (size_t i = 0; i < count; i++) {
        hash_bytes(books[i].body.data, books[i].body.size, hashes[i]);
    }
    const struct sign_batch message = {.programme_id = signer->programme_id,
                                       .principal = signer->principal,
                                       .first_sequence = first_sequence,
                                       .count = (uint32_t)count,
                                       .body_hashes = (const uint8_t(*)[HASH_BYTES])hashes};
    sign_batch(signer->pair, &message, signature);
    struct request request = {.id = (uint32_t)first_sequence,
                              .kind = REQUEST_BOOK_BATCH,
                              .batch = {.principal = signer->principal,
                                        .first_sequence = first_sequence,
                                        .count = (uint32_t)count,
                                        .signature = {signature, SIGNATURE_BYTES}}};
    CHECK(wire_batch_pack(books, count, arena, &request.batch.events) == 0);
    return request;
}
