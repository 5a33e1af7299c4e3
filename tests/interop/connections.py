"""Frames, the handshake, and connections that end in the middle of something."""

import contextlib
import os
import shutil
import sqlite3

from bodies import Field
from loyalty_client import Alarm, Answer, Closed, SigningKey, failure_name, purchase, u32, wire
from shop import BASKET, Shop


class Connections(Shop):
    def test_a_handshake_goes_in_order(self):
        connection = self.connection(hello=False)
        for request in (dict(get_status=wire.GetStatus()),
                        dict(book=wire.Book(principal=1, sequence=1, body=b"x", signature=bytes(64))),
                        dict(authenticate=wire.Authenticate(principal=1, signature=bytes(64)))):
            self.fails("NOT_AUTHENTICATED", connection.ask, **request)
        connection.hello()
        self.assertEqual((connection.welcome.version, len(connection.welcome.challenge)), (1, 32))
        self.fails("NOT_AUTHENTICATED", connection.ask, get_member=wire.GetMember(card="1"))
        self.fails("INVALID", connection.hello)
        till = self.till()
        self.fails("INVALID", till.connection.hello)
        self.fails("INVALID", till.connection.ask, authenticate=wire.Authenticate(principal=1, signature=bytes(64)))
        self.fails("INVALID", till.connection.ask, enrol=wire.Enrol(code="A" * 12, key=bytes(32), proof=bytes(64)))
        self.tells(till, "ACCEPTED", *purchase("1", BASKET))

    def test_a_hello_of_somebody_else_is_told_and_closed(self):
        connection = self.connection(hello=False)
        self.fails("OTHER_PROGRAMME", connection.hello, programme_id=bytes(16))
        self.ends(connection)
        for version in (0, 2, 99):
            connection = self.connection(hello=False)
            self.fails("BAD_VERSION", connection.ask, hello=wire.Hello(version=version))
            self.ends(connection)
        for more in ({"programme_id": bytes(15)}, {"last_position": 1}, {"last_chain": bytes(32)},
                     {"last_position": 1, "last_chain": bytes(31)}, {"last_position": 0, "last_chain": bytes(32)},
                     {"software": ""}, {"software": "x" * 65}):
            self.fails("INVALID", self.connection(hello=False).hello, **more)

    def test_an_authentication_is_for_one_principal_and_one_connection(self):
        till = self.till()
        a, b = self.connection(), self.connection()
        self.assertNotEqual(a.welcome.challenge, b.welcome.challenge)
        a.welcome.challenge = b.welcome.challenge
        self.fails("BAD_SIGNATURE", a.authenticate, till.principal, till.key)
        self.ends(a)
        self.fails("BAD_SIGNATURE", b.authenticate, till.principal, SigningKey.generate())
        self.ends(b)
        for stranger in (0, 4000, 1 << 31):
            connection = self.connection()
            self.fails("UNKNOWN_PRINCIPAL", connection.authenticate, stranger, till.key)
            self.ends(connection)
        self.tells(till, "ACCEPTED", *purchase("1", BASKET))

    def test_a_second_connection_replaces_the_first(self):
        till = self.till()
        old = till.connection
        sent = 40
        for i in range(sent):
            till.add(*purchase(str(i), BASKET, "replaced"))
            till.send_queued(i + 1)
        till.connection = None
        till.connect()
        told = []
        with self.assertRaises(Closed) as caught:
            for _ in range(sent + 1):
                told.append(old.receive())
        self.assertEqual(failure_name(caught.exception.failure), "REPLACED")
        booked = [reply for reply in told if reply.HasField("booked")]
        self.assertTrue(all(failure_name(r.failure) == "REPLACED" for r in told[len(booked):]))
        old.close()
        self.assertLessEqual(till.ready.expected_sequence, len(booked) + 1)
        answers = till.deliver()
        self.assertEqual([answers[i + 1].booked for i in range(len(booked))], [r.booked.booked for r in booked])
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="replaced")).view.purchases, sent)

    def test_frames_may_come_in_any_pieces(self):
        connection = self.connection(hello=False)
        data = wire.Request(id=7, hello=wire.Hello(version=1)).SerializeToString()
        for byte in u32(len(data)) + data:
            connection.send_bytes(bytes([byte]))
        reply = connection.receive()
        self.assertEqual((reply.id, reply.WhichOneof("message")), (7, "welcome"))
        question = wire.Request(id=2 ** 32 - 1, get_status=wire.GetStatus()).SerializeToString()
        connection.send_bytes((u32(len(question)) + question) * 50)
        self.assertEqual({connection.receive().id for _ in range(50)}, {2 ** 32 - 1})
        connection.send_bytes(u32(100) + b"half a frame")

    def test_what_is_no_frame_ends_the_connection(self):
        for handshake, data in ((False, u32(0)), (False, u32(4097)), (False, b"GET / HTTP/1.1\r\n\r\n"),
                                (False, u32(3) + b"\xff\xff\xff"), (True, u32(65537)), (True, u32(0)),
                                (True, u32(2 ** 32 - 1))):
            connection = self.till("frames" + str(self.random.random())).connection if handshake else self.connection()
            connection.send_bytes(data)
            with self.assertRaises(Closed) as caught:
                connection.receive()
            self.assertEqual(failure_name(caught.exception.failure), "BAD_FRAME")
            self.ends(connection)
        admin = self.daemon.admin().connection
        admin.send_bytes(u32(1048577))
        self.ends(admin, "BAD_FRAME")

    def test_a_request_this_version_does_not_know_ends_the_connection(self):
        for request in (b"\x08\x05", b"\x08\x05" + Field(99, 2, b"").bytes()):
            connection = self.connection()
            connection.send_frame(request)
            reply = connection.receive()
            self.assertEqual((reply.id, failure_name(reply.failure)), (5, "BAD_FRAME"))
            self.ends(connection)

    def test_the_largest_frames_are_read(self):
        def padded(size, **message):
            """A request with an unknown field that makes it `size` bytes."""
            data = wire.Request(id=1, **message).SerializeToString()
            room = size - len(data)
            field = next(f for f in (Field(999, 2, bytes(room - n)).bytes() for n in range(2, 8)) if len(f) == room)
            return data + field

        connection = self.connection(hello=False)
        for size in (2049, 4096):  # these are frames, but more than a question can need
            connection.send_frame(padded(size, hello=wire.Hello(version=1)))
            self.assertEqual(failure_name(connection.receive().failure), "TOO_LARGE")
        connection.send_frame(padded(2048, hello=wire.Hello(version=1)))
        self.assertTrue(connection.receive().HasField("welcome"))
        till = self.till()
        body = purchase("big", [{"sku": "x" * 40, "gross": 1, "labels": ["y" * 10]} for _ in range(1000)])[0]
        self.assertGreater(len(body), 50000)
        till.connection.send_frame(padded(65536, book=till.book(1, body)))
        self.assertTrue(till.connection.receive().HasField("booked"))
        till.connection.send_frame(padded(2049, get_member=wire.GetMember(card="1")))
        self.assertEqual(failure_name(till.connection.receive().failure), "TOO_LARGE")
        till.connection.send_frame(padded(2048, get_member=wire.GetMember(card="1")))
        self.assertEqual(failure_name(till.connection.receive().failure), "NOT_FOUND")
        self.fails("NOT_FOUND", till.connection.ask, get_member=wire.GetMember(card="1"))
        admin = self.daemon.admin()
        sequence = admin.next_sequence
        self.fails("TOO_LARGE", admin.connection.ask, book=admin.book(sequence, bytes(327681)))
        admin.connection.send_frame(padded(1048576, book=admin.book(sequence, bytes(327680))))
        self.assertTrue(admin.connection.receive().HasField("booked"))

    def test_unknown_fields_of_a_request_are_passed_over(self):
        till = self.till()
        book = till.book(1, purchase("1", BASKET)[0]).SerializeToString() + Field(99, 2, b"later").bytes()
        till.connection.send_frame(Field(1, 0, 5).bytes() + Field(2, 0, 1).bytes() + Field(19, 2, book).bytes())
        reply = till.connection.receive()
        self.assertEqual((reply.id, reply.WhichOneof("message")), (5, "booked"))

    def test_many_requests_wait_for_nobody(self):
        till = self.till()
        sequences = [till.add(*purchase(str(i), BASKET, f"many{i % 7}")) for i in range(400)]
        for sequence in sequences:  # nothing is read meanwhile
            till.send_queued(sequence)
            till.connection.send(get_member=wire.GetMember(card=f"many{(sequence - 1) % 7}"))
        for sequence in sequences:
            till.take(sequence, till.connection.receive().booked)
            view = till.connection.receive().member.view  # a question sees the event before it
            self.assertEqual(view.purchases, (sequence - 1) // 7 + 1)

    def test_the_first_book_can_follow_authenticate_at_once(self):
        till = self.till()
        connection = till.hello()
        connection.send(authenticate=connection.authentication(till.principal, till.key))
        body, opening = purchase("1", [{"sku": "x" * 40, "gross": 1}] * 200, "behind")
        self.assertGreater(len(body), 4096)
        connection.send(book=till.book(1, body, opening))
        connection.finish()  # and what was sent is answered all the same
        self.assertEqual(connection.receive().ready.expected_sequence, 1)
        self.assertEqual(Answer.of(connection.receive().booked).code, "ACCEPTED")
        self.ends(connection)


class Cuts(Shop):
    CARDS = 5

    def fill(self, till, count):
        for i in range(count):
            till.add(*purchase(f"{till.next_sequence}", BASKET, f"{till.principal} {i % self.CARDS}"))

    def send_some(self, till):
        """Sends all that waits from where connect() told, reads a few answers; gives how many."""
        sent = till.next_sequence - till.first
        self.assertGreaterEqual(sent, 64)
        try:
            for sequence in range(till.first, till.next_sequence):
                till.send_queued(sequence)
        except OSError:  # the daemon is gone already
            pass
        answered = self.random.randrange(sent)
        for sequence in range(till.first, till.first + answered):
            till.take(sequence, till.connection.receive().booked)
        return answered

    def reckon(self, till, count):
        """Each event is in the log once, with the answer that was given."""
        self.assertEqual(till.waiting(), count + 1)
        admin = self.daemon.admin().connection
        for sequence in till.queue:
            admin.send(get_event=wire.GetEvent(principal=till.principal, sequence=sequence))
        for sequence, queued in till.queue.items():
            e, booked = admin.receive().event, wire.Booked.FromString(queued.booked)
            self.assertEqual((e.sequence, e.position, e.booked_at, e.chain, e.outcome),
                             (sequence, booked.position, booked.booked_at, booked.chain, booked.outcome))
            self.assertEqual(e.body, queued.body)
            self.assertTrue(e.batch_count or e.signature == queued.signature)  # the audit proves that of a batch
        self.fails("NOT_FOUND", admin.ask, get_event=wire.GetEvent(principal=till.principal, sequence=count + 1))
        views = [till.connection.ask(get_member=wire.GetMember(card=f"{till.principal} {i}")).view
                 for i in range(self.CARDS)]
        self.assertEqual(sum(v.purchases for v in views), count)
        self.assertEqual(sum(v.available for v in views), self.earned(till))

    def earned(self, till):
        effects = (e for q in till.queue.values() for e in Answer(q.booked).outcome.effects)
        return sum(e.move.amount * (1 if e.move.credit >= 8 else -1) for e in effects if e.HasField("move"))

    def test_a_connection_cut_in_the_middle_loses_and_doubles_nothing(self):
        till = self.till()
        for cut in range(8):
            self.fill(till, 100)
            kept = till.waiting() + self.send_some(till)
            if cut % 2:
                till.connection.send_bytes(u32(200) + b"\x08\x01")  # half a frame
            till.close()
            till.connect()
            self.assertGreaterEqual(till.ready.expected_sequence, kept)
            self.assertEqual(till.first, kept)
            answers = till.deliver()
            # Some may have been booked after Ready was written, but each of them before those of this connection.
            repeated = [answers[sequence].repeated for sequence in sorted(answers)]
            self.assertEqual(repeated, sorted(repeated, reverse=True))
            self.assertGreaterEqual(sum(repeated), till.ready.expected_sequence - kept)
        self.reckon(till, 800)

    def test_a_daemon_killed_in_the_middle_loses_and_doubles_nothing(self):
        tills = [self.till("killed_a"), self.till("killed_b", store="telliskivi")]
        for _ in range(4):
            for till in tills:
                self.fill(till, 100)
                self.send_some(till)
            self.daemon.kill()
            for till in tills:
                with contextlib.suppress(Closed):
                    while till.waiting() < till.next_sequence:  # what was on its way counts
                        till.take(till.waiting(), till.connection.receive().booked)
            self.daemon.start()
            for till in tills:
                kept = till.waiting()
                till.connect()
                self.assertGreaterEqual(till.ready.expected_sequence, kept)
                self.assertFalse(till.ready.log_differs)
                till.deliver()
        for till in tills:
            self.reckon(till, 400)

    def test_a_daemon_that_stops_says_so(self):
        till = self.till()
        self.fill(till, 100)
        for sequence in till.queue:
            till.send_queued(sequence)
        till.take(1, till.connection.receive().booked)  # so that it has some in flight

        def read_on():
            with self.assertRaises(Closed) as caught:
                for sequence in range(2, 102):
                    reply = till.connection.receive()
                    if reply.HasField("booked"):
                        till.take(sequence, reply.booked)
                    else:
                        self.assertEqual(failure_name(reply.failure), "STOPPING")
            self.assertEqual(failure_name(caught.exception.failure), "STOPPING")
            till.close()

        self.daemon.stop(read_on)
        self.daemon.start()
        till.connect()
        self.assertEqual(till.ready.expected_sequence, till.waiting())
        till.deliver()
        self.reckon(till, 100)


class Restored(Shop):
    @staticmethod
    def leave(*tills):
        for till in tills:
            till.close()

    def test_a_till_notices_an_older_log_and_fills_it_when_told(self):
        ahead, quiet = self.till("ahead"), self.till("quiet")
        for till in (ahead, quiet):
            self.tells(till, "ACCEPTED", *purchase("1", BASKET, "kept"))
        self.leave(ahead, quiet)
        self.daemon.stop()
        kept = os.path.join(self.daemon.folder, "copy")
        shutil.copytree(self.daemon.data, kept)
        self.daemon.start()
        ahead.connect()
        for i in range(20):
            ahead.add(*purchase(f"later {i}", BASKET, "kept"))
        ahead.deliver()
        ahead.connect()
        self.assertFalse(ahead.ready.log_differs)
        self.leave(ahead, quiet)
        self.daemon.stop()
        shutil.rmtree(self.daemon.data)
        os.rename(kept, self.daemon.data)
        self.daemon.start()
        quiet.connect()  # has seen nothing that is not there
        self.assertFalse(quiet.ready.log_differs)
        self.assertRaisesRegex(Alarm, "exchanged", ahead.connect)
        ahead.last = None
        self.assertRaisesRegex(Alarm, "went back", ahead.connect)
        self.leave(ahead, quiet)
        self.daemon.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(self.daemon.data, "loyalty.db"))) as database:
            database.execute("UPDATE head SET epoch = randomblob(16)")
            database.commit()
        self.daemon.start()
        ahead.connect()
        self.assertEqual((ahead.ready.expected_sequence, ahead.first), (2, 2))
        self.assertEqual([a.repeated for a in ahead.deliver().values()], [False] * 20)
        quiet.connect()
        self.tells(quiet, "ACCEPTED", *purchase("2", BASKET, "kept"))
        self.assertEqual(quiet.connection.ask(get_member=wire.GetMember(card="kept")).view.purchases, 23)

    def test_a_rewritten_log_differs(self):
        till = self.till()
        self.tells(till, "ACCEPTED", *purchase("1", BASKET))
        position, chain = till.last
        for last in ((position, bytes(32)), (position - 1, chain), (position + 1000, chain)):
            till.last = last
            self.assertRaisesRegex(Alarm, "exchanged", till.connect)
        till.last = position, chain
        till.connect()
