/* The arena: aligned, zeroed, never a byte beyond its memory. */
#include "base/arena.h"

#include "lib/testing.h"

#include <stdalign.h>
#include <string.h>

enum { ALIGNMENT = alignof(max_align_t) };

static void everything_handed_out_is_aligned_and_zeroed(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[1024];
    memset(memory, 0xa5, sizeof(memory));
    struct arena arena;
    /* Memory that is itself not aligned. */
    arena_init(&arena, memory + 3, sizeof(memory) - 3);
    for (size_t size = 1; size <= 24; size++) {
        const uint8_t *p = arena_alloc(&arena, 1, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % ALIGNMENT, 0);
        assert_true(p >= memory + 3);
        assert_true(p + size <= memory + sizeof(memory));
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset((uint8_t *)(uintptr_t)p, 0xff, size);
    }
}

static void the_last_byte_can_be_had_and_the_next_cannot(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[64 + 1];
    memory[64] = 0x5a;
    struct arena arena;
    arena_init(&arena, memory, 64);
    assert_null(arena_alloc(&arena, 65, 1));
    assert_int_equal(arena.used, 0);
    uint8_t *all = arena_alloc(&arena, 64, 1);
    assert_ptr_equal(all, memory);
    assert_int_equal(arena.used, 64);
    assert_null(arena_alloc(&arena, 1, 1));
    assert_int_equal(memory[64], 0x5a);
}

static void padding_that_does_not_fit_is_no_room(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[ALIGNMENT + 4];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    assert_non_null(arena_alloc(&arena, 1, ALIGNMENT + 1));
    /* Three bytes are left, none of them aligned. */
    assert_null(arena_alloc(&arena, 1, 1));
    assert_int_equal(arena.used, ALIGNMENT + 1);
}

static void room_is_what_the_padding_leaves(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[2 * ALIGNMENT];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    assert_non_null(arena_alloc(&arena, 1, 1));
    assert_null(arena_alloc(&arena, 1, ALIGNMENT + 1));
    assert_ptr_equal(arena_alloc(&arena, 1, ALIGNMENT), memory + ALIGNMENT);
}

static void a_product_that_overflows_is_no_room(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[64];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_alloc(&arena, SIZE_MAX, SIZE_MAX));
    assert_null(arena_alloc(&arena, 1, SIZE_MAX));
    assert_null(arena_copy(&arena, memory, SIZE_MAX));
    assert_int_equal(arena.used, 0);
    assert_non_null(arena_alloc(&arena, 8, 8));
}

static void nothing_is_a_valid_pointer_even_when_full(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[32];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    assert_non_null(arena_alloc(&arena, 32, 1));
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_non_null(arena_alloc(&arena, 8, 0));
    assert_int_equal(arena.used, 32);
}

static void a_copy_ends_with_a_nul_of_its_own(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[2 * ALIGNMENT];
    memset(memory, 0xff, sizeof(memory));
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    const char *copy = arena_copy(&arena, "bread", 5);
    assert_string_equal(copy, "bread");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    /* Exactly the room of the bytes is one too few for the NUL. */
    arena_reset(&arena);
    assert_null(arena_copy(&arena, memory, sizeof(memory)));
    assert_non_null(arena_copy(&arena, memory, sizeof(memory) - 1));
}

static void a_rewind_gives_back_what_came_after(void **state)
{
    (void)state;
    alignas(ALIGNMENT) uint8_t memory[128];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    uint8_t *kept = arena_alloc(&arena, 16, 1);
    kept[0] = 7;
    const size_t mark = arena.used;
    uint8_t *gone = arena_alloc(&arena, 16, 1);
    memset(gone, 0xff, 16);
    arena_rewind(&arena, mark);
    uint8_t *again = arena_alloc(&arena, 16, 1);
    assert_ptr_equal(again, gone);
    assert_int_equal(again[0], 0);
    assert_int_equal(kept[0], 7);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 1, 1), kept);
}

static void rewind_forwards(void *argument)
{
    arena_rewind(argument, 1);
}

static void an_arena_is_not_rewound_forwards(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, NULL, 0);
    assert_null(arena_alloc(&arena, 1, 1));
    assert_true(testing_aborts(rewind_forwards, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_handed_out_is_aligned_and_zeroed),
        cmocka_unit_test(the_last_byte_can_be_had_and_the_next_cannot),
        cmocka_unit_test(padding_that_does_not_fit_is_no_room),
        cmocka_unit_test(room_is_what_the_padding_leaves),
        cmocka_unit_test(a_product_that_overflows_is_no_room),
        cmocka_unit_test(nothing_is_a_valid_pointer_even_when_full),
        cmocka_unit_test(a_copy_ends_with_a_nul_of_its_own),
        cmocka_unit_test(a_rewind_gives_back_what_came_after),
        cmocka_unit_test(an_arena_is_not_rewound_forwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
