#include "server/systemd.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_FDS_MAX = 64, HEADWAY_USEC = 10 * 1000 /* beyond what waiting costs */ };

/* The number an environment variable holds; -1 when it holds none. */
static int64_t number_in(const char *name)
{
    const char *text = getenv(name);
    if (text == NULL || *text < '0' || *text > '9') {
        return -1;
    }
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    return errno != 0 || *end != '\0' ? -1 : value;
}

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    const size_t length = strlen(path);
    if (length < 2 || length >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    const int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) {
        return;
    }
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)sendto(file, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(file);
}

int64_t systemd_watchdog_ms(void)
{
    const int64_t usec = number_in("WATCHDOG_USEC");
    const int64_t process = number_in("WATCHDOG_PID");
    if (usec <= 0 || (process >= 0 && process != getpid())) {
        return 0;
    }
    return usec / 1000;
}

int systemd_listen_fds(void)
{
    const int64_t count = number_in("LISTEN_FDS");
    if (number_in("LISTEN_PID") != getpid() || count <= 0) {
        return 0;
    }
    const int sockets = count > LISTEN_FDS_MAX ? LISTEN_FDS_MAX : (int)count;
    for (int i = 0; i < sockets; i++) {
        (void)fcntl(SYSTEMD_FIRST_FD + i, F_SETFD, FD_CLOEXEC);
    }
    return sockets;
}

static int64_t processor_usec(const struct rusage *usage)
{
    return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec +
           usage->ru_stime.tv_usec;
}

/* Whether the process has done anything since the last time. */
static bool has_moved(struct rusage *seen)
{
    struct rusage now;
    if (getrusage(RUSAGE_SELF, &now) != 0) {
        return false;
    }
    const bool moved = processor_usec(&now) - processor_usec(seen) >= HEADWAY_USEC ||
                       now.ru_inblock != seen->ru_inblock || now.ru_oublock != seen->ru_oublock;
    *seen = now;
    return moved;
}

static void watch_start(void *context)
{
    struct systemd_start *start = context;
    char state[64];
    (void)snprintf(state, sizeof(state), "EXTEND_TIMEOUT_USEC=%lld",
                   (long long)SYSTEMD_START_EXTENSION_MS * 1000);
    uv_mutex_lock(&start->mutex);
    while (!start->done) {
        if (uv_cond_timedwait(&start->changed, &start->mutex, start->period_ms * 1000000) == UV_ETIMEDOUT &&
            has_moved(&start->seen)) {
            systemd_notify(state);
        }
    }
    uv_mutex_unlock(&start->mutex);
}

void systemd_start_begin(struct systemd_start *start, uint64_t period_ms)
{
    CHECK(period_ms > 0);
    *start = (struct systemd_start){.period_ms = period_ms};
    if (getenv("NOTIFY_SOCKET") == NULL || getrusage(RUSAGE_SELF, &start->seen) != 0 ||
        uv_mutex_init(&start->mutex) != 0) {
        return;
    }
    if (uv_cond_init(&start->changed) != 0) {
        uv_mutex_destroy(&start->mutex);
        return;
    }
    start->running = uv_thread_create(&start->thread, watch_start, start) == 0;
    if (!start->running) {
        uv_cond_destroy(&start->changed);
        uv_mutex_destroy(&start->mutex);
    }
}

void systemd_start_end(struct systemd_start *start)
{
    if (!start->running) {
        return;
    }
    uv_mutex_lock(&start->mutex);
    start->done = true;
    uv_cond_signal(&start->changed);
    uv_mutex_unlock(&start->mutex);
    const int joined = uv_thread_join(&start->thread);
    CHECK(joined == 0);
    uv_cond_destroy(&start->changed);
    uv_mutex_destroy(&start->mutex);
    start->running = false;
}
