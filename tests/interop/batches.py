"""Events under one signature: batched, retried otherwise, and alone."""

from loyalty_client import Alarm, Answer, Failed, SigningKey, event, failure_name, now_ms, purchase, statement, wire
from shop import BASKET, Shop


class Batches(Shop):
    @classmethod
    def tearDownClass(cls):
        if cls.daemon.audit().batches == 0:
            raise AssertionError("no batch was proved")
        super().tearDownClass()

    def queued(self, till, count, prefix="b"):
        for _ in range(count):
            number = till.next_sequence
            till.add(*purchase(str(number), BASKET, f"{prefix}{number % 7}" if number % 3 else None))

    def replies(self, till, count):
        """The replies to one request, all with its id."""
        replies = [till.connection.receive() for _ in range(count)]
        self.assertEqual({reply.id for reply in replies}, {till.connection.last_id})
        return replies

    def test_an_offline_queue_goes_under_few_signatures(self):
        till = self.till()
        till.batch_max = 64
        self.queued(till, 150)
        before = till.connection.last_id
        answers = till.deliver(locale="en")
        self.assertEqual(till.connection.last_id - before, 3)
        self.assertEqual([a.code for a in answers.values()], ["ACCEPTED"] * 150)
        self.assertTrue(all(answer.rendering.lines for answer in answers.values()))
        positions = [answer.head.position for answer in answers.values()]
        self.assertEqual(positions, list(range(positions[0], positions[0] + 150)))

    def test_a_retry_may_be_batched_otherwise_or_not_at_all(self):
        till = self.till()
        self.queued(till, 40)
        till.deliver()
        for _ in range(10):
            first = self.random.randrange(1, 40)
            count = self.random.randrange(1, 42 - first)
            till.connection.send(book_batch=till.batch(first, count))
            for sequence, reply in enumerate(self.replies(till, count), first):
                self.assertTrue(reply.booked.repeated)
                till.take(sequence, reply.booked)
            self.repeats(till, first)
        self.queued(till, 10)
        till.connection.send(book_batch=till.batch(31, 20))  # ten of them are new
        for sequence, reply in enumerate(self.replies(till, 20), 31):
            self.assertEqual(reply.booked.repeated, sequence <= 40)
            till.take(sequence, reply.booked)

    def test_a_till_that_lost_its_answers_gets_them_again(self):
        till = self.till()
        self.queued(till, 30)
        till.connection.send(book_batch=till.batch(1, 30))
        till.connection.finish()  # what was taken is booked
        self.replies(till, 30)
        till.batch_max = 7
        till.connect()
        self.assertEqual((till.ready.expected_sequence, till.first), (31, 1))
        self.assertTrue(all(answer.repeated for answer in till.deliver().values()))

    def test_nothing_of_a_batch_is_booked_when_one_thing_is_wrong(self):
        till, other = self.till(), self.till()
        self.queued(till, 10)
        till.connection.send(book_batch=till.batch(1, 3))
        for sequence, reply in enumerate(self.replies(till, 3), 1):
            till.take(sequence, reply.booked)
        ask, good = till.connection.ask, till.batch(2, 6)
        changed = wire.BatchEvents.FromString(good.events)
        changed.events[0].body = purchase("other", BASKET)[0]
        kept, till.queue[2].body = till.queue[2].body, changed.events[0].body
        conflict = till.batch(2, 6)
        till.queue[2].body = kept
        self.assertEqual(self.fails("CONFLICT", ask, book_batch=conflict).expected_sequence, 4)
        self.assertEqual(self.fails("AHEAD", ask, book_batch=till.batch(5, 3)).expected_sequence, 4)
        for field, wrong, code in (("signature", bytes(64), "BAD_SIGNATURE"), ("first_sequence", 3, "BAD_SIGNATURE"),
                                   ("events", changed.SerializeToString(), "BAD_SIGNATURE"),
                                   ("events", till.batch(2, 5).events, "BAD_SIGNATURE"),
                                   ("principal", other.principal, "FORBIDDEN"), ("first_sequence", 0, "INVALID"),
                                   ("first_sequence", (1 << 63) - 5, "INVALID"), ("events", b"", "INVALID"),
                                   ("signature", b"short", "INVALID")):
            broken = till.batch(2, 6)
            setattr(broken, field, wrong)
            self.fails(code, ask, book_batch=broken)
        for field in ("principal", "first_sequence", "events", "signature"):
            broken = till.batch(2, 6)
            broken.ClearField(field)
            self.fails("INVALID", ask, book_batch=broken)
        till.connection.send(book_batch=good)
        self.assertEqual([r.booked.repeated for r in self.replies(till, 6)], [True, True] + [False] * 4)
        for sequence in range(4, 8):
            self.queue_answer(till, sequence)
        till.deliver()

    def queue_answer(self, till, sequence):
        queued = till.queue[sequence]
        till.take(sequence, till.connection.ask(book=till.book(sequence, queued.body, queued.opening)))

    def test_a_batch_has_at_most_256_events_and_no_change_of_keys(self):
        till = self.till()
        for number in range(300):
            till.add(b"x" * (number % 5))  # booked as malformed, each for itself
        self.fails("INVALID", till.connection.ask, book_batch=till.batch(1, 257))
        till.connection.send(book_batch=till.batch(1, 256))
        codes = {Answer.of(reply.booked).code for reply in self.replies(till, 256)}
        self.assertEqual(codes, {"MALFORMED"})
        till.queue[258].body = statement(key_rotated=event.KeyRotated(key=bytes(32), proof=bytes(64)))
        self.fails("INVALID", till.connection.ask, book_batch=till.batch(257, 3))

    def test_events_behind_a_change_of_keys_are_batched_under_the_new_one(self):
        till = self.till()
        self.queued(till, 9)
        till.rotate(SigningKey.generate())
        self.queued(till, 9)
        self.assertEqual([a.code for a in till.deliver().values()], ["ACCEPTED"] * 19)
        till.connection.send(book_batch=till.batch(3, 4, key=till.queue[3].key))  # a retry, as the old key signed it
        self.assertTrue(all(reply.booked.repeated for reply in self.replies(till, 4)))

    def test_replies_keep_their_order_around_a_batch(self):
        till = self.till()
        self.queued(till, 12, "order")
        member = wire.GetMember(card="order1")
        ids = [till.connection.send(get_member=member), till.connection.send(book_batch=till.batch(1, 12)),
               till.connection.send(get_member=member), till.connection.send(book_batch=till.batch(4, 2))]
        replies = [till.connection.receive() for _ in range(1 + 12 + 1 + 2)]
        self.assertEqual([reply.id for reply in replies], [ids[0]] + [ids[1]] * 12 + [ids[2]] + [ids[3]] * 2)
        self.assertEqual(failure_name(replies[0].failure), "NOT_FOUND")
        self.assertEqual(replies[13].member.view.last_position,
                         max(wire.Booked.FromString(r.booked.booked).position for r, s in
                             zip(replies[1:13], range(1, 13)) if s % 7 == 1 and s % 3))

    def test_only_terminals_sign_batches(self):
        admin = self.daemon.admin()
        first = admin.add(statement(go_live=event.GoLive()))
        self.fails("FORBIDDEN", admin.connection.ask, book_batch=admin.batch(first, 1))

    def test_two_tills_with_one_key_raise_the_alarm_in_batches_too(self):
        till = self.till()
        self.queued(till, 20)
        till.deliver()
        for sequence in range(1, 21):
            till.queue[sequence].booked = None
        till.queue[13].body = purchase("another", BASKET, at=now_ms())[0]
        till.first = 1
        with self.assertRaises((Alarm, Failed)):
            till.deliver()
