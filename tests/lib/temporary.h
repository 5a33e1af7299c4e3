/* A folder of the test's own with a store in it. Everything here fails the test where it cannot do its work.
 */
#ifndef LOYALTY_TESTS_LIB_TEMPORARY_H
#define LOYALTY_TESTS_LIB_TEMPORARY_H

#include "store/store.h"

#include <stdint.h>

/* The VFS of SQLite that stores are opened on from here on; NULL: the default one. */
extern const char *temporary_vfs;

enum { TEMPORARY_FOLDER_BYTES = 64 };

/* An empty folder in TMPDIR. One that was not removed when the program ends fails it. */
void temporary_folder_make(char ret_folder[TEMPORARY_FOLDER_BYTES]);
void temporary_folder_remove(const char *name); /* with the files in it */

struct temporary {
    char folder[TEMPORARY_FOLDER_BYTES];
    char path[96]; /* of the store's file in it */
    struct store *store;
};

/* Makes the folder; `_open` makes it, too, with a new store in it. */
void temporary_make(struct temporary *temporary);
void temporary_open(struct temporary *temporary);

/* Closes the store, if it is open, and opens it again. */
void temporary_reopen(struct temporary *temporary);

/* Closes the store, if it is open, and removes the folder with all its files. */
void temporary_remove(struct temporary *temporary);

/* As setup and teardown of cmocka: a `struct temporary` in *state. */
int temporary_setup(void **state);
int temporary_teardown(void **state);

/* The next event of a principal with small, recognisable bytes, at the end of the log; returns its position.
 * Inside a transaction. */
uint64_t temporary_book(struct store *store, uint32_t principal);

/* The same with a receipt. */
uint64_t temporary_book_receipt(struct store *store, uint32_t principal, const struct receipt_key *receipt);

/* Applies effects as those of the next position, without an event. */
void temporary_apply(struct store *store, const struct effect *effects, size_t count);

void temporary_begin(struct store *store);
void temporary_commit(struct store *store);

#endif
