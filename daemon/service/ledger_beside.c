/* Whom operators name, and what stands outside the log: cards and their openings. The log holds commitments
 * only, so that what leads to a person can be deleted and the log still be proved. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/card.h"

#include <string.h>

void ledger_open_card(const struct ledger *ledger, struct draft *draft)
{
    const struct bytes commitment = event_card(draft->event);
    struct card_number card;
    if (commitment.size != HASH_BYTES || draft->opening == NULL ||
        draft->opening->salt.size != CARD_SALT_BYTES || draft->opening->card == NULL ||
        card_normalise(draft->opening->card, strlen(draft->opening->card), &card) < 0) {
        return;
    }
    uint8_t opened[HASH_BYTES];
    crypto_card_commitment(draft->opening->salt.data, &card, opened);
    if (memcmp(opened, commitment.data, HASH_BYTES) == 0) {
        crypto_card_lookup(ledger->options.lookup_key, &card, draft->card_hash);
        draft->card_opened = true;
    }
}

/* Whether a card that is to be linked is free, for the context. */
static int find_card(struct ledger *ledger, struct draft *draft)
{
    struct context *context = &ledger->context;
    if (draft->recorded != NULL) {
        context->card = draft->recorded->card;
        return 0;
    }
    ledger_open_card(ledger, draft);
    if (!draft->card_opened) {
        context->card = CONTEXT_CARD_CLOSED;
        return 0;
    }
    uint32_t holder;
    const int result = store_card_find(ledger->options.store, draft->card_hash, &holder);
    context->card = result == 0 ? CONTEXT_CARD_TAKEN : CONTEXT_CARD_FREE;
    return result == ERR_NOT_FOUND ? 0 : result;
}

int ledger_owner(struct ledger *ledger, uint32_t *member)
{
    uint32_t into = 0;
    int result = *member == 0 ? ERR_NOT_FOUND : store_member_merged(ledger->options.store, *member, &into);
    while (result == 0) {
        *member = into; /* a member is merged once, into one that is not: the way comes to an end */
        result = store_member_merged(ledger->options.store, *member, &into);
    }
    return result == ERR_NOT_FOUND ? 0 : result;
}

int ledger_name_members(struct ledger *ledger, struct draft *draft)
{
    const struct event *event = draft->event;
    const uint32_t member = event_first_member(event);
    const uint32_t other = event_second_member(event);
    if (member >= ledger->head.next_member || other >= ledger->head.next_member) {
        ledger_refuse(ledger, CODE_UNKNOWN_MEMBER);
        return 0;
    }
    uint32_t owner = member;
    uint32_t other_owner = other;
    int result = ledger_owner(ledger, &owner);
    result = result < 0 ? result : ledger_owner(ledger, &other_owner);
    if (result < 0) {
        return result;
    }
    if (owner != member || other_owner != other || (event->kind != EVENT_TRANSFER && member == other)) {
        ledger_refuse(ledger, CODE_MEMBER_MERGED);
        return 0;
    }
    ledger->context.member = member;
    if (member == 0) {
        /* A household without a number is a new one. */
        ledger->context.new_member = ledger->head.next_member;
        return draft->recorded == NULL || draft->recorded->new_member == ledger->head.next_member
                   ? 0
                   : ERR_FORMAT;
    }
    return event->kind == EVENT_CARD_LINKED ? find_card(ledger, draft) : 0;
}

/* The card of a member who is new, or who has one more. */
static int write_card(struct ledger *ledger, const struct draft *draft)
{
    struct store *store = ledger->options.store;
    const struct outcome *outcome = &ledger->decision->outcome;
    CHECK(draft->event != NULL); /* what could not be read is not accepted */
    if (draft->event->kind == EVENT_CARD_LINKED) {
        return store_card_write(store, draft->card_hash, outcome->member);
    }
    int result = 0;
    for (size_t i = 0; i < outcome->effects_count && result == 0; i++) {
        if (outcome->effects[i].kind == EFFECT_ENROL) {
            result = store_card_write(store, draft->card_hash, outcome->effects[i].member);
        }
    }
    return result;
}

/* Cards go on with the other member; what is known of the person, where nothing is known of that one. */
static int write_merged(struct ledger *ledger, uint32_t from, uint32_t to)
{
    struct store *store = ledger->options.store;
    int result = store_member_move(store, from, to);
    if (result == 0) {
        result = ledger_move_profile(ledger, from, to);
    }
    ledger->erased = ledger->erased || result > 0;
    return result > 0 ? 0 : result;
}

int ledger_write_beside(struct ledger *ledger, const struct draft *draft)
{
    struct store *store = ledger->options.store;
    const uint32_t member = ledger->decision->outcome.member;
    CHECK(draft->recorded == NULL);
    if (draft->event != NULL && draft->event->kind == EVENT_ERASED) {
        ledger->erased = true;
        return store_member_erase(store, member);
    }
    if (draft->event != NULL && draft->event->kind == EVENT_MERGE) {
        return write_merged(ledger, draft->event->merge.from, member);
    }
    if (!draft->card_opened || member == 0) {
        return 0; /* a card of nobody's is not kept: nobody could ask for it to be erased */
    }
    const int result = write_card(ledger, draft);
    return result < 0 ? result
                      : store_opening_write(store, draft->position, member, draft->opening->salt.data);
}
