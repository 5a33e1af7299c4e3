#include "service/verify.h"

#include "base/check.h"

static int check_item(struct verify_group *group, const struct verify_item *item)
{
    switch (item->kind) {
    case VERIFY_EVENT: {
        const struct sign_event event = {.programme_id = group->programme_id,
                                         .principal = item->principal,
                                         .sequence = item->sequence,
                                         .body = item->body};
        return sign_event_check(item->key, &event, group->scratch, sizeof(group->scratch), item->signature);
    }
    case VERIFY_AUTH: {
        const struct sign_auth auth = {
            .programme_id = group->programme_id, .principal = item->principal, .challenge = item->challenge};
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
