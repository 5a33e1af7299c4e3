/* The questions a programme asks of a member's profile are counted, so that a context can record an answer
 * without what it is about. */
#include "programme/sections.h"

static void number(struct condition *condition, uint32_t *last)
{
    if (condition->segments.count > 0) {
        condition->segments_question = ++*last;
    }
    if (condition->has_birthday) {
        condition->birthday_question = ++*last;
    }
}

void number_questions(struct loader *loader)
{
    struct programme *programme = loader->programme;
    /* What was loaded is const to everybody else. */
    struct rule *rules = (struct rule *)(uintptr_t)programme->rules;
    struct campaign *campaigns = (struct campaign *)(uintptr_t)programme->campaigns;
    struct reward *rewards = (struct reward *)(uintptr_t)programme->rewards;
    uint32_t last = 0;
    for (size_t i = 0; i < programme->rules_count; i++) {
        number(&rules[i].when, &last);
        number(&rules[i].unless, &last);
    }
    for (size_t i = 0; i < programme->campaigns_count; i++) {
        number(&campaigns[i].when, &last);
        number(&campaigns[i].unless, &last);
    }
    for (size_t i = 0; i < programme->rewards_count; i++) {
        number(&rewards[i].when, &last);
        number(&rewards[i].unless, &last);
    }
    number(&programme->paying.when, &last);
    number(&programme->paying.unless, &last);
    programme->questions = last;
}
