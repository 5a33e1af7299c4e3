/* Text: UTF-8 checks and a bounded writer. */
#ifndef LOYALTY_BASE_TEXT_H
#define LOYALTY_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* True when the bytes are valid UTF-8 (no overlong forms, no surrogates) without a NUL byte. */
bool text_is_utf8(const char *text, size_t size);

/* An identifier as programmes, stores and terminals use: 1 to `size_max` bytes of a-z, A-Z, 0-9, '_', '-' and
 * '.', NUL-terminated. */
bool text_is_id(const char *text, size_t size_max);

/* A writer into memory of the caller's; the text is always NUL-terminated. What does not fit is cut at the
 * end and `cut` says so. */
struct text {
    char *data;
    size_t size; /* bytes of data, the NUL included */
    size_t used; /* bytes written, without the NUL */
    bool cut;
};

void text_init(struct text *text, char *data, size_t size);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vadd(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
