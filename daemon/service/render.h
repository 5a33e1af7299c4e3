/* What people read: members by ids in place of numbers, receipt lines in the customer's language,
 * explanations. Everything returned lives in the caller's arena. One thread. */
#ifndef LOYALTY_SERVICE_RENDER_H
#define LOYALTY_SERVICE_RENDER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "civil/locale.h"
#include "crypto/sign.h"
#include "model/decision.h"
#include "model/member_state.h"
#include "model/numbers.h"
#include "model/programme.h"
#include "wire/message.h"

struct renderer {
    struct locales locales;
};

void renderer_init(struct renderer *renderer);
void renderer_fini(struct renderer *renderer);

/* The state of a member as of `day` (of the programme's zone). ERR_TOO_LARGE when the arena has no room. */
int render_member(const struct programme *programme, const struct numbers *numbers,
                  const struct member_state *state, int32_t day, struct arena *arena,
                  const struct member_view **ret_view) MUST_CHECK;

/* One voucher by its code and ids, without its token. ERR_TOO_LARGE. */
int render_voucher(const struct numbers *numbers, const struct held_voucher *voucher, struct arena *arena,
                   struct voucher_view *ret_view) MUST_CHECK;

/* What a receipt is written from. */
struct rendered {
    const struct programme *programme; /* the version that decided */
    const struct numbers *numbers;
    const struct outcome *outcome;
    uint32_t level_before;          /* number, of the context */
    const struct member_view *view; /* the member after it, or NULL */
    const struct offer *offers;     /* what the basket could use besides */
    size_t offers_count;
    bool credits;                      /* it was an event that gives something to a card */
    const struct key_pair *daemon_key; /* signs what is issued; NULL: nothing is */
    const uint8_t *programme_id;
};

/* An outcome for the customer: lines for the receipt printer in `locale` (merchant's texts in their first
 * language and our phrases in English where there is nothing in it), points earned, vouchers issued. */
int render_outcome(struct renderer *renderer, const struct rendered *rendered, const char *locale,
                   struct arena *arena, const struct rendering **ret_rendering) MUST_CHECK;

/* What a member has, for the receipt printer: balance, what expires soon, level, cards, vouchers and what is
 * reserved. Reads programme and view of `rendered`. ERR_TOO_LARGE. */
int render_holdings(struct renderer *renderer, const struct rendered *rendered, const char *locale,
                    struct arena *arena, const char ***ret_lines, size_t *ret_count) MUST_CHECK;

/* A voucher for the receipt printer. Reads the programme of `rendered`. ERR_TOO_LARGE. */
int render_slip(struct renderer *renderer, const struct rendered *rendered,
                const struct voucher_view *voucher, const char *locale, struct arena *arena,
                const char ***ret_lines, size_t *ret_count) MUST_CHECK;

/* Adds its token to a rendered voucher, where `rendered` says who signs. ERR_TOO_LARGE. */
int render_token(const struct rendered *rendered, const struct held_voucher *voucher, struct arena *arena,
                 struct voucher_view *view) MUST_CHECK;

/* One line a rule for a shop manager: what it gave, or why not. */
int render_trace(const struct programme *programme, const struct decision *decision, struct arena *arena,
                 const char ***ret_lines, size_t *ret_count) MUST_CHECK;

/* What a line of the trace is about: "rule every_euro". */
void render_trace_name(const struct programme *programme, const struct trace_line *line, struct text *text);

/* The same in columns, amounts with their units. */
int render_steps(const struct programme *programme, const struct decision *decision, struct arena *arena,
                 struct trace_step **ret_steps, size_t *ret_count) MUST_CHECK;

#endif
