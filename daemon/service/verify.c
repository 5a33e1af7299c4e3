#include "service/verify.h"

#include "base/check.h"
#include "crypto/hash.h"
#include "wire/message.h"

/* Under the key, or the one before it: sent again by a till that has changed its key since. */
static int check_batch(struct verify_group *group, struct verify_item *item)
{
    const struct sign_batch batch = {.programme_id = group->programme_id,
                                     .principal = item->principal,
                                     .first_sequence = item->sequence,
                                     .count = item->count,
                                     .body_hashes = (const uint8_t(*)[HASH_BYTES])group->hashes};
    struct bytes rest = item->body;
    struct bytes body;
    for (uint32_t i = 0; i < item->count; i++) {
        const bool found = wire_batch_next(&rest, &body);
        CHECK(found);
        hash_bytes(body.data, body.size, group->hashes[i]);
    }
    int result = sign_batch_check(item->key, &batch, item->signature);
    if (result < 0 && item->key_no > 1) {
        result = sign_batch_check(item->previous_key, &batch, item->signature);
        item->key_no -= result == 0;
    }
    return result;
}

static int check_item(struct verify_group *group, struct verify_item *item)
{
    switch (item->kind) {
    case VERIFY_EVENT: {
        const struct sign_event event = {.programme_id = group->programme_id,
                                         .principal = item->principal,
                                         .sequence = item->sequence,
                                         .body = item->body};
        int result =
            sign_event_check(item->key, &event, group->scratch, sizeof(group->scratch), item->signature);
        if (result < 0 && item->key_no > 1) {
            /* Sent again by a till that has changed its key since. */
            result = sign_event_check(item->previous_key, &event, group->scratch, sizeof(group->scratch),
                                      item->signature);
            item->key_no -= result == 0;
        }
        return result;
    }
    case VERIFY_BATCH:
        return check_batch(group, item);
    case VERIFY_AUTH: {
        const struct sign_auth auth = {
            .programme_id = group->programme_id,
            .principal = item->principal,
            .challenge = item->challenge,
            .channel_binding = {item->binding, item->bound ? sizeof(item->binding) : 0}};
        return sign_auth_check(item->key, &auth, item->signature);
    }
    case VERIFY_ENROL:
        return sign_enrol_check(item->key, group->programme_id, item->challenge, item->signature);
    }
    CHECK(!"a kind of signature that does not exist");
}

void verify_group_run(struct verify_group *group)
{
    CHECK(group->count > 0);
    CHECK(group->count <= VERIFY_ITEMS_MAX);
    for (uint32_t i = 0; i < group->count; i++) {
        group->items[i].valid = check_item(group, &group->items[i]) == 0;
    }
}
