/* loyaltyctl explain: why an event gave what it gave, rule by rule. */
#include "client/loyaltyctl.h"

#include "client/clock.h"

#include <inttypes.h>
#include <stdio.h>

struct arguments {
    struct ctl_options common;
    uint64_t position;
};

static const char *cell(const char *text)
{
    return text != NULL ? text : "";
}

static void print_steps(const struct reply *reply)
{
    printf("%-32s %14s %12s %9s %9s %14s  %s\n", "what", "looks at", "exactly", "rounded", "gives", "lacks",
           "why");
    for (size_t i = 0; i < reply->event.steps_count; i++) {
        const struct trace_step *step = &reply->event.steps[i];
        printf("%-32s %14s %12s %9s %9s %14s  %s\n", cell(step->what), cell(step->looks_at),
               cell(step->exact), cell(step->asked), cell(step->given), cell(step->lacking), cell(step->why));
    }
}

static void json_steps(struct json *json, const struct reply *reply)
{
    json_object(json, NULL);
    json_unsigned(json, "position", reply->event.position);
    json_array(json, "steps");
    for (size_t i = 0; i < reply->event.steps_count; i++) {
        const struct trace_step *step = &reply->event.steps[i];
        json_object(json, NULL);
        json_text(json, "what", step->what);
        json_text(json, "looks_at", step->looks_at);
        json_text(json, "exactly", step->exact);
        json_text(json, "rounded", step->asked);
        json_text(json, "gives", step->given);
        json_text(json, "lacks", step->lacking);
        json_text(json, "why", step->why);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

/* What stands above the table: when, what, and what became of it. */
static int print_head(struct ctl *ctl, const struct reply *reply)
{
    struct event event;
    char when[INSTANT_TEXT_BYTES];
    if (wire_body_unpack(reply->event.body, &ctl->arena, &event, NULL) != 0 ||
        wire_outcome_unpack(reply->event.outcome, &ctl->arena, ctl->outcome) != 0) {
        ctl_complain("the event at position %" PRIu64 " cannot be read", reply->event.position);
        return CTL_EXIT_ERROR;
    }
    instant_format_local(event.occurred_at, when);
    printf("Position %" PRIu64 ": %s of %s, programme version %" PRIu32 ", %s\n", reply->event.position,
           event_kind_name(event.kind), when, ctl->outcome->programme_version,
           outcome_code_text(ctl->outcome->code));
    for (size_t i = 0; i < ctl->outcome->exceptions_count; i++) {
        printf("Note: %s\n", exception_text(ctl->outcome->exceptions[i].kind));
    }
    return CTL_EXIT_OK;
}

static int explain(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct request request = {.kind = REQUEST_GET_EVENT};
    struct reply reply;
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        request.get_event.position = arguments.position;
        status = ctl_call(&ctl, &request, &reply);
    }
    if (status == CTL_EXIT_OK && ctl.options.json) {
        json_steps(&ctl.json, &reply);
    } else if (status == CTL_EXIT_OK) {
        status = print_head(&ctl, &reply);
        if (status == CTL_EXIT_OK && reply.event.steps_count > 0) {
            print_steps(&reply);
        } else if (status == CTL_EXIT_OK) {
            puts("No rules were asked.");
        }
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option options[] = {{.arg = "POSITION",
                                                 .doc = "Of the event in the log",
                                                 .type = &command_position,
                                                 .offset = offsetof(struct arguments, position),
                                                 .missing = "which event? Say its POSITION"},
                                                {0}};

const struct command ctl_explain_commands[] = {
    {.name = "explain",
     .summary = "why an event gave what it gave",
     .doc = "Explain an event, rule by rule: what each looked at, what it gave before and after rounding and "
            "limits, why it gave nothing, and what was lacking.",
     .options = options,
     .run = explain},
    {0}};
