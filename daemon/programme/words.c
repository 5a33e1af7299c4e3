#include "programme/words.h"

#include "base/check.h"
#include "model/day.h"
#include "model/event.h"

#include <inttypes.h>

/* --- numbers --- */

static const int64_t powers[] = {1, 10, 100, 1000};

/* `value` in units of 10^-digits, without the decimals beyond `least` that say nothing. */
static void decimal(struct words *words, int64_t value, int digits, int least)
{
    CHECK(digits >= 0 && digits <= 3);
    int shown = digits;
    int64_t units = value;
    while (shown > least && units % 10 == 0) {
        units /= 10;
        shown--;
    }
    if (shown == 0) {
        text_add(&words->text, "%" PRId64, units);
    } else {
        text_add(&words->text, "%" PRId64 ".%0*" PRId64, units / powers[shown], shown, units % powers[shown]);
    }
}

void words_money(struct words *words, int64_t amount)
{
    decimal(words, amount, words->programme->currency_digits, words->programme->currency_digits);
}

static void points_number(struct words *words, int64_t points)
{
    decimal(words, points, words->programme->points_decimals, 0);
}

void words_points(struct words *words, int64_t points)
{
    points_number(words, points);
    text_add(&words->text, points == powers[words->programme->points_decimals] ? " point" : " points");
}

void words_thousandths(struct words *words, int64_t value)
{
    decimal(words, value, 3, 0);
}

void words_minute(struct words *words, int32_t minute)
{
    text_add(&words->text, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
}

/* "1 day", "3 days" */
static void counted(struct words *words, int64_t count, const char *unit)
{
    text_add(&words->text, "%" PRId64 " %s%s", count, unit, count == 1 ? "" : "s");
}

/* What stands between this part and the one before, if there is one. */
static void next_part(struct words *words, size_t start, const char *between)
{
    if (words->text.used > start) {
        text_add(&words->text, "%s", between);
    }
}

/* --- texts and selectors --- */

static void plural_words(struct words *words, const char *name, const char *text)
{
    if (text != NULL) {
        text_add(&words->text, ", %s '%s'", name, text);
    }
}

void words_texts(struct words *words, const struct texts *texts)
{
    const size_t start = words->text.used;
    for (size_t i = 0; i < texts->count; i++) {
        const struct localised *item = &texts->items[i];
        next_part(words, start, ", ");
        text_add(&words->text, "'%s' (%s)", item->text, item->locale);
        plural_words(words, "zero", item->zero);
        plural_words(words, "one", item->one);
        plural_words(words, "two", item->two);
        plural_words(words, "few", item->few);
        plural_words(words, "many", item->many);
    }
}

/* "categories bakery, bread" */
static void list(struct words *words, size_t start, const char *what, const struct id_list *ids)
{
    if (ids->count == 0) {
        return;
    }
    next_part(words, start, "; ");
    text_add(&words->text, "%s ", what);
    for (size_t i = 0; i < ids->count; i++) {
        text_add(&words->text, "%s%s", i > 0 ? ", " : "", ids->items[i]);
    }
}

void words_selection(struct words *words, const struct selection *selection)
{
    const size_t start = words->text.used;
    list(words, start, "skus", &selection->skus);
    list(words, start, "categories", &selection->categories);
    list(words, start, "labels", &selection->labels);
}

static bool excepts(const struct selector *selector)
{
    const struct selection *except = &selector->except;
    return except->skus.count + except->categories.count + except->labels.count > 0;
}

void words_selector(struct words *words, const struct selector *selector)
{
    const size_t start = words->text.used;
    if (selector->has_only) {
        words_selection(words, &selector->only);
    }
    if (excepts(selector)) {
        next_part(words, start, ", ");
        text_add(&words->text, selector->has_only ? "but not " : "all but ");
        words_selection(words, &selector->except);
    }
}

/* --- conditions --- */

static void condition_days(struct words *words, size_t start, const struct condition *condition)
{
    static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    char day[DAY_TEXT_BYTES];
    if (condition->has_from) {
        next_part(words, start, "; ");
        day_format(condition->from, day);
        text_add(&words->text, "from %s", day);
    }
    if (condition->has_to) {
        next_part(words, start, "; ");
        day_format(condition->to, day);
        text_add(&words->text, "to %s", day);
    }
    bool first = true;
    for (unsigned i = 0; i < 7; i++) {
        if ((condition->weekdays >> i & 1) != 0) {
            next_part(words, start, first ? "; " : ", ");
            text_add(&words->text, "%s%s", first ? "on " : "", weekdays[i]);
            first = false;
        }
    }
    for (size_t i = 0; i < condition->hours_count; i++) {
        next_part(words, start, i == 0 ? "; " : ", ");
        words_minute(words, condition->hours[i].from);
        text_add(&words->text, " to ");
        words_minute(words, condition->hours[i].to);
    }
}

static void condition_amounts(struct words *words, size_t start, const struct condition *condition)
{
    if (condition->has_min_spend) {
        next_part(words, start, "; ");
        text_add(&words->text, "the goods for at least ");
        words_money(words, condition->min_spend);
    }
    if (condition->has_min_quantity) {
        next_part(words, start, "; ");
        text_add(&words->text, "at least ");
        words_thousandths(words, condition->min_quantity);
        text_add(&words->text, " of the goods");
    }
    if (condition->has_min_basket) {
        next_part(words, start, "; ");
        text_add(&words->text, "a basket of at least ");
        words_money(words, condition->min_basket);
    }
}

static void condition_tenders(struct words *words, size_t start, uint8_t tenders)
{
    static const char *const names[] = {
        [TENDER_CASH] = "cash",       [TENDER_CARD] = "card",     [TENDER_GIFT_CARD] = "gift_card",
        [TENDER_VOUCHER] = "voucher", [TENDER_POINTS] = "points", [TENDER_OTHER] = "other"};
    if (tenders == 0) {
        return;
    }
    next_part(words, start, "; ");
    text_add(&words->text, "paid by");
    const char *before = " ";
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((tenders >> i & 1) != 0) {
            text_add(&words->text, "%s%s", before, names[i]);
            before = ", ";
        }
    }
}

static void condition_customer(struct words *words, size_t start, const struct condition *condition)
{
    for (size_t i = 0; i < condition->levels_count; i++) {
        const struct level *level = programme_level(words->programme, condition->levels[i]);
        next_part(words, start, i == 0 ? "; " : ", ");
        text_add(&words->text, "%s%s", i == 0 ? "levels " : "", level != NULL ? level->id : "");
    }
    list(words, start, "segments", &condition->segments);
    if (condition->first_purchase) {
        next_part(words, start, "; ");
        text_add(&words->text, "the first purchase");
    }
    if (condition->has_days_since_purchase) {
        next_part(words, start, "; ");
        text_add(&words->text, "at least ");
        counted(words, condition->days_since_purchase, "day");
        text_add(&words->text, " since the last purchase");
    }
    if (condition->has_days_since_joining) {
        next_part(words, start, "; ");
        text_add(&words->text, "at least ");
        counted(words, condition->days_since_joining, "day");
        text_add(&words->text, " since the customer joined");
    }
    if (condition->has_birthday && condition->birthday_month) {
        next_part(words, start, "; ");
        text_add(&words->text, "in the month of the birthday");
    } else if (condition->has_birthday) {
        next_part(words, start, "; ");
        text_add(&words->text, "from ");
        counted(words, condition->birthday_before, "day");
        text_add(&words->text, " before to ");
        counted(words, condition->birthday_after, "day");
        text_add(&words->text, " after the birthday");
    }
    for (size_t i = 0; i < condition->metrics_count; i++) {
        next_part(words, start, "; ");
        words_goal(words, &condition->metrics[i]);
    }
}

void words_condition(struct words *words, const struct condition *condition)
{
    const size_t start = words->text.used;
    condition_days(words, start, condition);
    condition_amounts(words, start, condition);
    list(words, start, "stores", &condition->stores);
    list(words, start, "terminals", &condition->terminals);
    list(words, start, "codes", &condition->codes);
    condition_tenders(words, start, condition->tenders);
    condition_customer(words, start, condition);
}

/* --- terms --- */

void words_term(struct words *words, const struct term *term)
{
    static const char *const units[] = {
        [TERM_NEVER] = "", [TERM_DAYS] = "day", [TERM_MONTHS] = "month", [TERM_YEARS] = "year"};
    static const char *const rounds[] = {[TERM_EXACT] = "",
                                         [TERM_END_OF_MONTH] = " to the end of the month",
                                         [TERM_END_OF_QUARTER] = " to the end of the quarter",
                                         [TERM_END_OF_YEAR] = " to the end of the year"};
    if (term->unit == TERM_NEVER) {
        return;
    }
    counted(words, term->count, units[term->unit]);
    text_add(&words->text, "%s", rounds[term->round]);
}

/* --- limits --- */

void words_limits(struct words *words, const struct limits *limits, const char *unit)
{
    static const char *const periods[] = {
        [LIMIT_PURCHASE] = "a purchase", [LIMIT_DAY] = "a day",   [LIMIT_WEEK] = "a week",
        [LIMIT_MONTH] = "a month",       [LIMIT_YEAR] = "a year", [LIMIT_EVER] = "ever",
        [LIMIT_BALANCE] = "held",
    };
    static const char *const owners[] = {
        [LIMIT_MEMBER] = "a member", [LIMIT_HOUSEHOLD] = "a household", [LIMIT_TERMINAL] = "a till",
        [LIMIT_STORE] = "a store",   [LIMIT_ALL] = "all together",
    };
    const size_t start = words->text.used;
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->items[i];
        next_part(words, start, ", ");
        text_add(&words->text, "at most ");
        if (limit->of == LIMIT_GIVEN && unit == NULL) {
            words_points(words, limit->max);
        } else {
            text_add(&words->text, "%" PRId64 " %s", limit->max,
                     limit->of == LIMIT_GIVEN ? unit
                     : limit->max == 1        ? "time"
                                              : "times");
        }
        text_add(&words->text, " %s for %s%s", periods[limit->per], owners[limit->whose],
                 limit->reject ? " (else nothing)" : "");
    }
}

/* --- metrics --- */

void words_window(struct words *words, const struct window *window)
{
    switch (window->kind) {
    case WINDOW_LIFETIME:
        text_add(&words->text, "ever");
        return;
    case WINDOW_CALENDAR_YEAR:
        text_add(&words->text, "in the calendar year");
        return;
    case WINDOW_DAY:
        text_add(&words->text, "in the day");
        return;
    case WINDOW_WEEK:
        text_add(&words->text, "in the week");
        return;
    case WINDOW_QUARTER:
        text_add(&words->text, "in the quarter");
        return;
    case WINDOW_MONTH:
        text_add(&words->text, "in the month");
        return;
    case WINDOW_ANNIVERSARY_YEAR:
        text_add(&words->text, "in the year since the customer joined");
        return;
    case WINDOW_ROLLING:
        text_add(&words->text, "in the last ");
        counted(words, window->days, "day");
        return;
    }
}

void words_goal(struct words *words, const struct goal *goal)
{
    CHECK(goal->measure < words->programme->measures_count);
    const struct measure *measure = &words->programme->measures[goal->measure];
    switch (measure->kind) {
    case MEASURE_QUALIFYING:
        points_number(words, goal->value);
        text_add(&words->text, " qualifying points ");
        break;
    case MEASURE_SPEND:
        words_money(words, goal->value);
        text_add(&words->text, " spent ");
        break;
    case MEASURE_VISITS:
        counted(words, goal->value, "visit");
        text_add(&words->text, " ");
        break;
    case MEASURE_UNITS:
        words_thousandths(words, goal->value);
        text_add(&words->text, " units ");
        break;
    case MEASURE_BALANCE:
        words_points(words, goal->value);
        text_add(&words->text, " held");
        return;
    case MEASURE_RUN: /* is said by its milestone */
        return;
    }
    words_window(words, &measure->window);
    if (measure->selector.has_only || excepts(&measure->selector)) {
        text_add(&words->text, " of ");
        words_selector(words, &measure->selector);
    }
}

/* --- basis, award --- */

void words_basis(struct words *words, const struct basis *basis)
{
    static const struct {
        enum tender_kind kind;
        const char *name;
    } tenders[] = {{TENDER_POINTS, "points"}, {TENDER_VOUCHER, "vouchers"}, {TENDER_GIFT_CARD, "gift cards"}};
    text_add(&words->text, "%s tax, %s discounts, discounts on the basket %s",
             basis->tax_excluded ? "without" : "with", basis->discounts_before ? "before" : "after",
             basis->basket_discount_apart ? "apart" : "spread over the lines");
    for (size_t i = 0; i < sizeof(tenders) / sizeof(tenders[0]); i++) {
        const bool counts = (basis->tenders_excluded >> tenders[i].kind & 1) == 0;
        text_add(&words->text, ", %s what %s pay", counts ? "with" : "without", tenders[i].name);
    }
}

void words_award(struct words *words, const struct award *award)
{
    const size_t start = words->text.used;
    if (award->reward >= 0) {
        text_add(&words->text, "reward %s", words->programme->rewards[award->reward].id);
    }
    if (award->points > 0) {
        next_part(words, start, " and ");
        words_points(words, award->points);
    }
    if (award->note > 0) {
        const char *note = numbers_id(words->numbers, NUMBER_NOTE, award->note);
        next_part(words, start, " and ");
        text_add(&words->text, "note %s", note != NULL ? note : "");
    }
    if (award->level != 0) {
        const char *level = numbers_id(words->numbers, NUMBER_LEVEL, award->level);
        next_part(words, start, " and ");
        text_add(&words->text, "level %s", level != NULL ? level : "");
        if (award->level_term.unit != TERM_NEVER) {
            text_add(&words->text, " for ");
            words_term(words, &award->level_term);
        }
    }
}
