#include "lib/testing.h"

#include "crypto/crypto.h"
#include "crypto/pin.h"

#include <string.h>

static int start(void **state)
{
    (void)state;
    return crypto_init();
}

static void a_pin_is_43_symbols_and_comes_back(void **state)
{
    (void)state;
    uint8_t pin[PIN_BYTES];
    uint8_t back[PIN_BYTES];
    char text[PIN_TEXT_BYTES];
    for (unsigned i = 0; i < PIN_BYTES; i++) {
        pin[i] = (uint8_t)(255 - i);
    }
    pin_format(pin, text);
    assert_string_equal(text, "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA");
    assert_int_equal(pin_parse(text, strlen(text), back), 0);
    assert_memory_equal(back, pin, PIN_BYTES);
}

static void anything_else_is_no_pin(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4e",   /* a symbol short */
        "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA=", /* padded */
        "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA",  /* the other base64 */
        "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4e ",
        "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eB", /* bits behind the last byte */
        "o\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"
        "\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377o",
    };
    uint8_t pin[PIN_BYTES] = {7};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_int_equal(pin_parse(wrong[i], strlen(wrong[i]), pin), ERR_FORMAT);
    }
    assert_int_equal(pin[0], 7);
}

static void two_pins_at_most_and_none_twice(void **state)
{
    (void)state;
    struct pins pins = {0};
    const uint8_t a[PIN_BYTES] = {1};
    const uint8_t b[PIN_BYTES] = {2};
    const uint8_t c[PIN_BYTES] = {3};
    pins_add(&pins, a);
    pins_add(&pins, a);
    assert_int_equal(pins.count, 1);
    pins_add(&pins, b);
    pins_add(&pins, c);
    assert_int_equal(pins.count, 2);
    assert_true(pins_hold(&pins, a));
    assert_true(pins_hold(&pins, b));
    assert_false(pins_hold(&pins, c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_43_symbols_and_comes_back),
        cmocka_unit_test(anything_else_is_no_pin),
        cmocka_unit_test(two_pins_at_most_and_none_twice),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
