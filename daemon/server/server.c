#include "server/server_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "server/systemd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TICK_MS = 1000,
    /* A commit that still has not ended this long after the service has closed its last connection. */
    ABANDON_MS = STOP_TIMEOUT_MS + 10 * 1000,
};

int server_raise_files(uint32_t connections_max, char *ret_text, size_t text_size)
{
    const rlim_t needed = (rlim_t)connections_max + SERVER_FDS_RESERVE;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    if (limit.rlim_cur >= needed) {
        return 0;
    }
    const rlim_t hard = limit.rlim_max;
    limit.rlim_cur = needed;
    if (hard >= needed && setrlimit(RLIMIT_NOFILE, &limit) == 0) {
        return 0;
    }
    snprintf(ret_text, text_size,
             "%u connections need %llu open files, the limit is %llu: raise it (LimitNOFILE= in the unit, "
             "ulimit -n) or lower `connections` in the configuration",
             connections_max, (unsigned long long)needed, (unsigned long long)hard);
    return ERR_RANGE;
}

void server_set_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1) {
        processors = 1;
    } else if (processors > VERIFY_THREADS_MAX) {
        processors = VERIFY_THREADS_MAX;
    }
    char text[16];
    snprintf(text, sizeof(text), "%ld", processors);
    (void)setenv("UV_THREADPOOL_SIZE", text, 0);
}

static void on_handle_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void close_any(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_handle_closed);
    }
}

/* The loop ends when everything is closed and the groups on the pool are back. */
static void close_all(struct server *server, bool abandon)
{
    server->state = SERVER_CLOSING;
    store_thread_stop(&server->store, abandon);
    for (size_t i = 0; i < server->listeners_count; i++) {
        server->listeners[i].open = false;
    }
    uv_walk(&server->loop, close_any, NULL);
}

/* Nothing is answered after an error of the ledger: what is on disk is told by the next start. */
static void fail(struct server *server, int error)
{
    log_line(LOG_LEVEL_ERROR, "server: the ledger failed, stopping without answers: %s", error_text(error));
    server->error = error;
    close_all(server, true);
}

static void on_verified(uv_work_t *work, int status)
{
    struct verify_work *verify = work->data;
    struct server *server = verify->server;
    CHECK(status == 0);
    server->verifying--;
    service_verified(server->options.service, verify->group);
    server_drain(server);
}

static void on_verify(uv_work_t *work)
{
    const struct verify_work *verify = work->data;
    verify_group_run(verify->group);
}

static void verify_on_pool(struct server *server, struct verify_group *group)
{
    CHECK(group->index < VERIFY_GROUPS_DEFAULT);
    struct verify_work *verify = &server->works[group->index];
    *verify = (struct verify_work){.server = server, .group = group};
    verify->work.data = verify;
    const int result = uv_queue_work(&server->loop, &verify->work, on_verify, on_verified);
    CHECK(result == 0);
    server->verifying++;
}

/* An event that comes alone is checked by the loop itself: to wake another thread and be woken by it takes as
 * long as the check. Only when every socket has been looked at is it known to be alone. */
static void start_verify(struct server *server, struct verify_group *group)
{
    const bool single = group->count == 1 && group->items[0].kind == VERIFY_EVENT;
    if (single && server->verifying == 0 && server->lone == NULL) {
        server->lone = group;
        return;
    }
    if (server->lone != NULL) {
        verify_on_pool(server, server->lone);
        server->lone = NULL;
    }
    verify_on_pool(server, group);
}

static void verify_lone(struct server *server)
{
    struct verify_group *group = server->lone;
    if (group != NULL && server->state != SERVER_CLOSING) {
        server->lone = NULL;
        verify_group_run(group);
        service_verified(server->options.service, group);
        server_drain(server);
    }
}

/* Whatever came is in. */
static void on_heard(uv_check_t *check)
{
    verify_lone(check->data);
}

/* The loop must not sleep on it: it may have come from elsewhere than a socket. */
static void on_before_waiting(uv_prepare_t *prepare)
{
    verify_lone(prepare->data);
}

static bool pass_jobs(struct server *server)
{
    struct ledger_job jobs[BATCH_EVENTS_MAX];
    const size_t count = service_take_jobs(server->options.service, jobs, BATCH_EVENTS_MAX);
    if (count > 0) {
        store_thread_push(&server->store, jobs, count);
    }
    return count > 0;
}

static void on_tick(uv_timer_t *timer);

static void set_tick(struct server *server)
{
    struct service_usage usage;
    service_usage(server->options.service, &usage);
    const bool wanted = usage.connections > 0 || server->state == SERVER_DRAINING;
    const bool runs = uv_is_active((const uv_handle_t *)&server->tick);
    if (wanted && !runs) {
        uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
    } else if (!wanted && runs) {
        uv_timer_stop(&server->tick);
    }
}

void server_drain(struct server *server)
{
    bool more = true;
    while (more && server->state != SERVER_CLOSING) {
        struct output output;
        more = pass_jobs(server);
        while (service_next(server->options.service, &output)) {
            more = true;
            if (output.kind == OUTPUT_VERIFY) {
                start_verify(server, output.group);
            } else {
                peer_output(server, &output);
            }
        }
        more = peers_feed(server) || more;
    }
    if (server->state == SERVER_DRAINING && service_is_idle(server->options.service)) {
        close_all(server, false);
    }
    if (server->state != SERVER_CLOSING) {
        set_tick(server);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct server *server = timer->data;
    service_tick(server->options.service);
    peers_tidy(server);
    const struct world *world = server->options.world;
    if (server->state == SERVER_DRAINING &&
        world->monotonic_ms(world->context) - server->draining_ms >= ABANDON_MS) {
        log_line(LOG_LEVEL_WARNING, "server: stopping before every request was answered");
        close_all(server, true);
        return;
    }
    server_drain(server);
}

static void on_watchdog(uv_timer_t *timer)
{
    struct server *server = timer->data;
    if (store_thread_alive(&server->store, &server->watchdog_seen)) {
        systemd_notify("WATCHDOG=1");
    }
}

static void on_answered(uv_async_t *async)
{
    struct server *server = async->data;
    if (server->state == SERVER_CLOSING) {
        return;
    }
    const int error = store_thread_error(&server->store);
    if (error != 0) {
        fail(server, error);
        return;
    }
    const struct store_batch *batch;
    while ((batch = store_thread_collect(&server->store)) != NULL) {
        service_answered(server->options.service, batch->results, batch->count);
        store_thread_release(&server->store);
    }
    server_drain(server);
}

static void begin_drain(struct server *server)
{
    const struct world *world = server->options.world;
    systemd_notify("STOPPING=1");
    log_line(LOG_LEVEL_NOTICE, "server: stopping");
    server->state = SERVER_DRAINING;
    server->draining_ms = world->monotonic_ms(world->context);
    listeners_close(server);
    service_stop(server->options.service);
    server_drain(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (number == SIGHUP) {
        /* The configuration is read at the start only. */
        const struct world *world = server->options.world;
        char state[64];
        snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                 (long long)world->monotonic_ms(world->context) * 1000);
        systemd_notify(state);
        systemd_notify("READY=1");
    } else if (server->state == SERVER_RUNNING) {
        begin_drain(server);
    }
}

static int start_handles(struct server *server)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int result = uv_async_init(&server->loop, &server->answered, on_answered);
    server->answered.data = server;
    for (size_t i = 0; result == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        result = uv_signal_init(&server->loop, &server->signals[i]);
        server->signals[i].data = server;
        if (result == 0) {
            result = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
        }
    }
    if (result == 0) {
        result = uv_timer_init(&server->loop, &server->tick);
        server->tick.data = server;
    }
    if (result == 0) {
        result = uv_timer_init(&server->loop, &server->watchdog);
        server->watchdog.data = server;
    }
    if (result == 0) {
        result = uv_check_init(&server->loop, &server->heard);
        server->heard.data = server;
    }
    if (result == 0) {
        result = uv_check_start(&server->heard, on_heard);
    }
    if (result == 0) {
        result = uv_prepare_init(&server->loop, &server->before_waiting);
        server->before_waiting.data = server;
    }
    if (result == 0) {
        result = uv_prepare_start(&server->before_waiting, on_before_waiting);
    }
    const uint64_t period_ms = (uint64_t)systemd_watchdog_ms() / 2;
    if (result == 0 && period_ms > 0) {
        result = uv_timer_start(&server->watchdog, on_watchdog, period_ms, period_ms);
    }
    return result == 0 ? 0 : ERR_IO;
}

static void serve(struct server *server)
{
    int result = start_handles(server);
    if (result == 0) {
        result = store_thread_start(&server->store, server->options.ledger, &server->answered,
                                    server->options.requests_max);
    }
    if (result == 0) {
        result = listeners_open(server);
    } else {
        log_line(LOG_LEVEL_ERROR, "server: cannot start: %s", error_text(result));
    }
    if (result == 0) {
        for (size_t i = 0; i < server->listeners_count; i++) {
            log_line(LOG_LEVEL_NOTICE, "server: listening on %s", server->listeners[i].name);
        }
        systemd_notify("READY=1");
    } else {
        server->error = result;
        close_all(server, true);
    }
    const int left = uv_run(&server->loop, UV_RUN_DEFAULT);
    CHECK(left == 0);
}

int server_run(const struct server_options *options)
{
    CHECK(options->connections_max > 0);
    CHECK(options->requests_max > 0);
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return ERR_NOMEM;
    }
    int result = ERR_NOMEM;
    server->options = *options;
    server->peers = calloc(options->connections_max, sizeof(*server->peers));
    server->works = calloc(VERIFY_GROUPS_DEFAULT, sizeof(*server->works));
    if (server->peers != NULL && server->works != NULL && uv_loop_init(&server->loop) == 0) {
        serve(server);
        const int closed = uv_loop_close(&server->loop);
        CHECK(closed == 0);
        for (uint32_t i = 0; i < options->connections_max; i++) {
            peer_release(&server->peers[i]);
        }
        result = server->error;
    }
    free(server->peers);
    free(server->works);
    free(server);
    return result;
}
