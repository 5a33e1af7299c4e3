#include "yaml/document.h"

#include "base/check.h"
#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

/* --- errors --- */

void yaml_errors_init(struct yaml_errors *errors)
{
    memset(errors, 0, sizeof(*errors));
}

/* Writes `size` bytes before `*at`, or returns false when there is no room for them and "...". */
static bool prepend(char *buffer, size_t *at, const char *text, size_t size)
{
    if (size + strlen("...") > *at) {
        return false;
    }
    *at -= size;
    memcpy(buffer + *at, text, size);
    return true;
}

/* The step from a node's parent to it: ".key" or "[3]". */
static bool prepend_step(char *buffer, size_t *at, const struct yaml_node *node)
{
    if (node->key != NULL) {
        const bool below_root = node->parent->parent == NULL;
        const size_t before = *at;
        if (prepend(buffer, at, node->key, strlen(node->key)) &&
            (below_root || prepend(buffer, at, ".", 1))) {
            return true;
        }
        *at = before;
        return false;
    }
    char data[16];
    struct text text;
    text_init(&text, data, sizeof(data));
    text_add(&text, "[%u]", node->index);
    return prepend(buffer, at, text.data, text.used);
}

void yaml_path(const struct yaml_node *node, char ret_path[YAML_PATH_BYTES])
{
    char buffer[YAML_PATH_BYTES];
    size_t at = sizeof(buffer) - 1;
    buffer[at] = '\0';
    for (; node != NULL && node->parent != NULL; node = node->parent) {
        if (!prepend_step(buffer, &at, node)) {
            const size_t dots = buffer[at] == '.' ? 2 : 3;
            at -= dots;
            memcpy(buffer + at, "...", dots);
            break;
        }
    }
    memcpy(ret_path, buffer + at, sizeof(buffer) - at);
}

/* A free place for an error or warning, or NULL when it is only counted. */
static struct yaml_error *take_item(struct yaml_errors *errors, bool warning)
{
    if (errors->item_count < YAML_ERRORS_MAX) {
        return &errors->items[errors->item_count++];
    }
    if (warning) {
        return NULL;
    }
    for (size_t i = YAML_ERRORS_MAX; i-- > 0;) {
        if (errors->items[i].warning) {
            memmove(&errors->items[i], &errors->items[i + 1],
                    (YAML_ERRORS_MAX - 1 - i) * sizeof(errors->items[0]));
            return &errors->items[YAML_ERRORS_MAX - 1];
        }
    }
    return NULL;
}

static void note(struct yaml_errors *errors, const struct yaml_node *node, struct yaml_place place,
                 bool warning, const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

static void note(struct yaml_errors *errors, const struct yaml_node *node, struct yaml_place place,
                 bool warning, const char *format, va_list arguments)
{
    struct text text;
    struct yaml_error *item = take_item(errors, warning);
    errors->error_count += warning ? 0 : 1;
    errors->warning_count += warning ? 1 : 0;
    if (item == NULL) {
        return;
    }
    item->place = place;
    item->warning = warning;
    yaml_path(node, item->path);
    text_init(&text, item->text, sizeof(item->text));
    text_vadd(&text, format, arguments);
    /* A cut may leave half a character; messages stay UTF-8. */
    while (text.cut && text.used > 0 && !text_is_utf8(item->text, text.used)) {
        item->text[--text.used] = '\0';
    }
}

static struct yaml_place place_of(const struct yaml_node *node)
{
    return node != NULL ? node->place : (struct yaml_place){0, 0};
}

int yaml_error(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(errors, node, place_of(node), false, format, arguments);
    va_end(arguments);
    return ERR_FORMAT;
}

int yaml_error_at_key(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(errors, node, node->key != NULL ? node->key_place : node->place, false, format, arguments);
    va_end(arguments);
    return ERR_FORMAT;
}

void yaml_warning(struct yaml_errors *errors, const struct yaml_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(errors, node, place_of(node), true, format, arguments);
    va_end(arguments);
}

/* --- reading --- */

/* Nodes are built from libyaml's events, not from its documents: these have forgotten aliases and tags. */
struct open_node {
    struct yaml_node *node;
    struct yaml_node *last; /* child; NULL before the first */
    const char *key;        /* in a mapping, between a key and its value; else NULL */
    struct yaml_place key_place;
};

struct reading {
    struct arena *arena;
    struct yaml_errors *errors;
    const char *text;
    size_t size; /* bytes of text */
    struct open_node opened[YAML_DEPTH_MAX];
    size_t depth;
    size_t node_count;
    struct yaml_node *root;
    bool document_ended;
};

static struct yaml_place place_of_mark(yaml_mark_t mark)
{
    return (struct yaml_place){(int32_t)mark.line + 1, (int32_t)mark.column + 1};
}

/* Notes an error where there is no node yet. */
static int error_at(struct reading *reading, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int error_at(struct reading *reading, yaml_mark_t mark, const char *format, ...)
{
    va_list arguments;
    const struct yaml_node *node = reading->depth > 0 ? reading->opened[reading->depth - 1].node : NULL;
    va_start(arguments, format);
    note(reading->errors, node, place_of_mark(mark), false, format, arguments);
    va_end(arguments);
    return ERR_FORMAT;
}

static int no_room(struct reading *reading, yaml_mark_t mark)
{
    (void)error_at(reading, mark, "the document needs more memory than there is for it");
    return ERR_NOMEM;
}

/* Text without control characters: keys are quoted in messages and paths. */
static bool is_one_line(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return text_is_utf8(text, size);
}

static int take_key(struct reading *reading, struct open_node *open, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT) {
        return error_at(reading, event->start_mark,
                        "expected a key, which is a word and not a list or mapping");
    }
    const char *key = (const char *)event->data.scalar.value;
    const size_t size = event->data.scalar.length;
    if (size == 0 || size > YAML_KEY_BYTES_MAX || !is_one_line(key, size)) {
        return error_at(reading, event->start_mark, "expected a key of 1 to %d bytes in one line",
                        YAML_KEY_BYTES_MAX);
    }
    if (open->node->size == YAML_KEYS_MAX) {
        return error_at(reading, event->start_mark, "more than %d keys in one mapping", YAML_KEYS_MAX);
    }
    const struct yaml_node *earlier = yaml_get(open->node, key);
    if (earlier != NULL) {
        (void)error_at(reading, event->start_mark, "key '%s' is given twice, first in line %d", key,
                       (int)earlier->key_place.line);
    }
    open->key = arena_copy(reading->arena, key, size);
    open->key_place = place_of_mark(event->start_mark);
    return open->key != NULL ? 0 : no_room(reading, event->start_mark);
}

static void link_node(struct reading *reading, struct yaml_node *node)
{
    if (reading->depth == 0) {
        reading->root = node;
        return;
    }
    struct open_node *open = &reading->opened[reading->depth - 1];
    node->parent = open->node;
    node->index = open->node->size++;
    node->key = open->key;
    node->key_place = open->key_place;
    if (open->last == NULL) {
        open->node->first = node;
    } else {
        open->last->next = node;
    }
    open->last = node;
    open->key = NULL;
}

/* Anchors and tags are wrong but do not stop the reading: they change nothing we would read. */
static void refuse_marks(struct reading *reading, const yaml_event_t *event, const void *anchor,
                         const void *tag)
{
    if (anchor != NULL) {
        (void)error_at(reading, event->start_mark, "anchors (&) and aliases (*) are not used here");
    }
    if (tag != NULL) {
        (void)error_at(reading, event->start_mark, "tags (!) are not used here");
    }
}

static int take_node(struct reading *reading, const yaml_event_t *event, enum yaml_kind kind)
{
    struct open_node *open = reading->depth > 0 ? &reading->opened[reading->depth - 1] : NULL;
    if (open != NULL && open->node->kind == YAML_KIND_MAPPING && open->key == NULL) {
        return take_key(reading, open, event);
    }
    if (reading->node_count == YAML_NODES_MAX) {
        return error_at(reading, event->start_mark, "more than %d values", YAML_NODES_MAX);
    }
    if (kind != YAML_KIND_SCALAR && reading->depth == YAML_DEPTH_MAX) {
        return error_at(reading, event->start_mark, "nested deeper than %d", YAML_DEPTH_MAX);
    }
    struct yaml_node *node = arena_alloc(reading->arena, 1, sizeof(*node));
    if (node == NULL) {
        return no_room(reading, event->start_mark);
    }
    node->kind = kind;
    node->place = place_of_mark(event->start_mark);
    if (kind == YAML_KIND_SCALAR) {
        const char *text = (const char *)event->data.scalar.value;
        if (!text_is_utf8(text, event->data.scalar.length)) {
            return error_at(reading, event->start_mark, "expected text, found characters that are none");
        }
        node->size = (uint32_t)event->data.scalar.length;
        node->text = arena_copy(reading->arena, text, node->size);
        if (node->text == NULL) {
            return no_room(reading, event->start_mark);
        }
    }
    reading->node_count++;
    link_node(reading, node);
    if (kind != YAML_KIND_SCALAR) {
        reading->opened[reading->depth++] = (struct open_node){.node = node};
    }
    return 0;
}

static int take_document_start(struct reading *reading, const yaml_event_t *event)
{
    if (reading->document_ended) {
        return error_at(reading, event->start_mark, "a second document starts here; there may be one only");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
        return error_at(reading, event->start_mark, "directives (%%) are not used here");
    }
    return 0;
}

static int take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return 0;
    case YAML_DOCUMENT_START_EVENT:
        return take_document_start(reading, event);
    case YAML_DOCUMENT_END_EVENT:
        reading->document_ended = true;
        return 0;
    case YAML_ALIAS_EVENT:
        return error_at(reading, event->start_mark, "anchors (&) and aliases (*) are not used here");
    case YAML_SCALAR_EVENT:
        refuse_marks(reading, event, event->data.scalar.anchor, event->data.scalar.tag);
        return take_node(reading, event, YAML_KIND_SCALAR);
    case YAML_SEQUENCE_START_EVENT:
        refuse_marks(reading, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        return take_node(reading, event, YAML_KIND_LIST);
    case YAML_MAPPING_START_EVENT:
        refuse_marks(reading, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return take_node(reading, event, YAML_KIND_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        CHECK(reading->depth > 0);
        reading->depth--;
        return 0;
    }
    return 0;
}

/* What libyaml could not read at all. */
static int parser_error(struct reading *reading, const yaml_parser_t *parser)
{
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_MEMORY_ERROR) {
        return no_room(reading, parser->mark);
    }
    if (parser->error == YAML_READER_ERROR) {
        /* Bytes that are no text have an offset only. */
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && i < reading->size; i++) {
            const bool line_ends = reading->text[i] == '\n';
            const bool continues = ((unsigned char)reading->text[i] & 0xc0) == 0x80;
            mark.line += line_ends ? 1 : 0;
            mark.column = line_ends ? 0 : mark.column + (continues ? 0 : 1);
        }
    }
    return error_at(reading, mark, "not YAML: %s",
                    parser->problem != NULL ? parser->problem : "it cannot be read");
}

static int read_events(struct reading *reading, yaml_parser_t *parser)
{
    bool ended = false;
    int result = 0;
    while (!ended && result == 0) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return parser_error(reading, parser);
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        result = take_event(reading, &event);
        yaml_event_delete(&event);
    }
    return result;
}

int yaml_parse(const char *text, size_t size, struct arena *arena, struct yaml_errors *errors,
               const struct yaml_node **ret_root)
{
    struct reading reading = {.arena = arena, .errors = errors, .text = text, .size = size};
    yaml_parser_t parser;
    const size_t errors_before = errors->error_count;
    CHECK(text != NULL || size == 0);
    if (size > YAML_BYTES_MAX) {
        return yaml_error(errors, NULL, "larger than %d bytes", YAML_BYTES_MAX);
    }
    if (!yaml_parser_initialize(&parser)) {
        (void)yaml_error(errors, NULL, "no memory to read it");
        return ERR_NOMEM;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(size > 0 ? text : ""), size);
    int result = read_events(&reading, &parser);
    yaml_parser_delete(&parser);
    if (result == 0 && reading.root == NULL) {
        result = yaml_error(errors, NULL, "there is nothing in it");
    }
    if (result == 0 && errors->error_count > errors_before) {
        result = ERR_FORMAT;
    }
    if (reading.root != NULL && reading.document_ended) {
        *ret_root = reading.root;
    }
    return result;
}

/* --- looking around --- */

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != YAML_KIND_MAPPING) {
        return NULL;
    }
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

const struct yaml_node *yaml_get_any(const struct yaml_node *mapping, const char *const *keys,
                                     const struct yaml_node *after)
{
    if (mapping == NULL || mapping->kind != YAML_KIND_MAPPING) {
        return NULL;
    }
    const struct yaml_node *child = after != NULL ? after->next : mapping->first;
    for (; child != NULL; child = child->next) {
        for (size_t i = 0; keys[i] != NULL; i++) {
            if (strcmp(child->key, keys[i]) == 0) {
                return child;
            }
        }
    }
    return NULL;
}

bool yaml_is_text(const struct yaml_node *node, const char *text)
{
    return node != NULL && node->kind == YAML_KIND_SCALAR && strcmp(node->text, text) == 0;
}
