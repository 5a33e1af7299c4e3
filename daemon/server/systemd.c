#include "server/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_FDS_MAX = 64 };

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
