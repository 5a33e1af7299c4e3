/* Baskets: from what stands on a command line or in a file to the purchase that is signed. */
#include "client/till.h"

#include "base/text.h"
#include "client/amount.h"
#include "model/day.h"

#include <stdarg.h>
#include <string.h>

static int complain(char text[TILL_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(char text[TILL_TEXT_BYTES], const char *format, ...)
{
    struct text writer;
    va_list arguments;
    va_start(arguments, format);
    text_init(&writer, text, TILL_TEXT_BYTES);
    text_vadd(&writer, format, arguments);
    va_end(arguments);
    return ERR_FORMAT;
}

int basket_init(struct basket *basket, struct arena *arena)
{
    *basket = (struct basket){.event = {.kind = EVENT_PURCHASE}};
    basket->lines = arena_alloc(arena, LINES_MAX, sizeof(*basket->lines));
    basket->tenders = arena_alloc(arena, TENDERS_MAX, sizeof(*basket->tenders));
    basket->codes = arena_alloc(arena, CODES_MAX, sizeof(*basket->codes));
    if (basket->lines == NULL || basket->tenders == NULL || basket->codes == NULL) {
        return ERR_NOMEM;
    }
    basket->event.purchase.lines = basket->lines;
    basket->event.purchase.tenders = basket->tenders;
    basket->event.purchase.codes = basket->codes;
    return 0;
}

/* The next field of a list parted by commas; false when there is none. */
static bool next_field(const char **cursor, struct bytes *ret_field)
{
    if (*cursor == NULL) {
        return false;
    }
    const char *comma = strchr(*cursor, ',');
    const size_t size = comma != NULL ? (size_t)(comma - *cursor) : strlen(*cursor);
    *ret_field = (struct bytes){.data = (const uint8_t *)*cursor, .size = size};
    *cursor = comma != NULL ? comma + 1 : NULL;
    return true;
}

/* An optional name of at most `most` bytes: NULL when the field is empty. */
static int take_name(struct arena *arena, struct bytes field, size_t most, const char *what,
                     const char **ret_name, char ret_text[TILL_TEXT_BYTES])
{
    *ret_name = NULL;
    if (field.size == 0) {
        return 0;
    }
    if (field.size > most || !text_is_utf8((const char *)field.data, field.size)) {
        return complain(ret_text, "the %s '%.*s' is longer than %zu bytes or no UTF-8", what, (int)field.size,
                        (const char *)field.data, most);
    }
    *ret_name = arena_copy(arena, field.data, field.size);
    return *ret_name != NULL ? 0 : ERR_NOMEM;
}

static int take_labels(struct arena *arena, const char *cursor, struct line *line,
                       char ret_text[TILL_TEXT_BYTES])
{
    struct bytes field;
    const char **labels = arena_alloc(arena, LABELS_MAX, sizeof(*labels));
    if (labels == NULL) {
        return ERR_NOMEM;
    }
    while (next_field(&cursor, &field)) {
        const char *label = NULL;
        const int error = take_name(arena, field, ID_BYTES_MAX, "label", &label, ret_text);
        if (error != 0) {
            return error;
        }
        if (label == NULL) {
            continue;
        }
        if (line->labels_count == LABELS_MAX) {
            return complain(ret_text, "a line has at most %d labels", LABELS_MAX);
        }
        labels[line->labels_count++] = label;
    }
    line->labels = labels;
    return 0;
}

int basket_add_line(struct basket *basket, struct arena *arena, const char *text, int digits,
                    char ret_text[TILL_TEXT_BYTES])
{
    struct bytes fields[4] = {0};
    const char *cursor = text;
    for (size_t i = 0; i < 4; i++) {
        if (!next_field(&cursor, &fields[i])) {
            return complain(ret_text, "'%s' is not SKU,CATEGORY,QUANTITY,GROSS[,label...]", text);
        }
    }
    if (basket->event.purchase.lines_count == LINES_MAX) {
        return complain(ret_text, "a basket has at most %d lines", LINES_MAX);
    }
    struct line line = {0};
    int error = take_name(arena, fields[0], SKU_BYTES_MAX, "SKU", &line.sku, ret_text);
    if (error == 0) {
        error = take_name(arena, fields[1], ID_BYTES_MAX, "category", &line.category, ret_text);
    }
    if (error == 0) {
        error = take_labels(arena, cursor, &line, ret_text);
    }
    if (error != 0) {
        return error;
    }
    const char *quantity = (const char *)fields[2].data;
    const char *gross = (const char *)fields[3].data;
    if (quantity_parse(quantity, fields[2].size, &line.quantity, &line.weighed) != 0) {
        return complain(ret_text, "'%.*s' is not a quantity such as 2 or 1.250", (int)fields[2].size,
                        quantity);
    }
    if (amount_parse(gross, fields[3].size, digits, AMOUNT_MAX, &line.gross) != 0) {
        return complain(ret_text, "'%.*s' is not an amount with %d decimals", (int)fields[3].size, gross,
                        digits);
    }
    basket->lines[basket->event.purchase.lines_count++] = line;
    basket->total += line.gross; /* LINES_MAX * AMOUNT_MAX is far from the ends of int64 */
    return 0;
}

int basket_add_tender(struct basket *basket, const char *text, int digits, char ret_text[TILL_TEXT_BYTES])
{
    static const char *const names[] = {
        [TENDER_CASH] = "cash",       [TENDER_CARD] = "card",     [TENDER_GIFT_CARD] = "gift_card",
        [TENDER_VOUCHER] = "voucher", [TENDER_POINTS] = "points", [TENDER_OTHER] = "other"};
    const char *equals = strchr(text, '=');
    struct tender tender = {0};
    if (basket->event.purchase.tenders_count == TENDERS_MAX) {
        return complain(ret_text, "a purchase has at most %d tenders", TENDERS_MAX);
    }
    for (size_t i = 0; equals != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        const size_t size = (size_t)(equals - text);
        if (strlen(names[i]) == size && strncmp(text, names[i], size) == 0) {
            tender.kind = (enum tender_kind)i;
            if (amount_parse(equals + 1, strlen(equals + 1), digits, AMOUNT_MAX, &tender.amount) != 0) {
                return complain(ret_text, "'%s' is not an amount with %d decimals", equals + 1, digits);
            }
            basket->tenders[basket->event.purchase.tenders_count++] = tender;
            return 0;
        }
    }
    return complain(ret_text, "'%s' is not KIND=AMOUNT with cash, card, gift_card, voucher, points or other",
                    text);
}

void till_receipt_name(const struct till *till, const struct receipt *receipt,
                       char ret_name[OUTBOX_RECEIPT_BYTES_MAX + 1])
{
    char day[DAY_TEXT_BYTES];
    struct text name;
    day_format(receipt->business_date, day);
    text_init(&name, ret_name, OUTBOX_RECEIPT_BYTES_MAX + 1);
    text_add(&name, "%s/%s/%s/%s", receipt->store != NULL ? receipt->store : till->store, day,
             receipt->till != NULL ? receipt->till : till->label, receipt->number);
}
