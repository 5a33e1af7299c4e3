#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCRATCH_BYTES = 4 * 1024 * 1024,
    STEPS_MAX = 400 * 1000, /* without faults everything is booked long before */
    AUDIT_EVERY = 2000,
    LONGEST_MS = 30 * 60 * 1000, /* of a reservation, as the programme says */
    CALM_MS_MAX = 5, /* between two steps without faults, so that timeouts are not met by accident */
};

static const char PROGRAMME[] = "programme: corner\n"
                                "version: %u\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}, {id: shop}]\n"
                                "auto_enrol: yes\n"
                                "moving: {transfer: allow}\n"
                                "households: {share: [points, stamps]}\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "  expiry: {after: {days: 30}}\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - id: euro\n"
                                "    spend: {give: 1, per: 1.00}\n"
                                "  - id: lunch_stamp\n"
                                "    card: lunch\n"
                                "    item: {give: 1, per: unit}\n"
                                "    only: {categories: [lunch]}\n"
                                "  - id: welcome\n"
                                "    visit: {give: 7}\n"
                                "    stage: bonus\n"
                                "    limits: [{max: 12, of: times, per: ever, for: all}]\n"
                                "  - {id: party, visit: {give: 5}, stage: bonus, campaign: party,\n"
                                "     expiry: {after: {days: 2}}}\n"
                                "  - id: survey\n"
                                "    activity: {give: 30, code: survey}\n"
                                "    available_after: {days: 1}\n"
                                "    limits: [{max: 1, of: times, per: day}]\n"
                                "  - {id: birthday, occasion: {each: birthday, give: 20}}\n"
                                "  - {id: cake_day,\n"
                                "     occasion: {each: birthday, gives: {reward: free_lunch}}}\n"
                                "  - {id: cycled, activity: {give: 2, code: cycled, per: 10, from: 5}}\n"
                                "  - {id: month, spend: {give: 1, per: 5.00, from: 30.00, window: month}}\n"
                                "campaigns: [{id: party, limits: [{max: 103, per: ever, for: all}]}]\n"
                                "stamp_cards:\n"
                                "  - {id: lunch, required: 3, apply: voucher, gives: {reward: free_lunch}}\n"
                                "tiers:\n"
                                "  window: rolling\n"
                                "  days: 365\n"
                                "  levels: [{id: guest}, {id: silver, qualifying: 100, multiply: 2}]\n"
                                "rewards:\n"
                                "  - {id: free_lunch, kind: free_item, only: {categories: [lunch]}, "
                                "max_value: 12.00}\n"
                                "  - {id: cake, kind: free_item, cost: 25, only: {categories: [cake]},\n"
                                "     limits: [{max: 40, per: ever, for: all}, {max: 3, per: day}]}\n"
                                "pay_with_points: {points: 10, worth: 0.50, max_share: 50}\n"
                                "reservations: {timeout_minutes: 1, longest_minutes: 30}\n";

void sim_fail(const struct sim *sim, const char *what, const char *file, int line)
{
    fprintf(stderr, "sim --seed=0x%llx\n%s:%d: step %llu: %s\n", (unsigned long long)sim->seed, file, line,
            (unsigned long long)sim->steps, what);
    exit(EXIT_FAILURE);
}

static void draw_bytes(void *context, void *data, size_t size)
{
    struct sim *sim = context;
    uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)sim_random(sim);
    }
}

static int64_t wall_now(void *context)
{
    return ((struct sim *)context)->house.now;
}

static int64_t monotonic_now(void *context)
{
    return ((struct sim *)context)->monotonic;
}

struct bytes sim_programme(uint32_t version)
{
    static char yaml[sizeof(PROGRAMME) + 16];
    const int size = snprintf(yaml, sizeof(yaml), PROGRAMME, version);
    return (struct bytes){(const uint8_t *)yaml, (size_t)size};
}

/* Its first key is one of the house's, its second one of its own. */
static void add_speaker(struct sim *sim, uint32_t principal, enum role role, uint64_t events)
{
    struct till *till = &sim->tills[sim->speakers++];
    uint8_t seed[KEY_BYTES];
    memset(seed, 0x80 + (int)principal, sizeof(seed));
    till->principal = principal;
    till->role = role;
    till->events_max = events;
    till->keys[0] = sim->house.keys[principal];
    key_pair_from_seed(seed, &till->keys[1]);
}

/* An admin of its own: the house's has used its first sequences. */
static void add_operator(struct sim *sim)
{
    const uint32_t principal = house_principal(&sim->house, ROLE_ADMIN, NULL, "office");
    const uint32_t events = sim->knobs.events < OPERATOR_EVENTS_MAX ? sim->knobs.events : OPERATOR_EVENTS_MAX;
    add_speaker(sim, principal, ROLE_ADMIN, events);
}

static void open_sim(struct sim *sim)
{
    arena_init(&sim->results_memory, malloc(LEDGER_MEMORY_BYTES), LEDGER_MEMORY_BYTES);
    arena_init(&sim->scratch, malloc(SCRATCH_BYTES), SCRATCH_BYTES);
    crash_vfs_reset(sim->seed);
    temporary_vfs = CRASH_VFS;
    sim->programme_version = 1;
    house_open(&sim->house, (const char *)sim_programme(1).data, sim->knobs.loading);
    for (uint32_t i = 0; i < sim->knobs.tills; i++) {
        char label[16];
        snprintf(label, sizeof(label), "till-%u", i);
        const uint32_t principal = house_terminal(&sim->house, i % 2 == 0 ? "cafe" : "shop", label);
        /* It signs for itself; the house gives the next one another key. */
        sim->house.sequences[principal] = 2;
        add_speaker(sim, principal, ROLE_TERMINAL, sim->knobs.events);
    }
    add_operator(sim);
    sim->monotonic = sim->house.now;
    sim->house.world = (struct world){wall_now, monotonic_now, draw_bytes, sim};
    struct store_head head;
    const int result = store_head(sim->house.temporary.store, &head);
    SIM_OK(sim, result);
    sim->base_position = head.position;
    daemon_start(sim);
}

static void close_sim(struct sim *sim)
{
    service_free(sim->service);
    house_close(&sim->house);
    crash_vfs_free();
    for (uint32_t i = 0; i < sim->speakers; i++) {
        till_free(&sim->tills[i]);
    }
    free(sim->results_memory.memory);
    free(sim->scratch.memory);
}

static enum action choose(struct sim *sim)
{
    const bool faults = sim->steps < sim->knobs.fault_steps;
    const unsigned end = faults ? (unsigned)ACTION_COUNT : (unsigned)ACTION_FIRST_FAULT;
    unsigned sum = 0;
    for (unsigned i = 0; i < end; i++) {
        sum += sim->knobs.weights[i];
    }
    unsigned left = (unsigned)sim_below(sim, sum);
    unsigned i = 0;
    while (left >= sim->knobs.weights[i]) {
        left -= sim->knobs.weights[i++];
    }
    return (enum action)i;
}

static void pass_time(struct sim *sim, int64_t ms)
{
    sim->monotonic += ms;
    sim->house.now += ms;
}

/* By minutes or by hours, forth or back; or to what is right. */
static void jump(struct sim *sim)
{
    const int64_t minutes = (int64_t)sim_below(sim, sim_chance(sim, 30) ? 24 * 60 : 10);
    if (sim_chance(sim, 30)) {
        sim->house.now = sim->monotonic;
    } else {
        sim->house.now += (sim_chance(sim, 50) ? minutes : -minutes) * 60 * 1000;
    }
}

/* From here on nothing goes wrong: the clock is right, or at least not behind the log. */
static void calm_down(struct sim *sim)
{
    struct store_head head;
    daemon_calm(sim);
    if (crash_vfs_is_off()) {
        daemon_kill(sim, false);
    }
    const int result = store_head(sim->house.temporary.store, &head);
    SIM_OK(sim, result);
    sim->house.now = head.booked_at > sim->monotonic ? head.booked_at : sim->monotonic;
}

/* The first connection from a random one on where the action would do something; else that random one. */
static uint32_t draw_connection(struct sim *sim, enum action action)
{
    const uint32_t count = sim->knobs.service.connections_max;
    const uint32_t first = (uint32_t)sim_below(sim, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct pipe *pipe = &sim->pipes[(first + i) % count];
        const bool told = pipe->told || !(pipe->ended || pipe->shut || pipe->till == NULL);
        if (pipe->open && ((action == ACTION_DELIVER && !pipe->paused && (pipe->in.size > 0 || !told)) ||
                           (action == ACTION_REPLY && pipe->sending))) {
            return (first + i) % count;
        }
    }
    return first;
}

static void act(struct sim *sim, enum action action)
{
    const uint32_t connection = draw_connection(sim, action);
    struct pipe *pipe = &sim->pipes[connection];
    struct till *till = &sim->tills[sim_below(sim, sim->speakers)];
    sim->counts[action]++;
    switch (action) {
    case ACTION_DELIVER:
        daemon_deliver(sim, connection);
        break;
    case ACTION_REPLY:
        daemon_reply(sim, connection);
        break;
    case ACTION_VERIFY:
        daemon_verify(sim);
        break;
    case ACTION_BATCH:
        daemon_batch(sim);
        break;
    case ACTION_ANSWER:
        daemon_answer(sim);
        break;
    case ACTION_WORK:
        till_work(sim, till);
        break;
    case ACTION_TICK:
        /* Time that leaps is a fault, too: nobody can shake hands in it. */
        pass_time(sim,
                  1 + (int64_t)sim_below(sim, sim->steps < sim->knobs.fault_steps ? sim->knobs.tick_ms_max
                                                                                  : CALM_MS_MAX));
        service_tick(sim->service);
        daemon_drain(sim);
        daemon_tick(sim);
        break;
    case ACTION_ENROL:
        if (sim->newcomers_count > 0) {
            till_enrol(sim, &sim->newcomers[sim_below(sim, sim->newcomers_count)]);
        }
        break;
    case ACTION_JUMP:
        jump(sim);
        break;
    case ACTION_MEMORY:
        failing_heap_fault(1 + sim_below(sim, 200), sim_chance(sim, 30));
        break;
    case ACTION_RESEND:
        till_resend(sim, till);
        break;
    case ACTION_CUT:
        daemon_cut(sim, connection);
        break;
    case ACTION_END:
        pipe->ended = pipe->open;
        break;
    case ACTION_ABANDON:
        if (till->state != TILL_AWAY) {
            till_leave(sim, till);
            till_work(sim, till);
        }
        break;
    case ACTION_KILL:
        daemon_kill(sim, sim_chance(sim, 30));
        audit_store(sim);
        break;
    case ACTION_POWER:
        crash_vfs_cut_after(1 + sim_below(sim, 40));
        break;
    case ACTION_FULL:
        crash_vfs_fault(
            &(struct crash_fault){.calls = CRASH_WRITE, .nth = 1 + sim_below(sim, 20), .disk_full = true});
        break;
    case ACTION_BROKEN:
        crash_vfs_fault(
            &(struct crash_fault){.calls = CRASH_WRITE | CRASH_SYNC, .nth = 1 + sim_below(sim, 20)});
        break;
    case ACTION_COUNT:
        abort();
    }
}

static bool all_done(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->speakers; i++) {
        if (!till_is_done(sim, &sim->tills[i])) {
            return false;
        }
    }
    return true;
}

/* The daemon stops; everybody is told and it comes to rest. */
static void come_to_rest(struct sim *sim)
{
    service_stop(sim->service);
    daemon_drain(sim);
    for (unsigned round = 0; !service_is_idle(sim->service); round++) {
        SIM_CHECK(sim, round < 100000);
        act(sim, (enum action)sim_below(sim, ACTION_WORK));
        if (round % 1000 == 999) {
            act(sim, ACTION_TICK);
        }
    }
    audit_rest(sim);
}

/* Over all seeds: a run that met none of something proves nothing about it. */
static struct {
    uint64_t acknowledged;
    uint64_t late;
    uint64_t repeated;
    uint64_t batches;
    uint64_t failures;
    uint64_t cuts;
    uint64_t kills;
    uint64_t ends;
    uint64_t enrolled;
    uint64_t full;     /* runs in which the limit of all was reached */
    uint64_t spent;    /* runs in which the campaign's budget was */
    uint64_t redeemed; /* vouchers */
    uint64_t birthdays;
    uint64_t reservations_ended[RESERVATION_TIMED_OUT + 1];
    uint64_t kinds[EVENT_KINDS_END];
} totals;

static void add_totals(const struct sim *run)
{
    totals.acknowledged += run->acknowledged;
    totals.late += run->late;
    totals.repeated += run->repeated;
    totals.batches += run->batches;
    totals.failures += run->failures;
    totals.cuts += run->counts[ACTION_CUT];
    totals.kills += run->counts[ACTION_KILL];
    totals.ends += run->ends;
    totals.enrolled += run->enrolled;
    totals.full += run->welcomes == WELCOMES_MAX;
    totals.spent += run->party == PARTY_POINTS_MAX;
    totals.redeemed += run->redeemed;
    totals.birthdays += run->birthdays;
    for (size_t i = 0; i <= RESERVATION_TIMED_OUT; i++) {
        totals.reservations_ended[i] += run->reservations_ended[i];
    }
    for (size_t i = 0; i < EVENT_KINDS_END; i++) {
        totals.kinds[i] += run->kinds[i];
    }
}

/* Every kind that principals may say was said and acknowledged; false after so many seeds is a fault of the
 * simulator's. */
static bool everything_was_said(void)
{
    bool all = totals.enrolled > 0 && totals.full > 0 && totals.spent > 0 && totals.redeemed > 0 &&
               totals.birthdays > 0;
    for (size_t i = RESERVATION_COMMITTED; i <= RESERVATION_TIMED_OUT; i++) {
        all = all && totals.reservations_ended[i] > 0;
    }
#define X(name, number)                                                                                      \
    printf("%s%s %llu", number == 16 ? "said: " : ", ", event_kind_name(EVENT_##name),                       \
           (unsigned long long)totals.kinds[EVENT_##name]);                                                  \
    all = all && (totals.kinds[EVENT_##name] > 0 || event_is_daemons(EVENT_##name));
    EVENT_KIND_TABLE(X)
#undef X
    printf("; enrolled %llu, limit reached %llu times, budget %llu; vouchers redeemed %llu; birthdays "
           "%llu; reservations committed %llu, released %llu, timed out %llu\n",
           (unsigned long long)totals.enrolled, (unsigned long long)totals.full,
           (unsigned long long)totals.spent, (unsigned long long)totals.redeemed,
           (unsigned long long)totals.birthdays,
           (unsigned long long)totals.reservations_ended[RESERVATION_COMMITTED],
           (unsigned long long)totals.reservations_ended[RESERVATION_RELEASED],
           (unsigned long long)totals.reservations_ended[RESERVATION_TIMED_OUT]);
    return all;
}

static struct sim sim;
static uint64_t first = 1;
static uint64_t count = 20;
static bool verbose;

static void run_seed(uint64_t seed)
{
    memset(&sim, 0, sizeof(sim));
    sim.seed = seed;
    sim.random = seed;
    sim_draw_knobs(&sim);
    open_sim(&sim);
    while (!all_done(&sim) || sim.steps < sim.knobs.fault_steps) {
        SIM_CHECK(&sim, sim.steps < STEPS_MAX);
        act(&sim, choose(&sim));
        if (++sim.steps == sim.knobs.fault_steps) {
            calm_down(&sim);
        }
        if (sim.steps % AUDIT_EVERY == 0 && !crash_vfs_is_off()) {
            audit_store(&sim);
        }
    }
    come_to_rest(&sim);
    pass_time(&sim, LONGEST_MS); /* reservations that nobody ended time out by themselves */
    daemon_tick(&sim);
    audit_store(&sim);
    audit_answers(&sim);
    audit_members(&sim);
    house_replay(&sim.house);
    if (verbose) {
        printf(
            "seed 0x%llx: %u tills, %llu steps, %llu acknowledged (%llu late), %llu repeated, %llu failures",
            (unsigned long long)seed, sim.knobs.tills, (unsigned long long)sim.steps,
            (unsigned long long)sim.acknowledged, (unsigned long long)sim.late,
            (unsigned long long)sim.repeated, (unsigned long long)sim.failures);
        printf(", %llu cuts, %llu kills\n", (unsigned long long)sim.counts[ACTION_CUT],
               (unsigned long long)sim.counts[ACTION_KILL]);
    }
    add_totals(&sim);
    close_sim(&sim);
}

/* "--name=value" or "--name value"; NULL when it is another option. */
static const char *value_of(int argc, char **argv, int *at, const char *name)
{
    const size_t length = strlen(name);
    if (strncmp(argv[*at], name, length) != 0) {
        return NULL;
    }
    if (argv[*at][length] == '=') {
        return argv[*at] + length + 1;
    }
    return argv[*at][length] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static void all_seeds(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < count; i++) {
        run_seed(first + i);
    }
}

int main(int argc, char **argv)
{
    failing_heap_take();
    for (int i = 1; i < argc; i++) {
        const char *seed = value_of(argc, argv, &i, "--seed");
        const char *seeds = seed == NULL ? value_of(argc, argv, &i, "--seeds") : NULL;
        const char *from = seed == NULL && seeds == NULL ? value_of(argc, argv, &i, "--first") : NULL;
        if (from != NULL) {
            first = strtoull(from, NULL, 0);
        } else if (seed != NULL) {
            first = strtoull(seed, NULL, 0);
            count = 1;
            verbose = true;
        } else if (seeds != NULL) {
            count = strtoull(seeds, NULL, 0);
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else {
            fprintf(stderr, "Usage: sim [--seed N | --seeds COUNT [--first N]] [--verbose]\n");
            return EXIT_FAILURE;
        }
    }
    /* A test of cmocka's, because what the house asserts fails tests. */
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_seeds)};
    if (cmocka_run_group_tests_name("sim", tests, NULL, NULL) != 0) {
        fprintf(stderr, "sim --seed=0x%llx\n", (unsigned long long)sim.seed);
        return EXIT_FAILURE;
    }
    printf("sim: %llu seeds from 0x%llx passed: %llu acknowledged (%llu late), %llu repeated, %llu batches, "
           "%llu failures, %llu cuts, %llu kills, %llu ends by the disk\n",
           (unsigned long long)count, (unsigned long long)first, (unsigned long long)totals.acknowledged,
           (unsigned long long)totals.late, (unsigned long long)totals.repeated,
           (unsigned long long)totals.batches, (unsigned long long)totals.failures,
           (unsigned long long)totals.cuts, (unsigned long long)totals.kills,
           (unsigned long long)totals.ends);
    const bool all = everything_was_said();
    if (count >= 200 && !all) {
        fprintf(stderr, "sim: some kind was never said\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
