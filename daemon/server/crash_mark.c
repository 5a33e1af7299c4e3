#include "server/crash_mark.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

/* What a signal handler needs is made before. */
static char mark_path[PATH_BYTES];
static struct sigaction before[sizeof(fatal) / sizeof(fatal[0])];

/* Only async-signal-safe calls: open, fsync, close, sigaction, raise. */
static void on_fatal(int number)
{
    const int saved = errno;
    const int file = open(mark_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        fsync(file);
        close(file);
    }
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        if (fatal[i] == number) {
            sigaction(number, &before[i], NULL);
        }
    }
    errno = saved;
    /* Blocked until the handler returns; a fault then happens again, which is the same end. */
    raise(number);
}

static int make_path(const char *folder, char *ret_path)
{
    const int length = snprintf(ret_path, PATH_BYTES, "%s/%s", folder, CRASH_MARK_NAME);
    return length < 0 || length >= PATH_BYTES ? ERR_TOO_LARGE : 0;
}

int crash_mark_install(const char *folder)
{
    CHECK(mark_path[0] == '\0');
    const int result = make_path(folder, mark_path);
    if (result != 0) {
        return result;
    }
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_fatal;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        if (sigaction(fatal[i], &action, &before[i]) != 0) {
            return ERR_IO;
        }
    }
    return 0;
}

bool crash_mark_stands(const char *folder)
{
    char path[PATH_BYTES];
    return make_path(folder, path) == 0 && access(path, F_OK) == 0;
}

int crash_mark_remove(const char *folder)
{
    char path[PATH_BYTES];
    const int result = make_path(folder, path);
    if (result != 0) {
        return result;
    }
    return unlink(path) == 0 || errno == ENOENT ? 0 : ERR_IO;
}
