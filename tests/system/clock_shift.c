/* Preloaded into a program: its wall clock is off by as many milliseconds as the file named by CLOCK_SHIFT
 * says, from one reading to the next. The clocks that only run are left alone. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift_ms(void)
{
    char text[32] = "";
    const char *path = getenv("CLOCK_SHIFT");
    const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    const ssize_t size = read(file, text, sizeof(text) - 1);
    close(file);
    return size > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        const long long ns = now->tv_nsec + shift_ms() * 1000000LL;
        now->tv_sec += ns / 1000000000 - (ns % 1000000000 < 0);
        now->tv_nsec = ns % 1000000000 + (ns % 1000000000 < 0 ? 1000000000 : 0);
    }
    return (int)result;
}
