/* The store keeps what effects make of members: the same effects, drawn at random, are applied to it and
 * folded beside it; what it reads back is that, member by member, whichever members it has just let go,
 * within a transaction, across rollbacks and after reopening, and its books balance. */
#include "lib/drawn.h"
#include "lib/temporary.h"
#include "lib/testing.h"

enum { ROUNDS = 1500 };

static struct drawn_world world;
static struct drawn_world committed;

static void book_one(struct store *store)
{
    struct store_head head;
    struct drawn_event event;
    assert_int_equal(store_head(store, &head), 0);
    event.position = head.position + 1;
    drawn_event(&world, &event);
    temporary_apply(store, event.effects, event.count);
    assert_int_equal(temporary_book(store, 0), event.position);
}

static void the_store_keeps_what_effects_make(void **state)
{
    struct temporary *temporary = *state;
    for (int round = 0; round < ROUNDS && !drawn_is_full(&world); round++) {
        temporary_begin(temporary->store);
        const uint64_t events = 1 + drawn(4);
        for (uint64_t i = 0; i < events; i++) {
            book_one(temporary->store);
            if (drawn(4) == 0) {
                drawn_check(temporary->store, &world);
            }
        }
        if (drawn(8) == 0) {
            store_rollback(temporary->store);
            drawn_copy(&world, &committed);
        } else {
            temporary_commit(temporary->store);
            drawn_copy(&committed, &world);
        }
        if (drawn(10) == 0) {
            drawn_check(temporary->store, &world);
        }
        if (drawn(100) == 0) {
            temporary_reopen(temporary);
            drawn_check(temporary->store, &world);
        }
    }
    drawn_check(temporary->store, &world);
    struct store_totals totals;
    assert_int_equal(store_totals(temporary->store, &totals), 0);
    assert_true(totals.balanced);
    assert_int_equal(totals.members, world.enrolled);
}

int main(void)
{
    drawn_start(drawn_seed(20261201));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_store_keeps_what_effects_make, temporary_setup,
                                        temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
