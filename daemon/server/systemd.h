/* systemd's side of a service, spoken directly: a datagram to the socket named by NOTIFY_SOCKET, and
 * listening sockets inherited by LISTEN_FDS. Without systemd all of it does nothing. */
#ifndef LOYALTY_SERVER_SYSTEMD_H
#define LOYALTY_SERVER_SYSTEMD_H

#include <stdint.h>

enum { SYSTEMD_FIRST_FD = 3 };

/* Tells the service manager, such as "READY=1". Lost messages are nobody's error. */
void systemd_notify(const char *state);

/* Milliseconds between two WATCHDOG=1 messages at the latest; 0: no watchdog. */
int64_t systemd_watchdog_ms(void);

/* How many sockets this process inherits, from SYSTEMD_FIRST_FD on; each is closed on exec from then on. */
int systemd_listen_fds(void);

#endif
