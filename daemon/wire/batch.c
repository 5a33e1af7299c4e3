/* The events within a batch. They travel as bytes within the request, so that a request's memory does not
 * grow with their number: they are looked through once, and read where they are when their turn comes. */
#include "wire/message.h"

#include "wire/protobuf.h"

#include "base/check.h"

#include "loyalty/wire.pb-c.h"

#include <string.h>

enum {
    EVENTS_FIELD = 1,
    BODY_FIELD = 1,
    OPENING_FIELD = 2,
    LOCALE_FIELD = 3,
    SALT_FIELD = 1,
    CARD_FIELD = 2
};

struct batch_event {
    bool broken; /* a field of another type than the schema's */
    bool has_body;
    bool has_locale;
    struct bytes body;
    struct bytes salt;
    struct bytes card;
    struct bytes locale;
};

static void opening_read(struct bytes opening, struct batch_event *event)
{
    struct wire_reader reader = wire_reader(opening);
    struct wire_field field;
    while (wire_reader_next(&reader, &field) == 1) {
        event->broken = event->broken || (field.number <= CARD_FIELD && field.type != WIRE_PREFIXED);
        if (field.number == SALT_FIELD) {
            event->salt = field.payload;
        } else if (field.number == CARD_FIELD) {
            event->card = field.payload;
        }
    }
}

static struct batch_event event_read(struct bytes message)
{
    struct batch_event event = {0};
    struct wire_reader reader = wire_reader(message);
    struct wire_field field;
    while (wire_reader_next(&reader, &field) == 1) {
        event.broken = event.broken || (field.number <= LOCALE_FIELD && field.type != WIRE_PREFIXED);
        if (field.number == BODY_FIELD) {
            event.has_body = true;
            event.body = field.payload;
        } else if (field.number == OPENING_FIELD) {
            opening_read(field.payload, &event);
        } else if (field.number == LOCALE_FIELD) {
            event.has_locale = true;
            event.locale = field.payload;
        }
    }
    return event;
}

static bool next(struct bytes *rest, struct batch_event *ret_event)
{
    struct wire_reader reader = wire_reader(*rest);
    struct wire_field field;
    while (wire_reader_next(&reader, &field) == 1) {
        *rest = (struct bytes){reader.at, (size_t)(reader.end - reader.at)};
        if (field.number == EVENTS_FIELD) {
            *ret_event = event_read(field.payload);
            ret_event->broken = ret_event->broken || field.type != WIRE_PREFIXED;
            return true;
        }
    }
    return false;
}

int wire_batch_check(struct bytes events, uint32_t *ret_count)
{
    const struct wire_scan scan = {.descriptor = &loyalty__batch_events__descriptor,
                                   .strictness = WIRE_TOLERANT};
    const char *field;
    const int error = wire_scan(&scan, events, &field);
    if (error != 0) {
        return error;
    }
    struct batch_event event;
    uint32_t count = 0;
    for (struct bytes rest = events; next(&rest, &event); count++) {
        if (event.broken) {
            return ERR_FORMAT;
        }
        if (!event.has_body || count == BATCH_EVENTS_MAX ||
            (event.has_locale && (event.locale.size == 0 || event.locale.size > LOCALE_BYTES_MAX))) {
            return ERR_RANGE;
        }
    }
    *ret_count = count;
    return count > 0 ? 0 : ERR_RANGE;
}

bool wire_batch_next(struct bytes *rest, struct bytes *ret_body)
{
    struct batch_event event;
    const bool found = next(rest, &event);
    if (found) {
        *ret_body = event.body;
    }
    return found;
}

int wire_batch_book(const struct request_batch *batch, uint64_t sequence, struct bytes *rest,
                    struct arena *arena, struct request_book *ret_book)
{
    struct batch_event event;
    const bool found = next(rest, &event);
    CHECK(found);
    struct request_book book = {.principal = batch->principal,
                                .sequence = sequence,
                                .body = event.body,
                                .signature = batch->signature};
    /* As of an event that comes alone, an opening of another shape counts as missing (request.c). */
    if (event.salt.size == CARD_SALT_BYTES && event.card.size > 0 && event.card.size <= CARD_BYTES_MAX) {
        book.opening.salt = event.salt;
        book.opening.card = arena_copy(arena, event.card.data, event.card.size);
        if (book.opening.card == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    if (event.has_locale) {
        book.locale = arena_copy(arena, event.locale.data, event.locale.size);
        if (book.locale == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    *ret_book = book;
    return 0;
}

int wire_batch_pack(const struct request_book *books, size_t count, struct arena *arena,
                    struct bytes *ret_events)
{
    struct wire_output output;
    wire_output_begin(&output, arena);
    Loyalty__BatchEvent *events = wire_output_alloc(&output, count, sizeof(*events));
    Loyalty__Opening *openings = wire_output_alloc(&output, count, sizeof(*openings));
    Loyalty__BatchEvent **pointers = wire_output_alloc(&output, count, sizeof(Loyalty__BatchEvent *));
    Loyalty__BatchEvents message = LOYALTY__BATCH_EVENTS__INIT;
    if (events != NULL && openings != NULL && pointers != NULL) {
        for (size_t i = 0; i < count; i++) {
            loyalty__batch_event__init(&events[i]);
            WIRE_PUT(&events[i], body, wire_bytes(books[i].body));
            if (books[i].opening.salt.size > 0) {
                loyalty__opening__init(&openings[i]);
                WIRE_PUT(&openings[i], salt, wire_bytes(books[i].opening.salt));
                openings[i].card = wire_text(books[i].opening.card);
                events[i].opening = &openings[i];
            }
            events[i].locale = wire_text(books[i].locale);
            pointers[i] = &events[i];
        }
        message.n_events = count;
        message.events = pointers;
        wire_output_add(&output, &message.base);
    }
    return wire_output_end(&output, ret_events);
}
