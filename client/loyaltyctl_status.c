/* loyaltyctl status, member show and go-live. */
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "client/view.h"
#include "crypto/card.h"

#include <inttypes.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    const char *card;
    uint32_t member;
};

static void json_status(struct ctl *ctl, const struct reply *reply)
{
    struct json *json = &ctl->json;
    char when[INSTANT_TEXT_BYTES];
    json_object(json, NULL);
    json_text(json, "software", reply->status.software);
    json_hex(json, "programme_id", reply->status.programme_id);
    json_text(json, "programme", reply->status.programme);
    json_unsigned(json, "programme_version", reply->status.programme_version);
    json_text(json, "currency", ctl->session.ready.currency);
    json_bool(json, "live", reply->status.live);
    json_unsigned(json, "position", reply->status.position);
    json_hex(json, "chain", reply->status.chain);
    instant_format(reply->status.now, when);
    json_text(json, "now", when);
    instant_format(reply->status.started_at, when);
    json_text(json, "started_at", when);
    if (reply->status.ticked_at != 0) {
        instant_format(reply->status.ticked_at, when);
        json_text(json, "ticked_at", when);
    }
    json_unsigned(json, "connections", reply->status.connections);
    json_unsigned(json, "engine_revision", reply->status.engine_revision);
    json_unsigned(json, "members", reply->status.members);
    json_unsigned(json, "principals", reply->status.principals);
    json_bool(json, "balanced", reply->status.balanced);
    json_integer(json, "outstanding", reply->status.outstanding);
    json_object(json, "counters");
    for (size_t i = 0; i < reply->status.counters_count; i++) {
        json_unsigned(json, reply->status.counters[i].name, reply->status.counters[i].value);
    }
    json_end_object(json);
    json_end_object(json);
}

static void print_status(const struct ctl *ctl, const struct reply *reply)
{
    char id[2 * PROGRAMME_ID_BYTES + 1] = "";
    char when[INSTANT_TEXT_BYTES];
    if (reply->status.programme_id.size == PROGRAMME_ID_BYTES) {
        hex_encode(reply->status.programme_id.data, PROGRAMME_ID_BYTES, id);
    }
    instant_format_local(reply->status.started_at, when);
    printf("loyaltyd       %s, up since %s\n", reply->status.software != NULL ? reply->status.software : "?",
           when);
    if (reply->status.programme != NULL) {
        printf("programme      %s, version %" PRIu32 ", %s\n", reply->status.programme,
               reply->status.programme_version, ctl->session.ready.currency);
    } else {
        puts("programme      none yet: loyaltyctl programme apply FILE");
    }
    printf("programme id   %s\n", id);
    printf("state          %s\n",
           reply->status.live ? "live" : "loading history (loyaltyctl go-live ends it)");
    printf("position       %" PRIu64 "\n", reply->status.position);
    printf("members        %" PRIu32 "\n", reply->status.members);
    printf("principals     %" PRIu32 "\n", reply->status.principals);
    printf("connections    %" PRIu32 "\n", reply->status.connections);
    printf("outstanding    %" PRId64 " points\n", reply->status.outstanding);
    if (reply->status.ticked_at != 0) {
        instant_format_local(reply->status.ticked_at, when);
    }
    printf("due            %s%s\n",
           reply->status.ticked_at != 0 ? "everybody was looked at, last at " : "nobody was looked at yet",
           reply->status.ticked_at != 0 ? when : "");
    printf("books          %s\n", reply->status.balanced
                                      ? "balanced: stored balances equal the sums of their entries"
                                      : "NOT BALANCED");
    for (size_t i = 0; i < reply->status.counters_count; i++) {
        const struct counter_view *counter = &reply->status.counters[i];
        if (counter->value > 0) {
            printf("  %-28s %" PRIu64 "%s%s\n", counter->name, counter->value,
                   counter->text != NULL ? "  " : "", counter->text != NULL ? counter->text : "");
        }
    }
}

static int show_status(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct request request = {.kind = REQUEST_GET_STATUS};
    struct reply reply;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ctl_call(&ctl, &request, &reply);
    }
    if (status == CTL_EXIT_OK) {
        if (arguments.common.json) {
            json_status(&ctl, &reply);
        } else {
            print_status(&ctl, &reply);
        }
        status = reply.status.balanced ? CTL_EXIT_OK : CTL_EXIT_ERROR;
    }
    ctl_close(&ctl);
    return status;
}

const struct command ctl_status_commands[] = {
    {.name = "status",
     .summary = "how the daemon is, and whether its books balance",
     .doc = "How the daemon is, and whether its books balance (counted now: exit status 1 if they do not).",
     .run = show_status},
    {0}};

static int print_member(struct ctl *ctl, const struct arguments *arguments)
{
    struct request request = {.kind = REQUEST_GET_MEMBER};
    struct reply reply;
    request.get_member.card = arguments->card;
    request.get_member.member = arguments->member;
    const int status = ctl_call(ctl, &request, &reply);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (arguments->common.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "position", reply.member.position);
        view_json_member(&ctl->json, "view", reply.member.view);
        json_end_object(&ctl->json);
    } else {
        view_print_member(stdout, reply.member.view);
    }
    return CTL_EXIT_OK;
}

static const char *check_member(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return (arguments->card == NULL) == (arguments->member == 0)
               ? "say either --card C or the number of a member"
               : NULL;
}

static int show_member(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = print_member(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option member_options[] = {
    {.arg = "N", .type = &command_member, .offset = offsetof(struct arguments, member)},
    {.name = "card",
     .arg = "C",
     .doc = "The member's card",
     .type = &command_text,
     .offset = offsetof(struct arguments, card)},
    {0}};

const struct command ctl_member_commands[] = {{.name = "member show",
                                               .summary = "what a customer has",
                                               .doc = "What a member has: by number or by card.",
                                               .options = member_options,
                                               .check = check_member,
                                               .run = show_member},
                                              {0}};

static int go_live(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct event event = {.kind = EVENT_GO_LIVE};
    struct booked booked;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ctl_book(&ctl, &event, &booked);
    }
    if (status == CTL_EXIT_OK && arguments.common.json) {
        json_object(&ctl.json, NULL);
        json_unsigned(&ctl.json, "position", booked.position);
        json_end_object(&ctl.json);
    } else if (status == CTL_EXIT_OK) {
        printf("Live, from position %" PRIu64 " on\n", booked.position);
    }
    ctl_close(&ctl);
    return status;
}

const struct command ctl_go_live_commands[] = {
    {.name = "go-live",
     .summary = "end of loading history",
     .doc = "End the loading of history: from here on the daemon's own clock counts, and there is no way "
            "back.",
     .run = go_live},
    {0}};
