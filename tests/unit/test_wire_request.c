/* Requests: what they require must be there, and each value and text has its range. */
#include "lib/full_message.h"
#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

static void what_a_request_requires_must_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } table[] = {
        {"Hello.version", REQUEST_HELLO},
        {"Hello.last_chain", REQUEST_HELLO}, /* with last_position */
        {"Hello.last_position", REQUEST_HELLO},
        {"Authenticate.principal", REQUEST_AUTHENTICATE},
        {"Authenticate.signature", REQUEST_AUTHENTICATE},
        {"Enrol.code", REQUEST_ENROL},
        {"Enrol.key", REQUEST_ENROL},
        {"Enrol.proof", REQUEST_ENROL},
        {"Book.principal", REQUEST_BOOK},
        {"Book.sequence", REQUEST_BOOK},
        {"Book.body", REQUEST_BOOK},
        {"Book.signature", REQUEST_BOOK},
        {"BookBatch.principal", REQUEST_BOOK_BATCH},
        {"BookBatch.first_sequence", REQUEST_BOOK_BATCH},
        {"BookBatch.events", REQUEST_BOOK_BATCH},
        {"BookBatch.signature", REQUEST_BOOK_BATCH},
        {"GetMember.card", REQUEST_GET_MEMBER},
        {"GetVoucher.code", REQUEST_GET_VOUCHER},
        {"SetProfile.card", REQUEST_SET_PROFILE},
        {"SetProfile.profile", REQUEST_SET_PROFILE},
        {"GetProfile.card", REQUEST_GET_PROFILE},
        {"GetEvent.principal", REQUEST_GET_EVENT},
        {"GetEvent.sequence", REQUEST_GET_EVENT},
        {"CheckProgramme.yaml", REQUEST_CHECK_PROGRAMME},
        {"Backup.path", REQUEST_BACKUP},
        {"Quote.body", REQUEST_QUOTE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override missing = {table[i].name, FILL_SKIP, 0, NULL};
        struct request request;
        assert_int_equal(full_request_unpack(full_request(table[i].kind, &missing), &request), ERR_RANGE);
        assert_int_equal(request.id, 99);
    }
}

static void every_value_of_a_request_has_its_range(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
        int64_t min;
        int64_t max;
    } sizes[] = {
        {"Hello.programme_id", REQUEST_HELLO, 16, 16},
        {"Hello.last_chain", REQUEST_HELLO, 32, 32},
        {"Hello.software", REQUEST_HELLO, 1, 64},
        {"Authenticate.signature", REQUEST_AUTHENTICATE, 64, 64},
        {"Enrol.code", REQUEST_ENROL, 1, 64},
        {"Enrol.key", REQUEST_ENROL, 32, 32},
        {"Enrol.proof", REQUEST_ENROL, 64, 64},
        {"Book.signature", REQUEST_BOOK, 64, 64},
        {"BookBatch.signature", REQUEST_BOOK_BATCH, 64, 64},
        {"Book.locale", REQUEST_BOOK, 1, 16},
        {"GetMember.card", REQUEST_GET_MEMBER, 1, 64},
        {"GetMember.locale", REQUEST_GET_MEMBER, 1, 16},
        {"GetVoucher.code", REQUEST_GET_VOUCHER, 16, 16},
        {"GetVoucher.locale", REQUEST_GET_VOUCHER, 1, 16},
        {"Backup.path", REQUEST_BACKUP, 1, 1023},
    };
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        const int64_t tried[] = {sizes[i].min - 1, sizes[i].min, sizes[i].max, sizes[i].max + 1};
        for (size_t k = 0; k < ARRAY_COUNT(tried); k++) {
            const struct fill_override override = {sizes[i].name, FILL_SIZE, tried[k], NULL};
            struct request request;
            assert_int_equal(full_request_unpack(full_request(sizes[i].kind, &override), &request),
                             k == 1 || k == 2 ? 0 : ERR_RANGE);
        }
    }
    static const struct {
        const char *name;
        uint32_t kind;
        uint64_t value;
        int result;
    } values[] = {
        {"Hello.version", REQUEST_HELLO, 0, 0},
        {"Hello.version", REQUEST_HELLO, UINT32_MAX, 0},
        {"Hello.version", REQUEST_HELLO, (uint64_t)UINT32_MAX + 1, ERR_RANGE},
        {"Hello.last_position", REQUEST_HELLO, 0, ERR_RANGE},
        {"Hello.last_position", REQUEST_HELLO, INT64_MAX, 0},
        {"Hello.last_position", REQUEST_HELLO, (uint64_t)INT64_MAX + 1, ERR_RANGE},
        {"Book.sequence", REQUEST_BOOK, 0, ERR_RANGE},
        {"Book.sequence", REQUEST_BOOK, 1, 0},
        {"Book.sequence", REQUEST_BOOK, INT64_MAX, 0},
        {"Book.sequence", REQUEST_BOOK, (uint64_t)INT64_MAX + 1, ERR_RANGE},
        {"Book.principal", REQUEST_BOOK, (uint64_t)UINT32_MAX + 1, ERR_RANGE},
        {"BookBatch.first_sequence", REQUEST_BOOK_BATCH, 0, ERR_RANGE},
        {"BookBatch.first_sequence", REQUEST_BOOK_BATCH, INT64_MAX - 1, 0}, /* of two events */
        {"BookBatch.first_sequence", REQUEST_BOOK_BATCH, INT64_MAX, ERR_RANGE},
        {"BookBatch.principal", REQUEST_BOOK_BATCH, (uint64_t)UINT32_MAX + 1, ERR_RANGE},
        {"GetEvent.sequence", REQUEST_GET_EVENT, 0, ERR_RANGE},
        {"GetEvent.principal", REQUEST_GET_EVENT, 0, 0},
        {"GetProgramme.version", REQUEST_GET_PROGRAMME, 0, ERR_RANGE},
        {"GetProgramme.version", REQUEST_GET_PROGRAMME, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        const struct fill_override override = {values[i].name, FILL_WIDE, (int64_t)values[i].value, NULL};
        struct request request;
        assert_int_equal(full_request_unpack(full_request(values[i].kind, &override), &request),
                         values[i].result);
    }
}

static void questions_are_asked_in_one_way(void **state)
{
    (void)state;
    struct request request;
    const uint32_t kinds[] = {REQUEST_GET_MEMBER, REQUEST_GET_EVENT};
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        assert_int_equal(
            full_request_unpack(full_message(&loyalty__request__descriptor, kinds[i], NULL), &request),
            ERR_RANGE);
    }
}

static void a_backup_goes_to_an_absolute_path(void **state)
{
    (void)state;
    struct request request;
    const struct fill_override relative = {"Backup.path", FILL_TEXT, 4, "copy"};
    assert_int_equal(full_request_unpack(full_request(REQUEST_BACKUP, &relative), &request), ERR_RANGE);
}

static void texts_of_requests_are_utf8_without_nul(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } table[] = {{"Hello.software", REQUEST_HELLO},
                 {"Enrol.code", REQUEST_ENROL},
                 {"Book.locale", REQUEST_BOOK},
                 {"Opening.card", REQUEST_BOOK},
                 {"GetMember.card", REQUEST_GET_MEMBER}};
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        struct request request;
        const struct fill_override nul = {table[i].name, FILL_TEXT, 3, "a\0b"};
        const struct fill_override latin = {table[i].name, FILL_TEXT, 2, "a\xf5"};
        assert_int_equal(full_request_unpack(full_request(table[i].kind, &nul), &request), ERR_FORMAT);
        assert_int_equal(full_request_unpack(full_request(table[i].kind, &latin), &request), ERR_FORMAT);
    }
}

static void an_opening_that_can_open_nothing_does_not_stop_the_event(void **state)
{
    (void)state;
    const struct fill_override table[] = {
        {"Opening.salt", FILL_SKIP, 0, NULL},  {"Opening.salt", FILL_SIZE, 15, NULL},
        {"Opening.salt", FILL_SIZE, 17, NULL}, {"Opening.card", FILL_SKIP, 0, NULL},
        {"Opening.card", FILL_SIZE, 0, NULL},  {"Opening.card", FILL_SIZE, 65, NULL},
        {"Book.opening", FILL_SKIP, 0, NULL},
    };
    struct request request;
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        assert_int_equal(full_request_unpack(full_request(REQUEST_BOOK, &table[i]), &request), 0);
        assert_int_equal(request.book.opening.salt.size, 0);
        assert_null(request.book.opening.card);
    }
    const struct fill_override longest = {"Opening.card", FILL_SIZE, 64, NULL};
    assert_int_equal(full_request_unpack(full_request(REQUEST_BOOK, &longest), &request), 0);
    assert_int_equal(request.book.opening.salt.size, 16);
    assert_int_equal(strlen(request.book.opening.card), 64);
}

static void a_body_of_any_bytes_is_handed_on_as_it_is(void **state)
{
    (void)state;
    const struct fill_override nothing = {"Book.body", FILL_SIZE, 0, NULL};
    const struct fill_override much = {"Book.body", FILL_SIZE, BODY_OPERATOR_BYTES_MAX, NULL};
    struct request request;
    assert_int_equal(full_request_unpack(full_request(REQUEST_BOOK, &nothing), &request), 0);
    assert_int_equal(request.book.body.size, 0);
    assert_int_equal(full_request_unpack(full_request(REQUEST_BOOK, &much), &request), 0);
    assert_int_equal(request.book.body.size, BODY_OPERATOR_BYTES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_request_requires_must_be_there),
        cmocka_unit_test(every_value_of_a_request_has_its_range),
        cmocka_unit_test(questions_are_asked_in_one_way),
        cmocka_unit_test(a_backup_goes_to_an_absolute_path),
        cmocka_unit_test(texts_of_requests_are_utf8_without_nul),
        cmocka_unit_test(an_opening_that_can_open_nothing_does_not_stop_the_event),
        cmocka_unit_test(a_body_of_any_bytes_is_handed_on_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
