#include "client/operator.h"

#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/passphrase.h"
#include "crypto/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLACE_BYTES_MAX = 2048 };

static const char place_head[] = "loyaltyctl operator v1\n";

static void say(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char *to, const char *format, ...)
{
    struct text text;
    va_list arguments;
    va_start(arguments, format);
    text_init(&text, to, OPERATOR_TEXT_BYTES);
    text_vadd(&text, format, arguments);
    va_end(arguments);
}

static int error_of(int number)
{
    switch (number) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

/* FILE with something behind it. */
static int path_of(const char *key_path, const char *suffix, char ret_path[OPERATOR_PATH_BYTES],
                   char *ret_text)
{
    struct text text;
    text_init(&text, ret_path, OPERATOR_PATH_BYTES);
    text_add(&text, "%s%s", key_path, suffix);
    if (strlen(key_path) + strlen(suffix) >= OPERATOR_PATH_BYTES) {
        say(ret_text, "%s: the path is too long", key_path);
        return ERR_TOO_LARGE;
    }
    return 0;
}

static bool hex_read(const char *text, uint8_t *ret_bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < 2 * size; i++) {
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL) {
            return false;
        }
        ret_bytes[i / 2] = (uint8_t)(ret_bytes[i / 2] << 4 | (uint8_t)(digit - digits));
    }
    return true;
}

static bool text_read(const char *text, char *ret_text, size_t size)
{
    if (text[0] == '\0' || strlen(text) >= size) {
        return false;
    }
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

/* One line of the file; `seen` collects which have come. */
static bool line_read(const char *name, const char *value, struct operator_place *place, unsigned *seen)
{
    uint64_t number = 0;
    if (strcmp(name, "principal") == 0) {
        *seen |= 1;
        place->principal = 0;
        if (number_parse(value, UINT32_MAX, &number) == 0) {
            place->principal = (uint32_t)number;
        }
        return place->principal != 0;
    }
    if (strcmp(name, "programme") == 0) {
        *seen |= 2;
        return hex_read(value, place->programme_id, PROGRAMME_ID_BYTES);
    }
    if (strcmp(name, "daemon") == 0) {
        *seen |= 4;
        return hex_read(value, place->daemon_key, KEY_BYTES);
    }
    if (strcmp(name, "url") == 0) {
        *seen |= 8;
        return text_read(value, place->url, sizeof(place->url)) && connection_url_valid(place->url);
    }
    return strcmp(name, "ca") == 0 && text_read(value, place->ca, sizeof(place->ca));
}

static bool place_parse(char *content, struct operator_place *ret_place)
{
    enum { ALL = 15 };
    struct operator_place place = {0};
    unsigned seen = 0;
    if (strncmp(content, place_head, strlen(place_head)) != 0) {
        return false;
    }
    for (char *line = content + strlen(place_head); *line != '\0';) {
        char *end = strchr(line, '\n');
        char *value = strstr(line, ": ");
        if (end == NULL || value == NULL || value > end) {
            return false;
        }
        *end = '\0';
        *value = '\0';
        if (!line_read(line, value + 2, &place, &seen)) {
            return false;
        }
        line = end + 1;
    }
    *ret_place = place;
    return seen == ALL;
}

/* The file's bytes, ended with NUL. */
static int read_whole(const char *path, char ret_content[PLACE_BYTES_MAX + 1])
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return error_of(errno);
    }
    size_t size = 0;
    ssize_t some = 1;
    while (size < PLACE_BYTES_MAX && some > 0) {
        some = read(file, ret_content + size, PLACE_BYTES_MAX - size);
        size += some > 0 ? (size_t)some : 0;
    }
    (void)close(file);
    ret_content[size] = '\0';
    return some < 0 ? ERR_IO : 0;
}

int operator_place_read(const char *key_path, struct operator_place *ret_place, char *ret_text)
{
    char path[OPERATOR_PATH_BYTES];
    char content[PLACE_BYTES_MAX + 1];
    int error = path_of(key_path, ".place", path, ret_text);
    if (error != 0) {
        return error;
    }
    error = read_whole(path, content);
    if (error == 0 && !place_parse(content, ret_place)) {
        error = ERR_FORMAT;
    }
    if (error != 0) {
        say(ret_text, "%s: %s", path, error_text(error));
    }
    return error;
}

static void hex_add(struct text *text, const char *name, const uint8_t *bytes, size_t size)
{
    text_add(text, "%s: ", name);
    for (size_t i = 0; i < size; i++) {
        text_add(text, "%02x", bytes[i]);
    }
    text_add(text, "\n");
}

/* Beside it first, so that there is always a whole one. */
static int write_whole(const char *path, const char *content)
{
    char beside[OPERATOR_PATH_BYTES + 8];
    struct text text;
    text_init(&text, beside, sizeof(beside));
    text_add(&text, "%s.new", path);
    const int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return error_of(errno);
    }
    const size_t size = strlen(content);
    int error = write(file, content, size) == (ssize_t)size && fsync(file) == 0 ? 0 : error_of(errno);
    if (close(file) != 0 && error == 0) {
        error = error_of(errno);
    }
    if (error == 0 && rename(beside, path) != 0) {
        error = error_of(errno);
    }
    return error;
}

int operator_place_write(const char *key_path, const struct operator_place *place, char *ret_text)
{
    char path[OPERATOR_PATH_BYTES];
    char content[PLACE_BYTES_MAX];
    struct text text;
    int error = path_of(key_path, ".place", path, ret_text);
    if (error != 0) {
        return error;
    }
    text_init(&text, content, sizeof(content));
    text_add(&text, "%sprincipal: %" PRIu32 "\n", place_head, place->principal);
    hex_add(&text, "programme", place->programme_id, PROGRAMME_ID_BYTES);
    hex_add(&text, "daemon", place->daemon_key, KEY_BYTES);
    text_add(&text, "url: %s\n", place->url);
    if (place->ca[0] != '\0') {
        text_add(&text, "ca: %s\n", place->ca);
    }
    error = write_whole(path, content);
    if (error != 0) {
        say(ret_text, "%s: %s", path, error_text(error));
    }
    return error;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int load(const char *path, const char *passphrase_file, struct key_pair *ret_pair, char *ret_text)
{
    struct key_file file;
    static_assert((int)PASSPHRASE_TEXT_BYTES <= (int)OPERATOR_TEXT_BYTES, "its text fits ours");
    const int error = passphrase_load_key(path, passphrase_file, &file, ret_text);
    if (error == 0) {
        key_pair_from_seed(file.secret, ret_pair);
        key_file_fini(&file);
    }
    return error;
}

int operator_keys_load(const char *key_path, const char *passphrase_file, struct key_pair *ret_pair,
                       struct key_pair *ret_next, bool *ret_has_next, char *ret_text)
{
    char next[OPERATOR_PATH_BYTES];
    *ret_has_next = false;
    int error = path_of(key_path, ".next", next, ret_text);
    if (error == 0 && exists(next) && !exists(key_path)) {
        error = operator_key_promote(key_path, ret_text); /* it was interrupted half way */
    }
    if (error == 0) {
        error = load(key_path, passphrase_file, ret_pair, ret_text);
    }
    if (error == 0 && exists(next)) {
        error = load(next, passphrase_file, ret_next, ret_text);
        *ret_has_next = error == 0;
    }
    return error;
}

int operator_key_save(const char *key_path, enum operator_key which, const struct key_pair *pair,
                      const char *passphrase_file, char *ret_text)
{
    char path[OPERATOR_PATH_BYTES];
    struct passphrase passphrase;
    struct key_file file = {.kind = "operator", .signs = true};
    int error = path_of(key_path, which == OPERATOR_KEY_NEXT ? ".next" : "", path, ret_text);
    if (error == 0) {
        error = passphrase_read(passphrase_file, &passphrase, ret_text);
    }
    if (error != 0) {
        return error;
    }
    memcpy(file.secret, pair->secret, KEY_BYTES);
    error = key_file_save(path, &file, which == OPERATOR_KEY_NEW ? KEY_FILE_NEW : KEY_FILE_REPLACE,
                          passphrase_bytes(&passphrase), &client_world);
    key_file_fini(&file);
    passphrase_fini(&passphrase);
    if (error != 0) {
        say(ret_text, "%s: %s", path, error_text(error));
    }
    return error;
}

int operator_key_promote(const char *key_path, char *ret_text)
{
    char next[OPERATOR_PATH_BYTES];
    char old[OPERATOR_PATH_BYTES];
    int error = path_of(key_path, ".next", next, ret_text);
    if (error == 0) {
        error = path_of(key_path, ".old", old, ret_text);
    }
    if (error != 0 || !exists(next)) {
        return error;
    }
    if ((exists(key_path) && rename(key_path, old) != 0) || rename(next, key_path) != 0) {
        error = error_of(errno);
        say(ret_text, "%s: %s", key_path, strerror(errno));
    }
    return error;
}

int operator_key_drop_next(const char *key_path, char *ret_text)
{
    char next[OPERATOR_PATH_BYTES];
    const int error = path_of(key_path, ".next", next, ret_text);
    if (error == 0 && unlink(next) != 0 && errno != ENOENT) {
        say(ret_text, "%s: %s", next, strerror(errno));
        return error_of(errno);
    }
    return error;
}
