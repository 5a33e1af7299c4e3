/* loyalty-till move: the daemon is somewhere else, or is known by something else. */
#include "client/till.h"

struct arguments {
    struct till_options common;
    const char *url;
    const char *ca;
};

int till_place(const char *url, const char *ca, struct place *ret_place)
{
    char text[PLACE_TEXT_BYTES];
    if (place_make(url, ca, ret_place, text) != 0) {
        till_complain("%s", text);
        return TILL_EXIT_USAGE;
    }
    return TILL_EXIT_OK;
}

/* Only a daemon that has our programme and answers us is taken for ours. */
static int move_to(struct till *till, const struct place *place)
{
    struct delivery delivery;
    int status = till_delivery_init(till, &delivery);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    delivery.place = *place;
    int error = delivery_connect(&delivery);
    if (error == 0) {
        error = place_write(&till->outbox, &delivery.place);
    }
    if (error != 0) {
        status = till_explain(error, delivery.text);
    } else if (till->options.json) {
        json_object(&till->json, NULL);
        json_text(&till->json, "url", delivery.place.url);
        json_end_object(&till->json);
    } else {
        printf("The daemon is at %s from now on\n", delivery.place.url);
    }
    delivery_fini(&delivery);
    return status;
}

static int move(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct place place;
    struct till till = {0};
    till_parse(call, &arguments);
    int status = till_place(arguments.url, arguments.ca, &place);
    if (status == TILL_EXIT_OK) {
        status = till_open(&till, &arguments.common, true);
    }
    if (status == TILL_EXIT_OK) {
        status = move_to(&till, &place);
    }
    till_close(&till);
    return status;
}

static const struct command_option options[] = {
    {.arg = "URL",
     .type = &command_text,
     .offset = offsetof(struct arguments, url),
     .missing = "where to? `loyaltyctl terminal url` shows the URL"},
    {.name = "ca",
     .arg = "FILE",
     .doc = "The certificate of the authority that vouches for the daemon, for a URL with `ca`",
     .type = &command_text,
     .offset = offsetof(struct arguments, ca)},
    {0}};

const struct command till_move_commands[] = {
    {.name = "move",
     .summary = "the daemon is elsewhere now, or has another TLS key",
     .doc = "The daemon is somewhere else now, or has another TLS key: connect to it there, and if it is "
            "ours, remember that. `loyaltyctl terminal url` shows the URL.",
     .options = options,
     .run = move},
    {0}};
