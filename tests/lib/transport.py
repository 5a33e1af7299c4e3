"""Ways to a daemon, for clients in Python: a Unix socket, TCP on this machine, and TLS 1.3, written from the section
"TLS" of docs/protocol.md. A transport sends bytes, receives bytes and ends; with TLS it also knows by which pin the
daemon was known and what binds an authentication to the session.

TLS is that of pyOpenSSL: Python's own ssl module has no exporter."""

import base64
import contextlib
import hashlib
import re
import socket
import struct

BINDING_LABEL = b"EXPORTER-loyaltyd-auth-v1"
URL = re.compile(r"loyalty://(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d+))?/"
                 r"\?pin=(?P<pins>[A-Za-z0-9_-]{43}(?:,[A-Za-z0-9_-]{43})?)")
PORT = 7342


class WrongPin(Exception):
    """The key of the daemon there is none of those that were pinned; nothing was sent to it."""


class Plain:
    """A Unix socket (a path) or TCP ((host, port))."""

    pin = None
    binding = b""

    def __init__(self, address, patience):
        if isinstance(address, tuple):
            self.socket = socket.create_connection(address, patience)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(patience)
            self.socket.connect(address)

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """What there is, at least one byte; b"" at the end. ConnectionError when it ends otherwise."""
        return self.socket.recv(1 << 16)

    def finish(self):
        """Says that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


class Secure:
    """TLS 1.3 with a daemon whose key has one of `pins`; `pins` None: whatever it is, for tests that look at it."""

    def __init__(self, address, pins, patience, receive_bytes=None, shake_hands=True, source=None):
        from OpenSSL import SSL
        self.errors = SSL
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        self.raw = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_bytes:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.wait_at_most(patience)
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pins = pins
        self.socket = SSL.Connection(context, self.raw)
        self.socket.set_connect_state()
        try:
            if source:
                self.raw.bind((source, 0))
            self.raw.connect(address)
            if shake_hands:
                self.shake_hands()
        except BaseException:
            self.raw.close()
            raise

    def wait_at_most(self, seconds):
        """Lets everything from here on take so long."""
        # A timeout of Python's would make the socket one that does not block, which pyOpenSSL does not wait for.
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.raw.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(seconds), 0))

    def shake_hands(self):
        with self._told():
            self.socket.do_handshake()
        self.pin = pin_of(self.socket.get_peer_certificate())
        if self.pins is not None and self.pin not in self.pins:
            raise WrongPin(self.pin)
        self.binding = self.socket.export_keying_material(BINDING_LABEL, 32)

    @contextlib.contextmanager
    def _told(self):
        """The exceptions of pyOpenSSL as those of sockets."""
        try:
            yield
        except (self.errors.WantReadError, self.errors.WantWriteError):
            raise TimeoutError("the daemon says nothing") from None
        except self.errors.Error as why:  # an alert, a record that is none, or the end without a word
            raise ConnectionError(repr(why)) from None

    def send(self, data):
        with self._told():
            self.socket.sendall(data)

    def receive(self):
        try:
            with self._told():
                return self.socket.recv(1 << 16)
        except ConnectionError as why:
            if "ZeroReturnError" in str(why):
                return b""
            raise

    def finish(self):
        with self._told():
            self.socket.shutdown()

    def close(self):
        with contextlib.suppress(self.errors.Error):
            self.socket.shutdown()
        self.raw.close()


def pin_of(certificate):
    """SHA-256 of the certificate's public key, as text."""
    from OpenSSL import crypto
    key = crypto.dump_publickey(crypto.FILETYPE_ASN1, certificate.get_pubkey())
    return base64.urlsafe_b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def pin_text(pin):
    """A pin of 32 bytes as text."""
    return base64.urlsafe_b64encode(pin).decode().rstrip("=")


def parse(url):
    """((host, port), pins) of a URL with pins."""
    found = URL.fullmatch(url)
    if not found:
        raise ValueError(f"no URL with pins: {url!r}")
    return (found["host"].strip("[]"), int(found["port"] or PORT)), found["pins"].split(",")


def with_pins(url, pins):
    """The same URL with other pins."""
    return url.partition("?")[0] + "?pin=" + ",".join(pins)


def connect(address, patience):
    """A transport to the path of a Unix socket, to (host, port), or to a URL `loyalty://...`."""
    if isinstance(address, str) and address.startswith("loyalty://"):
        return Secure(*parse(address), patience)
    return Plain(address, patience)
