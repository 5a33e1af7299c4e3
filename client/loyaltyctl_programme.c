/* loyaltyctl programme: check, apply, show. */
#include "base/text.h"
#include "client/loyaltyctl.h"
#include "model/day.h"
#include "programme/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    const char *path;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL) {
            argp_usage(state);
        }
        arguments->path = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{.argp = &ctl_options_argp}, {0}};

/* FILE:line:column: path: text, as editors and compilers have it. */
static void show_finding(struct ctl *ctl, const char *path, const struct finding_view *finding)
{
    const bool somewhere = finding->path != NULL && finding->path[0] != '\0';
    if (ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_bool(&ctl->json, "warning", finding->warning);
        json_unsigned(&ctl->json, "line", finding->line);
        json_unsigned(&ctl->json, "column", finding->column);
        json_text(&ctl->json, "path", finding->path);
        json_text(&ctl->json, "text", finding->text);
        json_end_object(&ctl->json);
        return;
    }
    printf("%s:%" PRIu32 ":%" PRIu32 ": %s%s%s%s\n", path, finding->line, finding->column,
           finding->warning ? "warning: " : "", somewhere ? finding->path : "", somewhere ? ": " : "",
           finding->text != NULL ? finding->text : "");
}

/* Reads it as the daemon would, by itself alone: an exit status. */
static int check_offline(struct ctl *ctl, const char *path, struct bytes yaml)
{
    const struct programme *programme = NULL;
    struct findings *findings = calloc(1, sizeof(*findings));
    struct numbers *numbers = calloc(1, sizeof(*numbers));
    void *memory = malloc(PROGRAMME_ARENA_BYTES);
    struct arena arena;
    int status = CTL_EXIT_ERROR;
    if (findings == NULL || numbers == NULL || memory == NULL) {
        ctl_complain("out of memory");
        goto out;
    }
    arena_init(&arena, memory, PROGRAMME_ARENA_BYTES);
    const int error = programme_load(yaml, &arena, numbers, &programme, findings);
    if (ctl->options.json) {
        json_array(&ctl->json, NULL);
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *item = &findings->items[i];
        const struct finding_view view = {.warning = item->warning,
                                          .line = item->line > 0 ? (uint32_t)item->line : 0,
                                          .column = item->column > 0 ? (uint32_t)item->column : 0,
                                          .path = item->path,
                                          .text = item->text};
        show_finding(ctl, path, &view);
    }
    if (ctl->options.json) {
        json_end_array(&ctl->json);
    }
    if (error != 0 && findings->count == 0) {
        ctl_complain("%s: %s", path, error_text(error));
    }
    status = error == 0 ? CTL_EXIT_OK : CTL_EXIT_ERROR;
    if (error == 0 && !ctl->options.json) {
        printf("%s: programme %s, version %" PRIu32 ": valid\n", path, programme->id, programme->version);
    }
out:
    free(memory);
    free(numbers);
    free(findings);
    return status;
}

/* Asks the daemon whether it may follow the version in force. */
static int check_online(struct ctl *ctl, const char *path, struct bytes yaml)
{
    struct request request = {.kind = REQUEST_CHECK_PROGRAMME};
    struct reply reply;
    request.check_programme.yaml = yaml;
    int status = ctl_call(ctl, &request, &reply);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (ctl->options.json && reply.programme_checked.count > 0) {
        json_array(&ctl->json, NULL);
    }
    for (size_t i = 0; i < reply.programme_checked.count; i++) {
        const struct finding_view *finding = &reply.programme_checked.items[i];
        show_finding(ctl, path, finding);
        status = finding->warning ? status : CTL_EXIT_ERROR;
    }
    if (ctl->options.json && reply.programme_checked.count > 0) {
        json_end_array(&ctl->json);
    }
    return status;
}

static int apply(struct ctl *ctl, const char *path, struct bytes yaml)
{
    struct event event = {.kind = EVENT_PROGRAMME_CHANGE};
    struct booked booked;
    int status = check_online(ctl, path, yaml);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    event.programme_change.yaml = yaml;
    status = ctl_book(ctl, &event, &booked);
    for (size_t i = 0; status == CTL_EXIT_OK && i < ctl->outcome->effects_count; i++) {
        const struct effect *effect = &ctl->outcome->effects[i];
        char day[DAY_TEXT_BYTES];
        if (effect->kind != EFFECT_PROGRAMME) {
            continue;
        }
        day_format(effect->programme.effective, day);
        if (ctl->options.json) {
            json_object(&ctl->json, NULL);
            json_unsigned(&ctl->json, "version", effect->programme.version);
            json_text(&ctl->json, "effective", day);
            json_unsigned(&ctl->json, "position", booked.position);
            json_end_object(&ctl->json);
        } else {
            printf("Version %" PRIu32 " is booked at position %" PRIu64 " and in force from %s on\n",
                   effect->programme.version, booked.position, day);
        }
    }
    return status;
}

static int show(struct ctl *ctl)
{
    struct request request = {.kind = REQUEST_GET_PROGRAMME};
    struct reply reply;
    const int status = ctl_call(ctl, &request, &reply);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (ctl->options.json) {
        char day[DAY_TEXT_BYTES];
        const char *yaml = arena_copy(&ctl->arena, reply.programme.yaml.data, reply.programme.yaml.size);
        day_format(reply.programme.effective, day);
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "version", reply.programme.version);
        json_text(&ctl->json, "effective", day);
        json_unsigned(&ctl->json, "position", reply.programme.position);
        json_text(&ctl->json, "yaml", yaml);
        json_end_object(&ctl->json);
    } else {
        (void)fwrite(reply.programme.yaml.data, 1, reply.programme.yaml.size, stdout);
    }
    return CTL_EXIT_OK;
}

enum subcommand { CHECK_FILE, APPLY, SHOW };

static int run(struct ctl *ctl, enum subcommand subcommand, const struct arguments *arguments)
{
    struct bytes yaml = {0};
    int status = subcommand == CHECK_FILE ? ctl_open_offline(ctl, &arguments->common)
                                          : ctl_open(ctl, &arguments->common);
    if (status == CTL_EXIT_OK && subcommand != SHOW) {
        status = ctl_read_file(ctl, arguments->path, PROGRAMME_BYTES_MAX, &yaml);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    switch (subcommand) {
    case CHECK_FILE:
        return check_offline(ctl, arguments->path, yaml);
    case APPLY:
        return apply(ctl, arguments->path, yaml);
    case SHOW:
        return show(ctl);
    }
    return CTL_EXIT_USAGE;
}

int ctl_command_programme(int argc, char **argv)
{
    static const char *const names[] = {"check", "apply", "show"};
    const struct argp argp = {.parser = parse,
                              .args_doc = "[FILE]",
                              .doc = "The programme: check a file (no daemon needed; exit status 1 with "
                                     "findings), apply it, or show the one in force.",
                              .children = common};
    struct arguments arguments = {0};
    struct ctl ctl;
    ctl_options_init(&arguments.common);
    const int subcommand = ctl_subcommand(&argc, &argv, names, 3);
    if (subcommand < 0 || argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return CTL_EXIT_USAGE;
    }
    if ((arguments.path == NULL) != (subcommand == SHOW)) {
        ctl_complain(subcommand == SHOW ? "show takes no file" : "which file?");
        return CTL_EXIT_USAGE;
    }
    const int status = run(&ctl, (enum subcommand)subcommand, &arguments);
    ctl_close(&ctl);
    return status;
}
