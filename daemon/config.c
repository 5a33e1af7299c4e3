#include "config.h"

#include "base/check.h"
#include "base/text.h"
#include "yaml/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_BYTES_MAX = 64 * 1024, CONFIG_ARENA_BYTES = 4 * 1024 * 1024, IDLE_SECONDS_MAX = 7 * 24 * 3600 };

struct listen_row {
    const char *tcp;
    const char *path;
    const char *mode;
    const struct yaml_node *node;
};

struct config_row {
    const char *data;
    struct listen_row *listen;
    size_t listen_count;
    unsigned log_level;
    uint32_t connections;
    uint32_t requests;
    uint32_t idle_timeout;
};

static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO,
                                        LOG_LEVEL_DEBUG};
static const char *const level_names[] = {"error", "warning", "notice", "info", "debug", NULL};
enum { LEVEL_DEFAULT = 3 };

/* Exactly one of tcp and unix; a mode goes with a unix socket only. */
static int check_listen(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct listen_row *row = field;
    struct listen_address address = {.kind = row->tcp != NULL ? PEER_TCP : PEER_UNIX};
    char text[YAML_TEXT_BYTES];
    if ((row->tcp != NULL) == (row->path != NULL)) {
        return yaml_error(binder->errors, node, "needs either tcp or unix");
    }
    if (row->mode != NULL && (row->path == NULL || strlen(row->mode) != 4 || row->mode[0] != '0' ||
                              strspn(row->mode, "01234567") != 4)) {
        return yaml_error(binder->errors, node,
                          "mode is that of a unix socket, as four octal digits in quotes, such as \"0660\"");
    }
    snprintf(address.text, sizeof(address.text), "%s", row->tcp != NULL ? row->tcp : row->path);
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
    return 0;
}

static const struct yaml_field listen_fields[] = {
    YAML_FIELD(struct listen_row, tcp, YAML_TEXT, .max = LISTEN_PATH_BYTES - 1),
    YAML_KEY(struct listen_row, path, "unix", YAML_TEXT, .max = LISTEN_PATH_BYTES - 1),
    YAML_FIELD(struct listen_row, mode, YAML_TEXT, .max = 4),
};
static const struct yaml_table listen_table = {YAML_FIELDS(listen_fields), .size = sizeof(struct listen_row),
                                               .check = check_listen};

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
};
static const struct yaml_table config_table = {YAML_FIELDS(config_fields), .size = sizeof(struct config_row),
                                               .check = check_config};

static void fill_listen(const struct listen_row *row, struct listen_address *ret_address)
{
    *ret_address =
        (struct listen_address){.kind = row->tcp != NULL ? PEER_TCP : PEER_UNIX, .mode = CONFIG_MODE_DEFAULT};
    snprintf(ret_address->text, sizeof(ret_address->text), "%s", row->tcp != NULL ? row->tcp : row->path);
    if (row->mode != NULL) {
        ret_address->mode = (uint32_t)strtoul(row->mode, NULL, 8);
    }
}

static void fill_config(const struct config_row *row, struct config *ret_config)
{
    *ret_config = (struct config){.log_level = levels[row->log_level],
                                  .connections = row->connections,
                                  .requests = row->requests,
                                  .idle_timeout = row->idle_timeout};
    snprintf(ret_config->data, sizeof(ret_config->data), "%s",
             row->data != NULL ? row->data : CONFIG_DATA_DEFAULT);
    for (size_t i = 0; i < row->listen_count; i++) {
        fill_listen(&row->listen[i], &ret_config->listen[i]);
    }
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

void config_print(const struct config *config, FILE *out)
{
    fprintf(out, "data: %s\nlisten:\n", config->data);
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_address *address = &config->listen[i];
        if (address->kind == PEER_UNIX) {
            fprintf(out, "  - unix: %s\n    mode: \"%04o\"\n", address->text, (unsigned)address->mode);
        } else {
            fprintf(out, "  - tcp: \"%s\"\n", address->text);
        }
    }
    for (size_t i = 0; level_names[i] != NULL; i++) {
        if (levels[i] == config->log_level) {
            fprintf(out, "log_level: %s\n", level_names[i]);
        }
    }
    fprintf(out, "connections: %u\nrequests: %u\nidle_timeout: %u\n", config->connections, config->requests,
            config->idle_timeout);
}
