/* Profiles: sealed under a key for each member, which follows from the key only this daemon has. They are in
 * no event, and what decisions see of them is a bit for each question the programme asks. */
#include "service/ledger_internal.h"

#include "crypto/crypto.h"
#include "crypto/seal.h"

#include <string.h>

enum { PURPOSE_BYTES = 19, MEMBER_BYTES = 4, WHOSE_BYTES = PROGRAMME_ID_BYTES + MEMBER_BYTES };

static void put_member(uint32_t member, uint8_t to[MEMBER_BYTES])
{
    for (unsigned i = 0; i < MEMBER_BYTES; i++) {
        to[i] = (uint8_t)(member >> (8 * (MEMBER_BYTES - 1 - i)));
    }
}

static void member_key(const struct ledger *ledger, uint32_t member, uint8_t ret_key[KEY_BYTES])
{
    uint8_t purpose[PURPOSE_BYTES + MEMBER_BYTES] = "loyaltyd profile v1";
    put_member(member, purpose + PURPOSE_BYTES);
    seal_key_derive(ledger->options.lookup_key, (struct bytes){purpose, sizeof(purpose)}, ret_key);
}

static struct bytes whose(const struct ledger *ledger, uint32_t member, uint8_t space[WHOSE_BYTES])
{
    memcpy(space, ledger->programme_id, PROGRAMME_ID_BYTES);
    put_member(member, space + PROGRAMME_ID_BYTES);
    return (struct bytes){space, WHOSE_BYTES};
}

int ledger_profile(struct ledger *ledger, uint32_t member, struct profile *ret_profile)
{
    struct bytes sealed;
    uint8_t key[KEY_BYTES];
    uint8_t space[WHOSE_BYTES];
    size_t size = 0;
    int result = store_profile_read(ledger->options.store, member, &ledger->scratch, &sealed);
    if (result < 0) {
        return result;
    }
    uint8_t *plain = arena_alloc(&ledger->scratch, 1, sealed.size);
    if (plain == NULL) {
        return ERR_TOO_LARGE;
    }
    member_key(ledger, member, key);
    result = seal_open(key, whose(ledger, member, space), sealed, plain, sealed.size, &size);
    crypto_erase(key, sizeof(key));
    return result == 0 ? wire_profile_unpack((struct bytes){plain, size}, &ledger->scratch, ret_profile)
                       : result;
}

static int write_profile(struct ledger *ledger, uint32_t member, const struct profile *profile)
{
    struct bytes plain;
    uint8_t key[KEY_BYTES];
    uint8_t space[WHOSE_BYTES];
    size_t size = 0;
    int result = wire_profile_pack(profile, &ledger->scratch, &plain);
    if (result == 0) {
        result = ledger_begin(ledger);
    }
    if (result < 0) {
        return result;
    }
    if (plain.size == 0) {
        return store_profile_erase(ledger->options.store, member);
    }
    const size_t room = plain.size + SEAL_OVERHEAD_BYTES;
    uint8_t *sealed = arena_alloc(&ledger->scratch, 1, room);
    if (sealed == NULL) {
        return ERR_TOO_LARGE;
    }
    member_key(ledger, member, key);
    result = seal_close(ledger->options.world, key, whose(ledger, member, space), plain, sealed, room, &size);
    crypto_erase(key, sizeof(key));
    return result == 0 ? store_profile_write(ledger->options.store, member, (struct bytes){sealed, size})
                       : result;
}

int ledger_move_profile(struct ledger *ledger, uint32_t from, uint32_t to)
{
    struct profile profile;
    struct bytes there;
    int result = ledger_profile(ledger, from, &profile);
    const bool readable = result == 0;
    if (result < 0 && result != ERR_CORRUPT) {
        return result == ERR_NOT_FOUND ? 0 : result;
    }
    result = store_profile_read(ledger->options.store, to, &ledger->scratch, &there);
    if (result == ERR_NOT_FOUND) {
        result = readable ? write_profile(ledger, to, &profile) : 0;
    }
    result = result == 0 ? store_profile_erase(ledger->options.store, from) : result;
    return result < 0 ? result : 1;
}

static void say_unknown(struct ledger *ledger, struct reply *reply)
{
    ledger_fail(ledger, reply, FAILURE_NOT_FOUND, "no member has this card or number");
}

/* A stolen till could change what customers are known by: it says only what nobody has said before. */
static int may_set(struct ledger *ledger, const struct ledger_job *job, uint32_t member)
{
    const struct principal_row *row = ledger_principal(ledger, job->principal);
    struct bytes there;
    if (row != NULL && row->role != ROLE_TERMINAL) {
        return 0;
    }
    const int result = store_profile_read(ledger->options.store, member, &ledger->scratch, &there);
    return result == 0 ? ERR_EXISTS : result == ERR_NOT_FOUND ? 0 : result;
}

int ledger_set_profile(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    uint32_t member;
    int result = ledger_find_named(ledger, request->set_profile.card, request->set_profile.member, &member);
    if (result == ERR_NOT_FOUND) {
        say_unknown(ledger, reply);
        return 0;
    }
    result = result == 0 ? may_set(ledger, job, member) : result;
    if (result == ERR_EXISTS) {
        ledger_fail(ledger, reply, FAILURE_FORBIDDEN,
                    "the member has a profile: only an operator may change it");
        return 0;
    }
    result = result == 0 ? write_profile(ledger, member, &request->set_profile.profile) : result;
    if (result < 0) {
        return result;
    }
    reply->kind = REPLY_PROFILE;
    reply->profile.member = member;
    reply->profile.profile = request->set_profile.profile;
    return 0;
}

int ledger_get_profile(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    uint32_t member;
    int result = ledger_find_named(ledger, request->get_profile.card, request->get_profile.member, &member);
    if (result == ERR_NOT_FOUND) {
        say_unknown(ledger, reply);
        return 0;
    }
    reply->kind = REPLY_PROFILE;
    memset(&reply->profile, 0, sizeof(reply->profile));
    reply->profile.member = member;
    result = result == 0 ? ledger_profile(ledger, member, &reply->profile.profile) : result;
    return result == ERR_NOT_FOUND ? 0 : result;
}

int ledger_ask_profile(struct ledger *ledger, const struct draft *draft)
{
    struct context *context = &ledger->context;
    struct profile profile;
    if (draft->recorded != NULL) {
        context->answers_size = draft->recorded->answers_size;
        memcpy(context->answers, draft->recorded->answers, context->answers_size);
        return 0;
    }
    const int result =
        context->member == 0 ? ERR_NOT_FOUND : ledger_profile(ledger, context->member, &profile);
    if (result == 0) {
        engine_answers(draft->programme, &profile, context);
    }
    /* A profile that cannot be read any more is one that says nothing: tills go on. */
    return result == ERR_NOT_FOUND || result == ERR_CORRUPT ? 0 : result;
}
