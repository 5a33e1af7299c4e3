/* A mapping bound to a C struct by a table: one row a key.
 *
 *   struct store { const char *id; int32_t day_starts; struct yaml_place place; };
 *   static const struct yaml_field store_fields[] = {
 *       YAML_FIELD(struct store, id, YAML_ID, .required = true, .max = ID_BYTES_MAX),
 *       YAML_FIELD(struct store, day_starts, YAML_TIME, .fallback = 0),
 *   };
 *   static const struct yaml_table store_table =
 *       {YAML_FIELDS(store_fields), .size = sizeof(struct store), YAML_PLACE(struct store, place)};
 *
 * What the table cannot say (unions, a scalar or a mapping, a unit that hangs on another key) is a
 * YAML_CUSTOM row, whose function reads its node with yaml/read.h, or with yaml_bind and another table.
 */
#ifndef LOYALTY_YAML_BIND_H
#define LOYALTY_YAML_BIND_H

#include "yaml/read.h"

enum {
    YAML_FIELDS_MAX = 64, /* rows of a table */
    YAML_NAMES_MAX = 63,  /* names of a YAML_NAMES row */
};

/* What a row reads, and into what kind of field. "integer" is any signed or unsigned integer of 1, 2, 4 or 8
 * bytes, or an enum: a CHECK makes sure that the row's bounds fit it. */
enum yaml_type {
    YAML_INTEGER,     /* integer: min..max */
    YAML_DECIMAL,     /* integer: units of 10^-digits, min..max in these units */
    YAML_MONEY,       /* integer: minor units; as YAML_DECIMAL with the binder's money_digits */
    YAML_POINTS,      /* integer: smallest units of points; with the binder's points_digits */
    YAML_BOOLEAN,     /* bool */
    YAML_DATE,        /* integer of 4 bytes: model/day.h */
    YAML_TIME,        /* integer: minutes after midnight, 00:00..23:59 */
    YAML_TIME_END,    /* the same, 24:00 allowed */
    YAML_ID,          /* const char *, or char[]: an identifier of 1..max bytes */
    YAML_TEXT,        /* const char *, or char[]: UTF-8 of min..max bytes (min 0 means 1) */
    YAML_NAME,        /* integer: the place in `names` */
    YAML_NAMES,       /* integer: a list of names, as bits 1 << place; no name twice */
    YAML_STRUCT,      /* a struct of `table`, in place */
    YAML_STRUCT_LIST, /* struct *: an array of `table`, min..max items, in the arena; `count` says how many */
    YAML_STRUCT_MAP,  /* the same from a mapping: each key goes to the item's field at table->key */
    YAML_TEXT_LIST,   /* const char **: an array of texts of up to `bytes_max` bytes, min..max items */
    YAML_CUSTOM,      /* `read` sees to it */
    YAML_NODE,        /* const struct yaml_node *: the node itself, for later */
};

struct yaml_binder;
struct yaml_table;

/* Reads `node` into `field` (the row's field in its struct). 0, or a negative code with an error noted. */
typedef int yaml_read_function(struct yaml_binder *binder, const struct yaml_node *node, void *field);

struct yaml_field {
    const char *key;
    enum yaml_type type;
    size_t offset; /* of the field in its struct */
    size_t size;   /* of the field */
    bool array;    /* the field is a char[]: a text is copied into it */
    bool required;
    int64_t min; /* value, bytes or items, by type */
    int64_t max;
    int64_t fallback;  /* what a missing key gives an integer, a bool or a name; texts get NULL or "" */
    int digits;        /* YAML_DECIMAL */
    int64_t bytes_max; /* YAML_TEXT_LIST: of one text */
    bool ids;          /* YAML_TEXT_LIST: its texts are identifiers; YAML_STRUCT_MAP: its keys are */
    size_t present;    /* offset + 1 of a bool that says whether the key is there; 0: none */
    size_t count;      /* offset + 1 of the size_t of items of a list */
    const char *const *names; /* NULL-terminated */
    const struct yaml_table *table;
    yaml_read_function *read;
};

struct yaml_table {
    const struct yaml_field *fields;
    size_t field_count;
    size_t size;  /* of the struct */
    size_t place; /* offset + 1 of a struct yaml_place that is filled; 0: none */
    size_t node;  /* offset + 1 of a const struct yaml_node * that is filled; 0: none */
    size_t key;   /* offset + 1 of a const char * for the key in a YAML_STRUCT_MAP; 0: none */
    size_t key_bytes_max;
    yaml_read_function *check; /* called with the filled struct when nothing in it was wrong; may be NULL */
};

/* The state of one reading. All pointers are borrowed. */
struct yaml_binder {
    struct yaml_errors *errors;
    struct arena *arena; /* of the bound data: its arrays, and its texts when `copy_texts` */
    bool copy_texts;     /* else texts point into the document */
    int money_digits;    /* set before the first YAML_MONEY is met */
    int points_digits;   /* the same for YAML_POINTS */
    void *context;       /* for `read` and `check` */
};

/* Fills `ret_struct` (table->size bytes) from a mapping; all of it is overwritten, missing keys with their
 * fallbacks (also those of a missing YAML_STRUCT). Tables nest no deeper than the document, YAML_DEPTH_MAX.
 * 0; ERR_FORMAT when anything was wrong (all of it noted, and the fields that were right are filled);
 * ERR_NOMEM when the arena is full (noted). */
int yaml_bind(struct yaml_binder *binder, const struct yaml_node *mapping, const struct yaml_table *table,
              void *ret_struct) MUST_CHECK;

/* Reads and binds a document whose root is a mapping, in one step; the nodes take their memory from
 * binder->arena, too. `ret_struct` is left alone when the text is no YAML. */
int yaml_load(const char *text, size_t size, struct yaml_binder *binder, const struct yaml_table *table,
              void *ret_struct) MUST_CHECK;

/* A row whose key is the member's name, and one with another key: the row's type, then any other fields. */
#define YAML_FIELD(structure, member, ...) YAML_KEY(structure, member, #member, __VA_ARGS__)
#define YAML_KEY(structure, member, key_, ...)                                                               \
    {                                                                                                        \
        .key = (key_), .offset = offsetof(structure, member),                                                \
        .size = sizeof(__typeof__(((structure *)0)->member)), .type = __VA_ARGS__                            \
    }
/* For rows and tables: where these are in the struct. */
/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers, not expressions */
#define YAML_PRESENT(structure, member) .present = offsetof(structure, member) + 1
#define YAML_COUNT(structure, member) .count = offsetof(structure, member) + 1
#define YAML_PLACE(structure, member) .place = offsetof(structure, member) + 1
#define YAML_NODE_IN(structure, member) .node = offsetof(structure, member) + 1
#define YAML_MAP_KEY(structure, member, bytes)                                                               \
    .key = offsetof(structure, member) + 1, .key_bytes_max = (bytes)
#define YAML_FIELDS(array) .fields = (array), .field_count = sizeof(array) / sizeof((array)[0])

/* NOLINTEND(bugprone-macro-parentheses) */

#endif
