/* What the commands of loyalty-till share: the till's folder, how it prints, and how it ends. */
#ifndef LOYALTY_CLIENT_TILL_H
#define LOYALTY_CLIENT_TILL_H

#include "base/arena.h"
#include "client/command.h"
#include "client/delivery.h"
#include "client/json.h"
#include "crypto/card.h"
#include "model/event.h"

enum {
    TILL_ARENA_BYTES = 4 * 1024 * 1024,
    TILL_GROUP_MAX = 256,   /* events signed and synced together before they are sent */
    TILL_FULL_MAX = 16,     /* receipts named with --full */
    TILL_TIMEOUT_MS = 5000, /* unless --timeout says otherwise */
};

/* How loyalty-till ends. */
enum till_exit {
    TILL_EXIT_OK = 0,      /* booked and accepted, or safely queued */
    TILL_EXIT_ERROR = 1,   /* nothing was done, the message says why */
    TILL_EXIT_REFUSED = 3, /* at least one event was booked as refused */
    TILL_EXIT_ALARM = 4,   /* the daemon and this till disagree: somebody has to look */
    TILL_EXIT_USAGE = 64,
};

/* Options every command takes; they are the first member of each struct of arguments. */
struct till_options {
    const char *folder; /* --till */
    bool json;
    int64_t timeout_ms;
    const char *passphrase_file; /* --passphrase-file, of the keys; NULL: none */
};

struct till {
    struct till_options options;
    struct outbox outbox;
    struct key_pair pair;
    bool has_key;
    struct key_pair next; /* the key it is changing to: its event waits in the queue */
    bool has_next;
    struct key_pair previous; /* the one it had before: a restored log may know it only */
    bool has_previous;
    char currency[4];
    int digits; /* of the currency; -1: not known yet */
    char store[ID_BYTES_MAX + 1];
    char label[TILL_LABEL_BYTES_MAX + 1];
    uint32_t principal; /* 0: not enrolled */
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    int64_t clock_offset_ms;
    void *memory;
    struct arena arena; /* for the event at hand */
    struct json json;

    /* how answers are shown */
    bool brief;
    const char *full[TILL_FULL_MAX]; /* receipt numbers shown in full all the same */
    size_t full_count;
    uint64_t shown_from; /* events before it are of earlier commands */
    uint64_t earlier;    /* how many of those were answered */
    uint64_t refused;
    bool away; /* the daemon was not to be reached the last time: said once */
};

/* Prints "loyalty-till: ..." to standard error. */
void till_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How a command begins: the defaults of the common options, then what the command line says of all of them,
 * and till_open of a till that is enrolled; or only the first two. till_close in any case. */
int till_begin(struct till *till, const struct command_call *call, void *arguments);
void till_parse(const struct command_call *call, void *arguments);

/* Opens the folder; `must_be_enrolled` complains if the till is not. 0 or an exit status; complains itself.
 * till_close accepts what till_open left behind in any case. */
int till_open(struct till *till, const struct till_options *options, bool must_be_enrolled);
void till_close(struct till *till);

/* Delivers what waits, with everything from sequence `shown_from` on shown. An exit status. */
int till_deliver_all(struct till *till, uint64_t shown_from);

/* Fills `ret_path` with FOLDER/name; an exit status if it is too long. */
int till_path(const struct till_options *options, const char *name, char *ret_path, size_t size);

/* Delivers what waits and shows the answers; says how it stands with the rest. An exit status: what stays
 * queued because the daemon is away is none the worse. */
int till_deliver(struct till *till, struct delivery *delivery);
int till_delivery_init(struct till *till, struct delivery *delivery);
/* What an error of delivery_* or an outbox means for whoever stands at the till: complains, exit status. */
int till_explain(int error, const char *text);

/* Signs and queues an event with the till's key. `event` has its kind and contents; its time is set here to
 * now unless `occurred_at` is there, the card commitment and opening from `card` (NULL: none). */
struct till_event {
    struct event *event;
    const char *card;
    const char *locale;
    const char *receipt; /* unique in the outbox; NULL: none */
    bool sign_later;     /* when it is sent, with others that wait */
};
int till_queue(struct till *till, const struct till_event *draft, uint64_t *ret_sequence) MUST_CHECK;

/* Queues it and, unless `offline`, delivers what waits and shows the answer. A receipt that is in the outbox
 * already is said to be, and nothing is queued. Complains itself; an exit status. */
int till_tell(struct till *till, const struct till_event *draft, bool offline);

/* A question to the daemon, about what is booked: what waits in the queue is not. `nothing`: what to say
 * where the daemon knows none; it is refused then. Whoever shows the reply does so in `show`. Complains
 * itself; an exit status. */
struct till_question {
    struct request request;
    const char *nothing;
    void (*show)(struct till *till, const struct reply *reply, const void *arguments);
};
int till_ask(struct till *till, struct till_question *question, const void *arguments);

/* The same without queueing: the body in the till's arena, and what opens its card. */
struct till_packed {
    struct bytes body;
    uint8_t salt[CARD_SALT_BYTES];
    struct card_number card; /* as it is sent; of use where the draft has one */
};
int till_pack(struct till *till, const struct till_event *draft, struct till_packed *ret_packed) MUST_CHECK;

/* till_key.c: the key of the till, and the one before and after it, in their files. Complain themselves; exit
 * statuses. The first finishes what a change of keys has left to do; a till that is not enrolled may have
 * none. */
int till_keys_load(struct till *till);
#define TILL_KEY_NAME "till.key"
int till_key_save(const struct till *till, const char *name, const struct key_pair *pair);
void till_keys_fini(struct till *till);

/* What a quote comes to, as lines for the customer and reasons for the shop, or as JSON. */
void till_print_quote(struct till *till, const struct reply *reply);

/* till_print.c: the answer to an event, as a receipt, a line or JSON. */
void till_print_answer(struct till *till, const struct delivery_answer *answer);
void till_print_queued(struct till *till, uint64_t sequence);

/* till_basket.c: from options and files to a purchase. Everything is copied into or made in the arena; a
 * message about what is wrong goes to `ret_text`. */
enum { TILL_TEXT_BYTES = 256 };
struct basket {
    struct event event;     /* EVENT_PURCHASE */
    struct line *lines;     /* LINES_MAX of room */
    struct tender *tenders; /* TENDERS_MAX of room */
    const char **codes;     /* CODES_MAX of room */
    const char *card;
    int64_t total; /* of the lines */
    struct redemption redemptions[REDEMPTIONS_MAX];
    struct pay_with_points pay;
};
int basket_init(struct basket *basket, struct arena *arena) MUST_CHECK;
/* "SKU,CATEGORY,QUANTITY,GROSS[,label...]"; SKU and CATEGORY may be empty. */
int basket_add_line(struct basket *basket, struct arena *arena, const char *text, int digits,
                    char ret_text[TILL_TEXT_BYTES]) MUST_CHECK;
/* "KIND=AMOUNT", KIND one of cash, card, gift_card, voucher, points, other. */
int basket_add_tender(struct basket *basket, const char *text, int digits,
                      char ret_text[TILL_TEXT_BYTES]) MUST_CHECK;
/* "REWARD", "REWARD,UNITS", "voucher:CODE", "voucher:TOKEN", "reservation:N" or "reservation:N,UNITS". A
 * token must be the daemon's own and valid on this day: that is checked here, without the daemon. */
int basket_add_redemption(struct basket *basket, struct till *till, const char *text,
                          char ret_text[TILL_TEXT_BYTES]) MUST_CHECK;
/* A voucher as typed or scanned: its code, or its token, checked as above. */
int voucher_read(struct till *till, const char *text, struct bytes *ret_code,
                 char ret_text[TILL_TEXT_BYTES]) MUST_CHECK;
/* Points to pay with in smallest units; "max" is 0. */
int points_read(const char *text, int64_t *ret_points) MUST_CHECK;
/* The name of the receipt in the outbox: store/date/till/number, what is not given from the till itself. */
void till_receipt_name(const struct till *till, const struct receipt *receipt,
                       char ret_name[OUTBOX_RECEIPT_BYTES_MAX + 1]);

/* The commands, by file. */
extern const struct command till_enrol_commands[];
extern const struct command till_purchase_commands[];
extern const struct command till_return_commands[];
extern const struct command till_redeem_commands[];
extern const struct command till_counter_commands[];
extern const struct command till_member_commands[];
extern const struct command till_import_commands[];
extern const struct command till_move_commands[];
extern const struct command till_key_commands[];

/* till_move.c: the URL and --ca of a command line as a place. `ca` NULL: none. Complains itself; an exit
 * status. */
int till_place(const char *url, const char *ca, struct place *ret_place);

/* till_file.c */
struct till_file_options {
    const char *path;
    int32_t date; /* business date; -1: of each purchase */
    const char *locale;
    bool offline;
    int64_t pace_ms; /* one purchase after the other, this long apart; 0: in groups, as fast as it goes */
};
int till_purchase_file(struct till *till, const struct till_file_options *options);

#endif
