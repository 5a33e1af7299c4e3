/* What the daemon's greeting (Ready) means for a till: which log it is, and what to remember of it. One
 * thread. */
#ifndef LOYALTY_CLIENT_GREETING_H
#define LOYALTY_CLIENT_GREETING_H

#include "client/outbox.h"
#include "client/session.h"

/* What the daemon's greeting means for the outbox: on the first contact and after a restored log it takes
 * over the new epoch, and makes wait again what the log lost. ERR_MISMATCH with `ret_text`: an alarm, nothing
 * must be sent. */
int greeting_reconcile(struct outbox *outbox, const struct session_ready *ready,
                       char ret_text[SESSION_TEXT_BYTES]) MUST_CHECK;

/* Keeps what the till has to know while the daemon is away: currency, store, label, retention, the clock's
 * offset. */
int greeting_remember(struct outbox *outbox, const struct session *session) MUST_CHECK;

#endif
