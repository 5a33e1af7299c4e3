#include "store/store.h"

#include "base/check.h"
#include "base/heap.h"
#include "store/connection.h"
#include "store/schema.h"

#include <string.h>

enum {
    CHECKPOINT_FRAMES = 4000,
    /* In an idle moment, which ends when the next purchase comes, and that then waits: little at a time. But
     * what large transactions write again and again goes into the database less often. */
    CHECKPOINT_IDLE_FRAMES = 200,
    CHECKPOINT_IDLE_FRAMES_MAX = 1000,
    CHECKPOINT_IDLE_COMMITS = 8,        /* of the size of the last, at least */
    HEAP_SOFT_BYTES = 24 * 1024 * 1024, /* from here on the page cache gives way */
    HEAP_HARD_BYTES = 32 * 1024 * 1024,
    HEAP_SCRATCH_BYTES = 32 * 1024 * 1024, /* above either: its larger cache, and what undoes a transaction */
    ROW_BYTES_MAX = 16 * 1024 * 1024,
};

/* Settings, in this order, each read back. The first ones touch no file; the exclusive lock is taken with the
 * first read after them, and before WAL, so that there is no shared memory and no second opener. */
struct setting {
    const char *set;
    const char *read;
    const char *expected;
};

static const struct setting SETTINGS[] = {
    {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA locking_mode", "exclusive"},
    {"PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1"},
    {"PRAGMA mmap_size = 0", "PRAGMA page_size", "4096"},
    {"PRAGMA cache_size = -12288", "PRAGMA cache_size", "-12288"}, /* KiB */
    {"PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0"},
    {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA secure_delete = ON", "PRAGMA secure_delete", "1"}, /* erased is erased */
    {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA wal_autocheckpoint = 0", "PRAGMA wal_autocheckpoint", "0"},
    {NULL, NULL, NULL},
};

/* Over those, for a store that can be made again. */
static const struct setting SCRATCH_SETTINGS[] = {
    {"PRAGMA synchronous = OFF", "PRAGMA synchronous", "0"},
    {"PRAGMA secure_delete = OFF", "PRAGMA secure_delete", "0"},
    {"PRAGMA cache_size = -24576", "PRAGMA cache_size", "-24576"}, /* KiB */
    {NULL, NULL, NULL},
};

/* Its pages are written once, without a log to go to before. A transaction that is rolled back is undone from
 * memory, a process that ends within one leaves nothing of use. */
static const struct setting SCRATCH_JOURNAL[] = {
    {"PRAGMA journal_mode = MEMORY", "PRAGMA journal_mode", "memory"},
    {NULL, NULL, NULL},
};

/* Before a new file gets its first page. */
static const struct setting NEW_SETTINGS[] = {
    {"PRAGMA page_size = 4096", "PRAGMA page_size", "4096"},
    {"PRAGMA auto_vacuum = NONE", "PRAGMA auto_vacuum", "0"},
    {NULL, NULL, NULL},
};

static const struct setting IDENTITY[] = {
    {"", "PRAGMA application_id", SCHEMA_APPLICATION_ID},
    {"", "PRAGMA user_version", SCHEMA_VERSION},
    {NULL, NULL, NULL},
};

static const struct setting EMPTY[] = {
    {"", "PRAGMA page_count", "0"},
    {NULL, NULL, NULL},
};

/* Only when the file is known to be ours: the journal mode is in it. */
static const struct setting JOURNAL[] = {
    {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", "67108864"},
    {NULL, NULL, NULL},
};

struct comparison {
    const char *expected;
    bool equal;
};

static int compare(void *context, int columns, char **values, char **names)
{
    (void)names;
    struct comparison *comparison = context;
    comparison->equal = columns == 1 && values[0] != NULL && strcmp(values[0], comparison->expected) == 0;
    return 0;
}

/* `mismatch` is returned where what is read back differs. Results of setting are ignored: it is read back. */
static int set_all(struct store *store, const struct setting *settings, int mismatch)
{
    for (const struct setting *SETTING = settings; SETTING->set != NULL; SETTING++) {
        int error = connection_error(store, sqlite3_exec(store->db, SETTING->set, NULL, NULL, NULL));
        if (error != 0) {
            return error;
        }
        struct comparison comparison = {.expected = SETTING->expected};
        error = connection_error(store, sqlite3_exec(store->db, SETTING->read, compare, &comparison, NULL));
        if (error != 0) {
            return error;
        }
        if (!comparison.equal) {
            return mismatch;
        }
    }
    return 0;
}

static int configure(struct store *store)
{
    static const struct {
        int option;
        int value;
    } OPTIONS[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},    {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++) {
        int value = -1;
        const int error = connection_error(
            store, sqlite3_db_config(store->db, OPTIONS[i].option, OPTIONS[i].value, &value));
        if (error != 0) {
            return error;
        }
        CHECK(value == OPTIONS[i].value);
    }
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(store->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX);
    return 0;
}

/* In one transaction with a rollback journal: after a power cut there is a whole store or an empty file,
 * which counts as none. */
static int create(struct store *store)
{
    int error = set_all(store, NEW_SETTINGS, ERR_UNSUPPORTED);
    if (error == 0) {
        error = connection_error(store, sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    }
    for (size_t i = 0; SCHEMA[i] != NULL && error == 0; i++) {
        error = connection_error(store, sqlite3_exec(store->db, SCHEMA[i], NULL, NULL, NULL));
    }
    if (error == 0) {
        error = connection_error(store, sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL));
    }
    return error;
}

static int read_head(void *context, sqlite3_stmt *row)
{
    struct store_head *head = context;
    int error = column_i64(row, 0, &head->live_at);
    head->live = head->live_at != 0;
    if (error == 0) {
        error = column_u32(row, 1, &head->engine_revision);
    }
    if (error == 0) {
        error = column_u32(row, 2, &head->next_member);
    }
    if (error == 0) {
        error = column_u32(row, 3, &head->next_principal);
    }
    return error != 0 ? error : column_array(row, 4, head->epoch, sizeof(head->epoch));
}

static int read_last(void *context, sqlite3_stmt *row)
{
    struct store_head *head = context;
    int error = column_u64(row, 0, &head->position);
    if (error == 0) {
        error = column_i64(row, 1, &head->booked_at);
    }
    return error != 0 ? error : column_array(row, 2, head->chain, sizeof(head->chain));
}

static int load_head(struct store *store)
{
    struct store_head head = {0};
    int error = statement_find(store, STATEMENT_EVENT_LAST, read_last, &head);
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    error = statement_find(store, STATEMENT_HEAD_READ, read_head, &head);
    if (error != 0) {
        return error == ERR_NOT_FOUND ? ERR_CORRUPT : error;
    }
    store->head = head;
    store->committed = head;
    return 0;
}

/* The ends of the tables that grow with the log agree: cheap, and enough to tell a file that was cut or mixed
 * from two. The whole is checked on a copy. */
static int read_surplus(void *context, sqlite3_stmt *row)
{
    (void)context;
    int64_t surplus = 0;
    const int error = column_i64(row, 0, &surplus);
    return error != 0 || surplus == 0 ? error : ERR_CORRUPT;
}

static int check_ends(struct store *store)
{
    bind_u64(store, STATEMENT_ENDS_CHECK, 1, store->head.position);
    bind_i64(store, STATEMENT_ENDS_CHECK, 2, store->head.next_member);
    bind_i64(store, STATEMENT_ENDS_CHECK, 3, store->head.next_principal);
    return statement_find(store, STATEMENT_ENDS_CHECK, read_surplus, NULL);
}

static int count_frames(void *context, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    struct store *store = context;
    const uint32_t now = (uint32_t)frames;
    /* A WAL that was emptied starts again from its beginning. */
    store->wal_frames_last = now >= store->wal_frames ? now - store->wal_frames : now;
    store->wal_frames_committed += store->wal_frames_last;
    store->wal_frames = now;
    return SQLITE_OK;
}

static int look_for_file(const struct store_options *options, bool *ret_exists)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(options->vfs);
    int exists = 0;
    if (vfs == NULL) {
        return ERR_UNSUPPORTED;
    }
    /* SQLite takes an empty file for none. */
    if (vfs->xAccess(vfs, options->path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK) {
        return ERR_IO;
    }
    *ret_exists = exists != 0;
    return exists == 0 && !options->create ? ERR_NOT_FOUND : 0;
}

/* What a power cut left of a store that was being made is undone by the first read: an empty file, which is
 * no store. */
static int check_there(struct store *store, bool create)
{
    const int there = set_all(store, EMPTY, ERR_EXISTS);
    if (create) {
        return there;
    }
    return there == 0 ? ERR_NOT_FOUND : there == ERR_EXISTS ? 0 : there;
}

static int open_connection(struct store *store, const struct store_options *options, bool exists)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                      SQLITE_OPEN_EXRESCODE | (options->create ? SQLITE_OPEN_CREATE : 0);
    int error = connection_error(store, sqlite3_open_v2(options->path, &store->db, flags, options->vfs));
    if (error == 0) {
        error = configure(store);
    }
    if (error == 0) {
        error = set_all(store, SETTINGS, ERR_UNSUPPORTED);
    }
    if (error == 0 && options->scratch) {
        error = set_all(store, SCRATCH_SETTINGS, ERR_MISMATCH);
    }
    if (error == 0) {
        error = check_there(store, options->create);
    }
    /* Whatever it is that cannot be read here, it is there. */
    error = error != 0 && options->create && exists ? ERR_EXISTS : error;
    if (error == 0 && options->create) {
        error = create(store);
    }
    if (error == 0) {
        error = set_all(store, IDENTITY, ERR_MISMATCH);
    }
    if (error == 0) {
        error = set_all(store, options->scratch ? SCRATCH_JOURNAL : JOURNAL, ERR_UNSUPPORTED);
    }
    if (error == 0) {
        sqlite3_wal_hook(store->db, count_frames, store);
        error = statement_prepare_all(store);
    }
    if (error == 0) {
        error = load_head(store);
    }
    return error != 0 ? error : check_ends(store);
}

void store_one_thread(void)
{
    /* Only ever slower where it is refused. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
}

int store_open(const struct store_options *options, struct store **ret_store, const char **ret_detail)
{
    CHECK(options->path != NULL);
    if (ret_detail != NULL) {
        *ret_detail = "";
    }
    if (sqlite3_initialize() != SQLITE_OK) {
        return ERR_NOMEM;
    }
    bool exists = false;
    int error = look_for_file(options, &exists);
    if (error != 0) {
        return error;
    }
    sqlite3_soft_heap_limit64(HEAP_SOFT_BYTES + (options->scratch ? HEAP_SCRATCH_BYTES : 0));
    sqlite3_hard_heap_limit64(HEAP_HARD_BYTES + (options->scratch ? HEAP_SCRATCH_BYTES : 0));
    struct store *store = sqlite3_malloc64(sizeof(*store));
    if (store == NULL) {
        return ERR_NOMEM;
    }
    memset(store, 0, sizeof(*store));
    store->magic = STORE_MAGIC;
    pending_init(&store->pending);
    error = member_cache_init(&store->members);
    error = error != 0 ? error : open_connection(store, options, exists);
    if (error != 0) {
        if (error == ERR_CORRUPT && sqlite3_errcode(store->db) == SQLITE_NOTADB) {
            error = ERR_MISMATCH;
        }
        if (ret_detail != NULL && store->db != NULL) {
            *ret_detail = sqlite3_errstr(sqlite3_extended_errcode(store->db));
        }
        store->failed = true;
        store_close(store);
        return error;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    CHECK(store->magic == STORE_MAGIC);
    if (store->writing) {
        store_rollback(store);
    }
    statement_finalize_all(store);
    if (store->db == NULL) {
        /* There was no memory even for the connection. */
    } else if (store->failed) {
        /* Nothing more may be written: recovery at the next opening decides what stands. */
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else if (sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
               SQLITE_OK) {
        /* The WAL keeps what did not get into the database. */
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    CHECK(sqlite3_close(store->db) == SQLITE_OK);
    member_cache_fini(&store->members);
    store->magic = 0;
    sqlite3_free(store);
}

int store_begin(struct store *store)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(!store->writing);
    CHECK(sqlite3_get_autocommit(store->db) != 0);
    error = statement_run(store, STATEMENT_BEGIN);
    if (error == 0) {
        store->writing = true;
        store->spoilt = false;
    }
    return error;
}

static void check_nothing_busy(const struct store *store)
{
    for (sqlite3_stmt *statement = sqlite3_next_stmt(store->db, NULL); statement != NULL;
         statement = sqlite3_next_stmt(store->db, statement)) {
        CHECK(!sqlite3_stmt_busy(statement));
    }
}

int store_commit(struct store *store)
{
    int error = connection_usable(store);
    if (error == 0) {
        CHECK(store->writing);
        CHECK(!store->spoilt);
        error = pending_flush(store);
    }
    if (error == 0) {
        check_nothing_busy(store);
        CHECK(sqlite3_get_autocommit(store->db) == 0);
        error = statement_run(store, STATEMENT_COMMIT);
    }
    if (error != 0) {
        store_rollback(store);
        return error;
    }
    CHECK(sqlite3_get_autocommit(store->db) != 0);
    store->writing = false;
    store->committed = store->head;
    member_cache_drop(&store->members);
    return 0;
}

void store_rollback(struct store *store)
{
    CHECK(store->magic == STORE_MAGIC);
    CHECK(store->writing);
    /* Some errors roll back by themselves. */
    if (sqlite3_get_autocommit(store->db) == 0) {
        sqlite3_step(store->statements[STATEMENT_ROLLBACK]);
        sqlite3_reset(store->statements[STATEMENT_ROLLBACK]);
        store->failed = store->failed || sqlite3_get_autocommit(store->db) == 0;
    }
    store->writing = false;
    store->spoilt = false;
    store->head = store->committed;
    pending_drop(&store->pending);
    member_cache_drop(&store->members);
    till_drop(&store->tills);
}

/* From how many frames on. */
static uint32_t checkpoint_frames(const struct store *store, bool idle)
{
    if (!idle) {
        return CHECKPOINT_FRAMES;
    }
    if (store->wal_frames_last >= CHECKPOINT_IDLE_FRAMES_MAX / CHECKPOINT_IDLE_COMMITS) {
        return CHECKPOINT_IDLE_FRAMES_MAX;
    }
    const uint32_t frames = store->wal_frames_last * CHECKPOINT_IDLE_COMMITS;
    return frames > CHECKPOINT_IDLE_FRAMES ? frames : CHECKPOINT_IDLE_FRAMES;
}

int store_checkpoint(struct store *store, bool idle, bool *ret_done)
{
    const int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(!store->writing);
    if (store->wal_frames < checkpoint_frames(store, idle)) {
        *ret_done = false;
        return 0;
    }
    /* Passive is whole, as there is no other connection; the next commit then writes from the WAL's
     * beginning, over bytes the file already has, whose sync is cheaper than that of a growing file. */
    int frames = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
    const int failed = connection_error(store, code);
    if (failed != 0) {
        return failed;
    }
    CHECK(frames == moved);
    store->wal_frames = 0;
    *ret_done = true;
    return 0;
}

void store_shrink(struct store *store)
{
    CHECK(!store->writing);
    (void)sqlite3_db_release_memory(store->db);
    heap_trim();
}

int store_truncate(struct store *store)
{
    int error = connection_usable(store);
    if (error == 0) {
        CHECK(!store->writing);
        error = connection_error(
            store, sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
    }
    if (error == 0) {
        store->wal_frames = 0;
    }
    return error;
}

int store_head(struct store *store, struct store_head *ret_head)
{
    const int error = connection_usable(store);
    if (error == 0) {
        *ret_head = store->head;
    }
    return error;
}

int store_set_epoch(struct store *store, const uint8_t epoch[EPOCH_BYTES])
{
    const int error = connection_usable(store);
    if (error == 0) {
        CHECK(store->writing);
        memcpy(store->head.epoch, epoch, EPOCH_BYTES);
        store->pending.head_dirty = true;
    }
    return error;
}
