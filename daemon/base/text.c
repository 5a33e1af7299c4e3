#include "base/text.h"

#include "base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The length of the valid UTF-8 sequence at `p` (Unicode 15, table 3-7), or 0. */
static size_t utf8_sequence(const uint8_t *p, size_t size)
{
    if (p[0] == 0) {
        return 0;
    }
    if (p[0] < 0x80) {
        return 1;
    }
    size_t length = 0;
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        length = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        length = 3;
        low = p[0] == 0xe0 ? 0xa0 : low;
        high = p[0] == 0xed ? 0x9f : high;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        length = 4;
        low = p[0] == 0xf0 ? 0x90 : low;
        high = p[0] == 0xf4 ? 0x8f : high;
    }
    if (length == 0 || length > size || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return length;
}

bool text_is_utf8(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text;
    while (size > 0) {
        const size_t length = utf8_sequence(p, size);
        if (length == 0) {
            return false;
        }
        p += length;
        size -= length;
    }
    return true;
}

bool text_is_id(const char *text, size_t size_max)
{
    const size_t size = strnlen(text, size_max + 1);
    if (size == 0 || size > size_max) {
        return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == size;
}

void text_init(struct text *text, char *data, size_t size)
{
    CHECK(size > 0);
    *text = (struct text){.data = data, .size = size};
    data[0] = '\0';
}

void text_vadd(struct text *text, const char *format, va_list arguments)
{
    const size_t room = text->size - text->used;
    const int length = vsnprintf(text->data + text->used, room, format, arguments);
    CHECK(length >= 0);
    if ((size_t)length >= room) {
        text->used = text->size - 1;
        text->cut = true;
    } else {
        text->used += (size_t)length;
    }
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vadd(text, format, arguments);
    va_end(arguments);
}
