/* What the daemon says of a member, for people and for programs. */
#ifndef LOYALTY_CLIENT_VIEW_H
#define LOYALTY_CLIENT_VIEW_H

#include "client/json.h"
#include "model/decision.h"
#include "wire/message.h"

#include <stdio.h>

void view_print_member(FILE *stream, const struct member_view *view);

/* The reply to REQUEST_GET_VOUCHER; with `qr` its token as a QR code too. */
void view_print_voucher(FILE *stream, const struct reply *reply, bool qr);
void view_json_voucher(struct json *json, const struct reply *reply);

/* Lines for the receipt printer, as "lines". */
void view_json_lines(struct json *json, const char *const *lines, size_t count);

/* What redemptions cost, and what they pay of the bill, as "uses". */
void view_json_uses(struct json *json, const struct outcome *outcome);
void view_json_member(struct json *json, const char *name, const struct member_view *view);
void view_json_vouchers(struct json *json, const char *name, const struct voucher_view *vouchers,
                        size_t count);

#endif
