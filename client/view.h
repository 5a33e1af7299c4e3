/* What the daemon says of a member, for people and for programs. */
#ifndef LOYALTY_CLIENT_VIEW_H
#define LOYALTY_CLIENT_VIEW_H

#include "client/json.h"
#include "wire/message.h"

#include <stdio.h>

void view_print_member(FILE *stream, const struct member_view *view);
void view_json_member(struct json *json, const char *name, const struct member_view *view);
void view_json_vouchers(struct json *json, const char *name, const struct voucher_view *vouchers,
                        size_t count);

#endif
