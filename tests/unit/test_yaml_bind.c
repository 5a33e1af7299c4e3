/* A table binds a document to a struct: each kind of field, what is missing, what is wrong, all of it told.
 */
#include "yaml/bind.h"

#include "lib/testing.h"

#include <string.h>

enum combine { COMBINE_SUM, COMBINE_BEST, COMBINE_FIRST };

struct reward {
    int64_t give;
    int64_t per;
    bool multiplies;
};

struct limit {
    int64_t max;
    enum combine over;
    struct yaml_place place;
};

struct rule {
    char id[9];
    const struct yaml_node *node;
    struct reward reward;
    bool has_reward;
    const struct limit *limits;
    size_t limit_count;
};

struct tender {
    const char *name;
    uint8_t share;
};

struct shop {
    const char *name;
    int32_t since;
    int16_t opens;
    int32_t closes;
    bool open;
    uint8_t weekdays;
    enum combine combine;
    int64_t price;
    int64_t points;
    int64_t multiplier;
    int8_t small;
    const char *const *labels;
    size_t label_count;
    const struct rule *rules;
    size_t rule_count;
    const struct tender *tenders;
    size_t tender_count;
    struct limit limit;
    const struct yaml_node *later;
};

static const char *const combine_names[] = {"sum", "best", "first", NULL};
static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* A number, or {give, per}. */
static int read_reward(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct reward *reward = field;
    if (node->kind == YAML_KIND_SCALAR) {
        reward->multiplies = true;
        return yaml_read_decimal(binder->errors, node, 3, 0, 1000000, &reward->give);
    }
    static const struct yaml_field fields[] = {
        YAML_FIELD(struct reward, give, YAML_POINTS, .required = true, .min = 1, .max = 1000),
        YAML_FIELD(struct reward, per, YAML_MONEY, .required = true, .min = 1, .max = 100000),
    };
    static const struct yaml_table table = {YAML_FIELDS(fields), .size = sizeof(struct reward)};
    return yaml_bind(binder, node, &table, reward);
}

static int check_rule(struct yaml_binder *binder, const struct yaml_node *node, void *filled)
{
    const struct rule *rule = filled;
    (*(int *)binder->context)++;
    return rule->has_reward || rule->limit_count > 0 ? 0 : yaml_error(binder->errors, node, "gives nothing");
}

static const struct yaml_field limit_fields[] = {
    YAML_FIELD(struct limit, max, YAML_INTEGER, .min = 1, .max = 50000, .fallback = 7),
    YAML_FIELD(struct limit, over, YAML_NAME, .names = combine_names, .fallback = COMBINE_BEST),
};
static const struct yaml_table limit_table = {YAML_FIELDS(limit_fields), .size = sizeof(struct limit),
                                              YAML_PLACE(struct limit, place)};
static const struct yaml_field rule_fields[] = {
    YAML_FIELD(struct rule, id, YAML_ID, .required = true, .array = true, .max = 8),
    YAML_FIELD(struct rule, reward, YAML_CUSTOM, .read = read_reward, YAML_PRESENT(struct rule, has_reward)),
    YAML_FIELD(struct rule, limits, YAML_STRUCT_LIST, .max = 2, .table = &limit_table,
               YAML_COUNT(struct rule, limit_count)),
};
static const struct yaml_table rule_table = {YAML_FIELDS(rule_fields), .size = sizeof(struct rule),
                                             YAML_NODE_IN(struct rule, node), .check = check_rule};
static const struct yaml_field tender_fields[] = {
    YAML_FIELD(struct tender, share, YAML_INTEGER, .max = 255),
};
static const struct yaml_table tender_table = {YAML_FIELDS(tender_fields), .size = sizeof(struct tender),
                                               YAML_MAP_KEY(struct tender, name, 10)};
static const struct yaml_field shop_fields[] = {
    YAML_FIELD(struct shop, name, YAML_TEXT, .required = true, .max = 20),
    YAML_FIELD(struct shop, since, YAML_DATE),
    YAML_FIELD(struct shop, opens, YAML_TIME, .fallback = 480),
    YAML_FIELD(struct shop, closes, YAML_TIME_END),
    YAML_FIELD(struct shop, open, YAML_BOOLEAN, .fallback = true),
    YAML_FIELD(struct shop, weekdays, YAML_NAMES, .names = weekday_names),
    YAML_FIELD(struct shop, combine, YAML_NAME, .names = combine_names),
    YAML_FIELD(struct shop, price, YAML_MONEY, .max = 1000000),
    YAML_FIELD(struct shop, points, YAML_POINTS, .max = 1000000),
    YAML_FIELD(struct shop, multiplier, YAML_DECIMAL, .digits = 3, .max = 1000000, .fallback = 1000),
    YAML_FIELD(struct shop, small, YAML_INTEGER, .min = -128, .max = 127),
    YAML_FIELD(struct shop, labels, YAML_TEXT_LIST, .max = 3, .bytes_max = 5, .ids = true,
               YAML_COUNT(struct shop, label_count)),
    YAML_FIELD(struct shop, rules, YAML_STRUCT_LIST, .max = 3, .table = &rule_table,
               YAML_COUNT(struct shop, rule_count)),
    YAML_FIELD(struct shop, tenders, YAML_STRUCT_MAP, .max = 3, .ids = true, .table = &tender_table,
               YAML_COUNT(struct shop, tender_count)),
    YAML_FIELD(struct shop, limit, YAML_STRUCT, .table = &limit_table),
    YAML_KEY(struct shop, later, "afterwards", YAML_NODE),
};
static const struct yaml_table shop_table = {YAML_FIELDS(shop_fields), .size = sizeof(struct shop)};

static uint8_t memory[64 * 1024];
static struct arena arena;
static struct yaml_errors errors;
static int checked;

static int load(const char *text, struct shop *shop)
{
    checked = 0;
    arena_init(&arena, memory, sizeof(memory));
    yaml_errors_init(&errors);
    struct yaml_binder binder = {
        .errors = &errors, .arena = &arena, .money_digits = 2, .points_digits = 1, .context = &checked};
    return yaml_load(text, strlen(text), &binder, &shop_table, shop);
}

static void every_kind_of_field_is_filled(void **state)
{
    (void)state;
    struct shop shop;
    const int result = load("name: Rukkilill\n"
                            "since: 1970-01-02\n"
                            "opens: \"06:30\"\n"
                            "closes: \"24:00\"\n"
                            "open: no\n"
                            "weekdays: [mon, sun]\n"
                            "combine: first\n"
                            "price: 12.5\n"
                            "points: 12.5\n"
                            "multiplier: 1.25\n"
                            "small: -128\n"
                            "labels: [a, bb]\n"
                            "rules:\n"
                            "  - {id: one, reward: {give: 1.5, per: 1.00}}\n"
                            "  - id: two\n"
                            "    reward: 2.5\n"
                            "    limits:\n"
                            "      - {max: 5}\n"
                            "      - over: sum\n"
                            "tenders: {gift: {share: 255}, points: {}}\n"
                            "limit: {max: 9}\n"
                            "afterwards: {any: thing}\n",
                            &shop);
    if (result != 0) {
        fail_msg("%s: %s", errors.items[0].path, errors.items[0].text);
    }
    assert_string_equal(shop.name, "Rukkilill");
    assert_int_equal(shop.since, 1);
    assert_int_equal(shop.opens, 390);
    assert_int_equal(shop.closes, 1440);
    assert_false(shop.open);
    assert_int_equal(shop.weekdays, 0x41);
    assert_int_equal(shop.combine, COMBINE_FIRST);
    assert_int_equal(shop.price, 1250);
    assert_int_equal(shop.points, 125);
    assert_int_equal(shop.multiplier, 1250);
    assert_int_equal(shop.small, -128);
    assert_int_equal(shop.label_count, 2);
    assert_string_equal(shop.labels[1], "bb");
    assert_int_equal(shop.rule_count, 2);
    assert_string_equal(shop.rules[0].id, "one");
    assert_int_equal(shop.rules[0].reward.give, 15);
    assert_int_equal(shop.rules[0].reward.per, 100);
    assert_true(shop.rules[0].has_reward);
    assert_int_equal(shop.rules[0].limit_count, 0);
    assert_true(shop.rules[1].reward.multiplies);
    assert_int_equal(shop.rules[1].reward.give, 2500);
    assert_int_equal(shop.rules[1].node->place.line, 15);
    assert_int_equal(shop.rules[1].limits[0].max, 5);
    assert_int_equal(shop.rules[1].limits[0].over, COMBINE_BEST);
    assert_int_equal(shop.rules[1].limits[1].max, 7);
    assert_int_equal(shop.rules[1].limits[1].over, COMBINE_SUM);
    assert_int_equal(shop.rules[1].limits[1].place.line, 19);
    assert_int_equal(shop.rules[1].limits[1].place.column, 9);
    assert_int_equal(shop.tender_count, 2);
    assert_string_equal(shop.tenders[0].name, "gift");
    assert_int_equal(shop.tenders[0].share, 255);
    assert_int_equal(shop.limit.max, 9);
    assert_true(yaml_is_text(yaml_get(shop.later, "any"), "thing"));
    assert_int_equal(checked, 2);
}

static void missing_keys_get_their_fallback(void **state)
{
    (void)state;
    struct shop shop;
    memset(&shop, 0xee, sizeof(shop));
    assert_int_equal(load("name: x", &shop), 0);
    assert_int_equal(shop.opens, 480);
    assert_int_equal(shop.closes, 0);
    assert_true(shop.open);
    assert_int_equal(shop.combine, COMBINE_SUM);
    assert_int_equal(shop.multiplier, 1000);
    assert_null(shop.rules);
    assert_int_equal(shop.rule_count, 0);
    assert_int_equal(shop.limit.max, 7);
    assert_int_equal(shop.limit.over, COMBINE_BEST);
    assert_int_equal(shop.limit.place.line, 0);
    assert_null(shop.later);
}

static void assert_item(size_t index, int line, int column, const char *path, const char *says)
{
    const struct yaml_error *item = &errors.items[index];
    if (index >= errors.item_count || item->place.line != line || item->place.column != column ||
        strcmp(item->path, path) != 0 || strstr(item->text, says) == NULL) {
        fail_msg("error %zu is %d:%d '%s' %s", index, item->place.line, item->place.column, item->path,
                 item->text);
    }
}

static void everything_wrong_is_told_at_once(void **state)
{
    (void)state;
    struct shop shop;
    assert_int_equal(load("nmae: x\n"
                          "price: 1.234\n"
                          "points: 1.25\n"
                          "weekdays: [mon, mon, tur]\n"
                          "labels: [toolong, b]\n"
                          "rules:\n"
                          "  - {id: one, reward: {give: 0, pre: 1.00}}\n"
                          "  - {id: two}\n"
                          "  - {id: three, limits: [{max: 1}, {max: 0}]}\n"
                          "tenders: {a b: {share: 256}}\n"
                          "small: 128\n",
                          &shop),
                     ERR_FORMAT);
    assert_int_equal(errors.error_count, 15);
    assert_item(0, 1, 1, "nmae", "did you mean 'name'");
    assert_item(1, 1, 1, "", "key 'name' is missing");
    assert_item(2, 4, 17, "weekdays[1]", "twice");
    assert_item(3, 4, 22, "weekdays[2]", "'tue' perhaps");
    assert_item(4, 2, 8, "price", "at most 2 decimals");
    assert_item(5, 3, 9, "points", "at most 1 decimal");
    assert_item(6, 11, 8, "small", "from -128 to 127");
    assert_item(7, 5, 10, "labels[0]", "name of 1 to 5");
    assert_item(8, 7, 33, "rules[0].reward.pre", "did you mean 'per'");
    assert_item(9, 7, 30, "rules[0].reward.give", "from 0.1 to 100");
    assert_item(10, 7, 23, "rules[0].reward", "key 'per' is missing");
    assert_item(11, 8, 5, "rules[1]", "gives nothing");
    assert_item(12, 9, 42, "rules[2].limits[1].max", "from 1 to 50000");
    assert_item(13, 10, 24, "tenders.a b.share", "from 0 to 255");
    assert_item(14, 10, 11, "tenders.a b", "expected a name");
    assert_int_equal(checked, 1); /* only of what was right in itself */
}

static void shapes_that_do_not_fit(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[name]",
        "name",
        "name: [x]",
        "{name: x, rules: {id: one}}",
        "{name: x, rules: [one]}",
        "{name: x, tenders: [gift]}",
        "{name: x, tenders: gift}",
        "{name: x, tenders: {a: 1}}",
        "{name: x, tenders: {a: {}, b: {}, c: {}, d: {}}}",
        "{name: x, labels: a}",
        "{name: x, labels: [a, b, c, d]}",
        "{name: x, labels: [[a]]}",
        "{name: x, weekdays: mon}",
        "{name: x, weekdays: []}",
        "{name: x, limit: 5}",
        "{name: x, limit: [5]}",
        "{name: x, open: }",
        "{name: x, rules: [{id: a_long_identifier, reward: 1}]}",
    };
    struct shop shop;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (load(texts[i], &shop) != ERR_FORMAT || errors.error_count == 0) {
            fail_msg("bound: %s", texts[i]);
        }
    }
}

static void an_arena_too_small_is_told(void **state)
{
    (void)state;
    static const char text[] =
        "{name: x, labels: [a, b], rules: [{id: a, limits: [{max: 1}]}], tenders: {a: {}}}";
    const struct yaml_node *root = NULL;
    struct shop shop;
    int result = ERR_NOMEM;
    arena_init(&arena, memory, sizeof(memory));
    yaml_errors_init(&errors);
    assert_int_equal(yaml_parse(text, sizeof(text) - 1, &arena, &errors, &root), 0);
    for (size_t size = 0; result == ERR_NOMEM; size += 8) {
        static uint8_t room[4096];
        struct arena small;
        arena_init(&small, room, size);
        yaml_errors_init(&errors);
        struct yaml_binder binder = {
            .errors = &errors, .arena = &small, .copy_texts = true, .context = &checked};
        result = yaml_bind(&binder, root, &shop_table, &shop);
        assert_int_equal(errors.error_count, result == 0 ? 0 : 1);
    }
    assert_int_equal(result, 0);
}

static void copied_texts_outlive_the_document(void **state)
{
    (void)state;
    static uint8_t room[4096];
    static const char text[] = "{name: Rukkilill, labels: [abc], tenders: {gift: {}}}";
    const struct yaml_node *root = NULL;
    struct arena kept;
    struct shop shop;
    arena_init(&arena, memory, sizeof(memory));
    arena_init(&kept, room, sizeof(room));
    yaml_errors_init(&errors);
    struct yaml_binder binder = {.errors = &errors, .arena = &kept, .copy_texts = true};
    assert_int_equal(yaml_parse(text, sizeof(text) - 1, &arena, &errors, &root), 0);
    assert_int_equal(yaml_bind(&binder, root, &shop_table, &shop), 0);
    memset(memory, 0xee, sizeof(memory));
    assert_string_equal(shop.name, "Rukkilill");
    assert_string_equal(shop.labels[0], "abc");
    assert_string_equal(shop.tenders[0].name, "gift");
}

static void bind_too_wide(void *argument)
{
    static const struct yaml_field fields[] = {YAML_FIELD(struct shop, weekdays, YAML_INTEGER, .max = 256)};
    static const struct yaml_table table = {YAML_FIELDS(fields), .size = sizeof(struct shop)};
    static const char text[] = "weekdays: 1";
    struct shop shop;
    (void)argument;
    arena_init(&arena, memory, sizeof(memory));
    yaml_errors_init(&errors);
    struct yaml_binder binder = {.errors = &errors, .arena = &arena};
    (void)!yaml_load(text, sizeof(text) - 1, &binder, &table, &shop);
}

static void bounds_wider_than_the_field_are_a_bug_of_ours(void **state)
{
    (void)state;
    assert_true(testing_aborts(bind_too_wide, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_field_is_filled),
        cmocka_unit_test(missing_keys_get_their_fallback),
        cmocka_unit_test(everything_wrong_is_told_at_once),
        cmocka_unit_test(shapes_that_do_not_fit),
        cmocka_unit_test(an_arena_too_small_is_told),
        cmocka_unit_test(copied_texts_outlive_the_document),
        cmocka_unit_test(bounds_wider_than_the_field_are_a_bug_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
