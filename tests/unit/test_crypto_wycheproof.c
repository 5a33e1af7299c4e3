/* Wycheproof's Ed25519 vectors through the function that checks every signature of the daemon's. They lie
 * beside the project, not in it: without them the test is left out, and says so. */
#include "lib/testing.h"

#include "crypto/crypto.h"
#include "crypto/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS LOYALTY_SOURCE "/../shared/data/ed25519/ed25519_test.json"

enum { FILE_BYTES_MAX = 1024 * 1024, MESSAGE_BYTES_MAX = 4096, VECTORS_COUNT = 151, VALID = 88 };

/* The text of the next member of this name behind `at` and before `end`; NULL: none. */
static const char *member(const char *at, const char *end, const char *name, size_t *ret_size)
{
    char key[32];
    snprintf(key, sizeof(key), "\"%s\": \"", name);
    const char *found = strstr(at, key);
    if (found == NULL || (end != NULL && found >= end)) {
        return NULL;
    }
    found += strlen(key);
    *ret_size = strcspn(found, "\"");
    return found;
}

static size_t unhex(const char *text, size_t size, uint8_t *ret_bytes, size_t room)
{
    assert_true(size % 2 == 0 && size / 2 <= room);
    for (size_t i = 0; i < size; i += 2) {
        unsigned byte;
        assert_int_equal(sscanf(text + i, "%2x", &byte), 1);
        ret_bytes[i / 2] = (uint8_t)byte;
    }
    return size / 2;
}

/* The vector at `at`, which ends before `end`. A signature of another length can never come to the check:
 * what travels is SIGNATURE_BYTES or refused before. */
static bool verifies(const char *at, const char *end, const uint8_t key[KEY_BYTES])
{
    uint8_t message[MESSAGE_BYTES_MAX];
    uint8_t signature[2 * SIGNATURE_BYTES];
    size_t size;
    const char *text = member(at, end, "msg", &size);
    assert_non_null(text);
    const size_t message_size = unhex(text, size, message, sizeof(message));
    text = member(at, end, "sig", &size);
    assert_non_null(text);
    return unhex(text, size, signature, sizeof(signature)) == SIGNATURE_BYTES &&
           sign_bytes_check(key, (struct bytes){message, message_size}, signature) == 0;
}

static void every_vector_is_judged_as_it_should_be(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS, "re");
    if (file == NULL) {
        print_message("skipped: there is no " VECTORS "\n");
        skip();
    }
    char *text = calloc(1, FILE_BYTES_MAX + 1);
    assert_non_null(text);
    const size_t size = fread(text, 1, FILE_BYTES_MAX, file);
    fclose(file);
    assert_in_range(size, 1000, FILE_BYTES_MAX - 1);
    assert_int_equal(crypto_init(), 0);
    unsigned valid = 0;
    unsigned all = 0;
    uint8_t key[KEY_BYTES];
    size_t member_size;
    const char *next_key = member(text, NULL, "pk", &member_size);
    for (const char *at = strstr(text, "\"tcId\""); at != NULL; all++) {
        const char *end = strstr(at + 1, "\"tcId\"");
        while (next_key != NULL && next_key < at) {
            assert_int_equal(unhex(next_key, member_size, key, sizeof(key)), KEY_BYTES);
            next_key = member(next_key, NULL, "pk", &member_size);
        }
        size_t result_size;
        const char *result = member(at, end, "result", &result_size);
        assert_non_null(result);
        const bool expected = strncmp(result, "valid", result_size) == 0;
        assert_true(expected || strncmp(result, "invalid", result_size) == 0);
        if (verifies(at, end, key) != expected) {
            fail_msg("vector %.12s should be %.*s", at, (int)result_size, result);
        }
        valid += expected;
        at = end;
    }
    assert_int_equal(all, VECTORS_COUNT);
    assert_int_equal(valid, VALID);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_judged_as_it_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
