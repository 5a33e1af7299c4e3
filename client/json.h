/* Values on a stream, written as they are told: no tree, no memory. As JSON for programs, or plainly, as
 * indented "name: value" lines, for people; then an object in an array takes one line. Misuse (an end without
 * its start, more than JSON_DEPTH_MAX levels) is a CHECK. */
#ifndef LOYALTY_CLIENT_JSON_H
#define LOYALTY_CLIENT_JSON_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
    FILE *stream; /* held */
    bool plain;
    int depth;
    int inline_depth;                   /* plain: levels from this one on share a line; 0: none does */
    bool filled[JSON_DEPTH_MAX + 1];    /* there is an element on this level already */
    bool is_object[JSON_DEPTH_MAX + 1]; /* what the level is */
};

/* JSON: one outermost value a line. */
void json_init(struct json *json, FILE *stream);
/* For people. */
void json_init_plain(struct json *json, FILE *stream);

/* `name` is that of a member of the object around it, NULL in an array or outermost. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_end_object(struct json *json);
void json_end_array(struct json *json);
void json_text(struct json *json, const char *name, const char *text); /* NULL: null */
void json_integer(struct json *json, const char *name, int64_t value);
void json_unsigned(struct json *json, const char *name, uint64_t value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
void json_hex(struct json *json, const char *name, struct bytes bytes);

#endif
