"""The audit of a log, from GetEvent alone (docs/protocol.md, "Chain" and "Effects"): chain, signatures, proofs of
enrolment, sequences, and the balances that follow from the effects."""

from loyalty_client import (Failed, H, event, i64, is_canonical, log, printed_voucher, signed_by_enrolment,
                            signed_by_batch, signed_by_event, signed_by_rotation, u32, u64, verifies, wire)


def leaf(e, key_no=1):
    """The leaf of an Event that the principal signed with its key of that number."""
    authenticator = e.signature
    if e.batch_count:
        authenticator += u32(e.sequence - e.batch_sequence) + u32(e.batch_count)
    return H(b"loyaltyd leaf v1\0" + u64(e.position) + i64(e.booked_at) + u32(e.principal) + u32(key_no)
             + u64(e.sequence) + H(e.body) + H(authenticator) + H(e.context) + H(e.outcome))


def link(previous, leaf_hash):
    return H(b"loyaltyd link v1\0" + previous + leaf_hash)


class Audit:
    """Takes the events of a log in order; raises AssertionError at the first that does not fit. Then it holds the
    state that follows from them."""

    def __init__(self):
        self.position = 0
        self.chain = None
        self.programme_id = None
        self.booked_at = 0
        self.keys = {}          # principal -> its public keys, in the order of their numbers
        self.revoked = set()
        self.retired = {}       # principal -> nothing of it that happened later is accepted
        self.sequences = {}     # principal -> last sequence
        self.hashes = {}        # (principal, sequence) -> hash of the body
        self.batch = None       # the event before, if its batch goes on
        self.batches = 0        # that were proved
        self.invites = {}       # position -> code hash
        self.accounts = {}      # code -> balance
        self.lots = {}          # (position, index) -> [member, points left]
        self.stamps = {}        # (member, card) -> count
        self.vouchers = {}      # member -> codes as printed
        self.visits = {}        # member -> purchases

    def check(self, condition, what):
        if not condition:
            raise AssertionError(f"position {self.position}: {what}")

    def add(self, e):
        self.position += 1
        self.check(e.position == self.position, f"found {e.position}")
        outcome = log.Outcome.FromString(e.outcome)
        accepted = outcome.code == log.CODE_ACCEPTED
        self.check(not accepted or is_canonical(e.body), "a body that is not canonical was accepted")
        body = event.Body.FromString(e.body) if accepted else event.Body()  # what was refused may be anything
        if self.position == 1:
            self.chain = H(e.body)
            self.programme_id = self.chain[:16]
            self.keys[0] = [body.genesis.daemon_key]
        self.check(e.principal in self.keys and e.principal not in self.revoked, "an unknown or revoked signer")
        keys = self.keys[e.principal]
        self.check(e.key_no == len(keys), "another key than the one in force")
        self.chain = link(self.chain, leaf(e, len(keys)))
        self.check(self.chain == e.chain, "the chain is broken")
        self.check(e.booked_at >= self.booked_at, "booked_at goes back")
        self.booked_at = e.booked_at
        self._check_signature(e, keys[-1])
        self.check(not accepted or body.occurred_at <= self.retired.get(e.principal, body.occurred_at),
                   "of a retired principal, and later")
        self.check(e.sequence == self.sequences.get(e.principal, 0) + 1, f"sequence {e.sequence}")
        self.sequences[e.principal] = e.sequence
        self.check(accepted or not (outcome.effects or outcome.HasField("balances")), "a refusal with effects")
        if body.HasField("principal_added"):
            self._check_proof(body.principal_added)
        if body.HasField("key_rotated"):
            message = signed_by_rotation(self.programme_id, e.principal, body.key_rotated.key)
            self.check(verifies(body.key_rotated.key, message, body.key_rotated.proof), "the proof of a key")
        for effect in outcome.effects:
            self._apply(outcome, effect)
        if outcome.HasField("balances"):
            held = tuple(self.accounts.get(outcome.member * 8 + account, 0) for account in range(3))
            told = outcome.balances.available, outcome.balances.pending, outcome.balances.reserved
            self.check(held == told, f"balances {told}, the effects come to {held}")

    def _check_signature(self, e, key):
        self.hashes[e.principal, e.sequence] = H(e.body)
        if self.batch is not None:
            before = self.batch
            self.check((e.principal, e.sequence, e.batch_sequence, e.batch_count, e.signature)
                       == (before.principal, before.sequence + 1, before.batch_sequence, before.batch_count,
                           before.signature), "the batch before is not whole")
        self.batch = None
        if not e.batch_count:
            message = signed_by_event(self.programme_id, e.principal, e.sequence, e.body)
        elif e.sequence < e.batch_sequence + e.batch_count - 1:
            self.batch = e
            return
        else:
            sequences = range(e.batch_sequence, e.batch_sequence + e.batch_count)
            message = signed_by_batch(self.programme_id, e.principal, e.batch_sequence,
                                      [self.hashes[e.principal, sequence] for sequence in sequences])
            self.batches += 1
        self.check(verifies(key, message, e.signature), "the signature does not verify")

    def _check_proof(self, added):
        self.check(added.invite in self.invites, "no such invite")
        message = signed_by_enrolment(self.programme_id, added.key, self.invites[added.invite])
        self.check(verifies(added.key, message, added.proof), "the proof of an enrolment does not verify")

    def _apply(self, outcome, effect):
        kind = effect.WhichOneof("kind")
        what = getattr(effect, kind)
        member = getattr(what, "member", 0) or outcome.member
        if kind == "principal":
            if what.HasField("key"):
                keys = self.keys.setdefault(what.principal, [])
                if what.key not in keys:  # the daemon's stands in the genesis already
                    keys.append(what.key)
                self.check(len(keys) == (what.key_no or 1) and keys[-1] == what.key, "the number of a key")
            if what.revoked:
                self.revoked.add(what.principal)
            if what.HasField("retired_at"):
                self.retired[what.principal] = what.retired_at
        elif kind == "invite":
            self.invites[self.position] = what.code_hash
        elif kind == "lot":
            self.lots[self.position, what.index] = [member, 0]
        elif kind == "move":
            self._move(what)
        elif kind == "stamps":
            self.stamps[member, what.card] = what.count
        elif kind == "voucher":
            self.vouchers.setdefault(member, []).append(printed_voucher(what.code))
        elif kind == "visit":
            self.visits[member] = self.visits.get(member, 0) + 1

    def _move(self, move):
        self.check(0 < move.amount <= 10 ** 12, "an amount out of range")
        self.accounts[move.debit] = self.accounts.get(move.debit, 0) - move.amount
        self.accounts[move.credit] = self.accounts.get(move.credit, 0) + move.amount
        if move.HasField("lot_index"):
            lot = self.lots[move.lot_position or self.position, move.lot_index]
            lot[1] += move.amount if move.credit >= 8 else 0
            lot[1] -= move.amount if move.debit >= 8 else 0
            self.check(lot[1] >= 0, "a lot below 0")

    def finish(self):
        """What holds at the end of any log."""
        self.check(self.batch is None, "the log ends within a batch")
        self.check(sum(self.accounts.values()) == 0, "points come from nowhere")
        members = {code // 8 for code in self.accounts if code >= 8}
        for member in members:
            lots = sum(left for owner, left in self.lots.values() if owner == member)
            held = sum(self.accounts.get(member * 8 + account, 0) for account in range(3))
            self.check(held == lots, f"member {member} holds {held} points, its lots {lots}")
        return self


def read_log(connection, first=1):
    """Every event from `first` on, pipelined."""
    last = connection.ask(get_status=wire.GetStatus()).position
    for start in range(first, last + 1, 64):
        positions = range(start, min(start + 64, last + 1))
        for position in positions:
            connection.send(get_event=wire.GetEvent(position=position))
        for _ in positions:
            reply = connection.receive()
            if reply.WhichOneof("message") != "event":
                raise Failed(reply.failure)
            yield reply.event
