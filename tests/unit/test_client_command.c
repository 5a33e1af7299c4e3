/* Command lines from tables: what is taken, what is refused and how it is said. */
#include "client/command.h"
#include "lib/testing.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *argp_program_version;

enum { FIRST_LINE_BYTES = 256, TAKEN = 42, LIST_MOST = 2, WORDS_MAX = 24 };

struct common {
    int64_t timeout_ms;
};

struct arguments {
    struct common common;
    const char *url;
    uint64_t position;
    const char *card;
    bool qr;
    int64_t expires_ms;
    uint32_t principal;
    struct command_list lines;
};

/* What the command under test got. It runs in a child, as a wrong command line ends the program. */
static struct arguments got;

static const char *check(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return arguments->qr && arguments->card != NULL ? "either --qr or --card" : NULL;
}

static int run(const struct command_call *call)
{
    const char *lines[LIST_MOST];
    got = (struct arguments){.lines = {.items = lines, .most = LIST_MOST}};
    command_parse(call, &got);
    printf("%s|%s|%lu|%s|%d|%ld|%u|%zu|%ld\n", call->command->name, got.url, (unsigned long)got.position,
           got.card != NULL ? got.card : "-", got.qr, (long)got.expires_ms, got.principal, got.lines.count,
           (long)got.common.timeout_ms);
    return TAKEN;
}

static const struct command_option common_options[] = {{.name = "timeout",
                                                        .arg = "MS",
                                                        .doc = "How long to wait",
                                                        .type = &command_milliseconds,
                                                        .offset = offsetof(struct common, timeout_ms)},
                                                       {0}};

static const struct command_option options[] = {
    {.arg = "URL", .type = &command_text, .offset = offsetof(struct arguments, url), .missing = "say where"},
    {.arg = "POSITION", .type = &command_position, .offset = offsetof(struct arguments, position)},
    {.name = "card",
     .letter = 'c',
     .arg = "C",
     .doc = "A card",
     .type = &command_text,
     .offset = offsetof(struct arguments, card)},
    {.name = "qr", .doc = "A picture", .type = &command_flag, .offset = offsetof(struct arguments, qr)},
    {.name = "expires",
     .arg = "TIME",
     .doc = "How long",
     .type = &command_duration,
     .offset = offsetof(struct arguments, expires_ms)},
    {.name = "whom",
     .arg = "N",
     .doc = "A number",
     .type = &command_principal,
     .offset = offsetof(struct arguments, principal)},
    {.name = "line",
     .arg = "L",
     .doc = "A line",
     .type = &command_list,
     .offset = offsetof(struct arguments, lines)},
    {0}};

static const struct command commands[] = {
    {.name = "till invite", .summary = "two words", .options = options, .check = check, .run = run},
    {.name = "till revoke", .summary = "two more", .options = options, .run = run},
    {.name = "status", .summary = "one word", .options = options, .run = run},
    {0}};

/* Runs "shop LINE", parted by spaces: the exit status; the first line of either output in `ret_line`. */
static int shop(const char *line, char ret_line[FIRST_LINE_BYTES])
{
    static const struct command *const tables[] = {commands, NULL};
    static const struct command_program program = {
        .name = "shop", .doc = "A shop.", .ending = "", .options = common_options, .tables = tables};
    char words[FIRST_LINE_BYTES] = "shop ";
    char *argv[WORDS_MAX + 1];
    char *rest = NULL;
    int argc = 0;
    int ends[2];
    strncat(words, line, sizeof(words) - 6);
    for (char *word = strtok_r(words, " ", &rest); word != NULL && argc < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        const int status = command_main(&program, argc, argv);
        fflush(stdout);
        _exit(status);
    }
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    assert_non_null(stream);
    ret_line[0] = '\0';
    if (fgets(ret_line, FIRST_LINE_BYTES, stream) != NULL) {
        ret_line[strcspn(ret_line, "\n")] = '\0';
    }
    while (fgetc(stream) != EOF) {
    }
    fclose(stream);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect(const char *line, int status, const char *first_line)
{
    char got_line[FIRST_LINE_BYTES];
    assert_int_equal(shop(line, got_line), status);
    assert_string_equal(got_line, first_line);
}

static void options_and_words_fill_the_fields_of_their_rows(void **state)
{
    (void)state;
    expect("till invite here 7 -c C1 --expires 15m --whom 3 --line a --line b --timeout=50", TAKEN,
           "till invite|here|7|C1|0|900000|3|2|50");
    expect("till revoke --qr there", TAKEN, "till revoke|there|0|-|1|0|0|0|0");
    expect("status --expires=7d x 9223372036854775807", TAKEN,
           "status|x|9223372036854775807|-|0|604800000|0|0|0");
}

static void what_is_wrong_is_said_with_the_name_of_the_command(void **state)
{
    (void)state;
    expect("till invite", COMMAND_EXIT_USAGE, "shop till invite: say where");
    expect("till invite x 0", COMMAND_EXIT_USAGE, "shop till invite: '0' is not a position");
    expect("till invite x -- -1", COMMAND_EXIT_USAGE, "shop till invite: '-1' is not a position");
    expect("till invite x 1 2", COMMAND_EXIT_USAGE, "shop till invite: what is '2'?");
    expect("till invite x --whom 4294967296", COMMAND_EXIT_USAGE,
           "shop till invite: '4294967296' is not the number of a principal");
    expect("till invite x --expires 1w", COMMAND_EXIT_USAGE,
           "shop till invite: '1w' is not a time such as 15m, 1h or 7d");
    expect("till invite x --expires 0s", COMMAND_EXIT_USAGE,
           "shop till invite: '0s' is not a time such as 15m, 1h or 7d");
    expect("status x --line a --line b --line c", COMMAND_EXIT_USAGE,
           "shop status: 'c' is one more than there can be");
    expect("status x --timeout 600001", COMMAND_EXIT_USAGE,
           "shop status: '600001' is not a number of milliseconds, 1 to 600000");
}

static void a_line_as_a_whole_can_be_wrong(void **state)
{
    (void)state;
    expect("till invite x --qr --card C1", COMMAND_EXIT_USAGE, "shop till invite: either --qr or --card");
    expect("till revoke x --qr --card C1", TAKEN, "till revoke|x|0|C1|1|0|0|0|0");
}

static void an_unknown_command_and_half_of_one_are_told_apart(void **state)
{
    (void)state;
    expect("nothing", COMMAND_EXIT_USAGE, "shop: there is no command 'nothing'; see shop --help");
    expect("till", COMMAND_EXIT_USAGE, "shop till: say which of: invite revoke (each has --help)");
    expect("till sell", COMMAND_EXIT_USAGE, "shop till: say which of: invite revoke (each has --help)");
    expect("til invite", COMMAND_EXIT_USAGE, "shop: there is no command 'til'; see shop --help");
}

static void help_is_made_from_the_rows(void **state)
{
    (void)state;
    expect("till invite --help", 0, "Usage: shop till invite [OPTION...] URL [POSITION]");
    expect("--help", 0, "Usage: shop [OPTION...] COMMAND [OPTION...]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_fill_the_fields_of_their_rows),
        cmocka_unit_test(what_is_wrong_is_said_with_the_name_of_the_command),
        cmocka_unit_test(a_line_as_a_whole_can_be_wrong),
        cmocka_unit_test(an_unknown_command_and_half_of_one_are_told_apart),
        cmocka_unit_test(help_is_made_from_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
