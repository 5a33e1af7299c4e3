#include "service/service_internal.h"

#include "base/check.h"

#include <string.h>

static void queue_put(struct slot_queue *queue, struct request_slot *slot)
{
    slot->queue_next = NULL;
    if (queue->last == NULL) {
        queue->first = slot;
    } else {
        queue->last->queue_next = slot;
    }
    queue->last = slot;
    queue->count++;
}

static struct request_slot *queue_get(struct slot_queue *queue)
{
    struct request_slot *slot = queue->first;
    if (slot != NULL) {
        queue->first = slot->queue_next;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
        queue->count--;
    }
    return slot;
}

uint64_t slot_tag(const struct service *service, const struct request_slot *slot)
{
    return (uint64_t)slot->generation << 32 | pool_index(&service->slots, slot);
}

struct request_slot *slot_of_tag(struct service *service, uint64_t tag, enum slot_state state)
{
    struct request_slot *slot = pool_at(&service->slots, (uint32_t)tag);
    CHECK(slot != NULL);
    CHECK(slot->generation == (uint32_t)(tag >> 32));
    CHECK(slot->state == state);
    return slot;
}

struct request_slot *slot_take(struct service *service, struct connection *connection)
{
    struct request_slot *slot = pool_take(&service->slots);
    if (slot == NULL) {
        return NULL;
    }
    slot->generation++;
    slot->state = SLOT_WAITING;
    slot->connection = connection;
    slot->sibling = NULL;
    slot->block = NULL;
    slot->failure_text = NULL;
    slot->key_no = 0;
    slot->code_taken = false;
    slot->weight = 1;
    arena_init(&slot->arena, slot->arena_memory, sizeof(slot->arena_memory));
    if (connection->last == NULL) {
        connection->first = slot;
    } else {
        connection->last->sibling = slot;
    }
    connection->last = slot;
    if (connection->unreleased == NULL) {
        connection->unreleased = slot;
    }
    connection->in_flight++;
    return slot;
}

void slot_release(struct service *service, struct request_slot *slot)
{
    struct connection *connection = slot->connection;
    if (connection != NULL) {
        CHECK(connection->first == slot);
        connection->first = slot->sibling;
        if (connection->first == NULL) {
            connection->last = NULL;
        }
        if (connection->unreleased == slot) {
            connection->unreleased = slot->sibling;
        }
        connection->in_flight -= slot->weight;
        if (connection->rotation == slot) {
            connection->rotation = NULL;
        }
        list_add(service, LIST_RIPE, connection);
    }
    if (slot->block != NULL) {
        block_release(service, slot->block);
    }
    slot->generation++;
    slot->connection = NULL;
    pool_give(&service->slots, slot);
}

void slot_fail(struct request_slot *slot, enum failure_code code, const char *text)
{
    slot->state = SLOT_FAILED;
    slot->failure = code;
    slot->failure_text = text;
}

void slot_verify(struct service *service, struct request_slot *slot)
{
    slot->state = SLOT_WAITING;
    queue_put(&service->verify, slot);
}

void slot_ready(struct request_slot *slot)
{
    slot->state = SLOT_VERIFIED;
}

bool reply_send(struct service *service, struct connection *connection, struct bytes frame)
{
    if (connection->out.bytes == 0) {
        connection->sent_ms = service_now_ms(service);
    }
    if (outgoing_add(&connection->out, &service->send_blocks, frame) != 0) {
        session_drop(service, connection);
        return false;
    }
    list_add(service, LIST_DIRTY, connection);
    return true;
}

bool reply_failure(struct service *service, struct connection *connection, uint32_t id,
                   enum failure_code code, const char *text)
{
    const struct reply reply = {
        .id = id,
        .kind = REPLY_FAILURE,
        .failure = {.code = code, .text = text, .now = service->world->wall_ms(service->world->context)},
    };
    struct arena arena;
    struct bytes frame;
    arena_init(&arena, service->reply, sizeof(service->reply));
    const int result = wire_reply_pack(&reply, &arena, &frame);
    CHECK(result == 0);
    return reply_send(service, connection, frame);
}

static void release_to_ledger(struct service *service, struct connection *connection)
{
    struct request_slot *slot = connection->unreleased;
    while (slot != NULL && (slot->state == SLOT_VERIFIED || slot->state == SLOT_FAILED)) {
        if (slot->state == SLOT_VERIFIED && connection->cancelled) {
            slot_fail(slot, connection->words, connection->words_text);
        } else if (slot->state == SLOT_VERIFIED) {
            slot->state = SLOT_QUEUED;
            queue_put(&service->jobs, slot);
            session_released(service, connection, slot);
        }
        slot = slot->sibling;
    }
    connection->unreleased = slot;
}

void requests_advance(struct service *service, struct connection *connection)
{
    release_to_ledger(service, connection);
    while (connection->first != NULL && connection->first->state == SLOT_FAILED) {
        struct request_slot *slot = connection->first;
        const uint32_t id = slot->request.id;
        if (!reply_failure(service, connection, id, slot->failure, slot->failure_text)) {
            return;
        }
        slot_release(service, slot);
    }
}

/* Takes the slots that have lost their connection out of a queue. */
static void queue_forget(struct service *service, struct slot_queue *queue)
{
    struct slot_queue old = *queue;
    *queue = (struct slot_queue){0};
    for (struct request_slot *slot = queue_get(&old); slot != NULL; slot = queue_get(&old)) {
        if (slot->connection == NULL) {
            slot_release(service, slot);
        } else {
            queue_put(queue, slot);
        }
    }
}

void requests_orphan(struct service *service, struct connection *connection)
{
    bool in_verify = false;
    bool in_jobs = false;
    struct request_slot *next;
    for (struct request_slot *slot = connection->first; slot != NULL; slot = next) {
        next = slot->sibling;
        slot->connection = NULL;
        switch (slot->state) {
        case SLOT_VERIFIED:
        case SLOT_FAILED:
            slot_release(service, slot);
            break;
        case SLOT_WAITING:
            in_verify = true;
            break;
        case SLOT_QUEUED:
            in_jobs = true;
            break;
        case SLOT_VERIFYING:
        case SLOT_RUNNING:
            break; /* come back by service_verified and service_answered */
        }
    }
    if (in_verify) {
        queue_forget(service, &service->verify);
    }
    if (in_jobs) {
        queue_forget(service, &service->jobs);
    }
    connection->first = NULL;
    connection->last = NULL;
    connection->unreleased = NULL;
    connection->rotation = NULL;
    connection->in_flight = 0;
}

static void fill_item(struct service *service, struct request_slot *slot, struct verify_item *item)
{
    const struct request *request = &slot->request;
    const uint8_t *key = NULL;
    item->tag = slot_tag(service, slot);
    item->valid = false;
    item->key_no = 0;
    if (request->kind == REQUEST_ENROL) {
        item->kind = VERIFY_ENROL;
        item->signature = request->enrol.proof.data;
        key = request->enrol.key.data;
        memcpy(item->challenge, slot->code_hash, sizeof(item->challenge));
    } else if (request->kind == REQUEST_AUTHENTICATE) {
        item->kind = VERIFY_AUTH;
        item->principal = request->authenticate.principal;
        item->signature = request->authenticate.signature.data;
        memcpy(item->challenge, slot->connection->challenge, sizeof(item->challenge));
        item->bound = slot->connection->secured;
        memcpy(item->binding, slot->connection->binding, sizeof(item->binding));
    } else if (request->kind == REQUEST_BOOK_BATCH) {
        item->kind = VERIFY_BATCH;
        item->principal = request->batch.principal;
        item->sequence = request->batch.first_sequence;
        item->count = request->batch.count;
        item->body = request->batch.events;
        item->signature = request->batch.signature.data;
    } else {
        CHECK(request->kind == REQUEST_BOOK);
        item->kind = VERIFY_EVENT;
        item->principal = request->book.principal;
        item->sequence = request->book.sequence;
        item->body = request->book.body;
        item->signature = request->book.signature.data;
    }
    if (key == NULL) {
        const struct key_entry *entry = keyring_find(service->keyring, item->principal);
        CHECK(entry != NULL);
        key = entry->key;
        item->key_no = entry->key_no;
        memcpy(item->previous_key, entry->previous_key, sizeof(item->previous_key));
    }
    memcpy(item->key, key, sizeof(item->key));
    CHECK(item->signature != NULL);
}

struct verify_group *requests_group(struct service *service)
{
    if (service->verify.first == NULL || pool_left(&service->groups) == 0) {
        return NULL;
    }
    /* Shared out, so that no thread of the pool is without work while another has a long group. */
    const size_t left = pool_left(&service->groups);
    const size_t share = (service->verify.count + left - 1) / left;
    struct verify_group *group = pool_take(&service->groups);
    group->index = pool_index(&service->groups, group);
    group->programme_id = service->programme_id;
    group->count = 0;
    while (service->verify.first != NULL && group->count < share && group->count < VERIFY_ITEMS_MAX) {
        struct request_slot *slot = queue_get(&service->verify);
        slot->state = SLOT_VERIFYING;
        fill_item(service, slot, &group->items[group->count++]);
    }
    return group;
}

static void fill_job(struct service *service, struct request_slot *slot, struct ledger_job *job)
{
    const struct connection *connection = slot->connection;
    *job = (struct ledger_job){
        .request = &slot->request,
        .tag = slot_tag(service, slot),
        .principal = connection->principal,
        .key_no = slot->key_no,
        .connections = service->connections.taken,
    };
    if (slot->request.kind == REQUEST_AUTHENTICATE) {
        job->last_position = connection->last_position;
        if (connection->has_last_chain) {
            /* The connection may go before the ledger is done; the slot stays. */
            void *chain = arena_copy(&slot->arena, connection->last_chain, HASH_BYTES);
            CHECK(chain != NULL);
            job->last_chain = (struct bytes){chain, HASH_BYTES};
        }
    } else if (slot->request.kind == REQUEST_GET_STATUS) {
        slot->metrics = service->metrics;
        job->metrics = &slot->metrics;
    }
}

size_t service_take_jobs(struct service *service, struct ledger_job *ret_jobs, size_t max)
{
    size_t count = 0;
    while (count < max && service->jobs.first != NULL) {
        struct request_slot *slot = queue_get(&service->jobs);
        slot->state = SLOT_RUNNING;
        fill_job(service, slot, &ret_jobs[count++]);
    }
    service->jobs_running += (uint32_t)count;
    return count;
}
