#include "client/json.h"

#include "base/check.h"

#include <inttypes.h>

void json_init(struct json *json, FILE *stream)
{
    CHECK(stream != NULL);
    *json = (struct json){.stream = stream};
}

void json_init_plain(struct json *json, FILE *stream)
{
    json_init(json, stream);
    json->plain = true;
}

static void put_quoted(struct json *json, const char *text)
{
    putc('"', json->stream);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            fprintf(json->stream, "\\%c", *c);
        } else if (*c < 0x20 || *c == 0x7f) {
            fprintf(json->stream, "\\u%04x", *c);
        } else {
            putc(*c, json->stream);
        }
    }
    putc('"', json->stream);
}

/* What comes from tills must not steer a terminal: control characters are shown as '?'. */
static void put_plain(struct json *json, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        putc(*c < 0x20 || *c == 0x7f ? '?' : *c, json->stream);
    }
}

static bool is_inline(const struct json *json)
{
    return json->inline_depth > 0 && json->depth >= json->inline_depth;
}

static void start_plain(struct json *json, const char *name, const char *after)
{
    if (is_inline(json)) {
        if (json->filled[json->depth]) {
            fputs(", ", json->stream);
        }
    } else {
        fprintf(json->stream, "%*s", json->depth > 1 ? 2 * (json->depth - 1) : 0, "");
        if (json->depth > 0 && !json->is_object[json->depth]) {
            fputs("- ", json->stream);
        }
    }
    if (name != NULL) {
        fprintf(json->stream, "%s:%s", name, after);
    }
}

static void start_value(struct json *json, const char *name)
{
    if (json->plain) {
        start_plain(json, name, " ");
    } else {
        if (json->filled[json->depth]) {
            putc(',', json->stream);
        }
        if (name != NULL) {
            put_quoted(json, name);
            putc(':', json->stream);
        }
    }
    json->filled[json->depth] = true;
}

static void end_value(struct json *json)
{
    if (json->plain ? !is_inline(json) : json->depth == 0) {
        putc('\n', json->stream);
    }
    if (json->depth == 0) {
        json->filled[0] = false;
    }
}

static void open_plain(struct json *json, const char *name, bool object)
{
    const bool was_inline = is_inline(json);
    if (json->depth > 0) {
        start_plain(json, name, was_inline ? " " : "");
    }
    if (was_inline) {
        putc(object ? '{' : '[', json->stream);
    } else if (json->depth > 0 && !json->is_object[json->depth]) {
        json->inline_depth = json->depth + 1;
    } else if (json->depth > 0) {
        putc('\n', json->stream);
    }
}

static void open_level(struct json *json, const char *name, bool object)
{
    CHECK(json->depth < JSON_DEPTH_MAX);
    if (json->plain) {
        open_plain(json, name, object);
        json->filled[json->depth] = true;
    } else {
        start_value(json, name);
        putc(object ? '{' : '[', json->stream);
    }
    json->depth++;
    json->filled[json->depth] = false;
    json->is_object[json->depth] = object;
}

static void close_level(struct json *json, bool object)
{
    CHECK(json->depth > 0);
    CHECK(json->is_object[json->depth] == object);
    json->depth--;
    if (!json->plain) {
        putc(object ? '}' : ']', json->stream);
        end_value(json);
    } else if (is_inline(json)) {
        putc(object ? '}' : ']', json->stream);
    } else if (json->inline_depth == json->depth + 1) {
        json->inline_depth = 0;
        putc('\n', json->stream);
    }
}

void json_object(struct json *json, const char *name)
{
    open_level(json, name, true);
}

void json_array(struct json *json, const char *name)
{
    open_level(json, name, false);
}

void json_end_object(struct json *json)
{
    close_level(json, true);
}

void json_end_array(struct json *json)
{
    close_level(json, false);
}

void json_text(struct json *json, const char *name, const char *text)
{
    if (text == NULL) {
        json_null(json, name);
        return;
    }
    start_value(json, name);
    if (json->plain) {
        put_plain(json, text);
    } else {
        put_quoted(json, text);
    }
    end_value(json);
}

void json_integer(struct json *json, const char *name, int64_t value)
{
    start_value(json, name);
    fprintf(json->stream, "%" PRId64, value);
    end_value(json);
}

void json_unsigned(struct json *json, const char *name, uint64_t value)
{
    start_value(json, name);
    fprintf(json->stream, "%" PRIu64, value);
    end_value(json);
}

void json_bool(struct json *json, const char *name, bool value)
{
    start_value(json, name);
    if (json->plain) {
        fputs(value ? "yes" : "no", json->stream);
    } else {
        fputs(value ? "true" : "false", json->stream);
    }
    end_value(json);
}

void json_null(struct json *json, const char *name)
{
    start_value(json, name);
    fputs(json->plain ? "-" : "null", json->stream);
    end_value(json);
}

void json_hex(struct json *json, const char *name, struct bytes bytes)
{
    start_value(json, name);
    if (!json->plain) {
        putc('"', json->stream);
    }
    for (size_t i = 0; i < bytes.size; i++) {
        fprintf(json->stream, "%02x", bytes.data[i]);
    }
    if (!json->plain) {
        putc('"', json->stream);
    }
    end_value(json);
}
