/* Rows that redeem, reserve and release, and what comes of it. */
#include "client/loyaltyctl_table_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint64_t reservation_of(struct row *row, const char *name)
{
    const struct book *book = row->book;
    for (size_t i = book->reservations_count; i > 0; i--) {
        if (strcmp(book->reservations[i - 1].name, name) == 0) {
            return book->reservations[i - 1].position;
        }
    }
    row_fail(row, "no reservation of the name", name);
    return 0;
}

struct bytes row_voucher(const struct row *row, const char *reward, int64_t ordinal)
{
    static const uint8_t nobodys[VOUCHER_CODE_BYTES] = {9};
    const struct trial *trial = &row->book->trial;
    const uint32_t number = numbers_find(trial->numbers, NUMBER_REWARD, reward);
    for (size_t i = 0; i < trial->vouchers_count; i++) {
        ordinal -= trial->vouchers[i].reward == number;
        if (ordinal == 0) {
            return (struct bytes){trial->vouchers[i].code, VOUCHER_CODE_BYTES};
        }
    }
    return (struct bytes){nobodys, VOUCHER_CODE_BYTES};
}

void row_do_redeem(struct row *row, const struct words *words)
{
    struct purchase *purchase = &row->event.purchase;
    const char *verb = words->items[0];
    if (purchase->redemptions_count == REDEMPTIONS_MAX) {
        row_fail(row, "too many redemptions", verb);
        return;
    }
    const int64_t number = words->count > 2 ? row_number(row, words->items[2]) : 1;
    const char *name = words->count > 1 ? words->items[1] : "none";
    struct redemption *redemption = &row->redemptions[purchase->redemptions_count++];
    *redemption = (struct redemption){.units = (uint32_t)number};
    if (strncmp(verb, "use", 3) == 0) {
        redemption->units = 1;
        redemption->voucher = row_voucher(row, name, number);
    } else if (strncmp(verb, "commit", 6) == 0) {
        redemption->reservation = reservation_of(row, name);
    } else {
        redemption->reward = name;
    }
    purchase->redemptions = row->redemptions;
    purchase->redeem_done = purchase->redeem_done || verb[strlen(verb) - 1] == 'd';
}

void row_do_release(struct row *row, const struct words *words)
{
    row->event.kind = EVENT_RELEASE;
    row->event.release.reservation = reservation_of(row, words->items[1]);
}

/* "reserves cake 2 as R1", "reserves points 500 as R2", "reserves voucher lunch as R3", each "for 30" */
void row_do_reserve(struct row *row, const struct words *words)
{
    const struct bytes commitment = row->event.purchase.card;
    struct reserve *reserve = &row->event.reserve;
    size_t at = 2;
    row->event.kind = EVENT_RESERVE;
    *reserve = (struct reserve){.card = commitment, .units = 1};
    if (strcmp(words->items[1], "points") == 0 && words->count > 2) {
        reserve->points = true;
        reserve->amount = strcmp(words->items[2], "max") == 0 ? 0 : row_points(row, words->items[2]);
        at = 3;
    } else if (strcmp(words->items[1], "voucher") == 0 && words->count > 2) {
        reserve->voucher = row_voucher(row, words->items[2], 1);
        at = 3;
    } else {
        reserve->reward = words->items[1];
        if (at < words->count && isdigit((unsigned char)words->items[at][0])) {
            reserve->units = (uint32_t)row_number(row, words->items[at++]);
        }
    }
    for (; at + 1 < words->count; at += 2) {
        if (strcmp(words->items[at], "as") == 0) {
            row->reserves = words->items[at + 1];
        } else if (strcmp(words->items[at], "for") == 0) {
            reserve->has_timeout = true;
            reserve->timeout_minutes = (uint32_t)row_number(row, words->items[at + 1]);
        } else {
            row_fail(row, "expected 'as NAME' or 'for MINUTES', found", words->items[at]);
        }
    }
}

void row_keep_reservation(struct row *row)
{
    struct book *book = row->book;
    if (row->reserves == NULL || book->trial.decision->outcome.code != CODE_ACCEPTED) {
        return;
    }
    if (book->reservations_count == TRIAL_RESERVED_MAX) {
        row_fail(row, "too many reservations", row->reserves);
        return;
    }
    struct named_reservation *named = &book->reservations[book->reservations_count++];
    snprintf(named->name, sizeof(named->name), "%s", row->reserves);
    named->position = book->trial.position;
}

/* "off 5.00": what was redeemed is worth. */
void row_expect_off(struct row *row, const struct words *words)
{
    const struct outcome *outcome = &row->book->trial.decision->outcome;
    int64_t off = 0;
    for (size_t i = 0; i < outcome->uses_count; i++) {
        off += outcome->uses[i].value;
    }
    row_expect_decimal(row, "off", row_money(row, words->items[1]), off,
                       row->book->trial.programme->currency_digits);
}

/* "spent 100": points that were redeemed; what was told of them says the same. */
void row_expect_spent(struct row *row, const struct words *words)
{
    const struct trial *trial = &row->book->trial;
    const struct outcome *outcome = &trial->decision->outcome;
    const char *expected = words->items[1];
    int64_t told = 0;
    for (size_t i = 0; i < outcome->uses_count; i++) {
        told += outcome->uses[i].points;
    }
    row_expect_points(row, "spent", expected,
                      trial->accounts[PROGRAMME_REDEEMED] - trial->accounts_before[PROGRAMME_REDEEMED]);
    row_expect_points(row, "told to be spent", expected, told);
}

/* "used ID N": units of a reward; "holds ID N": vouchers of it. */
void row_expect_units(struct row *row, const struct words *words)
{
    struct trial *trial = &row->book->trial;
    const struct outcome *outcome = &trial->decision->outcome;
    const uint32_t reward = numbers_find(trial->numbers, NUMBER_REWARD, words->items[1]);
    int64_t units = 0;
    if (strcmp(words->items[0], "used") == 0) {
        for (size_t i = 0; i < outcome->uses_count; i++) {
            units += outcome->uses[i].reward == reward ? outcome->uses[i].units : 0;
        }
    } else if (row->customer >= 0) {
        const struct member_state *state = trial_customer(trial, row->customer);
        for (size_t i = 0; i < state->vouchers_count; i++) {
            units += state->vouchers[i].reward == reward;
        }
    }
    row_expect(row, words->items[1], row_number(row, words->items[2]), units);
}

/* "reserved N": points held. */
void row_expect_reserved(struct row *row, const struct words *words)
{
    if (row->customer >= 0) {
        row_expect_points(row, "reserved", words->items[1],
                          trial_customer(&row->book->trial, row->customer)->balances[MEMBER_RESERVED]);
    }
}
