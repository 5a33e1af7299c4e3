/* What the files that turn effects into rows share (store_apply.c, apply_points.c, apply_voucher.c). Each
 * function writes what one effect says, with the errors of a statement. */
#ifndef LOYALTY_STORE_APPLICATION_H
#define LOYALTY_STORE_APPLICATION_H

#include "store/connection.h"
#include "store/store.h"

struct application {
    struct store *store;
    const struct store_applied *event;
};

/* Folds the effect into the member's state, by engine_apply: the decision was made on the same fold, so one
 * that does not fit is a failed CHECK. */
int application_fold(struct application *application, uint32_t member,
                     const struct effect *effect) MUST_CHECK;

int apply_move(struct application *application, const struct effect *effect, size_t index) MUST_CHECK;

/* What the table of vouchers says of one. */
int apply_voucher(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_voucher_end(struct application *application, const struct effect *effect) MUST_CHECK;

/* Adds to what is known of a booked receipt. */
int apply_receipt(struct application *application, uint64_t position,
                  const struct receipt_fact *fact) MUST_CHECK;

#endif
