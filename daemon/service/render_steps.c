/* The trace in columns: what a shop manager reads. */
#include "service/render.h"

#include "base/text.h"
#include "programme/steps.h"

enum { CELL_BYTES = 96 };

/* A copy of what stands in `text`; NULL where that is nothing. False: there is no room. */
static bool keep(struct arena *arena, const struct text *text, const char *data, const char **ret_cell)
{
    *ret_cell = text->used > 0 ? arena_copy(arena, data, text->used) : NULL;
    return text->used == 0 || *ret_cell != NULL;
}

static bool render_step(const struct programme *programme, const struct trace_line *line, const char *what,
                        struct arena *arena, struct trace_step *ret_step)
{
    char cell[CELL_BYTES];
    struct text text;
    *ret_step = (struct trace_step){.what = what, .why = step_why(line)};
    text_init(&text, cell, sizeof(cell));
    step_basis(programme, line, &text);
    bool room = keep(arena, &text, cell, &ret_step->looks_at);
    text_init(&text, cell, sizeof(cell));
    if (line->exact != 0) {
        step_decimal(&text, line->exact, programme->points_decimals + 3);
    }
    room = room && keep(arena, &text, cell, &ret_step->exact);
    text_init(&text, cell, sizeof(cell));
    step_amount(programme, line, line->asked, &text);
    room = room && keep(arena, &text, cell, &ret_step->asked);
    text_init(&text, cell, sizeof(cell));
    step_amount(programme, line, line->given, &text);
    room = room && keep(arena, &text, cell, &ret_step->given);
    text_init(&text, cell, sizeof(cell));
    step_lacking(programme, line, &text);
    return room && keep(arena, &text, cell, &ret_step->lacking);
}

int render_steps(const struct programme *programme, const struct decision *decision, struct arena *arena,
                 struct trace_step **ret_steps, size_t *ret_count)
{
    struct trace_step *steps = arena_alloc(arena, decision->trace_count, sizeof(*steps));
    if (steps == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        char what[CELL_BYTES];
        struct text text;
        const char *name;
        text_init(&text, what, sizeof(what));
        render_trace_name(programme, line, &text);
        if (!keep(arena, &text, what, &name) || !render_step(programme, line, name, arena, &steps[i])) {
            return ERR_TOO_LARGE;
        }
    }
    *ret_steps = steps;
    *ret_count = decision->trace_count;
    return 0;
}
