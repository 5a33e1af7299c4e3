/* How tills become tills. */
#include "load.h"

#include "crypto/hash.h"
#include "crypto/invite.h"
#include "crypto/key_file.h"
#include "model/day.h"
#include "wire/body.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ENROLS_A_LINK = 100 }; /* a link has ten seconds to authenticate */

void load_till_key(uint32_t number, struct key_pair *ret_pair)
{
    uint8_t seed[KEY_BYTES];
    struct hash hash;
    hash_init(&hash);
    hash_add(&hash, "a till of the bench", 19);
    hash_add_u32(&hash, number);
    hash_end(&hash, seed);
    key_pair_from_seed(seed, ret_pair);
}

static void invite_code(uint32_t number, char ret_code[32])
{
    snprintf(ret_code, 32, "BENCH%09" PRIu32, number);
}

/* The store of a till: of the list's entries, again and again, the next. */
static void store_of(const char *stores, uint32_t number, char ret_store[ID_BYTES_MAX + 1])
{
    size_t count = 1;
    for (const char *c = stores; *c != '\0'; c++) {
        count += *c == ',';
    }
    for (size_t skip = number % count; skip > 0; skip--) {
        stores = strchr(stores, ',') + 1;
    }
    snprintf(ret_store, ID_BYTES_MAX + 1, "%.*s", (int)strcspn(stores, ","), stores);
}

/* The operator's invite for a till, booked. */
static void invite(struct load *load, struct link *link, const struct key_pair *pair, uint64_t sequence,
                   uint32_t number)
{
    static uint8_t memory[64 * 1024];
    struct arena arena;
    char code[32];
    char store[ID_BYTES_MAX + 1];
    char label[16];
    uint8_t code_hash[HASH_BYTES];
    uint8_t scratch[512];
    uint8_t signature[SIGNATURE_BYTES];
    struct reply reply;
    arena_init(&arena, memory, sizeof(memory));
    invite_code(number, code);
    load_need(invite_code_hash(code, code_hash), "a code");
    store_of(load->options.stores, number, store);
    snprintf(label, sizeof(label), "t%" PRIu32, number);
    const int64_t now = load_wall_ms();
    /* While history is loaded the log's time is that of what it holds. */
    const int64_t at = load->options.from_ms > 0 ? load->options.from_ms : now;
    const struct event event = {.occurred_at = at,
                                .kind = EVENT_INVITE,
                                .invite = {.code_hash = {code_hash, HASH_BYTES},
                                           .role = ROLE_TERMINAL,
                                           .store = store,
                                           .label = label,
                                           .expires_at = now + DAY_MS}};
    struct request request = {.id = 3, .kind = REQUEST_BOOK, .book = {.principal = 1, .sequence = sequence}};
    load_need(wire_body_pack(&event, &arena, &request.book.body), "an invite");
    const struct sign_event message = {load->programme_id, 1, sequence, request.book.body};
    load_need(sign_event(pair, &message, scratch, sizeof(scratch), signature), "signing an invite");
    request.book.signature = (struct bytes){signature, sizeof(signature)};
    link_ask(link, &request, &arena, &reply);
}

static uint32_t enrol(struct load *load, struct link *link, uint32_t number)
{
    static uint8_t memory[64 * 1024];
    struct arena arena;
    struct key_pair pair;
    char code[32];
    uint8_t code_hash[HASH_BYTES];
    uint8_t proof[SIGNATURE_BYTES];
    struct reply reply;
    arena_init(&arena, memory, sizeof(memory));
    load_till_key(number, &pair);
    invite_code(number, code);
    load_need(invite_code_hash(code, code_hash), "a code");
    sign_enrol(&pair, load->programme_id, code_hash, proof);
    const struct request request = {.id = 4,
                                    .kind = REQUEST_ENROL,
                                    .enrol = {code, {pair.public_key, KEY_BYTES}, {proof, sizeof(proof)}}};
    link_ask(link, &request, &arena, &reply);
    return reply.enrolled.principal;
}

void load_enrol(struct load *load)
{
    static uint8_t memory[64 * 1024];
    struct arena arena;
    uint8_t challenge[HASH_BYTES];
    struct key_file key;
    struct key_pair pair;
    struct link link;
    load_need(key_file_load(load->options.key_path, (struct bytes){0}, &key), "the operator's key");
    key_pair_from_seed(key.secret, &pair);
    link_open(load, &link);
    const uint64_t first = link_authenticate(load, &link, &pair, 1);
    for (uint32_t i = 0; i < load->options.tills; i++) {
        invite(load, &link, &pair, first + i, i);
    }
    link_close(&link);
    FILE *file = fopen(load->options.tills_path, "w");
    if (file == NULL) {
        load_fail("cannot write %s", load->options.tills_path);
    }
    for (uint32_t i = 0; i < load->options.tills; i++) {
        if (i % ENROLS_A_LINK == 0) {
            if (i > 0) {
                link_close(&link);
            }
            arena_init(&arena, memory, sizeof(memory));
            link_open(load, &link);
            link_hello(load, &link, &arena, challenge);
        }
        fprintf(file, "%" PRIu32 " %" PRIu32 "\n", i, enrol(load, &link, i));
    }
    link_close(&link);
    fclose(file);
}

void load_read_tills(struct load *load)
{
    FILE *file = fopen(load->options.tills_path, "r");
    load->tills = calloc(load->options.tills, sizeof(*load->tills));
    if (file == NULL || load->tills == NULL) {
        load_fail("cannot read %s", load->options.tills_path);
    }
    for (uint32_t i = 0; i < load->options.tills; i++) {
        struct till *till = &load->tills[i];
        if (fscanf(file, "%" SCNu32 " %" SCNu32, &till->number, &till->principal) != 2) {
            load_fail("%s has only %" PRIu32 " tills", load->options.tills_path, i);
        }
        load_till_key(till->number, &till->pair);
    }
    fclose(file);
}
