#include "config_limits.h"

#include <assert.h>
#include <string.h>

static_assert((int64_t)BUCKET_LIMIT_MAX <= UINT32_MAX, "a limit fits its field");

#define X(name, period_ms, for_others, for_local, documentation)                                             \
    YAML_KEY(struct limits_side, values[PEER_LIMIT_##name], #name, YAML_INTEGER, .max = BUCKET_LIMIT_MAX,    \
             .fallback = (for_others)),
static const struct yaml_field others_fields[] = {
#include "service/peer_limit.def"
};
#undef X
#define X(name, period_ms, for_others, for_local, documentation)                                             \
    YAML_KEY(struct limits_side, values[PEER_LIMIT_##name], #name, YAML_INTEGER, .max = BUCKET_LIMIT_MAX,    \
             .fallback = (for_local)),
static const struct yaml_field local_fields[] = {
#include "service/peer_limit.def"
};
#undef X
static const struct yaml_table others_table = {YAML_FIELDS(others_fields),
                                               .size = sizeof(struct limits_side)};
static const struct yaml_table local_table = {YAML_FIELDS(local_fields), .size = sizeof(struct limits_side)};

static const struct yaml_field limits_fields[] = {
    YAML_FIELD(struct limits_row, others, YAML_STRUCT, .table = &others_table),
    YAML_FIELD(struct limits_row, local, YAML_STRUCT, .table = &local_table),
    YAML_FIELD(struct limits_row, wrong_codes, YAML_INTEGER, .max = BUCKET_LIMIT_MAX,
               .fallback = WRONG_CODES_DEFAULT),
};
const struct yaml_table config_limits_table = {YAML_FIELDS(limits_fields), .size = sizeof(struct limits_row)};

void config_limits_fill(const struct limits_row *row, struct peer_limits *ret_limits)
{
    static_assert(sizeof(ret_limits->others) == sizeof(row->others.values), "both have all limits");
    memcpy(ret_limits->others, row->others.values, sizeof(ret_limits->others));
    memcpy(ret_limits->local, row->local.values, sizeof(ret_limits->local));
    ret_limits->wrong_codes = row->wrong_codes;
}

static void print_side(const char *name, const uint32_t *limits, FILE *out)
{
    static const char *const names[] = {
#define X(name, period_ms, for_others, for_local, documentation) #name,
#include "service/peer_limit.def"
#undef X
    };
    fprintf(out, "  %s:\n", name);
    for (size_t i = 0; i < PEER_LIMITS; i++) {
        fprintf(out, "    %s: %u\n", names[i], limits[i]);
    }
}

void config_limits_print(const struct peer_limits *limits, FILE *out)
{
    if (memcmp(limits, &PEER_LIMITS_DEFAULT, sizeof(*limits)) == 0) {
        return; /* a file that says nothing of them follows the defaults of a newer version */
    }
    fprintf(out, "limits:\n");
    print_side("others", limits->others, out);
    print_side("local", limits->local, out);
    fprintf(out, "  wrong_codes: %u\n", limits->wrong_codes);
}
