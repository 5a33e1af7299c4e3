"""A till that asks much and reads late gets every answer whole and in order, however the socket took them in pieces."""

import contextlib
import socket
import threading
import time

import harness
from harness import Terminal, Wire, check, equal

QUESTIONS = 4000


def small_window(house):
    """Connects by TCP with so little room for what arrives that the daemon has to wait."""
    wire = Wire.__new__(Wire)
    wire.house, wire.buffer, wire.next_id = house, b"", 0
    wire.socket = socket.socket(socket.AF_INET)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    wire.socket.settimeout(harness.PATIENCE)
    wire.socket.connect(("127.0.0.1", house.port))
    return wire


def late(house, wire):
    terminal = Terminal(house, "late")
    welcome = wire.hello(programme_id=terminal.programme_id, principal=terminal.principal)
    check(terminal.authenticate(wire, welcome.challenge).WhichOneof("message") == "ready")
    body, opening = terminal.body("1", card="late")
    book = terminal.book(1, body, opening)
    book.locale = "en"
    first = wire.ask(book=book).booked.booked
    asking = b"".join(harness.frame(id=100 + n, book=book) for n in range(QUESTIONS))
    sender = threading.Thread(target=wire.send_bytes, args=(asking,))
    sender.start()
    time.sleep(0.5)  # what the daemon can say without being heard it has said
    for n in range(QUESTIONS):
        reply = wire.receive()
        equal(reply.id, 100 + n, "id")
        check(reply.booked.booked == first and reply.booked.repeated, "another answer", n)
        if n % 500 == 0:
            time.sleep(0.05)
    sender.join()


def test_unix_socket(house):
    with contextlib.closing(Wire(house)) as wire:
        late(house, wire)


def test_tcp(house):
    house.stop()
    house.port = harness.free_port()
    with open(f"{house.data}/loyaltyd.conf", encoding="utf-8") as file:
        text = file.read()
    with open(f"{house.data}/loyaltyd.conf", "w", encoding="utf-8") as file:
        file.write(text.replace("127.0.0.1:0", f"127.0.0.1:{house.port}"))
    house.start()
    with contextlib.closing(small_window(house)) as wire:
        late(house, wire)


harness.main(globals())
