/* Between the files of the tables. Not for others. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_TABLE_INTERNAL_H
#define LOYALTY_CLIENT_LOYALTYCTL_TABLE_INTERNAL_H

#include "client/loyaltyctl_table.h"

#include "base/text.h"

enum { TABLE_WORDS_MAX = 64, TABLE_LINES_MAX = 32, TABLE_SEGMENTS_MAX = 8 };

struct named_reservation {
    char name[ID_BYTES_MAX + 1];
    uint64_t position;
};

/* A table as it is run. */
struct book {
    struct trial trial;
    char names[TRIAL_CUSTOMERS_MAX][ID_BYTES_MAX + 1];
    int customers;
    size_t reservations_count;
    struct named_reservation reservations[TRIAL_RESERVED_MAX];
    struct row *rows; /* of the case, newest first: what was booked is about their text */
    struct table_run *run;
};

/* One row as it is read. What points to text points into `cut`. */
struct row {
    struct row *before;
    struct book *book;
    int line;                       /* of the table */
    char text[TABLE_ROW_BYTES_MAX]; /* as it stands */
    char cut[TABLE_ROW_BYTES_MAX];  /* and taken apart */
    bool unreadable;                /* said already */
    int customer;                   /* -1: nobody */
    struct trial_time time;
    struct event event;
    struct line lines[TABLE_LINES_MAX];
    const char *labels[TABLE_LINES_MAX][LABELS_MAX];
    const char *codes[CODES_MAX];
    struct redemption redemptions[REDEMPTIONS_MAX];
    struct free_units free_units[FREE_UNITS_MAX];
    struct pay_with_points pay;
    struct tender tenders[TENDERS_MAX];
    const char *number;   /* of its receipt; NULL: none */
    const char *reserves; /* the name it gets; NULL: none */
    struct return_part parts[TABLE_LINES_MAX];
    bool unopened;
    bool settles;
    bool tells; /* only what the profile says */
    const char *segments[TABLE_SEGMENTS_MAX];
};

/* The words of an item, without those before `words`. */
struct words {
    char **items;
    size_t count;
};

/* The row is not as it says. */
void row_differs(struct row *row, const char *what, const char *found);
/* The row cannot be read: nothing more of it is. */
void row_fail(struct row *row, const char *why, const char *found);
void row_expect(struct row *row, const char *what, int64_t expected, int64_t found);
/* Numbers with decimals, and points as the programme writes them. */
void row_expect_decimal(struct row *row, const char *what, int64_t expected, int64_t found, int digits);
void row_expect_points(struct row *row, const char *what, const char *expected, int64_t found);
void row_expect_text(struct row *row, const char *what, const char *expected, const char *found);

/* Values; 0 with row_fail where the text is none. */
int64_t row_number(struct row *row, const char *text);
int64_t row_points(struct row *row, const char *text); /* smallest units, or with all decimals */
int64_t row_decimal(struct row *row, const char *text, int digits);
int64_t row_money(struct row *row, const char *text);
int32_t row_date(struct row *row, const char *text);

int32_t row_minute(struct row *row, char *text); /* HH:MM, of which it is cut apart */

/* Cuts `text` at every `separator`; the parts are trimmed, empty ones left out. */
size_t text_split(char *text, char separator, char *parts[TABLE_WORDS_MAX]);
char *text_trim(char *text);

/* Reads what is done into the row. */
void row_read_deed(struct row *row, char *text);

/* The index of a name, or that it gets in this row where it is new; -1 for "-", and, said, for one too many.
 */
int row_name(struct row *row, const char *name);

/* Whose name it is; -1, said, where nobody has it. */
int row_customer_of(struct row *row, const char *name);

/* Deeds about receipts and by hand, as rows of their tables. */
void row_do_receipt(struct row *row, const struct words *words);
void row_do_return(struct row *row, const struct words *words);
void row_do_void(struct row *row, const struct words *words);
void row_do_claim(struct row *row, const struct words *words);
void row_do_close(struct row *row, const struct words *words);
void row_do_transfer(struct row *row, const struct words *words);
void row_do_merge(struct row *row, const struct words *words);
void row_do_household(struct row *row, const struct words *words);
void row_do_adjust(struct row *row, const struct words *words);
void row_do_take(struct row *row, const struct words *words);
void row_do_profile(struct row *row, const struct words *words);

/* The code of the voucher that was issued `ordinal`-th of a reward; one nobody has where there are not so
 * many. */
struct bytes row_voucher(const struct row *row, const char *reward, int64_t ordinal);

/* Deeds and comparisons of redemptions, as rows of their tables. */
void row_do_redeem(struct row *row, const struct words *words);
void row_do_reserve(struct row *row, const struct words *words);
void row_do_release(struct row *row, const struct words *words);
void row_expect_off(struct row *row, const struct words *words);
void row_expect_spent(struct row *row, const struct words *words);
void row_expect_units(struct row *row, const struct words *words);
void row_expect_reserved(struct row *row, const struct words *words);

/* Remembers the reservation the row made by its name. */
void row_keep_reservation(struct row *row);

/* Compares one token of what it must give. */
void row_compare(struct row *row, char *token);

#endif
