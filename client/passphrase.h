/* Passphrases of key files, from files: a passphrase on a command line is everybody's to read. */
#ifndef LOYALTY_CLIENT_PASSPHRASE_H
#define LOYALTY_CLIENT_PASSPHRASE_H

#include "base/bytes.h"
#include "base/error.h"
#include "client/command.h"
#include "crypto/key_file.h"

enum { PASSPHRASE_BYTES_MAX = 1024, PASSPHRASE_TEXT_BYTES = 640 };

struct passphrase {
    char text[PASSPHRASE_BYTES_MAX + 1];
    size_t size; /* 0: none */
};

/* The first line of the file, without its end; `path` NULL: none. ERR_FORMAT: the line is empty or too long;
 * ERR_NOT_FOUND, ERR_PERMISSION, ERR_IO. `ret_text` says what is wrong. */
int passphrase_read(const char *path, struct passphrase *ret_passphrase,
                    char ret_text[PASSPHRASE_TEXT_BYTES]) MUST_CHECK;

void passphrase_fini(struct passphrase *passphrase);

struct bytes passphrase_bytes(const struct passphrase *passphrase);

/* key_file_load with the passphrase of this file; `passphrase_path` NULL: none. Errors of either; `ret_text`
 * says what is wrong. */
int passphrase_load_key(const char *path, const char *passphrase_path, struct key_file *ret_file,
                        char ret_text[PASSPHRASE_TEXT_BYTES]) MUST_CHECK;

/* What a command that changes a passphrase is told: the rows of its options, which fill a struct
 * passphrase_change, and what is wrong with that, or NULL. */
struct passphrase_change {
    const char *new_file; /* NULL: it is removed */
    bool remove;
};
/* NOLINTBEGIN(bugprone-macro-parentheses): names, and no expressions */
#define PASSPHRASE_OPTIONS(arguments, field)                                                                 \
    {.name = "new-passphrase-file",                                                                          \
     .arg = "FILE",                                                                                          \
     .doc = "The passphrase it is to have from now on, in the first line of this file",                      \
     .type = &command_text,                                                                                  \
     .offset = offsetof(arguments, field.new_file)},                                                         \
    {                                                                                                        \
        .name = "remove", .doc = "No passphrase from now on", .type = &command_flag,                         \
        .offset = offsetof(arguments, field.remove)                                                          \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
const char *passphrase_check(const struct passphrase_change *change);

#endif
