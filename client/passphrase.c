#include "client/passphrase.h"

#include "base/text.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static void say(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char *to, const char *format, ...)
{
    struct text text;
    va_list arguments;
    va_start(arguments, format);
    text_init(&text, to, PASSPHRASE_TEXT_BYTES);
    text_vadd(&text, format, arguments);
    va_end(arguments);
}

/* As much of the file as there is room for: not by way of a stream, whose buffer would keep it. */
static int read_start(const char *path, char *to, size_t room, size_t *ret_size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_PERMISSION : ERR_IO;
    }
    size_t size = 0;
    ssize_t some = 1;
    while (size < room && some > 0) {
        some = read(file, to + size, room - size);
        size += some > 0 ? (size_t)some : 0;
    }
    (void)close(file);
    *ret_size = size;
    return some < 0 ? ERR_IO : 0;
}

int passphrase_read(const char *path, struct passphrase *ret_passphrase, char ret_text[PASSPHRASE_TEXT_BYTES])
{
    *ret_passphrase = (struct passphrase){0};
    ret_text[0] = '\0';
    if (path == NULL) {
        return 0;
    }
    size_t size = 0;
    const int error = read_start(path, ret_passphrase->text, sizeof(ret_passphrase->text), &size);
    if (error != 0) {
        say(ret_text, "%s: %s", path, error_text(error));
        return error;
    }
    const char *end = memchr(ret_passphrase->text, '\n', size);
    size = end != NULL ? (size_t)(end - ret_passphrase->text) : size;
    if (size > 0 && ret_passphrase->text[size - 1] == '\r') {
        size--;
    }
    if (size == 0 || size > PASSPHRASE_BYTES_MAX) {
        passphrase_fini(ret_passphrase);
        say(ret_text, "%s: its first line is the passphrase, of 1 to %d bytes", path,
            (int)PASSPHRASE_BYTES_MAX);
        return ERR_FORMAT;
    }
    ret_passphrase->size = size;
    return 0;
}

void passphrase_fini(struct passphrase *passphrase)
{
    crypto_erase(passphrase, sizeof(*passphrase));
}

struct bytes passphrase_bytes(const struct passphrase *passphrase)
{
    return (struct bytes){(const uint8_t *)passphrase->text, passphrase->size};
}

int passphrase_load_key(const char *path, const char *passphrase_path, struct key_file *ret_file,
                        char ret_text[PASSPHRASE_TEXT_BYTES])
{
    struct passphrase passphrase;
    int error = passphrase_read(passphrase_path, &passphrase, ret_text);
    if (error != 0) {
        return error;
    }
    error = key_file_load(path, passphrase_bytes(&passphrase), ret_file);
    passphrase_fini(&passphrase);
    if (error == ERR_SIGNATURE && passphrase_path == NULL) {
        say(ret_text, "%s is under a passphrase: name the file it is in with --passphrase-file", path);
    } else if (error == ERR_SIGNATURE) {
        say(ret_text, "%s: this is not its passphrase, or the file was changed", path);
    } else if (error != 0) {
        say(ret_text, "%s: %s", path, error_text(error));
    }
    return error;
}

const char *passphrase_check(const struct passphrase_change *change)
{
    return (change->new_file != NULL) == change->remove ? "say either --new-passphrase-file FILE or --remove"
                                                        : NULL;
}
