/* Bodies: each text, number and list has its range, and what is required must be there. */
#include "lib/full_body.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void texts_are_utf8_without_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t size;
        int result;
    } table[] = {
        {"\xc3\xb5"
         "7",
         3, 0},
        {"a\0b", 3, ERR_FORMAT},
        {"ab\0", 3, ERR_FORMAT},
        {"\0", 1, ERR_FORMAT},
        {"\xc3", 1, ERR_FORMAT},
        {"\xc0\x80", 2, ERR_FORMAT},
        {"\xed\xa0\x80", 3, ERR_FORMAT},
        {"\xf4\x90\x80\x80", 4, ERR_FORMAT},
        {"\x80", 1, ERR_FORMAT},
    };
    static const char *const fields[] = {"Receipt.number", "Line.sku", "Line.labels", "Purchase.codes",
                                         "Tender.label"};
    for (size_t k = 0; k < ARRAY_COUNT(fields); k++) {
        for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
            const struct fill_override override = {fields[k], FILL_TEXT, table[i].size, table[i].text};
            struct event event;
            const char *field;
            assert_int_equal(full_unpack(full_body(PURCHASE, &override, NULL), &event, &field),
                             table[i].result);
            assert_string_equal(field, table[i].result == 0 ? "" : strchr(fields[k], '.') + 1);
        }
    }
}

static void ids_are_of_their_letters_only(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } fields[] = {{"Receipt.store", PURCHASE},
                  {"Receipt.till", PURCHASE},
                  {"FreeUnits.card", PURCHASE},
                  {"Invite.store", 19},
                  {"Invite.label", 19}};
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
        const struct fill_override good = {fields[i].name, FILL_TEXT, 7, "Az09_-."};
        const struct fill_override space = {fields[i].name, FILL_TEXT, 3, "a b"};
        const struct fill_override umlaut = {fields[i].name, FILL_TEXT, 2, "\xc3\xb5"};
        assert_int_equal(full_refusal(full_body(fields[i].kind, &good, NULL)), 0);
        assert_int_equal(full_refusal(full_body(fields[i].kind, &space, NULL)), ERR_RANGE);
        assert_int_equal(full_refusal(full_body(fields[i].kind, &umlaut, NULL)), ERR_RANGE);
    }
    static const char *const currencies[] = {"eur", "EU1", "EURO", "EU"};
    for (size_t i = 0; i < ARRAY_COUNT(currencies); i++) {
        const struct fill_override override = {"Genesis.currency", FILL_TEXT, (int64_t)strlen(currencies[i]),
                                               currencies[i]};
        assert_int_equal(full_refusal(full_body(18, &override, NULL)), ERR_RANGE);
    }
}

static void expect_field(uint32_t kind, const struct fill_override *override, bool accepted)
{
    struct event event;
    const char *field = NULL;
    const int result = full_unpack(full_body(kind, override, NULL), &event, &field);
    if (result != (accepted ? 0 : ERR_RANGE)) {
        print_error("%s, %lld: %d in %s\n", override->name, (long long) override->number, result, field);
    }
    assert_int_equal(result, accepted ? 0 : ERR_RANGE);
    if (!accepted) {
        assert_string_equal(field, strchr(override->name, '.') + 1);
    }
}

static void every_number_has_its_range(void **state)
{
    (void)state;
    const int64_t amount = 1000000000000;
    const int64_t end_of_time = 253402300799999;
    const struct {
        const char *name;
        uint32_t kind;
        int64_t min;
        int64_t max;
    } table[] = {
        {"Body.occurred_at", 23, 0, end_of_time},
        {"Body.clock_correction", 23, -amount, amount},
        {"Receipt.business_date", PURCHASE, 0, 2932896},
        {"Purchase.basket_discount", PURCHASE, 0, amount},
        {"Purchase.cash_rounding", PURCHASE, -1000000, 1000000},
        {"Purchase.tip", PURCHASE, 0, amount},
        {"Purchase.redeem", PURCHASE, 0, 1},
        {"Line.quantity", PURCHASE, -1000000000, 1000000000},
        {"Line.discount", PURCHASE, 0, amount},
        {"Line.tax", PURCHASE, 0, 95},
        {"Tender.kind", PURCHASE, 0, 5},
        {"Tender.amount", PURCHASE, -amount, amount},
        {"FreeUnits.line", PURCHASE, 0, 1},
        {"FreeUnits.units", PURCHASE, 1, 1000000},
        {"Redemption.units", PURCHASE, 1, 1000000},
        {"PayWithPoints.points", PURCHASE, 1, amount},
        {"Genesis.format", 18, 1, 1},
        {"Invite.role", 19, 0, 4},
        {"Invite.expires_at", 19, 0, end_of_time},
        {"PrincipalAdded.principal", 20, 1, UINT32_MAX},
        {"PrincipalAdded.invite", 20, 1, INT64_MAX},
        {"Revoke.principal", 21, 1, UINT32_MAX},
        {"EngineRevision.revision", 24, 1, UINT32_MAX},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const bool top = table[i].max == INT64_MAX;
        const struct fill_override below = {table[i].name, FILL_VALUE, table[i].min - 1, NULL};
        const struct fill_override min = {table[i].name, FILL_VALUE, table[i].min, NULL};
        const struct fill_override max = {table[i].name, FILL_VALUE, table[i].max, NULL};
        /* 2^63 as the unsigned number it is. */
        const struct fill_override above = {table[i].name, top ? FILL_WIDE : FILL_VALUE,
                                            top ? INT64_MIN : table[i].max + 1, NULL};
        expect_field(table[i].kind, &below, false);
        expect_field(table[i].kind, &min, true);
        expect_field(table[i].kind, &max, true);
        expect_field(table[i].kind, &above, false);
        const struct fill_override missing = {table[i].name, FILL_SKIP, 0, NULL};
        const int result = full_refusal(full_body(table[i].kind, &missing, NULL));
        assert_true(result == 0 || result == ERR_RANGE);
    }
}

static void gross_has_its_range_and_tax_is_within_it(void **state)
{
    (void)state;
    const int64_t amount = 1000000000000;
    const struct {
        int64_t gross;
        int64_t tax;
        bool accepted;
    } table[] = {
        {amount, 0, true},   {amount + 1, 0, false}, {-amount, 0, true}, {-amount - 1, 0, false},
        {100, 100, true},    {100, 101, false},      {100, -1, false},   {-100, -100, true},
        {-100, -101, false}, {-100, 1, false},       {0, 0, true},       {0, 1, false},
        {0, -1, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override gross = {"Line.gross", FILL_VALUE, table[i].gross, NULL};
        const struct fill_override tax = {"Line.tax", FILL_VALUE, table[i].tax, NULL};
        assert_int_equal(full_refusal(full_body(PURCHASE, &gross, &tax)), table[i].accepted ? 0 : ERR_RANGE);
    }
}

static void every_text_and_list_has_its_length(void **state)
{
    (void)state;
    const struct {
        const char *name;
        uint32_t kind;
        int64_t min;
        int64_t max;
    } table[] = {
        {"Receipt.store", PURCHASE, 1, 32},
        {"Receipt.till", PURCHASE, 1, 32},
        {"Receipt.number", PURCHASE, 1, 40},
        {"Purchase.card", PURCHASE, 32, 32},
        {"Purchase.codes", PURCHASE, 1, 32},
        {"Line.sku", PURCHASE, 1, 40},
        {"Line.category", PURCHASE, 1, 32},
        {"Line.labels", PURCHASE, 1, 32},
        {"Tender.label", PURCHASE, 1, 32},
        {"FreeUnits.card", PURCHASE, 1, 32},
        {"Redemption.voucher", PURCHASE, 16, 16},
        {"Enrolment.card", 17, 32, 32},
        {"Genesis.daemon_key", 18, 32, 32},
        {"Genesis.operator_key", 18, 32, 32},
        {"Genesis.random", 18, 32, 32},
        {"Invite.code_hash", 19, 32, 32},
        {"Invite.store", 19, 1, 32},
        {"Invite.label", 19, 1, 32},
        {"PrincipalAdded.key", 20, 32, 32},
        {"PrincipalAdded.proof", 20, 64, 64},
        {"Revoke.reason", 21, 1, 128},
        {"ProgrammeChange.yaml", 22, 1, 262144},
        {"EngineRevision.version", 24, 1, 64},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override below = {table[i].name, FILL_SIZE, table[i].min - 1, NULL};
        const struct fill_override min = {table[i].name, FILL_SIZE, table[i].min, NULL};
        const struct fill_override max = {table[i].name, FILL_SIZE, table[i].max, NULL};
        const struct fill_override above = {table[i].name, FILL_SIZE, table[i].max + 1, NULL};
        expect_field(table[i].kind, &below, false);
        expect_field(table[i].kind, &min, true);
        expect_field(table[i].kind, &max, true);
        expect_field(table[i].kind, &above, false);
    }
    const struct {
        const char *name;
        int64_t max;
    } lists[] = {{"Purchase.lines", 1200},    {"Purchase.tenders", 16},     {"Purchase.codes", 8},
                 {"Purchase.free_units", 32}, {"Purchase.redemptions", 16}, {"Line.labels", 8}};
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        const struct fill_override none = {lists[i].name, FILL_COUNT, 0, NULL};
        const struct fill_override max = {lists[i].name, FILL_COUNT, lists[i].max, NULL};
        const struct fill_override above = {lists[i].name, FILL_COUNT, lists[i].max + 1, NULL};
        const struct fill_override no_free_units = {"Purchase.free_units", FILL_SKIP, 0, NULL};
        assert_int_equal(full_refusal(full_body(PURCHASE, &none, i == 0 ? &no_free_units : NULL)), 0);
        expect_field(PURCHASE, &max, true);
        expect_field(PURCHASE, &above, false);
    }
}

static void what_is_required_must_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
        const char *field;
    } table[] = {
        {"Body.occurred_at", 23, NULL},
        {"Purchase.receipt", PURCHASE, NULL},
        {"Receipt.business_date", PURCHASE, NULL},
        {"Receipt.number", PURCHASE, NULL},
        {"Line.gross", PURCHASE, NULL},
        {"Tender.amount", PURCHASE, NULL},
        {"FreeUnits.card", PURCHASE, NULL},
        {"Redemption.voucher", PURCHASE, "redemptions"},
        {"PayWithPoints.points", PURCHASE, "pay_with_points"},
        {"Enrolment.card", 17, NULL},
        {"Genesis.format", 18, NULL},
        {"Genesis.daemon_key", 18, NULL},
        {"Genesis.operator_key", 18, NULL},
        {"Genesis.random", 18, NULL},
        {"Invite.code_hash", 19, NULL},
        {"Invite.label", 19, NULL},
        {"Invite.expires_at", 19, NULL},
        {"PrincipalAdded.principal", 20, NULL},
        {"PrincipalAdded.key", 20, NULL},
        {"PrincipalAdded.invite", 20, NULL},
        {"PrincipalAdded.proof", 20, NULL},
        {"Revoke.principal", 21, NULL},
        {"ProgrammeChange.yaml", 22, NULL},
        {"EngineRevision.revision", 24, NULL},
        {"EngineRevision.version", 24, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override missing = {table[i].name, FILL_SKIP, 0, NULL};
        struct event event;
        const char *field = NULL;
        assert_int_equal(full_unpack(full_body(table[i].kind, &missing, NULL), &event, &field), ERR_RANGE);
        assert_string_equal(field, table[i].field != NULL ? table[i].field : strchr(table[i].name, '.') + 1);
    }
    /* Of an invite the store only when it is for a terminal, as it is by default. */
    const struct fill_override no_store = {"Invite.store", FILL_SKIP, 0, NULL};
    const struct fill_override no_role = {"Invite.role", FILL_SKIP, 0, NULL};
    assert_int_equal(full_refusal(full_body(19, &no_store, NULL)), 0);
    assert_int_equal(full_refusal(full_body(19, &no_role, NULL)), 0);
    assert_int_equal(full_refusal(full_body(19, &no_store, &no_role)), ERR_RANGE);
}

static void what_excludes_each_other_does(void **state)
{
    (void)state;
    struct wire_writer writer = {.data = full_body_memory, .room = sizeof(full_body_memory)};
    const struct fill_override both[] = {{"Redemption.wallet", FILL_SKIP, 0, NULL},
                                         {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                         {"Redemption.reward", FILL_SKIP, 0, NULL},
                                         {"PayWithPoints.max", FILL_SKIP, 0, NULL},
                                         {NULL, FILL_SKIP, 0, NULL}};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, both);
    struct event event;
    const char *field;
    assert_int_equal(full_unpack((struct bytes){writer.data, writer.size}, &event, &field), ERR_RANGE);
    assert_string_equal(field, "redemptions");
    writer.size = 0;
    const struct fill_override max_too[] = {{"Purchase.redemptions", FILL_SKIP, 0, NULL},
                                            {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                            {NULL, FILL_SKIP, 0, NULL}};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, max_too);
    assert_int_equal(full_unpack((struct bytes){writer.data, writer.size}, &event, &field), ERR_RANGE);
    assert_string_equal(field, "pay_with_points");
}

static void a_wallet_is_the_first(void **state)
{
    (void)state;
    static const char *const names[] = {"Redemption.wallet", "PayWithPoints.wallet"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        for (int64_t wallet = 0; wallet <= 1; wallet++) {
            const struct fill_override override = {names[i], FILL_VALUE, wallet, NULL};
            assert_int_equal(full_refusal(full_body(PURCHASE, &override, NULL)), wallet == 0 ? 0 : ERR_RANGE);
        }
    }
}

static void a_number_wider_than_its_type_is_out_of_range(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } table[] = {
        {"Receipt.business_date", PURCHASE}, {"Tender.kind", PURCHASE}, {"FreeUnits.units", PURCHASE},
        {"Purchase.redeem", PURCHASE},       {"Invite.role", 19},       {"Revoke.principal", 21}};
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        /* 2^32 + 1 would be 1 to whoever looks at 32 bits. */
        const struct fill_override wide = {table[i].name, FILL_WIDE, (INT64_C(1) << 32) + 1, NULL};
        expect_field(table[i].kind, &wide, false);
        const struct fill_override negative = {table[i].name, FILL_WIDE, -1, NULL};
        expect_field(table[i].kind, &negative, false);
    }
    static const char *const flags[] = {"Line.weighed", "Line.voided", "FreeUnits.charged"};
    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        const struct fill_override two = {flags[i], FILL_WIDE, 2, NULL};
        expect_field(PURCHASE, &two, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_utf8_without_nul),
        cmocka_unit_test(ids_are_of_their_letters_only),
        cmocka_unit_test(every_number_has_its_range),
        cmocka_unit_test(gross_has_its_range_and_tax_is_within_it),
        cmocka_unit_test(every_text_and_list_has_its_length),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(what_excludes_each_other_does),
        cmocka_unit_test(a_wallet_is_the_first),
        cmocka_unit_test(a_number_wider_than_its_type_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
