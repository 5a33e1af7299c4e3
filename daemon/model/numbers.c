#include "model/numbers.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

uint32_t numbers_find(const struct numbers *numbers, enum number_kind kind, const char *id)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->entries[i].kind == kind && strcmp(numbers->entries[i].id, id) == 0) {
            return numbers->entries[i].number;
        }
    }
    return 0;
}

int numbers_give(struct numbers *numbers, enum number_kind kind, const char *id, uint32_t *ret_number)
{
    CHECK(kind < NUMBER_KINDS);
    CHECK(strlen(id) <= ID_BYTES_MAX);
    uint32_t number = numbers_find(numbers, kind, id);
    if (number == 0) {
        if (numbers->count == NUMBERS_MAX) {
            return ERR_TOO_LARGE;
        }
        number = ++numbers->last[kind];
        numbers->entries[numbers->count].kind = kind;
        numbers->entries[numbers->count].number = number;
        snprintf(numbers->entries[numbers->count].id, ID_BYTES_MAX + 1, "%s", id);
        numbers->count++;
    }
    *ret_number = number;
    return 0;
}

const char *numbers_id(const struct numbers *numbers, enum number_kind kind, uint32_t number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->entries[i].kind == kind && numbers->entries[i].number == number) {
            return numbers->entries[i].id;
        }
    }
    return NULL;
}
