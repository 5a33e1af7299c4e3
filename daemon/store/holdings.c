#include "store/holdings.h"

#include "base/check.h"
#include "model/programme.h"

#include <assert.h>
#include <stdbool.h>

enum column { KEY1, KEY2, AMOUNT, LEFT, SINCE, UNTIL, DUE };

static_assert((int)DUE + 1 == (int)HOLDINGS_COLUMNS, "every column of a row");

#define HAS(text, column) (sizeof(text) > 1 ? 1U << (column) : 0U)

/* Those of a member's own row are columns of the table. */
enum { MEMBER_COLUMNS = 1 << SINCE | 1 << UNTIL | 1 << DUE };

static const struct {
    const char *name;
    uint32_t columns; /* that are packed: a bit each */
} KINDS[HOLDING_KINDS] = {
#define HOLDING(name, number, key1, key2, amount, left, since, until, due)                                   \
    [number] = {#name, ((number) == HOLDING_MEMBER ? (uint32_t)MEMBER_COLUMNS : UINT32_MAX) &                \
                           (HAS(key1, KEY1) | HAS(key2, KEY2) | HAS(amount, AMOUNT) | HAS(left, LEFT) |      \
                            HAS(since, SINCE) | HAS(until, UNTIL) | HAS(due, DUE))},
#include "model/holding.def"
#undef HOLDING
};

struct columns {
    int64_t of[HOLDINGS_COLUMNS];
};

static void take_row(const struct holding_row *row, struct columns *ret_columns)
{
    *ret_columns =
        (struct columns){{row->key1, row->key2, row->amount, row->left, row->since, row->until, row->due}};
}

static size_t put_varint(uint8_t *to, uint64_t value)
{
    size_t size = 0;
    while (value > 0x7f) {
        to[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    to[size++] = (uint8_t)value;
    return size;
}

static int take_long_varint(struct bytes *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && i < rest->size; i++) {
        const uint8_t byte = rest->data[i];
        if (i == 9 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = (struct bytes){rest->data + i + 1, rest->size - i - 1};
            *ret_value = value;
            return byte == 0 && i > 0 ? ERR_CORRUPT : 0;
        }
    }
    return ERR_CORRUPT;
}

/* Most take a byte or two. */
static inline int take_varint(struct bytes *rest, uint64_t *ret_value)
{
    const uint8_t *data = rest->data;
    if (rest->size >= 1 && data[0] < 0x80) {
        *ret_value = data[0];
        *rest = (struct bytes){data + 1, rest->size - 1};
        return 0;
    }
    if (rest->size >= 2 && data[1] < 0x80 && data[1] > 0) {
        *ret_value = (uint64_t)(data[0] & 0x7f) | (uint64_t)data[1] << 7;
        *rest = (struct bytes){data + 2, rest->size - 2};
        return 0;
    }
    return take_long_varint(rest, ret_value);
}

size_t holdings_pack(const struct member_state *state, uint8_t *ret_bytes)
{
    struct holding_cursor cursor = {0};
    struct holding_row row;
    struct columns before = {{0}};
    uint32_t kind = HOLDING_KINDS;
    size_t size = 0;
    while (holding_next(state, &cursor, &row)) {
        if (row.kind == HOLDING_BALANCE) {
            continue;
        }
        CHECK(size <= HOLDINGS_BYTES_MAX - HOLDINGS_ROW_BYTES_MAX);
        if (row.kind != kind) {
            before = (struct columns){{0}};
            kind = row.kind;
        }
        struct columns now;
        take_row(&row, &now);
        ret_bytes[size++] = (uint8_t)kind;
        for (uint32_t columns = KINDS[kind].columns; columns != 0; columns &= columns - 1) {
            const int i = __builtin_ctz(columns);
            const uint64_t more = (uint64_t)now.of[i] - (uint64_t)before.of[i];
            size += put_varint(ret_bytes + size, more << 1 ^ -(more >> 63));
        }
        before = now;
    }
    return size;
}

/* Goes through packed rows. */
struct reader {
    struct bytes rest;
    uint32_t kind; /* of the row before; HOLDING_KINDS: none */
    struct columns before;
};

static const struct columns NONE = {{[UNTIL] = DAY_NEVER}};

/* Ascending, and nothing that would not have been written. */
static bool may_follow(const struct reader *reader, const struct holding_row *row)
{
    if (row->kind == reader->kind) {
        const int64_t key1 = reader->before.of[KEY1];
        return row->key1 > key1 || (row->key1 == key1 && row->key2 > reader->before.of[KEY2]);
    }
    return reader->kind == HOLDING_KINDS ? row->kind == HOLDING_MEMBER : row->kind > reader->kind;
}

/* 1: a row; 0: there is none any more; ERR_CORRUPT. */
static int next_row(struct reader *reader, struct holding_row *ret_row)
{
    if (reader->rest.size == 0) {
        return reader->kind == HOLDING_KINDS ? ERR_CORRUPT : 0;
    }
    const uint32_t kind = reader->rest.data[0];
    if (kind >= HOLDING_KINDS || kind == HOLDING_BALANCE) {
        return ERR_CORRUPT;
    }
    const uint64_t known = kind == reader->kind ? UINT64_MAX : 0;
    struct bytes rest = {reader->rest.data + 1, reader->rest.size - 1};
    struct columns now = NONE;
    for (uint32_t columns = KINDS[kind].columns; columns != 0; columns &= columns - 1) {
        const int i = __builtin_ctz(columns);
        uint64_t value = 0;
        if (take_varint(&rest, &value) != 0) {
            return ERR_CORRUPT;
        }
        const uint64_t more = value >> 1 ^ -(value & 1);
        now.of[i] = (int64_t)(more + (known & (uint64_t)reader->before.of[i]));
    }
    reader->rest = rest;
    const struct holding_row row = {
        .kind = (enum holding_kind)kind,
        .key1 = now.of[KEY1],
        .key2 = now.of[KEY2],
        .amount = now.of[AMOUNT],
        .left = now.of[LEFT],
        .since = now.of[SINCE],
        .until = now.of[UNTIL],
        .due = now.of[DUE],
    };
    if (!may_follow(reader, &row)) {
        return ERR_CORRUPT;
    }
    reader->kind = kind;
    reader->before = now;
    *ret_row = row;
    return 1;
}

/* Kinds whose rows are not there when their amount is 0. */
static bool is_nothing(const struct holding_row *row)
{
    switch (row->kind) {
    case HOLDING_METRIC:
    case HOLDING_LEVEL:
    case HOLDING_LIMIT:
    case HOLDING_RESERVED:
    case HOLDING_HELD:
    case HOLDING_FLOOR:
    case HOLDING_ITEM:
    case HOLDING_MERGED:
    case HOLDING_HOUSEHOLD:
        return row->amount == 0;
    case HOLDING_MEMBER:
    case HOLDING_LOT:
    case HOLDING_STAMPS:
    case HOLDING_BALANCE:
    case HOLDING_VOUCHER:
    case HOLDING_CODE:
    case HOLDING_LEVEL_DAY:
    case HOLDING_RESERVATION:
    case HOLDING_KINDS:
        break;
    }
    return false;
}

int holdings_unpack(struct bytes packed, struct member_state *state)
{
    struct reader reader = {.rest = packed, .kind = HOLDING_KINDS};
    struct holding_row row;
    int found = next_row(&reader, &row);
    while (found > 0) {
        if (is_nothing(&row) || !holding_add(state, &row)) {
            return ERR_CORRUPT;
        }
        found = next_row(&reader, &row);
    }
    return found == 0 && !holdings_complete(state) ? ERR_CORRUPT : found;
}

static void describe_row(const struct holding_row *row, struct text *text)
{
    text_add(text, "%s", KINDS[row->kind].name);
    if ((KINDS[row->kind].columns & 1U << KEY1) != 0) {
        text_add(text, " %lld", (long long)row->key1);
    }
    if ((KINDS[row->kind].columns & 1U << KEY2) != 0) {
        text_add(text, "/%lld", (long long)row->key2);
    }
}

/* Of two rows of a kind and a key. */
static bool describe_column(const struct holding_row *stored, const struct holding_row *replayed,
                            struct text *text)
{
    static const char *const names[] = {"key1", "key2", "amount", "left", "since", "until", "due"};
    struct columns is;
    struct columns shall;
    take_row(stored, &is);
    take_row(replayed, &shall);
    for (size_t i = AMOUNT; i < HOLDINGS_COLUMNS; i++) {
        if (is.of[i] != shall.of[i]) {
            describe_row(stored, text);
            text_add(text, ", %s is %lld, the log gives %lld", names[i], (long long)is.of[i],
                     (long long)shall.of[i]);
            return true;
        }
    }
    return false;
}

/* Below 0: the first comes before the other. */
static int compare_rows(const struct holding_row *a, const struct holding_row *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->key1 != b->key1) {
        return a->key1 < b->key1 ? -1 : 1;
    }
    return (a->key2 > b->key2) - (a->key2 < b->key2);
}

void holdings_describe(struct bytes stored, struct bytes replayed, struct text *text)
{
    struct reader is = {.rest = stored, .kind = HOLDING_KINDS};
    struct reader shall = {.rest = replayed, .kind = HOLDING_KINDS};
    struct holding_row is_row;
    struct holding_row shall_row;
    for (;;) {
        const int has = next_row(&is, &is_row);
        const int needs = next_row(&shall, &shall_row);
        if (has < 0 || needs < 0 || (has == 0 && needs == 0)) {
            text_add(text, "they cannot be read");
            return;
        }
        const int order = has == 0 ? 1 : needs == 0 ? -1 : compare_rows(&is_row, &shall_row);
        if (order != 0) {
            describe_row(order < 0 ? &is_row : &shall_row, text);
            text_add(text, order < 0 ? " should not be there" : " is missing");
            return;
        }
        if (describe_column(&is_row, &shall_row, text)) {
            return;
        }
    }
}
