#include "yaml/bind.h"

#include "base/check.h"

#include <string.h>

/* Bounds of a table that do not fit its field would cut a value in silence; that is a bug of ours. */
static void check_fits(const struct yaml_field *field, int64_t min, int64_t max)
{
    const unsigned bits = (unsigned)field->size * 8;
    CHECK(field->size == 1 || field->size == 2 || field->size == 4 || field->size == 8);
    CHECK(min <= max);
    if (bits < 64) {
        CHECK(min >= -((int64_t)1 << (bits - 1)));
        CHECK(max < (int64_t)1 << (min < 0 ? bits - 1 : bits));
    }
}

static void store_integer(const struct yaml_field *field, int64_t value, void *to)
{
    const int8_t value8 = (int8_t)value;
    const int16_t value16 = (int16_t)value;
    const int32_t value32 = (int32_t)value;
    const void *from = field->size == 1   ? (const void *)&value8
                       : field->size == 2 ? (const void *)&value16
                       : field->size == 4 ? (const void *)&value32
                                          : (const void *)&value;
    memcpy(to, from, field->size);
}

static void store_pointer(const struct yaml_field *field, const void *pointer, void *to)
{
    CHECK(field->size == sizeof(pointer));
    memcpy(to, &pointer, sizeof(pointer));
}

static int no_room(struct yaml_binder *binder, const struct yaml_node *node)
{
    (void)yaml_error(binder->errors, node, "the document needs more memory than there is for it");
    return ERR_NOMEM;
}

/* Of two results the one to report: out of memory before wrong before fine. */
static int worse(int a, int b)
{
    return a == ERR_NOMEM || b == 0 ? a : b;
}

static int bind_decimal(struct yaml_binder *binder, const struct yaml_node *node,
                        const struct yaml_field *field, int digits, void *to)
{
    int64_t value;
    check_fits(field, field->min, field->max);
    const int result = yaml_read_decimal(binder->errors, node, digits, field->min, field->max, &value);
    if (result == 0) {
        store_integer(field, value, to);
    }
    return result;
}

static int bind_boolean(struct yaml_binder *binder, const struct yaml_node *node,
                        const struct yaml_field *field, void *to)
{
    bool value;
    CHECK(field->size == sizeof(value));
    const int result = yaml_read_boolean(binder->errors, node, &value);
    if (result == 0) {
        memcpy(to, &value, sizeof(value));
    }
    return result;
}

static int bind_date(struct yaml_binder *binder, const struct yaml_node *node, const struct yaml_field *field,
                     void *to)
{
    int32_t day;
    CHECK(field->size == sizeof(day));
    const int result = yaml_read_date(binder->errors, node, &day);
    if (result == 0) {
        memcpy(to, &day, sizeof(day));
    }
    return result;
}

static int bind_time(struct yaml_binder *binder, const struct yaml_node *node, const struct yaml_field *field,
                     bool midnight_ends, void *to)
{
    int32_t minute;
    check_fits(field, 0, 1440);
    const int result = yaml_read_time(binder->errors, node, midnight_ends, &minute);
    if (result == 0) {
        store_integer(field, minute, to);
    }
    return result;
}

/* Where a text lives that a bound pointer will point at; NULL when the arena is full. */
static const char *keep_text(struct yaml_binder *binder, const char *text)
{
    return binder->copy_texts ? arena_copy(binder->arena, text, strlen(text)) : text;
}

static int read_string(struct yaml_binder *binder, const struct yaml_node *node, bool is_id, int64_t min,
                       int64_t max, const char **ret_text)
{
    CHECK(max > 0);
    CHECK(min >= 0);
    return is_id ? yaml_read_id(binder->errors, node, (size_t)max, ret_text)
                 : yaml_read_text(binder->errors, node, min > 0 ? (size_t)min : 1, (size_t)max, ret_text);
}

static int bind_string(struct yaml_binder *binder, const struct yaml_node *node,
                       const struct yaml_field *field, void *to)
{
    const char *text;
    const int result = read_string(binder, node, field->type == YAML_ID, field->min, field->max, &text);
    if (result < 0) {
        return result;
    }
    if (field->array) {
        CHECK((size_t)field->max < field->size);
        memcpy(to, text, strlen(text) + 1);
        return 0;
    }
    text = keep_text(binder, text);
    if (text == NULL) {
        return no_room(binder, node);
    }
    store_pointer(field, text, to);
    return 0;
}

static int bind_name(struct yaml_binder *binder, const struct yaml_node *node, const struct yaml_field *field,
                     void *to)
{
    unsigned index;
    const int result = yaml_read_name(binder->errors, node, field->names, &index);
    if (result == 0) {
        check_fits(field, 0, index);
        store_integer(field, index, to);
    }
    return result;
}

static int bind_names(struct yaml_binder *binder, const struct yaml_node *node,
                      const struct yaml_field *field, void *to)
{
    uint64_t bits = 0;
    int result = yaml_check_list(binder->errors, node, 1, YAML_NAMES_MAX);
    if (result < 0) {
        return result;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        unsigned index;
        const int read = yaml_read_name(binder->errors, item, field->names, &index);
        if (read < 0) {
            result = read;
            continue;
        }
        CHECK(index < YAML_NAMES_MAX);
        if ((bits >> index & 1) != 0) {
            result = yaml_error(binder->errors, item, "'%s' is given twice", item->text);
        }
        bits |= (uint64_t)1 << index;
    }
    if (result == 0) {
        check_fits(field, 0, (int64_t)bits);
        store_integer(field, (int64_t)bits, to);
    }
    return result;
}

static void store_count(const struct yaml_field *field, size_t count, uint8_t *base)
{
    CHECK(field->count > 0);
    memcpy(base + field->count - 1, &count, sizeof(count));
}

static int check_children(struct yaml_binder *binder, const struct yaml_node *node,
                          const struct yaml_field *field)
{
    CHECK(field->min >= 0);
    CHECK(field->max > 0);
    if (field->type != YAML_STRUCT_MAP) {
        return yaml_check_list(binder->errors, node, (size_t)field->min, (size_t)field->max);
    }
    if (node->kind != YAML_KIND_MAPPING) {
        return yaml_error(binder->errors, node, "expected keys with values");
    }
    if (node->size < (size_t)field->min || node->size > (size_t)field->max) {
        return yaml_error(binder->errors, node, "expected %lld to %lld keys, found %u", (long long)field->min,
                          (long long)field->max, node->size);
    }
    return 0;
}

/* The key of a mapping's entry goes into the struct made of its value. */
static int bind_key(struct yaml_binder *binder, const struct yaml_node *node, const struct yaml_field *field,
                    uint8_t *item)
{
    const struct yaml_table *table = field->table;
    const struct yaml_node key = {
        .kind = YAML_KIND_SCALAR,
        .place = node->key_place,
        .key = node->key,
        .text = node->key,
        .size = (uint32_t)strlen(node->key),
        .parent = node->parent,
    };
    const char *text;
    CHECK(table->key > 0);
    const int result = read_string(binder, &key, field->ids, 1, (int64_t)table->key_bytes_max, &text);
    if (result < 0) {
        return result;
    }
    text = keep_text(binder, text);
    if (text == NULL) {
        return no_room(binder, node);
    }
    memcpy(item + table->key - 1, &text, sizeof(text));
    return 0;
}

/* Structs hold structs: from here on functions call each other, no deeper than YAML_DEPTH_MAX times. */
/* NOLINTBEGIN(misc-no-recursion) */

static int bind_structs(struct yaml_binder *binder, const struct yaml_node *node,
                        const struct yaml_field *field, uint8_t *base)
{
    const struct yaml_table *table = field->table;
    int result = check_children(binder, node, field);
    if (result < 0) {
        return result;
    }
    uint8_t *items = arena_alloc(binder->arena, node->size, table->size);
    if (items == NULL) {
        return no_room(binder, node);
    }
    for (const struct yaml_node *child = node->first; child != NULL && result != ERR_NOMEM;
         child = child->next) {
        uint8_t *item = items + child->index * table->size;
        result = worse(result, yaml_bind(binder, child, table, item));
        if (field->type == YAML_STRUCT_MAP) {
            result = worse(result, bind_key(binder, child, field, item));
        }
    }
    store_pointer(field, items, base + field->offset);
    store_count(field, node->size, base);
    return result;
}

static int bind_texts(struct yaml_binder *binder, const struct yaml_node *node,
                      const struct yaml_field *field, uint8_t *base)
{
    int result = check_children(binder, node, field);
    if (result < 0) {
        return result;
    }
    const char **items = arena_alloc(binder->arena, node->size, sizeof(*items));
    if (items == NULL) {
        return no_room(binder, node);
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        const char *text;
        const int read = read_string(binder, child, field->ids, 1, field->bytes_max, &text);
        if (read < 0) {
            result = read;
            continue;
        }
        items[child->index] = keep_text(binder, text);
        if (items[child->index] == NULL) {
            return no_room(binder, child);
        }
    }
    if (result == 0) {
        store_pointer(field, items, base + field->offset);
        store_count(field, node->size, base);
    }
    return result;
}

static int bind_field(struct yaml_binder *binder, const struct yaml_node *node,
                      const struct yaml_field *field, uint8_t *base)
{
    void *to = base + field->offset;
    switch (field->type) {
    case YAML_INTEGER:
        return bind_decimal(binder, node, field, 0, to);
    case YAML_DECIMAL:
        return bind_decimal(binder, node, field, field->digits, to);
    case YAML_MONEY:
        return bind_decimal(binder, node, field, binder->money_digits, to);
    case YAML_POINTS:
        return bind_decimal(binder, node, field, binder->points_digits, to);
    case YAML_BOOLEAN:
        return bind_boolean(binder, node, field, to);
    case YAML_DATE:
        return bind_date(binder, node, field, to);
    case YAML_TIME:
        return bind_time(binder, node, field, false, to);
    case YAML_TIME_END:
        return bind_time(binder, node, field, true, to);
    case YAML_ID:
    case YAML_TEXT:
        return bind_string(binder, node, field, to);
    case YAML_NAME:
        return bind_name(binder, node, field, to);
    case YAML_NAMES:
        return bind_names(binder, node, field, to);
    case YAML_STRUCT:
        CHECK(field->size == field->table->size);
        return yaml_bind(binder, node, field->table, to);
    case YAML_STRUCT_LIST:
    case YAML_STRUCT_MAP:
        return bind_structs(binder, node, field, base);
    case YAML_TEXT_LIST:
        return bind_texts(binder, node, field, base);
    case YAML_CUSTOM:
        return field->read(binder, node, to);
    case YAML_NODE:
        store_pointer(field, node, to);
        return 0;
    }
    return 0;
}

/* What a field holds when its key is missing. The struct is all zero already. */
static void set_fallback(const struct yaml_field *field, uint8_t *base)
{
    const struct yaml_table *table = field->table;
    if (field->type == YAML_STRUCT) {
        for (size_t i = 0; i < table->field_count; i++) {
            set_fallback(&table->fields[i], base + field->offset);
        }
    } else if (field->fallback != 0) {
        check_fits(field, field->fallback, field->fallback);
        store_integer(field, field->fallback, base + field->offset);
    }
}

static int bind_fields(struct yaml_binder *binder, const struct yaml_node *mapping,
                       const struct yaml_table *table, uint8_t *base)
{
    static const bool yes = true;
    int result = 0;
    for (size_t i = 0; i < table->field_count && result != ERR_NOMEM; i++) {
        const struct yaml_field *field = &table->fields[i];
        const struct yaml_node *node = yaml_get(mapping, field->key);
        set_fallback(field, base);
        if (node == NULL) {
            if (field->required) {
                result = yaml_error(binder->errors, mapping, "key '%s' is missing", field->key);
            }
            continue;
        }
        if (field->present > 0) {
            memcpy(base + field->present - 1, &yes, sizeof(yes));
        }
        result = worse(result, bind_field(binder, node, field, base));
    }
    return result;
}

static int check_keys(struct yaml_binder *binder, const struct yaml_node *mapping,
                      const struct yaml_table *table)
{
    const char *keys[YAML_FIELDS_MAX + 1];
    CHECK(table->field_count <= YAML_FIELDS_MAX);
    for (size_t i = 0; i < table->field_count; i++) {
        keys[i] = table->fields[i].key;
    }
    keys[table->field_count] = NULL;
    return yaml_check_keys(binder->errors, mapping, keys);
}

int yaml_bind(struct yaml_binder *binder, const struct yaml_node *mapping, const struct yaml_table *table,
              void *ret_struct)
{
    uint8_t *base = ret_struct;
    memset(base, 0, table->size);
    if (table->place > 0) {
        memcpy(base + table->place - 1, &mapping->place, sizeof(mapping->place));
    }
    if (table->node > 0) {
        const void *node = mapping;
        memcpy(base + table->node - 1, &node, sizeof(node));
    }
    int result = check_keys(binder, mapping, table);
    if (mapping->kind != YAML_KIND_MAPPING) {
        return result;
    }
    result = worse(result, bind_fields(binder, mapping, table, base));
    if (result == 0 && table->check != NULL) {
        result = table->check(binder, mapping, base);
    }
    return result;
}

/* NOLINTEND(misc-no-recursion) */

int yaml_load(const char *text, size_t size, struct yaml_binder *binder, const struct yaml_table *table,
              void *ret_struct)
{
    const struct yaml_node *root = NULL;
    const int parsed = yaml_parse(text, size, binder->arena, binder->errors, &root);
    return root == NULL ? parsed : worse(parsed, yaml_bind(binder, root, table, ret_struct));
}
