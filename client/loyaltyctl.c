/* loyaltyctl: the operator's tool. Main, the connection, and what the commands share. */
#include "client/loyaltyctl.h"

#include "client/amount.h"
#include "client/clock.h"
#include "client/delivery.h"
#include "client/place.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_JSON = 0x100,
    OPTION_SOCKET,
    OPTION_KEY,
    OPTION_PASSPHRASE_FILE,
    OPTION_PRINCIPAL,
    OPTION_TIMEOUT,
    BACKOFF_MS = 200,
    CONFLICTS_MAX = 8, /* other loyaltyctl's with the same key that came first */
};

const char *argp_program_version = "loyaltyctl " LOYALTY_VERSION;

void ctl_complain(const char *format, ...)
{
    va_list arguments;
    fputs("loyaltyctl: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}

void ctl_options_init(struct ctl_options *options)
{
    const char *folder = getenv("LOYALTY_DATA");
    *options =
        (struct ctl_options){.folder = folder != NULL ? folder : "/var/lib/loyaltyd", .timeout_ms = 10000};
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct ctl_options *options = state->input;
    uint64_t number = 0;
    switch (key) {
    case 'd':
        options->folder = argument;
        return 0;
    case OPTION_SOCKET:
        options->socket = argument;
        return 0;
    case OPTION_KEY:
        options->key = argument;
        return 0;
    case OPTION_PASSPHRASE_FILE:
        options->passphrase_file = argument;
        return 0;
    case OPTION_PRINCIPAL:
        if (number_parse(argument, UINT32_MAX, &number) != 0 || number == 0) {
            argp_error(state, "'%s' is not the number of a principal", argument);
        }
        options->principal = (uint32_t)number;
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case OPTION_TIMEOUT:
        if (number_parse(argument, 600000, &number) != 0 || number == 0) {
            argp_error(state, "--timeout takes milliseconds, 1 to 600000");
        }
        options->timeout_ms = (int64_t)number;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option common_options[] = {
    {.name = "data",
     .key = 'd',
     .arg = "DIR",
     .doc = "The daemon's folder, with its socket and the operator's key (default: $LOYALTY_DATA or "
            "/var/lib/loyaltyd)"},
    {.name = "socket", .key = OPTION_SOCKET, .arg = "PATH", .doc = "The daemon's socket (DIR/loyaltyd.sock)"},
    {.name = "key", .key = OPTION_KEY, .arg = "FILE", .doc = "The operator's key (DIR/operator.key)"},
    {.name = "passphrase-file",
     .key = OPTION_PASSPHRASE_FILE,
     .arg = "FILE",
     .doc = "The key is under the passphrase in the first line of this file"},
    {.name = "principal",
     .key = OPTION_PRINCIPAL,
     .arg = "N",
     .doc = "The operator's number (default: as enrolled, else 1)"},
    {.name = "json", .key = OPTION_JSON, .doc = "Print JSON"},
    {.name = "timeout",
     .key = OPTION_TIMEOUT,
     .arg = "MS",
     .doc = "Give up when the daemon says nothing for this long (default: 10000)"},
    {0},
};

const struct argp ctl_options_argp = {.options = common_options, .parser = parse_option};

int ctl_open_offline(struct ctl *ctl, const struct ctl_options *options)
{
    *ctl = (struct ctl){.options = *options};
    json_init(&ctl->json, stdout);
    ctl->memory = malloc(CTL_ARENA_BYTES);
    ctl->outcome = malloc(sizeof(*ctl->outcome));
    if (ctl->memory == NULL || ctl->outcome == NULL || crypto_init() != 0) {
        ctl_complain("out of memory or randomness");
        return CTL_EXIT_ERROR;
    }
    arena_init(&ctl->arena, ctl->memory, CTL_ARENA_BYTES);
    return CTL_EXIT_OK;
}

int ctl_key_path(struct ctl *ctl)
{
    const struct ctl_options *options = &ctl->options;
    const int size = options->key != NULL
                         ? snprintf(ctl->key_path, sizeof(ctl->key_path), "%s", options->key)
                         : snprintf(ctl->key_path, sizeof(ctl->key_path), "%s/operator.key", options->folder);
    if (size < 0 || (size_t)size >= sizeof(ctl->key_path)) {
        ctl_complain("the path of the operator's key is too long");
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

/* The key, and where it was enrolled; the first operator's was not. */
static int load_key(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    const int status = ctl_key_path(ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    int error = operator_keys_load(ctl->key_path, ctl->options.passphrase_file, &ctl->pair, &ctl->next,
                                   &ctl->has_next, text);
    if (error == 0) {
        error = operator_place_read(ctl->key_path, &ctl->place, text);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error != 0) {
        ctl_complain("%s", text);
        return CTL_EXIT_ERROR;
    }
    if (ctl->options.principal == 0) {
        ctl->options.principal = ctl->place.principal != 0 ? ctl->place.principal : 1;
    }
    return CTL_EXIT_OK;
}

/* Our change of keys was booked, and we did not hear of it. */
static int take_next(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    ctl->pair = ctl->next;
    ctl->has_next = false;
    const int error = operator_key_promote(ctl->key_path, text);
    if (error != 0) {
        ctl_complain("%s", text);
    }
    return error;
}

/* The daemon may have another TLS key soon: its pins are in the URL. */
static void learn_pins(struct ctl *ctl)
{
    char text[OPERATOR_TEXT_BYTES];
    struct operator_place changed = ctl->place;
    if (ctl->place.principal != 0 && strcmp(ctl->url, ctl->place.url) == 0 &&
        place_learn_url(changed.url, &ctl->session) &&
        operator_place_write(ctl->key_path, &changed, text) == 0) {
        ctl->place = changed;
    }
}

/* On the daemon's own box whoever owns the socket is the daemon: nothing is pinned. */
static int connect_session(struct ctl *ctl)
{
    const bool pinned = ctl->place.principal != 0;
    const struct session_options options = {.url = ctl->url,
                                            .ca = ctl->place.ca[0] != '\0' ? ctl->place.ca : NULL,
                                            .world = &client_world,
                                            .timeout_ms = ctl->options.timeout_ms};
    struct session_identity identity = {.principal = ctl->options.principal,
                                        .pair = &ctl->pair,
                                        .programme_id = pinned ? ctl->place.programme_id : NULL,
                                        .daemon_key = pinned ? ctl->place.daemon_key : NULL};
    int error = session_open(&ctl->session, &options, &identity);
    if (error != 0 && ctl->has_next && ctl->session.failed && ctl->session.failure == FAILURE_BAD_SIGNATURE) {
        identity.pair = &ctl->next;
        error = session_open(&ctl->session, &options, &identity);
        if (error == 0) {
            error = take_next(ctl);
        }
    }
    ctl->connected = error == 0;
    if (error == 0) {
        learn_pins(ctl);
    }
    return error;
}

static void disconnect(struct ctl *ctl)
{
    session_close(&ctl->session);
    ctl->connected = false;
}

int ctl_open(struct ctl *ctl, const struct ctl_options *options)
{
    int status = ctl_open_offline(ctl, options);
    if (status == CTL_EXIT_OK) {
        status = load_key(ctl);
    }
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (options->socket != NULL) {
        (void)snprintf(ctl->url, sizeof(ctl->url), "%s", options->socket);
    } else if (ctl->place.principal != 0) {
        (void)snprintf(ctl->url, sizeof(ctl->url), "%s", ctl->place.url);
    } else {
        (void)snprintf(ctl->url, sizeof(ctl->url), "unix:%s/loyaltyd.sock", options->folder);
    }
    if (!connection_url_valid(ctl->url)) {
        ctl_complain("'%s' is not the path of a socket", ctl->url);
        return CTL_EXIT_ERROR;
    }
    if (connect_session(ctl) != 0) {
        ctl_complain("%s", ctl->session.text);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

void ctl_close(struct ctl *ctl)
{
    if (ctl->connected) {
        disconnect(ctl);
    }
    key_pair_fini(&ctl->pair);
    key_pair_fini(&ctl->next);
    free(ctl->memory);
    free(ctl->outcome);
    ctl->memory = NULL;
    ctl->outcome = NULL;
}

int ctl_call(struct ctl *ctl, struct request *request, struct reply *ret_reply)
{
    const int error = session_call(&ctl->session, request, ret_reply);
    if (error != 0) {
        ctl_complain("%s", ctl->session.text);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

static int sign(const struct ctl *ctl, struct bytes body, uint64_t sequence,
                uint8_t ret_signature[SIGNATURE_BYTES])
{
    const size_t scratch_size = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *scratch = malloc(scratch_size);
    if (scratch == NULL) {
        return ERR_NOMEM;
    }
    const struct sign_event event = {.programme_id = ctl->session.programme_id,
                                     .principal = ctl->options.principal,
                                     .sequence = sequence,
                                     .body = body};
    const int error = sign_event(&ctl->pair, &event, scratch, scratch_size, ret_signature);
    free(scratch);
    return error;
}

/* Takes the answer out of the reply, whose memory goes with the next call. */
static int take_booked(struct ctl *ctl, const struct reply *reply, struct booked *ret_booked)
{
    int error = wire_booked_unpack(reply->booked.booked, &ctl->arena, ret_booked);
    if (error == 0) {
        error = wire_outcome_unpack(ret_booked->outcome, &ctl->arena, ctl->outcome);
    }
    return error;
}

/* Sends the same bytes under the same sequence until there is an answer. A sequence that turns out to be
 * booked with another body was never ours: then the event takes the next one. */
static int book_body(struct ctl *ctl, struct bytes body, struct booked *ret_booked)
{
    uint64_t sequence = ctl->session.ready.expected_sequence;
    uint8_t signature[SIGNATURE_BYTES];
    int conflicts = 0;
    const int64_t deadline = clock_monotonic_ms() + ctl->options.timeout_ms;
    for (;;) {
        int error = ctl->connected ? 0 : connect_session(ctl);
        if (error == 0) {
            error = sign(ctl, body, sequence, signature);
        }
        if (error == 0) {
            struct request request = {.kind = REQUEST_BOOK};
            struct reply reply;
            request.book = (struct request_book){.principal = ctl->options.principal,
                                                 .sequence = sequence,
                                                 .body = body,
                                                 .signature = {.data = signature, .size = SIGNATURE_BYTES}};
            error = session_call(&ctl->session, &request, &reply);
            if (error == 0) {
                return take_booked(ctl, &reply, ret_booked);
            }
            const bool taken = ctl->session.failed && (ctl->session.failure == FAILURE_CONFLICT ||
                                                       ctl->session.failure == FAILURE_REPLACED);
            disconnect(ctl);
            if (taken && conflicts++ < CONFLICTS_MAX) {
                const bool conflict = ctl->session.failure == FAILURE_CONFLICT;
                error = connect_session(ctl);
                sequence = error == 0 && conflict ? ctl->session.ready.expected_sequence : sequence;
                if (error == 0) {
                    continue;
                }
            }
        }
        if ((error != ERR_CLOSED && error != ERR_TIMEOUT) || clock_monotonic_ms() + BACKOFF_MS > deadline) {
            return error;
        }
        clock_sleep_ms(BACKOFF_MS);
    }
}

int ctl_book(struct ctl *ctl, struct event *event, struct booked *ret_booked)
{
    struct bytes body;
    const int64_t offset = ctl->session.clock_offset_ms;
    event->occurred_at = clock_wall_ms();
    if (offset > DELIVERY_CLOCK_TOLERANCE_MS || offset < -DELIVERY_CLOCK_TOLERANCE_MS) {
        event->occurred_at += offset;
        event->clock_correction = offset;
    }
    int error = wire_body_pack(event, &ctl->arena, &body);
    if (error != 0) {
        ctl_complain("this cannot be put into an event: %s", error_text(error));
        return CTL_EXIT_ERROR;
    }
    error = book_body(ctl, body, ret_booked);
    if (error != 0) {
        ctl_complain("not known to be booked: %s",
                     ctl->session.text[0] != '\0' ? ctl->session.text : error_text(error));
        return CTL_EXIT_ERROR;
    }
    if (ctl->outcome->code != CODE_ACCEPTED) {
        ctl_complain("refused (%s): %s", outcome_code_name(ctl->outcome->code),
                     outcome_code_text(ctl->outcome->code));
        return CTL_EXIT_REFUSED;
    }
    return CTL_EXIT_OK;
}

bool ctl_path(char *ret_path, size_t size, const char *folder, const char *name)
{
    const int length = snprintf(ret_path, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size) {
        ctl_complain("%s: the path is too long", folder);
        return false;
    }
    return true;
}

bool ctl_parse_duration(const char *text, int64_t *ret_duration_ms)
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
    if (number_parse(digits, 100000, &number) != 0 || number == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[size - 1] == units[i].unit) {
            *ret_duration_ms = (int64_t)number * units[i].ms;
            return true;
        }
    }
    return false;
}

int ctl_read_file(struct ctl *ctl, const char *path, size_t size_max, struct bytes *ret_bytes)
{
    FILE *stream = fopen(path, "re");
    uint8_t *data = arena_alloc(&ctl->arena, size_max + 2, 1);
    if (stream == NULL || data == NULL) {
        ctl_complain("%s: %s", path, stream == NULL ? strerror(errno) : "too large");
        if (stream != NULL) {
            (void)fclose(stream);
        }
        return CTL_EXIT_ERROR;
    }
    const size_t size = fread(data, 1, size_max + 1, stream);
    const bool broken = ferror(stream) != 0;
    (void)fclose(stream);
    if (broken || size > size_max) {
        ctl_complain("%s: %s", path, broken ? "cannot be read" : "larger than a programme may be");
        return CTL_EXIT_ERROR;
    }
    *ret_bytes = (struct bytes){.data = data, .size = size};
    return CTL_EXIT_OK;
}

int ctl_subcommand(int *argc, char ***argv, const char *const *names, size_t count)
{
    for (size_t i = 0; *argc > 1 && i < count; i++) {
        if (strcmp((*argv)[1], names[i]) == 0) {
            ++*argv;
            --*argc;
            return (int)i;
        }
    }
    fprintf(stderr, "%s: say which of:", (*argv)[0]);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, " %s", names[i]);
    }
    fputs(" (each has --help)\n", stderr);
    return -1;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"status", ctl_command_status},     {"terminal", ctl_command_terminal},
    {"operator", ctl_command_operator}, {"programme", ctl_command_programme},
    {"member", ctl_command_member},     {"event", ctl_command_event},
    {"go-live", ctl_command_go_live},   {"verify", ctl_command_verify},
    {"backup", ctl_command_backup},     {"restore", ctl_command_restore},
};

static const char usage[] = "The operator's tool of loyaltyd.\v"
                            "status                  how the daemon is, and whether its books balance\n"
                            "terminal invite         a one-time code for a new till\n"
                            "terminal list           the tills and operators\n"
                            "terminal retire N       take what a till has sold until now, nothing later\n"
                            "terminal revoke N       book nothing of a till any more\n"
                            "operator invite         a one-time code for a new operator\n"
                            "operator enrol URL CODE become one: makes a key\n"
                            "operator list           the people of the back office\n"
                            "operator revoke N       book nothing of an operator any more (or retire N)\n"
                            "operator rotate-key     give the own key another one\n"
                            "operator passphrase     put the own key under a passphrase\n"
                            "programme check FILE    read a programme without a daemon\n"
                            "programme apply FILE    put a programme into force\n"
                            "programme show          the programme in force\n"
                            "member show             what a customer has\n"
                            "event show POSITION     everything recorded of an event, and why\n"
                            "go-live                 end of loading history\n"
                            "backup FILE             copy the log while the daemon works\n"
                            "restore FILE DIR        make a data directory from a backup\n"
                            "verify FILE|DIR         prove a log and everything derived from it\n"
                            "\n"
                            "Each command has its own --help.\n"
                            "\n"
                            "Exit status: 0 done; 1 failed, or the programme has findings; 3 booked as "
                            "refused; 64 wrong usage.";

static error_t parse_command(int key, char *argument, struct argp_state *state)
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
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    const struct argp argp = {.parser = parse_command, .args_doc = "COMMAND [OPTION...]", .doc = usage};
    int first = 0;
    argp_err_exit_status = CTL_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first) != 0) {
        return CTL_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[first], commands[i].name) == 0) {
            char name[64];
            (void)snprintf(name, sizeof(name), "loyaltyctl %s", commands[i].name);
            argv[first] = name;
            const int status = commands[i].run(argc - first, argv + first);
            return fflush(stdout) == 0 ? status : CTL_EXIT_ERROR;
        }
    }
    ctl_complain("there is no command '%s'; see loyaltyctl --help", argv[first]);
    return CTL_EXIT_USAGE;
}
