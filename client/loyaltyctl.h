/* What the commands of loyaltyctl share: the connection as an operator, booking an operator's event, and how
 * it ends. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_H
#define LOYALTY_CLIENT_LOYALTYCTL_H

#include "base/arena.h"
#include "client/json.h"
#include "client/operator.h"
#include "client/session.h"
#include "model/decision.h"
#include "model/event.h"
#include "wire/body.h"

#include <argp.h>

enum { CTL_ARENA_BYTES = 16 * 1024 * 1024 };

/* How loyaltyctl ends. */
enum ctl_exit {
    CTL_EXIT_OK = 0,
    CTL_EXIT_ERROR = 1,   /* failed; a programme has findings; the message says why */
    CTL_EXIT_REFUSED = 3, /* booked as refused */
    CTL_EXIT_REFUTED = 4, /* verify: the log does not hold */
    CTL_EXIT_USAGE = 64,
};

/* Options every command takes. */
struct ctl_options {
    const char *folder;          /* --data */
    const char *socket;          /* --socket; NULL: in the folder */
    const char *key;             /* --key; NULL: in the folder */
    const char *passphrase_file; /* --passphrase-file, of the key; NULL: none */
    uint32_t principal;          /* 0: as its FILE.place says, else the first operator */
    bool json;
    int64_t timeout_ms;
};
extern const struct argp ctl_options_argp;

struct ctl {
    struct ctl_options options;
    char url[CONNECTION_URL_BYTES_MAX + 1];
    char key_path[OPERATOR_PATH_BYTES];
    struct key_pair pair;
    struct key_pair next; /* the key it is changing to */
    bool has_next;
    struct operator_place place; /* where the key was enrolled; principal 0: it was not by enrolment */
    struct session session;
    bool connected;
    void *memory;
    struct arena arena;
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

/* The defaults, and the options of a command line with `argp` (whose input holds them). */
void ctl_options_init(struct ctl_options *options);

/* One request; complains itself if it fails. An exit status. */
int ctl_call(struct ctl *ctl, struct request *request, struct reply *ret_reply);

/* Signs an event as the operator and books it, once, whatever happens to the connection on the way: the
 * outcome is in ctl->outcome. Says so when it is refused (CTL_EXIT_REFUSED). */
int ctl_book(struct ctl *ctl, struct event *event, struct booked *ret_booked);

/* "90s", "15m", "1h", "7d" in milliseconds; false for anything else. */
bool ctl_parse_duration(const char *text, int64_t *ret_duration_ms);

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
int ctl_check_url(const char *url);                                 /* NULL will do */
int ctl_list_principals(struct ctl *ctl, bool operators_only);
int ctl_revoke(struct ctl *ctl, uint32_t principal, const char *reason);
int ctl_retire(struct ctl *ctl, uint32_t principal, const char *reason);

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

/* The commands: argv[0] is the name to show; each gives an exit status. */
int ctl_command_status(int argc, char **argv);
int ctl_command_terminal(int argc, char **argv);
int ctl_command_operator(int argc, char **argv);
int ctl_command_programme(int argc, char **argv);
int ctl_command_member(int argc, char **argv);
int ctl_command_event(int argc, char **argv);
int ctl_command_go_live(int argc, char **argv);
int ctl_command_verify(int argc, char **argv);
int ctl_command_backup(int argc, char **argv);
int ctl_command_restore(int argc, char **argv);

/* Runs the one of `names` that argv[1] is: its index, or -1 after a complaint. Shifts argv. */
int ctl_subcommand(int *argc, char ***argv, const char *const *names, size_t count);

#endif
