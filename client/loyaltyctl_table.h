/* Tables of what a programme must give, row by row, as shopkeepers can read and write them: the acceptance
 * test of an owner (`loyaltyctl programme test`) and the tables of tests/engine, whose README describes the
 * words. A new word is a function and a row in a table of loyaltyctl_table_deed.c (what is done) or of
 * loyaltyctl_table_expect.c (what it must give). */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_TABLE_H
#define LOYALTY_CLIENT_LOYALTYCTL_TABLE_H

#include "client/loyaltyctl_trial.h"

#include <stdbool.h>
#include <stddef.h>

enum { TABLE_ROW_BYTES_MAX = 1024, TABLE_TEXT_BYTES_MAX = 1024 * 1024 };

/* Something is not as the table says. `row` is the text of that line; `trial` stands behind it, NULL when no
 * programme was read. All are borrowed. */
typedef void table_differs(void *context, int line, const char *row, const char *what,
                           const struct trial *trial);

struct table_run {
    struct bytes programme;            /* for cases without one of their own; empty: none */
    const struct trial_engine *engine; /* NULL: trial_engine */
    const char *folder;                /* where `file PATH` looks; NULL: where the program runs */
    table_differs *differs;
    void *context; /* of `differs` */
    /* filled: */
    size_t rows;
    size_t differences;
};

/* Runs all cases of a table. What keeps a row from being read is a difference too. ERR_NOMEM; ERR_TOO_LARGE
 * for a table over TABLE_TEXT_BYTES_MAX. */
int table_run(struct bytes table, struct table_run *run) MUST_CHECK;

/* The last decision's trace as a table for a shop manager, one line a row, into `ret_text`; what does not fit
 * is left out. */
void table_trace(const struct trial *trial, char *ret_text, size_t size);

#endif
