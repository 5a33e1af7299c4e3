"""What the tests of TLS share: a house that listens with TLS, tills and attackers that speak it, two network namespaces
and what passes between them."""

import contextlib
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

import harness
from harness import PATIENCE, SOURCE, House, Skip, Terminal, Till, Wire, check, run

sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))

import transport


class TlsHouse(House):
    """A daemon that listens with TLS; `net` puts it and its tills into namespaces."""

    def __init__(self, net=None, **options):
        super().__init__(**options)
        self.net = net
        self.host = net.daemon_address if net else "127.0.0.1"
        self.tls_port = 7342 if net else harness.free_port()
        self.programs = net.inside_daemon if net else []
        self.tills = net.inside_till if net else []

    def init(self, *more):
        super().init("--tls", f"{'0.0.0.0' if self.net else self.host}:{self.tls_port}", "--public", self.host, *more)
        self.configure(("log_level: info", "log_level: debug"))
        return self

    def configure(self, *changes):
        """Replaces texts of the configuration."""
        path = os.path.join(self.data, "loyaltyd.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            check(old in text, f"no {old!r} in the configuration")
            text = text.replace(old, new)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def spawn(self):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen([*self.programs, "loyaltyd", "--config", os.path.join(self.data, "loyaltyd.conf")],
                                    stderr=log, stdout=log, stdin=subprocess.DEVNULL)

    def invited(self, label):
        """(url, code) of an invite."""
        invite = self.ctl("terminal", "invite", "--store", "kalamaja", "--label", label)
        return invite["url"], invite["code"]

    def new_till(self, label):
        """An enrolled till that speaks TLS."""
        till = TlsTill(self, label)
        url, code = self.invited(label)
        till.enrol(code, url)
        return till

    def counter(self, name):
        counters = self.status()["counters"]
        return counters[name]


class TlsTill(Till):
    def command(self, command, *arguments, **options):
        return [*self.house.tills, *super().command(command, *arguments, **options)]


class TlsWire(Wire):
    """A connection with TLS that says what it is told to."""

    def __init__(self, house, receive_bytes=None, shake_hands=True):
        self.house = house
        self.secure = transport.Secure((house.host, house.tls_port), None, PATIENCE, receive_bytes, shake_hands)
        self.socket, self.raw = self.secure.socket, self.secure.raw
        self.buffer = b""
        self.next_id = 0

    def shake_hands(self):
        """Goes on with a handshake of its own without waiting; whether it is complete."""
        self.raw.setblocking(False)
        try:
            self.secure.shake_hands()
        except TimeoutError:
            return False
        finally:
            self.raw.setblocking(True)
        return True

    @property
    def binding(self):
        return self.secure.binding

    def read(self):
        return self.secure.receive()


class TlsTerminal(Terminal):
    """A till in Python that knows nothing but the URL and the code of its invite; its connections speak TLS."""

    def __init__(self, house, label):
        import nacl.signing
        self.house = house
        self.key = nacl.signing.SigningKey.generate()
        url, code = house.invited(label)
        with contextlib.closing(TlsWire(house)) as wire:
            check(wire.secure.pin in pins_of(url), "the pin of the invite is not the daemon's")
            wire.hello()
            enrolled = self.enrol(wire, code).enrolled
        self.principal = enrolled.principal
        self.programme_id = enrolled.programme_id
        self.sequence = 1

    def authenticate(self, wire, challenge, binding=None):
        binding = wire.binding if binding is None else binding
        message = (b"loyaltyd auth v1\0" + self.programme_id + struct.pack(">I", self.principal) + challenge + binding)
        return wire.ask(authenticate=harness.proto()[0].Authenticate(
            principal=self.principal, signature=self.key.sign(message).signature))

    def connect(self, **options):
        wire = TlsWire(self.house, **options)
        welcome = wire.hello(programme_id=self.programme_id, principal=self.principal)
        reply = self.authenticate(wire, welcome.challenge)
        check(reply.WhichOneof("message") == "ready", harness.failure(reply))
        self.sequence = reply.ready.expected_sequence
        return wire


class Network:
    """Two network namespaces and a cable between them: the daemon's box and the till's."""

    daemon_address, till_address = "10.77.0.1", "10.77.0.2"

    def __init__(self):
        tag = str(os.getpid())
        self.daemon, self.till = f"loyalty-d{tag}", f"loyalty-t{tag}"
        self.inside_daemon = ["ip", "netns", "exec", self.daemon]
        self.inside_till = ["ip", "netns", "exec", self.till]
        if os.geteuid() != 0:
            raise Skip("network namespaces need root")
        try:
            self.made = [name for name in (self.daemon, self.till) if run("ip", "netns", "add", name)]
        except (AssertionError, FileNotFoundError) as why:
            self.close()
            raise Skip(f"no network namespaces here: {str(why).splitlines()[-1]}")
        run("ip", "link", "add", "cable", "netns", self.daemon, "type", "veth", "peer", "name", "cable", "netns", self.till)
        for name, address in ((self.daemon, self.daemon_address), (self.till, self.till_address)):
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")

    def close(self):
        for name in (self.daemon, self.till):
            run("ip", "netns", "del", name, status=None)


class Capture:
    """Every frame on the cable, as the daemon's box sees it."""

    def __init__(self, net):
        self.frames = []
        self.done = False
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(net.daemon, ready))
        self.thread.start()
        check(ready.wait(harness.PATIENCE), "the capture does not start")

    def run(self, namespace, ready):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}", "rb") as file:  # of this thread only
            check(libc.setns(file.fileno(), 0x40000000) == 0, "setns:", os.strerror(ctypes.get_errno()))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3)) as raw:
            raw.bind(("cable", 0))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            raw.settimeout(0.1)
            ready.set()
            while not self.done:
                with contextlib.suppress(TimeoutError):
                    self.frames.append(raw.recv(65536))

    def stop(self):
        time.sleep(0.3)
        self.done = True
        self.thread.join()
        return self.frames

    def streams(self):
        """(source, port, destination, port) -> the bytes of that direction of a connection. Only IPv4 and TCP."""
        pieces = {}
        for frame in self.frames:
            if frame[12:14] != b"\x08\x00" or frame[23] != 6:
                continue
            size = struct.unpack(">H", frame[16:18])[0]
            packet = frame[14:14 + size]
            header = (packet[0] & 15) * 4
            source, target, sequence = struct.unpack(">HHI", packet[header:header + 8])
            data = packet[header + (packet[header + 12] >> 4) * 4:]
            key = (socket.inet_ntoa(packet[12:16]), source, socket.inet_ntoa(packet[16:20]), target)
            if packet[header + 13] & 2:  # SYN
                pieces.setdefault(key, []).append((sequence + 1, None))
            if data:
                pieces.setdefault(key, []).append((sequence, data))
        return {key: assemble(parts) for key, parts in pieces.items()}


def assemble(parts):
    """One direction of one connection; sequence numbers that wrap are not expected in a test."""
    start = min(sequence for sequence, _ in parts)
    stream = bytearray()
    for sequence, data in sorted((p for p in parts if p[1]), key=lambda p: p[0]):
        at = sequence - start
        if at <= len(stream):
            stream[at:at + len(data)] = data
        else:
            raise AssertionError("the capture has a gap")
    return bytes(stream)


def records(stream):
    """(type, version, content) of each record of TLS; fails when there is anything else in the stream."""
    found = []
    while stream:
        kind, version, size = struct.unpack(">BHH", stream[:5])
        check(kind in (20, 21, 22, 23) and version in (0x301, 0x303) and len(stream) >= 5 + size,
              "no record of TLS:", stream[:16].hex())
        found.append((kind, version, stream[5:5 + size]))
        stream = stream[5 + size:]
    return found


def versions(hello):
    """The versions that a ClientHello offers or a ServerHello chooses by its extension."""
    client = hello[0] == 1
    at = 4 + 2 + 32
    at += 1 + hello[at]
    if client:
        at += 2 + struct.unpack(">H", hello[at:at + 2])[0]
        at += 1 + hello[at]
    else:
        at += 3
    end = at + 2 + struct.unpack(">H", hello[at:at + 2])[0]
    at += 2
    while at < end:
        kind, size = struct.unpack(">HH", hello[at:at + 4])
        body = hello[at + 4:at + 4 + size]
        if kind == 43:
            body = body[1:] if client else body
            return [struct.unpack(">H", body[i:i + 2])[0] for i in range(0, len(body), 2)]
        at += 4 + size
    return []


def pins_of(url):
    return re.search(r"pin=([^&#\s]*)", url).group(1).split(",")


def s_client(house, *options, inside=()):
    """openssl s_client; what it printed."""
    done = subprocess.run([*inside, "openssl", "s_client", "-connect", f"{house.host}:{house.tls_port}", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=harness.PATIENCE)
    return done.stdout + done.stderr
