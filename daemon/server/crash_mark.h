/* A file that tells the next start that this end was a crash of our own: a failed CHECK or a fatal signal. A
 * power cut or SIGKILL leaves none. */
#ifndef LOYALTY_SERVER_CRASH_MARK_H
#define LOYALTY_SERVER_CRASH_MARK_H

#include "base/error.h"

#include <stdbool.h>

#define CRASH_MARK_NAME "crashed"

/* From here on SIGABRT, SIGSEGV, SIGBUS, SIGFPE and SIGILL leave the mark in `folder` before they take their
 * course. ERR_TOO_LARGE: the path; ERR_IO. */
int crash_mark_install(const char *folder) MUST_CHECK;

/* Whether a mark stands in `folder`. */
bool crash_mark_stands(const char *folder);

/* Takes it away, when the crash has been counted. ERR_IO; no mark is no error. */
int crash_mark_remove(const char *folder) MUST_CHECK;

#endif
