/* Where a till's daemon is and by what it is known, as the outbox remembers it. */
#ifndef LOYALTY_CLIENT_PLACE_H
#define LOYALTY_CLIENT_PLACE_H

#include "client/outbox.h"
#include "client/session.h"

enum { PLACE_CA_BYTES = 512, PLACE_TEXT_BYTES = 768 };

struct place {
    char url[CONNECTION_URL_BYTES_MAX + 1];
    char ca[PLACE_CA_BYTES]; /* file of a certificate authority, absolute; "": those the system knows */
};

/* The URL and the --ca (NULL: none) of a command line. The file is named for good, wherever the program is
 * started from the next time, and it says `ca` as well as the URL does. ERR_FORMAT, ERR_NOT_FOUND; `ret_text`
 * says what is wrong. */
int place_make(const char *url, const char *ca, struct place *ret_place,
               char ret_text[PLACE_TEXT_BYTES]) MUST_CHECK;

/* ERR_NOT_FOUND: the till is not enrolled; ERR_CORRUPT, ERR_IO. */
int place_read(struct outbox *outbox, struct place *ret_place) MUST_CHECK;

/* Within a transaction, or as one. ERR_FULL, ERR_IO. */
int place_write(struct outbox *outbox, const struct place *place) MUST_CHECK;

/* The same for a URL alone, in place: whether it changed. */
bool place_learn_url(char url[CONNECTION_URL_BYTES_MAX + 1], const struct session *session);

/* Takes over the pins that the daemon of an open session tells: of the key it has and of the one it will
 * have, so that the till knows it when the key has changed. Only a daemon that is known by a pin is believed.
 */
int place_learn(struct outbox *outbox, struct place *place, const struct session *session) MUST_CHECK;

#endif
