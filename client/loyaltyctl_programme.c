/* loyaltyctl programme: check, diff, apply, show. */
#include "base/text.h"
#include "client/loyaltyctl.h"
#include "client/loyaltyctl_diff.h"
#include "model/day.h"
#include "programme/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    struct ctl_options common;
    const char *path;
    const char *newer; /* diff */
    bool yes;          /* apply */
};

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
    printf("%s", path);
    if (finding->line > 0) {
        printf(":%" PRIu32 ":%" PRIu32, finding->line, finding->column);
    }
    printf(": %s%s%s%s\n", finding->warning ? "warning: " : "", somewhere ? finding->path : "",
           somewhere ? ": " : "", finding->text != NULL ? finding->text : "");
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

/* A line of the terminal that begins with a y. */
static bool says_yes(void)
{
    char line[64];
    (void)fputs("Apply it? [y/N] ", stdout);
    (void)fflush(stdout);
    return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

/* Shows what changes from the version in force to this one, and asks unless `yes`. The first programme of all
 * changes nothing for anybody. */
static int confirm(struct ctl *ctl, const char *path, struct bytes yaml, bool yes)
{
    struct request request = {.kind = REQUEST_GET_PROGRAMME};
    struct reply reply;
    if (ctl->session.ready.programme_version == 0 || (yes && ctl->options.json)) {
        return CTL_EXIT_OK;
    }
    if (!yes && (ctl->options.json || isatty(STDIN_FILENO) != 1)) {
        ctl_complain(
            "nobody is here to be asked: --yes applies it, 'loyaltyctl programme diff' shows what changes");
        return CTL_EXIT_USAGE;
    }
    int status = ctl_call(ctl, &request, &reply);
    if (status == CTL_EXIT_OK) {
        const char *const names[2] = {"the version in force", path};
        const struct bytes files[2] = {reply.programme.yaml, yaml};
        status = ctl_show_differences(ctl, names, files);
    }
    if (status == CTL_EXIT_OK && !yes && !says_yes()) {
        puts("It is not applied.");
        status = CTL_EXIT_ERROR;
    }
    return status;
}

static int put_into_force(struct ctl *ctl, const char *path, struct bytes yaml, bool yes)
{
    struct event event = {.kind = EVENT_PROGRAMME_CHANGE};
    struct booked booked;
    int status = check_online(ctl, path, yaml);
    if (status == CTL_EXIT_OK) {
        status = confirm(ctl, path, yaml, yes);
    }
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
            const bool dated = effect->programme.effective != DAY_MIN;
            printf("Version %" PRIu32 " is booked at position %" PRIu64 " and in force %s%s%s\n",
                   effect->programme.version, booked.position, dated ? "from " : "at once", dated ? day : "",
                   dated ? " on" : "");
        }
    }
    return status;
}

static int print_programme(struct ctl *ctl)
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

static int check(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct bytes yaml = {0};
    int status = ctl_begin_offline(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ctl_read_file(&ctl, arguments.path, PROGRAMME_BYTES_MAX, &yaml);
    }
    if (status == CTL_EXIT_OK) {
        status = check_offline(&ctl, arguments.path, yaml);
    }
    ctl_close(&ctl);
    return status;
}

static int apply(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct bytes yaml = {0};
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ctl_read_file(&ctl, arguments.path, PROGRAMME_BYTES_MAX, &yaml);
    }
    if (status == CTL_EXIT_OK) {
        status = put_into_force(&ctl, arguments.path, yaml, arguments.yes);
    }
    ctl_close(&ctl);
    return status;
}

static int diff(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct bytes files[2] = {{0}, {0}};
    int status = ctl_begin_offline(&ctl, call, &arguments);
    const char *const names[2] = {arguments.path, arguments.newer};
    for (size_t i = 0; i < 2 && status == CTL_EXIT_OK; i++) {
        status = ctl_read_file(&ctl, names[i], PROGRAMME_BYTES_MAX, &files[i]);
    }
    if (status == CTL_EXIT_OK) {
        status = ctl_show_differences(&ctl, names, files);
    }
    ctl_close(&ctl);
    return status;
}

static int show(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = print_programme(&ctl);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option file_options[] = {{.arg = "FILE",
                                                      .type = &command_text,
                                                      .offset = offsetof(struct arguments, path),
                                                      .missing = "which file?"},
                                                     {0}};

static const struct command_option apply_options[] = {
    {.name = "yes", .doc = "Do not ask", .type = &command_flag, .offset = offsetof(struct arguments, yes)},
    {0}};

static const struct command_option diff_options[] = {{.arg = "OLD",
                                                      .type = &command_text,
                                                      .offset = offsetof(struct arguments, path),
                                                      .missing = "which files?"},
                                                     {.arg = "NEW",
                                                      .type = &command_text,
                                                      .offset = offsetof(struct arguments, newer),
                                                      .missing = "which is the newer file?"},
                                                     {0}};

const struct command ctl_programme_commands[] = {
    {.name = "programme check",
     .summary = "read a programme without a daemon",
     .doc = "Read a programme without a daemon: exit status 1 if there are findings.",
     .options = file_options,
     .run = check},
    {.name = "programme diff",
     .summary = "what changes for members from OLD to NEW",
     .doc = "Say what changes for members from one programme file to another, without a daemon.",
     .options = diff_options,
     .run = diff},
    {.name = "programme apply",
     .summary = "put a programme into force",
     .doc = "Show what a programme changes for members, ask, and put it into force. The running one stays if "
            "anything is wrong with it.",
     .options = file_options,
     .more = apply_options,
     .run = apply},
    {.name = "programme show",
     .summary = "the programme in force",
     .doc = "Show the programme in force, as it was applied.",
     .run = show},
    {0}};
