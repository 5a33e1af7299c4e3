/* loyalty-till purchase --from FILE: a day of receipts. Groups of them are signed and synced together, then
 * sent; so a file of thousands is played at the daemon's pace and may be interrupted anywhere. With --pace
 * one after the other, as at a counter. */
#include "base/text.h"
#include "client/clock.h"
#include "client/till.h"
#include "model/day.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, LINE_BYTES_MAX = 1024 };

enum column { RECEIPT, TIME, CARD, SKU, CATEGORY, QUANTITY, GROSS, LABELS };

static const char header[] = "receipt,time,card,sku,category,quantity,gross,labels";

struct file {
    FILE *stream;
    const char *path;
    unsigned number; /* of the line at hand, from 1 */
    char line[LINE_BYTES_MAX];
    const char *columns[COLUMNS]; /* of the line at hand */
    bool at_end;
};

static int complain(const struct file *file, const char *text)
{
    till_complain("%s:%u: %s", file->path, file->number, text);
    return TILL_EXIT_ERROR;
}

/* Splits the line at hand in place at its commas; the last column takes what is left. */
static int split(struct file *file)
{
    char *cursor = file->line;
    for (int i = 0; i < COLUMNS; i++) {
        file->columns[i] = cursor;
        char *comma = i < COLUMNS - 1 ? strchr(cursor, ',') : NULL;
        if (comma != NULL) {
            *comma = '\0';
            cursor = comma + 1;
        } else if (i < LABELS - 1) {
            return complain(file,
                            "a line has the columns receipt,time,card,sku,category,quantity,gross,labels");
        } else {
            cursor += strlen(cursor); /* labels may be missing */
        }
    }
    return TILL_EXIT_OK;
}

/* The next line that is neither empty nor a comment ("# ..."). */
static int read_line(struct file *file)
{
    do {
        if (fgets(file->line, sizeof(file->line), file->stream) == NULL) {
            file->at_end = true;
            return ferror(file->stream) != 0 ? complain(file, strerror(errno)) : TILL_EXIT_OK;
        }
        file->number++;
        const size_t size = strcspn(file->line, "\r\n");
        if (file->line[size] == '\0' && size == sizeof(file->line) - 1) {
            return complain(file, "the line is too long");
        }
        file->line[size] = '\0';
    } while (file->line[0] == '\0' || file->line[0] == '#');
    return TILL_EXIT_OK;
}

static int open_file(struct file *file, const char *path)
{
    *file = (struct file){.path = path};
    file->stream = fopen(path, "re");
    if (file->stream == NULL) {
        till_complain("%s: %s", path, strerror(errno));
        return TILL_EXIT_ERROR;
    }
    int status = read_line(file);
    if (status == TILL_EXIT_OK && (file->at_end || strcmp(file->line, header) != 0)) {
        till_complain("%s:%u: the first line must be %s", path, file->number, header);
        status = TILL_EXIT_ERROR;
    }
    if (status == TILL_EXIT_OK) {
        status = read_line(file);
    }
    if (status == TILL_EXIT_OK && !file->at_end) {
        status = split(file);
    }
    return status;
}

static int add_line(struct till *till, const struct file *file, struct basket *basket)
{
    char line[2 * LINE_BYTES_MAX];
    char why[TILL_TEXT_BYTES] = "out of memory";
    struct text text;
    text_init(&text, line, sizeof(line));
    text_add(&text, "%s,%s,%s,%s,%s", file->columns[SKU], file->columns[CATEGORY], file->columns[QUANTITY],
             file->columns[GROSS], file->columns[LABELS]);
    for (char *c = line + strlen(line) - strlen(file->columns[LABELS]); *c != '\0'; c++) {
        *c = *c == ' ' ? ',' : *c;
    }
    if (basket_add_line(basket, &till->arena, line, till->digits, why) != 0) {
        return complain(file, why);
    }
    return TILL_EXIT_OK;
}

static int set_head(struct till *till, const struct file *file, int32_t date, struct basket *basket)
{
    struct receipt *receipt = &basket->event.purchase.receipt;
    const char *number = file->columns[RECEIPT];
    const char *card = file->columns[CARD];
    int32_t day = date;
    receipt->number = arena_copy(&till->arena, number, strlen(number));
    basket->card = card[0] != '\0' ? arena_copy(&till->arena, card, strlen(card)) : NULL;
    if (receipt->number == NULL || number[0] == '\0' || strlen(number) > RECEIPT_NUMBER_BYTES_MAX) {
        return complain(file, "this is not a receipt number");
    }
    if (instant_parse(file->columns[TIME], &basket->event.occurred_at, &day) != 0 &&
        (date < 0 || instant_parse_local(file->columns[TIME], date, &basket->event.occurred_at) != 0)) {
        return complain(file, "the time is neither RFC 3339 nor HH:MM with --date");
    }
    receipt->business_date = date >= 0 ? date : day;
    return TILL_EXIT_OK;
}

/* One receipt: all lines at hand with its number. */
static int read_basket(struct till *till, struct file *file, int32_t date, struct basket *basket)
{
    if (basket_init(basket, &till->arena) != 0) {
        return complain(file, "out of memory");
    }
    int status = set_head(till, file, date, basket);
    const char *number = basket->event.purchase.receipt.number;
    while (status == TILL_EXIT_OK && !file->at_end && strcmp(file->columns[RECEIPT], number) == 0) {
        status = add_line(till, file, basket);
        if (status == TILL_EXIT_OK) {
            status = read_line(file);
        }
        if (status == TILL_EXIT_OK && !file->at_end) {
            status = split(file);
        }
    }
    return status;
}

/* Queues the next receipts in one transaction. */
static int queue_group(struct till *till, struct file *file, const struct till_file_options *options,
                       uint64_t *known)
{
    const unsigned most = options->pace_ms > 0 ? 1 : TILL_GROUP_MAX;
    int error = outbox_begin(&till->outbox);
    int status = error != 0 ? till_explain(error, NULL) : TILL_EXIT_OK;
    for (unsigned i = 0; status == TILL_EXIT_OK && i < most && !file->at_end; i++) {
        struct basket basket;
        char name[OUTBOX_RECEIPT_BYTES_MAX + 1];
        uint64_t sequence = 0;
        arena_reset(&till->arena);
        status = read_basket(till, file, options->date, &basket);
        if (status != TILL_EXIT_OK) {
            break;
        }
        till_receipt_name(till, &basket.event.purchase.receipt, name);
        if (outbox_event_by_receipt(&till->outbox, name, &sequence) == 0) {
            ++*known;
            continue;
        }
        const struct till_event draft = {
            .event = &basket.event, .card = basket.card, .locale = options->locale, .receipt = name};
        error = till_queue(till, &draft, &sequence);
        if (error != 0) {
            status = complain(file, error_text(error));
        }
    }
    if (status == TILL_EXIT_OK) {
        error = outbox_commit(&till->outbox);
        status = error != 0 ? till_explain(error, NULL) : TILL_EXIT_OK;
    }
    if (status != TILL_EXIT_OK) {
        outbox_rollback(&till->outbox);
    }
    return status;
}

/* Queues and delivers group after group; `delivery` NULL: only queues. */
static int play(struct till *till, struct file *file, const struct till_file_options *options,
                struct delivery *delivery)
{
    struct outbox_counts counts;
    uint64_t known = 0;
    int worst = TILL_EXIT_OK;
    if (outbox_event_count(&till->outbox, &counts) != 0) {
        till_complain("the outbox cannot be read");
        return TILL_EXIT_ERROR;
    }
    /* What an interrupted run of this file left waiting is part of this one. */
    till->shown_from = counts.first_waiting;
    while (!file->at_end) {
        const uint64_t known_before = known;
        int status = queue_group(till, file, options, &known);
        if (status == TILL_EXIT_OK && delivery != NULL) {
            status = till_deliver(till, delivery);
        }
        if (status != TILL_EXIT_OK && status != TILL_EXIT_REFUSED) {
            return status;
        }
        worst = status == TILL_EXIT_REFUSED ? status : worst;
        if (till->away && options->pace_ms == 0) {
            delivery = NULL; /* waiting for the daemon with each group would take for ever */
        }
        if (outbox_event_count(&till->outbox, &counts) != 0) {
            till_complain("the outbox cannot be read");
            return TILL_EXIT_ERROR;
        }
        till->shown_from = counts.next_sequence;
        if (known == known_before) {
            (void)fflush(stdout);
            clock_sleep_ms(options->pace_ms);
        }
    }
    if (known > 0) {
        till_complain("%" PRIu64 " receipts of %s were rung up before and are not sent twice", known,
                      file->path);
    }
    if (counts.waiting > 0) {
        till_complain("%" PRIu64 " wait in the queue", counts.waiting);
    }
    return worst;
}

int till_purchase_file(struct till *till, const struct till_file_options *options)
{
    struct file file;
    struct delivery delivery = {0};
    int status = open_file(&file, options->path);
    if (status == TILL_EXIT_OK) {
        status = till_delivery_init(till, &delivery);
    }
    if (status == TILL_EXIT_OK) {
        status = play(till, &file, options, options->offline ? NULL : &delivery);
    }
    delivery_fini(&delivery);
    if (file.stream != NULL) {
        (void)fclose(file.stream);
    }
    return status;
}
