/* Key files: what is saved is loaded, nobody else may read it, no half file is left, and damage is seen. */
#include "crypto/crypto.h"
#include "crypto/key_file.h"
#include "crypto/sign.h"

#include "lib/testing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct world world = {.random = crypto_world_random};
static const struct bytes no_passphrase = {NULL, 0};
static const struct bytes passphrase = {(const uint8_t *)"correct horse", 13};
static char folder[] = "/tmp/loyalty-key-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/key", folder);
    return 0;
}

static int remove_key(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a test left anything behind */
}

static struct key_file example(void)
{
    return (struct key_file){.kind = "operator", .signs = true, .secret = {1, 2, 3}};
}

static void write_text(const char *text, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, size), (ssize_t)size);
    assert_int_equal(close(file), 0);
}

static size_t read_text(char *text, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(text, 1, room - 1, file);
    assert_int_equal(fclose(file), 0);
    text[size] = '\0';
    return size;
}

static void what_was_saved_is_loaded(void **state)
{
    (void)state;
    const struct key_file saved = example();
    struct key_file loaded;
    struct key_pair pair;
    struct stat status;
    assert_int_equal(key_file_save(path, &saved, KEY_FILE_NEW, no_passphrase, &world), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), 0);
    assert_string_equal(loaded.kind, "operator");
    assert_true(loaded.signs);
    assert_memory_equal(loaded.secret, saved.secret, KEY_BYTES);
    key_pair_from_seed(saved.secret, &pair);
    assert_memory_equal(loaded.public_key, pair.public_key, KEY_BYTES);
    /* A passphrase that is not needed does no harm. */
    assert_int_equal(key_file_load(path, passphrase, &loaded), 0);
    key_file_fini(&loaded);
    assert_int_equal(loaded.secret[0], 0);
}

static void the_file_is_what_its_header_says(void **state)
{
    (void)state;
    static const char expected[] =
        "loyaltyd key v1\n"
        "kind: lookup\n"
        "secret: 0102030000000000000000000000000000000000000000000000000000000000\n";
    struct key_file file = {.kind = "lookup", .secret = {1, 2, 3}};
    char text[1024];
    assert_int_equal(key_file_save(path, &file, KEY_FILE_NEW, no_passphrase, &world), 0);
    (void)read_text(text, sizeof(text));
    assert_string_equal(text, expected);
    assert_int_equal(key_file_load(path, no_passphrase, &file), 0);
    assert_false(file.signs);
}

static void a_sealed_key_needs_its_passphrase(void **state)
{
    (void)state;
    static const struct bytes wrong = {(const uint8_t *)"correct horsf", 13};
    const struct key_file saved = example();
    struct key_file loaded = {.kind = "untouched"};
    char text[1024];
    assert_int_equal(key_file_save(path, &saved, KEY_FILE_NEW, passphrase, &world), 0);
    (void)read_text(text, sizeof(text));
    assert_null(strstr(text, "secret: "));
    assert_null(strstr(text, "010203"));
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), ERR_SIGNATURE);
    assert_int_equal(key_file_load(path, wrong, &loaded), ERR_SIGNATURE);
    assert_string_equal(loaded.kind, "untouched");
    assert_int_equal(key_file_load(path, passphrase, &loaded), 0);
    assert_memory_equal(loaded.secret, saved.secret, KEY_BYTES);
}

static void a_sealed_key_does_not_pass_for_another_kind(void **state)
{
    (void)state;
    if (testing_is_slow()) {
        skip();
    }
    const struct key_file saved = example();
    struct key_file loaded;
    char text[1024];
    assert_int_equal(key_file_save(path, &saved, KEY_FILE_NEW, passphrase, &world), 0);
    const size_t size = read_text(text, sizeof(text));
    char *kind = strstr(text, "operator");
    assert_non_null(kind);
    memcpy(kind, "terminal", 8);
    write_text(text, size);
    assert_int_equal(key_file_load(path, passphrase, &loaded), ERR_SIGNATURE);
}

static void a_file_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t wide[] = {0640, 0604, 0660, 0610, 0601, 0666};
    const struct key_file saved = example();
    struct key_file loaded;
    assert_int_equal(key_file_save(path, &saved, KEY_FILE_NEW, no_passphrase, &world), 0);
    for (size_t i = 0; i < ARRAY_COUNT(wide); i++) {
        assert_int_equal(chmod(path, wide[i]), 0);
        assert_int_equal(key_file_load(path, no_passphrase, &loaded), ERR_PERMISSION);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), 0);
}

static void a_key_is_replaced_only_when_asked(void **state)
{
    (void)state;
    struct key_file file = example();
    struct key_file loaded;
    assert_int_equal(key_file_save(path, &file, KEY_FILE_NEW, no_passphrase, &world), 0);
    file.secret[0] = 9;
    assert_int_equal(key_file_save(path, &file, KEY_FILE_NEW, no_passphrase, &world), ERR_EXISTS);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), 0);
    assert_int_equal(loaded.secret[0], 1);
    assert_int_equal(key_file_save(path, &file, KEY_FILE_REPLACE, no_passphrase, &world), 0);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), 0);
    assert_int_equal(loaded.secret[0], 9);
}

static void a_half_file_of_a_crash_is_in_nobodys_way(void **state)
{
    (void)state;
    const struct key_file file = example();
    struct key_file loaded;
    char half[80];
    (void)snprintf(half, sizeof(half), "%s.new", path);
    const int descriptor = open(half, O_WRONLY | O_CREAT, 0644);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "loyal", 5), 5);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(key_file_save(path, &file, KEY_FILE_NEW, no_passphrase, &world), 0);
    assert_int_equal(access(half, F_OK), -1);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), 0);
}

static void what_is_no_key_file_is_refused(void **state)
{
    (void)state;
#define SECRET "secret: 0102030000000000000000000000000000000000000000000000000000000000\n"
    static const char *const texts[] = {
        "",
        "loyaltyd key v1\n",
        "loyaltyd key v2\nkind: lookup\n" SECRET,
        "loyaltyd key v1\nkind: \n" SECRET,
        "loyaltyd key v1\nkind: two words\n" SECRET,
        "loyaltyd key v1\nkind: lookup\n",
        "loyaltyd key v1\nkind: lookup\nsecret: 01\n",
        "loyaltyd key v1\nkind: lookup\n" SECRET "\n",
        "loyaltyd key v1\nkind: lookup\n" SECRET SECRET,
        "loyaltyd key v1\nkind: lookup\nsecret: "
        "0102030000000000000000000000000000000000000000000000000000000000",
        "loyaltyd key v1\nkind: lookup\nargon2id: 1 8\nsealed: 00\n",
        "loyaltyd key v1\nkind: lookup\nargon2id: 01 8 00000000000000000000000000000000\n",
    };
    struct key_file loaded;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        write_text(texts[i], strlen(texts[i]));
        if (key_file_load(path, passphrase, &loaded) != ERR_FORMAT) {
            fail_msg("not refused: %s", texts[i]);
        }
    }
    static const char with_nul[] = "loyaltyd key v1\nkind: lookup\n" SECRET "\0x";
    write_text(with_nul, sizeof(with_nul) - 1);
    assert_int_equal(key_file_load(path, passphrase, &loaded), ERR_FORMAT);
    static char large[4096];
    memset(large, 'x', sizeof(large));
    write_text(large, sizeof(large));
    assert_int_equal(key_file_load(path, passphrase, &loaded), ERR_FORMAT);
}

static void a_file_cannot_ask_for_endless_work(void **state)
{
    (void)state;
    char text[512];
    struct key_file loaded;
    const int size =
        snprintf(text, sizeof(text),
                 "loyaltyd key v1\nkind: lookup\nargon2id: 1 4294967295 %032d\nsealed: %0144d\n", 0, 0);
    write_text(text, (size_t)size);
    assert_int_equal(key_file_load(path, passphrase, &loaded), ERR_FORMAT);
}

static void a_public_key_of_another_secret_is_damage(void **state)
{
    (void)state;
    const struct key_file saved = example();
    struct key_file loaded;
    char text[1024];
    assert_int_equal(key_file_save(path, &saved, KEY_FILE_NEW, no_passphrase, &world), 0);
    const size_t size = read_text(text, sizeof(text));
    char *digit = strstr(text, "secret: ");
    assert_non_null(digit);
    digit[strlen("secret: ")] = '1';
    write_text(text, size);
    assert_int_equal(key_file_load(path, no_passphrase, &loaded), ERR_CORRUPT);
}

static void paths_that_lead_nowhere(void **state)
{
    (void)state;
    struct key_file file = example();
    char missing[96];
    char long_path[2000];
    assert_int_equal(key_file_load(path, no_passphrase, &file), ERR_NOT_FOUND);
    assert_int_equal(key_file_load(folder, no_passphrase, &file), ERR_FORMAT);
    (void)snprintf(missing, sizeof(missing), "%s/missing/key", folder);
    assert_int_equal(key_file_save(missing, &file, KEY_FILE_NEW, no_passphrase, &world), ERR_NOT_FOUND);
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(key_file_save(long_path, &file, KEY_FILE_NEW, no_passphrase, &world), ERR_TOO_LARGE);
    memcpy(file.kind, "a kind", 7);
    assert_int_equal(key_file_save(path, &file, KEY_FILE_NEW, no_passphrase, &world), ERR_FORMAT);
}

#define TEST(function) cmocka_unit_test_teardown(function, remove_key)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_saved_is_loaded),
        TEST(the_file_is_what_its_header_says),
        TEST(a_sealed_key_needs_its_passphrase),
        TEST(a_sealed_key_does_not_pass_for_another_kind),
        TEST(a_file_others_may_read_is_refused),
        TEST(a_key_is_replaced_only_when_asked),
        TEST(a_half_file_of_a_crash_is_in_nobodys_way),
        TEST(what_is_no_key_file_is_refused),
        TEST(a_file_cannot_ask_for_endless_work),
        TEST(a_public_key_of_another_secret_is_damage),
        TEST(paths_that_lead_nowhere),
    };
    return crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, make_folder, remove_folder);
}
