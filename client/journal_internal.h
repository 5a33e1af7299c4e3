/* What the files of the journal share. */
#ifndef LOYALTY_CLIENT_JOURNAL_INTERNAL_H
#define LOYALTY_CLIENT_JOURNAL_INTERNAL_H

#include "client/journal.h"

enum { QUOTE_BYTES_MAX = 40 };

/* A field as it can stand in a message: short, whole characters, on one line. */
struct quote {
    char text[QUOTE_BYTES_MAX + 1];
};

struct quote journal_quote(const char *text);

/* As the header names it. */
const char *journal_column_name(enum journal_column column);

#endif
