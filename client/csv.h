/* Rows of a CSV file as RFC 4180 has them, read as a stream in bounded memory: fields parted by commas, in
 * double quotes where they hold commas, quotes (doubled) or line ends; UTF-8, with or without a byte order
 * mark; lines end in LF or CRLF. Empty lines are passed over. A row that cannot be read is reported, and
 * reading goes on at the line behind the one it starts on, so that a quote without its partner costs one line
 * and not the rest of the file. One thread. */
#ifndef LOYALTY_CLIENT_CSV_H
#define LOYALTY_CLIENT_CSV_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_ROW_BYTES_MAX = 32 * 1024, CSV_FIELDS_MAX = 64 };

struct csv {
    int fd;             /* held */
    char *buffer;       /* CSV_ROW_BYTES_MAX of room and more */
    size_t start;       /* of what is not read yet in the buffer */
    size_t end;         /* of what the buffer holds */
    bool at_end;        /* the file has no more */
    uint64_t line;      /* of the file, from 1: where the next row starts */
    uint64_t read_size; /* bytes of the file that rows were made of */
};

struct csv_row {
    uint64_t line;                      /* it starts on, from 1 */
    uint64_t last_line;                 /* it ends on */
    size_t count;                       /* of fields; at least 1 */
    const char *fields[CSV_FIELDS_MAX]; /* unquoted, each with a NUL; valid until the next csv_next */
    const char *wrong;                  /* with ERR_FORMAT: why the row cannot be read; a static text */
};

/* ERR_NOMEM. */
int csv_init(struct csv *csv, int fd) MUST_CHECK;

/* Leaves the file descriptor open. Accepts a zeroed reader. */
void csv_fini(struct csv *csv);

/* The next row. ERR_NOT_FOUND: there is none; ERR_FORMAT: it cannot be read, `line` and `wrong` say where and
 * why, and the next call goes on behind it; ERR_IO. */
int csv_next(struct csv *csv, struct csv_row *ret_row) MUST_CHECK;

#endif
