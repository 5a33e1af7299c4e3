#include "client/csv.h"

#include "base/check.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The buffer holds the longest row, its line end and a byte behind it. */
enum { BUFFER_BYTES = 2 * CSV_ROW_BYTES_MAX };

/* What a look at the bytes from `start` on found: a row, or why there is none. */
struct scan {
    size_t size;     /* bytes of the row, without its line end */
    size_t consumed; /* with it */
    size_t newlines; /* within `consumed` */
    bool whole;      /* false: more bytes are needed */
    const char *wrong;
};

int csv_init(struct csv *csv, int fd)
{
    *csv = (struct csv){.fd = fd, .line = 1};
    csv->buffer = malloc(BUFFER_BYTES + 1);
    return csv->buffer != NULL ? 0 : ERR_NOMEM;
}

void csv_fini(struct csv *csv)
{
    free(csv->buffer);
    csv->buffer = NULL;
}

/* Makes room and reads more. ERR_NOT_FOUND at the end of the file. */
static int refill(struct csv *csv)
{
    memmove(csv->buffer, csv->buffer + csv->start, csv->end - csv->start);
    csv->end -= csv->start;
    csv->start = 0;
    CHECK(csv->end < BUFFER_BYTES);
    for (;;) {
        const ssize_t size = read(csv->fd, csv->buffer + csv->end, BUFFER_BYTES - csv->end);
        if (size > 0) {
            csv->end += (size_t)size;
            return 0;
        }
        if (size == 0) {
            csv->at_end = true;
            return ERR_NOT_FOUND;
        }
        if (errno != EINTR) {
            return ERR_IO;
        }
    }
}

/* Looks for the end of the row without changing a byte: a row that turns out wrong is read again by lines. */
static struct scan look(const char *bytes, size_t size, bool at_end)
{
    enum { FIELD_START, PLAIN, QUOTED, QUOTE_CLOSED } state = FIELD_START;
    struct scan scan = {0};
    for (size_t i = 0; i < size; i++) {
        const char c = bytes[i];
        if (i > CSV_ROW_BYTES_MAX + 1) {
            scan.wrong = state == QUOTED ? "a quote is not closed" : "the line is too long";
            return scan;
        }
        scan.newlines += c == '\n';
        if (state == QUOTED) {
            state = c == '"' ? QUOTE_CLOSED : QUOTED;
        } else if (c == '\n') {
            scan.size = i > 0 && bytes[i - 1] == '\r' ? i - 1 : i;
            scan.consumed = i + 1;
            scan.whole = true;
            return scan;
        } else if (c == ',') {
            state = FIELD_START;
        } else if (c == '"' && state == PLAIN) {
            scan.wrong = "a quote stands in a field that is not in quotes";
            return scan;
        } else if (c == '"') {
            state = QUOTED;
        } else if (state == QUOTE_CLOSED && (c != '\r' || (i + 1 < size && bytes[i + 1] != '\n'))) {
            scan.wrong = "something stands behind a closing quote";
            return scan;
        } else if (state == FIELD_START) {
            state = PLAIN;
        }
    }
    if (at_end) {
        scan.size = size > 0 && bytes[size - 1] == '\r' ? size - 1 : size;
        scan.consumed = size;
        scan.whole = state != QUOTED;
        scan.wrong = state == QUOTED ? "a quote is not closed" : NULL;
    }
    return scan;
}

/* Parts the row in place. false: too many fields. */
static bool split(char *bytes, size_t size, struct csv_row *row)
{
    char *from = bytes;
    char *const end = bytes + size;
    for (row->count = 0; row->count < CSV_FIELDS_MAX;) {
        char *to = from;
        row->fields[row->count++] = to;
        if (from < end && *from == '"') {
            for (from++; *from != '"' || (from + 1 < end && from[1] == '"'); from++) {
                from += *from == '"' ? 1 : 0;
                *to++ = *from;
            }
            from++;
        } else {
            while (from < end && *from != ',') {
                *to++ = *from++;
            }
        }
        const bool last = from >= end;
        *to = '\0'; /* at the latest on the line end, which is not needed any more */
        if (last) {
            return true;
        }
        from++;
    }
    return false;
}

/* Passes over the rest of the line. */
static int skip_line(struct csv *csv)
{
    for (;;) {
        const char *newline = memchr(csv->buffer + csv->start, '\n', csv->end - csv->start);
        if (newline != NULL) {
            const size_t consumed = (size_t)(newline - csv->buffer) + 1 - csv->start;
            csv->start += consumed;
            csv->read_size += consumed;
            csv->line++;
            return 0;
        }
        csv->read_size += csv->end - csv->start;
        csv->start = csv->end;
        const int error = refill(csv);
        if (error != 0) {
            return error == ERR_NOT_FOUND ? 0 : error;
        }
    }
}

static int fail(struct csv *csv, const char *wrong, struct csv_row *ret_row)
{
    *ret_row = (struct csv_row){.line = csv->line, .last_line = csv->line, .wrong = wrong};
    const int error = skip_line(csv);
    return error != 0 ? error : ERR_FORMAT;
}

static bool at_mark(const struct csv *csv)
{
    return csv->read_size == 0 && csv->end - csv->start >= 3 &&
           memcmp(csv->buffer + csv->start, "\xef\xbb\xbf", 3) == 0;
}

/* The next row's extent, with all its bytes in the buffer. ERR_NOT_FOUND, ERR_IO. */
static int find_row(struct csv *csv, struct scan *ret_scan)
{
    for (;;) {
        if (at_mark(csv)) {
            csv->start += 3;
            csv->read_size += 3;
        }
        const struct scan scan = look(csv->buffer + csv->start, csv->end - csv->start, csv->at_end);
        if (scan.wrong != NULL || (scan.whole && scan.consumed > 0)) {
            *ret_scan = scan;
            return 0;
        }
        if (csv->at_end) {
            return ERR_NOT_FOUND;
        }
        const int error = refill(csv);
        if (error != 0 && error != ERR_NOT_FOUND) {
            return error;
        }
    }
}

int csv_next(struct csv *csv, struct csv_row *ret_row)
{
    for (;;) {
        struct scan scan;
        const int error = find_row(csv, &scan);
        if (error != 0) {
            return error;
        }
        char *bytes = csv->buffer + csv->start;
        if (scan.wrong != NULL) {
            return fail(csv, scan.wrong, ret_row);
        }
        if (scan.size > CSV_ROW_BYTES_MAX) {
            return fail(csv, "the line is too long", ret_row);
        }
        if (memchr(bytes, '\0', scan.size) != NULL || !text_is_utf8(bytes, scan.size)) {
            return fail(csv, "the line is not UTF-8", ret_row);
        }
        *ret_row = (struct csv_row){.line = csv->line};
        csv->start += scan.consumed;
        csv->read_size += scan.consumed;
        csv->line += scan.newlines;
        ret_row->last_line = scan.newlines > 0 ? csv->line - 1 : csv->line;
        if (scan.size == 0) {
            continue;
        }
        if (!split(bytes, scan.size, ret_row)) {
            ret_row->wrong = "the line has too many fields";
            return ERR_FORMAT;
        }
        return 0;
    }
}
