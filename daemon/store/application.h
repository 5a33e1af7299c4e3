/* What the files that turn effects into rows share (store_apply.c, apply_points.c, apply_voucher.c). Each
 * function writes what one effect says, with the errors of a statement. */
#ifndef LOYALTY_STORE_APPLICATION_H
#define LOYALTY_STORE_APPLICATION_H

#include "store/connection.h"
#include "store/store.h"

/* A lot that was just opened is filled by the moves behind it and written once. */
struct open_lot {
    uint32_t member; /* 0: none */
    struct lot lot;
};

struct application {
    struct store *store;
    const struct store_applied *event;
    struct open_lot open;
};

/* DAY_NEVER is NULL. */
void application_bind_day(struct store *store, enum statement statement, int parameter, int32_t day);

/* CHECKs that the sum fits: decisions were made on it. */
int64_t application_sum(int64_t a, int64_t b);

/* Every effect of a member makes this event his last one. */
int application_touch(struct application *application, uint32_t member) MUST_CHECK;

int apply_lot(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_move(struct application *application, const struct effect *effect, size_t index) MUST_CHECK;
int application_write_open_lot(struct application *application) MUST_CHECK;

int apply_voucher(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_voucher_hold(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_voucher_end(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_reservation(struct application *application, const struct effect *effect) MUST_CHECK;
int apply_reservation_end(struct application *application, const struct effect *effect) MUST_CHECK;

/* Adds to what is known of a booked receipt. */
int apply_receipt(struct application *application, uint64_t position,
                  const struct receipt_fact *fact) MUST_CHECK;

#endif
