/* What the rows of a purchase cost by themselves: no signature, no decision, no network. Three-line purchases
 * of 300 tills for 100,000 members who are there already, one at a time or in batches of a transaction.
 *
 *   store_rows [-f folder] [-n purchases] [-m members] [-t tills] [-d purchases a day] [-b batch]... [-p]
 * [-y]
 *
 * -p prints what each table takes at the end; -y first how often the disk syncs. The folder should be on the
 * disk that is meant. */
#include "store/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BODY_BYTES = 152, CONTEXT_BYTES = 42, OUTCOME_BYTES = 120, STORES = 30, FIRST_DAY = 20000 };

struct bench {
    const char *folder;
    uint32_t purchases;
    uint32_t members;
    uint32_t tills;
    uint32_t purchases_a_day;
    bool print_tables;
    char path[256];
    struct store *store;
    uint64_t random;
    uint64_t position;
    uint64_t *sequences; /* next of each till */
    uint32_t *numbers;   /* next receipt number of each till */
    struct member_state *state;
};

static void need(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "store_rows: %s: %s\n", what, error_text(result));
        exit(1);
    }
}

/* xorshift64*: the same purchases in every run. */
static uint64_t draw(struct bench *bench)
{
    bench->random ^= bench->random >> 12;
    bench->random ^= bench->random << 25;
    bench->random ^= bench->random >> 27;
    return bench->random * 2685821657736338717ULL;
}

static void fill(struct bench *bench, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(draw(bench) >> 32);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void card_hash(uint32_t member, uint8_t hash[HASH_BYTES])
{
    uint64_t state = member * 0x9e3779b97f4a7c15ULL;
    for (size_t i = 0; i < HASH_BYTES; i++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        hash[i] = (uint8_t)(state * 2685821657736338717ULL >> 56);
    }
}

static void write_event(struct bench *bench, uint32_t principal, uint64_t sequence,
                        const struct receipt_key *receipt)
{
    uint8_t data[BODY_BYTES + SIGNATURE_BYTES + CONTEXT_BYTES + OUTCOME_BYTES];
    fill(bench, data, sizeof(data));
    struct event_row row = {
        .position = bench->position,
        .principal = principal,
        .key_no = 1,
        .sequence = sequence,
        .booked_at = 1730000000000 + (int64_t)bench->position * 7,
        .body = {data, BODY_BYTES},
        .signature = {data + BODY_BYTES, SIGNATURE_BYTES},
        .context = {data + BODY_BYTES + SIGNATURE_BYTES, CONTEXT_BYTES},
        .outcome = {data + BODY_BYTES + SIGNATURE_BYTES + CONTEXT_BYTES, OUTCOME_BYTES},
        .receipt = receipt,
    };
    fill(bench, row.chain, sizeof(row.chain));
    need(store_event_write(bench->store, &row), "event");
}

static void apply(struct bench *bench, const struct effect *effects, size_t count)
{
    const struct store_applied event = {.position = bench->position, .booked_at = 1730000000000};
    need(store_apply(bench->store, &event, effects, count), "effects");
}

/* Tills are principals 1 to `tills`, added by events of the daemon; members are enrolled in bulk. */
static void prepare(struct bench *bench)
{
    uint8_t key[KEY_BYTES] = {1};
    uint64_t sequence = 1;
    need(store_begin(bench->store), "begin");
    for (uint32_t till = 1; till <= bench->tills; till++) {
        char label[16];
        char store[16];
        snprintf(label, sizeof(label), "till-%u", till % 10);
        snprintf(store, sizeof(store), "store-%u", till % STORES);
        const struct effect effect = {
            .kind = EFFECT_PRINCIPAL,
            .principal = {.principal = till, .store = store, .label = label, .key = {key, sizeof(key)}}};
        bench->position++;
        apply(bench, &effect, 1);
        write_event(bench, 0, sequence++, NULL);
        bench->sequences[till] = 1;
        bench->numbers[till] = 1000 + till;
    }
    need(store_commit(bench->store), "commit");
    for (uint32_t member = 1; member <= bench->members;) {
        bool done;
        need(store_begin(bench->store), "begin");
        for (int i = 0; i < 1000 && member <= bench->members; i++, member++) {
            const struct effect effect = {.kind = EFFECT_ENROL, .member = member};
            uint8_t hash[HASH_BYTES];
            card_hash(member, hash);
            bench->position++;
            apply(bench, &effect, 1);
            write_event(bench, 0, sequence++, NULL);
            need(store_member_touch(bench->store, member, bench->position), "touch");
            need(store_card_write(bench->store, hash, member), "card");
        }
        need(store_commit(bench->store), "commit");
        need(store_checkpoint(bench->store, false, &done), "checkpoint");
    }
}

static size_t purchase_effects(struct bench *bench, uint32_t member, int32_t day, struct effect effects[8])
{
    const int64_t points = 20 + (int64_t)(draw(bench) % 400);
    const struct stamps *stamps = member_state_stamps(bench->state, 1);
    const int64_t count = stamps != NULL ? stamps->count + 1 : 1;
    const uint64_t issued = account_of_programme(PROGRAMME_ISSUED);
    const uint64_t available = account_of_member(member, MEMBER_AVAILABLE);
    size_t n = 0;
    effects[n++] =
        (struct effect){.kind = EFFECT_LOT, .member = member, .lot = {.since = day, .until = day + 400}};
    effects[n++] = (struct effect){
        .kind = EFFECT_MOVE,
        .move = {.debit = issued, .credit = available, .amount = points, .has_lot = true, .rule = 1}};
    effects[n++] = (struct effect){
        .kind = EFFECT_MOVE,
        .move = {.debit = issued, .credit = available, .amount = 10, .has_lot = true, .rule = 2}};
    effects[n++] =
        (struct effect){.kind = EFFECT_METRIC, .member = member, .metric = {.day = day, .amount = points}};
    effects[n++] = (struct effect){.kind = EFFECT_STAMPS,
                                   .member = member,
                                   .stamps = {.card = 1,
                                              .given = 1,
                                              .completed = count == 10,
                                              .count = count == 10 ? 0 : count,
                                              .since = day,
                                              .rule = 3}};
    if (count == 10) {
        effects[n] = (struct effect){.kind = EFFECT_VOUCHER,
                                     .member = member,
                                     .voucher = {.reward = 1, .card = 1, .since = day, .until = day + 60}};
        fill(bench, effects[n++].voucher.code, VOUCHER_CODE_BYTES);
    }
    effects[n++] = (struct effect){
        .kind = EFFECT_COUNTER, .member = member, .counter = {.limit = 1, .period = day, .amount = points}};
    effects[n++] = (struct effect){.kind = EFFECT_VISIT, .member = member, .visit.day = day};
    return n;
}

static void purchase(struct bench *bench, int32_t day)
{
    const uint32_t till = 1 + (uint32_t)(draw(bench) % bench->tills);
    uint8_t hash[HASH_BYTES];
    card_hash(1 + (uint32_t)(draw(bench) % bench->members), hash);
    char store[16];
    char label[16];
    char number[16];
    snprintf(store, sizeof(store), "store-%u", till % STORES);
    snprintf(label, sizeof(label), "till-%u", till / STORES);
    snprintf(number, sizeof(number), "%06u", bench->numbers[till]++);
    const struct till_day till_day = {
        .key = {.store = store, .business_date = day, .till = label, .number = number},
        .gross = 1260,
        .points = 30,
    };
    uint32_t member = 0;
    uint64_t other = 0;
    struct effect effects[8];
    need(store_receipt_find(bench->store, &till_day.key, &other) == ERR_NOT_FOUND ? 0 : ERR_EXISTS,
         "receipt");
    need(store_card_find(bench->store, hash, &member), "card");
    need(store_member_read(bench->store, member, bench->state), "member");
    bench->position++;
    apply(bench, effects, purchase_effects(bench, member, day, effects));
    write_event(bench, till, bench->sequences[till]++, &till_day.key);
    need(store_member_touch(bench->store, member, bench->position), "touch");
    need(store_till_day_add(bench->store, &till_day), "till day");
}

static int print_row(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    const struct bench *bench = context;
    const double bytes = strtod(values[1], NULL);
    printf("    %-16s %8.1f KiB  %6.1f bytes a purchase  %s%% used\n", values[0], bytes / 1024,
           bytes / bench->purchases, values[2]);
    return 0;
}

static void print_tables(struct bench *bench)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(bench->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        sqlite3_exec(db,
                     "SELECT name, sum(pgsize), 100 - sum(unused) * 100 / sum(pgsize) FROM dbstat"
                     " GROUP BY name HAVING sum(pgsize) > 65536 ORDER BY 2 DESC",
                     print_row, bench, NULL);
    }
    sqlite3_close(db);
}

/* The books still balance, whatever was measured. */
static void check_totals(struct bench *bench)
{
    struct store_totals totals;
    const double start = seconds(CLOCK_MONOTONIC);
    need(store_totals(bench->store, &totals), "totals");
    need(totals.balanced ? 0 : ERR_CORRUPT, "balance");
    if (bench->print_tables) {
        printf("    totals of %llu entries and %u members in %.2f s; heap %.1f MiB, at most %.1f MiB\n",
               (unsigned long long)totals.entries, totals.members, seconds(CLOCK_MONOTONIC) - start,
               (double)sqlite3_memory_used() / 1048576, (double)sqlite3_memory_highwater(0) / 1048576);
    }
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void run(struct bench *bench, uint32_t batch)
{
    struct store_figures before;
    struct store_figures after;
    const uint32_t warm = bench->purchases / 10;
    double wall = 0;
    double cpu = 0;
    double *times = calloc(bench->purchases + warm + 1, sizeof(*times));
    size_t times_count = 0;
    need(times == NULL ? ERR_NOMEM : 0, "memory");
    bench->random = 88172645463325252ULL;
    bench->position = 0;
    snprintf(bench->path, sizeof(bench->path), "%s/store_rows.db", bench->folder);
    unlink(bench->path);
    const struct store_options options = {.path = bench->path, .create = true};
    store_one_thread();
    need(store_open(&options, &bench->store, NULL), "open");
    prepare(bench);
    for (uint32_t booked = 0; booked < bench->purchases + warm;) {
        bool done;
        if (booked - warm < batch) {
            need(store_figures(bench->store, &before), "figures");
            wall = seconds(CLOCK_MONOTONIC);
            cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        }
        const double start = seconds(CLOCK_MONOTONIC);
        need(store_begin(bench->store), "begin");
        for (uint32_t i = 0; i < batch; i++, booked++) {
            purchase(bench, FIRST_DAY + (int32_t)(booked / bench->purchases_a_day));
        }
        need(store_commit(bench->store), "commit");
        times[times_count++] = seconds(CLOCK_MONOTONIC) - start;
        need(store_checkpoint(bench->store, false, &done), "checkpoint");
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    need(store_figures(bench->store, &after), "figures");
    const double n = bench->purchases;
    qsort(times, times_count, sizeof(times[0]), by_size);
    printf("%5u  %12.0f  %8.1f  %10.2f  %12.0f  %10.1f\n", batch, n / wall, cpu * 1e6 / n,
           (double)(after.wal_frames_written - before.wal_frames_written) / n,
           (double)(after.file_bytes - before.file_bytes) / n, times[times_count / 2] * 1e6);
    free(times);
    check_totals(bench);
    store_close(bench->store);
    if (bench->print_tables) {
        print_tables(bench);
    }
    fflush(stdout);
    unlink(bench->path);
}

/* A page written and synced, again and again for a second, at the places of a file that is there already. */
static void print_syncs(struct bench *bench)
{
    enum { PAGE_BYTES = 4096, PAGES = 1000 };
    static uint8_t page[PAGE_BYTES];
    snprintf(bench->path, sizeof(bench->path), "%s/store_rows.sync", bench->folder);
    const int file = open(bench->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    bool well = file >= 0;
    for (int i = 0; i < PAGES && well; i++) {
        well = pwrite(file, page, PAGE_BYTES, i * PAGE_BYTES) == PAGE_BYTES;
    }
    well = well && fsync(file) == 0;
    const double start = seconds(CLOCK_MONOTONIC);
    int syncs = 0;
    for (; well && seconds(CLOCK_MONOTONIC) < start + 1; syncs++) {
        memset(page, syncs, PAGE_BYTES);
        well =
            pwrite(file, page, PAGE_BYTES, syncs % PAGES * PAGE_BYTES) == PAGE_BYTES && fdatasync(file) == 0;
    }
    close(file);
    unlink(bench->path);
    need(well ? 0 : ERR_IO, "syncing");
    printf("sync   %8.0f a second\n", syncs / (seconds(CLOCK_MONOTONIC) - start));
}

int main(int count, char **arguments)
{
    struct bench bench = {
        .folder = ".", .purchases = 200000, .members = 100000, .tills = 300, .purchases_a_day = 30000};
    uint32_t batches[16] = {1, 8, 64, 256};
    size_t batches_count = 4;
    bool given = false;
    bool syncs = false;
    for (int option; (option = getopt(count, arguments, "f:n:m:t:d:b:py")) != -1;) {
        const uint32_t number = optarg != NULL ? (uint32_t)strtoul(optarg, NULL, 10) : 0;
        switch (option) {
        case 'f':
            bench.folder = optarg;
            break;
        case 'n':
            bench.purchases = number;
            break;
        case 'm':
            bench.members = number;
            break;
        case 't':
            bench.tills = number;
            break;
        case 'd':
            bench.purchases_a_day = number;
            break;
        case 'b':
            batches_count = given ? batches_count : 0;
            given = true;
            if (batches_count < 16) {
                batches[batches_count++] = number;
            }
            break;
        case 'p':
            bench.print_tables = true;
            break;
        case 'y':
            syncs = true;
            break;
        default:
            return 2;
        }
    }
    bench.sequences = calloc(bench.tills + 1, sizeof(*bench.sequences));
    bench.numbers = calloc(bench.tills + 1, sizeof(*bench.numbers));
    bench.state = calloc(1, sizeof(*bench.state));
    if (bench.sequences == NULL || bench.numbers == NULL || bench.state == NULL) {
        return 1;
    }
    if (syncs) {
        print_syncs(&bench);
    }
    printf("%u members, %u tills, %u purchases, %u a day\n", bench.members, bench.tills, bench.purchases,
           bench.purchases_a_day);
    printf(
        "batch  purchases/s   CPU us   WAL frames    file bytes   median us   (each a purchase, the median a "
        "transaction)\n");
    for (size_t i = 0; i < batches_count; i++) {
        run(&bench, batches[i]);
    }
    free(bench.sequences);
    free(bench.numbers);
    free(bench.state);
    return 0;
}
