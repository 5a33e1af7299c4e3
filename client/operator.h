/* An operator's own files: the key, the one it is changing to beside it (FILE.next), and who its holder is
 * and where (FILE.place, made by `loyaltyctl operator enrol`):
 *
 *   loyaltyctl operator v1
 *   principal: 5
 *   programme: <32 hex digits>
 *   daemon: <64 hex digits of its public key>
 *   url: loyalty://...
 *   ca: /path                  only where the URL says so and the system does not know the authority
 *
 * Files are written beside and renamed; they belong to their owner alone. */
#ifndef LOYALTY_CLIENT_OPERATOR_H
#define LOYALTY_CLIENT_OPERATOR_H

#include "client/session.h"

enum { OPERATOR_PATH_BYTES = 512, OPERATOR_TEXT_BYTES = 768 };

struct operator_place {
    uint32_t principal;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t daemon_key[KEY_BYTES];
    char url[CONNECTION_URL_BYTES_MAX + 1];
    char ca[OPERATOR_PATH_BYTES]; /* "": none */
};

/* All functions say in `ret_text` (OPERATOR_TEXT_BYTES) what went wrong. */

/* Of the key file at `key_path`. ERR_NOT_FOUND: there is none; ERR_FORMAT, ERR_PERMISSION, ERR_IO. */
int operator_place_read(const char *key_path, struct operator_place *ret_place, char *ret_text) MUST_CHECK;
int operator_place_write(const char *key_path, const struct operator_place *place, char *ret_text) MUST_CHECK;

/* The key, and the one it is changing to: `ret_has_next`. */
int operator_keys_load(const char *key_path, const char *passphrase_file, struct key_pair *ret_pair,
                       struct key_pair *ret_next, bool *ret_has_next, char *ret_text) MUST_CHECK;

/* Writes a key as FILE (new: ERR_EXISTS) or FILE.next (over what is there), or FILE over what is there. */
enum operator_key { OPERATOR_KEY_NEW, OPERATOR_KEY_NEXT, OPERATOR_KEY_REPLACE };
int operator_key_save(const char *key_path, enum operator_key which, const struct key_pair *pair,
                      const char *passphrase_file, char *ret_text) MUST_CHECK;

/* FILE becomes FILE.old and FILE.next becomes FILE; what is done already is left. */
int operator_key_promote(const char *key_path, char *ret_text) MUST_CHECK;
/* FILE.next goes away: its change was refused. */
int operator_key_drop_next(const char *key_path, char *ret_text) MUST_CHECK;

#endif
