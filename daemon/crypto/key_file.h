/* Secret keys in files. A key file is a few lines of ASCII, each ended by a line feed, in this order:
 *
 *   loyaltyd key v1
 *   kind: operator                     what it is for; an identifier of up to ID_BYTES_MAX bytes
 *   public: <64 hex digits>            of an Ed25519 key; not there for secrets that do not sign
 *   secret: <64 hex digits>            the seed or the key itself, or, under a passphrase, these two:
 *   argon2id: <passes> <memory in KiB> <32 hex digits of salt>
 *   sealed: <144 hex digits>           the secret, sealed to the lines above it
 *
 * The file belongs to its owner alone: it is written with mode 0600 and not read with any bit for group or
 * others set.
 */
#ifndef LOYALTY_CRYPTO_KEY_FILE_H
#define LOYALTY_CRYPTO_KEY_FILE_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/world.h"

struct key_file {
    char kind[ID_BYTES_MAX + 1]; /* "daemon", "operator", "terminal", "lookup", ... */
    bool signs;                  /* an Ed25519 seed (key_pair_from_seed), with a public key */
    uint8_t secret[KEY_BYTES];
    uint8_t public_key[KEY_BYTES]; /* filled by key_file_load when `signs`; key_file_save works it out */
};

enum key_file_mode { KEY_FILE_NEW, KEY_FILE_REPLACE };

/* Writes a temporary file `path`.new beside it, syncs it, gives it its name and syncs the folder, so that
 * after a crash there is the old file or the new one. `passphrase` of 0 bytes writes the secret in the clear.
 * KEY_FILE_NEW never overwrites: ERR_EXISTS. Else ERR_FORMAT (kind), ERR_TOO_LARGE (path), ERR_PERMISSION,
 * ERR_FULL, ERR_NOT_FOUND (folder), ERR_NOMEM, ERR_IO. */
int key_file_save(const char *path, const struct key_file *file, enum key_file_mode mode,
                  struct bytes passphrase, const struct world *world) MUST_CHECK;

/* ERR_NOT_FOUND; ERR_PERMISSION (not ours to read, or readable by others); ERR_FORMAT (not a key file);
 * ERR_SIGNATURE (it is sealed and no or a wrong passphrase was given, or its lines were changed); ERR_CORRUPT
 * (the public key is not the secret's); ERR_NOMEM; ERR_IO. `ret_file` is the caller's to erase. */
int key_file_load(const char *path, struct bytes passphrase, struct key_file *ret_file) MUST_CHECK;

void key_file_fini(struct key_file *file);

#endif
