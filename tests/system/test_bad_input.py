"""Whatever comes over the wire gets a named answer, has no effect, and costs nobody else anything."""

import contextlib
import struct
import time

import harness
from harness import Terminal, Wire, booked, check, equal, failure, frame, outcome, proto


@contextlib.contextmanager
def a_till_is_served(house):
    """While the block misbehaves a till buys, before, between and after; and nothing else is booked."""
    till = house.till("honest")
    equal(till.purchase("before", "x,coffee,1,1.00", card="1")["code"], "ACCEPTED")
    before = house.status()["position"]
    yield till
    equal(till.purchase("after", "x,coffee,1,1.00", card="1")["code"], "ACCEPTED")
    equal(house.sound()["position"], before + 1, "position")


def test_garbage_is_a_bad_frame(house):
    with a_till_is_served(house):
        for data in (b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 4, struct.pack(">I", 4097), b"\0\0\0\3abc",
                     b"\0\0\0\2\x0a\x7f", struct.pack(">I", 16) + house.random.randbytes(16)):
            with contextlib.closing(Wire(house)) as wire:
                wire.send_bytes(data)
                reply = wire.receive()
                equal(failure(reply), "BAD_FRAME", f"answer to {data!r}")
                wire.closed()


def test_a_frame_cut_off_leaves_no_trace(house):
    with a_till_is_served(house):
        hello = frame(hello=proto()[0].Hello(version=1))
        for size in range(1, len(hello)):
            with contextlib.closing(Wire(house)) as wire:
                wire.send_bytes(hello[:size])


def test_bytes_may_come_one_at_a_time(house):
    with contextlib.closing(Wire(house)) as wire:
        for byte in frame(hello=proto()[0].Hello(version=1)):
            wire.send_bytes(bytes([byte]))
        check(wire.receive().WhichOneof("message") == "welcome")


def test_before_the_handshake_nothing_else_is_answered(house):
    wire_proto = proto()[0]
    with a_till_is_served(house):
        with contextlib.closing(Wire(house)) as wire:
            wire.fails("NOT_AUTHENTICATED", get_status=wire_proto.GetStatus())
            wire.fails("NOT_AUTHENTICATED", get_member=wire_proto.GetMember(card="1"))
            wire.hello()
            wire.fails("NOT_AUTHENTICATED", book=wire_proto.Book(principal=1, sequence=1, body=b"x", signature=b"y" * 64))
        with contextlib.closing(Wire(house)) as wire:
            wire.fails("BAD_VERSION", hello=wire_proto.Hello(version=2))
            wire.closed()
        with contextlib.closing(Wire(house)) as wire:
            wire.fails("OTHER_PROGRAMME", hello=wire_proto.Hello(version=1, programme_id=b"\1" * 16))
            wire.closed()


def test_nobody_becomes_a_principal_without_its_key(house):
    import nacl.signing
    terminal = Terminal(house, "raw")
    with a_till_is_served(house):
        for principal, key, code in ((terminal.principal, nacl.signing.SigningKey.generate(), "BAD_SIGNATURE"),
                                     (1, terminal.key, "BAD_SIGNATURE"), (999, terminal.key, "UNKNOWN_PRINCIPAL")):
            with contextlib.closing(Wire(house)) as wire:
                welcome = wire.hello()
                equal(failure(terminal.authenticate(wire, welcome.challenge, principal, key)), code)
                wire.closed()
        with contextlib.closing(Wire(house)) as wire, contextlib.closing(Wire(house)) as other:
            wire.hello()
            challenge = other.hello().challenge  # of another connection
            equal(failure(terminal.authenticate(wire, challenge)), "BAD_SIGNATURE")


def test_an_event_signed_wrongly_is_not_booked(house):
    import nacl.signing
    terminal = Terminal(house, "raw")
    other = Terminal(house, "other")
    with contextlib.closing(terminal.connect()) as wire:
        body, opening = terminal.body("1", card="1")
        wrong = terminal.book(1, body, opening, key=nacl.signing.SigningKey.generate())
        wire.fails("BAD_SIGNATURE", book=wrong)
        changed = terminal.book(1, body, opening)
        changed.body = body[:-1] + bytes([body[-1] ^ 1])
        wire.fails("BAD_SIGNATURE", book=changed)
        moved = terminal.book(2, body, opening)
        moved.sequence = 1
        wire.fails("BAD_SIGNATURE", book=moved)
        wire.fails("FORBIDDEN", book=other.book(1, body, opening))
        equal(booked(wire.ask(book=terminal.book(1, body, opening))).sequence, 1)
    equal(house.sound()["outstanding"], 2)


def test_a_body_that_cannot_be_read_is_booked_as_refused(house):
    event = proto()[1]
    terminal = Terminal(house, "raw")
    good, _ = terminal.body("1")
    bodies = [b"\xff\xff", b"", good + b"\xf8\x3f\x01", good + good, b"\x08\x81\x00" + good[7:],
              event.Body(occurred_at=int(time.time() * 1000)).SerializeToString(),
              event.Body(occurred_at=int(time.time() * 1000), go_live=event.GoLive()).SerializeToString()]
    with contextlib.closing(terminal.connect()) as wire:
        for sequence, body in enumerate(bodies, 1):
            reply = wire.ask(book=terminal.book(sequence, body))
            if not body:
                check(failure(reply) in ("", "INVALID"), failure(reply))
                if failure(reply):
                    bodies.remove(body)
                    break
            check(outcome(reply).code in (1, 3), f"code {outcome(reply).code} of {body!r}")
            again = wire.ask(book=terminal.book(sequence, body))
            equal(again.booked.booked, reply.booked.booked, "the answer to the retry")
    house.sound()


def test_frames_over_their_size_are_refused(house):
    terminal = Terminal(house, "raw")
    with a_till_is_served(house):
        with contextlib.closing(terminal.connect()) as wire:
            wire.send_bytes(struct.pack(">I", 64 * 1024 + 1))
            equal(failure(wire.receive()), "BAD_FRAME")
            wire.closed()
        with contextlib.closing(terminal.connect()) as wire:
            wire.fails("TOO_LARGE", book=terminal.book(1, b"x" * (60 * 1024 + 1)))
            check(failure(wire.ask(get_status=proto()[0].GetStatus())) == "FORBIDDEN", "the connection stays")


def test_a_till_may_not_ask_what_is_the_operators(house):
    wire_proto = proto()[0]
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        wire.fails("FORBIDDEN", get_status=wire_proto.GetStatus())
        wire.fails("FORBIDDEN", get_event=wire_proto.GetEvent(position=1))
        wire.fails("FORBIDDEN", get_member=wire_proto.GetMember(member=1))
        wire.fails("FORBIDDEN", get_principals=wire_proto.GetPrincipals())
        wire.fails("NOT_FOUND", get_member=wire_proto.GetMember(card="nobody"))


def test_a_second_connection_replaces_the_first(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as first:
        with contextlib.closing(terminal.connect()) as second:
            equal(failure(first.receive()), "REPLACED")
            first.closed()
            equal(booked(second.ask(book=terminal.book(1, *terminal.body("1")))).sequence, 1)


def test_revoking_a_till_ends_its_connection(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        equal(booked(wire.ask(book=terminal.book(1, *terminal.body("1")))).sequence, 1)
        house.ctl("terminal", "revoke", str(terminal.principal))
        with contextlib.suppress(ConnectionError):
            wire.send(book=terminal.book(2, *terminal.body("2")))
        reply = wire.receive()
        equal(failure(reply), "REVOKED")
    with contextlib.closing(Wire(house)) as wire:
        welcome = wire.hello()
        equal(failure(terminal.authenticate(wire, welcome.challenge)), "REVOKED")


def test_many_silent_connections_do_not_stop_a_till(house):
    with a_till_is_served(house) as till, contextlib.ExitStack() as stack:
        wires = [stack.enter_context(contextlib.closing(Wire(house))) for _ in range(300)]
        for wire in wires[::3]:
            wire.send_bytes(b"\0\0")
        answer = till.json("balance", "--card", "1")[0]
        equal(answer["view"]["available"], 1)


if __name__ == "__main__":
    harness.main(globals())
