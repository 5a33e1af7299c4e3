"""Principals change their keys, and end."""

from loyalty_client import (SigningKey, Till, event, failure_name, hash_of_code, now_ms, purchase, signed_by_event,
                            signed_by_rotation, statement, wire)
from shop import BASKET, Shop


class Keys(Shop):
    def rotation(self, till, new_key, signer=None, principal=None):
        """A body with a new key and a proof, right or wrong."""
        public = bytes(new_key.verify_key)
        message = signed_by_rotation(till.programme_id, principal or till.principal, public)
        proof = (signer or new_key).sign(message).signature
        return statement(key_rotated=event.KeyRotated(key=public, proof=proof))

    def test_a_new_key_is_valid_from_the_next_event_on(self):
        till = self.till()
        old, new = till.key, SigningKey.generate()
        for i in range(3):
            till.add(*purchase(f"before {i}", BASKET, "keys"))
        till.rotate(new)
        for i in range(3):  # pipelined behind it
            till.add(*purchase(f"after {i}", BASKET, "keys"))
        self.assertEqual([a.code for a in till.deliver().values()], ["ACCEPTED"] * 7)
        body, _ = purchase("old", BASKET)
        till.key = old
        self.fails("BAD_SIGNATURE", till.connection.ask, book=till.book(8, body))
        connection = till.hello()
        self.fails("BAD_SIGNATURE", connection.authenticate, till.principal, old)
        till.key = new
        till.connect()
        for sequence in till.queue:  # as they were signed, and signed anew
            self.repeats(till, sequence, signature=till.queue[sequence].signature)
            self.repeats(till, sequence)
        self.tells(till, "ACCEPTED", body)
        listed, = (p for p in self.daemon.admin().connection.ask(get_principals=wire.GetPrincipals()).principals
                   if p.principal == till.principal)
        self.assertEqual((listed.key, listed.key_no), (bytes(new.verify_key), 2))

    def test_behind_a_new_key_the_old_one_signs_nothing(self):
        till = self.till()
        old, new = till.key, SigningKey.generate()
        body, _ = purchase("1", BASKET)
        wrong = old.sign(signed_by_event(till.programme_id, till.principal, 2, body)).signature
        till.rotate(new)
        till.send_queued(1)
        till.connection.send(book=till.book(2, body, signature=wrong))
        till.take(1, till.connection.receive().booked)
        self.assertEqual(failure_name(till.connection.receive().failure), "BAD_SIGNATURE")
        till.connect()
        self.tells(till, "ACCEPTED", body)

    def test_a_new_key_must_be_proved_and_be_new(self):
        till, other = self.till(), self.till()
        new = SigningKey.generate()
        for body in (self.rotation(till, new, signer=till.key), self.rotation(till, new, principal=other.principal),
                     self.rotation(till, till.key), self.rotation(till, other.key)):
            self.tells(till, "KEY_INVALID", body)
        first = till.key
        till.rotate(new)
        self.assertEqual([a.code for a in till.deliver().values()], ["ACCEPTED"])
        self.tells(till, "KEY_INVALID", self.rotation(till, first))  # it had that one
        self.tells(other, "KEY_INVALID", self.rotation(other, first))
        for changed in (dict(key=bytes(31), proof=bytes(64)), dict(key=bytes(32)), dict(proof=bytes(64)),
                        dict(key=bytes(new.verify_key), proof=bytes(63))):
            self.tells(till, "MALFORMED", statement(key_rotated=event.KeyRotated(**changed)))

    def test_an_operator_may_change_its_key_too(self):
        admin = self.daemon.admin()
        self.tells(admin, "ACCEPTED", statement(invite=event.Invite(
            code_hash=hash_of_code("NEWMANAGER00"), role=event.ROLE_MANAGER, label="manager", expires_at=now_ms() + 60000)))
        manager = Till.enrolled(self.daemon.unix, "NEWMANAGER00")
        self.addCleanup(manager.close)
        manager.connect()
        manager.rotate(SigningKey.generate())
        self.assertEqual([a.code for a in manager.deliver().values()], ["ACCEPTED"])
        manager.connect()
        self.assertEqual(manager.ready.expected_sequence, 2)

    def test_a_retired_till_may_deliver_what_happened_before(self):
        till, admin = self.till(), self.daemon.admin()
        then = now_ms()
        retire = event.Retired(principal=till.principal, reason="sold")
        self.tells(admin, "ACCEPTED", statement(then, retired=retire))
        self.tells(till, "ACCEPTED", *purchase("1", BASKET, at=then - 60000))
        self.tells(till, "ACCEPTED", *purchase("2", BASKET, at=then))
        self.tells(till, "RETIRED", *purchase("3", BASKET, at=then + 1))
        till.connect()
        self.tells(till, "RETIRED", *purchase("3", BASKET))
        self.tells(till, "ACCEPTED", *purchase("3", BASKET, at=then - 1))
        self.tells(admin, "ALREADY_DONE", statement(retired=retire))
        for principal, code in ((0, "MALFORMED"), (1, "UNKNOWN_PRINCIPAL"), (999, "UNKNOWN_PRINCIPAL")):
            self.tells(admin, code, statement(retired=event.Retired(principal=principal)))
        self.tells(till, "NOT_ALLOWED", statement(then, retired=event.Retired(principal=1)))
        self.tells(admin, "ACCEPTED", statement(revoke=event.Revoke(principal=till.principal)))
        self.ends(till.connection, "REVOKED")
