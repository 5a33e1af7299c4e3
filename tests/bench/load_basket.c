/* What the tills sell, signed on all processors. */
#include "load.h"

#include "crypto/card.h"
#include "model/day.h"
#include "wire/body.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST_ROOM = 8 * 1024, THREADS_MAX = 16 };

/* A basket: a lunch, a coffee and something from the shelf, paid by card. */
struct basket {
    struct line lines[3];
    struct tender tender;
    struct event event;
    char number[24];
    char skus[3][16];
    uint8_t salt[CARD_SALT_BYTES];
    uint8_t commitment[HASH_BYTES];
    struct card_number card;
};

/* Purchase `number` of a till, from 0. */
static void fill_basket(const struct load *load, const struct till *till, uint64_t number,
                        struct basket *basket)
{
    static const char *const categories[3] = {"lunch", "coffee", "groceries"};
    static const int64_t base[3] = {650, 250, 100};
    static const int64_t spread[3] = {600, 200, 2000};
    const struct load_options *options = &load->options;
    const uint64_t index = number * options->tills + (uint64_t)(till - load->tills);
    uint64_t random = load_mix(options->seed << 40 ^ index);
    const uint64_t member =
        1 + (options->in_turn ? options->in_turn_from + index : random) % options->members;
    int64_t sum = 0;
    *basket = (struct basket){.tender = {.kind = TENDER_CARD}};
    for (size_t i = 0; i < 3; i++) {
        random = load_mix(random);
        snprintf(basket->skus[i], sizeof(basket->skus[i]), "40063810%05u", (unsigned)(random >> 20) % 99999);
        basket->lines[i] = (struct line){.sku = basket->skus[i],
                                         .category = categories[i],
                                         .quantity = QUANTITY_DEFAULT,
                                         .gross = base[i] + (int64_t)(random >> 40) % spread[i]};
        sum += basket->lines[i].gross;
    }
    basket->tender.amount = sum;
    snprintf(basket->number, sizeof(basket->number), "%06" PRIu64, till->next + number);
    char text[32];
    snprintf(text, sizeof(text), "CARD%010" PRIu64, member);
    load_need(card_normalise(text, strlen(text), &basket->card), "a card");
    for (size_t i = 0; i < sizeof(basket->salt); i++) {
        basket->salt[i] = (uint8_t)(random >> (i % 8 * 8));
        random = i == 7 ? load_mix(random) : random;
    }
    crypto_card_commitment(basket->salt, &basket->card, basket->commitment);
    const int64_t at = options->from_ms > 0 ? options->from_ms + (int64_t)index * options->span_ms /
                                                                     (int64_t)options->purchases
                                            : load_wall_ms();
    basket->event = (struct event){
        .occurred_at = at,
        .kind = EVENT_PURCHASE,
        .purchase = {.receipt = {.business_date = (int32_t)(at / DAY_MS), .number = basket->number},
                     .card = {basket->commitment, HASH_BYTES},
                     .lines = basket->lines,
                     .lines_count = 3,
                     .tenders = &basket->tender,
                     .tenders_count = 1}};
}

void load_make_book(const struct load *load, const struct till *till, uint64_t number, struct arena *arena,
                    struct request_book *ret_book)
{
    struct basket *basket = arena_alloc(arena, 1, sizeof(*basket));
    load_need(basket == NULL ? ERR_NOMEM : 0, "a basket");
    fill_basket(load, till, number, basket);
    *ret_book = (struct request_book){
        .principal = till->principal,
        .sequence = till->next + number,
        .opening = {.salt = {basket->salt, sizeof(basket->salt)}, .card = basket->card.text}};
    load_need(wire_body_pack(&basket->event, arena, &ret_book->body), "a body");
}

/* The message of one purchase; how large its body is. */
static size_t sign_one(const struct load *load, uint64_t index, uint8_t *memory, struct message *ret_message)
{
    struct arena arena;
    uint8_t room[REQUEST_ROOM];
    uint8_t scratch[1024];
    uint8_t signature[SIGNATURE_BYTES];
    struct bytes frame;
    const struct till *till = &load->tills[index % load->options.tills];
    const uint64_t number = index / load->options.tills;
    struct request request = {.id = (uint32_t)number + 1, .kind = REQUEST_BOOK};
    arena_init(&arena, room, sizeof(room));
    load_make_book(load, till, number, &arena, &request.book);
    const struct sign_event message = {load->programme_id, till->principal, request.book.sequence,
                                       request.book.body};
    load_need(sign_event(&till->pair, &message, scratch, sizeof(scratch), signature), "signing");
    request.book.signature = (struct bytes){signature, sizeof(signature)};
    load_need(wire_request_pack(&request, &arena, &frame), "a request");
    load_need(frame.size > LOAD_PURCHASE_BYTES ? ERR_TOO_LARGE : 0, "a message");
    memcpy(memory, frame.data, frame.size);
    *ret_message = (struct message){.data = memory, .size = (uint32_t)frame.size, .purchases = 1};
    return request.book.body.size;
}

struct part {
    pthread_t thread;
    struct load *load;
    size_t from;
    size_t to;
    uint64_t body_bytes;
};

static void *sign_part(void *context)
{
    struct part *part = context;
    const size_t count = part->to - part->from;
    const uint32_t batch = part->load->options.batch;
    uint8_t *memory = malloc(count * (batch > 0 ? batch : 1) * LOAD_PURCHASE_BYTES + 1);
    if (memory == NULL) {
        load_fail("no memory");
    }
    for (size_t i = 0; i < count; i++) {
        struct message *message = &part->load->messages[part->from + i];
        part->body_bytes += batch > 0 ? load_sign_batch(part->load, part->from + i, memory, message)
                                      : sign_one(part->load, part->from + i, memory, message);
        memory += message->size;
    }
    return NULL;
}

void load_sign(struct load *load)
{
    struct part parts[THREADS_MAX] = {0};
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t threads = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (size_t)processors;
    load->messages_count = load->options.purchases / (load->options.batch > 0 ? load->options.batch : 1);
    load->messages = calloc(load->messages_count, sizeof(*load->messages));
    if (load->messages == NULL) {
        load_fail("no memory");
    }
    for (size_t i = 0; i < threads; i++) {
        parts[i].load = load;
        parts[i].from = load->messages_count * i / threads;
        parts[i].to = load->messages_count * (i + 1) / threads;
        if (pthread_create(&parts[i].thread, NULL, sign_part, &parts[i]) != 0) {
            load_fail("no thread");
        }
    }
    for (size_t i = 0; i < threads; i++) {
        pthread_join(parts[i].thread, NULL);
        load->body_bytes += parts[i].body_bytes;
    }
}
