#include "service/service_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

int64_t service_now_ms(const struct service *service)
{
    return service->world->monotonic_ms(service->world->context);
}

void list_add(struct service *service, enum list_kind kind, struct connection *connection)
{
    struct list *list = &service->lists[kind];
    struct list_link *link = &connection->links[kind];
    if (link->on) {
        return;
    }
    *link = (struct list_link){.previous = list->last, .on = true};
    if (list->last == NULL) {
        list->first = connection;
    } else {
        list->last->links[kind].next = connection;
    }
    list->last = connection;
}

void list_remove(struct service *service, enum list_kind kind, struct connection *connection)
{
    struct list *list = &service->lists[kind];
    struct list_link *link = &connection->links[kind];
    if (!link->on) {
        return;
    }
    if (link->previous == NULL) {
        list->first = link->next;
    } else {
        link->previous->links[kind].next = link->next;
    }
    if (link->next == NULL) {
        list->last = link->previous;
    } else {
        link->next->links[kind].previous = link->previous;
    }
    *link = (struct list_link){0};
}

static int pool_new(struct pool *pool, size_t item_bytes, uint32_t count)
{
    void *memory = calloc(count, item_bytes);
    if (memory == NULL) {
        return ERR_NOMEM;
    }
    pool_init(pool, memory, item_bytes, count);
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value == 0 ? fallback : value;
}

/* More than this is a slip in a configuration file. */
enum { POOL_COUNT_MAX = 1000 * 1000 };

static int make_pools(struct service *service, const struct service_options *options)
{
    const struct {
        struct pool *pool;
        size_t item_bytes;
        uint32_t count;
        uint32_t min;
    } table[] = {
        {&service->connections, sizeof(struct connection),
         or_default(options->connections_max, CONNECTIONS_DEFAULT), 1},
        {&service->slots, sizeof(struct request_slot), or_default(options->requests_max, REQUESTS_DEFAULT),
         1},
        {&service->blocks, BLOCK_BYTES, or_default(options->blocks_max, BLOCKS_DEFAULT), 1},
        {&service->blocks_large, BLOCK_LARGE_BYTES,
         or_default(options->blocks_large_max, BLOCKS_LARGE_DEFAULT), 1},
        /* One reply of any size must fit. */
        {&service->send_blocks, SEND_BLOCK_BYTES, or_default(options->send_blocks_max, SEND_BLOCKS_DEFAULT),
         LEDGER_REPLY_BYTES_MAX / (SEND_BLOCK_BYTES - 16) + 2},
        {&service->groups, sizeof(struct verify_group),
         or_default(options->verify_groups_max, VERIFY_GROUPS_DEFAULT), 1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].count < table[i].min || table[i].count > POOL_COUNT_MAX) {
            return ERR_RANGE;
        }
        const int result = pool_new(table[i].pool, table[i].item_bytes, table[i].count);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int make_peers(struct service *service, const struct service_options *options)
{
    const size_t count = peers_entries(service->connections.count);
    struct peer_entry *entries = calloc(count, sizeof(*entries));
    struct peer_entry **heads = calloc(count, sizeof(struct peer_entry *));
    if (entries == NULL || heads == NULL) {
        free(entries);
        free(heads);
        return ERR_NOMEM;
    }
    peers_init(&service->peers, options->limits != NULL ? options->limits : &PEER_LIMITS_DEFAULT, entries,
               heads, count);
    return 0;
}

int service_new(const struct service_options *options, struct service **ret_service)
{
    CHECK(options->world != NULL);
    CHECK(options->software != NULL);
    CHECK(options->idle_timeout_ms >= 0);
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL) {
        return ERR_NOMEM;
    }
    int result = make_pools(service, options);
    if (result == 0) {
        result = make_peers(service, options);
    }
    if (result != 0) {
        goto fail;
    }
    service->keyring = calloc(1, sizeof(*service->keyring));
    service->unpack_memory = calloc(1, UNPACK_BYTES);
    if (service->keyring == NULL || service->unpack_memory == NULL) {
        result = ERR_NOMEM;
        goto fail;
    }
    service->world = options->world;
    service->software = options->software;
    memcpy(service->programme_id, options->programme_id, sizeof(service->programme_id));
    memcpy(service->daemon_key, options->daemon_key, sizeof(service->daemon_key));
    service->idle_timeout_ms =
        options->idle_timeout_ms == 0 ? IDLE_TIMEOUT_MS_DEFAULT : options->idle_timeout_ms;
    *ret_service = service;
    return 0;
fail:
    service_free(service);
    return result;
}

void service_free(struct service *service)
{
    if (service == NULL) {
        return;
    }
    CHECK(service->groups.taken == 0);
    free(service->connections.memory);
    free(service->slots.memory);
    free(service->blocks.memory);
    free(service->blocks_large.memory);
    free(service->send_blocks.memory);
    free(service->groups.memory);
    free(service->peers.entries);
    free(service->peers.heads);
    free(service->keyring);
    free(service->unpack_memory);
    free(service);
}

void service_principal(struct service *service, const struct principal_row *row)
{
    keyring_put(service->keyring, row);
}

static struct connection *connection_at(struct service *service, uint32_t index)
{
    struct connection *connection = pool_at(&service->connections, index);
    CHECK(connection != NULL);
    CHECK(connection->links[LIST_OPEN].on);
    return connection;
}

/* Every input ends here: what became possible by it is done. */
static void settle(struct service *service)
{
    for (;;) {
        struct connection *connection = service->lists[LIST_RIPE].first;
        uint32_t frames_max = UINT32_MAX;
        if (connection != NULL) {
            list_remove(service, LIST_RIPE, connection);
        } else if (service->lists[LIST_WAIT_SLOT].first != NULL && pool_left(&service->slots) > 0) {
            connection = service->lists[LIST_WAIT_SLOT].first;
            list_remove(service, LIST_WAIT_SLOT, connection);
            frames_max = 1;
        } else if (service->lists[LIST_WAIT_BLOCK].first != NULL && pool_left(&service->blocks) > 0) {
            connection = service->lists[LIST_WAIT_BLOCK].first;
            list_remove(service, LIST_WAIT_BLOCK, connection);
        } else if (service->lists[LIST_WAIT_LARGE].first != NULL && pool_left(&service->blocks_large) > 0) {
            connection = service->lists[LIST_WAIT_LARGE].first;
            list_remove(service, LIST_WAIT_LARGE, connection);
        } else {
            return;
        }
        requests_advance(service, connection);
        session_settle(service, connection);
        incoming_pump(service, connection, frames_max);
        list_add(service, LIST_DIRTY, connection);
    }
}

bool service_has_room(const struct service *service)
{
    return !service->stopping && pool_left(&service->connections) > 0;
}

int service_opened(struct service *service, enum peer_kind peer, uint32_t *ret_connection)
{
    struct connection *connection = service->stopping ? NULL : pool_take(&service->connections);
    if (connection == NULL) {
        service->metrics.connections_refused++;
        return ERR_FULL;
    }
    const int64_t now_ms = service_now_ms(service);
    memset(connection, 0, offsetof(struct connection, buffer));
    connection->index = pool_index(&service->connections, connection);
    connection->state = SESSION_NEW;
    connection->peer = peer;
    connection->input = (struct input){.storage = INPUT_OWN, .data = connection->buffer};
    connection->opened_ms = now_ms;
    connection->since_ms = now_ms;
    connection->heard_ms = now_ms;
    connection->told_reading = true;
    list_add(service, LIST_OPEN, connection);
    service->metrics.connections_accepted++;
    *ret_connection = connection->index;
    return 0;
}

void service_secured(struct service *service, uint32_t index, const uint8_t *binding)
{
    struct connection *connection = connection_at(service, index);
    CHECK(connection->peer == PEER_TLS);
    CHECK(!connection->secured);
    connection->secured = true;
    memcpy(connection->binding, binding, sizeof(connection->binding));
    service->metrics.tls_handshakes++;
}

static void count_failure(struct metrics *metrics, enum tls_failure failure)
{
    switch (failure) {
    case TLS_FAILURE_PLAINTEXT:
        metrics->tls_plaintext++;
        break;
    case TLS_FAILURE_VERSION:
        metrics->tls_versions_refused++;
        break;
    case TLS_FAILURE_HANDSHAKE:
        metrics->tls_handshakes_failed++;
        break;
    case TLS_FAILURE_RECORD:
        metrics->tls_records_bad++;
        break;
    case TLS_FAILURE_UNEXPECTED:
        metrics->tls_unexpected++;
        break;
    }
}

void service_tls_failed(struct service *service, uint32_t index, enum tls_failure failure)
{
    struct connection *connection = connection_at(service, index);
    count_failure(&service->metrics, failure);
    if (connection->peer == PEER_TLS) {
        session_drop(service, connection);
        settle(service);
    }
}

/* Closed at once: nothing is said to who has too many connections. */
static void refuse_connection(struct service *service, struct connection *connection, uint64_t *metric)
{
    (*metric)++;
    session_drop(service, connection);
    settle(service);
}

bool service_named(struct service *service, uint32_t index, const struct peer_name *name)
{
    struct connection *connection = connection_at(service, index);
    struct peers *peers = &service->peers;
    const int64_t now_ms = service_now_ms(service);
    CHECK(connection->account == NULL);
    connection->account = peers_enter(peers, name);
    if (!peers_take(peers, connection->account, PEER_LIMIT_connections, 1, now_ms)) {
        refuse_connection(service, connection, &service->metrics.limited_connections);
        return false;
    }
    if (!peers_take(peers, connection->account, PEER_LIMIT_handshakes, 1, now_ms)) {
        refuse_connection(service, connection, &service->metrics.limited_handshakes);
        return false;
    }
    if (!peers_may(peers, connection->account, PEER_LIMIT_bad_signatures, now_ms)) {
        refuse_connection(service, connection, &service->metrics.limited_signatures);
        return false;
    }
    return true;
}

/* Whether the peer may send so much before anybody knows who it is; if not, that was it. */
static bool take_bytes(struct service *service, struct connection *connection, size_t size)
{
    if (connection->account == NULL || connection->state >= SESSION_READY ||
        peers_take(&service->peers, connection->account, PEER_LIMIT_unauthenticated, (int64_t)size,
                   service_now_ms(service))) {
        return true;
    }
    refuse_connection(service, connection, &service->metrics.limited_bytes);
    return false;
}

bool service_handshaking(struct service *service, uint32_t index, size_t size)
{
    struct connection *connection = connection_at(service, index);
    CHECK(size > 0);
    CHECK(connection->peer == PEER_TLS);
    CHECK(!connection->secured);
    return take_bytes(service, connection, size);
}

void service_received(struct service *service, uint32_t index, size_t size)
{
    struct connection *connection = connection_at(service, index);
    CHECK(size > 0);
    CHECK(connection->peer != PEER_TLS || connection->secured);
    if (take_bytes(service, connection, size) && connection->state < SESSION_CLOSING) {
        incoming_received(service, connection, size);
        settle(service);
    }
}

void service_ended(struct service *service, uint32_t index)
{
    struct connection *connection = connection_at(service, index);
    connection->ended = true;
    session_close(service, connection, FAILURE_BAD_FRAME, NULL);
    list_add(service, LIST_RIPE, connection);
    settle(service);
}

void service_sent(struct service *service, uint32_t index)
{
    struct connection *connection = connection_at(service, index);
    outgoing_sent(&connection->out, &service->send_blocks);
    connection->sent_ms = service_now_ms(service);
    list_add(service, LIST_DIRTY, connection);
    list_add(service, LIST_RIPE, connection);
    settle(service);
}

void service_broken(struct service *service, uint32_t index)
{
    session_drop(service, connection_at(service, index));
    settle(service);
}

void service_closed(struct service *service, uint32_t index)
{
    struct connection *connection = connection_at(service, index);
    CHECK(connection->state == SESSION_CLOSED);
    CHECK(connection->told_close);
    outgoing_drop(&connection->out, &service->send_blocks);
    if (connection->account != NULL) {
        peers_leave(&service->peers, connection->account);
    }
    for (unsigned kind = 0; kind < LIST_COUNT; kind++) {
        list_remove(service, (enum list_kind)kind, connection);
    }
    pool_give(&service->connections, connection);
    settle(service);
}

void service_verified(struct service *service, struct verify_group *group)
{
    for (uint32_t i = 0; i < group->count; i++) {
        struct request_slot *slot = slot_of_tag(service, group->items[i].tag, SLOT_VERIFYING);
        struct connection *connection = slot->connection;
        slot->key_no = group->items[i].key_no;
        if (connection == NULL) {
            slot_release(service, slot);
        } else {
            session_verified(service, slot, group->items[i].valid);
            list_add(service, LIST_RIPE, connection);
        }
    }
    pool_give(&service->groups, group);
    settle(service);
}

static void take_note(struct service *service, const struct ledger_result *result)
{
    if (result->note != LEDGER_ADDED && result->note != LEDGER_REKEYED && result->note != LEDGER_REVOKED) {
        return;
    }
    keyring_put(service->keyring, &result->principal);
    const struct key_entry *entry = keyring_find(service->keyring, result->principal.principal);
    if (entry != NULL && entry->revoked && entry->connection != 0) {
        session_cancel(service, pool_at(&service->connections, entry->connection - 1), FAILURE_REVOKED,
                       "this principal was revoked; enrol with a new code of an operator");
    }
}

void service_answered(struct service *service, const struct ledger_result *results, size_t count)
{
    CHECK(count <= service->jobs_running);
    service->jobs_running -= (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct request_slot *slot = slot_of_tag(service, results[i].tag, SLOT_RUNNING);
        take_note(service, &results[i]);
        struct connection *connection = slot->connection;
        if (connection != NULL) {
            /* What the session answered itself before this one has gone out before it. */
            CHECK(connection->first == slot);
            if (reply_send(service, connection, results[i].reply)) {
                session_answered(service, connection, slot, results[i].note);
            }
        }
        slot_release(service, slot);
        if (connection != NULL) {
            requests_advance(service, connection);
        }
    }
    settle(service);
}

/* Those who asked too much go on as far as they may by now. */
static void release_limited(struct service *service, int64_t now_ms)
{
    struct connection *next;
    for (struct connection *connection = service->lists[LIST_WAIT_LIMIT].first; connection != NULL;
         connection = next) {
        next = connection->links[LIST_WAIT_LIMIT].next;
        if (peers_may(&service->peers, connection->account, PEER_LIMIT_requests, now_ms)) {
            list_remove(service, LIST_WAIT_LIMIT, connection);
            list_add(service, LIST_RIPE, connection);
        }
    }
}

void service_tick(struct service *service)
{
    const int64_t now_ms = service_now_ms(service);
    const bool drop = service->stopping && now_ms - service->stop_ms >= STOP_TIMEOUT_MS;
    struct connection *next;
    for (struct connection *connection = service->lists[LIST_OPEN].first; connection != NULL;
         connection = next) {
        next = connection->links[LIST_OPEN].next;
        if (drop) {
            session_drop(service, connection);
        } else {
            session_check_time(service, connection, now_ms);
        }
    }
    release_limited(service, now_ms);
    settle(service);
}

void service_stop(struct service *service)
{
    if (service->stopping) {
        return;
    }
    service->stopping = true;
    service->stop_ms = service_now_ms(service);
    struct connection *next;
    for (struct connection *connection = service->lists[LIST_OPEN].first; connection != NULL;
         connection = next) {
        next = connection->links[LIST_OPEN].next;
        session_close(service, connection, FAILURE_STOPPING, "the daemon stops; connect again later");
    }
    settle(service);
}

bool service_is_idle(const struct service *service)
{
    return service->connections.taken == 0 && service->jobs_running == 0 && service->groups.taken == 0;
}

/* The next output of one connection, from comparing what is with what the adapter was told. */
static bool next_of(struct service *service, struct connection *connection, struct output *ret_output)
{
    ret_output->connection = connection->index;
    if (connection->state == SESSION_CLOSED) {
        if (connection->told_close) {
            return false;
        }
        connection->told_close = true;
        ret_output->kind = OUTPUT_CLOSE;
        return true;
    }
    const bool wanted = incoming_wanted(service, connection);
    if (wanted != connection->told_reading) {
        connection->told_reading = wanted;
        service->metrics.reads_paused += !wanted && connection->state == SESSION_READY;
        ret_output->kind = wanted ? OUTPUT_RESUME : OUTPUT_PAUSE;
        return true;
    }
    if (connection->out.sending == 0 && connection->out.bytes > 0) {
        ret_output->kind = OUTPUT_SEND;
        ret_output->parts_count = outgoing_hand_out(&connection->out, ret_output->parts, SEND_PARTS_MAX);
        return true;
    }
    if (connection->state == SESSION_LINGERING && !connection->told_shutdown) {
        connection->told_shutdown = true;
        ret_output->kind = OUTPUT_SHUTDOWN;
        return true;
    }
    return false;
}

bool service_next(struct service *service, struct output *ret_output)
{
    while (service->lists[LIST_DIRTY].first != NULL) {
        struct connection *connection = service->lists[LIST_DIRTY].first;
        if (next_of(service, connection, ret_output)) {
            return true;
        }
        list_remove(service, LIST_DIRTY, connection);
    }
    ret_output->group = requests_group(service);
    ret_output->kind = OUTPUT_VERIFY;
    return ret_output->group != NULL;
}

const struct metrics *service_metrics(const struct service *service)
{
    return &service->metrics;
}

void service_usage(const struct service *service, struct service_usage *ret_usage)
{
    *ret_usage = (struct service_usage){
        .connections = service->connections.taken,
        .requests = service->slots.taken,
        .blocks = service->blocks.taken,
        .blocks_large = service->blocks_large.taken,
        .send_blocks = service->send_blocks.taken,
        .verify_groups = service->groups.taken,
        .jobs_running = service->jobs_running,
    };
}
