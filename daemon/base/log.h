/* Log lines: one line an event to standard error, `<priority>floor: text key=value ...`, the prefix as
 * journald reads it. Library floors never log; service decides what is said, server and main say it. */
#ifndef LOYALTY_BASE_LOG_H
#define LOYALTY_BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Lines above `level` are dropped. The default is LOG_LEVEL_INFO. Call before threads start. */
void log_set_level(enum log_level level);

/* Safe from any thread; a line longer than 1,000 bytes is cut. Control characters are written as '?'. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
