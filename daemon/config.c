#include "config.h"

#include "config_limits.h"

#include "base/check.h"
#include "base/text.h"
#include "yaml/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_BYTES_MAX = 64 * 1024, CONFIG_ARENA_BYTES = 4 * 1024 * 1024, IDLE_SECONDS_MAX = 7 * 24 * 3600 };

struct listen_row {
    const char *tcp;
    const char *tls;
    const char *path;
    const char *mode;
};

struct tls_row {
    const char *certificate;
    const char *key;
    const char *next_pin;
    unsigned trust;
};

struct config_row {
    const char *data;
    struct listen_row *listen;
    size_t listen_count;
    unsigned log_level;
    uint32_t connections;
    uint32_t requests;
    uint32_t idle_timeout;
    struct tls_row tls;
    const char *public_host;
    struct limits_row limits;
};

static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO,
                                        LOG_LEVEL_DEBUG};
static const char *const level_names[] = {"error", "warning", "notice", "info", "debug", NULL};
enum { LEVEL_DEFAULT = 3 };
static const char *const trust_names[] = {"pin", "ca", NULL};

static void fill_address(const struct listen_row *row, struct listen_address *ret_address)
{
    const char *text = row->tls != NULL ? row->tls : row->tcp != NULL ? row->tcp : row->path;
    *ret_address = (struct listen_address){
        .kind = row->tls != NULL   ? PEER_TLS
                : row->tcp != NULL ? PEER_TCP
                                   : PEER_UNIX,
        .mode = CONFIG_MODE_DEFAULT,
    };
    snprintf(ret_address->text, sizeof(ret_address->text), "%s", text);
}

/* Exactly one of tls, tcp and unix; a mode goes with a unix socket only. */
static int check_listen(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct listen_row *row = field;
    struct listen_address address;
    char text[YAML_TEXT_BYTES];
    if ((row->tls != NULL) + (row->tcp != NULL) + (row->path != NULL) != 1) {
        return yaml_error(binder->errors, node, "needs one of tls, tcp and unix");
    }
    if (row->mode != NULL && (row->path == NULL || strlen(row->mode) != 4 || row->mode[0] != '0' ||
                              strspn(row->mode, "01234567") != 4)) {
        return yaml_error(binder->errors, node,
                          "mode is that of a unix socket, as four octal digits in quotes, such as \"0660\"");
    }
    fill_address(row, &address);
    if (listen_address_check(&address, text, sizeof(text)) != 0) {
        return yaml_error(binder->errors, node, "%s", text);
    }
    return 0;
}

static int check_config(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct config_row *row = field;
    if (row->data != NULL && row->data[0] != '/') {
        return yaml_error(binder->errors, yaml_get(node, "data"), "expected an absolute path");
    }
    if (row->public_host != NULL && !config_host_valid(row->public_host)) {
        return yaml_error(binder->errors, yaml_get(node, "public"),
                          "expected HOST or HOST:PORT, such as till.example.org or 192.0.2.1:7342");
    }
    return 0;
}

static int check_tls(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct tls_row *row = field;
    uint8_t pin[PIN_BYTES];
    if (row->certificate != NULL && row->certificate[0] != '/') {
        return yaml_error(binder->errors, yaml_get(node, "certificate"), "expected an absolute path");
    }
    if (row->key != NULL && row->key[0] != '/') {
        return yaml_error(binder->errors, yaml_get(node, "key"), "expected an absolute path");
    }
    if (row->next_pin != NULL && pin_parse(row->next_pin, strlen(row->next_pin), pin) != 0) {
        return yaml_error(binder->errors, yaml_get(node, "next_pin"),
                          "expected the 43 symbols that `loyaltyd certificate` printed");
    }
    if (row->next_pin != NULL && row->trust == TRUST_CA) {
        return yaml_error(binder->errors, yaml_get(node, "next_pin"), "goes with trust: pin only");
    }
    return 0;
}

static const struct yaml_field listen_fields[] = {
    YAML_FIELD(struct listen_row, tls, YAML_TEXT, .max = LISTEN_PATH_BYTES - 1),
    YAML_FIELD(struct listen_row, tcp, YAML_TEXT, .max = LISTEN_PATH_BYTES - 1),
    YAML_KEY(struct listen_row, path, "unix", YAML_TEXT, .max = LISTEN_PATH_BYTES - 1),
    YAML_FIELD(struct listen_row, mode, YAML_TEXT, .max = 4),
};
static const struct yaml_table listen_table = {YAML_FIELDS(listen_fields), .size = sizeof(struct listen_row),
                                               .check = check_listen};

static const struct yaml_field tls_fields[] = {
    YAML_FIELD(struct tls_row, certificate, YAML_TEXT, .max = CONFIG_FILE_BYTES - 1),
    YAML_FIELD(struct tls_row, key, YAML_TEXT, .max = CONFIG_FILE_BYTES - 1),
    YAML_FIELD(struct tls_row, next_pin, YAML_TEXT, .max = PIN_SYMBOLS),
    YAML_FIELD(struct tls_row, trust, YAML_NAME, .names = trust_names, .fallback = TRUST_PIN),
};
static const struct yaml_table tls_table = {YAML_FIELDS(tls_fields), .size = sizeof(struct tls_row),
                                            .check = check_tls};

static const struct yaml_field config_fields[] = {
    YAML_FIELD(struct config_row, data, YAML_TEXT, .max = CONFIG_PATH_BYTES - 1),
    YAML_FIELD(struct config_row, listen, YAML_STRUCT_LIST, .min = 1, .max = LISTENERS_MAX,
               .table = &listen_table, YAML_COUNT(struct config_row, listen_count)),
    YAML_FIELD(struct config_row, log_level, YAML_NAME, .names = level_names, .fallback = LEVEL_DEFAULT),
    YAML_FIELD(struct config_row, connections, YAML_INTEGER, .min = 1, .max = 20000,
               .fallback = CONNECTIONS_DEFAULT),
    YAML_FIELD(struct config_row, requests, YAML_INTEGER, .min = 16, .max = 65536,
               .fallback = REQUESTS_DEFAULT),
    YAML_FIELD(struct config_row, idle_timeout, YAML_INTEGER, .min = 1, .max = IDLE_SECONDS_MAX,
               .fallback = IDLE_TIMEOUT_MS_DEFAULT / 1000),
    YAML_FIELD(struct config_row, limits, YAML_STRUCT, .table = &config_limits_table),
    YAML_FIELD(struct config_row, tls, YAML_STRUCT, .table = &tls_table),
    YAML_KEY(struct config_row, public_host, "public", YAML_TEXT, .max = CONFIG_HOST_BYTES - 1),
};
static const struct yaml_table config_table = {YAML_FIELDS(config_fields), .size = sizeof(struct config_row),
                                               .check = check_config};

static void fill_listen(const struct listen_row *row, struct listen_address *ret_address)
{
    fill_address(row, ret_address);
    if (row->mode != NULL) {
        ret_address->mode = (uint32_t)strtoul(row->mode, NULL, 8);
    }
}

static void fill_file(const struct config *config, const char *path, const char *name,
                      char ret_path[CONFIG_FILE_BYTES])
{
    struct text text;
    text_init(&text, ret_path, CONFIG_FILE_BYTES);
    if (path != NULL) {
        text_add(&text, "%s", path);
    } else {
        text_add(&text, "%s/%s", config->data, name);
    }
}

static void fill_tls(const struct config_row *row, struct config *ret_config)
{
    fill_file(ret_config, row->tls.certificate, TLS_CERTIFICATE_NAME, ret_config->certificate);
    fill_file(ret_config, row->tls.key, TLS_KEY_NAME, ret_config->key);
    ret_config->trust = (enum config_trust)row->tls.trust;
    ret_config->has_next_pin = row->tls.next_pin != NULL;
    if (ret_config->has_next_pin) {
        const int parsed = pin_parse(row->tls.next_pin, PIN_SYMBOLS, ret_config->next_pin);
        CHECK(parsed == 0); /* check_tls has seen it */
    }
    snprintf(ret_config->public_host, sizeof(ret_config->public_host), "%s",
             row->public_host != NULL ? row->public_host : "");
}

static void fill_config(const struct config_row *row, struct config *ret_config)
{
    *ret_config = (struct config){.log_level = levels[row->log_level],
                                  .connections = row->connections,
                                  .requests = row->requests,
                                  .idle_timeout = row->idle_timeout};
    config_limits_fill(&row->limits, &ret_config->limits);
    snprintf(ret_config->data, sizeof(ret_config->data), "%s",
             row->data != NULL ? row->data : CONFIG_DATA_DEFAULT);
    for (size_t i = 0; i < row->listen_count; i++) {
        fill_listen(&row->listen[i], &ret_config->listen[i]);
    }
    fill_tls(row, ret_config);
    ret_config->listen_count = row->listen_count;
    if (row->listen_count == 0) {
        const struct listen_row standard = {.tcp = CONFIG_TCP_DEFAULT};
        fill_listen(&standard, &ret_config->listen[0]);
        ret_config->listen_count = 1;
    }
}

static int read_file(const char *path, FILE *errors, char *ret_text, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        const int error = errno;
        fprintf(errors, "%s: cannot be read: %s\n", path, strerror(error));
        return error == ENOENT ? ERR_NOT_FOUND : error == EACCES ? ERR_PERMISSION : ERR_IO;
    }
    const size_t size = fread(ret_text, 1, CONFIG_BYTES_MAX + 1, file);
    const bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) {
        fprintf(errors, "%s: cannot be read\n", path);
        return ERR_IO;
    }
    if (size > CONFIG_BYTES_MAX) {
        fprintf(errors, "%s: larger than %d bytes\n", path, (int)CONFIG_BYTES_MAX);
        return ERR_TOO_LARGE;
    }
    *ret_size = size;
    return 0;
}

static void print_errors(const char *path, const struct yaml_errors *errors, FILE *out)
{
    for (size_t i = 0; i < errors->item_count; i++) {
        const struct yaml_error *error = &errors->items[i];
        fprintf(out, "%s:%d:%d: %s%s%s%s\n", path, (int)error->place.line, (int)error->place.column,
                error->warning ? "warning: " : "", error->path, error->path[0] == '\0' ? "" : ": ",
                error->text);
    }
}

int config_load(const char *path, FILE *errors, struct config *ret_config)
{
    char *text = malloc(CONFIG_BYTES_MAX + 1);
    void *memory = malloc(CONFIG_ARENA_BYTES);
    struct yaml_errors *found = calloc(1, sizeof(*found));
    int result = ERR_NOMEM;
    if (text == NULL || memory == NULL || found == NULL) {
        fprintf(errors, "%s: out of memory\n", path);
        goto done;
    }
    struct arena arena;
    arena_init(&arena, memory, CONFIG_ARENA_BYTES);
    yaml_errors_init(found);
    struct yaml_binder binder = {.errors = found, .arena = &arena};
    struct config_row row;
    size_t size = 0;
    result = read_file(path, errors, text, &size);
    if (result != 0) {
        goto done;
    }
    result = yaml_load(text, size, &binder, &config_table, &row);
    print_errors(path, found, errors);
    if (result == 0) {
        fill_config(&row, ret_config);
    }
done:
    free(found);
    free(memory);
    free(text);
    return result;
}

bool config_has_tls(const struct config *config)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        if (config->listen[i].kind == PEER_TLS) {
            return true;
        }
    }
    return false;
}

/* Where the ":PORT" of HOST:PORT begins; NULL: there is none. */
static const char *port_in(const char *host)
{
    const char *bracket = strrchr(host, ']');
    return strchr(bracket != NULL ? bracket : host, ':');
}

bool config_host_valid(const char *host)
{
    static const char name[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
    const char *port = port_in(host);
    const size_t size = port != NULL ? (size_t)(port - host) : strlen(host);
    if (port != NULL &&
        (port[1] == '\0' || strlen(port) > 6 || strspn(port + 1, "0123456789") != strlen(port + 1))) {
        return false;
    }
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        return strspn(host + 1, "0123456789abcdefABCDEF:.") == size - 2;
    }
    return size > 0 && strspn(host, name) >= size;
}

void config_tls_address(const struct config *config, char ret_address[CONFIG_HOST_BYTES])
{
    struct text text;
    text_init(&text, ret_address, CONFIG_HOST_BYTES);
    const char *listened = ":";
    for (size_t i = config->listen_count; i-- > 0;) {
        if (config->listen[i].kind == PEER_TLS) {
            listened = config->listen[i].text;
        }
    }
    const char *port = port_in(listened);
    CHECK(port != NULL);
    if (config->public_host[0] != '\0') {
        text_add(&text, "%s%s", config->public_host, port_in(config->public_host) != NULL ? "" : port);
    } else if (strncmp(listened, "0.0.0.0:", 8) == 0 || strncmp(listened, "[::]:", 5) == 0) {
        text_add(&text, "%s", port);
    } else {
        text_add(&text, "%s", listened);
    }
}

const char *config_plain_address(const struct config *config)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_address *listen = &config->listen[i];
        if (listen->kind == PEER_TCP && strcmp(port_in(listen->text), ":0") != 0) {
            return listen->text;
        }
    }
    return NULL;
}

static void print_tls(const struct config *config, FILE *out)
{
    fprintf(out, "tls:\n  certificate: %s\n  key: %s\n  trust: %s\n", config->certificate, config->key,
            trust_names[config->trust]);
    if (config->has_next_pin) {
        char pin[PIN_TEXT_BYTES];
        pin_format(config->next_pin, pin);
        fprintf(out, "  next_pin: \"%s\"\n", pin);
    }
    if (config->public_host[0] != '\0') {
        fprintf(out, "public: \"%s\"\n", config->public_host);
    }
}

void config_print(const struct config *config, FILE *out)
{
    fprintf(out, "data: %s\nlisten:\n", config->data);
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_address *address = &config->listen[i];
        if (address->kind == PEER_UNIX) {
            fprintf(out, "  - unix: %s\n    mode: \"%04o\"\n", address->text, (unsigned)address->mode);
        } else {
            fprintf(out, "  - %s: \"%s\"\n", address->kind == PEER_TLS ? "tls" : "tcp", address->text);
        }
    }
    for (size_t i = 0; level_names[i] != NULL; i++) {
        if (levels[i] == config->log_level) {
            fprintf(out, "log_level: %s\n", level_names[i]);
        }
    }
    fprintf(out, "connections: %u\nrequests: %u\nidle_timeout: %u\n", config->connections, config->requests,
            config->idle_timeout);
    print_tls(config, out);
    config_limits_print(&config->limits, out);
}
