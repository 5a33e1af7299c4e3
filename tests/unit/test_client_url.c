#include "lib/testing.h"

#include "client/connection.h"
#include "client/url.h"

#include <string.h>

#define PIN_A "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE" /* 32 bytes 01 */
#define PIN_B "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define PIN_C "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"

static void a_url_says_where_and_by_what(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum url_kind kind;
        const char *host;
        uint16_t port;
        size_t pins;
        bool ca;
        bool valid; /* for a connection */
    } cases[] = {
        {"loyalty://192.0.2.1:7343/?pin=" PIN_A, URL_TLS, "192.0.2.1", 7343, 1, false, true},
        {"loyalty://192.0.2.1?pin=" PIN_A, URL_TLS, "192.0.2.1", 7342, 1, false, true},
        {"loyalty://till.example.org/?pin=" PIN_A "," PIN_B, URL_TLS, "till.example.org", 7342, 2, false,
         true},
        {"loyalty://till.example.org/?pin=" PIN_A "&pin=" PIN_B, URL_TLS, "till.example.org", 7342, 2, false,
         true},
        {"loyalty://[2001:db8::1]:1/?pin=" PIN_A, URL_TLS, "2001:db8::1", 1, 1, false, true},
        {"loyalty://[2001:db8::1]/?ca", URL_TLS, "2001:db8::1", 7342, 0, true, true},
        {"loyalty://till.example.org:65535/?ca&pin=" PIN_A, URL_TLS, "till.example.org", 65535, 1, true,
         true},
        {"loyalty://till.example.org/", URL_TLS, "till.example.org", 7342, 0, false, false},
        {"loyalty://till.example.org", URL_TLS, "till.example.org", 7342, 0, false, false},
        {"tcp://127.0.0.1:7341", URL_TCP, "127.0.0.1", 7341, 0, false, true},
        {"127.0.0.1:7341", URL_TCP, "127.0.0.1", 7341, 0, false, true},
        {"localhost:7341", URL_TCP, "localhost", 7341, 0, false, true},
        {"[::1]:7341", URL_TCP, "::1", 7341, 0, false, true},
        {"tcp://192.0.2.1:7341", URL_TCP, "192.0.2.1", 7341, 0, false, false},
        {"tcp://till.example.org:7341", URL_TCP, "till.example.org", 7341, 0, false, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct url url;
        assert_int_equal(url_parse(cases[i].text, &url), 0);
        assert_int_equal(url.kind, cases[i].kind);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.pins.count, cases[i].pins);
        assert_int_equal(url.ca, cases[i].ca);
        assert_int_equal(connection_url_valid(cases[i].text), cases[i].valid);
    }
}

static void sockets_are_paths(void **state)
{
    (void)state;
    static const char *const texts[] = {"unix:/run/loyalty", "unix:///run/loyalty", "/run/loyalty"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct url url;
        assert_int_equal(url_parse(texts[i], &url), 0);
        assert_int_equal(url.kind, URL_UNIX);
        assert_string_equal(url.path, "/run/loyalty");
        assert_true(connection_url_valid(texts[i]));
    }
}

static void anything_else_is_no_url(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "unix:",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "127.0.0.1:7341/",
        "https://till.example.org",
        "loyalty://",
        "loyalty:///?pin=" PIN_A,
        "loyalty://:7342/?pin=" PIN_A,
        "loyalty://host:/?pin=" PIN_A,
        "loyalty://host:74x/?pin=" PIN_A,
        "loyalty://ho st/?pin=" PIN_A,
        "loyalty://user@host/?pin=" PIN_A,
        "loyalty://[::1/?pin=" PIN_A,
        "loyalty://[host]/?pin=" PIN_A,
        "loyalty://host/path",
        "loyalty://host/?",
        "loyalty://host/?pin=",
        "loyalty://host/?pin=" PIN_A ",",
        "loyalty://host/?pin=" PIN_A "x",
        "loyalty://host/?pin=" PIN_A "," PIN_B "," PIN_C,
        "loyalty://host/?pin=AAAA",
        "loyalty://host/?cat",
        "loyalty://host/?ca=1",
        "loyalty://host/?insecure",
        "loyalty://host/?ca&",
    };
    struct url url = {.port = 9};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        assert_int_equal(url_parse(texts[i], &url), ERR_FORMAT);
    }
    assert_int_equal(url.port, 9);
    char longest[URL_BYTES_MAX + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memcpy(longest, "loyalty://", 10);
    assert_int_equal(url_parse(longest, &url), ERR_FORMAT);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "loyalty://192.0.2.1:7343/?pin=" PIN_A,
        "loyalty://till.example.org:7342/?pin=" PIN_A "," PIN_B,
        "loyalty://[2001:db8::1]:7342/?ca",
        "loyalty://till.example.org:7342/?pin=" PIN_A "&ca",
        "tcp://127.0.0.1:7341",
        "tcp://[::1]:7341",
        "unix:/run/loyalty",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct url url;
        char text[URL_BYTES_MAX + 1];
        assert_int_equal(url_parse(texts[i], &url), 0);
        assert_int_equal(url_format(&url, text), 0);
        assert_string_equal(text, texts[i]);
    }
}

static void the_host_can_be_another_and_brings_its_port(void **state)
{
    (void)state;
    struct url url;
    char text[URL_BYTES_MAX + 1];
    assert_int_equal(url_parse("loyalty://192.0.2.1:7343/?ca", &url), 0);
    assert_int_equal(url_set_host(&url, "till.example.org"), 0);
    assert_int_equal(url_format(&url, text), 0);
    assert_string_equal(text, "loyalty://till.example.org:7343/?ca");
    assert_int_equal(url_set_host(&url, "[::1]:99"), 0);
    assert_int_equal(url_set_host(&url, "host:"), ERR_FORMAT);
    assert_int_equal(url_set_host(&url, ""), ERR_FORMAT);
    assert_int_equal(url_format(&url, text), 0);
    assert_string_equal(text, "loyalty://[::1]:99/?ca");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_says_where_and_by_what),
        cmocka_unit_test(sockets_are_paths),
        cmocka_unit_test(anything_else_is_no_url),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_host_can_be_another_and_brings_its_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
