#include "store/schema.h"

#include <stddef.h>

/* Why the tables look so: a purchase of one of 300 tills for one of 100,000 members should change few pages.
 * Every B-tree whose key is a member or a till costs up to one page image a purchase, whatever its rows; one
 * whose key grows with the log costs only the bytes. So
 *   - all that belongs to a member is one row of `member`: read by one statement and written by one, where a
 * row a lot, stamp card or limit would take one each, and a statement costs as much as deciding the event;
 *   - events are found by (principal, sequence) without an index over all of them: every 64th is marked, and
 * the principal's events are linked backwards;
 *   - receipts likewise: a till's numbers rise, so its last one tells what is new, and the old are found from
 * marks; they are columns of their events, whose page is written anyway;
 *   - what is kept for each till and day is sorted by day first: today's rows of all tills lie together.
 * Columns that are NULL, 0 or 1 take no space, so the common value is one of those. */
const char *const SCHEMA[] = {
    "PRAGMA application_id = " SCHEMA_APPLICATION_ID,
    "PRAGMA user_version = " SCHEMA_VERSION,

    /* One row: the end of what is not in the log's own rows. */
    "CREATE TABLE head ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " live INTEGER NOT NULL CHECK (live >= 0)," /* ms UTC: when GoLive was booked; 0: not yet */
    " engine_revision INTEGER NOT NULL CHECK (engine_revision >= 0)," /* 0: none booked */
    " next_member INTEGER NOT NULL CHECK (next_member >= 1),"
    " next_principal INTEGER NOT NULL CHECK (next_principal >= 1),"
    " epoch BLOB NOT NULL CHECK (length(epoch) = 16)"
    ") STRICT",
    "INSERT INTO head VALUES (1, 0, 0, 1, 1, zeroblob(16))",

    /* The log. `previous` is the position of the principal's event before this one (0: it is the first):
     * sequences have no gaps, so from a mark or the principal's last event a sequence is found by counting
     * back. `receipt` is a receipt's number that was the highest of its till day when it came, and that is
     * nearly all; `earlier` is the position of the till day's one before (0: it is the first). Found from the
     * next mark or the last one. */
    "CREATE TABLE event ("
    " position INTEGER PRIMARY KEY,"
    " principal INTEGER NOT NULL,"
    " key_no INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " previous INTEGER NOT NULL,"
    " booked_at INTEGER NOT NULL," /* ms UTC */
    " receipt TEXT,"               /* NULL: none, or a stray */
    " earlier INTEGER,"
    " body BLOB NOT NULL,"
    " signature BLOB," /* NULL: it was signed in a batch */
    " context BLOB NOT NULL,"
    " outcome BLOB NOT NULL,"
    " chain BLOB NOT NULL CHECK (length(chain) = 32),"
    " CHECK ((receipt IS NULL) = (earlier IS NULL))"
    ") STRICT",

    /* Events under one signature: what was new of the batch stands at consecutive positions from
     * `first_position` on; what was not, before. */
    "CREATE TABLE batch ("
    " first_position INTEGER PRIMARY KEY,"
    " principal INTEGER NOT NULL,"
    " first_sequence INTEGER NOT NULL,"
    " count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 256),"
    " signature BLOB NOT NULL CHECK (length(signature) = 64)"
    ") STRICT",

    /* The position of every 64th event of a principal. */
    "CREATE TABLE principal_mark ("
    " principal INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " position INTEGER NOT NULL,"
    " PRIMARY KEY (principal, sequence)"
    ") STRICT, WITHOUT ROWID",

    /* Whoever may sign; 0 is the daemon itself and always there. */
    "CREATE TABLE principal ("
    " principal INTEGER PRIMARY KEY,"
    " next_sequence INTEGER NOT NULL CHECK (next_sequence >= 1),"
    " last_position INTEGER NOT NULL," /* of its last event, 0: none */
    " role INTEGER NOT NULL,"
    " store TEXT," /* NULL: none */
    " label TEXT NOT NULL,"
    " key_no INTEGER NOT NULL," /* of the current key, 0: none yet */
    " revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),"
    " added INTEGER NOT NULL,"     /* position */
    " retired_at INTEGER NOT NULL" /* ms UTC: nothing that happens later is booked; 0: it is not retired */
    ") STRICT",
    "INSERT INTO principal VALUES (0, 1, 0, 0, NULL, '', 0, 0, 0, 0)",

    "CREATE TABLE principal_key ("
    " principal INTEGER NOT NULL,"
    " key_no INTEGER NOT NULL CHECK (key_no >= 1),"
    " key BLOB NOT NULL CHECK (length(key) = 32),"
    " from_position INTEGER NOT NULL,"
    " until_position INTEGER," /* the position that ended it; NULL: in use */
    " PRIMARY KEY (principal, key_no)"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE invite ("
    " code_hash BLOB PRIMARY KEY CHECK (length(code_hash) = 32),"
    " position INTEGER NOT NULL UNIQUE,"
    " role INTEGER NOT NULL,"
    " store TEXT," /* NULL: none */
    " label TEXT NOT NULL,"
    " expires_at INTEGER NOT NULL," /* ms UTC */
    " used_by INTEGER"              /* principal, NULL: open */
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE programme ("
    " version INTEGER PRIMARY KEY,"
    " effective INTEGER NOT NULL," /* first day */
    " position INTEGER NOT NULL,"
    " yaml BLOB NOT NULL"
    ") STRICT",

    /* Every 64th of a till day's; numbers rise by length first. */
    "CREATE TABLE receipt_mark ("
    " business_date INTEGER NOT NULL,"
    " store TEXT NOT NULL,"
    " till TEXT NOT NULL,"
    " length INTEGER NOT NULL," /* of the number, in bytes */
    " number TEXT NOT NULL,"
    " position INTEGER NOT NULL,"
    " PRIMARY KEY (business_date, store, till, length, number)"
    ") STRICT, WITHOUT ROWID",

    /* Receipts that came out of order. */
    "CREATE TABLE receipt_stray ("
    " business_date INTEGER NOT NULL,"
    " store TEXT NOT NULL,"
    " till TEXT NOT NULL,"
    " number TEXT NOT NULL,"
    " position INTEGER NOT NULL,"
    " PRIMARY KEY (business_date, store, till, number)"
    ") STRICT, WITHOUT ROWID",

    /* Double entry: `amount` leaves `debit` and arrives in `credit` (account codes of model/account.h). The
     * key is position * 16384 + the effect's place in the outcome. */
    "CREATE TABLE entry ("
    " id INTEGER PRIMARY KEY,"
    " debit INTEGER NOT NULL,"
    " credit INTEGER NOT NULL,"
    " amount INTEGER NOT NULL CHECK (amount > 0),"
    " lot_position INTEGER," /* 0: this event's own; NULL: no lot */
    " lot_index INTEGER,"
    " rule INTEGER NOT NULL," /* 0: none */
    " effective_at INTEGER"   /* ms UTC; NULL: booked_at */
    ") STRICT",

    "CREATE TABLE account ("
    " account INTEGER PRIMARY KEY," /* of the programme */
    " balance INTEGER NOT NULL"
    ") STRICT",
    "INSERT INTO account VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)",

    /* All of a member's. Balances and the position of his last event are columns, so that SQL can add up and
     * follow them; everything else is packed, as store/holdings.h says. */
    "CREATE TABLE member ("
    " member INTEGER PRIMARY KEY,"
    " last_position INTEGER NOT NULL,"
    " available INTEGER NOT NULL," /* below 0: owed */
    " pending INTEGER NOT NULL,"
    " reserved INTEGER NOT NULL,"
    " holdings BLOB NOT NULL"
    ") STRICT",

    /* What limits counted that are no member's. */
    "CREATE TABLE counter ("
    " limit_number INTEGER NOT NULL,"
    " period INTEGER NOT NULL," /* its first day; that of year 1: for ever */
    " store TEXT NOT NULL,"     /* of a till; else '' */
    " scope TEXT NOT NULL,"     /* a till, a store, or '' for everybody */
    " used INTEGER NOT NULL,"
    " PRIMARY KEY (limit_number, period, store, scope)"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE voucher ("
    " code BLOB PRIMARY KEY CHECK (length(code) = 16),"
    " member INTEGER NOT NULL,"
    " position INTEGER NOT NULL," /* origin */
    " n INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3)" /* 0: issued; else enum voucher_end */
    ") STRICT, WITHOUT ROWID",

    /* What has become of booked purchases, from the first time anything does: model/receipt_fact.h. */
    "CREATE TABLE receipt_fact ("
    " position INTEGER NOT NULL," /* of the purchase */
    " kind INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " quantity INTEGER NOT NULL,"
    " amount INTEGER NOT NULL,"
    " PRIMARY KEY (position, kind, n)"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE till_day ("
    " business_date INTEGER NOT NULL,"
    " store TEXT NOT NULL,"
    " till TEXT NOT NULL,"
    " receipts INTEGER NOT NULL,"
    " gross INTEGER NOT NULL," /* minor units */
    " points INTEGER NOT NULL,"
    " in_order INTEGER NOT NULL,"      /* receipts that were the highest */
    " last_position INTEGER NOT NULL," /* of the last of them, 0: none */
    " last_number TEXT NOT NULL,"
    " closed INTEGER NOT NULL," /* position of the day close, 0: open */
    " PRIMARY KEY (business_date, store, till)"
    ") STRICT, WITHOUT ROWID",

    /* Returns that wait for their purchase, by its receipt. */
    "CREATE TABLE parked ("
    " business_date INTEGER NOT NULL,"
    " store TEXT NOT NULL,"
    " till TEXT NOT NULL,"
    " number TEXT NOT NULL,"
    " position INTEGER NOT NULL," /* of the return */
    " PRIMARY KEY (business_date, store, till, number, position)"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE exception ("
    " position INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,"
    " amount INTEGER NOT NULL,"
    " resolved_by INTEGER," /* position, NULL: open */
    " PRIMARY KEY (position, n)"
    ") STRICT, WITHOUT ROWID",

    /* Outside the log and not derived from it. */
    "CREATE TABLE card ("
    " lookup_hash BLOB PRIMARY KEY CHECK (length(lookup_hash) = 32),"
    " member INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE profile ("
    " member INTEGER PRIMARY KEY,"
    " sealed BLOB NOT NULL" /* under a key of the member's own: service/ledger_profile.c */
    ") STRICT",

    "CREATE TABLE opening ("
    " position INTEGER PRIMARY KEY,"
    " member INTEGER NOT NULL," /* whose card it was; no index: only who erases asks for it */
    " salt BLOB NOT NULL CHECK (length(salt) = 16)"
    ") STRICT",

    /* Events that are decided alone after an unclean end: the next one of each principal that was tried. */
    "CREATE TABLE note ("
    " principal INTEGER PRIMARY KEY,"
    " sequence INTEGER NOT NULL,"
    " ends INTEGER NOT NULL,"
    " deciding INTEGER NOT NULL CHECK (deciding IN (0, 1))" /* 1: this one was under way last */
    ") STRICT",
    NULL,
};
