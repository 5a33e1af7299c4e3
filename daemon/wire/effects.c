#include "wire/effects.h"

#include "wire/protobuf.h"

#include "model/programme.h"

#include <string.h>

static void lot_write(const struct effect *effect, uint32_t member, Loyalty__LotEffect *message)
{
    loyalty__lot_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, index, effect->lot.index, 0);
    WIRE_PUT_UNLESS(message, since, effect->lot.since, 0);
    WIRE_PUT_UNLESS(message, until, effect->lot.until, DAY_NEVER);
    WIRE_PUT_UNLESS(message, due, effect->lot.due, 0);
    WIRE_PUT_UNLESS(message, position, effect->lot.position, 0);
}

static void move_write(const struct effect *effect, Loyalty__MoveEffect *message)
{
    loyalty__move_effect__init(message);
    WIRE_PUT_UNLESS(message, debit, effect->move.debit, 0);
    WIRE_PUT_UNLESS(message, credit, effect->move.credit, 0);
    WIRE_PUT_UNLESS(message, amount, effect->move.amount, 0);
    if (effect->move.has_lot) {
        WIRE_PUT_UNLESS(message, lot_position, effect->move.lot.position, 0);
        WIRE_PUT(message, lot_index, effect->move.lot.index);
    }
    WIRE_PUT_UNLESS(message, rule, effect->move.rule, 0);
    WIRE_PUT_UNLESS(message, effective_at, effect->move.effective_at, 0);
    WIRE_PUT_UNLESS(message, pays, effect->move.pays, false);
    if (effect->move.has_to) {
        WIRE_PUT(message, to_lot, effect->move.to);
    }
}

static void metric_write(const struct effect *effect, uint32_t member, Loyalty__MetricEffect *message)
{
    loyalty__metric_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, metric, effect->metric.metric, 0);
    WIRE_PUT_UNLESS(message, day, effect->metric.day, 0);
    WIRE_PUT_UNLESS(message, amount, effect->metric.amount, 0);
}

static void level_write(const struct effect *effect, uint32_t member, Loyalty__LevelEffect *message)
{
    loyalty__level_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, level, effect->level.level, 0);
    WIRE_PUT_UNLESS(message, until, effect->level.until, DAY_NEVER);
    WIRE_PUT_UNLESS(message, since, effect->level.since, 0);
    WIRE_PUT_UNLESS(message, day, effect->level.day, 0);
    WIRE_PUT_UNLESS(message, held, effect->level.held, 0);
    if (effect->level.held != 0) {
        WIRE_PUT_UNLESS(message, held_until, effect->level.held_until, DAY_NEVER);
    }
}

static void stamps_write(const struct effect *effect, uint32_t member, Loyalty__StampsEffect *message)
{
    loyalty__stamps_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, card, effect->stamps.card, 0);
    WIRE_PUT_UNLESS(message, given, effect->stamps.given, 0);
    WIRE_PUT_UNLESS(message, completed, effect->stamps.completed, 0);
    WIRE_PUT_UNLESS(message, count, effect->stamps.count, 0);
    WIRE_PUT_UNLESS(message, since, effect->stamps.since, 0);
    WIRE_PUT_UNLESS(message, rule, effect->stamps.rule, 0);
    WIRE_PUT_UNLESS(message, required, (uint32_t)effect->stamps.required, 0);
    WIRE_PUT_UNLESS(message, undone, effect->stamps.undone, 0);
}

static void voucher_write(const struct effect *effect, uint32_t member, Loyalty__VoucherEffect *message)
{
    loyalty__voucher_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    const struct bytes code = {effect->voucher.code, VOUCHER_CODE_BYTES};
    WIRE_PUT(message, code, wire_bytes(code));
    WIRE_PUT_UNLESS(message, reward, effect->voucher.reward, 0);
    WIRE_PUT_UNLESS(message, card, effect->voucher.card, 0);
    WIRE_PUT_UNLESS(message, since, effect->voucher.since, 0);
    WIRE_PUT_UNLESS(message, until, effect->voucher.until, DAY_NEVER);
    if (effect->voucher.position != 0) {
        WIRE_PUT(message, position, effect->voucher.position);
        WIRE_PUT_UNLESS(message, index, effect->voucher.index, 0);
    }
}

static void principal_write(const struct effect *effect, Loyalty__PrincipalEffect *message)
{
    loyalty__principal_effect__init(message);
    WIRE_PUT_UNLESS(message, principal, effect->principal.principal, 0);
    WIRE_PUT_UNLESS(message, role, (uint32_t)wire_role_write(effect->principal.role), 0);
    message->store = wire_text(effect->principal.store);
    message->label = wire_text(effect->principal.label);
    WIRE_PUT_BYTES(message, key, effect->principal.key);
    WIRE_PUT_UNLESS(message, revoked, effect->principal.revoked, false);
    WIRE_PUT_UNLESS(message, invite, effect->principal.invite, 0);
    WIRE_PUT_UNLESS(message, key_no, effect->principal.key_no, 0);
    WIRE_PUT_UNLESS(message, retired_at, effect->principal.retired_at, 0);
}

static void invite_write(const struct effect *effect, Loyalty__InviteEffect *message)
{
    loyalty__invite_effect__init(message);
    WIRE_PUT_BYTES(message, code_hash, effect->invite.code_hash);
    WIRE_PUT_UNLESS(message, role, (uint32_t)wire_role_write(effect->invite.role), 0);
    message->store = wire_text(effect->invite.store);
    message->label = wire_text(effect->invite.label);
    WIRE_PUT_UNLESS(message, expires_at, effect->invite.expires_at, 0);
}

static void counter_write(const struct effect *effect, uint32_t member, Loyalty__CounterEffect *message)
{
    loyalty__counter_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, limit, effect->counter.limit, 0);
    WIRE_PUT_UNLESS(message, period, effect->counter.period, 0);
    WIRE_PUT_UNLESS(message, amount, effect->counter.amount, 0);
    message->scope = wire_text(effect->counter.scope);
    message->store = wire_text(effect->counter.store);
}

static void note_write(const struct effect *effect, uint32_t member, Loyalty__NoteEffect *message)
{
    loyalty__note_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, note, effect->note.note, 0);
    WIRE_PUT_UNLESS(message, rule, effect->note.rule, 0);
}

static void visit_write(const struct effect *effect, uint32_t member, Loyalty__VisitEffect *message)
{
    loyalty__visit_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, day, effect->visit.day, 0);
    WIRE_PUT_UNLESS(message, undone, effect->visit.undone, false);
    WIRE_PUT_UNLESS(message, more, effect->visit.more, 0);
}

void wire_effect_write(const struct effect *effect, uint32_t member, union wire_effect_arm *arm,
                       Loyalty__Effect *message)
{
    loyalty__effect__init(message);
    message->kind_case = wire_effect_kind_write(effect->kind);
    /* All arms are pointers, so any of them may set it. */
    message->enrol = &arm->enrol;
    switch (effect->kind) {
    case EFFECT_ENROL:
        loyalty__enrol_effect__init(&arm->enrol);
        WIRE_PUT_UNLESS(&arm->enrol, member, effect->member, member);
        WIRE_PUT_UNLESS(&arm->enrol, day, effect->enrol.day, 0);
        break;
    case EFFECT_LOT:
        lot_write(effect, member, &arm->lot);
        break;
    case EFFECT_MOVE:
        move_write(effect, &arm->move);
        break;
    case EFFECT_METRIC:
        metric_write(effect, member, &arm->metric);
        break;
    case EFFECT_LEVEL:
        level_write(effect, member, &arm->level);
        break;
    case EFFECT_STAMPS:
        stamps_write(effect, member, &arm->stamps);
        break;
    case EFFECT_VOUCHER:
        voucher_write(effect, member, &arm->voucher);
        break;
    case EFFECT_VISIT:
        visit_write(effect, member, &arm->visit);
        break;
    case EFFECT_PRINCIPAL:
        principal_write(effect, &arm->principal);
        break;
    case EFFECT_INVITE:
        invite_write(effect, &arm->invite);
        break;
    case EFFECT_PROGRAMME:
        loyalty__programme_effect__init(&arm->programme);
        WIRE_PUT_UNLESS(&arm->programme, version, effect->programme.version, 0);
        WIRE_PUT_UNLESS(&arm->programme, effective, effect->programme.effective, 0);
        break;
    case EFFECT_LIVE:
        loyalty__live_effect__init(&arm->live);
        break;
    case EFFECT_REVISION:
        loyalty__revision_effect__init(&arm->revision);
        WIRE_PUT_UNLESS(&arm->revision, revision, effect->revision.revision, 0);
        break;
    case EFFECT_COUNTER:
        counter_write(effect, member, &arm->counter);
        break;
    case EFFECT_NOTE:
        note_write(effect, member, &arm->note);
        break;
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_VOUCHER_END:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_FLOOR:
    case EFFECT_RECEIPT:
    case EFFECT_ITEM:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        wire_reward_effect_write(effect, member, arm);
        break;
    }
}

static void lot_read(const Loyalty__LotEffect *message, struct effect *effect)
{
    effect->lot.index = message->index;
    effect->lot.since = message->since;
    effect->lot.until = message->has_until ? message->until : DAY_NEVER;
    effect->lot.due = message->due;
    effect->lot.position = message->position;
}

static void move_read(struct wire_values *values, const Loyalty__MoveEffect *message, struct effect *effect)
{
    effect->move.debit = message->debit;
    effect->move.credit = message->credit;
    effect->move.amount = message->amount;
    effect->move.has_lot = message->has_lot_index;
    wire_value_check(values, message->has_lot_index || !message->has_lot_position, "lot_position");
    effect->move.lot = (struct origin){.position = message->lot_position, .index = message->lot_index};
    effect->move.rule = message->rule;
    effect->move.effective_at = message->effective_at;
    effect->move.has_to = message->has_to_lot;
    effect->move.to = message->to_lot;
    effect->move.pays = message->has_pays && message->pays;
    const uint32_t credited = account_member(message->credit);
    effect->member = credited != 0 ? credited : account_member(message->debit);
}

static void voucher_read(struct wire_values *values, const Loyalty__VoucherEffect *message,
                         struct effect *effect)
{
    const struct bytes code = wire_bytes_required(values, WIRE_FIELD(message, code), VOUCHER_CODE_BYTES);
    if (code.size == VOUCHER_CODE_BYTES) {
        memcpy(effect->voucher.code, code.data, VOUCHER_CODE_BYTES);
    }
    effect->voucher.reward = message->reward;
    effect->voucher.card = message->card;
    effect->voucher.since = message->since;
    effect->voucher.until = message->has_until ? message->until : DAY_NEVER;
    wire_value_check(values, message->has_position || !message->has_index, "index");
    effect->voucher.position = message->position;
    effect->voucher.index = message->index;
}

static enum role role_read(struct wire_values *values, uint32_t number)
{
    enum role role = ROLE_TERMINAL;
    wire_value_check(values, number <= INT32_MAX && wire_role_read((Loyalty__Role)number, &role), "role");
    return role;
}

static void principal_read(struct wire_values *values, const Loyalty__PrincipalEffect *message,
                           struct effect *effect)
{
    effect->principal.principal = message->principal;
    effect->principal.role = role_read(values, message->role);
    effect->principal.store = message->store;
    effect->principal.label = message->label;
    effect->principal.key = wire_bytes_optional(values, WIRE_FIELD(message, key), KEY_BYTES);
    effect->principal.revoked = message->has_revoked && message->revoked;
    effect->principal.invite = message->invite;
    effect->principal.key_no = message->key_no;
    effect->principal.retired_at = message->retired_at;
}

static void invite_read(struct wire_values *values, const Loyalty__InviteEffect *message,
                        struct effect *effect)
{
    effect->invite.code_hash = wire_bytes_required(values, WIRE_FIELD(message, code_hash), HASH_BYTES);
    effect->invite.role = role_read(values, message->role);
    effect->invite.store = message->store;
    effect->invite.label = message->label;
    effect->invite.expires_at = message->expires_at;
}

static void counter_read(const Loyalty__CounterEffect *message, uint32_t member, struct effect *effect)
{
    effect->member = MEMBER_OF(message, member);
    effect->counter.limit = message->limit;
    effect->counter.period = message->period;
    effect->counter.amount = message->amount;
    effect->counter.scope = message->scope;
    effect->counter.store = message->store;
}

static void stamps_read(const Loyalty__StampsEffect *message, uint32_t member, struct effect *effect)
{
    effect->member = MEMBER_OF(message, member);
    effect->stamps.card = message->card;
    effect->stamps.given = message->given;
    effect->stamps.completed = message->completed;
    effect->stamps.count = message->count;
    effect->stamps.since = message->since;
    effect->stamps.rule = message->rule;
    effect->stamps.required = message->required;
    effect->stamps.undone = message->undone;
}

static void metric_read(const Loyalty__MetricEffect *message, struct effect *effect)
{
    effect->metric.metric = message->metric;
    effect->metric.day = message->day;
    effect->metric.amount = message->amount;
}

static void visit_read(const Loyalty__VisitEffect *message, struct effect *effect)
{
    effect->visit.day = message->day;
    effect->visit.undone = message->undone;
    effect->visit.more = message->more;
}

static void note_read(const Loyalty__NoteEffect *message, struct effect *effect)
{
    effect->note.note = message->note;
    effect->note.rule = message->rule;
}

static void level_read(const Loyalty__LevelEffect *message, struct effect *effect)
{
    effect->level.level = message->level;
    effect->level.until = message->has_until ? message->until : DAY_NEVER;
    effect->level.since = message->since;
    effect->level.day = message->day;
    effect->level.held = message->held;
    effect->level.held_until = message->has_held_until ? message->held_until
                               : message->held != 0    ? DAY_NEVER
                                                       : 0;
}

static void programme_read(const Loyalty__ProgrammeEffect *message, struct effect *effect)
{
    effect->programme.version = message->version;
    effect->programme.effective = message->effective;
}

static void enrol_read(const Loyalty__EnrolEffect *message, uint32_t member, struct effect *effect)
{
    effect->member = MEMBER_OF(message, member);
    effect->enrol.day = message->day;
}

void wire_effect_read(struct wire_values *values, const Loyalty__Effect *message, uint32_t member,
                      struct effect *effect)
{
    *effect = (struct effect){0};
    if (!wire_effect_kind_read(message->kind_case, &effect->kind)) {
        wire_values_fail(values, ERR_RANGE, "kind");
        return;
    }
    switch (effect->kind) {
    case EFFECT_ENROL:
        enrol_read(message->enrol, member, effect);
        break;
    case EFFECT_LOT:
        effect->member = MEMBER_OF(message->lot, member);
        lot_read(message->lot, effect);
        break;
    case EFFECT_MOVE:
        move_read(values, message->move, effect);
        break;
    case EFFECT_METRIC:
        effect->member = MEMBER_OF(message->metric, member);
        metric_read(message->metric, effect);
        break;
    case EFFECT_LEVEL:
        effect->member = MEMBER_OF(message->level, member);
        level_read(message->level, effect);
        break;
    case EFFECT_STAMPS:
        stamps_read(message->stamps, member, effect);
        break;
    case EFFECT_VOUCHER:
        effect->member = MEMBER_OF(message->voucher, member);
        voucher_read(values, message->voucher, effect);
        break;
    case EFFECT_VISIT:
        effect->member = MEMBER_OF(message->visit, member);
        visit_read(message->visit, effect);
        break;
    case EFFECT_PRINCIPAL:
        principal_read(values, message->principal, effect);
        break;
    case EFFECT_INVITE:
        invite_read(values, message->invite, effect);
        break;
    case EFFECT_PROGRAMME:
        programme_read(message->programme, effect);
        break;
    case EFFECT_LIVE:
        break;
    case EFFECT_REVISION:
        effect->revision.revision = message->revision->revision;
        break;
    case EFFECT_COUNTER:
        counter_read(message->counter, member, effect);
        break;
    case EFFECT_NOTE:
        effect->member = MEMBER_OF(message->note, member);
        note_read(message->note, effect);
        break;
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_VOUCHER_END:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_FLOOR:
    case EFFECT_RECEIPT:
    case EFFECT_ITEM:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        wire_reward_effect_read(values, message, member, effect);
        break;
    }
}

bool wire_effect_borrows(enum effect_kind kind)
{
    return kind == EFFECT_PRINCIPAL || kind == EFFECT_INVITE || kind == EFFECT_COUNTER;
}
