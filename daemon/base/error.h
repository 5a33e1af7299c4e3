/* Error codes: every library function that can fail returns 0 or one of these, always negative.
 *
 * They describe failures (something went wrong on our side or in our input), never refusals: what the
 * rules of the programme do not allow is a `struct outcome` with a refusal code (model/outcome.h).
 * Codes of SQLite, libuv, OpenSSL and errno are translated on the floor that includes their header.
 */
#ifndef LOYALTY_BASE_ERROR_H
#define LOYALTY_BASE_ERROR_H

#define ERROR_TABLE(X)                                                                                       \
    X(NOMEM, -1, "out of memory or over a memory limit")                                                     \
    X(IO, -2, "input/output error")                                                                          \
    X(FULL, -3, "no space left")                                                                             \
    X(CORRUPT, -4, "stored data is damaged")                                                                 \
    X(LOCKED, -5, "in use by another process")                                                               \
    X(NOT_FOUND, -6, "not found")                                                                            \
    X(EXISTS, -7, "exists already")                                                                          \
    X(RANGE, -8, "value out of range")                                                                       \
    X(OVERFLOW, -9, "arithmetic overflow")                                                                   \
    X(FORMAT, -10, "malformed input")                                                                        \
    X(TOO_LARGE, -11, "larger than its limit")                                                               \
    X(NOT_CANONICAL, -12, "encoding is not canonical")                                                       \
    X(SIGNATURE, -13, "signature does not verify")                                                           \
    X(PERMISSION, -14, "permission denied")                                                                  \
    X(UNSUPPORTED, -15, "not supported by this version")                                                     \
    X(TIMEOUT, -16, "timed out")                                                                             \
    X(CLOSED, -17, "connection closed")                                                                      \
    X(MISMATCH, -18, "belongs to another programme or log")

enum error_code {
#define X(name, value, text) ERR_##name = (value),
    ERROR_TABLE(X)
#undef X
};

/* The text of an error code in lower case, without a full stop; never NULL. 0 gives "ok". */
const char *error_text(int code);

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
