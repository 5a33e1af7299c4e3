/* Who may what: every kind of event and of request by every role, against what is written here. */
#include "lib/batch.h"
#include "lib/front.h"
#include "lib/house.h"

#include <stdlib.h>
#include <string.h>

enum { ROLES = ROLE_AUDITOR + 1, TILL = 2, CLERK = 3, MANAGER = 4, AUDITOR = 5 };

/* A letter for each role that may, in the order terminal, clerk, manager, admin, auditor; '.' for one that
 * may not. */
static const struct {
    enum event_kind kind;
    const char *who;
} EVENTS[] = {
    {EVENT_PURCHASE, "t...."},
    {EVENT_ENROLMENT, "t...."},
    {EVENT_GENESIS, "....."},
    {EVENT_INVITE, "..ma."},
    {EVENT_PRINCIPAL_ADDED, "....."},
    {EVENT_REVOKE, "..ma."},
    {EVENT_PROGRAMME_CHANGE, "...a."},
    {EVENT_GO_LIVE, "...a."},
    {EVENT_ENGINE_REVISION, "....."},
    {EVENT_KEY_ROTATED, "tcmaA"},
    {EVENT_RETIRED, "..ma."},
    {EVENT_ACTIVITY, "t...."},
    {EVENT_ADJUSTMENT, "..ma."},
    {EVENT_TRANSFER, ".cma."},
    {EVENT_MERGE, "..ma."},
    {EVENT_HOUSEHOLD, ".cma."},
    {EVENT_GOODS_RETURN, "t...."},
    {EVENT_VOID_RECEIPT, "t...."},
    {EVENT_DAY_CLOSE, "t...."},
    {EVENT_CARD_LINKED, ".cma."},
    {EVENT_ERASED, "...a."},
    {EVENT_RESOLVE, ".cma."},
    {EVENT_RESUMED, "....."},
    {EVENT_RESERVE, "t...."},
    {EVENT_RELEASE, "t...."},
    {EVENT_CLAIM, "tcma."},
    {EVENT_UNCLAIM, ".cma."},
    {EVENT_TICK, "....."},
    {EVENT_REBOOK, "..ma."},
};

static const struct {
    struct request request;
    const char *who;
} REQUESTS[] = {
    {{.kind = REQUEST_GET_MEMBER, .get_member.card = "1"}, "tcmaA"},
    {{.kind = REQUEST_GET_MEMBER, .get_member.member = 1}, ".cmaA"},
    {{.kind = REQUEST_GET_VOUCHER, .get_voucher.code = {(const uint8_t *)"0123456789abcdef", 16}}, "tcmaA"},
    {{.kind = REQUEST_SET_PROFILE, .set_profile.card = "1"}, "tcma."},
    {{.kind = REQUEST_SET_PROFILE, .set_profile.member = 1}, ".cma."},
    {{.kind = REQUEST_GET_PROFILE, .get_profile.member = 1}, ".cma."},
    {{.kind = REQUEST_GET_EVENT, .get_event.position = 1}, ".cmaA"},
    {{.kind = REQUEST_GET_STATUS}, ".cmaA"},
    {{.kind = REQUEST_GET_EXCEPTIONS}, ".cmaA"},
    {{.kind = REQUEST_GET_PRINCIPALS}, ".cmaA"},
    {{.kind = REQUEST_GET_PROGRAMME, .get_programme.version = 1}, ".cmaA"},
    {{.kind = REQUEST_CHECK_PROGRAMME, .check_programme.yaml = {(const uint8_t *)"x", 1}}, ".cmaA"},
    {{.kind = REQUEST_BACKUP, .backup.path = "/x"}, "...a."},
    {{.kind = REQUEST_QUOTE, .quote.body = {(const uint8_t *)"x", 1}}, "t...."},
    {{.kind = REQUEST_BOOK_BATCH}, "t...."}, /* filled in below */
};

static const char PROGRAMME[] = "programme: corner\n"
                                "version: 1\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "  expiry: {after: {days: 30}}\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - {id: euro, spend: {give: 1, per: 1.00}}\n";

static bool may(const char *who, unsigned role)
{
    assert_int_equal(strlen(who), ROLES);
    return who[role] != '.';
}

static void every_kind_of_event_is_in_this_test(void **state)
{
    (void)state;
    size_t kinds = 0;
#define X(name, number) kinds++;
    EVENT_KIND_TABLE(X)
#undef X
    assert_int_equal(ARRAY_COUNT(EVENTS), kinds);
    for (size_t i = 0; i < kinds; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(EVENTS[i].kind != EVENTS[k].kind);
        }
    }
}

static void every_kind_of_request_is_in_this_test(void **state)
{
    (void)state;
    unsigned kinds = 0;
#define EVENT(name, terminal, clerk, manager, admin, auditor)
#define REQUEST(name, terminal, clerk, manager, admin, auditor) kinds++;
#include "model/permission.def"
#undef EVENT
#undef REQUEST
    /* Hello, Authenticate, Enrol and Book are for everybody, and tested where they live; GetMember and
     * SetProfile are here twice. */
    assert_int_equal(ARRAY_COUNT(REQUESTS), kinds - 4 + 2);
}

static void a_role_may_sign_what_is_written_here_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(EVENTS); i++) {
        for (unsigned role = 0; role < ROLES; role++) {
            assert_int_equal(role_may_sign((enum role)role, EVENTS[i].kind), may(EVENTS[i].who, role));
        }
        assert_int_equal(event_is_daemons(EVENTS[i].kind), strcmp(EVENTS[i].who, ".....") == 0);
    }
}

/* An event of this kind within its ranges; what else is wrong with it does not matter. */
static struct event event_of(const struct house *house, enum event_kind kind)
{
    static const uint32_t anybody = 1;
    static const uint8_t bytes[SIGNATURE_BYTES] = {1};
    struct event event = {.occurred_at = house->now, .kind = kind};
    switch (kind) {
    case EVENT_PURCHASE:
        event.purchase.receipt.number = "1";
        break;
    case EVENT_ENROLMENT:
        event.enrolment.card = (struct bytes){bytes, HASH_BYTES};
        break;
    case EVENT_GENESIS:
        event.genesis.format = 1;
        event.genesis.daemon_key = (struct bytes){bytes, KEY_BYTES};
        event.genesis.operator_key = (struct bytes){bytes, KEY_BYTES};
        event.genesis.currency = "EUR";
        event.genesis.random = (struct bytes){bytes, GENESIS_RANDOM_BYTES};
        break;
    case EVENT_INVITE:
        event.invite.code_hash = (struct bytes){bytes, HASH_BYTES};
        event.invite.store = "cafe";
        event.invite.label = "x";
        break;
    case EVENT_PRINCIPAL_ADDED:
        event.principal_added.principal = 9;
        event.principal_added.key = (struct bytes){bytes, KEY_BYTES};
        event.principal_added.invite = 1;
        event.principal_added.proof = (struct bytes){bytes, SIGNATURE_BYTES};
        break;
    case EVENT_REVOKE:
        event.revoke.principal = 99;
        break;
    case EVENT_PROGRAMME_CHANGE:
        event.programme_change.yaml = (struct bytes){bytes, 1};
        break;
    case EVENT_GO_LIVE:
        break;
    case EVENT_ENGINE_REVISION:
        event.engine_revision.revision = 9;
        event.engine_revision.version = "9";
        break;
    case EVENT_KEY_ROTATED:
        event.key_rotated.key = (struct bytes){bytes, KEY_BYTES};
        event.key_rotated.proof = (struct bytes){bytes, SIGNATURE_BYTES};
        break;
    case EVENT_RETIRED:
        event.retired.principal = 99;
        break;
    case EVENT_ACTIVITY:
        event.activity.card = (struct bytes){bytes, HASH_BYTES};
        event.activity.code = "survey";
        break;
    case EVENT_ADJUSTMENT:
        event.adjustment =
            (struct adjustment){.member = 1, .reason = "gift", .points = 5, .until = -1, .level_until = -1};
        break;
    case EVENT_HOUSEHOLD:
        event.household.member = 1;
        break;
    case EVENT_MERGE:
        event.merge.from = 1;
        event.merge.to = 2;
        break;
    case EVENT_TRANSFER:
        event.transfer.from = 1;
        event.transfer.to = 2;
        event.transfer.points = 5;
        break;
    case EVENT_GOODS_RETURN:
        event.goods_return.receipt.number = "2";
        event.goods_return.amount = 1;
        break;
    case EVENT_VOID_RECEIPT:
        event.void_receipt.receipt.number = "1";
        break;
    case EVENT_CLAIM:
        event.claim.receipt.number = "1";
        event.claim.card = (struct bytes){bytes, HASH_BYTES};
        break;
    case EVENT_UNCLAIM:
        event.unclaim.receipt.number = "1";
        event.unclaim.reason = "another's card";
        break;
    case EVENT_RESOLVE:
        event.resolve.position = 1;
        event.resolve.reason = "seen";
        break;
    case EVENT_RESUMED:
        event.resumed.position = 1;
        break;
    case EVENT_REBOOK:
        event.rebook.position = 1;
        event.rebook.reason = "it happened";
        break;
    case EVENT_TICK:
        event.tick.members = &anybody;
        event.tick.members_count = 1;
        break;
    case EVENT_DAY_CLOSE:
        break;
    case EVENT_CARD_LINKED:
        event.card_linked.member = 1;
        event.card_linked.card = (struct bytes){bytes, HASH_BYTES};
        break;
    case EVENT_ERASED:
        event.erased.member = 1;
        break;
    case EVENT_RESERVE:
        event.reserve.card = (struct bytes){bytes, HASH_BYTES};
        event.reserve.reward = "cake";
        event.reserve.units = 1;
        break;
    case EVENT_RELEASE:
        event.release.reservation = 9;
        break;
    }
    return event;
}

static void the_ledger_refuses_every_event_its_signers_role_may_not_sign(void **state)
{
    (void)state;
    static const uint32_t principals[ROLES] = {TILL, CLERK, MANAGER, HOUSE_ADMIN, AUDITOR};
    struct house *house = malloc(sizeof(*house));
    house_open(house, PROGRAMME, false);
    for (uint32_t principal = TILL; principal <= AUDITOR; principal++) {
        const enum role role = principal == TILL      ? ROLE_TERMINAL
                               : principal == CLERK   ? ROLE_CLERK
                               : principal == MANAGER ? ROLE_MANAGER
                                                      : ROLE_AUDITOR;
        assert_int_equal(house_principal(house, role, "cafe", "x"), principal);
        house->sequences[principal] = 2; /* so that the next takes the next key */
    }
    for (uint32_t principal = TILL; principal <= AUDITOR; principal++) {
        house->sequences[principal] = 1;
    }
    for (unsigned role = 0; role < ROLES; role++) {
        for (size_t i = 0; i < ARRAY_COUNT(EVENTS); i++) {
            struct event event = event_of(house, EVENTS[i].kind);
            house_book(house, principals[role], &event, NULL);
            assert_int_equal(house->reply.kind, REPLY_BOOKED);
            assert_int_not_equal(house->decision->outcome.code, CODE_MALFORMED);
            assert_int_equal(house->decision->outcome.code != CODE_NOT_ALLOWED, may(EVENTS[i].who, role));
        }
    }
    house_close(house);
    free(house);
}

static void the_service_refuses_every_request_the_role_may_not_ask(void **state)
{
    (void)state;
    struct front *front = malloc(sizeof(*front));
    front_open(front, NULL);
    for (unsigned role = 0; role < ROLES; role++) {
        struct principal_row row = {.principal = FRONT_TERMINAL, .role = (enum role)role, .key_no = 1};
        memcpy(row.key, front->keys[FRONT_TERMINAL].public_key, KEY_BYTES);
        service_principal(front->service, &row);
        const uint32_t connection = front_ready(front, FRONT_TERMINAL);
        for (size_t i = 0; i < ARRAY_COUNT(REQUESTS); i++) {
            struct request request = REQUESTS[i].request;
            if (request.kind == REQUEST_BOOK_BATCH) {
                const struct request_book book = {.body = {(const uint8_t *)"x", 1}};
                const struct batch_signer signer = {&front->keys[FRONT_TERMINAL], front->programme_id,
                                                    FRONT_TERMINAL};
                request = batch_of(&signer, 1, &book, 1, &front->arena);
            }
            request.id = (uint32_t)i + 10;
            front_ask(front, connection, &request);
            if (may(REQUESTS[i].who, role)) {
                assert_int_equal(front->jobs_count, 1);
                front_answer(front, 1);
                front_expect(front, connection, request.id,
                             request.kind == REQUEST_BOOK_BATCH ? REPLY_BOOKED : REPLY_PRINCIPALS);
            } else {
                assert_int_equal(front->jobs_count, 0);
                front_expect_failure(front, connection, request.id, FAILURE_FORBIDDEN);
            }
        }
        service_broken(front->service, connection);
        front_drain(front);
    }
    front_close(front);
    free(front);
}

static enum outcome_code act(struct house *house, uint32_t signer, struct event event)
{
    house_book(house, signer, &event, NULL);
    return house->decision->outcome.code;
}

static void a_manager_looks_after_tills_and_clerks_and_an_admin_after_everybody_else(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_TERMINAL, ROLE_CLERK, ROLE_MANAGER, ROLE_ADMIN, ROLE_AUDITOR};
    struct house *house = malloc(sizeof(*house));
    house_open(house, PROGRAMME, false);
    enum { SIGNER = 2, OTHER_ADMIN = 3, TARGET = 4 };
    assert_int_equal(house_principal(house, ROLE_MANAGER, NULL, "m"), SIGNER);
    house->sequences[SIGNER] = 2;
    assert_int_equal(house_principal(house, ROLE_ADMIN, NULL, "a"), OTHER_ADMIN);
    house->sequences[SIGNER] = 1;
    for (unsigned i = 0; i < ARRAY_COUNT(roles); i++) {
        const bool looked_after = roles[i] == ROLE_TERMINAL || roles[i] == ROLE_CLERK;
        uint8_t hash[HASH_BYTES];
        memset(hash, (int)(200 + i), sizeof(hash));
        struct event invite = {
            .occurred_at = house->now,
            .kind = EVENT_INVITE,
            .invite = {.code_hash = {hash, HASH_BYTES}, .role = roles[i], .store = "cafe", .label = "x"}};
        assert_int_equal(act(house, SIGNER, invite), looked_after ? CODE_ACCEPTED : CODE_NOT_ALLOWED);
        assert_int_equal(act(house, OTHER_ADMIN, invite), looked_after ? CODE_ALREADY_DONE : CODE_ACCEPTED);
        house->sequences[TARGET] = 1;
        house->sequences[SIGNER] += 100; /* house_principal gives the first key that has signed nothing */
        house->sequences[OTHER_ADMIN] += 100;
        const uint32_t target = house_principal(house, roles[i], "cafe", "y");
        house->sequences[SIGNER] -= 100;
        house->sequences[OTHER_ADMIN] -= 100;
        const struct event retire = {
            .occurred_at = house->now, .kind = EVENT_RETIRED, .retired.principal = target};
        const struct event revoke = {
            .occurred_at = house->now, .kind = EVENT_REVOKE, .revoke.principal = target};
        assert_int_equal(act(house, SIGNER, retire), looked_after ? CODE_ACCEPTED : CODE_NOT_ALLOWED);
        assert_int_equal(act(house, OTHER_ADMIN, retire), looked_after ? CODE_ALREADY_DONE : CODE_ACCEPTED);
        assert_int_equal(act(house, SIGNER, revoke), looked_after ? CODE_ACCEPTED : CODE_NOT_ALLOWED);
        assert_int_equal(act(house, OTHER_ADMIN, revoke), looked_after ? CODE_ALREADY_DONE : CODE_ACCEPTED);
    }
    house_replay(house);
    house_close(house);
    free(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_event_is_in_this_test),
        cmocka_unit_test(every_kind_of_request_is_in_this_test),
        cmocka_unit_test(a_role_may_sign_what_is_written_here_and_nothing_else),
        cmocka_unit_test(the_ledger_refuses_every_event_its_signers_role_may_not_sign),
        cmocka_unit_test(the_service_refuses_every_request_the_role_may_not_ask),
        cmocka_unit_test(a_manager_looks_after_tills_and_clerks_and_an_admin_after_everybody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
