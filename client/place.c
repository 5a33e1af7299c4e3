#include "client/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the authority's certificate. */
static int make_absolute(const char *path, struct place *place, char *text)
{
    char *absolute = realpath(path, NULL);
    const bool fits = absolute != NULL && strlen(absolute) < sizeof(place->ca);
    if (!fits) {
        (void)snprintf(text, PLACE_TEXT_BYTES, "%s: %s", path,
                       absolute == NULL ? strerror(errno) : "the path is too long");
    } else {
        memcpy(place->ca, absolute, strlen(absolute) + 1);
    }
    free(absolute);
    return fits ? 0 : ERR_NOT_FOUND;
}

int place_make(const char *url, const char *ca, struct place *ret_place, char ret_text[PLACE_TEXT_BYTES])
{
    struct url parsed;
    struct place place = {.url = ""};
    const char *wrong = NULL;
    const int error = ca != NULL ? make_absolute(ca, &place, ret_text) : 0;
    if (error != 0) {
        return error;
    }
    if (strlen(url) >= sizeof(place.url)) {
        wrong = "the URL is too long";
    } else {
        memcpy(place.url, url, strlen(url) + 1);
    }
    if (wrong == NULL && url_parse(place.url, &parsed) == 0 && parsed.kind == URL_TLS &&
        parsed.pins.count == 0) {
        /* The file says it as well as the URL does. */
        parsed.ca = parsed.ca || ca != NULL;
        if (!parsed.ca) {
            wrong = "the URL has no pin of the daemon's key, and no --ca says who vouches for it";
        } else if (url_format(&parsed, place.url) != 0) {
            wrong = "the URL is too long";
        }
    }
    if (wrong == NULL && !connection_url_valid(place.url)) {
        (void)snprintf(ret_text, PLACE_TEXT_BYTES,
                       "'%.400s' is not loyalty://HOST:PORT/?pin=..., unix:/PATH or tcp://127.0.0.1:PORT",
                       place.url);
        return ERR_FORMAT;
    }
    if (wrong != NULL) {
        (void)snprintf(ret_text, PLACE_TEXT_BYTES, "%s", wrong);
        return ERR_FORMAT;
    }
    *ret_place = place;
    return 0;
}

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
