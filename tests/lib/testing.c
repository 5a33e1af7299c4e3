#include "lib/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

bool testing_aborts(void (*function)(void *argument), void *argument)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* An abort is expected: no core file, no line that looks like a failure, no handler of cmocka's. */
        const struct rlimit none = {0, 0};
        const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (setrlimit(RLIMIT_CORE, &none) != 0 || null < 0 || dup2(null, STDERR_FILENO) < 0) {
            _exit(2);
        }
        signal(SIGABRT, SIG_DFL);
        function(argument);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

bool testing_is_slow(void)
{
    return getenv("LOYALTY_SLOW") != NULL;
}

int testing_file(const char *bytes, size_t size, char ret_path[32])
{
    strcpy(ret_path, "/tmp/testing.XXXXXX");
    const int fd = mkstemp(ret_path);
    assert_true(fd >= 0);
    for (size_t done = 0; done < size;) {
        const ssize_t written = write(fd, bytes + done, size - done);
        assert_true(written > 0);
        done += (size_t)written;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}
