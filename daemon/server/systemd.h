/* systemd's side of a service, spoken directly: a datagram to the socket named by NOTIFY_SOCKET, and
 * listening sockets inherited by LISTEN_FDS. Without systemd all of it does nothing. */
#ifndef LOYALTY_SERVER_SYSTEMD_H
#define LOYALTY_SERVER_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <uv.h>

enum {
    SYSTEMD_FIRST_FD = 3,
    SYSTEMD_START_PERIOD_MS = 10 * 1000,
    SYSTEMD_START_EXTENSION_MS = 60 * 1000,
};

/* Tells the service manager, such as "READY=1". Lost messages are nobody's error. */
void systemd_notify(const char *state);

/* Milliseconds between two WATCHDOG=1 messages at the latest; 0: no watchdog. */
int64_t systemd_watchdog_ms(void);

/* How many sockets this process inherits, from SYSTEMD_FIRST_FD on; each is closed on exec from then on. */
int systemd_listen_fds(void);

/* A start may take long: a log is recovered, a write-ahead log is copied. From begin to end a thread of its
 * own asks the service manager for SYSTEMD_START_EXTENSION_MS more (EXTEND_TIMEOUT_USEC) every `period_ms`,
 * as long as the process computes or reads or writes; one that hangs gets none and is ended. Without a
 * service manager nothing is started. */
struct systemd_start {
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t changed;
    struct rusage seen; /* of the thread alone */
    uint64_t period_ms;
    bool running;
    bool done; /* under the mutex */
};
void systemd_start_begin(struct systemd_start *start, uint64_t period_ms);
/* Accepts a zeroed one, and one that has ended. */
void systemd_start_end(struct systemd_start *start);

#endif
