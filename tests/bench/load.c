/* Tills that load a daemon with purchases signed beforehand, and measure it.
 *
 *   load enrol PLACE TILLS-FILE -k OPERATOR.KEY -t TILLS -s STORE[,STORE...] [-F FROM]
 *   load run   PLACE TILLS-FILE -t TILLS -m MEMBERS -n PURCHASES [-w IN-FLIGHT | -r RATE] [-b EVENTS A
 * SIGNATURE]
 *              [-W WARM-UP PERCENT] [-S SEED] [-i FIRST MEMBER] [-F FROM -L LENGTH] [-p PID] [-h]
 *
 * PLACE is a URL of the daemon (docs/protocol.md). -F and -L are milliseconds: purchases of the past, for a
 * daemon that loads history. -i takes the members one after the other. -h holds the connections at the end
 * until a line is read. */
#include "load.h"

#include "crypto/crypto.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void load_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "load: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

void load_need(int result, const char *what)
{
    if (result != 0) {
        load_fail("%s: %s", what, error_text(result));
    }
}

/* The finaliser of splitmix64. */
uint64_t load_mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

int64_t load_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t load_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t number(const char *text)
{
    char *end;
    const uint64_t value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        load_fail("no number: %s", text);
    }
    return value;
}

static void parse(int count, char **arguments, struct load_options *options)
{
    for (int option; (option = getopt(count, arguments, "k:t:s:m:n:w:r:b:W:S:i:F:L:p:h")) != -1;) {
        const uint64_t value = optarg != NULL && option != 'k' && option != 's' ? number(optarg) : 0;
        switch (option) {
        case 'k':
            options->key_path = optarg;
            break;
        case 't':
            options->tills = (uint32_t)value;
            break;
        case 's':
            options->stores = optarg;
            break;
        case 'm':
            options->members = (uint32_t)value;
            break;
        case 'n':
            options->purchases = (uint32_t)value;
            break;
        case 'w':
            options->window = (uint32_t)value;
            break;
        case 'r':
            options->rate = value;
            break;
        case 'b':
            options->batch = (uint32_t)value;
            break;
        case 'W':
            options->warm_percent = (uint32_t)value;
            break;
        case 'S':
            options->seed = value;
            break;
        case 'i':
            options->in_turn = true;
            options->in_turn_from = value;
            break;
        case 'F':
            options->from_ms = (int64_t)value;
            break;
        case 'L':
            options->span_ms = (int64_t)value;
            break;
        case 'p':
            options->pid = (int)value;
            break;
        case 'h':
            options->hold = true;
            break;
        default:
            load_fail("see the head of load.c");
        }
    }
    if (options->tills == 0 || options->tills > TILLS_MAX || options->members == 0 || options->window == 0 ||
        options->window > IN_FLIGHT_MAX || options->batch > BATCH_EVENTS_MAX ||
        options->purchases < (uint64_t)options->tills * (options->batch > 0 ? options->batch : 1)) {
        load_fail("too few or too many of something");
    }
}

int main(int count, char **arguments)
{
    static struct load load;
    if (count < 4) {
        load_fail("see the head of load.c");
    }
    load.options = (struct load_options){.place = arguments[2],
                                         .tills_path = arguments[3],
                                         .tills = 1,
                                         .stores = "",
                                         .members = 100000,
                                         .purchases = TILLS_MAX,
                                         .window = 1};
    parse(count - 3, arguments + 3, &load.options);
    load_need(crypto_init(), "libsodium");
    load_need(url_parse(load.options.place, &load.url), "the place");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (strcmp(arguments[1], "enrol") == 0) {
        load_enrol(&load);
    } else {
        load_read_tills(&load);
        load_run(&load);
    }
    return 0;
}
