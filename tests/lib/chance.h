/* Programmes and purchases drawn at random, and two shops that are to agree about them: for the properties of
 * the engine. The seed is printed and taken from LOYALTY_SEED, the number of cases from LOYALTY_CASES. Each
 * event is checked as soon as it is booked, so that a case that fails names the smallest prefix of its events
 * that does. */
#ifndef LOYALTY_TESTS_LIB_CHANCE_H
#define LOYALTY_TESTS_LIB_CHANCE_H

#include "lib/shop.h"

enum {
    CHANCE_RULES_MAX = 7,
    CHANCE_LINES_MAX = 8,
    CHANCE_LEVELS_MAX = 4,
    CHANCE_CARDS_MAX = 3,
    CHANCE_LIMITS_MAX = 3,
    CHANCE_FIRST_DAY = 20454, /* 2026-01-01 */
};

extern struct shop chance_shop;
extern struct shop chance_twin;
extern long chance_cases;

/* Reads and prints the seed, opens both shops, runs the tests and closes them: what main returns. */
#define chance_run(tests, seed) (chance_open(seed), chance_close(cmocka_run_group_tests(tests, NULL, NULL)))
void chance_open(uint64_t seed);
int chance_close(int result);

/* A case by itself: what it draws depends on its number and the seed only. */
void chance_begin(long number);

/* low..high, both included */
int64_t between(int64_t low, int64_t high);
bool one_in(int64_t count);

/* A programme and all it points to. */
struct drawn_programme {
    struct programme programme;
    struct rule rules[CHANCE_RULES_MAX + 1];
    struct hours hours[CHANCE_RULES_MAX + 1];
    uint32_t rule_levels[CHANCE_RULES_MAX + 1];
    struct level levels[CHANCE_LEVELS_MAX];
    struct stamp_card cards[CHANCE_CARDS_MAX];
    struct reward rewards[CHANCE_CARDS_MAX];
    struct campaign campaigns[1];
    struct limit limits[CHANCE_RULES_MAX + 3][CHANCE_LIMITS_MAX]; /* of rules, the campaign, the programme */
};

/* A purchase and all it points to. */
struct drawn_purchase {
    struct event event;
    struct shop_time time;
    struct line lines[CHANCE_LINES_MAX];
};

void draw_programme(struct drawn_programme *drawn);

/* Terms of its own for a rule that gives points, now and then: of two of each kind, for a programme has at
 * most RULE_TERMS_MAX different ones. */
void draw_own_terms(const struct programme *programme, struct rule *rule);

/* Two sums between which a rule of kind spend counts, now and then. */
void draw_part(struct rule *rule);
void draw_rule(struct drawn_programme *drawn, size_t index);

/* The day of the purchase is at or before `booked_day`, by at most 30 days. */
void draw_purchase(struct drawn_purchase *bought, int32_t booked_day);

/* Begins a case with a programme in both shops, which are empty. */
void chance_begin_with(struct drawn_programme *drawn, long number);

/* Books the purchase in both shops; they must agree on whether it can be decided. */
bool chance_book(const struct event *event, const struct event *other, struct shop_time time);

/* Fails where both shops do not say the same; with their seed. */
void chance_compare(const char *property, const char *(*describe)(const struct shop *one, char *text));
void chance_failed(const char *property, const char *a, const char *b);

/* The outcome with its trace, without it, and the first customer's state. */
const char *chance_outcome(const struct shop *one, char *text);
const char *chance_effects(const struct shop *one, char *text);
const char *chance_state(const struct shop *one, char *text);

#endif
