/* More time for a start, asked for as long as something is done. */
#include "lib/testing.h"
#include "server/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_MS = 40, PATIENCE_MS = 20000 };

/* What a service manager would get. */
struct manager {
    char path[64];
    int file;
};

static int set_up(void **state)
{
    static struct manager manager;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(manager.path, sizeof(manager.path), "/tmp/loyalty-notify.%d", (int)getpid());
    memcpy(address.sun_path, manager.path, strlen(manager.path));
    unlink(manager.path);
    manager.file = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(manager.file, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setenv("NOTIFY_SOCKET", manager.path, 1) != 0) {
        return -1;
    }
    *state = &manager;
    return 0;
}

static int tear_down(void **state)
{
    struct manager *manager = *state;
    close(manager->file);
    unlink(manager->path);
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t messages(const struct manager *manager, char ret_last[128])
{
    size_t count = 0;
    for (;;) {
        const ssize_t size = recv(manager->file, ret_last, 127, 0);
        if (size < 0) {
            return count;
        }
        ret_last[size] = '\0';
        count++;
    }
}

static void a_start_that_works_is_given_more_time(void **state)
{
    char last[128] = "";
    struct systemd_start start;
    volatile uint64_t work = 0;
    size_t count = 0;
    systemd_start_begin(&start, PERIOD_MS);
    const int64_t deadline = now_ms() + PATIENCE_MS;
    while (count < 3 && now_ms() < deadline) {
        for (int i = 0; i < 100000; i++) {
            work += (uint64_t)i;
        }
        count += messages(*state, last);
    }
    systemd_start_end(&start);
    assert_true(count >= 3);
    assert_string_equal(last, "EXTEND_TIMEOUT_USEC=60000000");
    assert_int_equal(messages(*state, last), 0);
}

static void a_start_that_hangs_is_not(void **state)
{
    char last[128] = "";
    struct systemd_start start;
    const struct timespec while_ago = {.tv_sec = 1};
    systemd_start_begin(&start, PERIOD_MS);
    nanosleep(&while_ago, NULL);
    systemd_start_end(&start);
    assert_in_range(messages(*state, last), 0, 1); /* for what was done just before */
}

static void without_a_service_manager_there_is_nobody_to_ask(void **state)
{
    char last[128] = "";
    struct systemd_start start;
    unsetenv("NOTIFY_SOCKET");
    systemd_start_begin(&start, PERIOD_MS);
    assert_false(start.running);
    systemd_start_end(&start);
    systemd_start_end(&start);
    assert_int_equal(messages(*state, last), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_that_works_is_given_more_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_start_that_hangs_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_service_manager_there_is_nobody_to_ask, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
