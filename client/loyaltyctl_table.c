#include "client/loyaltyctl_table_internal.h"

#include "model/day.h"
#include "programme/steps.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void row_differs(struct row *row, const char *what, const char *found)
{
    char text[TABLE_ROW_BYTES_MAX];
    struct table_run *run = row->book->run;
    snprintf(text, sizeof(text), "%s: %s", what, found);
    run->differences++;
    run->differs(run->context, row->line, row->text, text,
                 row->book->trial.programme != NULL ? &row->book->trial : NULL);
}

void row_fail(struct row *row, const char *why, const char *found)
{
    if (!row->unreadable) {
        row_differs(row, why, found);
    }
    row->unreadable = true;
}

void row_expect(struct row *row, const char *what, int64_t expected, int64_t found)
{
    char text[96];
    if (expected != found) {
        snprintf(text, sizeof(text), "expected %" PRId64 ", found %" PRId64, expected, found);
        row_differs(row, what, text);
    }
}

void row_expect_decimal(struct row *row, const char *what, int64_t expected, int64_t found, int digits)
{
    char words[96];
    struct text text;
    if (expected == found) {
        return;
    }
    text_init(&text, words, sizeof(words));
    text_add(&text, "expected ");
    step_decimal(&text, expected, digits);
    text_add(&text, ", found ");
    step_decimal(&text, found, digits);
    row_differs(row, what, words);
}

void row_expect_points(struct row *row, const char *what, const char *expected, int64_t found)
{
    row_expect_decimal(row, what, row_points(row, expected), found,
                       row->book->trial.programme->points_decimals);
}

void row_expect_text(struct row *row, const char *what, const char *expected, const char *found)
{
    char text[TABLE_ROW_BYTES_MAX];
    if (strcmp(expected, found) != 0) {
        snprintf(text, sizeof(text), "expected '%.400s', found '%.400s'", expected, found);
        row_differs(row, what, text);
    }
}

/* --- words --- */

char *text_trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1])) {
        text[--size] = '\0';
    }
    return text;
}

size_t text_split(char *text, char separator, char *parts[TABLE_WORDS_MAX])
{
    size_t count = 0;
    text = text_trim(text);
    while (text != NULL && *text != '\0' && count < TABLE_WORDS_MAX) {
        char *end = strchr(text, separator);
        if (end != NULL) {
            *end++ = '\0';
        }
        parts[count] = text_trim(text);
        count += *parts[count] != '\0';
        text = end;
    }
    return count;
}

int64_t row_number(struct row *row, const char *text)
{
    return row_decimal(row, text, 0);
}

int64_t row_decimal(struct row *row, const char *text, int digits)
{
    int64_t value = 0;
    int after = -1; /* digits behind the point */
    const bool negative = *text == '-';
    const char *at = text + (*text == '-' || *text == '+');
    bool valid = isdigit((unsigned char)*at) != 0;
    for (; *at != '\0' && valid; at++) {
        if (*at == '.' && after < 0 && digits > 0) {
            after = 0;
            continue;
        }
        valid = isdigit((unsigned char)*at) != 0 && value < INT64_MAX / 100 && after < digits;
        value = value * 10 + (*at - '0');
        after += after >= 0;
    }
    for (int i = after > 0 ? after : 0; i < digits && valid; i++) {
        valid = value < INT64_MAX / 100;
        value *= 10;
    }
    if (!valid) {
        row_fail(row, "expected a number", text);
        return 0;
    }
    return negative ? -value : value;
}

int64_t row_points(struct row *row, const char *text)
{
    return row_decimal(row, text, row->book->trial.programme->points_decimals);
}

int64_t row_money(struct row *row, const char *text)
{
    return row_decimal(row, text, row->book->trial.programme->currency_digits);
}

int32_t row_date(struct row *row, const char *text)
{
    int32_t day = 0;
    if (strcmp(text, "ever") == 0) {
        return DAY_NEVER;
    }
    if (day_parse(text, strlen(text), &day) != 0) {
        row_fail(row, "expected a date", text);
    }
    return day;
}

/* --- rows --- */

static int known_customer(const struct book *book, const char *name)
{
    for (int i = 0; i < book->customers; i++) {
        if (strcmp(book->names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int row_customer_of(struct row *row, const char *name)
{
    const int found = known_customer(row->book, name);
    if (found < 0 || (size_t)found >= row->book->trial.customers_count) {
        row_fail(row, "nobody of this name has joined", name);
        return -1;
    }
    return found;
}

int row_name(struct row *row, const char *name)
{
    struct book *book = row->book;
    const int found = known_customer(book, name);
    if (strcmp(name, "-") == 0 || found >= 0) {
        return found;
    }
    if (book->customers == TRIAL_CUSTOMERS_MAX) {
        row_fail(row, "too many customers in one case", name);
        return -1;
    }
    snprintf(book->names[book->customers], ID_BYTES_MAX + 1, "%s", name);
    return book->customers++;
}

int32_t row_minute(struct row *row, char *text)
{
    if (strlen(text) != 5 || text[2] != ':') {
        row_fail(row, "expected a time such as 08:30", text);
        return 0;
    }
    text[2] = '\0';
    return (int32_t)(row_number(row, text) * 60 + row_number(row, text + 3));
}

static void read_when(struct row *row, char *text)
{
    char *words[TABLE_WORDS_MAX];
    const size_t count = text_split(text, ' ', words);
    row->time.minute = 12 * 60;
    if (count < 1 || count > 2 || (count == 2 && (strlen(words[1]) != 5 || words[1][2] != ':'))) {
        row_fail(row, "expected a date, or a date and a time such as 08:30", text);
        return;
    }
    row->time.day = row_date(row, words[0]);
    row->time.booked_day = row->time.day;
    if (count == 2) {
        row->time.minute = row_minute(row, words[1]);
    }
    row->time.booked_minute = row->time.minute;
}

static void decide_row(struct row *row)
{
    struct trial *trial = &row->book->trial;
    int err = 0;
    if (row->settles) {
        err = trial_settle(trial, row->customer, row->time.booked_day, row->time.booked_minute);
    } else if (row->tells) {
        decision_clear(trial->decision);
    } else {
        err = trial_book(trial, row->unopened ? -1 : row->customer, &row->event, row->time);
    }
    if (err != 0) {
        row_fail(row, "cannot be decided", error_text(err));
    }
    row_keep_reservation(row);
    if (trial->broken != NULL) {
        row_differs(row, "what must always hold does not", trial->broken);
        trial->broken = NULL;
    }
}

static int run_row(struct book *book, int number, const char *line)
{
    struct row *row = calloc(1, sizeof(*row));
    char *columns[TABLE_WORDS_MAX];
    char *tokens[TABLE_WORDS_MAX];
    if (row == NULL) {
        return ERR_NOMEM;
    }
    row->before = book->rows;
    book->rows = row;
    row->book = book;
    row->line = number;
    snprintf(row->text, sizeof(row->text), "%s", line);
    snprintf(row->cut, sizeof(row->cut), "%s", line);
    book->run->rows++;
    if (text_split(row->cut, '|', columns) != 4) {
        row_fail(row, "expected when | who | what is done | what it gives", line);
        return 0;
    }
    read_when(row, columns[0]);
    row->customer = row_name(row, columns[1]);
    row_read_deed(row, columns[2]);
    if (!row->unreadable) {
        decide_row(row);
    }
    /* A name that was not enrolled, or of a household that was not founded, is free again. */
    if ((size_t)book->customers > book->trial.customers_count) {
        book->customers = (int)book->trial.customers_count;
        row->customer = row->customer < book->customers ? row->customer : -1;
    }
    const size_t count = row->unreadable ? 0 : text_split(columns[3], ',', tokens);
    for (size_t i = 0; i < count; i++) {
        row_compare(row, tokens[i]);
    }
    const enum outcome_code code = book->trial.decision->outcome.code;
    if (!row->unreadable && code != CODE_ACCEPTED && strstr(row->text, "refused") == NULL) {
        row_differs(row, "refused", outcome_code_name(code));
    }
    return 0;
}

/* --- cases --- */

/* A top-level key of the YAML text. */
static bool has_key(const char *yaml, const char *key)
{
    const size_t size = strlen(key);
    for (const char *line = yaml; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, size) == 0 && line[size] == ':') {
            return true;
        }
    }
    return false;
}

/* What every programme needs is added where it is missing. */
static void complete(const struct book *book, const char *yaml, struct text *text)
{
    static const char *const head[][2] = {
        {"programme", "test"},
        {"currency", "EUR"},
        {"zone", "Europe/Tallinn"},
        {"locales", "[en]"},
        {"stores", "[{id: shop}, {id: web}]"},
    };
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        if (!has_key(yaml, head[i][0])) {
            text_add(text, "%s: %s\n", head[i][0], head[i][1]);
        }
    }
    if (!has_key(yaml, "version")) {
        text_add(text, "version: %zu\n", book->trial.versions_count + 1);
    }
    text_add(text, "%s", yaml);
}

static int load(struct book *book, const char *yaml, char *room, size_t size)
{
    struct text text;
    text_init(&text, room, size);
    complete(book, yaml, &text);
    const bool own = yaml[strspn(yaml, " \n\t")] != '\0';
    return trial_load(&book->trial,
                      own ? (struct bytes){(const uint8_t *)room, text.used} : book->run->programme);
}

/* The first mistake of the last programme read, NULL where there is none. */
static const struct finding *mistake(const struct trial *trial)
{
    for (size_t i = 0; i < trial->findings->count; i++) {
        if (!trial->findings->items[i].warning) {
            return &trial->findings->items[i];
        }
    }
    return NULL;
}

/* False: said. */
static bool read_programme(struct book *book, int line, const char *yaml, char *room, size_t size)
{
    const int err = load(book, yaml, room, size);
    const struct finding *finding = err == ERR_FORMAT ? mistake(&book->trial) : NULL;
    char what[512] = "it has too many versions";
    if (err == 0) {
        return true;
    }
    if (finding != NULL) {
        snprintf(what, sizeof(what), "the programme is not valid: %s: %s", finding->path, finding->text);
    }
    book->run->differences++;
    book->run->differs(book->run->context, line, "", what, NULL);
    return false;
}

/* "refused PATH": the programme is, and this is its first mistake. */
static void expect_mistake(struct book *book, int line, const char *yaml, char *room, const char *path)
{
    const int err = load(book, yaml, room, 2 * TABLE_TEXT_BYTES_MAX);
    const struct finding *finding = err == ERR_FORMAT ? mistake(&book->trial) : NULL;
    const char *found = finding != NULL ? finding->path : "no mistake";
    book->run->rows++;
    if (strcmp(found, path) != 0) {
        book->run->differences++;
        book->run->differs(book->run->context, line, path, found, NULL);
    }
}

static void forget_rows(struct book *book)
{
    while (book->rows != NULL) {
        struct row *row = book->rows;
        book->rows = row->before;
        free(row);
    }
}

/* Where a table is: between rows, or in the text of a programme. */
struct reading {
    bool in_rows;
    bool broken; /* the programme of the case cannot be read: its rows are passed over */
    char *yaml;
    size_t yaml_size;
    char *room;
};

static bool is_row(const char *line)
{
    return isdigit((unsigned char)line[0]) && strchr(line, '|') != NULL;
}

/* "file PATH": the programme of a case stands in a file of its own. */
static void read_file(struct book *book, struct reading *reading, int number, const char *path)
{
    char whole[TABLE_ROW_BYTES_MAX];
    const char *folder = book->run->folder;
    snprintf(whole, sizeof(whole), "%s%s%s", folder != NULL ? folder : "", folder != NULL ? "/" : "", path);
    FILE *file = fopen(whole, "r");
    reading->yaml_size = file != NULL ? fread(reading->yaml, 1, TABLE_TEXT_BYTES_MAX, file) : 0;
    reading->yaml[reading->yaml_size] = '\0';
    if (file == NULL || fclose(file) != 0) {
        book->run->differences++;
        book->run->differs(book->run->context, number, path, "the file cannot be read", NULL);
    }
}

static int read_line(struct book *book, struct reading *reading, int number, char *line)
{
    const bool begins = strncmp(line, "case ", 5) == 0;
    if (begins || strcmp(line, "change") == 0) {
        reading->in_rows = false;
        reading->yaml_size = 0;
        reading->yaml[0] = '\0';
        if (begins) {
            reading->broken = false;
            trial_empty(&book->trial);
            forget_rows(book);
            book->customers = 0;
            book->reservations_count = 0;
        }
        return 0;
    }
    const bool programme_given = book->run->programme.size > 0 && reading->yaml_size == 0;
    if (!reading->in_rows && (strcmp(line, "book") == 0 || (programme_given && is_row(line)))) {
        reading->in_rows = true;
        reading->broken = reading->broken || !read_programme(book, number, reading->yaml, reading->room,
                                                             2 * TABLE_TEXT_BYTES_MAX);
        if (strcmp(line, "book") == 0) {
            return 0;
        }
    }
    char *text = text_trim(line);
    if (!reading->in_rows && (*text == '\0' || *text == '#') && reading->yaml_size == 0) {
        return 0;
    }
    if (!reading->in_rows && strncmp(line, "file ", 5) == 0) {
        read_file(book, reading, number, text_trim(line + 5));
    } else if (!reading->in_rows && strncmp(line, "refused ", 8) == 0) {
        expect_mistake(book, number, reading->yaml, reading->room, text_trim(line + 8));
        reading->in_rows = true;
        reading->broken = true;
    } else if (!reading->in_rows) {
        reading->yaml_size += (size_t)snprintf(reading->yaml + reading->yaml_size,
                                               TABLE_TEXT_BYTES_MAX + 2 - reading->yaml_size, "%s\n", line);
    } else if (*text != '#' && *text != '\0' && !reading->broken) {
        return run_row(book, number, text);
    }
    return 0;
}

int table_run(struct bytes table, struct table_run *run)
{
    struct book *book = calloc(1, sizeof(*book));
    struct reading reading = {.in_rows = false};
    char line[TABLE_ROW_BYTES_MAX];
    int result = table.size > TABLE_TEXT_BYTES_MAX ? ERR_TOO_LARGE : 0;
    reading.yaml = calloc(1, TABLE_TEXT_BYTES_MAX + 2);
    reading.room = malloc(2 * TABLE_TEXT_BYTES_MAX);
    run->rows = 0;
    run->differences = 0;
    if (book == NULL || reading.yaml == NULL || reading.room == NULL) {
        result = ERR_NOMEM;
    }
    result = result != 0 ? result : trial_open(&book->trial);
    if (result == 0) {
        book->run = run;
        book->trial.engine = run->engine != NULL ? run->engine : &trial_engine;
        const char *at = (const char *)table.data;
        const char *end = at + table.size;
        for (int number = 1; at < end && result == 0; number++) {
            const char *stop = memchr(at, '\n', (size_t)(end - at));
            const size_t size = stop != NULL ? (size_t)(stop - at) : (size_t)(end - at);
            snprintf(line, sizeof(line), "%.*s", (int)size, at);
            if (size >= sizeof(line)) {
                run->differences++;
                run->differs(run->context, number, line, "the line is too long", NULL);
            } else {
                result = read_line(book, &reading, number, line);
            }
            at += size + 1;
        }
    }
    if (book != NULL) {
        trial_close(&book->trial);
        forget_rows(book);
    }
    free(reading.room);
    free(reading.yaml);
    free(book);
    return result;
}
