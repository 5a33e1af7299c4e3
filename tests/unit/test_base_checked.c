/* Checked arithmetic: right to the ends of int64, silent about nothing, and every rounding on both sides of
 * 0. */
#include "base/checked.h"

#include "lib/testing.h"

#include <stdio.h>

enum { UNTOUCHED = 4711 };

struct case_two {
    int64_t a, b;
    int code;
    int64_t result;
};

static void check_table(int (*function)(int64_t, int64_t, int64_t *), const struct case_two *cases,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct case_two *c = &cases[i];
        int64_t result = UNTOUCHED;
        const int code = function(c->a, c->b, &result);
        if (code != c->code || result != (code == 0 ? c->result : UNTOUCHED)) {
            fail_msg("case %zu: code %d, result %lld", i, code, (long long)result);
        }
    }
}

static void sums_reach_the_ends_and_no_further(void **state)
{
    (void)state;
    static const struct case_two cases[] = {
        {0, 0, 0, 0},
        {2, 3, 0, 5},
        {INT64_MAX, 0, 0, INT64_MAX},
        {INT64_MAX - 1, 1, 0, INT64_MAX},
        {INT64_MAX, 1, ERR_OVERFLOW, 0},
        {INT64_MIN, 0, 0, INT64_MIN},
        {INT64_MIN + 1, -1, 0, INT64_MIN},
        {INT64_MIN, -1, ERR_OVERFLOW, 0},
        {INT64_MIN, INT64_MAX, 0, -1},
        {INT64_MAX, INT64_MAX, ERR_OVERFLOW, 0},
        {INT64_MIN, INT64_MIN, ERR_OVERFLOW, 0},
    };
    check_table(checked_add, cases, ARRAY_COUNT(cases));
}

static void differences_reach_the_ends_and_no_further(void **state)
{
    (void)state;
    static const struct case_two cases[] = {
        {3, 5, 0, -2},
        {INT64_MIN + 1, 1, 0, INT64_MIN},
        {INT64_MIN, 1, ERR_OVERFLOW, 0},
        {INT64_MAX, -1, ERR_OVERFLOW, 0},
        {INT64_MAX, INT64_MAX, 0, 0},
        {INT64_MIN, INT64_MIN, 0, 0},
        {-1, INT64_MIN, 0, INT64_MAX},
        {0, INT64_MIN, ERR_OVERFLOW, 0},
        {0, INT64_MAX, 0, -INT64_MAX},
    };
    check_table(checked_sub, cases, ARRAY_COUNT(cases));
}

static void products_reach_the_ends_and_no_further(void **state)
{
    (void)state;
    static const struct case_two cases[] = {
        {-7, 6, 0, -42},
        {0, INT64_MIN, 0, 0},
        {INT64_MAX, 1, 0, INT64_MAX},
        {INT64_MAX, -1, 0, -INT64_MAX},
        {INT64_MIN, 1, 0, INT64_MIN},
        {INT64_MIN, -1, ERR_OVERFLOW, 0},
        {INT64_C(1) << 32, INT64_C(1) << 31, ERR_OVERFLOW, 0},
        {INT64_C(1) << 32, -(INT64_C(1) << 31), 0, INT64_MIN},
        {3037000500, 3037000500, ERR_OVERFLOW, 0},
        {3037000499, 3037000499, 0, 9223372030926249001},
    };
    check_table(checked_mul, cases, ARRAY_COUNT(cases));
}

struct case_mul_div {
    int64_t a, b, divisor;
    int64_t floor, half_up, ceil;
};

static void each_rounding_goes_its_way_on_both_sides_of_zero(void **state)
{
    (void)state;
    static const struct case_mul_div cases[] = {
        /* a, b, divisor: floor, half up, ceil */
        {19, 1500, 1000, 28, 29, 29},
        {3, 1500, 1000, 4, 5, 5},
        {10, 1, 4, 2, 3, 3},
        {9, 1, 4, 2, 2, 3},
        {11, 1, 4, 2, 3, 3},
        {8, 1, 4, 2, 2, 2},
        {0, 5, 7, 0, 0, 0},
        {-8, 1, 4, -2, -2, -2},
        {-9, 1, 4, -3, -2, -2},
        {-10, 1, 4, -3, -2, -2}, /* -2.5: a half goes towards plus infinity */
        {-11, 1, 4, -3, -3, -2},
        {-1, 1, 2, -1, 0, 0},
        {1, 1, 2, 0, 1, 1},
        {1, 1, 3, 0, 0, 1},
        {-1, 1, 3, -1, 0, 0},
        {2, 1, 3, 0, 1, 1},
        {-2, 1, 3, -1, -1, 0},
        {7, -3, 2, -11, -10, -10},
        {-7, -3, 2, 10, 11, 11},
        {1, 1, INT64_MAX, 0, 0, 1},
        {-1, 1, INT64_MAX, -1, 0, 0},
        {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, INT64_MIN},
        {INT64_MIN, 1, 1, INT64_MIN, INT64_MIN, INT64_MIN},
        {INT64_MAX, 999, 1000, 9214148664817921031, 9214148664817921031, 9214148664817921032},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct case_mul_div *c = &cases[i];
        const int64_t expected[] = {
            [ROUND_FLOOR] = c->floor, [ROUND_HALF_UP] = c->half_up, [ROUND_CEIL] = c->ceil};
        for (int r = ROUND_FLOOR; r <= ROUND_CEIL; r++) {
            int64_t result = UNTOUCHED;
            assert_int_equal(checked_mul_div(c->a, c->b, c->divisor, (enum rounding)r, &result), 0);
            if (result != expected[r]) {
                fail_msg("case %zu, rounding %d: %lld", i, r, (long long)result);
            }
        }
    }
}

static void a_quotient_beyond_int64_is_an_overflow(void **state)
{
    (void)state;
    int64_t result = UNTOUCHED;
    assert_int_equal(checked_mul_div(INT64_MAX, 2, 1, ROUND_FLOOR, &result), ERR_OVERFLOW);
    assert_int_equal(checked_mul_div(INT64_MIN, 2, 1, ROUND_CEIL, &result), ERR_OVERFLOW);
    assert_int_equal(checked_mul_div(INT64_MIN, -1, 1, ROUND_FLOOR, &result), ERR_OVERFLOW);
    assert_int_equal(checked_mul_div(INT64_MIN, INT64_MIN, 1, ROUND_FLOOR, &result), ERR_OVERFLOW);
    assert_int_equal(result, UNTOUCHED);
}

static void rounding_alone_can_carry_over_the_end(void **state)
{
    (void)state;
    /* INT64_MAX + 1/2: the floor is the last int64, the others are beyond it. */
    const int64_t a = INT64_C(0x5555555555555555);
    int64_t result = UNTOUCHED;
    assert_int_equal(checked_mul_div(a, 6, 4, ROUND_FLOOR, &result), 0);
    assert_int_equal(result, INT64_MAX);
    result = UNTOUCHED;
    assert_int_equal(checked_mul_div(a, 6, 4, ROUND_HALF_UP, &result), ERR_OVERFLOW);
    assert_int_equal(checked_mul_div(a, 6, 4, ROUND_CEIL, &result), ERR_OVERFLOW);
    assert_int_equal(result, UNTOUCHED);
}

static void divide_by(void *argument)
{
    int64_t result;
    const int code = checked_mul_div(1, 1, *(const int64_t *)argument, ROUND_FLOOR, &result);
    (void)code;
}

static void a_divisor_of_zero_or_less_is_a_bug_of_ours(void **state)
{
    (void)state;
    assert_true(testing_aborts(divide_by, &(int64_t){0}));
    assert_true(testing_aborts(divide_by, &(int64_t){-1}));
    assert_false(testing_aborts(divide_by, &(int64_t){1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_reach_the_ends_and_no_further),
        cmocka_unit_test(differences_reach_the_ends_and_no_further),
        cmocka_unit_test(products_reach_the_ends_and_no_further),
        cmocka_unit_test(each_rounding_goes_its_way_on_both_sides_of_zero),
        cmocka_unit_test(a_quotient_beyond_int64_is_an_overflow),
        cmocka_unit_test(rounding_alone_can_carry_over_the_end),
        cmocka_unit_test(a_divisor_of_zero_or_less_is_a_bug_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
