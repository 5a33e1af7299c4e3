#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level level_max = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    level_max = level;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > level_max) {
        return;
    }
    char line[1000];
    struct text text;
    text_init(&text, line, sizeof(line));
    va_list arguments;
    va_start(arguments, format);
    text_vadd(&text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < text.used; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    /* One call, so that lines of several threads do not mix. */
    fprintf(stderr, "<%d>%s\n", (int)level, line);
}
