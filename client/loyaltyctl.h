/* What the commands of loyaltyctl share: the connection as an operator, booking an operator's event, and how
 * it ends. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_H
#define LOYALTY_CLIENT_LOYALTYCTL_H

#include "base/arena.h"
#include "client/command.h"
#include "client/json.h"
#include "client/operator.h"
#include "client/place.h"
#include "client/session.h"
#include "crypto/card.h"
#include "model/decision.h"
#include "model/event.h"
#include "wire/body.h"

enum {
    CTL_ARENA_BYTES = 16 * 1024 * 1024,
    CTL_INVITE_MS = 60 * 60 * 1000, /* unless --expires says otherwise */
};

/* How loyaltyctl ends. */
enum ctl_exit {
    CTL_EXIT_OK = 0,
    CTL_EXIT_ERROR = 1,   /* failed; a programme has findings; the message says why */
    CTL_EXIT_REFUSED = 3, /* booked as refused */
    CTL_EXIT_REFUTED = 4, /* verify: the log does not hold */
    CTL_EXIT_USAGE = 64,
};

/* Options every command takes; they are the first member of each struct of arguments. */
struct ctl_options {
    const char *folder;          /* --data */
    const char *socket;          /* --socket; NULL: in the folder */
    const char *key;             /* --key; NULL: in the folder */
    const char *ca;              /* --ca; NULL: as its FILE.place says */
    const char *passphrase_file; /* --passphrase-file, of the key; NULL: none */
    uint32_t principal;          /* 0: as its FILE.place says, else the first operator */
    bool json;
    int64_t timeout_ms;
};

struct ctl {
    struct ctl_options options;
    struct place at; /* where it connects to */
    char key_path[OPERATOR_PATH_BYTES];
    struct key_pair pair;
    struct key_pair next; /* the key it is changing to */
    bool has_next;
    struct operator_place place; /* of the key; principal 0: it was not made by enrolment */
    struct session session;
    bool connected;
    void *memory;
    struct arena arena;
    struct opening opening; /* that goes with the next event; empty: none */
    uint8_t salt[CARD_SALT_BYTES];
    struct card_number card; /* of the opening */
    uint8_t commitment[HASH_BYTES];
    struct outcome *outcome; /* of the last event booked or shown */
    struct json json;
};

/* Prints "loyaltyctl: ..." to standard error. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory and output only: for commands that need no daemon. ctl_close accepts what either left behind. */
int ctl_open_offline(struct ctl *ctl, const struct ctl_options *options);
/* ... and connects as the operator. Exit statuses; complain themselves. */
int ctl_open(struct ctl *ctl, const struct ctl_options *options);
void ctl_close(struct ctl *ctl);

/* How a command begins: the defaults of the common options, then what the command line says of all of them,
 * and ctl_open; or only the first two; or ctl_open_offline. ctl_close in any case. */
int ctl_begin(struct ctl *ctl, const struct command_call *call, void *arguments);
int ctl_begin_offline(struct ctl *ctl, const struct command_call *call, void *arguments);
void ctl_parse(const struct command_call *call, void *arguments);

/* One request; complains itself if it fails. An exit status. */
int ctl_call(struct ctl *ctl, struct request *request, struct reply *ret_reply);

/* Signs an event as the operator and books it, once, whatever happens to the connection on the way: the
 * outcome is in ctl->outcome. Says so when it is refused (CTL_EXIT_REFUSED). */
int ctl_book(struct ctl *ctl, struct event *event, struct booked *ret_booked);

/* The commitment to a card as an event has it; its opening goes with the next event that is booked. Complains
 * itself; an exit status. */
int ctl_commit_card(struct ctl *ctl, const char *card, struct bytes *ret_commitment);

/* What was booked: `format` for people, who and where for programs. */
void ctl_say_booked(struct ctl *ctl, const struct booked *booked, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "folder/name" into `ret_path`; false, with a complaint, when it does not fit. */
bool ctl_path(char *ret_path, size_t size, const char *folder, const char *name);

/* A whole file into the arena, with a NUL behind it. Complains itself. */
int ctl_read_file(struct ctl *ctl, const char *path, size_t size_max, struct bytes *ret_bytes);

/* The file of the operator's key. An exit status. */
int ctl_key_path(struct ctl *ctl);

/* loyaltyctl_principal.c: an invite, and what becomes of principals. Exit statuses. */
struct ctl_invite {
    enum role role;
    const char *store; /* NULL: none */
    const char *label;
    const char *url;  /* NULL: where the daemon says it listens */
    const char *host; /* under which it is reached by TLS; NULL: what the daemon says */
    int64_t expires_ms;
    bool qr;
};
int ctl_invite(struct ctl *ctl, const struct ctl_invite *invite);
int ctl_show_url(struct ctl *ctl, const struct ctl_invite *invite); /* the one that an invite would have */

/* What terminal and operator do in the same way: the end of a principal, and a list. */
struct ctl_end {
    struct ctl_options common;
    uint32_t principal;
    const char *reason;
};
extern const struct command_option ctl_end_options[];
int ctl_run_retire(const struct command_call *call);
int ctl_run_revoke(const struct command_call *call);
int ctl_run_list(const struct command_call *call);
int ctl_run_list_operators(const struct command_call *call);
#define CTL_END_COMMANDS(retire, retire_summary, retire_doc, revoke, revoke_summary, revoke_doc)             \
    {.name = (retire),                                                                                       \
     .summary = (retire_summary),                                                                            \
     .doc = (retire_doc),                                                                                    \
     .options = ctl_end_options,                                                                             \
     .run = ctl_run_retire},                                                                                 \
    {                                                                                                        \
        .name = (revoke), .summary = (revoke_summary), .doc = (revoke_doc), .options = ctl_end_options,      \
        .run = ctl_run_revoke                                                                                \
    }
/* Runs an invite or shows its URL. */
struct ctl_invitation {
    struct ctl_options common;
    struct ctl_invite invite;
};
extern const struct command_option ctl_host_options[];
extern const struct command_option ctl_invite_options[]; /* beside those of the role */
int ctl_run_invite(const struct command_call *call, struct ctl_invitation *invitation);

/* loyaltyctl_verify.c: what to prove, and how. */
struct verify_options {
    const char *path;    /* a database file, or a data directory that holds one */
    const char *scratch; /* folder for the replay's own store; NULL: TMPDIR or /var/tmp */
    bool fast;           /* without signatures */
    bool json;
};

/* Proves a log and prints the verdict. An exit status: CTL_EXIT_OK and CTL_EXIT_REFUTED are verdicts. */
int verify_log(const struct verify_options *options);

/* loyaltyctl_event.c: everything recorded of an event. */
int ctl_show_event(struct ctl *ctl, const struct reply *reply);

/* The commands, by file. */
extern const struct command ctl_status_commands[];
extern const struct command ctl_terminal_commands[];
extern const struct command ctl_operator_commands[];
extern const struct command ctl_programme_commands[];
extern const struct command ctl_test_commands[];
extern const struct command ctl_explain_commands[];
extern const struct command ctl_member_commands[];
extern const struct command ctl_hand_commands[];
extern const struct command ctl_person_commands[];
extern const struct command ctl_receipt_commands[];
extern const struct command ctl_voucher_commands[];
extern const struct command ctl_exception_commands[];
extern const struct command ctl_profile_commands[];
extern const struct command ctl_event_commands[];
extern const struct command ctl_go_live_commands[];
extern const struct command ctl_verify_commands[];
extern const struct command ctl_backup_commands[];

#endif
