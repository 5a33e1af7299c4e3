#include "engine/bindings.h"

#include "base/check.h"

static bool is_noted(const struct bindings *bindings, const struct limit *limit)
{
    for (size_t i = 0; i < bindings->count; i++) {
        if (bindings->limits[i] == limit) {
            return true;
        }
    }
    return false;
}

bool bindings_hold(const struct bindings *bindings, const struct limit *limit)
{
    return bindings == NULL || bindings->use == BINDINGS_RECORD || is_noted(bindings, limit);
}

void bindings_note(struct bindings *bindings, const struct limit *limit)
{
    if (bindings == NULL || bindings->use != BINDINGS_RECORD || is_noted(bindings, limit)) {
        return;
    }
    CHECK(bindings->count < BINDINGS_MAX);
    bindings->limits[bindings->count++] = limit;
}
