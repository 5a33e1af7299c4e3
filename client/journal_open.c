/* Opening a journal, and its header. */
#include "client/journal_internal.h"

#include "base/check.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything a receipt of LINES_MAX lines copies fits: a line's texts and its list of labels. */
enum {
    ALLOCATION_BYTES_MAX = 16, /* beside what is asked for */
    LINE_BYTES_MAX = SKU_BYTES_MAX + ID_BYTES_MAX + LABELS_MAX * (ID_BYTES_MAX + sizeof(char *)) +
                     (LABELS_MAX + 3) * (ALLOCATION_BYTES_MAX + 1),
    ARENA_BYTES = (LINES_MAX + 16) * LINE_BYTES_MAX,
};

static const struct column {
    const char *name;
    bool required;
} columns[JOURNAL_COLUMNS] = {
#define X(name, text, required) [JOURNAL_##name] = {text, required},
    JOURNAL_COLUMN_TABLE(X)
#undef X
};

struct quote journal_quote(const char *text)
{
    struct quote quote;
    size_t size = strlen(text);
    if (size > QUOTE_BYTES_MAX) {
        size = QUOTE_BYTES_MAX;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    for (size_t i = 0; i < size; i++) {
        quote.text[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    }
    quote.text[size] = '\0';
    return quote;
}

const char *journal_column_name(enum journal_column column)
{
    return columns[column].name;
}

static int explain(char text[JOURNAL_TEXT_BYTES], int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(char text[JOURNAL_TEXT_BYTES], int error, const char *format, ...)
{
    struct text writer;
    va_list arguments;
    va_start(arguments, format);
    text_init(&writer, text, JOURNAL_TEXT_BYTES);
    text_vadd(&writer, format, arguments);
    va_end(arguments);
    return error;
}

static int name_column(struct journal *journal, size_t index, char ret_text[JOURNAL_TEXT_BYTES])
{
    const char *name = journal->row.fields[index];
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            if (journal->columns[i] >= 0) {
                return explain(ret_text, ERR_FORMAT, "the header names the column '%s' twice",
                               journal_quote(name).text);
            }
            journal->columns[i] = (int)index;
            return 0;
        }
    }
    return explain(ret_text, ERR_FORMAT, "the header names a column '%s' that a journal does not have",
                   journal_quote(name).text);
}

static int read_header(struct journal *journal, char ret_text[JOURNAL_TEXT_BYTES])
{
    const int error = csv_next(&journal->csv, &journal->row);
    if (error != 0) {
        return explain(ret_text, error == ERR_NOT_FOUND ? ERR_FORMAT : error, "the header: %s",
                       error == ERR_NOT_FOUND ? "the file is empty"
                       : error == ERR_FORMAT  ? journal->row.wrong
                                              : error_text(error));
    }
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        journal->columns[i] = -1;
    }
    journal->fields_count = journal->row.count;
    for (size_t i = 0; i < journal->row.count; i++) {
        const int named = name_column(journal, i, ret_text);
        if (named != 0) {
            return named;
        }
    }
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        if (columns[i].required && journal->columns[i] < 0) {
            return explain(ret_text, ERR_FORMAT, "the header does not name the column '%s'", columns[i].name);
        }
    }
    return 0;
}

static int open_file(struct journal *journal, char ret_text[JOURNAL_TEXT_BYTES])
{
    const char *path = journal->options.path;
    struct stat status;
    journal->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (journal->fd < 0) {
        const int error = errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_PERMISSION : ERR_IO;
        return explain(ret_text, error, "%s", strerror(errno));
    }
    if (fstat(journal->fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        journal->size = (uint64_t)status.st_size;
    }
    return 0;
}

int journal_open(struct journal *journal, const struct journal_options *options,
                 char ret_text[JOURNAL_TEXT_BYTES])
{
    CHECK(options->digits >= 0);
    *journal = (struct journal){.options = *options, .fd = -1};
    journal->memory = malloc(ARENA_BYTES);
    journal->lines = calloc(LINES_MAX, sizeof(*journal->lines));
    journal->parts = calloc(LINES_MAX, sizeof(*journal->parts));
    int error = journal->memory == NULL || journal->lines == NULL || journal->parts == NULL
                    ? explain(ret_text, ERR_NOMEM, "%s", error_text(ERR_NOMEM))
                    : open_file(journal, ret_text);
    if (error == 0) {
        arena_init(&journal->arena, journal->memory, ARENA_BYTES);
        error = csv_init(&journal->csv, journal->fd);
        error =
            error != 0 ? explain(ret_text, error, "%s", error_text(error)) : read_header(journal, ret_text);
    }
    if (error != 0) {
        journal_close(journal);
    }
    return error;
}

void journal_close(struct journal *journal)
{
    csv_fini(&journal->csv);
    if (journal->memory != NULL && journal->fd > STDIN_FILENO) {
        (void)close(journal->fd);
    }
    free(journal->memory);
    free(journal->lines);
    free(journal->parts);
    *journal = (struct journal){.fd = -1};
}
