/* The measurement. Closed loop: each connection has up to `window` requests in flight and sends the next when
 * one is answered. Open loop: purchases arrive at random times that do not wait for anything (Poisson), and
 * the time of each counts from when it arrived, sent or not; so a daemon that stands still is blamed for all
 * that wait meanwhile. */
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, WHOLE_EVERY = 16, DRAIN_NS = 1000000000 };

struct figures {
    int64_t at_ns;
    uint64_t purchases; /* answered */
    uint64_t daemon_ns; /* processor time */
    uint64_t own_ns;
};

struct run {
    struct load *load;
    struct link *links;
    int epoll;
    int64_t *due_ns;     /* of each message: when it arrived, or was sent */
    int64_t *latency_ns; /* of each message answered while the clock ran, 0: none */
    size_t arrived;      /* messages: open loop */
    uint64_t answered;   /* messages */
    uint64_t purchases;  /* answered */
    uint64_t warm;       /* purchases before the clock starts */
    bool running;        /* the clock runs */
    bool over;           /* the clock has stopped, nothing more is sent */
    struct figures first;
    struct figures last;
};

static uint64_t own_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What all threads of a process have used so far. */
static uint64_t processor_ns(int pid)
{
    char path[300];
    uint64_t sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *tasks = pid > 0 ? opendir(path) : NULL;
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        uint64_t used = 0;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file != NULL) {
            sum += fscanf(file, "%" SCNu64, &used) == 1 ? used : 0;
            fclose(file);
        }
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    return sum;
}

static struct figures look(const struct run *run)
{
    return (struct figures){.at_ns = load_now_ns(),
                            .purchases = run->purchases,
                            .daemon_ns = processor_ns(run->load->options.pid),
                            .own_ns = own_ns()};
}

/* How many messages of the load are this link's. */
static uint32_t messages_of(const struct run *run, const struct link *link)
{
    const size_t tills = run->load->options.tills;
    const size_t index = (size_t)(link - run->links);
    return (uint32_t)((run->load->messages_count + tills - 1 - index) / tills);
}

static size_t message_index(const struct run *run, const struct link *link, uint32_t number)
{
    return (size_t)(link - run->links) + (size_t)number * run->load->options.tills;
}

static bool may_send(const struct run *run, const struct link *link)
{
    const struct load_options *options = &run->load->options;
    if (link->offset > 0) {
        return true; /* never half a frame */
    }
    if (run->over || link->blocked) {
        return false;
    }
    if (options->rate > 0) {
        return link->sent < link->due && link->sent - link->answered < IN_FLIGHT_MAX;
    }
    return link->sent < messages_of(run, link) && link->sent - link->answered < options->window;
}

static void watch(const struct run *run, struct link *link, bool writing)
{
    struct epoll_event event = {.events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0), .data.ptr = link};
    if (link->blocked != writing && epoll_ctl(run->epoll, EPOLL_CTL_MOD, link->socket, &event) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
    link->blocked = writing;
}

static void send_some(struct run *run, struct link *link)
{
    while (may_send(run, link)) {
        const size_t index = message_index(run, link, link->sent);
        const struct message *message = &run->load->messages[index];
        if (run->load->options.rate == 0 && link->offset == 0) {
            run->due_ns[index] = load_now_ns();
        }
        link->offset += link_send(link, message->data + link->offset, message->size - link->offset);
        if (link->offset < message->size) {
            watch(run, link, true);
            return;
        }
        link->offset = 0;
        link->sent++;
    }
    /* Closed loop: the first who has nothing more to send ends the measurement for all. */
    if (run->load->options.rate == 0 && run->running && !run->over && link->sent == messages_of(run, link)) {
        run->last = look(run);
        run->over = true;
    }
}

static void take_reply(struct run *run, struct link *link, struct bytes reply)
{
    const size_t index = message_index(run, link, link->answered);
    const struct message *message = &run->load->messages[index];
    if (link->answered == link->sent) {
        load_fail("an answer to nothing");
    }
    if (run->running && !run->over) {
        run->latency_ns[index] = load_now_ns() - run->due_ns[index];
    }
    link_check_booked(reply, index % WHOLE_EVERY == 0);
    run->purchases++;
    if (++link->replies == message->purchases) {
        link->replies = 0;
        link->answered++;
        run->answered++;
    }
    if (!run->running && run->purchases >= run->warm) {
        run->running = true;
        run->first = look(run);
    }
}

static void receive_some(struct run *run, struct link *link)
{
    struct bytes reply;
    bool more = link_receive(link);
    while (more) {
        size_t at = 0;
        while (link_reply(link, &at, &reply)) {
            take_reply(run, link, reply);
        }
        /* A buffer that was not filled had all there was. */
        more = link->in_size == link->in_room || (link->tls != NULL && tls_client_pending(link->tls));
        link_read(link, at);
        more = more && link_receive(link);
    }
}

/* Open loop: what has arrived by now goes to its link. */
static void arrive(struct run *run)
{
    const int64_t now = load_now_ns();
    while (!run->over && run->arrived < run->load->messages_count && run->due_ns[run->arrived] <= now) {
        struct link *link = &run->links[run->arrived % run->load->options.tills];
        link->due++;
        run->arrived++;
        send_some(run, link);
    }
}

static void plan_arrivals(struct run *run)
{
    const struct load_options *options = &run->load->options;
    double at = (double)load_now_ns() + 1e7;
    for (size_t i = 0; i < run->load->messages_count; i++) {
        const double share = ((double)(load_mix(options->seed ^ i << 20) >> 11) + 1) / 9007199254740993.0;
        at += -log(share) * 1e9 / (double)options->rate;
        run->due_ns[i] = (int64_t)at;
    }
}

static bool finished(const struct run *run)
{
    if (run->load->options.rate > 0 || !run->over) {
        return run->answered == run->load->messages_count;
    }
    for (uint32_t i = 0; i < run->load->options.tills; i++) {
        if (run->links[i].answered < run->links[i].sent || run->links[i].offset > 0) {
            return false;
        }
    }
    return true;
}

static void wait_for_events(struct run *run)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec wait = {.tv_sec = 10};
    if (run->load->options.rate > 0 && run->arrived < run->load->messages_count) {
        const int64_t left = run->due_ns[run->arrived] - load_now_ns();
        wait = (struct timespec){.tv_sec = left > 0 ? left / 1000000000 : 0,
                                 .tv_nsec = left > 0 ? left % 1000000000 : 0};
    }
    const bool patient = wait.tv_sec >= 10;
    const int count = epoll_pwait2(run->epoll, events, EVENTS_MAX, &wait, NULL);
    if ((count < 0 && errno != EINTR) || (count == 0 && patient)) {
        load_fail("no answer for 10 seconds; %" PRIu64 " of %zu answered", run->answered,
                  run->load->messages_count);
    }
    for (int i = 0; i < count; i++) {
        struct link *link = events[i].data.ptr;
        if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            receive_some(run, link);
        }
        if ((events[i].events & EPOLLOUT) != 0) {
            watch(run, link, false);
        }
        send_some(run, link);
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double micros(const int64_t *sorted, size_t count, double share)
{
    return count == 0 ? 0 : (double)sorted[(size_t)((double)(count - 1) * share)] / 1000;
}

static void print(struct run *run)
{
    const struct load *load = run->load;
    size_t count = 0;
    for (size_t i = 0; i < load->messages_count; i++) {
        if (run->latency_ns[i] > 0) {
            run->latency_ns[count++] = run->latency_ns[i];
        }
    }
    qsort(run->latency_ns, count, sizeof(run->latency_ns[0]), by_size);
    /* So few that all were answered at once: nothing is measured, and nothing divided by 0. */
    const uint64_t measured = run->last.purchases - run->first.purchases;
    const double purchases = measured > 0 ? (double)measured : 1;
    const double seconds = (double)(run->last.at_ns - run->first.at_ns) / 1e9;
    printf("{\"tills\": %" PRIu32 ", \"window\": %" PRIu32 ", \"batch\": %" PRIu32
           ", \"purchases\": %.0f, \"seconds\": %.3f, "
           "\"per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
           "\"daemon_us\": %.2f, \"load_us\": %.2f, \"body_bytes\": %.1f, \"sent\": %" PRIu64 "}\n",
           load->options.tills, load->options.window, load->options.batch, purchases, seconds,
           purchases / seconds, micros(run->latency_ns, count, 0.5), micros(run->latency_ns, count, 0.99),
           micros(run->latency_ns, count, 0.999), micros(run->latency_ns, count, 1),
           (double)(run->last.daemon_ns - run->first.daemon_ns) / 1000 / purchases,
           (double)(run->last.own_ns - run->first.own_ns) / 1000 / purchases,
           (double)load->body_bytes / (double)load->options.purchases, run->purchases);
}

static void connect_tills(struct load *load, struct run *run)
{
    const uint32_t tills = load->options.tills;
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    run->links = calloc(tills, sizeof(*run->links));
    if (run->epoll < 0 || run->links == NULL) {
        load_fail("no memory");
    }
    for (uint32_t i = 0; i < tills; i++) {
        struct link *link = &run->links[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};
        link_open(load, link);
        link->till = &load->tills[i];
        link->till->next = link_authenticate(load, link, &link->till->pair, link->till->principal);
        if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, link->socket, &event) != 0) {
            load_fail("epoll: %s", strerror(errno));
        }
    }
}

void load_run(struct load *load)
{
    struct run run = {.load = load};
    connect_tills(load, &run);
    load_sign(load);
    run.warm = (uint64_t)load->options.purchases * load->options.warm_percent / 100;
    run.due_ns = calloc(load->messages_count, sizeof(*run.due_ns));
    run.latency_ns = calloc(load->messages_count, sizeof(*run.latency_ns));
    if (run.due_ns == NULL || run.latency_ns == NULL) {
        load_fail("no memory");
    }
    prctl(PR_SET_TIMERSLACK, 1);
    if (run.warm == 0) {
        run.running = true;
        run.first = look(&run);
    }
    if (load->options.rate > 0) {
        plan_arrivals(&run);
    } else {
        for (uint32_t i = 0; i < load->options.tills; i++) {
            send_some(&run, &run.links[i]);
        }
    }
    while (!finished(&run)) {
        arrive(&run);
        wait_for_events(&run);
    }
    if (!run.over) {
        run.last = look(&run);
    }
    print(&run);
    fflush(stdout);
    if (load->options.hold) {
        /* Connected until told otherwise, so that somebody can look at the daemon. */
        (void)getchar();
    }
    for (uint32_t i = 0; i < load->options.tills; i++) {
        link_close(&run.links[i]);
    }
    close(run.epoll);
    free(run.links);
    free(run.due_ns);
    free(run.latency_ns);
}
