/* Frames: found in a stream cut anywhere, and never larger than allowed. */
#include "wire/frame.h"

#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t stream[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 1, '!'};

/* The stream's first `size` bytes in memory of exactly that size. */
static uint8_t *part_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    return copy;
}

static void a_frame_is_whole_from_its_last_byte_on(void **state)
{
    (void)state;
    for (size_t size = 0; size <= sizeof(stream); size++) {
        uint8_t *data = part_of(stream, size);
        struct bytes frame = {.size = 99};
        const int result = frame_parse((struct bytes){data, size}, 1024, &frame);
        assert_int_equal(result, size >= 9 ? 1 : 0);
        assert_int_equal(frame.size, size >= FRAME_HEADER_BYTES ? 5 : 0);
        if (result == 1) {
            assert_ptr_equal(frame.data, data + FRAME_HEADER_BYTES);
            assert_memory_equal(frame.data, "hello", 5);
        }
        free(data);
    }
}

static void frames_follow_each_other_wherever_the_stream_is_cut(void **state)
{
    (void)state;
    /* Bytes come in two pieces; after each, all whole frames are taken from the front. */
    for (size_t cut = 0; cut <= sizeof(stream); cut++) {
        size_t taken = 0;
        unsigned frames = 0;
        const size_t ends[] = {cut, sizeof(stream)};
        for (size_t piece = 0; piece < ARRAY_COUNT(ends); piece++) {
            struct bytes frame;
            while (frame_parse((struct bytes){stream + taken, ends[piece] - taken}, 1024, &frame) == 1) {
                assert_int_equal(frame.size, frames == 0 ? 5 : 1);
                taken += FRAME_HEADER_BYTES + frame.size;
                frames++;
            }
        }
        assert_int_equal(frames, 2);
        assert_int_equal(taken, sizeof(stream));
    }
}

static void a_frame_of_nothing_or_beyond_the_limit_is_refused_by_its_header(void **state)
{
    (void)state;
    const struct {
        uint32_t announced;
        size_t max;
        int result;
    } table[] = {
        {0, 1024, ERR_TOO_LARGE},
        {1, 1024, 0},
        {1024, 1024, 0},
        {1025, 1024, ERR_TOO_LARGE},
        {65536, 65536, 0},
        {UINT32_MAX, 65536, ERR_TOO_LARGE},
        {0x80000000, 1024 * 1024, ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        uint8_t header[FRAME_HEADER_BYTES];
        put_u32_be(header, table[i].announced);
        struct bytes frame;
        assert_int_equal(frame_parse((struct bytes){header, sizeof(header)}, table[i].max, &frame),
                         table[i].result);
    }
}

static void a_header_is_read_as_it_was_written(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 255, 256, 65536, 1024 * 1024};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        uint8_t header[FRAME_HEADER_BYTES];
        frame_header(header, sizes[i]);
        struct bytes frame;
        assert_int_equal(frame_parse((struct bytes){header, sizeof(header)}, 1024 * 1024, &frame), 0);
        assert_int_equal(frame.size, sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_whole_from_its_last_byte_on),
        cmocka_unit_test(frames_follow_each_other_wherever_the_stream_is_cut),
        cmocka_unit_test(a_frame_of_nothing_or_beyond_the_limit_is_refused_by_its_header),
        cmocka_unit_test(a_header_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
