"""A client of loyaltyd, written from docs/protocol.md and proto/loyalty/*.proto alone: as long as it works, that page
is enough. It uses Google's protobuf, PyNaCl and pyOpenSSL, so that neither encoder nor signatures are those of the
daemon.

From the bottom up: hashes and what is signed; codes and cards; bodies; Connection (frames, handshake, requests); Till
(identity and queue, with the rules of resuming). Nothing here is written to a disk: a real till writes each event
down before it is sent, and each answer before it is shown (docs/protocol.md, "The outbox")."""

import collections
import dataclasses
import hashlib
import importlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import warnings

from nacl.signing import SigningKey, VerifyKey

SOURCE = os.environ.get("LOYALTY_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))

import transport


def _generate():
    """The modules event, wire and log that protoc makes of proto/."""
    folder = tempfile.mkdtemp(prefix="loyalty-interop-proto.")
    names = ("event", "wire", "log")
    try:
        subprocess.run(["protoc", f"--proto_path={SOURCE}/proto", f"--python_out={folder}",
                        *(f"loyalty/{name}.proto" for name in names)], check=True, timeout=60)
        sys.path.insert(0, folder)
        return tuple(importlib.import_module(f"loyalty.{name}_pb2") for name in names)
    finally:
        shutil.rmtree(folder)


event, wire, log = _generate()

FRAME_REPLY_BYTES_MAX = 1048576
REQUESTS_IN_FLIGHT_MAX = 256
BATCH_EVENTS_MAX = 256
FRAME_TERMINAL_BYTES_MAX = 65536
PATIENCE = 10  # seconds without an answer until a connection counts as dead


# Hashes, and what is signed.

def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


def i64(value):
    return struct.pack(">q", value)


def H(data, key=b""):
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


def signed_by_authentication(programme_id, principal, challenge, binding=b""):
    return b"loyaltyd auth v1\0" + programme_id + u32(principal) + challenge + binding


def signed_by_enrolment(programme_id, public_key, code_hash):
    return b"loyaltyd enrol v1\0" + programme_id + public_key + code_hash


def signed_by_event(programme_id, principal, sequence, body):
    return b"loyaltyd event v1\0" + programme_id + u32(principal) + u64(sequence) + body


def signed_by_batch(programme_id, principal, first_sequence, body_hashes):
    return (b"loyaltyd batch v1\0" + programme_id + u32(principal) + u64(first_sequence) + u32(len(body_hashes))
            + b"".join(body_hashes))


def signed_by_rotation(programme_id, principal, new_public_key):
    return b"loyaltyd rotate v1\0" + programme_id + u32(principal) + new_public_key


def verifies(public_key, message, signature):
    try:
        VerifyKey(public_key).verify(message, signature)
        return True
    except Exception:  # PyNaCl has one exception for a bad signature and others for bad shapes
        return False


# Codes of invites, cards, codes of vouchers.

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def normalise_code(code):
    text = code.upper().replace(" ", "").replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    if not 12 <= len(text) <= 64 or text.strip(CROCKFORD):
        raise ValueError(f"no code: {code!r}")
    return text


def hash_of_code(code):
    return H(normalise_code(code).encode("ascii"))


def normalise_card(card):
    kept = bytes(b for b in card.encode("utf-8") if b not in b" \t\n\r-.()")
    text = bytes(b - 32 if 0x61 <= b <= 0x7a else b for b in kept)
    if not 1 <= len(text) <= 64 or any(b < 0x20 or b == 0x7f for b in text):
        raise ValueError(f"no card: {card!r}")
    return text


def commit(card, salt=None):
    """The commitment for the body, and the opening that travels beside it."""
    salt = salt or os.urandom(16)
    return H(normalise_card(card), key=salt), wire.Opening(salt=salt, card=card)


def printed_voucher(code):
    """A voucher's 16 bytes as 26 symbols and a check symbol."""
    number = int.from_bytes(code, "big")
    symbols = [CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5)]
    return "".join(symbols) + (CROCKFORD + "*~$=U")[number % 37]


# Bodies. They are made once; from then on only their bytes count.

def now_ms():
    return time.time_ns() // 1_000_000


def purchase(number, lines=(), card=None, at=None, tenders=(), correction=0, **more):
    """A purchase and its opening (None without a card). A line is (sku, category, gross) or a dict of the fields of
    Line; `correction` is what the clock is off by; `more` are fields of Purchase, store and till those of its
    receipt."""
    at = now_ms() + correction if at is None else at
    body = event.Body(occurred_at=at)
    if correction:
        body.clock_correction = correction
    opening = None
    receipt = {name: more.pop(name) for name in ("store", "till", "business_date") if name in more}
    receipt.setdefault("business_date", at // 86_400_000)
    body.purchase.receipt.CopyFrom(event.Receipt(number=number, **receipt))
    if card is not None:
        body.purchase.card, opening = commit(card)
    for line in lines:
        body.purchase.lines.add(**(line if isinstance(line, dict) else dict(zip(("sku", "category", "gross"), line))))
    for kind, amount in tenders:
        body.purchase.tenders.add(kind=kind, amount=amount)
    body.purchase.MergeFrom(event.Purchase(**more))
    return body.SerializeToString(), opening


def statement(at=None, **kind):
    """A body of any kind: statement(revoke=event.Revoke(principal=3))."""
    return event.Body(occurred_at=now_ms() if at is None else at, **kind).SerializeToString()


def reserve(card, at=None, **more):
    """A reservation and its opening; `more` are fields of Reserve. Its name is the position it is booked at."""
    commitment, opening = commit(card)
    return statement(at, reserve=event.Reserve(card=commitment, **more)), opening


def release(reservation, at=None):
    return statement(at, release=event.Release(reservation=reservation))


def is_canonical(body):
    """Whether the daemon will find the body canonical: what a client tests its encoder with."""
    message = event.Body()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bodies that end early; they show in what follows
            message.ParseFromString(body)
        message.DiscardUnknownFields()
        return message.SerializeToString() == body and _texts_are_sound(message)
    except Exception:  # the parser's and the UTF-8 decoder's exceptions differ between implementations of protobuf
        return False


def _texts_are_sound(message):
    for field, value in message.ListFields():
        for one in value if field.label == field.LABEL_REPEATED else [value]:
            if field.type == field.TYPE_MESSAGE and not _texts_are_sound(one):
                return False
            if field.type == field.TYPE_STRING and "\0" in one:
                return False
    return True


# A connection.

class Closed(Exception):
    """The connection ended. `failure` is what the daemon said last, if it said anything."""

    def __init__(self, failure=None):
        super().__init__(failure_name(failure) if failure else "without a word")
        self.failure = failure


class Failed(Exception):
    """The daemon answered a Failure."""

    def __init__(self, failure):
        super().__init__(f"{failure_name(failure)}: {failure.text}")
        self.failure = failure
        self.code = failure_name(failure)


def failure_name(failure):
    return wire.FailureCode.Name(failure.code).removeprefix("FAILURE_")


class Connection:
    """Frames to and from the daemon at `address`: the path of a Unix socket, (host, port), or the URL of an invite.
    Every failure it reads is added to `failures_seen`."""

    failures_seen = set()

    def __init__(self, address):
        self.transport = transport.connect(address, PATIENCE)
        self.received = b""
        self.last_id = 0
        self.welcome = None
        self.clock_offset = 0  # milliseconds the daemon's clock is ahead of ours

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.transport.close()

    def finish(self):
        """Says that nothing more will be sent; answers can still be read."""
        self.transport.finish()

    def send_bytes(self, data):
        self.transport.send(data)

    def send_frame(self, message):
        self.send_bytes(u32(len(message)) + message)

    def send(self, **message):
        """Sends a request and gives its id: send(get_member=wire.GetMember(card="1"))."""
        self.last_id += 1
        self.send_frame(wire.Request(id=self.last_id, **message).SerializeToString())
        return self.last_id

    def _read(self, size):
        while len(self.received) < size:
            try:
                data = self.transport.receive()
            except ConnectionError:
                raise Closed() from None
            if not data:
                raise Closed()
            self.received += data
        data, self.received = self.received[:size], self.received[size:]
        return data

    def receive(self):
        """The next reply. Raises Closed at the end, and after a failure about the connection."""
        size, = struct.unpack(">I", self._read(4))
        if not 0 < size <= FRAME_REPLY_BYTES_MAX:
            raise AssertionError(f"a reply of {size} bytes")
        reply = wire.Reply.FromString(self._read(size))
        if reply.WhichOneof("message") == "failure":
            self.failures_seen.add(failure_name(reply.failure))
            if reply.id == 0:
                raise Closed(reply.failure)
        return reply

    def ask(self, **message):
        """Sends a request and gives what the reply holds; a Failure is raised."""
        number = self.send(**message)
        reply = self.receive()
        if reply.id != number:
            raise AssertionError(f"reply {reply.id} to request {number}")
        kind = reply.WhichOneof("message")
        if kind == "failure":
            raise Failed(reply.failure)
        return getattr(reply, kind)

    def hello(self, **more):
        before = now_ms()
        self.welcome = self.ask(hello=wire.Hello(version=1, **more))
        self.clock_offset = self.welcome.now - (before + now_ms()) // 2
        return self.welcome

    def enrol(self, code, key):
        """Becomes a principal: `code` as it was typed, `key` a new SigningKey."""
        public = bytes(key.verify_key)
        proof = key.sign(signed_by_enrolment(self.welcome.programme_id, public, hash_of_code(code))).signature
        return self.ask(enrol=wire.Enrol(code=code, key=public, proof=proof))

    def authentication(self, principal, key):
        message = signed_by_authentication(self.welcome.programme_id, principal, self.welcome.challenge,
                                           self.transport.binding)
        return wire.Authenticate(principal=principal, signature=key.sign(message).signature)

    def authenticate(self, principal, key):
        return self.ask(authenticate=self.authentication(principal, key))


# Whoever signs: a key, who it is, and the events it has signed.

class Alarm(Exception):
    """Something a person must look at; nothing more is sent."""


@dataclasses.dataclass
class Queued:
    body: bytes
    signature: bytes
    key: object             # that signed it, of SigningKey
    opening: object = None  # of wire.Opening
    booked: bytes = None    # the answer
    alone: bool = False     # it is never signed with others


@dataclasses.dataclass
class Answer:
    """What BookReply says, unpacked."""

    booked: bytes
    repeated: bool = False
    rendering: object = None

    def __post_init__(self):
        self.head = wire.Booked.FromString(self.booked)
        self.outcome = log.Outcome.FromString(self.head.outcome)
        self.code = log.Code.Name(self.outcome.code).removeprefix("CODE_")

    @classmethod
    def of(cls, reply):
        return cls(reply.booked, reply.repeated, reply.rendering)

    def exceptions(self):
        return [(log.ExceptionKind.Name(e.kind).removeprefix("EXCEPTION_"), e.amount) for e in self.outcome.exceptions]


class Till:
    """A principal, a terminal as a rule: its identity and its queue."""

    def __init__(self, address, key, principal, programme_id, daemon_key):
        self.address = address
        self.key = key
        self.principal = principal
        self.programme_id = programme_id
        self.daemon_key = daemon_key
        self.epoch = None
        self.last = None        # (position, chain) of the last answer
        self.queue = {}         # sequence -> Queued, without gaps up to next_sequence
        self.next_sequence = 1
        self.correction = 0     # of the clock, milliseconds
        self.connection = None
        self.ready = None
        self.first = None       # where connect() told to send from; None: not connected
        self.batch_max = 16     # events under one signature, where several wait; 1: each has its own
        self.alone_end = 0      # events before this one are wanted one by one

    @classmethod
    def enrolled(cls, address, code, key=None):
        """Presents the code of an invite."""
        key = key or SigningKey.generate()
        with Connection(address) as connection:
            connection.hello()
            answer = connection.enrol(code, key)
            if answer.daemon_key != connection.welcome.daemon_key:
                raise AssertionError("Welcome and Enrolled name two keys")
        return cls(address, key, answer.principal, answer.programme_id, answer.daemon_key)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    # Signing.

    def sign(self, sequence, body):
        return self.key.sign(signed_by_event(self.programme_id, self.principal, sequence, body)).signature

    def book(self, sequence, body, opening=None, **more):
        """A Book message, signed; nothing is queued."""
        return wire.Book(**{"principal": self.principal, "sequence": sequence, "body": body, "opening": opening,
                            "signature": self.sign(sequence, body), **more})

    def rotate(self, new_key):
        """Queues a new key; what is queued behind it is signed with it."""
        public = bytes(new_key.verify_key)
        proof = new_key.sign(signed_by_rotation(self.programme_id, self.principal, public)).signature
        sequence = self.add(statement(key_rotated=event.KeyRotated(key=public, proof=proof)))
        self.queue[sequence].alone = True
        self.key = new_key
        return sequence

    def add(self, body, opening=None):
        """Signs a body under the next sequence and queues it."""
        sequence = self.next_sequence
        self.queue[sequence] = Queued(body, self.sign(sequence, body), self.key, opening)
        self.next_sequence += 1
        return sequence

    def waiting(self):
        """The first sequence without an answer; next_sequence when there is none."""
        return next((s for s in sorted(self.queue) if self.queue[s].booked is None), self.next_sequence)

    # Connecting and resuming.

    def hello(self):
        """A new connection, after Welcome."""
        self.close()
        self.connection = Connection(self.address)
        position, chain = self.last or (None, None)
        welcome = self.connection.hello(programme_id=self.programme_id, principal=self.principal,
                                        last_position=position, last_chain=chain)
        if (welcome.programme_id, welcome.daemon_key) != (self.programme_id, self.daemon_key):
            raise Alarm("another programme or another daemon")
        if abs(self.connection.clock_offset) > 2000:
            self.correction = self.connection.clock_offset
        return self.connection

    def connect(self):
        """Hello, Authenticate, and where to go on. An Alarm leaves the connection open, for questions."""
        self.first = None
        self.ready = self.hello().authenticate(self.principal, self.key)
        self.learn_pins()
        self.first = self.resume(self.ready)
        return self.connection

    def learn_pins(self):
        """The daemon may have another TLS key soon: who is known by a pin is believed about the next."""
        pins = [transport.pin_text(pin) for pin in self.ready.tls_pins]
        if self.connection.transport.pin in pins:
            self.address = transport.with_pins(self.address, pins)

    def resume(self, ready):
        """The first sequence to send."""
        expected, waiting = ready.expected_sequence, self.waiting()
        restored = self.epoch is not None and ready.epoch != self.epoch
        if ready.log_differs and not restored:
            raise Alarm("the log was exchanged")
        if expected > self.next_sequence:
            raise Alarm("the key is in use elsewhere, or this till was set back")
        if expected < waiting:
            if not restored:
                raise Alarm("the log went back")
            if any(s not in self.queue for s in range(expected, waiting)):
                raise Alarm("the log was restored from before what is kept here")
            for sequence in range(expected, waiting):
                self.queue[sequence].booked = None
        if ready.log_differs:
            self.last = None
        self.epoch = ready.epoch
        return min(expected, waiting)

    # Delivering.

    def send_queued(self, sequence, **more):
        queued = self.queue[sequence]
        self.connection.send(book=wire.Book(principal=self.principal, sequence=sequence, body=queued.body,
                                            signature=queued.signature, opening=queued.opening, **more))

    def batch(self, first, count, key=None, **more):
        """A BookBatch message of queued events."""
        events, hashes = wire.BatchEvents(), []
        for sequence in range(first, first + count):
            queued = self.queue[sequence]
            events.events.add(body=queued.body, opening=queued.opening, **more)
            hashes.append(H(queued.body))
        message = signed_by_batch(self.programme_id, self.principal, first, hashes)
        return wire.BookBatch(principal=self.principal, first_sequence=first, events=events.SerializeToString(),
                              signature=(key or self.queue[first].key).sign(message).signature)

    def batch_size(self, first, limit):
        """How many queued events from `first` on go under one signature."""
        room, count = FRAME_TERMINAL_BYTES_MAX - 128, 0
        while count < min(limit, self.batch_max) and first + count < self.next_sequence:
            queued = self.queue[first + count]
            room -= len(queued.body) + 192
            if room < 0 or queued.alone or queued.key is not self.queue[first].key:
                break
            count += 1
        may = first >= self.alone_end and self.ready.role == event.ROLE_TERMINAL
        return max(count, 1) if may else 1

    def send_some(self, first, limit, **more):
        """Sends the queued event, with those behind it if it can; gives how many."""
        count = self.batch_size(first, limit)
        if count == 1:
            self.send_queued(first, **more)
        else:
            self.connection.send(book_batch=self.batch(first, count, **more))
        return count

    def take(self, sequence, reply):
        """Keeps the answer to a queued event."""
        answer = Answer.of(reply)
        if answer.head.sequence != sequence:
            raise AssertionError(f"an answer to {answer.head.sequence} in place of {sequence}")
        kept = self.queue[sequence].booked
        if kept is not None and kept != answer.booked:
            raise Alarm("another answer than the first time")
        self.queue[sequence].booked = answer.booked
        if self.last is None or answer.head.position > self.last[0]:
            self.last = answer.head.position, answer.head.chain
        return answer

    def deliver(self, **more):
        """Sends what waits, pipelined, from where connect() told; gives the answers by sequence. A failure that can
        pass is tried again a few times, after the replies to what is in flight have been read."""
        answers = {}
        tries = 0
        while self.first < self.next_sequence:
            failure = None
            sent = taken = self.first
            requests = collections.deque()  # events of each that have no answer yet
            while taken < sent or (sent < self.next_sequence and failure is None):
                while failure is None and sent < self.next_sequence and sent - taken < REQUESTS_IN_FLIGHT_MAX // 2:
                    requests.append(self.send_some(sent, self.next_sequence - sent, **more))
                    sent += requests[-1]
                reply = self.connection.receive()
                if reply.WhichOneof("message") == "booked":
                    answers[taken] = self.take(taken, reply.booked)
                    taken += 1
                    self.first = max(self.first, taken)
                    requests[0] -= 1
                    if requests[0] == 0:
                        requests.popleft()
                else:
                    taken += requests.popleft()  # a failure is one for all of a batch
                    if failure is None:
                        failure, failed_end = reply.failure, taken
            if failure is not None:
                tries += 1
                self._after(failure, tries, failed_end)
        return answers

    def _after(self, failure, tries, failed_end):
        name = failure_name(failure)
        if name == "CONFLICT":
            raise Alarm("two tills use one key")
        if name == "AHEAD" and failure.expected_sequence <= self.first and tries < 3:
            self.first = failure.expected_sequence
        elif name == "ONE_BY_ONE":
            self.alone_end = failed_end
        elif name in ("RETRY", "BUSY") and tries < 8:
            time.sleep(min(0.05 * 2 ** tries, 2))
        else:
            raise Failed(failure)

    def tell(self, body, opening=None, **more):
        """Queues one event and delivers it; gives its answer."""
        sequence = self.add(body, opening)
        return self.deliver(**more)[sequence]


def operator(address, key_file, principal=1):
    """A Till made of an operator's key file. Its sequence is what the daemon expects: it signs one event at a time."""
    with open(key_file, encoding="ascii") as file:
        lines = file.read().splitlines()
    values = dict(line.split(": ", 1) for line in lines[1:])
    if lines[0] != "loyaltyd key v1" or values["kind"] != "operator":
        raise ValueError(f"{key_file} is no operator's key")
    key = SigningKey(bytes.fromhex(values["secret"]))
    if bytes(key.verify_key).hex() != values["public"]:
        raise ValueError(f"{key_file} holds two keys")
    with Connection(address) as connection:
        connection.hello()
        answer = connection.welcome
    self = Till(address, key, principal, answer.programme_id, answer.daemon_key)
    self.hello()
    self.ready = self.connection.authenticate(principal, key)
    self.epoch = self.ready.epoch
    self.first = self.next_sequence = self.ready.expected_sequence
    return self
