#include "lib/temporary.h"

#include "lib/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

const char *temporary_vfs;

enum { FOLDERS_MAX = 64 }; /* at one time */

static char folders[FOLDERS_MAX][TEMPORARY_FOLDER_BYTES];
static pid_t maker;

/* Tests that pass leave nothing behind. */
static void check_removed(void)
{
    bool left = false;
    for (size_t i = 0; i < FOLDERS_MAX && getpid() == maker; i++) {
        if (folders[i][0] != '\0') {
            fprintf(stderr, "a test left %s behind\n", folders[i]);
            left = true;
        }
    }
    if (left) {
        fflush(NULL);
        _exit(EXIT_FAILURE);
    }
}

static char *folder_named(const char *name)
{
    for (size_t i = 0; i < FOLDERS_MAX; i++) {
        if (strcmp(folders[i], name) == 0) {
            return folders[i];
        }
    }
    return NULL;
}

void temporary_folder_make(char ret_folder[TEMPORARY_FOLDER_BYTES])
{
    const char *base = getenv("TMPDIR");
    char *slot = folder_named("");
    assert_non_null(slot);
    const int length =
        snprintf(slot, TEMPORARY_FOLDER_BYTES, "%s/loyalty-XXXXXX", base != NULL ? base : "/tmp");
    assert_true(length < TEMPORARY_FOLDER_BYTES);
    assert_non_null(mkdtemp(slot));
    memcpy(ret_folder, slot, TEMPORARY_FOLDER_BYTES);
    if (maker == 0) {
        maker = getpid();
        assert_int_equal(atexit(check_removed), 0);
    }
}

void temporary_folder_remove(const char *name)
{
    char *slot = folder_named(name);
    assert_non_null(slot);
    DIR *folder = opendir(name);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[TEMPORARY_FOLDER_BYTES + sizeof(entry->d_name) + 1];
        snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            assert_int_equal(unlink(path), 0);
        }
    }
    closedir(folder);
    assert_int_equal(rmdir(name), 0);
    slot[0] = '\0';
}

void temporary_make(struct temporary *temporary)
{
    memset(temporary, 0, sizeof(*temporary));
    temporary_folder_make(temporary->folder);
    snprintf(temporary->path, sizeof(temporary->path), "%s/loyalty.db", temporary->folder);
}

void temporary_open(struct temporary *temporary)
{
    temporary_make(temporary);
    const struct store_options options = {.path = temporary->path, .vfs = temporary_vfs, .create = true};
    assert_int_equal(store_open(&options, &temporary->store, NULL), 0);
}

void temporary_reopen(struct temporary *temporary)
{
    const struct store_options options = {.path = temporary->path, .vfs = temporary_vfs};
    store_close(temporary->store);
    temporary->store = NULL;
    assert_int_equal(store_open(&options, &temporary->store, NULL), 0);
}

void temporary_remove(struct temporary *temporary)
{
    store_close(temporary->store);
    temporary->store = NULL;
    temporary_folder_remove(temporary->folder);
}

int temporary_setup(void **state)
{
    static struct temporary temporary;
    temporary_open(&temporary);
    *state = &temporary;
    return 0;
}

int temporary_teardown(void **state)
{
    temporary_remove(*state);
    return 0;
}

uint64_t temporary_book(struct store *store, uint32_t principal)
{
    return temporary_book_receipt(store, principal, NULL);
}

uint64_t temporary_book_receipt(struct store *store, uint32_t principal, const struct receipt_key *receipt)
{
    struct store_head head;
    struct principal_row signer;
    assert_int_equal(store_head(store, &head), 0);
    assert_int_equal(store_principal_read(store, principal, &signer), 0);
    char body[64];
    const int length = snprintf(body, sizeof(body), "principal %u event %llu", principal,
                                (unsigned long long)signer.next_sequence);
    uint8_t signature[SIGNATURE_BYTES];
    memset(signature, (int)principal, sizeof(signature));
    struct event_row row = {
        .position = head.position + 1,
        .principal = principal,
        .key_no = signer.key_no,
        .sequence = signer.next_sequence,
        .booked_at = head.booked_at + 1,
        .body = {(const uint8_t *)body, (size_t)length},
        .signature = {signature, sizeof(signature)},
        .context = {(const uint8_t *)"context", 7},
        .outcome = {(const uint8_t *)"outcome", 7},
        .receipt = receipt,
    };
    memset(row.chain, (int)(row.position & 0xff), sizeof(row.chain));
    assert_int_equal(store_event_write(store, &row), 0);
    return row.position;
}

void temporary_apply(struct store *store, const struct effect *effects, size_t count)
{
    struct store_head head;
    assert_int_equal(store_head(store, &head), 0);
    const struct store_applied event = {.position = head.position + 1, .booked_at = head.booked_at + 1};
    assert_int_equal(store_apply(store, &event, effects, count), 0);
}

void temporary_begin(struct store *store)
{
    assert_int_equal(store_begin(store), 0);
}

void temporary_commit(struct store *store)
{
    assert_int_equal(store_commit(store), 0);
}
