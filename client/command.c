#include "client/command.h"

#include "base/check.h"
#include "base/text.h"
#include "client/amount.h"
#include "client/connection.h"
#include "model/day.h"
#include "model/event.h"

#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_FIRST = 0x1000, /* of rows without a letter: beyond all letters */
    GROUP_COMMON = 9,
    MILLISECONDS_MAX = 600000,
    DURATION_MAX = 100000, /* of one unit */
    HELP_BYTES = 8192,
    WORDS_BYTES = 512,
    NAME_BYTES = 96,
};

void command_complain(const char *program, const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", program);
    (void)vfprintf(stderr, format, arguments);
    putc('\n', stderr);
}

static bool take_flag(const char *text, void *field)
{
    (void)text;
    *(bool *)field = true;
    return true;
}

static bool take_text(const char *text, void *field)
{
    *(const char **)field = text;
    return true;
}

static bool take_list(const char *text, void *field)
{
    struct command_list *list = field;
    if (list->count == list->most) {
        return false;
    }
    list->items[list->count++] = text;
    return true;
}

static bool take_number(const char *text, uint64_t most, uint64_t *ret_number)
{
    return number_parse(text, most, ret_number) == 0 && *ret_number > 0;
}

static bool take_uint32(const char *text, void *field)
{
    uint64_t number = 0;
    if (!take_number(text, UINT32_MAX, &number)) {
        return false;
    }
    *(uint32_t *)field = (uint32_t)number;
    return true;
}

static bool take_position(const char *text, void *field)
{
    return take_number(text, INT64_MAX, field);
}

static bool take_milliseconds(const char *text, void *field)
{
    uint64_t number = 0;
    if (!take_number(text, MILLISECONDS_MAX, &number)) {
        return false;
    }
    *(int64_t *)field = (int64_t)number;
    return true;
}

static bool take_duration(const char *text, void *field)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60 * 1000}, {'h', 60 * 60 * 1000}, {'d', 24 * 60 * 60 * 1000}};
    char digits[16];
    uint64_t number = 0;
    const size_t size = strlen(text);
    if (size < 2 || size > sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, size - 1);
    digits[size - 1] = '\0';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[size - 1] == units[i].unit && take_number(digits, DURATION_MAX, &number)) {
            *(int64_t *)field = (int64_t)number * units[i].ms;
            return true;
        }
    }
    return false;
}

static bool take_id(const char *text, void *field)
{
    return text_is_id(text, ID_BYTES_MAX) && take_text(text, field);
}

static bool take_locale(const char *text, void *field)
{
    return strlen(text) <= LOCALE_BYTES_MAX && take_text(text, field);
}

static bool take_url(const char *text, void *field)
{
    return connection_url_valid(text) && take_text(text, field);
}

const struct command_type command_flag = {.take = take_flag};
const struct command_type command_text = {.take = take_text};
const struct command_type command_list = {take_list, "is one more than there can be"};
const struct command_type command_principal = {take_uint32, "is not the number of a principal"};
const struct command_type command_member = {take_uint32, "is not the number of a member"};
const struct command_type command_position = {take_position, "is not a position"};
const struct command_type command_duration = {take_duration, "is not a time such as 15m, 1h or 7d"};
const struct command_type command_milliseconds = {take_milliseconds,
                                                  "is not a number of milliseconds, 1 to 600000"};
const struct command_type command_id = {take_id,
                                        "is not made of letters, digits, '_', '-' and '.', or is long"};
const struct command_type command_locale = {take_locale, "is too long for a locale"};
const struct command_type command_url = {
    take_url, "is not loyalty://HOST:PORT/?pin=..., unix:/PATH or tcp://127.0.0.1:PORT"};

static bool take_date(const char *text, void *field)
{
    int32_t day = 0;
    if (day_parse(text, strlen(text), &day) != 0 || day < 0) {
        return false;
    }
    *(int32_t *)field = day;
    return true;
}

const struct command_type command_date = {take_date, "is not a date such as 2026-12-01"};

/* All rows of a call: the command's own, and those that all commands take. */
struct rows {
    const struct command_call *call;
    void *arguments;
    const struct command_option *rows[COMMAND_OPTIONS_MAX];
    size_t count;
    size_t own;
    bool there[COMMAND_OPTIONS_MAX];
};

static void add_rows(struct rows *rows, const struct command_option *table)
{
    for (; table != NULL && table->type != NULL; table++) {
        CHECK(rows->count < COMMAND_OPTIONS_MAX);
        rows->rows[rows->count++] = table;
    }
}

static void take(struct rows *rows, size_t index, const char *text, struct argp_state *state)
{
    const struct command_option *row = rows->rows[index];
    rows->there[index] = true;
    if (!row->type->take(text, (char *)rows->arguments + row->offset)) {
        argp_error(state, "'%s' %s", text, row->type->otherwise);
    }
}

static void take_word(struct rows *rows, unsigned number, const char *text, struct argp_state *state)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i]->name == NULL && number-- == 0) {
            take(rows, i, text, state);
            return;
        }
    }
    argp_error(state, "what is '%s'?", text);
}

static void check_whole(const struct rows *rows, struct argp_state *state)
{
    const struct command *command = rows->call->command;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i]->missing != NULL && !rows->there[i]) {
            argp_error(state, "%s", rows->rows[i]->missing);
        }
    }
    const char *complaint = command->check != NULL ? command->check(rows->arguments) : NULL;
    if (complaint != NULL) {
        argp_error(state, "%s", complaint);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct rows *rows = state->input;
    if (key == ARGP_KEY_ARG) {
        take_word(rows, state->arg_num, argument, state);
        return 0;
    }
    if (key == ARGP_KEY_END) {
        check_whole(rows, state);
        return 0;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct command_option *row = rows->rows[i];
        if (row->name != NULL && key == (row->letter != 0 ? row->letter : KEY_FIRST + (int)i)) {
            take(rows, i, argument, state);
            return 0;
        }
    }
    return ARGP_ERR_UNKNOWN;
}

/* "URL [CODE]" */
static void describe_words(const struct command_option *table, struct text *text)
{
    for (; table != NULL && table->type != NULL; table++) {
        if (table->name == NULL) {
            const bool must = table->missing != NULL;
            text_add(text, "%s%s%s%s", text->used > 0 ? " " : "", must ? "" : "[", table->arg,
                     must ? "" : "]");
        }
    }
}

void command_parse(const struct command_call *call, void *arguments)
{
    const struct command *command = call->command;
    struct rows rows = {.call = call, .arguments = arguments};
    struct argp_option options[COMMAND_OPTIONS_MAX + 1] = {{0}};
    char words[WORDS_BYTES];
    struct text text;
    size_t count = 0;
    add_rows(&rows, command->options);
    add_rows(&rows, command->more);
    rows.own = rows.count;
    add_rows(&rows, command->alone ? NULL : call->program->options);
    for (size_t i = 0; i < rows.count; i++) {
        const struct command_option *row = rows.rows[i];
        if (row->name != NULL) {
            options[count++] =
                (struct argp_option){.name = row->name,
                                     .key = row->letter != 0 ? row->letter : KEY_FIRST + (int)i,
                                     .arg = row->arg,
                                     .flags = row->bare ? OPTION_ARG_OPTIONAL : 0,
                                     .doc = row->doc,
                                     .group = i < rows.own ? row->group : GROUP_COMMON};
        }
    }
    text_init(&text, words, sizeof(words));
    describe_words(command->options, &text);
    const struct argp argp = {
        .options = options, .parser = parse, .args_doc = text.used > 0 ? words : NULL, .doc = command->doc};
    const error_t error = argp_parse(&argp, call->argc, call->argv, 0, NULL, &rows);
    CHECK(error == 0);
}

/* How many words of the command line are the name of the command: 0, 1 or 2. */
static int match(const char *name, int argc, char **argv)
{
    const char *space = strchr(name, ' ');
    if (space == NULL) {
        return strcmp(name, argv[0]) == 0 ? 1 : 0;
    }
    const size_t size = (size_t)(space - name);
    return argc > 1 && strlen(argv[0]) == size && memcmp(name, argv[0], size) == 0 &&
                   strcmp(space + 1, argv[1]) == 0
               ? 2
               : 0;
}

/* There is no such command; perhaps the first word of one. */
static int complain_unknown(const struct command_program *program, const char *word)
{
    char text[WORDS_BYTES];
    struct text known;
    const size_t size = strlen(word);
    text_init(&known, text, sizeof(text));
    for (const struct command *const *table = program->tables; *table != NULL; table++) {
        for (const struct command *command = *table; command->name != NULL; command++) {
            if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ') {
                text_add(&known, " %s", command->name + size + 1);
            }
        }
    }
    if (known.used > 0) {
        fprintf(stderr, "%s %s: say which of:%s (each has --help)\n", program->name, word, known.data);
    } else {
        fprintf(stderr, "%s: there is no command '%s'; see %s --help\n", program->name, word, program->name);
    }
    return COMMAND_EXIT_USAGE;
}

static int run(const struct command_program *program, int argc, char **argv)
{
    for (const struct command *const *table = program->tables; *table != NULL; table++) {
        for (const struct command *command = *table; command->name != NULL; command++) {
            const int words = match(command->name, argc, argv);
            if (words > 0) {
                char name[NAME_BYTES];
                (void)snprintf(name, sizeof(name), "%s %s", program->name, command->name);
                argv[words - 1] = name;
                const struct command_call call = {.program = program,
                                                  .command = command,
                                                  .argc = argc - words + 1,
                                                  .argv = argv + words - 1};
                const int status = command->run(&call);
                return fflush(stdout) == 0 ? status : COMMAND_EXIT_ERROR;
            }
        }
    }
    return complain_unknown(program, argv[0]);
}

/* The program's own command line ends where that of the command begins. */
static error_t parse_program(int key, char *argument, struct argp_state *state)
{
    int *first = state->input;
    (void)argument;
    switch (key) {
    case ARGP_KEY_ARG:
        *first = state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Behind the command's words, from a column of its own on: argp would fold it to the left margin. */
static void describe_summary(const char *summary, struct text *text)
{
    enum { COLUMN = 33, WIDTH = 45 };
    int room = WIDTH;
    for (const char *word = summary; *word != '\0';) {
        const int size = (int)strcspn(word, " ");
        if (word != summary && size < room) {
            text_add(text, " ");
            room--;
        } else if (word != summary) {
            text_add(text, "\n%*s", COLUMN, "");
            room = WIDTH;
        }
        text_add(text, "%.*s", size, word);
        room -= size;
        word += size + (int)strspn(word + size, " ");
    }
    text_add(text, "\n");
}

static void describe_program(const struct command_program *program, struct text *text)
{
    text_add(text, "%s\v", program->doc);
    for (const struct command *const *table = program->tables; *table != NULL; table++) {
        for (const struct command *command = *table; command->name != NULL; command++) {
            char words[WORDS_BYTES];
            struct text line;
            CHECK(strlen(command->summary) <= COMMAND_SUMMARY_BYTES_MAX);
            text_init(&line, words, sizeof(words));
            text_add(&line, "%s", command->name);
            describe_words(command->options, &line);
            text_add(text, "%-32s ", words);
            describe_summary(command->summary, text);
        }
    }
    text_add(text, "\nEach command has its own --help.%s", program->ending);
    CHECK(!text->cut);
}

int command_main(const struct command_program *program, int argc, char **argv)
{
    char help[HELP_BYTES];
    struct text text;
    int first = 0;
    text_init(&text, help, sizeof(help));
    describe_program(program, &text);
    const struct argp argp = {.parser = parse_program, .args_doc = "COMMAND [OPTION...]", .doc = help};
    argp_err_exit_status = COMMAND_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first) != 0) {
        return COMMAND_EXIT_USAGE;
    }
    return run(program, argc - first, argv + first);
}
