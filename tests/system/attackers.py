"""Who means no good, in a process of its own: attackers.py KIND, with where the daemon is and what was stolen as JSON on
standard input. Prints a line when the attack is on, and goes on until it is killed; it may be stopped and continued. It
takes what processor time is left by others, as if it were another machine: what is left to see is what the daemon does."""

import contextlib
import json
import os
import resource
import select
import socket
import struct
import sys
import threading
import time

import harness
sys.path.insert(0, os.path.join(harness.SOURCE, "tests", "lib"))

import transport

SLOW = 200  # connections of a slow attack: within what one peer may have
IDLE = 1000
IDLE_OF_ONE = 100
PATIENCE = 5
KINDS = ("bad_signatures", "slow_handshakes", "slow_frames", "idle_connections", "garbage")


def source(number):
    """Each attacker comes from an address of its own, and none from that of the honest till."""
    return f"127.1.{KINDS.index(sys.argv[1])}.{1 + number}"


def yield_to_others():
    """This thread, and those it starts from here on."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


class Attack:
    def __init__(self, given):
        self.address = given["host"], given["port"]
        self.programme_id = bytes.fromhex(given["programme_id"])
        self.principal = given["principal"]
        self.key = bytes.fromhex(given["key"])
        self.count = 0
        self.on = threading.Event()

    def plain(self, number=0):
        peer = socket.socket()
        peer.settimeout(PATIENCE)
        peer.bind((source(number), 0))
        peer.connect(self.address)
        return contextlib.closing(peer)

    def secure(self, number=0):
        return contextlib.closing(transport.Secure(self.address, None, PATIENCE, source=source(number)))

    def again(self, once, number):
        """One try after the other, whatever becomes of it."""
        while True:
            with contextlib.suppress(OSError):
                once(number)
            self.count += 1
            if self.count >= 20:
                self.on.set()

    def floods(self, *kinds):
        for number, once in enumerate(kinds):
            threading.Thread(target=self.again, args=(once, number), daemon=True).start()

    def forge_authentication(self, number):
        """Signatures that are none, each on a connection of its own."""
        wire = harness.proto()[0]
        with self.secure(number) as peer:
            peer.send(harness.frame(id=1, hello=wire.Hello(version=1)) +
                      harness.frame(id=2, authenticate=wire.Authenticate(principal=1, signature=os.urandom(64))))
            while peer.receive():
                pass

    def forge_events(self, number):
        """A stolen till sends events that nobody signed, as many as it can."""
        import nacl.signing
        wire = harness.proto()[0]
        with self.secure(number) as peer:
            peer.send(harness.frame(id=1, hello=wire.Hello(version=1)))
            data = b""
            while len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
                more = peer.receive()
                if not more:
                    return
                data += more
            welcome = wire.Reply.FromString(data[4:]).welcome
            message = (b"loyaltyd auth v1\0" + self.programme_id + struct.pack(">I", self.principal) + welcome.challenge +
                       peer.binding)
            signature = nacl.signing.SigningKey(self.key).sign(message).signature
            peer.send(harness.frame(id=2, authenticate=wire.Authenticate(principal=self.principal, signature=signature)))
            peer.receive()
            forged = b"".join(harness.frame(id=2 + i, book=wire.Book(principal=self.principal, sequence=i, body=b"x" * 200,
                                                                     signature=os.urandom(64))) for i in range(1, 201))
            while True:
                peer.send(forged)

    def babble(self, number):
        with self.plain(number) as peer:
            peer.sendall(os.urandom(16384).replace(b"\x16", b"x"))
            while peer.recv(65536):
                pass

    def drip(self, peers, data):
        """A byte to each now and then; who is closed comes again."""
        self.on.set()
        at = 0
        while True:
            for index, peer in enumerate(peers):
                try:
                    peer.send(data[at % len(data):at % len(data) + 1])
                except OSError:
                    with contextlib.suppress(OSError):
                        peer.close()
                        peers[index] = self.begun(index)
            at += 1
            time.sleep(0.25)

    def bad_signatures(self):
        self.floods(self.forge_authentication, self.forge_events)

    def slow_handshakes(self):
        hello = bytes.fromhex("1603010200010001fc0303") + bytes(501)

        def begin(_):
            peer = socket.socket()
            peer.bind((source(0), 0))
            peer.connect(self.address)
            return peer

        self.begun = begin
        threading.Thread(target=self.drip, args=([begin(i) for i in range(SLOW)], hello), daemon=True).start()

    def slow_frames(self):
        wire = harness.proto()[0]
        frame = struct.pack(">I", 4000) + bytes(3990)

        def begin(_):
            peer = transport.Secure(self.address, None, PATIENCE, source=source(0))
            peer.send(harness.frame(id=1, hello=wire.Hello(version=1)))
            return peer

        self.begun = begin
        threading.Thread(target=self.drip, args=([begin(i) for i in range(SLOW)], frame), daemon=True).start()

    def idle_connections(self):
        """A thousand that say nothing: at first behind their handshake, and where the daemon closes one, before it."""
        threading.Thread(target=self.keep_up, daemon=True).start()

    def keep_up(self):
        peers = {}
        poll = select.poll()

        def keep(place, peer, raw):
            peers[raw.fileno()] = place, peer
            poll.register(raw, select.POLLIN)

        for place in range(IDLE):
            peer = transport.Secure(self.address, None, PATIENCE, source=source(place // IDLE_OF_ONE))
            keep(place, peer, peer.raw)
        self.on.set()
        yield_to_others()
        while True:
            for descriptor, _ in poll.poll():
                place, peer = peers.pop(descriptor)
                poll.unregister(descriptor)
                peer.close()
                raw = socket.socket()
                raw.bind((source(place // IDLE_OF_ONE), 0))
                raw.connect(self.address)
                keep(place, raw, raw)

    def garbage(self):
        self.floods(self.babble, self.babble)


def main():
    if sys.argv[1] != "idle_connections":
        yield_to_others()
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * IDLE,) * 2)
    given = json.loads(sys.stdin.readline())
    attack = Attack(given)
    getattr(attack, sys.argv[1])()
    if not attack.on.wait(120):
        sys.exit("the attack does not begin")
    print("on", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
