/* loyalty-till move: the daemon is somewhere else, or is known by something else. */
#include "client/till.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_CA = 0x200 };

struct arguments {
    struct till_options common;
    struct place place;
};

/* The file is named for good: wherever the till is started from. */
void till_set_ca(struct place *place, const char *path, struct argp_state *state)
{
    char *absolute = realpath(path, NULL);
    if (absolute == NULL || strlen(absolute) >= sizeof(place->ca)) {
        argp_error(state, "%s: %s", path, absolute == NULL ? strerror(errno) : "the path is too long");
    } else {
        memcpy(place->ca, absolute, strlen(absolute) + 1);
    }
    free(absolute);
}

void till_check_url(struct place *place, struct argp_state *state)
{
    struct url url;
    if (url_parse(place->url, &url) == 0 && url.kind == URL_TLS && url.pins.count == 0) {
        /* The file says it as well as the URL does. */
        url.ca = url.ca || place->ca[0] != '\0';
        if (!url.ca) {
            argp_error(state, "the URL has no pin of the daemon's key, and no --ca says who vouches for it");
        }
        if (url_format(&url, place->url) != 0) {
            argp_error(state, "the URL is too long");
        }
    }
    if (!connection_url_valid(place->url)) {
        argp_error(state, "'%s' is not loyalty://HOST:PORT/?pin=..., unix:/PATH or tcp://127.0.0.1:PORT",
                   place->url);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_CA:
        till_set_ca(&arguments->place, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strlen(argument) >= sizeof(arguments->place.url)) {
            argp_usage(state);
        }
        memcpy(arguments->place.url, argument, strlen(argument) + 1);
        return 0;
    case ARGP_KEY_END:
        till_check_url(&arguments->place, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Only a daemon that has our programme and answers us is taken for ours. */
static int move(struct till *till, const struct place *place)
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

int till_command_move(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {.name = "ca",
         .key = OPTION_CA,
         .arg = "FILE",
         .doc = "The certificate of the authority that vouches for the daemon, for a URL with `ca`"},
        {0}};
    const struct argp_child children[] = {{.argp = &till_options_argp}, {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "URL",
        .doc = "The daemon is somewhere else now, or has another TLS key: connect to it there, and "
               "if it is ours, remember that. `loyaltyctl terminal url` shows the URL.",
        .children = children};
    struct arguments arguments = {.common = {.folder = getenv("LOYALTY_TILL"), .timeout_ms = 5000}};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return TILL_EXIT_USAGE;
    }
    struct till till;
    int status = till_open(&till, &arguments.common, true);
    if (status == TILL_EXIT_OK) {
        status = move(&till, &arguments.place);
    }
    till_close(&till);
    return status;
}
