#!/usr/bin/python3
"""What 1,000 connected tills cost a daemon in memory, over TLS and without: the same tills, on the same log, one after
the other. Run with the programs to measure in PATH:

    PATH=$PWD/build/release:$PWD/build/release/client:$PATH tests/bench/tls_memory.py [TILLS]
"""

import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system"))
import harness
from harness import Wire, check, equal
from tls import TlsHouse, TlsTerminal, TlsWire

TILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
PURCHASES = 5


class PlainWire(Wire):
    binding = b""

    def __init__(self, house):
        self.house, self.buffer, self.next_id = house, b"", 0
        self.socket = socket.create_connection(("127.0.0.1", house.port))


def memory(house):
    """(resident, anonymous) of the daemon in KiB."""
    with open(f"/proc/{house.daemon.pid}/status", encoding="utf-8") as status:
        values = dict(line.split(":", 1) for line in status)
    return int(values["VmRSS"].split()[0]), int(values["RssAnon"].split()[0])


def authenticate(terminal, wire):
    welcome = wire.hello(programme_id=terminal.programme_id, principal=terminal.principal)
    ready = terminal.authenticate(wire, welcome.challenge)
    check(ready.WhichOneof("message") == "ready", harness.failure(ready))
    terminal.sequence = ready.ready.expected_sequence


def shift(terminal, wire, day):
    """Rings up some purchases, waiting for each."""
    for number in range(PURCHASES):
        body, opening = terminal.body(f"{day}-{number}", card=f"{terminal.principal}-{number}")
        equal(harness.outcome(wire.ask(book=terminal.book(terminal.sequence + number, body, opening))).code, 0)


def storm(house, terminals):
    """Every till at once, as after a restart: all handshakes go on side by side."""
    wires = [TlsWire(house, shake_hands=False) for _ in terminals]
    left = list(wires)
    while left:
        left = [wire for wire in left if not wire.shake_hands()]
    for terminal, wire in zip(terminals, wires):
        authenticate(terminal, wire)
    return wires


def queue_up(kind):
    """One till after the other."""
    def connect(house, terminals):
        wires = []
        for terminal in terminals:
            wires.append(kind(house))
            authenticate(terminal, wires[-1])
        return wires
    return connect


def measure(house, terminals, name, connect, day):
    house.restart()
    idle = memory(house)
    start, processor = time.monotonic(), used(house)
    wires = connect(house, terminals)
    connected = time.monotonic() - start
    for terminal, wire in zip(terminals, wires):
        shift(terminal, wire, day)
    time.sleep(3)
    busy = memory(house)
    equal(house.status()["connections"], len(terminals) + 1)
    print(f"{name:20} idle {idle[0]:6} KiB (anonymous {idle[1]:6})   {len(terminals)} tills {busy[0]:6} KiB "
          f"(anonymous {busy[1]:6})   {(busy[0] - idle[0]) / len(terminals):.1f} KiB a till, connected in {connected:.1f} s, "
          f"{used(house) - processor:.2f} s of the daemon's processor time")
    for wire in wires:
        wire.close()
    return busy[0]


def used(house):
    with open(f"/proc/{house.daemon.pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(TILLS, 1100) + 200,) * 2)
    house = TlsHouse()
    house.port = harness.free_port()
    try:
        house.init()
        house.configure(("log_level: debug", "log_level: info"))
        house.start()
        terminals = [TlsTerminal(house, f"t{number}") for number in range(TILLS)]
        plain = measure(house, terminals, "plain", queue_up(PlainWire), 1)
        secure = measure(house, terminals, "TLS", queue_up(TlsWire), 2)
        measure(house, terminals, "TLS, all at once", storm, 3)
        print(f"TLS costs {(secure - plain) / TILLS:.1f} KiB a till")
    finally:
        house.close()


main()
