#include "client/place.h"

#include <string.h>

int place_read(struct outbox *outbox, struct place *ret_place)
{
    struct place place = {0};
    int error = outbox_text(outbox, OUTBOX_URL, place.url, sizeof(place.url));
    if (error == 0) {
        error = outbox_text(outbox, OUTBOX_CA, place.ca, sizeof(place.ca));
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == 0) {
        *ret_place = place;
    }
    return error;
}

int place_write(struct outbox *outbox, const struct place *place)
{
    const int error = outbox_set_text(outbox, OUTBOX_URL, place->url);
    if (error != 0) {
        return error;
    }
    return place->ca[0] != '\0' ? outbox_set_text(outbox, OUTBOX_CA, place->ca)
                                : outbox_unset(outbox, OUTBOX_CA);
}

static bool same_pins(const struct pins *a, const struct pins *b)
{
    return a->count == b->count && memcmp(a->items, b->items, a->count * PIN_BYTES) == 0;
}

bool place_learn_url(char url_text[CONNECTION_URL_BYTES_MAX + 1], const struct session *session)
{
    const struct pins *told = &session->ready.tls_pins;
    struct url url;
    const uint8_t *pin = connection_pin(&session->connection);
    /* A list without the key that is in use would lock the client out. */
    if (pin == NULL || !pins_hold(told, pin) || url_parse(url_text, &url) != 0 || url.pins.count == 0 ||
        same_pins(&url.pins, told)) {
        return false;
    }
    url.pins = *told;
    return url_format(&url, url_text) == 0;
}

int place_learn(struct outbox *outbox, struct place *place, const struct session *session)
{
    struct place changed = *place;
    if (!place_learn_url(changed.url, session)) {
        return 0;
    }
    const int error = outbox_set_text(outbox, OUTBOX_URL, changed.url);
    if (error == 0) {
        *place = changed;
    }
    return error;
}
