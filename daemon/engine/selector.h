/* Selectors: which lines of a basket. */
#ifndef LOYALTY_ENGINE_SELECTOR_H
#define LOYALTY_ENGINE_SELECTOR_H

#include "model/event.h"
#include "model/programme.h"

#include <stdbool.h>

bool id_list_has(const struct id_list *list, const char *id);

/* Whether any list of the selection names the line: its sku, its category or one of its labels. */
bool selection_takes(const struct selection *selection, const struct line *line);

/* Whether the line is selected: named by `only` where that is given, and not by `except`. */
bool selector_takes(const struct selector *selector, const struct line *line);

/* Whether the selector is none: it takes every line. */
bool selector_is_open(const struct selector *selector);

#endif
