/* loyaltyctl programme test: an owner's table of what the programme must give, without a daemon. */
#include "client/loyaltyctl.h"
#include "client/loyaltyctl_table.h"

#include <stdio.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    const char *programme;
    const char *table;
};

struct said {
    struct ctl *ctl;
    const char *path;
    int traced; /* the line whose decision was shown last */
};

static void say(void *context, int line, const char *row, const char *what, const struct trial *trial)
{
    struct said *said = context;
    static char trace[32 * 1024];
    if (said->ctl->options.json) {
        struct json *json = &said->ctl->json;
        json_object(json, NULL);
        json_integer(json, "line", line);
        json_text(json, "row", row);
        json_text(json, "what", what);
        json_end_object(json);
        return;
    }
    printf("%s:%d: %s\n", said->path, line, what);
    if (trial != NULL && line != said->traced) {
        said->traced = line;
        table_trace(trial, trace, sizeof(trace));
        printf("  %s\n%s", row, trace);
    }
}

static int test_programme(struct ctl *ctl, const struct arguments *arguments)
{
    struct bytes yaml = {0};
    struct bytes table = {0};
    int status = ctl_read_file(ctl, arguments->programme, PROGRAMME_BYTES_MAX, &yaml);
    if (status == CTL_EXIT_OK) {
        status = ctl_read_file(ctl, arguments->table, TABLE_TEXT_BYTES_MAX, &table);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    struct said said = {.ctl = ctl, .path = arguments->table};
    struct table_run run = {.programme = yaml, .differs = say, .context = &said};
    if (ctl->options.json) {
        json_array(&ctl->json, NULL);
    }
    const int error = table_run(table, &run);
    if (ctl->options.json) {
        json_end_array(&ctl->json);
    }
    if (error != 0) {
        ctl_complain("%s: %s", arguments->table, error_text(error));
        return CTL_EXIT_ERROR;
    }
    if (!ctl->options.json) {
        printf("%s: %zu rows, %zu differ\n", arguments->table, run.rows, run.differences);
    }
    return run.differences == 0 && run.rows > 0 ? CTL_EXIT_OK : CTL_EXIT_ERROR;
}

static int test(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin_offline(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = test_programme(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option options[] = {{.arg = "PROGRAMME",
                                                 .doc = "The programme's file",
                                                 .type = &command_text,
                                                 .offset = offsetof(struct arguments, programme),
                                                 .missing = "which programme? Say its FILE"},
                                                {.arg = "TABLE",
                                                 .doc = "What it must give, row by row",
                                                 .type = &command_text,
                                                 .offset = offsetof(struct arguments, table),
                                                 .missing = "which table? Say its FILE"},
                                                {0}};

const struct command ctl_test_commands[] = {
    {.name = "programme test",
     .summary = "hold a programme to a table of examples",
     .doc = "Run a table of purchases through a programme, without a daemon, and show what comes out "
            "otherwise than the table says.",
     .options = options,
     .run = test},
    {0}};
