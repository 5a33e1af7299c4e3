/* CHECK: an assertion that stays on in every build. It guards against bugs of ours; what comes from
 * outside (a till, a file, the network) is never a CHECK but an error or a refusal.
 */
#ifndef LOYALTY_BASE_CHECK_H
#define LOYALTY_BASE_CHECK_H

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (__builtin_expect(!(condition), 0)) {                                                             \
            check_failed(#condition, __FILE__, __LINE__);                                                    \
        }                                                                                                    \
    } while (0)

/* Prints one line to standard error and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#endif
