#include "crypto/key_file.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/seal.h"
#include "crypto/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 1024,
    PATH_BYTES_MAX = 1024,
    SEALED_BYTES = KEY_BYTES + SEAL_OVERHEAD_BYTES,
    DIGITS_MAX = 10,
};

static const char magic_line[] = "loyaltyd key v1\n";

static int error_from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EEXIST:
        return ERR_EXISTS;
    case ENOMEM:
        return ERR_NOMEM;
    case ENAMETOOLONG:
        return ERR_TOO_LARGE;
    default:
        return ERR_IO;
    }
}

/* --- writing --- */

static void add_hex(struct text *text, const uint8_t *data, size_t size)
{
    char digits[2 * SEALED_BYTES + 1];
    CHECK(size <= SEALED_BYTES);
    hex_encode(data, size, digits);
    text_add(text, "%s", digits);
    sodium_memzero(digits, sizeof(digits));
}

static int add_sealed(struct text *text, const struct key_file *file, struct bytes passphrase,
                      const struct world *world)
{
    uint8_t salt[SEAL_SALT_BYTES];
    uint8_t key[KEY_BYTES];
    uint8_t sealed[SEALED_BYTES];
    size_t sealed_size;
    world->random(world->context, salt, sizeof(salt));
    int result = seal_key_from_passphrase(passphrase, salt, SEAL_PASSES, SEAL_MEMORY_KIB, key);
    if (result < 0) {
        return result;
    }
    text_add(text, "argon2id: %d %d ", SEAL_PASSES, SEAL_MEMORY_KIB);
    add_hex(text, salt, sizeof(salt));
    text_add(text, "\n");
    /* Sealed to the lines so far, so that nobody can make the key pass for one of another kind. */
    result = seal_close(world, key, (struct bytes){(const uint8_t *)text->data, text->used},
                        (struct bytes){file->secret, KEY_BYTES}, sealed, sizeof(sealed), &sealed_size);
    sodium_memzero(key, sizeof(key));
    if (result < 0) {
        return result;
    }
    text_add(text, "sealed: ");
    add_hex(text, sealed, sealed_size);
    text_add(text, "\n");
    return 0;
}

static int write_lines(struct text *text, const struct key_file *file, struct bytes passphrase,
                       const struct world *world)
{
    text_add(text, "%skind: %s\n", magic_line, file->kind);
    if (file->signs) {
        struct key_pair pair;
        key_pair_from_seed(file->secret, &pair);
        text_add(text, "public: ");
        add_hex(text, pair.public_key, KEY_BYTES);
        text_add(text, "\n");
        key_pair_fini(&pair);
    }
    if (passphrase.size > 0) {
        return add_sealed(text, file, passphrase, world);
    }
    text_add(text, "secret: ");
    add_hex(text, file->secret, KEY_BYTES);
    text_add(text, "\n");
    return 0;
}

static int write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(file, data, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? error_from_errno() : ERR_IO;
        }
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Makes the entry of `path` in its folder durable. */
static int sync_folder(const char *path)
{
    char folder[PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    const size_t size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, size > 0 ? path : ".", size > 0 ? size : 1);
    folder[size > 0 ? size : 1] = '\0';
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return error_from_errno();
    }
    const int result = fsync(descriptor) < 0 ? error_from_errno() : 0;
    (void)close(descriptor);
    return result;
}

static int write_file(const char *path, const struct text *text)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return error_from_errno();
    }
    int result = write_all(descriptor, text->data, text->used);
    if (result == 0 && fsync(descriptor) < 0) {
        result = error_from_errno();
    }
    if (close(descriptor) < 0 && result == 0) {
        result = error_from_errno();
    }
    return result;
}

int key_file_save(const char *path, const struct key_file *file, enum key_file_mode mode,
                  struct bytes passphrase, const struct world *world)
{
    char lines[FILE_BYTES_MAX];
    char new_path[PATH_BYTES_MAX];
    struct text text;
    if (!text_is_id(file->kind, ID_BYTES_MAX)) {
        return ERR_FORMAT;
    }
    if (strlen(path) + sizeof(".new") > sizeof(new_path)) {
        return ERR_TOO_LARGE;
    }
    text_init(&text, new_path, sizeof(new_path));
    text_add(&text, "%s.new", path);

    text_init(&text, lines, sizeof(lines));
    int result = write_lines(&text, file, passphrase, world);
    if (result < 0) {
        goto out;
    }
    CHECK(!text.cut);
    /* One left over from a crash is nobody's: a key file gets its name only when it is whole. */
    if (unlink(new_path) < 0 && errno != ENOENT) {
        result = error_from_errno();
        goto out;
    }
    result = write_file(new_path, &text);
    if (result == 0 &&
        renameat2(AT_FDCWD, new_path, AT_FDCWD, path, mode == KEY_FILE_NEW ? RENAME_NOREPLACE : 0) < 0) {
        result = error_from_errno();
    }
    if (result < 0) {
        (void)unlink(new_path);
        goto out;
    }
    result = sync_folder(path);
out:
    sodium_memzero(lines, sizeof(lines));
    return result;
}

/* --- reading --- */

static int read_file(const char *path, char *ret_text, size_t room, size_t *ret_size)
{
    struct stat status;
    size_t size = 0;
    int result = 0;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) {
        return error_from_errno();
    }
    if (fstat(descriptor, &status) < 0) {
        result = error_from_errno();
    } else if (!S_ISREG(status.st_mode)) {
        result = ERR_FORMAT;
    } else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        result = ERR_PERMISSION;
    }
    while (result == 0) {
        const ssize_t got = read(descriptor, ret_text + size, room - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            result = error_from_errno();
        }
        if (got <= 0) {
            break;
        }
        size += (size_t)got;
        if (size == room) {
            result = ERR_FORMAT; /* no key file is that large */
        }
    }
    (void)close(descriptor);
    *ret_size = size;
    return result;
}

/* Takes the line that starts with `label` off the front of `*at`; the value's bytes go to `ret_value`,
 * NUL-terminated.
 */
static bool take_line(const char **at, const char *label, char *ret_value, size_t room)
{
    const size_t label_size = strlen(label);
    if (strncmp(*at, label, label_size) != 0) {
        return false;
    }
    const char *value = *at + label_size;
    const size_t size = strcspn(value, "\n");
    if (value[size] != '\n' || size >= room) {
        return false;
    }
    memcpy(ret_value, value, size);
    ret_value[size] = '\0';
    *at = value + size + 1;
    return true;
}

static bool take_hex_line(const char **at, const char *label, uint8_t *ret_data, size_t size)
{
    char digits[2 * SEALED_BYTES + 1];
    CHECK(size <= SEALED_BYTES);
    const bool good = take_line(at, label, digits, sizeof(digits)) && hex_decode(digits, ret_data, size) == 0;
    sodium_memzero(digits, sizeof(digits));
    return good;
}

/* Digits without a sign or leading zero, and the blank behind them. */
static bool take_number(const char **at, uint32_t *ret_value)
{
    uint64_t value = 0;
    size_t size = 0;
    for (; (*at)[size] >= '0' && (*at)[size] <= '9' && size < DIGITS_MAX; size++) {
        value = value * 10 + (uint64_t)((*at)[size] - '0');
    }
    if (size == 0 || (size > 1 && (*at)[0] == '0') || (*at)[size] != ' ' || value > UINT32_MAX) {
        return false;
    }
    *at += size + 1;
    *ret_value = (uint32_t)value;
    return true;
}

/* `start` is the file's first byte, `at` the line behind the public key. */
static int take_sealed(const char *start, const char **at, struct bytes passphrase, uint8_t *ret_secret)
{
    char parameters[2 * DIGITS_MAX + 2 * SEAL_SALT_BYTES + 3];
    uint8_t salt[SEAL_SALT_BYTES];
    uint8_t key[KEY_BYTES];
    uint8_t sealed[SEALED_BYTES];
    uint32_t passes;
    uint32_t memory_kib;
    size_t size;
    const char *parameter = parameters;
    if (!take_line(at, "argon2id: ", parameters, sizeof(parameters)) || !take_number(&parameter, &passes) ||
        !take_number(&parameter, &memory_kib) || hex_decode(parameter, salt, sizeof(salt)) < 0) {
        return ERR_FORMAT;
    }
    const struct bytes associated = {(const uint8_t *)start, (size_t)(*at - start)};
    if (!take_hex_line(at, "sealed: ", sealed, sizeof(sealed))) {
        return ERR_FORMAT;
    }
    if (passphrase.size == 0) {
        return ERR_SIGNATURE;
    }
    const int result = seal_key_from_passphrase(passphrase, salt, passes, memory_kib, key);
    if (result < 0) {
        return result == ERR_RANGE ? ERR_FORMAT : result;
    }
    const int opened =
        seal_open(key, associated, (struct bytes){sealed, sizeof(sealed)}, ret_secret, KEY_BYTES, &size);
    sodium_memzero(key, sizeof(key));
    return opened < 0 ? ERR_SIGNATURE : 0;
}

static int read_lines(const char *start, struct bytes passphrase, struct key_file *file)
{
    const char *at = start;
    char nothing[1];
    uint8_t public_key[KEY_BYTES];
    if (!take_line(&at, "loyaltyd key v1", nothing, sizeof(nothing)) ||
        !take_line(&at, "kind: ", file->kind, sizeof(file->kind)) || !text_is_id(file->kind, ID_BYTES_MAX)) {
        return ERR_FORMAT;
    }
    file->signs = take_hex_line(&at, "public: ", public_key, KEY_BYTES);
    if (strncmp(at, "argon2id: ", strlen("argon2id: ")) == 0) {
        const int result = take_sealed(start, &at, passphrase, file->secret);
        if (result < 0) {
            return result;
        }
    } else if (!take_hex_line(&at, "secret: ", file->secret, KEY_BYTES)) {
        return ERR_FORMAT;
    }
    if (*at != '\0') {
        return ERR_FORMAT;
    }
    if (file->signs) {
        struct key_pair pair;
        key_pair_from_seed(file->secret, &pair);
        memcpy(file->public_key, pair.public_key, KEY_BYTES);
        key_pair_fini(&pair);
        return memcmp(file->public_key, public_key, KEY_BYTES) == 0 ? 0 : ERR_CORRUPT;
    }
    return 0;
}

int key_file_load(const char *path, struct bytes passphrase, struct key_file *ret_file)
{
    char text[FILE_BYTES_MAX + 1];
    struct key_file file = {0};
    size_t size;
    int result = read_file(path, text, FILE_BYTES_MAX, &size);
    if (result == 0) {
        text[size] = '\0';
        result = memchr(text, '\0', size) != NULL ? ERR_FORMAT : read_lines(text, passphrase, &file);
    }
    if (result == 0) {
        *ret_file = file;
    }
    sodium_memzero(text, sizeof(text));
    key_file_fini(&file);
    return result;
}

void key_file_fini(struct key_file *file)
{
    sodium_memzero(file, sizeof(*file));
}
