/* Reading a till journal: receipts of the past as CSV, a row a line of the basket (docs/journal.md), one
 * receipt at a time in bounded memory. What is wrong is reported and left out: a receipt is given whole or
 * not at all. One thread. */
#ifndef LOYALTY_CLIENT_JOURNAL_H
#define LOYALTY_CLIENT_JOURNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "client/csv.h"
#include "model/event.h"

#include <stdbool.h>
#include <stdint.h>

/* X(name, text, required): the columns. */
#define JOURNAL_COLUMN_TABLE(X)                                                                              \
    X(RECEIPT, "receipt", true)                                                                              \
    X(TILL, "till", true)                                                                                    \
    X(STORE, "store", false)                                                                                 \
    X(BUSINESS_DATE, "business_date", true)                                                                  \
    X(OCCURRED_AT, "occurred_at", true)                                                                      \
    X(CARD, "card", true)                                                                                    \
    X(KIND, "kind", true)                                                                                    \
    X(SKU, "sku", true)                                                                                      \
    X(CATEGORY, "category", true)                                                                            \
    X(LABELS, "labels", true)                                                                                \
    X(QUANTITY, "quantity", true)                                                                            \
    X(GROSS, "gross", true)                                                                                  \
    X(TAX, "tax", true)                                                                                      \
    X(DISCOUNT, "discount", true)                                                                            \
    X(CODES, "codes", false)                                                                                 \
    X(TENDER_CASH, "tender_cash", false)                                                                     \
    X(TENDER_CARD, "tender_card", false)                                                                     \
    X(TENDER_GIFT_CARD, "tender_gift_card", false)                                                           \
    X(TENDER_VOUCHER, "tender_voucher", false)                                                               \
    X(TENDER_POINTS, "tender_points", false)                                                                 \
    X(TENDER_OTHER, "tender_other", false)                                                                   \
    X(BASKET_DISCOUNT, "basket_discount", false)                                                             \
    X(OF_RECEIPT, "of_receipt", false)                                                                       \
    X(OF_DATE, "of_date", false)                                                                             \
    X(OF_TILL, "of_till", false)                                                                             \
    X(OF_STORE, "of_store", false)

enum journal_column {
#define X(name, text, required) JOURNAL_##name,
    JOURNAL_COLUMN_TABLE(X)
#undef X
        JOURNAL_COLUMNS
};

enum { JOURNAL_TENDERS = TENDER_OTHER + 1, JOURNAL_TEXT_BYTES = 256 };

/* A receipt. Everything in it lives until the next journal_next. */
struct journal_receipt {
    uint64_t first_line; /* of the file, from 1 */
    uint64_t last_line;
    struct event event; /* EVENT_PURCHASE or EVENT_GOODS_RETURN, without a card commitment; stores NULL where
                           the journal names none */
    const char *card;   /* as written; NULL: none, or it is the purchase's that something is returned of */
};

/* What is not sent, and why. */
struct journal_problem {
    uint64_t first_line; /* the row, or the rows of a receipt */
    uint64_t last_line;
    const char *receipt; /* its number; NULL: cannot be read */
    const char *reason;
};

struct journal_options {
    const char *path; /* borrowed while the journal is opened; "-": standard input */
    int digits;       /* of the programme's currency */
    void (*problem)(void *context, const struct journal_problem *problem); /* borrows the problem */
    void *context;
};

struct journal {
    struct journal_options options;
    int fd; /* -1: none */
    struct csv csv;
    int columns[JOURNAL_COLUMNS]; /* the field each is in, -1: the journal does not have it */
    size_t fields_count;          /* that each row must have */
    struct csv_row row;           /* at hand */
    bool has_row;                 /* it was read and belongs to the next receipt */
    bool suspect;                 /* the row before cannot be read: it may belong to the next receipt */
    uint64_t stray_line;          /* the last row that cannot be read */
    void *memory;                 /* of `arena`: the receipt at hand */
    struct arena arena;
    struct line *lines; /* LINES_MAX of room, as the next */
    struct journal_receipt receipt;
    const char *occurred_at; /* as written in its first row, as the next */
    const char *kind;
    struct return_part *parts; /* LINES_MAX of room: what came back, of a return */
    size_t rows;               /* of the return at hand; `parts_count` of them name an article */
    size_t parts_count;
    int64_t paid_back; /* its sum, with the signs of the journal */
    bool has_original;
    struct receipt original;
    int64_t tenders[JOURNAL_TENDERS]; /* its sums */
    struct tender tender_list[JOURNAL_TENDERS];
    const char *codes[CODES_MAX];
    bool open;              /* there is a receipt at hand */
    bool bad;               /* and it is not to be sent, */
    bool told;              /* which was reported with the reason */
    bool full;              /* it has more than LINES_MAX lines */
    uint64_t size;          /* of the file; 0: not known */
    uint64_t receipts_bad;  /* not given */
    uint64_t receipts_good; /* given */
};

/* Opens it and reads the header. ERR_FORMAT, ERR_NOT_FOUND, ERR_PERMISSION, ERR_IO: `ret_text` says what is
 * wrong; ERR_NOMEM. On failure the journal is as after journal_close. */
int journal_open(struct journal *journal, const struct journal_options *options,
                 char ret_text[JOURNAL_TEXT_BYTES]) MUST_CHECK;

/* Accepts a zeroed journal. */
void journal_close(struct journal *journal);

/* The next receipt that can be sent, in the order of the file, valid until the next call; what cannot is
 * reported on the way. ERR_NOT_FOUND: there is none; ERR_IO. */
int journal_next(struct journal *journal, const struct journal_receipt **ret_receipt) MUST_CHECK;

/* The event's own receipt, of a purchase or a return. */
struct receipt *journal_own_receipt(struct event *event);

/* Bytes of the file read so far, of `size`. */
uint64_t journal_progress(const struct journal *journal);

#endif
