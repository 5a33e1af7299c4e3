/* How long the machine is away: what its host takes from it, and interrupts. Two threads do nothing but read
 * the clock; what lies between two readings is a pause, in which nothing could have answered.
 *
 *     pauses MILLISECONDS
 *
 * prints the share of the time that lies in pauses of more than 50 microseconds, how long 1 of 100 instants
 * drawn at random waits at least for the end of one, and the longest. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    THREADS = 2, /* the cores that everything is measured on */
    PAUSE_NS_MIN = 50 * 1000,
    PAUSES_MAX = 1 << 16,
    STEP_NS = 10 * 1000,
    MILLISECONDS_MAX = 60 * 1000,
};

struct watch {
    pthread_t thread;
    int64_t run_ns;
    int64_t pauses[PAUSES_MAX]; /* ns */
    size_t count;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *run(void *context)
{
    struct watch *watch = context;
    const int64_t end = now_ns() + watch->run_ns;
    int64_t last = now_ns();
    while (last < end && watch->count < PAUSES_MAX) {
        const int64_t now = now_ns();
        if (now - last > PAUSE_NS_MIN) {
            watch->pauses[watch->count++] = now - last;
        }
        last = now;
    }
    return NULL;
}

/* The time in which an instant waits for longer than `wait_ns`; `ret_longest`: the longest pause. */
static int64_t beyond(const struct watch *watches, int64_t wait_ns, int64_t *ret_longest)
{
    int64_t sum = 0;
    *ret_longest = 0;
    for (int i = 0; i < THREADS; i++) {
        for (size_t k = 0; k < watches[i].count; k++) {
            const int64_t pause = watches[i].pauses[k];
            sum += pause > wait_ns ? pause - wait_ns : 0;
            *ret_longest = pause > *ret_longest ? pause : *ret_longest;
        }
    }
    return sum;
}

int main(int argc, char **argv)
{
    static struct watch watches[THREADS];
    const long ms = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (ms < 1 || ms > MILLISECONDS_MAX) {
        fprintf(stderr, "usage: pauses MILLISECONDS, 1 to %d\n", MILLISECONDS_MAX);
        return 2;
    }
    for (int i = 0; i < THREADS; i++) {
        watches[i].run_ns = (int64_t)ms * 1000000;
        if (pthread_create(&watches[i].thread, NULL, run, &watches[i]) != 0) {
            return 1;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(watches[i].thread, NULL);
    }
    const int64_t all_ns = THREADS * watches[0].run_ns;
    int64_t longest = 0;
    const int64_t away_ns = beyond(watches, 0, &longest);
    int64_t wait_ns = 0;
    while (beyond(watches, wait_ns, &longest) > all_ns / 100) {
        wait_ns += STEP_NS;
    }
    printf("away %.2f per cent\np99 %lld us\nlongest %lld us\n", 100.0 * (double)away_ns / (double)all_ns,
           (long long)wait_ns / 1000, (long long)longest / 1000);
    return 0;
}
