/* The TLS of the daemon against a client of OpenSSL, with bytes carried by hand. */
#include "lib/temporary.h"
#include "lib/testing.h"

#include "server/certificate.h"
#include "server/tls.h"
#include "server/world.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLIGHT_BYTES = 128 * 1024, LONG_BYTES = 60 * 1024 };

/* A folder with key and certificate, one connection of the daemon and its client. */
struct fixture {
    char folder[TEMPORARY_FOLDER_BYTES];
    char key[96];
    char certificate[96];
    uint8_t pin[PIN_BYTES];
    struct tls_context *context;
    struct tls tls;
    SSL_CTX *client_context;
    SSL *client;
    BIO *to_client; /* of the client: what it reads */
    BIO *from_client;
    uint8_t flight[FLIGHT_BYTES];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    char text[256];
    temporary_folder_make(fixture->folder);
    snprintf(fixture->key, sizeof(fixture->key), "%s/tls.key", fixture->folder);
    snprintf(fixture->certificate, sizeof(fixture->certificate), "%s/tls.crt", fixture->folder);
    assert_int_equal(certificate_make(fixture->key, fixture->certificate, world_real(), fixture->pin), 0);
    const struct tls_files files = {fixture->certificate, fixture->key};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &fixture->context), 0);
    fixture->client_context = SSL_CTX_new(TLS_client_method());
    assert_non_null(fixture->client_context);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    tls_fini(&fixture->tls);
    SSL_free(fixture->client);
    SSL_CTX_free(fixture->client_context);
    tls_context_free(fixture->context);
    temporary_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void connect_client(struct fixture *fixture)
{
    assert_int_equal(tls_init(&fixture->tls, fixture->context), 0);
    fixture->client = SSL_new(fixture->client_context);
    fixture->to_client = BIO_new(BIO_s_mem());
    fixture->from_client = BIO_new(BIO_s_mem());
    SSL_set_bio(fixture->client, fixture->to_client, fixture->from_client);
    SSL_set_connect_state(fixture->client);
}

/* From the daemon to the client. */
static void carry_back(struct fixture *fixture)
{
    size_t size;
    uint8_t *taken = tls_take(&fixture->tls, &size);
    if (taken != NULL) {
        assert_int_equal(BIO_write(fixture->to_client, taken, (int)size), size);
    }
    tls_release(taken);
}

/* One step of the client and all it has to say, in pieces of `piece` bytes. */
static void carry(struct fixture *fixture, size_t piece)
{
    (void)SSL_do_handshake(fixture->client);
    const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    for (size_t at = 0; size > 0 && at < (size_t)size && fixture->tls.state == TLS_HANDSHAKING; at += piece) {
        const size_t left = (size_t)size - at;
        tls_put(&fixture->tls, fixture->flight + at, left < piece ? left : piece);
        tls_handshake(&fixture->tls);
        assert_int_equal(tls_keep(&fixture->tls), 0);
    }
    carry_back(fixture);
}

static void shake_hands(struct fixture *fixture, size_t piece)
{
    for (int i = 0; i < 4 && fixture->tls.state == TLS_HANDSHAKING; i++) {
        carry(fixture, piece);
    }
}

static void open_both(struct fixture *fixture, size_t piece)
{
    connect_client(fixture);
    shake_hands(fixture, piece);
    assert_int_equal(fixture->tls.state, TLS_OPEN);
    assert_int_equal(SSL_do_handshake(fixture->client), 1);
}

static void a_handshake_comes_through_in_pieces_of_any_size(void **state)
{
    struct fixture *fixture = *state;
    for (size_t piece = 1; piece < 600; piece = 2 * piece + 1) {
        open_both(fixture, piece);
        assert_string_equal(SSL_get_version(fixture->client), "TLSv1.3");
        tls_fini(&fixture->tls);
        SSL_free(fixture->client);
        fixture->client = NULL;
    }
}

static void plain_bytes_arrive_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    static const char words[] = "a frame of the till";
    uint8_t found[sizeof(words)];
    size_t found_size = 0;
    open_both(fixture, 1000);
    assert_int_equal(SSL_write(fixture->client, words, sizeof(words)), sizeof(words));
    const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    for (int i = 0; i < size; i++) {
        tls_put(&fixture->tls, fixture->flight + i, 1);
        found_size += tls_read(&fixture->tls, found + found_size, sizeof(found) - found_size);
        assert_false(tls_has_input(&fixture->tls));
    }
    assert_int_equal(found_size, sizeof(words));
    assert_memory_equal(found, words, sizeof(words));
}

static void what_is_not_read_waits_without_being_lost(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t sent[LONG_BYTES];
    static uint8_t found[LONG_BYTES];
    size_t found_size = 0;
    open_both(fixture, 1000);
    for (size_t i = 0; i < LONG_BYTES; i++) {
        sent[i] = (uint8_t)(i * 7 / 3);
    }
    assert_int_equal(SSL_write(fixture->client, sent, LONG_BYTES), LONG_BYTES);
    const size_t size = (size_t)BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    for (size_t at = 0; at < size; at += TLS_PUT_BYTES) {
        uint8_t *piece = malloc(TLS_PUT_BYTES);
        const size_t piece_size = size - at < TLS_PUT_BYTES ? size - at : TLS_PUT_BYTES;
        memcpy(piece, fixture->flight + at, piece_size);
        tls_put(&fixture->tls, piece, piece_size);
        found_size += tls_read(&fixture->tls, found + found_size, 100);
        assert_true(tls_has_input(&fixture->tls));
        /* Nobody wants more: it must outlive the memory it came in. */
        assert_int_equal(tls_keep(&fixture->tls), 0);
        free(piece);
        while (tls_has_input(&fixture->tls)) {
            found_size += tls_read(&fixture->tls, found + found_size, 1000);
            assert_int_equal(tls_keep(&fixture->tls), 0);
        }
    }
    assert_int_equal(found_size, LONG_BYTES);
    assert_memory_equal(found, sent, LONG_BYTES);
}

static void what_is_written_arrives(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t sent[TLS_WRITE_BYTES_MAX];
    static uint8_t found[TLS_WRITE_BYTES_MAX];
    open_both(fixture, 1000);
    memset(sent, 'x', sizeof(sent));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tls_write(&fixture->tls, (struct bytes){sent, sizeof(sent)}), 0);
    }
    carry_back(fixture);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_read(fixture->client, found, sizeof(found)), sizeof(found));
        assert_memory_equal(found, sent, sizeof(sent));
    }
    assert_int_equal(SSL_read(fixture->client, found, sizeof(found)), -1);
}

static void output_nobody_takes_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t sent[TLS_WRITE_BYTES_MAX];
    open_both(fixture, 1000);
    int result = 0;
    for (int i = 0; i < 10 && result == 0; i++) {
        result = tls_write(&fixture->tls, (struct bytes){sent, sizeof(sent)});
    }
    assert_int_equal(result, ERR_IO);
    assert_true(fixture->tls.output_used <= TLS_OUTPUT_BYTES_MAX);
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_int_equal(tls_write(&fixture->tls, (struct bytes){sent, 1}), ERR_CLOSED);
}

static void both_sides_know_the_session_by_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    uint8_t ours[SIGN_CHANNEL_BYTES];
    uint8_t theirs[SIGN_CHANNEL_BYTES];
    uint8_t before[SIGN_CHANNEL_BYTES] = {0};
    for (int i = 0; i < 2; i++) {
        open_both(fixture, 1000);
        assert_int_equal(tls_binding(&fixture->tls, ours), 0);
        assert_int_equal(SSL_export_keying_material(fixture->client, theirs, sizeof(theirs),
                                                    TLS_BINDING_LABEL, strlen(TLS_BINDING_LABEL), NULL, 0, 0),
                         1);
        assert_memory_equal(ours, theirs, sizeof(ours));
        assert_memory_not_equal(ours, before, sizeof(ours));
        memcpy(before, ours, sizeof(ours));
        tls_fini(&fixture->tls);
        SSL_free(fixture->client);
        fixture->client = NULL;
    }
}

static void the_end_is_told_in_both_directions(void **state)
{
    struct fixture *fixture = *state;
    uint8_t found[16];
    open_both(fixture, 1000);
    assert_int_equal(SSL_shutdown(fixture->client), 0);
    const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    tls_put(&fixture->tls, fixture->flight, (size_t)size);
    assert_int_equal(tls_read(&fixture->tls, found, sizeof(found)), 0);
    assert_int_equal(fixture->tls.state, TLS_ENDED);
    /* It may still be answered. */
    assert_int_equal(tls_write(&fixture->tls, (struct bytes){(const uint8_t *)"last", 4}), 0);
    tls_end(&fixture->tls);
    carry_back(fixture);
    assert_int_equal(SSL_read(fixture->client, found, sizeof(found)), 4);
    assert_int_equal(SSL_read(fixture->client, found, sizeof(found)), 0);
    assert_int_equal(SSL_get_error(fixture->client, 0), SSL_ERROR_ZERO_RETURN);
}

static void start_daemon_only(struct fixture *fixture)
{
    tls_fini(&fixture->tls);
    assert_int_equal(tls_init(&fixture->tls, fixture->context), 0);
}

static void plain_bytes_are_told_from_tls(void **state)
{
    struct fixture *fixture = *state;
    static const char *const words[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                        "\x01\x02\x03\x04\x05\x06\x07\x08",
                                        "\x80\x80\x80\x80\x80\x80\x80\x80"};
    static const uint8_t frame[] = {0, 0, 0, 8, 8, 1, 130, 1, 2, 8, 1, 0};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        start_daemon_only(fixture);
        tls_put(&fixture->tls, (const uint8_t *)words[i], strlen(words[i]));
        tls_handshake(&fixture->tls);
        assert_int_equal(fixture->tls.state, TLS_FAILED);
        assert_int_equal(fixture->tls.failure, TLS_FAILURE_PLAINTEXT);
    }
    start_daemon_only(fixture);
    tls_put(&fixture->tls, frame, sizeof(frame));
    tls_handshake(&fixture->tls);
    assert_int_equal(fixture->tls.failure, TLS_FAILURE_PLAINTEXT);
}

static void older_versions_are_refused_by_name(void **state)
{
    struct fixture *fixture = *state;
    SSL_CTX_set_min_proto_version(fixture->client_context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(fixture->client_context, TLS1_2_VERSION);
    connect_client(fixture);
    shake_hands(fixture, 1000);
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_int_equal(fixture->tls.failure, TLS_FAILURE_VERSION);
    /* The alert tells the client why. */
    assert_int_equal(SSL_do_handshake(fixture->client), -1);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void another_protocol_of_alpn_is_refused_ours_and_none_are_taken(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *offers;
        enum tls_state state;
        size_t chosen;
    } cases[] = {{"", TLS_OPEN, 0},
                 {"\x09loyalty/1", TLS_OPEN, 9},
                 {"\x02h2\x09loyalty/1", TLS_OPEN, 9},
                 {"\x02h2\x08http/1.1", TLS_FAILED, 0},
                 {"\x09loyalty/2", TLS_FAILED, 0}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const uint8_t *chosen;
        unsigned size;
        connect_client(fixture);
        SSL_set_alpn_protos(fixture->client, (const uint8_t *)cases[i].offers,
                            (unsigned)strlen(cases[i].offers));
        shake_hands(fixture, 1000);
        assert_int_equal(fixture->tls.state, cases[i].state);
        (void)SSL_do_handshake(fixture->client);
        SSL_get0_alpn_selected(fixture->client, &chosen, &size);
        assert_int_equal(size, cases[i].chosen);
        tls_fini(&fixture->tls);
        SSL_free(fixture->client);
        fixture->client = NULL;
    }
}

static void no_ticket_and_no_second_session_is_given(void **state)
{
    struct fixture *fixture = *state;
    open_both(fixture, 1000);
    carry_back(fixture);
    uint8_t byte;
    (void)SSL_read(fixture->client, &byte, 1);
    assert_false(SSL_SESSION_is_resumable(SSL_get_session(fixture->client)));
    assert_int_equal(SSL_get_verify_mode(fixture->client), SSL_VERIFY_NONE);
    assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get_session(fixture->client)), 0);
}

static void garbage_behind_a_record_header_is_a_failed_handshake(void **state)
{
    struct fixture *fixture = *state;
    uint8_t record[64] = {22, 3, 1, 0, 59, 1, 0, 0, 55, 3, 3};
    start_daemon_only(fixture);
    memset(record + 11, 0xee, sizeof(record) - 11);
    tls_put(&fixture->tls, record, sizeof(record));
    tls_handshake(&fixture->tls);
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_int_equal(fixture->tls.failure, TLS_FAILURE_HANDSHAKE);
    assert_non_null(fixture->tls.why);
}

static void a_hello_that_announces_too_much_gets_no_memory(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        uint8_t head[9];
        enum tls_state state;
    } cases[] = {
        {{22, 3, 1, 0x20, 0x00, 1, 0x00, 0x1f, 0xfc}, TLS_HANDSHAKING}, /* 8 KiB, and to come */
        {{22, 3, 1, 0x40, 0x00, 1, 0x00, 0x3f, 0xfc}, TLS_FAILED},      /* 16 KiB */
        {{22, 3, 1, 0x20, 0x00, 1, 0x02, 0x00, 0x00}, TLS_FAILED},      /* longer than its record */
        {{22, 3, 1, 0x20, 0x00, 11, 0x00, 0x1f, 0xfc}, TLS_FAILED},     /* a certificate */
        {{22, 3, 1, 0x00, 0x02, 1, 0x00, 0x00, 0x00}, TLS_FAILED},      /* the header in two records */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        start_daemon_only(fixture);
        tls_put(&fixture->tls, cases[i].head, sizeof(cases[i].head));
        tls_handshake(&fixture->tls);
        assert_int_equal(fixture->tls.state, cases[i].state);
    }
}

static void a_handshake_that_never_ends_is_cut(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t change[] = {20, 3, 3, 0, 1, 1}; /* allowed before and after the first flight */
    connect_client(fixture);
    carry(fixture, 1000);
    for (int i = 0; i < 10000 && fixture->tls.state == TLS_HANDSHAKING; i++) {
        tls_put(&fixture->tls, change, sizeof(change));
        tls_handshake(&fixture->tls);
    }
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_true(fixture->tls.handshake_bytes <= TLS_HANDSHAKE_BYTES_MAX + sizeof(change));
}

static void a_changed_record_ends_the_connection(void **state)
{
    struct fixture *fixture = *state;
    uint8_t found[64];
    open_both(fixture, 1000);
    assert_int_equal(SSL_write(fixture->client, "purchase", 8), 8);
    const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    fixture->flight[size - 3] ^= 1;
    tls_put(&fixture->tls, fixture->flight, (size_t)size);
    assert_int_equal(tls_read(&fixture->tls, found, sizeof(found)), 0);
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_int_equal(fixture->tls.failure, TLS_FAILURE_RECORD);
    size_t alert;
    uint8_t *taken = tls_take(&fixture->tls, &alert);
    assert_non_null(taken);
    tls_release(taken);
}

/* Each change asks for one of ours in return, which nobody takes out. */
static void a_client_that_changes_its_keys_for_ever_is_cut(void **state)
{
    struct fixture *fixture = *state;
    uint8_t found[64];
    open_both(fixture, 1000);
    int updates = 0;
    while (fixture->tls.state == TLS_OPEN && updates < 10000) {
        assert_int_equal(SSL_key_update(fixture->client, SSL_KEY_UPDATE_REQUESTED), 1);
        (void)SSL_do_handshake(fixture->client);
        const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
        tls_put(&fixture->tls, fixture->flight, (size_t)size);
        assert_int_equal(tls_read(&fixture->tls, found, sizeof(found)), 0);
        updates++;
    }
    assert_int_equal(fixture->tls.state, TLS_FAILED);
    assert_true(updates > 100);
    assert_true(fixture->tls.output_used <= TLS_OUTPUT_BYTES_MAX);
}

static void an_idle_connection_keeps_no_buffers(void **state)
{
    struct fixture *fixture = *state;
    uint8_t found[64];
    open_both(fixture, 1000);
    assert_int_equal(SSL_write(fixture->client, "hello", 5), 5);
    const int size = BIO_read(fixture->from_client, fixture->flight, FLIGHT_BYTES);
    tls_put(&fixture->tls, fixture->flight, (size_t)size);
    assert_int_equal(tls_read(&fixture->tls, found, sizeof(found)), 5);
    assert_int_equal(tls_read(&fixture->tls, found, sizeof(found)), 0);
    assert_int_equal(tls_keep(&fixture->tls), 0);
    assert_int_equal(tls_write(&fixture->tls, (struct bytes){found, 5}), 0);
    carry_back(fixture);
    assert_null(fixture->tls.output);
    assert_null(fixture->tls.kept);
    assert_true(SSL_get_mode(fixture->tls.ssl) & SSL_MODE_RELEASE_BUFFERS);
}

static void the_pin_is_the_hash_of_the_key_in_the_certificate(void **state)
{
    struct fixture *fixture = *state;
    uint8_t hash[PIN_BYTES];
    uint8_t *der = NULL;
    FILE *file = fopen(fixture->key, "re");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    const int size = i2d_PUBKEY(key, &der);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(hash, fixture->pin, PIN_BYTES);
    assert_memory_equal(tls_context_pin(fixture->context), fixture->pin, PIN_BYTES);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

static void a_made_key_is_private_and_never_overwritten(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    uint8_t pin[PIN_BYTES];
    char other[96];
    assert_int_equal(stat(fixture->key, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(fixture->certificate, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    snprintf(other, sizeof(other), "%s/other", fixture->folder);
    assert_int_equal(certificate_make(fixture->key, other, world_real(), pin), ERR_EXISTS);
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(certificate_make(other, fixture->certificate, world_real(), pin), ERR_EXISTS);
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(certificate_make("/nowhere/key", other, world_real(), pin), ERR_NOT_FOUND);
}

static void files_that_cannot_serve_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct tls_context *context = NULL;
    char text[256];
    char key[96];
    char certificate[96];
    uint8_t pin[PIN_BYTES];
    snprintf(key, sizeof(key), "%s/other.key", fixture->folder);
    snprintf(certificate, sizeof(certificate), "%s/other.crt", fixture->folder);
    assert_int_equal(certificate_make(key, certificate, world_real(), pin), 0);
    struct tls_files files = {fixture->certificate, key};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &context), ERR_MISMATCH);
    assert_non_null(strstr(text, "other.key: is not the key of the certificate"));
    assert_int_equal(chmod(key, 0640), 0);
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &context), ERR_PERMISSION);
    files = (struct tls_files){key, fixture->key};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &context), ERR_FORMAT);
    files = (struct tls_files){certificate, "/nowhere/key"};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &context), ERR_NOT_FOUND);
    assert_non_null(strstr(text, "/nowhere/key"));
    assert_int_equal(chmod(certificate, 0600), 0);
    files = (struct tls_files){fixture->certificate, certificate};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &context), ERR_FORMAT);
    assert_null(context);
    unlink(key);
    unlink(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_handshake_comes_through_in_pieces_of_any_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_bytes_arrive_byte_by_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_read_waits_without_being_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_arrives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(output_nobody_takes_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_sides_know_the_session_by_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_is_told_in_both_directions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_bytes_are_told_from_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_versions_are_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_protocol_of_alpn_is_refused_ours_and_none_are_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_ticket_and_no_second_session_is_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_behind_a_record_header_is_a_failed_handshake, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_hello_that_announces_too_much_gets_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_handshake_that_never_ends_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_record_ends_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_changes_its_keys_for_ever_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_idle_connection_keeps_no_buffers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_pin_is_the_hash_of_the_key_in_the_certificate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_made_key_is_private_and_never_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_serve_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
