/* Milestones and levels by metrics, against a model that adds up everything bought from the start. */
#include "lib/chance.h"

#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MEASURES = 4, EVENTS = 8, LEVELS = 3, BREAD = METRIC_SELECTED, ALL_NOTES = MEASURES + LEVELS };

static const char *const bread[] = {"bread"};

struct goals {
    struct programme programme;
    struct rule rule;
    struct measure measures[MEASURES + MEASURES + 2]; /* drawn, of runs of windows, of levels */
    struct milestone milestones[MEASURES];
    struct level levels[LEVELS];
    struct goal level_goals[LEVELS][2];
};

/* Everything bought so far, a row a purchase. */
struct history {
    size_t count;
    struct {
        int32_t day;
        int64_t gain[MEASURES + MEASURES + 2];
        int64_t qualifying;
    } rows[EVENTS];
};

/* What the model knows of the customer. */
struct model {
    struct history history;
    bool given[MEASURES][EVENTS]; /* a milestone, by the purchase that reached it */
    int level;                    /* index */
};

static struct window draw_window(void)
{
    return (struct window){(enum window_kind)between(WINDOW_LIFETIME, WINDOW_ROLLING),
                           (int32_t)between(1, 60)};
}

static struct measure draw_measure(struct window window)
{
    static const struct {
        enum metric_kind kind;
        uint32_t metric;
        bool selects;
    } kinds[] = {{MEASURE_QUALIFYING, METRIC_QUALIFYING, false},
                 {MEASURE_SPEND, METRIC_SPEND, false},
                 {MEASURE_VISITS, METRIC_VISITS, false},
                 {MEASURE_UNITS, METRIC_UNITS, false},
                 {MEASURE_SPEND, BREAD, true},
                 {MEASURE_UNITS, BREAD + 1, true}};
    const size_t kind = (size_t)between(0, (int64_t)ARRAY_COUNT(kinds) - 1);
    struct measure measure = {.kind = kinds[kind].kind, .metric = kinds[kind].metric, .window = window};
    measure.selector.has_only = kinds[kind].selects;
    measure.selector.only.categories = (struct id_list){bread, kinds[kind].selects};
    return measure;
}

static int64_t draw_goal(const struct measure *measure)
{
    switch (measure->kind) {
    case MEASURE_VISITS:
        return between(1, 6);
    case MEASURE_QUALIFYING:
        return between(1, 60);
    case MEASURE_SPEND:
    case MEASURE_UNITS:
    case MEASURE_BALANCE:
    case MEASURE_RUN:
        break;
    }
    return between(1, 9000);
}

static void draw_levels(struct goals *goals)
{
    struct programme *programme = &goals->programme;
    struct tiers *tiers = &programme->tiers;
    *tiers = (struct tiers){.levels = goals->levels,
                            .count = one_in(4) ? 0 : LEVELS,
                            .window = draw_window(),
                            .match_all = one_in(2)};
    const size_t first = programme->measures_count;
    for (size_t i = 0; i < 2 && tiers->count > 0; i++) {
        goals->measures[programme->measures_count++] = draw_measure(tiers->window);
    }
    for (size_t i = 0; i < LEVELS; i++) {
        goals->levels[i] = (struct level){
            .id = "level",
            .number = (uint32_t)i + 1,
            .multiplier = 1000,
            .reach = {.goals = goals->level_goals[i], .goals_count = i == 0 ? 0 : (size_t)between(1, 2)},
            .award = {.reward = -1, .note = MEASURES + (uint32_t)i + 1}};
        for (size_t k = 0; k < 2; k++) {
            goals->level_goals[i][k] =
                (struct goal){(uint32_t)(first + k), draw_goal(&goals->measures[first + k])};
        }
    }
}

/* Some milestones ask for windows in a row. */
static void draw_run(struct goals *goals, struct milestone *milestone)
{
    const struct measure *measure = &goals->measures[milestone->goal.measure];
    const enum window_kind kind = measure->window.kind;
    const bool may_be =
        kind == WINDOW_DAY || kind == WINDOW_WEEK || kind == WINDOW_MONTH || kind == WINDOW_QUARTER;
    if (may_be && one_in(2)) {
        milestone->in_a_row = (int32_t)between(2, 3);
        milestone->repeat = one_in(2) ? MILESTONE_ONCE : MILESTONE_EACH_CROSSING;
        milestone->run = (uint32_t)goals->programme.measures_count++;
        goals->measures[milestone->run] = *measure;
        goals->measures[milestone->run].kind = MEASURE_RUN;
    }
}

static void draw_goals(struct goals *goals)
{
    static const struct store_place places[] = {{"shop", "UTC", 0}};
    struct programme *programme = &goals->programme;
    memset(goals, 0, sizeof(*goals));
    goals->rule = (struct rule){
        .id = "euro", .number = 1, .give = 1, .per = between(50, 400), .card = -1, .campaign = -1};
    *programme = (struct programme){.id = "goals",
                                    .version = 1,
                                    .currency = "EUR",
                                    .currency_digits = 2,
                                    .zone = "UTC",
                                    .auto_enrol = true,
                                    .visits_by_day = one_in(2),
                                    .rules = &goals->rule,
                                    .rules_count = 1,
                                    .measures = goals->measures,
                                    .measures_count = (size_t)between(1, MEASURES),
                                    .milestones = goals->milestones,
                                    .stores = places,
                                    .stores_count = 1,
                                    .milestones_highest = one_in(2)};
    programme->milestones_count = (size_t)between(1, MEASURES);
    for (size_t i = 0; i < programme->measures_count; i++) {
        goals->measures[i] = draw_measure(draw_window());
    }
    const int64_t last = (int64_t)programme->measures_count - 1;
    for (size_t i = 0; i < programme->milestones_count; i++) {
        const uint32_t measure = (uint32_t)between(0, last);
        goals->milestones[i] = (struct milestone){.id = "milestone",
                                                  .number = (uint32_t)i + 1,
                                                  .goal = {measure, draw_goal(&goals->measures[measure])},
                                                  .award = {.reward = -1, .note = (uint32_t)i + 1}};
        goals->milestones[i].repeat = (unsigned)between(MILESTONE_ONCE, MILESTONE_EACH_CROSSING);
        draw_run(goals, &goals->milestones[i]);
    }
    draw_levels(goals);
}

/* The first day of the window that holds `day`. */
static int32_t window_start(const struct window *window, int32_t joined, int32_t day)
{
    const struct date date = date_from_day(day);
    const struct date birth = date_from_day(joined);
    int32_t start = DAY_MIN;
    switch (window->kind) {
    case WINDOW_LIFETIME:
        break;
    case WINDOW_CALENDAR_YEAR:
        start = day_from_date(date.year, 1, 1);
        break;
    case WINDOW_DAY:
        start = day;
        break;
    case WINDOW_WEEK:
        start = day - ((int32_t)day_weekday(day) - 1);
        break;
    case WINDOW_QUARTER:
        start = day_from_date(date.year, (date.month - 1) / 3 * 3 + 1, 1);
        break;
    case WINDOW_MONTH:
        start = day_from_date(date.year, date.month, 1);
        break;
    case WINDOW_ROLLING:
        start = day - window->days + 1;
        break;
    case WINDOW_ANNIVERSARY_YEAR:
        start = day_add_years(joined, date.year - birth.year);
        start = start > day ? day_add_years(joined, date.year - birth.year - 1) : start;
        break;
    }
    return start;
}

static int64_t sum_of(const struct goals *goals, const struct history *history, size_t upto, size_t measure,
                      int32_t day)
{
    const int32_t first = window_start(&goals->measures[measure].window, history->rows[0].day, day);
    int64_t sum = 0;
    for (size_t i = 0; i < upto; i++) {
        sum +=
            history->rows[i].day >= first && history->rows[i].day <= day ? history->rows[i].gain[measure] : 0;
    }
    return sum;
}

static void add_to_history(const struct goals *goals, struct history *history,
                           const struct purchase *purchase, int32_t day)
{
    const size_t at = history->count++;
    bool today = false;
    int64_t all = 0;
    for (size_t i = 0; i < at; i++) {
        today = today || history->rows[i].day == day;
    }
    for (size_t i = 0; i < purchase->lines_count; i++) {
        all += purchase->lines[i].gross;
    }
    history->rows[at].day = day;
    history->rows[at].qualifying = all / goals->rule.per;
    for (size_t m = 0; m < goals->programme.measures_count; m++) {
        const struct measure *measure = &goals->measures[m];
        int64_t *gain = &history->rows[at].gain[m];
        *gain = measure->kind == MEASURE_QUALIFYING ? history->rows[at].qualifying
                : measure->kind == MEASURE_VISITS   ? !(goals->programme.visits_by_day && today)
                                                    : 0;
        for (size_t i = 0; i < purchase->lines_count; i++) {
            const struct line *line = &purchase->lines[i];
            const bool counts = !measure->selector.has_only || strcmp(line->category, "bread") == 0;
            *gain += counts && measure->kind == MEASURE_SPEND ? line->gross : 0;
            *gain += counts && measure->kind == MEASURE_UNITS ? line->quantity : 0;
        }
    }
}

/* Whether a milestone gave before, as far as it looks back. */
static bool gave_before(const struct goals *goals, const struct model *model, size_t milestone, size_t at)
{
    const struct milestone *it = &goals->milestones[milestone];
    const struct window *window = &goals->measures[it->goal.measure].window;
    const int32_t joined = model->history.rows[0].day;
    const int32_t start = window_start(window, joined, model->history.rows[at].day);
    for (size_t i = 0; i < at; i++) {
        const bool same = it->repeat == MILESTONE_ONCE ||
                          (it->repeat == MILESTONE_EACH_WINDOW && window->kind != WINDOW_ROLLING &&
                           window_start(window, joined, model->history.rows[i].day) == start);
        if (model->given[milestone][i] && same) {
            return true;
        }
    }
    return false;
}

/* Whether enough windows before that of the purchase are full, none of them part of a run that was reached.
 */
static bool is_in_a_row(const struct goals *goals, const struct model *model, size_t milestone, size_t at)
{
    const struct milestone *it = &goals->milestones[milestone];
    const struct window *window = &goals->measures[it->goal.measure].window;
    const int32_t joined = model->history.rows[0].day;
    int32_t start = window_start(window, joined, model->history.rows[at].day);
    for (int32_t n = 1; n < it->in_a_row; n++) {
        const int32_t day = start - 1;
        start = window_start(window, joined, day);
        for (size_t i = 0; i < at; i++) {
            if (model->given[milestone][i] &&
                window_start(window, joined, model->history.rows[i].day) == start) {
                return false;
            }
        }
        if (sum_of(goals, &model->history, at, it->goal.measure, day) < it->goal.value) {
            return false;
        }
    }
    return true;
}

static bool silences(const struct milestone *one, const struct milestone *other)
{
    const bool longer = one->in_a_row > other->in_a_row && one->goal.value == other->goal.value;
    const bool more = one->goal.value > other->goal.value;
    const bool alike = (one->in_a_row > 0) == (other->in_a_row > 0);
    return one->goal.measure == other->goal.measure && alike && (one->in_a_row > 0 ? longer : more);
}

static void expect_milestones(const struct goals *goals, struct model *model, bool notes[ALL_NOTES])
{
    const size_t at = model->history.count - 1;
    const size_t count = goals->programme.milestones_count;
    const int32_t day = model->history.rows[at].day;
    for (size_t i = 0; i < count; i++) {
        const struct goal *goal = &goals->milestones[i].goal;
        model->given[i][at] = sum_of(goals, &model->history, at, goal->measure, day) < goal->value &&
                              sum_of(goals, &model->history, at + 1, goal->measure, day) >= goal->value &&
                              !gave_before(goals, model, i, at) && is_in_a_row(goals, model, i, at);
    }
    for (size_t i = 0; i < count; i++) {
        notes[i] = model->given[i][at];
        for (size_t k = 0; k < count && goals->programme.milestones_highest; k++) {
            notes[i] =
                notes[i] && !(model->given[k][at] && silences(&goals->milestones[k], &goals->milestones[i]));
        }
    }
}

/* Levels never end here: one that was reached stays. */
static void expect_level(const struct goals *goals, struct model *model, bool notes[ALL_NOTES])
{
    const struct tiers *tiers = &goals->programme.tiers;
    const size_t at = model->history.count - 1;
    int reached = tiers->count > 0 ? 0 : -1; /* everybody begins at the first */
    const int before = at == 0 ? reached : model->level;
    for (size_t i = 1; i < tiers->count; i++) {
        const struct level *level = &tiers->levels[i];
        size_t met = 0;
        for (size_t k = 0; k < level->reach.goals_count; k++) {
            met += sum_of(goals, &model->history, at + 1, level->reach.goals[k].measure,
                          model->history.rows[at].day) >= level->reach.goals[k].value;
        }
        const bool is = tiers->match_all ? met == level->reach.goals_count : met > 0;
        reached = is ? (int)i : reached;
    }
    for (int i = before + 1; i <= reached; i++) {
        notes[MEASURES + i] = true;
    }
    model->level = reached > before ? reached : before;
}

static void draw_basket(struct drawn_purchase *bought, int32_t day)
{
    static const uint8_t card[HASH_BYTES];
    static const char *const categories[] = {"bread", "milk"};
    *bought = (struct drawn_purchase){.event = {.kind = EVENT_PURCHASE}, .time = {day, 600, day}};
    struct purchase *purchase = &bought->event.purchase;
    purchase->card = (struct bytes){card, sizeof(card)};
    purchase->lines = bought->lines;
    purchase->lines_count = (size_t)between(0, 3);
    for (size_t i = 0; i < purchase->lines_count; i++) {
        bought->lines[i] = (struct line){.category = categories[between(0, 1)],
                                         .quantity = 1000 * between(1, 3),
                                         .gross = between(0, 4000)};
    }
}

static void check_notes(const bool expected[ALL_NOTES])
{
    const struct outcome *outcome = &chance_shop.decision->outcome;
    bool found[ALL_NOTES] = {false};
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_NOTE) {
            found[outcome->effects[i].note.note - 1] = true;
        }
    }
    for (size_t i = 0; i < ALL_NOTES; i++) {
        if (found[i] != expected[i]) {
            char text[64];
            snprintf(text, sizeof(text), "note %zu %s\n", i + 1, found[i] ? "given" : "not given");
            chance_failed("a goal is reached when its metric is", text, "the contrary\n");
        }
    }
}

static void a_goal_is_reached_when_its_metric_is(void **state)
{
    static struct goals goals;
    static struct drawn_purchase bought;
    static struct model model;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin(i);
        draw_goals(&goals);
        memset(&model, 0, sizeof(model));
        chance_shop.programme = &goals.programme;
        shop_empty(&chance_shop);
        int32_t day = CHANCE_FIRST_DAY + (int32_t)between(0, 1200);
        for (int event = 0; event < EVENTS; event++) {
            bool notes[ALL_NOTES] = {false};
            day += (int32_t)(one_in(4) ? between(0, 500) : between(0, 20));
            draw_basket(&bought, day);
            assert_int_equal(shop_book(&chance_shop, 0, &bought.event, bought.time), 0);
            add_to_history(&goals, &model.history, &bought.event.purchase, day);
            expect_milestones(&goals, &model, notes);
            expect_level(&goals, &model, notes);
            check_notes(notes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_goal_is_reached_when_its_metric_is)};
    return chance_run(tests, 20270101);
}
