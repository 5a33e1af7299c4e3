/* The text of a programme drawn at random (lib/chance.h), for what reads programmes as files: rules of every
 * kind, conditions, limits of every period and owner, a campaign, levels, milestones, stamp cards of every
 * kind, rewards for sale, points that pay, households. The shops are `shop` and `web`, the goods those below.
 */
#ifndef LOYALTY_TESTS_LIB_DRAWN_FILE_H
#define LOYALTY_TESTS_LIB_DRAWN_FILE_H

#include "base/text.h"

enum { DRAWN_FILE_BYTES = 16 * 1024, DRAWN_FILE_REWARDS = 5, DRAWN_FILE_SKUS = 5, DRAWN_FILE_CATEGORIES = 3 };

/* Ids of the rewards, and what purchases may have in their lines; the code that is keyed in is MUG, that of
 * an activity `survey`. */
extern const char *const drawn_file_rewards[DRAWN_FILE_REWARDS];
extern const char *const drawn_file_skus[DRAWN_FILE_SKUS];
extern const char *const drawn_file_categories[DRAWN_FILE_CATEGORIES];

/* Adds the text. Every one loads, without or with warnings. */
void drawn_file(struct text *text);

#endif
