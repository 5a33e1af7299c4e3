/* loyaltyctl verify: proves a log by booking it again into a store of its own. */
#include "client/loyaltyctl.h"

#include "base/check.h"
#include "client/clock.h"
#include "client/loyaltyctl_signatures.h"
#include "crypto/crypto.h"
#include "service/replay.h"
#include "store/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, COMMIT_EVENTS = 1024, SIGNATURE_ROOM_BYTES = 4 * 1024 * 1024 };

struct verification {
    const struct verify_options *options;
    struct store *stored;
    struct store *replayed;
    struct replay *replay;
    struct signatures *signatures; /* NULL: checked by the replay, or not at all */
    struct store_head head;
    uint64_t replayed_count; /* events */
    uint8_t *memory;         /* of the signature of a batch */
    int64_t started_ms;
    int64_t shown_ms;
    bool failed; /* the log or its tables do not hold: position and text say where */
    uint64_t position;
    const char *part;
    char text[600];
};

static void show_progress(struct verification *run, uint64_t position, bool last)
{
    if (run->options->json || !isatty(STDERR_FILENO)) {
        return;
    }
    const int64_t now = clock_monotonic_ms();
    if (!last && now - run->shown_ms < 200) {
        return;
    }
    run->shown_ms = now;
    const uint64_t elapsed = (uint64_t)(now - run->started_ms) + 1;
    const uint64_t rate = position * 1000 / elapsed;
    const uint64_t left = rate > 0 ? (run->head.position - position) / rate : 0;
    char bar[31];
    const size_t filled = run->head.position == 0 ? 30 : (size_t)(30 * position / run->head.position);
    memset(bar, '-', 30);
    memset(bar, '#', filled);
    bar[30] = '\0';
    fprintf(stderr, "\r[%s] %llu of %llu events, %llu a second, %llu s left   %s", bar,
            (unsigned long long)position, (unsigned long long)run->head.position, (unsigned long long)rate,
            (unsigned long long)left, last ? "\n" : "");
}

static void take_difference(struct verification *run, const struct replay_difference *difference)
{
    run->failed = true;
    run->position = difference->position;
    run->part = difference->part;
    snprintf(run->text, sizeof(run->text), "%s", difference->text);
}

/* 1: an event does not hold. */
static int replay_one(void *context, const struct event_row *row)
{
    struct verification *run = context;
    const uint64_t position = ++run->replayed_count;
    struct replay_difference difference = {.part = NULL};
    if (row->position != position) {
        difference = (struct replay_difference){
            .position = position, .part = "event", .text = "there is no event at this position"};
        take_difference(run, &difference);
        return 1;
    }
    int result = replay_event(run->replay, row, &difference);
    if (result == ERR_CORRUPT && difference.part != NULL) {
        take_difference(run, &difference);
        return 1;
    }
    if (result == 0 && position % COMMIT_EVENTS == 0) {
        result = replay_commit(run->replay);
    }
    if (result == 0) {
        show_progress(run, position, position == run->head.position);
    }
    return result;
}

static int finish_replay(struct verification *run)
{
    struct replay_difference difference = {.part = NULL};
    const int result = replay_finish(run->replay, &difference);
    if (result == ERR_CORRUPT && difference.part != NULL) {
        take_difference(run, &difference);
        return 0;
    }
    return result;
}

static int replay_all(struct verification *run)
{
    struct arena arena;
    arena_init(&arena, run->memory, SIGNATURE_ROOM_BYTES);
    int result = store_events(run->stored, 1, run->head.position, &arena, replay_one, run);
    if (result == 0) {
        result = finish_replay(run);
    }
    /* The signatures are those of events up to where the replay came, or to the one where it failed. */
    struct replay_difference difference;
    if (run->signatures != NULL && signatures_wrong(run->signatures, &difference)) {
        take_difference(run, &difference);
        return 0;
    }
    return result == 1 ? 0 : result;
}

static int compare_tables(struct verification *run)
{
    struct store_difference difference = {.table = NULL};
    const int result = store_compare(run->stored, run->replayed, &difference);
    if (result == ERR_CORRUPT && difference.table != NULL) {
        run->failed = true;
        run->position = difference.position;
        run->part = difference.table;
        snprintf(run->text, sizeof(run->text), "%s", difference.text);
        return 0;
    }
    return result;
}

/* The database of a data directory, or the path itself. */
static bool database_path(const char *path, char *ret_path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return ctl_path(ret_path, PATH_BYTES, path, "loyalty.db");
    }
    const int length = snprintf(ret_path, PATH_BYTES, "%s", path);
    return length > 0 && length < PATH_BYTES;
}

static int open_stored(struct verification *run)
{
    char path[PATH_BYTES];
    const char *detail;
    if (!database_path(run->options->path, path)) {
        return ERR_TOO_LARGE;
    }
    const struct store_options options = {.path = path};
    const int result = store_open(&options, &run->stored, &detail);
    if (result == ERR_LOCKED) {
        fprintf(stderr,
                "loyaltyctl: %s is in use by a running daemon: make a copy with `loyaltyctl backup FILE` and "
                "verify "
                "that\n",
                path);
    } else if (result == ERR_CORRUPT) {
        run->failed = true;
        run->part = "store";
        snprintf(run->text, sizeof(run->text), "the store cannot be read as a whole: %s", detail);
        return 0;
    } else if (result < 0) {
        fprintf(stderr, "loyaltyctl: cannot open %s: %s%s%s\n", path, error_text(result),
                detail[0] ? ": " : "", detail);
    }
    return result;
}

static int make_replay(struct verification *run, const char *folder)
{
    char path[PATH_BYTES];
    if (!ctl_path(path, sizeof(path), folder, "replay.db")) {
        return ERR_TOO_LARGE;
    }
    const struct store_options options = {.path = path, .create = true, .scratch = true};
    int result = store_open(&options, &run->replayed, NULL);
    if (result == 0) {
        struct replay_options replay = {
            .store = run->replayed, .world = &client_world, .skip_signatures = run->options->fast};
        if (!run->options->fast && signatures_start(&run->signatures) == 0) {
            replay.check = signatures_check;
            replay.check_context = run->signatures;
        }
        result = replay_new(&replay, &run->replay);
    }
    run->memory = malloc(SIGNATURE_ROOM_BYTES);
    return result == 0 && run->memory == NULL ? ERR_NOMEM : result;
}

static int verify_in(struct verification *run, const char *folder)
{
    int result = open_stored(run);
    if (result < 0 || run->failed) {
        return result;
    }
    result = store_head(run->stored, &run->head);
    if (result == 0) {
        result = make_replay(run, folder);
    }
    if (result == 0) {
        result = replay_all(run);
    }
    if (result == 0 && !run->failed) {
        result = compare_tables(run);
    }
    if (result < 0) {
        fprintf(stderr, "loyaltyctl: verifying stopped: %s\n", error_text(result));
    }
    return result;
}

static void print_verdict(const struct verification *run)
{
    const uint64_t elapsed = (uint64_t)(clock_monotonic_ms() - run->started_ms) + 1;
    const uint64_t folded = run->replay != NULL ? replay_folded(run->replay) : 0;
    const uint64_t rate = run->head.position * 1000 / elapsed;
    if (run->options->json) {
        struct json json;
        json_init(&json, stdout);
        json_object(&json, NULL);
        json_bool(&json, "holds", !run->failed);
        json_unsigned(&json, "events", run->head.position);
        json_unsigned(&json, "folded", folded);
        json_bool(&json, "signatures", !run->options->fast);
        json_unsigned(&json, "events_per_second", rate);
        if (run->failed) {
            json_unsigned(&json, "position", run->position);
            json_text(&json, "part", run->part);
            json_text(&json, "text", run->text);
        }
        json_end_object(&json);
        return;
    }
    if (run->failed) {
        printf("NOT PROVEN: position %llu, %s: %s\n", (unsigned long long)run->position, run->part,
               run->text);
        return;
    }
    printf("The log holds: %llu events, chain %s, every outcome decided again%s, every derived row compared "
           "(%llu events a second).\n",
           (unsigned long long)run->head.position,
           run->options->fast ? "unbroken (signatures not checked)" : "and signatures unbroken",
           folded > 0 ? " but those of older engines" : "", (unsigned long long)rate);
    if (folded > 0) {
        printf("%llu events were decided by an older engine: their recorded outcomes were folded, not "
               "decided again.\n",
               (unsigned long long)folded);
    }
}

/* What the replay left behind. */
static void remove_scratch(const char *folder)
{
    static const char *const names[] = {"replay.db", "replay.db-wal", "replay.db-journal"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ctl_path(path, sizeof(path), folder, names[i])) {
            unlink(path);
        }
    }
    rmdir(folder);
}

int verify_log(const struct verify_options *options)
{
    const char *base = options->scratch != NULL ? options->scratch : getenv("TMPDIR");
    char folder[PATH_BYTES];
    if (!ctl_path(folder, sizeof(folder), base != NULL && base[0] != '\0' ? base : "/var/tmp",
                  "loyaltyctl-verify-XXXXXX")) {
        return CTL_EXIT_ERROR;
    }
    if (mkdtemp(folder) == NULL) {
        fprintf(stderr, "loyaltyctl: cannot make a folder for the replay in %s: give one with --scratch\n",
                folder);
        return CTL_EXIT_ERROR;
    }
    struct verification run = {.options = options, .started_ms = clock_monotonic_ms()};
    const int result = verify_in(&run, folder);
    if (result == 0) {
        print_verdict(&run);
    }
    replay_free(run.replay);
    signatures_stop(run.signatures);
    store_close(run.replayed);
    store_close(run.stored);
    free(run.memory);
    remove_scratch(folder);
    if (result < 0) {
        return CTL_EXIT_ERROR;
    }
    return run.failed ? CTL_EXIT_REFUTED : CTL_EXIT_OK;
}

static int verify(const struct command_call *call)
{
    struct verify_options options = {0};
    command_parse(call, &options);
    if (crypto_init() != 0) {
        ctl_complain("the system gives no randomness");
        return CTL_EXIT_ERROR;
    }
    store_one_thread();
    return verify_log(&options);
}

static const struct command_option own_options[] = {
    {.arg = "FILE|DIR",
     .type = &command_text,
     .offset = offsetof(struct verify_options, path),
     .missing = "say which: a backup, or the data directory of a stopped daemon"},
    {.name = "fast",
     .doc = "Do not check signatures: the chain, outcomes and rows only",
     .type = &command_flag,
     .offset = offsetof(struct verify_options, fast)},
    {.name = "scratch",
     .arg = "DIR",
     .doc = "Where the replay may write; it needs as much room as the log has (default: $TMPDIR or "
            "/var/tmp)",
     .type = &command_text,
     .offset = offsetof(struct verify_options, scratch)},
    {.name = "json",
     .doc = "Print JSON",
     .type = &command_flag,
     .offset = offsetof(struct verify_options, json)},
    {0}};

const struct command ctl_verify_commands[] = {
    {.name = "verify",
     .summary = "prove a log and everything derived from it",
     .doc = "Prove a log: walk the chain, check every signature against the keys of then, decide every "
            "event again and compare its outcome, fold the effects into a fresh store and compare every "
            "row.\vExit status: 0 it holds; 4 it does not, and the first difference is named; 1 it could "
            "not be told.",
     .options = own_options,
     .alone = true,
     .run = verify},
    {0}};
