#include "init.h"

#include "base/check.h"
#include "base/error.h"
#include "config.h"
#include "crypto/crypto.h"
#include "crypto/key_file.h"
#include "programme/load.h"
#include "server/certificate.h"
#include "server/world.h"
#include "service/ledger.h"
#include "store/store.h"
#include "wire/body.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPERATOR = 1, /* the principal that ledger_create makes */
    ARENA_BYTES = 4 * 1024 * 1024,
    PATH_BYTES = 4096,
};

struct arguments {
    const char *data;
    const char *programme;
    const char *listen;
    const char *tls;
    const char *public_host;
    bool load_history;
};

enum { OPTION_LOAD_HISTORY = 256, OPTION_TLS, OPTION_PUBLIC };

static const struct argp_option options[] = {
    {"data", 'd', "DIR", 0, "The data directory to make; it may exist only when it is empty", 0},
    {"programme", 'p', "FILE", 0,
     "The first version of the programme; its currency becomes the log's for ever", 0},
    {"listen", 'l', "ADDRESS", 0,
     "Loopback address and port for the configuration (default " CONFIG_TCP_DEFAULT ")", 0},
    {"tls", OPTION_TLS, "ADDRESS", 0,
     "Also listen with TLS, for tills on other machines: address and port, such as 0.0.0.0:7342", 0},
    {"public", OPTION_PUBLIC, "HOST", 0, "Where those tills reach this machine: HOST or HOST:PORT", 0},
    {"load-history", OPTION_LOAD_HISTORY, NULL, 0,
     "Do not go live yet: first load purchases of the past, then let an operator book GoLive", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'd':
        arguments->data = value;
        return 0;
    case 'p':
        arguments->programme = value;
        return 0;
    case 'l':
        arguments->listen = value;
        return 0;
    case OPTION_TLS:
        arguments->tls = value;
        return 0;
    case OPTION_PUBLIC:
        arguments->public_host = value;
        return 0;
    case OPTION_LOAD_HISTORY:
        arguments->load_history = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->data == NULL || arguments->programme == NULL) {
            argp_error(state, "--data and --programme are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Makes a data directory for one programme: keys, log, configuration."
        "\vIn DIR are then:\n"
        "  daemon.key     signs what the daemon itself books\n"
        "  lookup.key     finds members by card\n"
        "  operator.key   of the first operator, principal 1, an admin: move it to the back office\n"
        "  tls.key        by which tills on other machines know the daemon; tls.crt is its certificate\n"
        "  loyalty.db     the log\n"
        "  loyaltyd.conf  for `loyaltyd --config`\n"
        "The keys are readable by their owner only. Whoever loses daemon.key or lookup.key cannot go on with "
        "the log: keep copies apart from it.",
};

/* What is made, in order. */
struct making {
    const struct arguments *arguments;
    char folder[CONFIG_PATH_BYTES]; /* absolute */
    struct arena arena;
    struct bytes yaml;
    const struct programme *programme;
    struct key_pair daemon_key;
    struct key_pair operator_key;
    uint8_t lookup_key[KEY_BYTES];
    struct store *store;
    struct ledger *ledger;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint64_t sequence; /* of the operator's next event */
    struct arena replies;
};

static int complain(int result, const char *what, const char *why)
{
    fprintf(stderr, "loyaltyd init: %s: %s\n", what,
            why != NULL && why[0] != '\0' ? why : error_text(result));
    return result;
}

static int read_programme(struct making *making)
{
    const char *path = making->arguments->programme;
    uint8_t *text = arena_alloc(&making->arena, 1, PROGRAMME_BYTES_MAX + 1);
    CHECK(text != NULL);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return complain(ERR_NOT_FOUND, path, strerror(errno));
    }
    const size_t size = fread(text, 1, PROGRAMME_BYTES_MAX + 1, file);
    const bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) {
        return complain(ERR_IO, path, NULL);
    }
    if (size > PROGRAMME_BYTES_MAX) {
        return complain(ERR_TOO_LARGE, path, "a programme has at most 262144 bytes");
    }
    making->yaml = (struct bytes){text, size};
    return 0;
}

static int check_programme(struct making *making, void *memory)
{
    struct numbers *numbers = calloc(1, sizeof(*numbers));
    struct findings *findings = calloc(1, sizeof(*findings));
    int result = ERR_NOMEM;
    if (numbers != NULL && findings != NULL) {
        struct arena arena;
        arena_init(&arena, memory, PROGRAMME_ARENA_BYTES);
        result = programme_load(making->yaml, &arena, numbers, &making->programme, findings);
        for (size_t i = 0; i < findings->count; i++) {
            const struct finding *finding = &findings->items[i];
            fprintf(stderr, "%s:%d:%d: %s%s%s%s\n", making->arguments->programme, finding->line,
                    finding->column, finding->warning ? "warning: " : "", finding->path,
                    finding->path[0] == '\0' ? "" : ": ", finding->text);
        }
    }
    free(numbers);
    free(findings);
    return result == 0 ? 0 : complain(result, making->arguments->programme, "not a valid programme");
}

static bool is_empty(const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return false;
    }
    size_t count = 0;
    while (readdir(entries) != NULL) {
        count++;
    }
    closedir(entries);
    return count == 2;
}

static int make_folder(struct making *making)
{
    const char *path = making->arguments->data;
    if (mkdir(path, 0700) != 0) {
        if (errno == ENOENT) {
            return complain(ERR_NOT_FOUND, path,
                            "the directory it is to stand in does not exist: make it first");
        }
        if (errno != EEXIST) {
            return complain(ERR_IO, path, strerror(errno));
        }
        if (!is_empty(path)) {
            return complain(ERR_EXISTS, path, "exists and is not an empty directory: init never touches one");
        }
        if (chmod(path, 0700) != 0) {
            return complain(ERR_PERMISSION, path, strerror(errno));
        }
    }
    char *resolved = realpath(path, NULL);
    const bool fits = resolved != NULL && strlen(resolved) < sizeof(making->folder);
    if (fits) {
        snprintf(making->folder, sizeof(making->folder), "%s", resolved);
    }
    free(resolved);
    return fits ? 0 : complain(ERR_TOO_LARGE, path, "the path is too long");
}

static void path_to(const struct making *making, const char *name, char ret_path[PATH_BYTES])
{
    const int length = snprintf(ret_path, PATH_BYTES, "%s/%s", making->folder, name);
    CHECK(length > 0);
    CHECK(length < PATH_BYTES);
}

static int save_key(struct making *making, const char *name, const char *kind, bool signs,
                    const uint8_t secret[KEY_BYTES])
{
    char path[PATH_BYTES];
    struct key_file file = {.signs = signs};
    path_to(making, name, path);
    snprintf(file.kind, sizeof(file.kind), "%s", kind);
    memcpy(file.secret, secret, KEY_BYTES);
    const int result = key_file_save(path, &file, KEY_FILE_NEW, (struct bytes){0}, world_real());
    key_file_fini(&file);
    return result == 0 ? 0 : complain(result, path, NULL);
}

static int make_certificate(struct making *making)
{
    char key[PATH_BYTES];
    char certificate[PATH_BYTES];
    uint8_t pin[PIN_BYTES];
    path_to(making, TLS_KEY_NAME, key);
    path_to(making, TLS_CERTIFICATE_NAME, certificate);
    const int result = certificate_make(key, certificate, world_real(), pin);
    return result == 0 ? 0 : complain(result, key, NULL);
}

static int make_keys(struct making *making)
{
    const struct world *world = world_real();
    key_pair_make(world, &making->daemon_key);
    key_pair_make(world, &making->operator_key);
    world->random(world->context, making->lookup_key, sizeof(making->lookup_key));
    int result = save_key(making, DAEMON_KEY_NAME, "daemon", true, making->daemon_key.secret);
    if (result == 0) {
        result = save_key(making, LOOKUP_KEY_NAME, "lookup", false, making->lookup_key);
    }
    if (result == 0) {
        result = save_key(making, OPERATOR_KEY_NAME, "operator", true, making->operator_key.secret);
    }
    return result == 0 ? make_certificate(making) : result;
}

static int make_log(struct making *making)
{
    char path[PATH_BYTES];
    const char *detail = "";
    path_to(making, DATABASE_NAME, path);
    const struct store_options store_options = {.path = path, .create = true};
    int result = store_open(&store_options, &making->store, &detail);
    if (result != 0) {
        return complain(result, path, detail);
    }
    const struct ledger_options ledger_options = {.store = making->store,
                                                  .world = world_real(),
                                                  .daemon_key = &making->daemon_key,
                                                  .lookup_key = making->lookup_key};
    char text[256] = "";
    result = ledger_create(&ledger_options, making->operator_key.public_key, making->programme->currency,
                           making->programme_id);
    if (result == 0) {
        result = ledger_new(&ledger_options, &making->ledger, text, sizeof(text));
    }
    return result == 0 ? 0 : complain(result, path, text);
}

/* The outcome of the booked event, or of its not being booked, as an error. */
static int check_reply(struct making *making, const struct ledger_result *booked, const char *what)
{
    struct reply reply;
    struct booked answer;
    enum outcome_code code = CODE_ACCEPTED;
    const struct bytes message = {booked->reply.data + 4, booked->reply.size - 4};
    int result = wire_reply_unpack(message, &making->arena, &reply);
    if (result == 0 && reply.kind == REPLY_FAILURE) {
        return complain(ERR_IO, what, reply.failure.text);
    }
    if (result == 0) {
        CHECK(reply.kind == REPLY_BOOKED);
        result = wire_booked_unpack(reply.booked.booked, &making->arena, &answer);
    }
    if (result == 0) {
        result = wire_outcome_code(answer.outcome, &code);
    }
    if (result == 0 && code != CODE_ACCEPTED) {
        return complain(ERR_FORMAT, what, outcome_code_text(code));
    }
    return result == 0 ? 0 : complain(result, what, NULL);
}

/* Books an event signed by the operator. */
static int book(struct making *making, const struct event *event, const char *what)
{
    struct bytes body;
    uint8_t signature[SIGNATURE_BYTES];
    int result = wire_body_pack(event, &making->arena, &body);
    if (result != 0) {
        return complain(result, what, NULL);
    }
    const struct sign_event signing = {.programme_id = making->programme_id,
                                       .principal = OPERATOR,
                                       .sequence = making->sequence,
                                       .body = body};
    const size_t scratch_size = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *scratch = arena_alloc(&making->arena, 1, scratch_size);
    result = scratch == NULL ? ERR_NOMEM
                             : sign_event(&making->operator_key, &signing, scratch, scratch_size, signature);
    if (result != 0) {
        return complain(result, what, NULL);
    }
    const struct request request = {.kind = REQUEST_BOOK,
                                    .book = {.principal = OPERATOR,
                                             .sequence = making->sequence++,
                                             .body = body,
                                             .signature = {signature, sizeof(signature)}}};
    const struct ledger_job job = {.request = &request, .principal = OPERATOR};
    struct ledger_result booked;
    size_t done = 0;
    result = ledger_run(making->ledger, &job, 1, &making->replies, &booked, &done);
    if (result != 0) {
        return complain(result, what, NULL);
    }
    CHECK(done == 1);
    return check_reply(making, &booked, what);
}

static int book_start(struct making *making)
{
    const struct world *world = world_real();
    struct event event = {.occurred_at = world->wall_ms(world->context), .kind = EVENT_PROGRAMME_CHANGE};
    event.programme_change.yaml = making->yaml;
    making->sequence = 1;
    int result = book(making, &event, "booking the programme");
    if (result == 0 && !making->arguments->load_history) {
        const struct event live = {.occurred_at = world->wall_ms(world->context), .kind = EVENT_GO_LIVE};
        result = book(making, &live, "going live");
    }
    return result;
}

static void add_listen(struct config *config, enum peer_kind kind, const char *text)
{
    struct listen_address *address = &config->listen[config->listen_count++];
    *address = (struct listen_address){.kind = kind, .mode = CONFIG_MODE_DEFAULT};
    snprintf(address->text, sizeof(address->text), "%s", text);
}

static void print_config(const struct config *config, FILE *file)
{
    config_print(config, file);
    if (!config_has_tls(config)) {
        fputs("# For tills on other machines add to `listen`\n"
              "#   - tls: \"0.0.0.0:7342\"\n"
              "# and say where they reach this one:\n"
              "# public: \"192.0.2.1\"\n",
              file);
    }
}

static int write_config(struct making *making)
{
    const struct arguments *arguments = making->arguments;
    char path[PATH_BYTES];
    struct config config = {.log_level = LOG_LEVEL_INFO,
                            .connections = CONNECTIONS_DEFAULT,
                            .requests = REQUESTS_DEFAULT,
                            .idle_timeout = IDLE_TIMEOUT_MS_DEFAULT / 1000,
                            .trust = TRUST_PIN};
    config.limits = PEER_LIMITS_DEFAULT;
    snprintf(config.data, sizeof(config.data), "%s", making->folder);
    path_to(making, TLS_CERTIFICATE_NAME, config.certificate);
    path_to(making, TLS_KEY_NAME, config.key);
    add_listen(&config, PEER_TCP, arguments->listen != NULL ? arguments->listen : CONFIG_TCP_DEFAULT);
    path_to(making, "loyaltyd.sock", path);
    if (strlen(path) < LISTEN_PATH_BYTES) {
        add_listen(&config, PEER_UNIX, path);
    }
    if (arguments->tls != NULL) {
        add_listen(&config, PEER_TLS, arguments->tls);
    }
    snprintf(config.public_host, sizeof(config.public_host), "%s",
             arguments->public_host != NULL ? arguments->public_host : "");
    path_to(making, CONFIG_NAME, path);
    FILE *file = fopen(path, "wxe");
    if (file == NULL) {
        return complain(ERR_IO, path, strerror(errno));
    }
    print_config(&config, file);
    const bool failed = ferror(file) != 0;
    return fclose(file) != 0 || failed ? complain(ERR_IO, path, strerror(errno)) : 0;
}

static int make_all(struct making *making)
{
    int result = make_keys(making);
    if (result == 0) {
        result = make_log(making);
    }
    if (result == 0) {
        result = book_start(making);
    }
    if (result == 0) {
        result = write_config(making);
    }
    ledger_free(making->ledger);
    store_close(making->store);
    return result;
}

/* A second try must not find what the first one left half done. */
static void undo(const struct making *making)
{
    static const char *const names[] = {
        DAEMON_KEY_NAME,      LOOKUP_KEY_NAME,      OPERATOR_KEY_NAME,        DATABASE_NAME,
        DATABASE_NAME "-wal", DATABASE_NAME "-shm", DATABASE_NAME "-journal", CONFIG_NAME,
        TLS_KEY_NAME,         TLS_CERTIFICATE_NAME};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_BYTES];
        path_to(making, names[i], path);
        unlink(path);
    }
    rmdir(making->folder);
}

static int check_address(const char *option, enum peer_kind kind, const char *value)
{
    struct listen_address address = {.kind = kind};
    char text[256];
    if (value == NULL) {
        return 0;
    }
    snprintf(address.text, sizeof(address.text), "%s", value);
    const int result = listen_address_check(&address, text, sizeof(text));
    return result == 0 ? 0 : complain(result, option, text);
}

static int check_listen(const struct arguments *arguments)
{
    int result = check_address("--listen", PEER_TCP, arguments->listen);
    if (result == 0) {
        result = check_address("--tls", PEER_TLS, arguments->tls);
    }
    const char *host = arguments->public_host;
    if (result == 0 && host != NULL && (strlen(host) >= CONFIG_HOST_BYTES || !config_host_valid(host))) {
        return complain(ERR_FORMAT, "--public", "expected HOST or HOST:PORT");
    }
    return result;
}

static int make(struct making *making, void *programme_memory)
{
    int result = check_listen(making->arguments);
    if (result == 0) {
        result = read_programme(making);
    }
    if (result == 0) {
        result = check_programme(making, programme_memory);
    }
    if (result == 0) {
        result = make_folder(making);
    }
    if (result != 0) {
        return result;
    }
    result = make_all(making);
    if (result != 0) {
        undo(making);
        return result;
    }
    char id[2 * PROGRAMME_ID_BYTES + 1];
    hex_encode(making->programme_id, PROGRAMME_ID_BYTES, id);
    printf("programme %s, id %s%s\n"
           "data directory %s\n"
           "start it with: loyaltyd --config %s/%s\n",
           making->programme->id, id, making->arguments->load_history ? ", loading history" : "",
           making->folder, making->folder, CONFIG_NAME);
    return 0;
}

int init_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    static struct making making;
    char name[] = "loyaltyd init";
    argv[0] = name;
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    umask(0077);
    if (crypto_init() != 0) {
        fprintf(stderr, "loyaltyd init: the system gives no randomness\n");
        return EXIT_FAILURE;
    }
    void *memory = malloc(ARENA_BYTES);
    void *programme_memory = malloc(PROGRAMME_ARENA_BYTES);
    void *reply_memory = malloc(LEDGER_MEMORY_BYTES);
    int result = ERR_NOMEM;
    if (memory == NULL || programme_memory == NULL || reply_memory == NULL) {
        fprintf(stderr, "loyaltyd init: out of memory\n");
    } else {
        making.arguments = &arguments;
        arena_init(&making.arena, memory, ARENA_BYTES);
        arena_init(&making.replies, reply_memory, LEDGER_MEMORY_BYTES);
        result = make(&making, programme_memory);
    }
    key_pair_fini(&making.daemon_key);
    key_pair_fini(&making.operator_key);
    crypto_erase(making.lookup_key, sizeof(making.lookup_key));
    free(memory);
    free(programme_memory);
    free(reply_memory);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
