/* loyaltyd: wiring. */
#include "base/check.h"
#include "base/log.h"
#include "config.h"
#include "crypto/crypto.h"
#include "crypto/key_file.h"
#include "init.h"
#include "server/crash_mark.h"
#include "server/server.h"
#include "server/systemd.h"
#include "server/tls.h"
#include "server/world.h"
#include "service/ledger.h"
#include "service/service.h"
#include "store/store.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *argp_program_version = "loyaltyd " LOYALTY_VERSION;

struct arguments {
    const char *config;
    bool check;
};

enum { OPTION_CHECK_CONFIG = 256 };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Configuration file (default " CONFIG_PATH_DEFAULT ")", 0},
    {"check-config", OPTION_CHECK_CONFIG, NULL, 0,
     "Print the configuration as it was understood and exit: 0 when it is valid, 1 when it is not", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case OPTION_CHECK_CONFIG:
        arguments->check = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unknown command \"%s\"; there are init and certificate", value);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse_option,
    .args_doc = "\ninit --data DIR --programme FILE\ncertificate --data DIR",
    .doc = "Loyalty-point daemon for tills: books what tills sign, and answers what their customers earned."
           "\vThe first form serves the programme whose data directory the configuration names, until "
           "SIGTERM or SIGINT. The second makes a data directory, the third a TLS key that is to take the "
           "place of "
           "the one in use; each has its own --help.",
};

/* What the daemon is made of, in the order it is made in. */
struct parts {
    struct config config;
    struct key_pair *daemon_key; /* in guarded memory, like the next */
    uint8_t *lookup_key;
    struct tls_context *tls; /* NULL: no address has it */
    struct pins tls_pins;
    char tls_address[CONFIG_HOST_BYTES];
    struct store *store;
    struct ledger *ledger;
    struct service *service;
};

static int path_in(const struct config *config, const char *name, char *ret_path, size_t size)
{
    const int length = snprintf(ret_path, size, "%s/%s", config->data, name);
    return length < 0 || (size_t)length >= size ? ERR_TOO_LARGE : 0;
}

/* systemd's LoadCredential= lays keys into a directory of its own, so that they need not lie in the clear
 * beside the data.
 */
static int find_key(const struct config *config, const char *name, char *ret_path, size_t size)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder != NULL) {
        const int length = snprintf(ret_path, size, "%s/%s", folder, name);
        if (length > 0 && (size_t)length < size && access(ret_path, F_OK) == 0) {
            return 0;
        }
    }
    return path_in(config, name, ret_path, size);
}

static int load_key(const struct config *config, const char *name, struct key_file *ret_file)
{
    char path[4096];
    int result = find_key(config, name, path, sizeof(path));
    if (result == 0) {
        result = key_file_load(path, (struct bytes){0}, ret_file);
    }
    if (result == ERR_NOT_FOUND) {
        log_line(LOG_LEVEL_ERROR, "main: %s is not there: is this a data directory made by `loyaltyd init`?",
                 path);
    } else if (result == ERR_PERMISSION) {
        log_line(LOG_LEVEL_ERROR,
                 "main: %s must be readable by the daemon's user and nobody else (chmod 0600)", path);
    } else if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: %s cannot be used: %s", path, error_text(result));
    }
    return result;
}

static int load_keys(struct parts *parts)
{
    struct key_file file;
    int result = load_key(&parts->config, DAEMON_KEY_NAME, &file);
    if (result != 0) {
        return result;
    }
    parts->daemon_key = crypto_secret_new(sizeof(*parts->daemon_key));
    parts->lookup_key = crypto_secret_new(KEY_BYTES);
    if (parts->daemon_key == NULL || parts->lookup_key == NULL) {
        log_line(LOG_LEVEL_ERROR, "main: no memory for the keys");
        result = ERR_NOMEM;
    } else {
        key_pair_from_seed(file.secret, parts->daemon_key);
        key_file_fini(&file);
        result = load_key(&parts->config, LOOKUP_KEY_NAME, &file);
        if (result == 0) {
            memcpy(parts->lookup_key, file.secret, KEY_BYTES);
        }
    }
    key_file_fini(&file);
    return result;
}

/* The certificate, and what tills are told of it. */
static int open_tls(struct parts *parts)
{
    const struct config *config = &parts->config;
    const struct tls_files files = {.certificate = config->certificate, .key = config->key};
    char text[CONFIG_FILE_BYTES + 256];
    if (!config_has_tls(config)) {
        return 0;
    }
    const int result = tls_context_new(&files, text, sizeof(text), &parts->tls);
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: no TLS: %s", text);
        return result;
    }
    if (config->trust == TRUST_PIN) {
        pins_add(&parts->tls_pins, tls_context_pin(parts->tls));
        if (config->has_next_pin) {
            pins_add(&parts->tls_pins, config->next_pin);
        }
    }
    config_tls_address(config, parts->tls_address);
    return 0;
}

static int open_store(struct parts *parts)
{
    char path[4096];
    const char *detail = "";
    int result = path_in(&parts->config, DATABASE_NAME, path, sizeof(path));
    const struct store_options store_options = {.path = path};
    if (result == 0) {
        result = store_open(&store_options, &parts->store, &detail);
    }
    if (result == ERR_LOCKED) {
        log_line(LOG_LEVEL_ERROR,
                 "main: %s is in use by another process: a loyaltyd runs on this data directory already",
                 path);
    } else if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: %s cannot be opened: %s%s%s", path, error_text(result),
                 detail == NULL || detail[0] == '\0' ? "" : ": ", detail == NULL ? "" : detail);
    }
    return result;
}

static int open_ledger(struct parts *parts)
{
    const bool careful = crash_mark_stands(parts->config.data);
    if (careful) {
        log_line(LOG_LEVEL_WARNING,
                 "main: the last end was a crash: events are decided one by one for a while");
    }
    const struct ledger_options ledger_options = {
        .store = parts->store,
        .world = world_real(),
        .daemon_key = parts->daemon_key,
        .lookup_key = parts->lookup_key,
        .careful = careful,
        .tls_pins = &parts->tls_pins,
        .tls_address = parts->tls != NULL ? parts->tls_address : NULL,
        .plain_address = config_plain_address(&parts->config),
    };
    char text[256] = "";
    const int result = ledger_new(&ledger_options, &parts->ledger, text, sizeof(text));
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: the log in %s cannot be served: %s", parts->config.data,
                 text[0] == '\0' ? error_text(result) : text);
        return result;
    }
    /* The ledger has counted it: were the mark to stand longer, SIGKILL or a power cut would count, too. */
    return crash_mark_remove(parts->config.data);
}

static void on_principal(void *context, const struct principal_row *row)
{
    struct parts *parts = context;
    service_principal(parts->service, row);
}

static int make_service(struct parts *parts)
{
    const struct service_options service_options = {
        .world = world_real(),
        .programme_id = ledger_programme_id(parts->ledger),
        .daemon_key = parts->daemon_key->public_key,
        .software = "loyaltyd " LOYALTY_VERSION,
        .connections_max = parts->config.connections,
        .requests_max = parts->config.requests,
        .idle_timeout_ms = (int64_t)parts->config.idle_timeout * 1000,
        .limits = &parts->config.limits,
    };
    int result = service_new(&service_options, &parts->service);
    if (result == 0) {
        result = ledger_principals(parts->ledger, on_principal, parts);
    }
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: cannot start: %s", error_text(result));
    }
    return result;
}

static int serve(struct parts *parts)
{
    char text[256];
    int result = server_raise_files(parts->config.connections, text, sizeof(text));
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "main: %s", text);
        return result;
    }
    const struct server_options server_options = {
        .ledger = parts->ledger,
        .service = parts->service,
        .world = world_real(),
        .listen = parts->config.listen,
        .listen_count = parts->config.listen_count,
        .tls = parts->tls,
        .connections_max = parts->config.connections,
        .requests_max = parts->config.requests,
    };
    return server_run(&server_options);
}

/* All that may take long: what a crash left behind is recovered when the store is opened. */
static int prepare(struct parts *parts)
{
    struct systemd_start start;
    systemd_start_begin(&start, SYSTEMD_START_PERIOD_MS);
    int result = open_store(parts);
    if (result == 0) {
        result = crash_mark_install(parts->config.data);
    }
    if (result == 0) {
        result = open_ledger(parts);
    }
    if (result == 0) {
        result = make_service(parts);
    }
    systemd_start_end(&start);
    return result;
}

static int run(struct parts *parts)
{
    int result = load_keys(parts);
    if (result == 0) {
        result = open_tls(parts);
    }
    if (result == 0) {
        result = prepare(parts);
    }
    if (result == 0) {
        result = serve(parts);
    }
    return result;
}

static void clean_up(struct parts *parts)
{
    service_free(parts->service);
    tls_context_free(parts->tls);
    ledger_free(parts->ledger);
    store_close(parts->store);
    crypto_secret_free(parts->daemon_key);
    crypto_secret_free(parts->lookup_key);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "init") == 0) {
        return init_main(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "certificate") == 0) {
        return init_certificate_main(argc - 1, argv + 1);
    }
    struct arguments arguments = {.config = CONFIG_PATH_DEFAULT};
    static struct parts parts;
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    if (config_load(arguments.config, stderr, &parts.config) != 0) {
        return EXIT_FAILURE;
    }
    if (arguments.check) {
        config_print(&parts.config, stdout);
        return EXIT_SUCCESS;
    }
    log_set_level(parts.config.log_level);
    umask(0077);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || crypto_init() != 0) {
        log_line(LOG_LEVEL_ERROR, "main: the system gives no randomness or no signals");
        return EXIT_FAILURE;
    }
    server_set_threads();
    store_one_thread();
    int result = run(&parts);
    clean_up(&parts);
    if (result == 0) {
        log_line(LOG_LEVEL_NOTICE, "main: stopped");
    }
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
