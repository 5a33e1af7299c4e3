/* A YAML document as plain nodes that keep their places.
 *
 * What is read is a small, strict YAML: one document; no aliases, anchors, tags or directives; no key twice
 * in one mapping; keys are scalars; and the limits below. Scalars have no type of their own: yaml/read.h
 * looks at their text, plain or quoted alike. yaml/bind.h reads whole structs by a table; both may be mixed
 * at will.
 *
 * Everything wrong is noted in `struct yaml_errors` with line, column, path and what was expected; reading
 * goes on after an error where that makes sense, so that one run tells all. Nodes live in the caller's arena
 * and borrow nothing. Not thread-safe.
 */
#ifndef LOYALTY_YAML_DOCUMENT_H
#define LOYALTY_YAML_DOCUMENT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    YAML_BYTES_MAX = 256 * 1024, /* of a document */
    YAML_NODES_MAX = 64 * 1024,  /* scalars (keys are none), lists and mappings in it */
    YAML_DEPTH_MAX = 16,         /* lists and mappings in each other */
    YAML_KEYS_MAX = 256,         /* of one mapping */
    YAML_KEY_BYTES_MAX = 64,
    YAML_ERRORS_MAX = 20,
    YAML_PATH_BYTES = 96,
    YAML_TEXT_BYTES = 192,
};

/* Where something stands in the file, both from 1; 0 where there is no place. */
struct yaml_place {
    int32_t line;
    int32_t column; /* in characters */
};

struct yaml_error {
    struct yaml_place place;
    bool warning;
    char path[YAML_PATH_BYTES]; /* "rules[2].spend.per"; indices from 0; "" for the whole document */
    char text[YAML_TEXT_BYTES]; /* one sentence without a full stop */
};

/* What was found wrong, in the order it was found. Those beyond YAML_ERRORS_MAX are counted only; an error
 * then takes the place of the last warning kept. */
struct yaml_errors {
    struct yaml_error items[YAML_ERRORS_MAX];
    size_t item_count;    /* kept in items */
    size_t error_count;   /* all errors seen */
    size_t warning_count; /* all warnings seen */
};

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAPPING };

/* One value of the document. Read its fields as you like; all pointers stay within the document's arena. */
struct yaml_node {
    enum yaml_kind kind;
    struct yaml_place place;        /* of the value's first character */
    struct yaml_place key_place;    /* of its key, when it stands in a mapping */
    const char *key;                /* NUL-terminated, when it stands in a mapping; else NULL */
    const char *text;               /* of a scalar: UTF-8, NUL-terminated, no NUL within; else NULL */
    uint32_t size;                  /* of a scalar: bytes of text; else the number of children */
    uint32_t index;                 /* its place among its parent's children, from 0 */
    const struct yaml_node *parent; /* NULL at the root */
    const struct yaml_node *first;  /* the first child, in the order of the file */
    const struct yaml_node *next;   /* the next child of its parent */
};

void yaml_errors_init(struct yaml_errors *errors);

/* Notes an error at a node (the whole document's when `node` is NULL) and returns ERR_FORMAT, always. */
int yaml_error(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where its key stands, for errors about the key. */
int yaml_error_at_key(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void yaml_warning(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills `ret_path` with "rules[2].spend.per"; a path too long keeps its end. NULL gives "". */
void yaml_path(const struct yaml_node *node, char ret_path[YAML_PATH_BYTES]);

/* Reads a document. `errors` was initialised and may hold earlier ones. ERR_FORMAT: noted in `errors`. Where
 * only anchors, tags or repeated keys were wrong, `ret_root` is written in spite of it, so that reading can
 * go on to find more. ERR_NOMEM: the arena has no room (noted, too). YAML_NODES_MAX nodes need less than 8
 * MiB; 24 times the text's size is enough for what people write. */
int yaml_parse(const char *text, size_t size, struct arena *arena, struct yaml_errors *errors,
               const struct yaml_node **ret_root) MUST_CHECK;

/* --- looking around: none of these notes an error, NULL is answered with NULL or 0 --- */

/* The value of a key of a mapping; NULL when there is none (or `mapping` is none). */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* The first child of `mapping` whose key is in the NULL-terminated list `keys`, after `after` (NULL: from the
 * start). For unions: which of the kinds does this rule have, and has it a second one? */
const struct yaml_node *yaml_get_any(const struct yaml_node *mapping, const char *const *keys,
                                     const struct yaml_node *after);
bool yaml_is_text(const struct yaml_node *node, const char *text); /* a scalar with exactly this text */

#endif
