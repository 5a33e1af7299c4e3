/* Command lines from tables. A program is a list of commands, each with a name of one or two words; a command
 * has a row for everything that may stand behind its name, and a row names the field of the command's own
 * struct of arguments that it fills. From the rows come parsing, usage and help.
 *
 * A new verb is a row in a table of commands and a function; a new option is a row. What is wrong on a
 * command line is said with the name of the command, and ends the program with status 64. */
#ifndef LOYALTY_CLIENT_COMMAND_H
#define LOYALTY_CLIENT_COMMAND_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    COMMAND_EXIT_ERROR = 1,
    COMMAND_EXIT_USAGE = 64,
    COMMAND_OPTIONS_MAX = 48,
    COMMAND_SUMMARY_BYTES_MAX = 52
};

/* How a text becomes a value. `take` fills the field and is false when the text is no such value, and then
 * `otherwise` ends the sentence "'TEXT' ...". Texts are borrowed until the program ends. */
struct command_type {
    bool (*take)(const char *text, void *field);
    const char *otherwise;
};
extern const struct command_type command_flag;         /* bool; its option takes no argument */
extern const struct command_type command_text;         /* const char * */
extern const struct command_type command_list;         /* struct command_list; may be repeated */
extern const struct command_type command_principal;    /* uint32_t from 1 */
extern const struct command_type command_member;       /* uint32_t from 1 */
extern const struct command_type command_position;     /* uint64_t from 1 */
extern const struct command_type command_duration;     /* int64_t milliseconds, of "90s", "15m", "1h", "7d" */
extern const struct command_type command_milliseconds; /* int64_t, 1 to 600,000 */
extern const struct command_type command_id;           /* const char *, as of stores: base/text.h */
extern const struct command_type command_locale;       /* const char * */
extern const struct command_type command_url;          /* const char *, of a daemon */
extern const struct command_type command_date;         /* int32_t, a day from 1970-01-01 on */

/* What was repeated; its room is the command's. */
struct command_list {
    const char **items;
    size_t count;
    size_t most;
};

/* A row; the last one of a table has no type. Rows without a name are for the words that stand alone, in the
 * order of the rows. */
struct command_option {
    const char *name; /* "timeout" of --timeout; NULL: a word */
    int letter;       /* of -t; 0: none */
    const char *arg;  /* what its argument is called; NULL: it takes none */
    const char *doc;
    const struct command_type *type;
    size_t offset;       /* of the field in the struct of arguments */
    const char *missing; /* the complaint when it is not there; NULL: it may be left out */
    bool bare;           /* the argument may be left out: `take` gets NULL */
    int group; /* rows of one group stand together in the help; those of all commands are the last */
};

/* Rows that several commands have: the receipt of a purchase, as a word, and a card. */
#define COMMAND_RECEIPT(arguments, field)                                                                    \
    {                                                                                                        \
        .arg = "N", .doc = "Number of the purchase's receipt", .type = &command_text,                        \
        .offset = offsetof(arguments, field), .missing = "which receipt? Say its number"                     \
    }
#define COMMAND_CARD(arguments, field, text, complaint)                                                      \
    {                                                                                                        \
        .name = "card", .arg = "C", .doc = (text), .type = &command_text,                                    \
        .offset = offsetof(arguments, field), .missing = (complaint)                                         \
    }

struct command_call;

/* A command; the last one of a table has no name. */
struct command {
    const char *name;    /* "terminal invite" */
    const char *summary; /* its line in the program's help, up to COMMAND_SUMMARY_BYTES_MAX */
    const char *doc;     /* of its own help; behind a \v: what comes after the options */
    const struct command_option *options; /* NULL: none of its own */
    const struct command_option *more;    /* those it has in common with some others; NULL: none */
    bool alone;                           /* it does not take the options that all commands take */
    /* What the rows cannot say: a complaint about the whole line, or NULL. NULL: nothing to say. */
    const char *(*check)(const void *arguments);
    int (*run)(const struct command_call *call); /* an exit status */
};

struct command_program {
    const char *name;
    const char *doc;    /* one line */
    const char *ending; /* behind the list of commands */
    /* Taken by all commands: each struct of arguments begins with the struct they fill. */
    const struct command_option *options;
    const struct command *const *tables; /* ends with NULL */
};

/* One command as it was called. */
struct command_call {
    const struct command_program *program;
    const struct command *command;
    int argc;
    char **argv; /* argv[0]: program and command */
};

/* Finds the command and runs it: the exit status of the program. */
int command_main(const struct command_program *program, int argc, char **argv);

/* Fills the struct of arguments, which has its defaults already; does not return when the command line is
 * wrong or asks for help. */
void command_parse(const struct command_call *call, void *arguments);

/* Prints "PROGRAM: ..." to standard error. */
void command_complain(const char *program, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
