#include "programme/forms.h"

#include "base/check.h"

#include <string.h>

enum {
    CODE_BYTES_MAX = 32,       /* a promotion code, as in a purchase */
    CONDITION_VALUES_MAX = 64, /* of one list; a list of stores may be longer */
    HOURS_MAX = 16,
    TERM_DAYS_MAX = 36500,
    TERM_MONTHS_MAX = 1200,
    TERM_YEARS_MAX = 100,
    BIRTHDAY_DAYS_MAX = 182,
};

/* --- texts --- */

static int read_locale(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    const char *text;
    char tag[LOCALE_BYTES_MAX + 1];
    const int result = yaml_read_text(binder->errors, node, 1, LOCALE_BYTES_MAX, &text);
    if (result < 0) {
        return result;
    }
    if (locale_normalise(text, tag) < 0) {
        return yaml_error(binder->errors, node, "expected a language such as en, et or de-AT, found '%s'",
                          text);
    }
    bool listed = loader->locales_count == 0;
    for (size_t i = 0; i < loader->locales_count; i++) {
        listed = listed || strcmp(loader->locales[i], tag) == 0;
    }
    if (!listed) {
        return yaml_error(binder->errors, node, "'%s' is not one of the programme's 'locales'", tag);
    }
    return loader_copy(loader, node, tag, field);
}

#define LOCALE_ROW YAML_FIELD(struct localised, locale, YAML_CUSTOM, .required = true, .read = read_locale)
#define FORM_ROW(member, key_, ...)                                                                          \
    YAML_KEY(struct localised, member, key_, YAML_TEXT, .max = NAME_BYTES_MAX, __VA_ARGS__)

static const struct yaml_field text_fields[] = {
    LOCALE_ROW,
    FORM_ROW(text, "text", .required = true),
};
static const struct yaml_table text_table = {YAML_FIELDS(text_fields), .size = sizeof(struct localised)};

static const struct yaml_field counted_fields[] = {
    LOCALE_ROW,
    FORM_ROW(text, "other", .required = true),
    FORM_ROW(zero, "zero", .required = false),
    FORM_ROW(one, "one", .required = false),
    FORM_ROW(two, "two", .required = false),
    FORM_ROW(few, "few", .required = false),
    FORM_ROW(many, "many", .required = false),
};
static const struct yaml_table counted_table = {YAML_FIELDS(counted_fields),
                                                .size = sizeof(struct localised)};

static void read_text_item(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    (void)loader_ok(loader, yaml_bind(&loader->binder, node, &text_table, ret_item));
}

static const char *plural_form(const struct localised *text, enum plural plural)
{
    switch (plural) {
    case PLURAL_ZERO:
        return text->zero;
    case PLURAL_ONE:
        return text->one;
    case PLURAL_TWO:
        return text->two;
    case PLURAL_FEW:
        return text->few;
    case PLURAL_MANY:
        return text->many;
    case PLURAL_OTHER:
        return text->text;
    }
    return NULL;
}

/* Counts up, whole numbers and then the smallest units, and notes each form the language asks for that is
 * not there. */
static int check_plurals(struct loader *loader, const struct yaml_node *node, const struct localised *text)
{
    static const char *const names[] = {
#define X(name, key) key,
        PLURAL_TABLE(X)
#undef X
    };
    enum { NUMBERS_TRIED = 200 };
    const int digits = loader->binder.points_digits;
    const int64_t whole = digits == 0 ? 1 : digits == 1 ? 10 : 100;
    struct locale *locale;
    bool noted[PLURAL_COUNT] = {false};
    int result = locales_open(&loader->languages, text->locale, &locale);
    for (int64_t i = 0; i < 2 * NUMBERS_TRIED && result == 0; i++) {
        const int64_t value = i < NUMBERS_TRIED ? i * whole : i - NUMBERS_TRIED;
        enum plural plural;
        result = locale_plural(locale, value, digits, &plural);
        if (result == 0 && plural_form(text, plural) == NULL && !noted[plural]) {
            char number[LOCALE_NUMBER_BYTES];
            noted[plural] = true;
            result = locale_number(locale, value, digits, number, sizeof(number));
            yaml_warning(&loader->errors, node, "no '%s', which '%s' has for %s: 'other' is written instead",
                         names[plural], text->locale, result == 0 ? number : "some numbers");
        }
    }
    return result;
}

static void read_counted_item(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    if (loader_ok(loader, yaml_bind(&loader->binder, node, &counted_table, ret_item))) {
        (void)loader_ok(loader, check_plurals(loader, node, ret_item));
    }
}

static bool has_locale(const struct texts *texts, size_t count, const char *locale)
{
    for (size_t i = 0; i < count; i++) {
        if (texts->items[i].locale != NULL && strcmp(texts->items[i].locale, locale) == 0) {
            return true;
        }
    }
    return false;
}

static int read_text_list(struct loader *loader, const struct yaml_node *node, loader_read_item *read,
                          struct texts *ret_texts)
{
    const size_t errors = loader->errors.error_count;
    struct texts texts = {.items = NULL};
    texts.items = loader_list(loader, node, LOCALES_MAX, sizeof(struct localised), read, &texts.count);
    const struct yaml_node *item = node->first;
    for (size_t i = 0; i < texts.count; i++, item = item->next) {
        const char *locale = texts.items[i].locale;
        if (locale != NULL && has_locale(&texts, i, locale)) {
            (void)yaml_error(&loader->errors, item, "a second text in '%s'", locale);
        }
    }
    if (loader->errors.error_count > errors) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < loader->locales_count; i++) {
        if (!has_locale(&texts, texts.count, loader->locales[i])) {
            yaml_warning(&loader->errors, node, "no text in '%s': its readers get another language",
                         loader->locales[i]);
        }
    }
    *ret_texts = texts;
    return 0;
}

int read_texts(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    return read_text_list(binder->context, node, read_text_item, field);
}

int read_counted_texts(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    return read_text_list(binder->context, node, read_counted_item, field);
}

/* --- selector --- */

static int check_selection(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    (void)field;
    if (node->size == 0) {
        return yaml_error(binder->errors, node, "expected at least one of skus, categories, labels");
    }
    return 0;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): an initialiser, not an expression */
#define SELECTION_ROW(member)                                                                                \
    YAML_KEY(struct selection, member.items, #member, YAML_TEXT_LIST, .min = 1, .max = SELECTOR_VALUES_MAX,  \
             .bytes_max = SKU_BYTES_MAX, YAML_COUNT(struct selection, member.count))
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct yaml_field selection_fields[] = {
    SELECTION_ROW(skus),
    SELECTION_ROW(categories),
    SELECTION_ROW(labels),
};
const struct yaml_table selection_table = {YAML_FIELDS(selection_fields), .size = sizeof(struct selection),
                                           .check = check_selection};

/* --- condition --- */

static int check_hours(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct hours *hours = field;
    if (hours->from == hours->to) {
        return yaml_error(binder->errors, node, "'from' and 'to' are the same: no hour lies between them");
    }
    return 0;
}

static const struct yaml_field hours_fields[] = {
    YAML_FIELD(struct hours, from, YAML_TIME, .required = true),
    YAML_FIELD(struct hours, to, YAML_TIME_END, .required = true),
};
static const struct yaml_table hours_table = {YAML_FIELDS(hours_fields), .size = sizeof(struct hours),
                                              .check = check_hours};

/* struct id_list: ids of stores of this programme. */
static int read_stores(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    struct id_list *stores = field;
    int result = yaml_check_list(binder->errors, node, 1, STORES_MAX);
    if (result < 0) {
        return result;
    }
    const char **items = arena_alloc(binder->arena, node->size, sizeof(*items));
    if (items == NULL) {
        return loader_full(loader, node);
    }
    const struct yaml_node *item = node->first;
    for (size_t i = 0; i < node->size; i++, item = item->next) {
        const char *id;
        uint32_t index;
        int found = loader_reference(loader, item, SECTION_STORES, &id, &index);
        if (found == 0) {
            found = loader_copy(loader, item, id, &items[i]);
        }
        result = result == 0 ? found : result;
    }
    *stores = (struct id_list){.items = items, .count = node->size};
    return result;
}

/* struct condition, whose level numbers are filled. The levels have been numbered before. */
static int read_levels(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    struct condition *condition = field;
    int result = yaml_check_list(binder->errors, node, 1, LEVELS_MAX);
    if (result < 0) {
        return result;
    }
    uint32_t *levels = arena_alloc(binder->arena, node->size, sizeof(*levels));
    if (levels == NULL) {
        return loader_full(loader, node);
    }
    const struct yaml_node *item = node->first;
    for (size_t i = 0; i < node->size; i++, item = item->next) {
        const char *id;
        uint32_t index;
        const int found = loader_reference(loader, item, SECTION_LEVELS, &id, &index);
        if (found == 0) {
            levels[i] = numbers_find(loader->numbers, NUMBER_LEVEL, id);
        }
        result = result == 0 ? found : result;
    }
    condition->levels = levels;
    condition->levels_count = node->size;
    return result;
}

static int check_condition(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct condition *condition = field;
    int result = 0;
    if (node->size == 0) {
        result =
            yaml_error(binder->errors, node, "expected at least one condition, or no '%s' at all", node->key);
    }
    if (condition->has_from && condition->has_to && condition->from > condition->to) {
        result =
            yaml_error(binder->errors, yaml_get(node, "to"), "the last day lies before the first, 'from'");
    }
    if (yaml_get(node, "first_purchase") != NULL && !condition->first_purchase) {
        result = yaml_error(binder->errors, yaml_get(node, "first_purchase"),
                            "expected yes; to leave out first purchases put it under 'unless'");
    }
    return result;
}

/* struct condition, whose birthday is filled. */
static const struct yaml_field birthday_fields[] = {
    YAML_KEY(struct condition, birthday_before, "before", YAML_INTEGER, .min = 0, .max = BIRTHDAY_DAYS_MAX),
    YAML_KEY(struct condition, birthday_after, "after", YAML_INTEGER, .min = 0, .max = BIRTHDAY_DAYS_MAX),
    YAML_KEY(struct condition, birthday_month, "month", YAML_BOOLEAN, .fallback = false),
};
static const struct yaml_table birthday_table = {YAML_FIELDS(birthday_fields),
                                                 .size = sizeof(struct condition)};

static int read_birthday(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct condition *condition = field;
    struct condition keys;
    const int result = yaml_bind(binder, node, &birthday_table, &keys);
    if (result == 0 && keys.birthday_month && node->size > 1) {
        return yaml_error(binder->errors, yaml_get(node, "month"),
                          "the whole month has no 'before' and 'after': expected one or the other");
    }
    if (result == 0) {
        condition->birthday_month = keys.birthday_month;
        condition->has_birthday = true;
        condition->birthday_before = keys.birthday_before;
        condition->birthday_after = keys.birthday_after;
    }
    return result;
}

#define LEAST_ROW(member, type_, ...)                                                                        \
    YAML_FIELD(struct condition, member, type_, .min = 1, __VA_ARGS__,                                       \
               YAML_PRESENT(struct condition, has_##member))
#define WORDS_ROW(member, ...)                                                                               \
    YAML_KEY(struct condition, member.items, #member, YAML_TEXT_LIST, .min = 1, .max = CONDITION_VALUES_MAX, \
             YAML_COUNT(struct condition, member.count), __VA_ARGS__)

static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* In the order of enum tender_kind. */
static const char *const tender_names[] = {"cash", "card", "gift_card", "voucher", "points", "other", NULL};

static const struct yaml_field condition_fields[] = {
    LEAST_ROW(min_spend, YAML_MONEY, .max = AMOUNT_MAX),
    LEAST_ROW(min_quantity, YAML_DECIMAL, .digits = 3, .max = QUANTITY_MAX),
    LEAST_ROW(min_basket, YAML_MONEY, .max = AMOUNT_MAX),
    YAML_FIELD(struct condition, from, YAML_DATE, YAML_PRESENT(struct condition, has_from)),
    YAML_FIELD(struct condition, to, YAML_DATE, YAML_PRESENT(struct condition, has_to)),
    YAML_FIELD(struct condition, weekdays, YAML_NAMES, .min = 1, .max = 7, .names = weekday_names),
    YAML_FIELD(struct condition, hours, YAML_STRUCT_LIST, .min = 1, .max = HOURS_MAX, .table = &hours_table,
               YAML_COUNT(struct condition, hours_count)),
    YAML_FIELD(struct condition, stores, YAML_CUSTOM, .read = read_stores),
    WORDS_ROW(terminals, .bytes_max = TILL_LABEL_BYTES_MAX, .ids = true),
    WORDS_ROW(codes, .bytes_max = CODE_BYTES_MAX),
    {.key = "tiers", .type = YAML_CUSTOM, .offset = 0, .size = sizeof(struct condition), .read = read_levels},
    YAML_FIELD(struct condition, first_purchase, YAML_BOOLEAN, .fallback = false),
    YAML_FIELD(struct condition, tenders, YAML_NAMES, .min = 1, .max = 6, .names = tender_names),
    YAML_FIELD(struct condition, days_since_purchase, YAML_INTEGER, .min = 1, .max = TERM_DAYS_MAX,
               YAML_PRESENT(struct condition, has_days_since_purchase)),
    YAML_FIELD(struct condition, days_since_joining, YAML_INTEGER, .min = 1, .max = TERM_DAYS_MAX,
               YAML_PRESENT(struct condition, has_days_since_joining)),
    {.key = "metrics",
     .type = YAML_CUSTOM,
     .offset = 0,
     .size = sizeof(struct condition),
     .read = read_metrics},
    WORDS_ROW(segments, .bytes_max = ID_BYTES_MAX, .ids = true),
    {.key = "birthday",
     .type = YAML_CUSTOM,
     .offset = 0,
     .size = sizeof(struct condition),
     .read = read_birthday},
};
const struct yaml_table condition_table = {YAML_FIELDS(condition_fields), .size = sizeof(struct condition),
                                           .check = check_condition};

/* --- term --- */

struct term_keys {
    int32_t days;
    int32_t months;
    int32_t years;
    bool has_days;
    bool has_months;
    bool has_years;
    enum term_round round;
};

static const char *const term_rounds[] = {"none", "end_of_month", "end_of_quarter", "end_of_year", NULL};

#define TERM_UNIT_ROW(member, max_)                                                                          \
    YAML_FIELD(struct term_keys, member, YAML_INTEGER, .min = 0, .max = (max_),                              \
               YAML_PRESENT(struct term_keys, has_##member))

static const struct yaml_field term_fields[] = {
    TERM_UNIT_ROW(days, TERM_DAYS_MAX),
    TERM_UNIT_ROW(months, TERM_MONTHS_MAX),
    TERM_UNIT_ROW(years, TERM_YEARS_MAX),
    YAML_FIELD(struct term_keys, round, YAML_NAME, .names = term_rounds, .fallback = TERM_EXACT),
};
static const struct yaml_table term_table = {YAML_FIELDS(term_fields), .size = sizeof(struct term_keys)};

int read_term(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct term *term = field;
    struct term_keys keys;
    const int result = yaml_bind(binder, node, &term_table, &keys);
    if (result < 0) {
        return result;
    }
    if ((int)keys.has_days + (int)keys.has_months + (int)keys.has_years != 1) {
        return yaml_error(binder->errors, node, "expected exactly one of days, months, years");
    }
    term->unit = keys.has_days ? TERM_DAYS : keys.has_months ? TERM_MONTHS : TERM_YEARS;
    term->count = keys.has_days ? keys.days : keys.has_months ? keys.months : keys.years;
    term->round = keys.round;
    return 0;
}

/* --- expiry --- */

static int check_expiry(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    (void)field;
    return node->size == 1 ? 0
                           : yaml_error(binder->errors, node, "expected exactly one of after, inactivity");
}

static const struct yaml_field expiry_fields[] = {
    TERM_ROW(struct expiry_keys, after, "after"),
    TERM_ROW(struct expiry_keys, inactivity, "inactivity"),
};
const struct yaml_table expiry_table = {YAML_FIELDS(expiry_fields), .size = sizeof(struct expiry_keys),
                                        .check = check_expiry};

/* --- zone --- */

int read_zone(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    const char *name;
    struct zone *zone;
    int result = yaml_read_text(binder->errors, node, 1, ZONE_NAME_BYTES_MAX, &name);
    if (result < 0) {
        return result;
    }
    result = zones_open(&loader->zones, name, &zone);
    if (result == ERR_NOT_FOUND) {
        return yaml_error(binder->errors, node, "expected a time zone such as Europe/Tallinn, found '%s'",
                          name);
    }
    if (result == ERR_TOO_LARGE) {
        return yaml_error(binder->errors, node, "more than %d different time zones", (int)ZONES_MAX);
    }
    return result < 0 ? result : loader_copy(loader, node, name, field);
}
