/* cmocka with the headers it wants before it, and what the tests of several modules share. */
#ifndef LOYALTY_TESTS_LIB_TESTING_H
#define LOYALTY_TESTS_LIB_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* True when `function(argument)`, run in a process of its own, ends by abort(): a CHECK that held its ground.
 * Its standard error is dropped. */
bool testing_aborts(void (*function)(void *argument), void *argument);

/* A new file in /tmp with these bytes, to be read from its beginning; the caller closes and unlinks it. */
int testing_file(const char *bytes, size_t size, char ret_path[32]);

/* True under valgrind, where everything takes twenty times as long (LOYALTY_SLOW in the environment): a test
 * that tries very much of the same may try less then, or skip(). */
bool testing_is_slow(void);

#endif
