"""What the system tests share: a daemon in a folder of its own, tills, a client of the wire that can also misbehave,
and a runner. The programs are found in PATH.

A test is a function `test_...(house)` of a file that ends with `harness.main(globals())`; each gets a fresh House.
`LOYALTY_SEED` repeats a run that chose at random."""

import atexit
import contextlib
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE = os.environ.get("LOYALTY_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMME = os.path.join(SOURCE, "docs/examples/cornflower.yaml")
PATIENCE = 30  # seconds anything may take before it counts as hanging
SEED = int(os.environ.get("LOYALTY_SEED") or random.SystemRandom().randrange(1 << 32))


class Skip(Exception):
    """This machine cannot run the test."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def equal(found, expected, what=""):
    check(found == expected, f"{what}: found {found!r}, expected {expected!r}")


def run(*command, status=0, **options):
    """Runs a program to its end; checks its exit status (None: any) and gives what it printed."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=PATIENCE * 4, **options)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, command))}: exit status {done.returncode}, expected {status}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def wait_until(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < deadline, f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


_folders = set()


def make_folder(prefix="loyaltyd-test.", base=None):
    """A folder of the test's own. One that is still there when the test ends fails it."""
    folder = tempfile.mkdtemp(prefix=prefix, dir=base)
    _folders.add(folder)
    return folder


def remove_folder(folder):
    """Everything in it; no process may still be writing there."""
    shutil.rmtree(folder, ignore_errors=True)
    check(not os.path.exists(folder), folder, "cannot be removed: something still writes in it")
    _folders.discard(folder)


@atexit.register
def _removed():
    for folder in _folders:
        print(f"a test left {folder} behind")
        shutil.rmtree(folder, ignore_errors=True)
    if _folders:
        sys.stdout.flush()
        os._exit(1)


# Who is told to end ends as after any other failure, with what it made removed.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


class Till:
    """A till's folder and the program that works in it."""

    def __init__(self, house, name):
        self.house = house
        self.name = name
        self.folder = os.path.join(house.folder, "till-" + name)

    def command(self, command, *arguments, timeout_ms=10000):
        return ["loyalty-till", command, "--till", self.folder, "--timeout", timeout_ms, *arguments]

    def run(self, command, *arguments, status=0, **options):
        return run(*self.command(command, *arguments, **options), status=status)

    def json(self, command, *arguments, status=0, **options):
        """The values the command printed, one a line."""
        done = self.run(command, *arguments, "--json", status=status, **options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def enrol(self, code, url=None, status=0):
        return self.json("enrol", url or self.house.url, code, status=status)

    def purchase(self, receipt, *lines, card=None, status=0, more=(), **options):
        """One purchase; its answer."""
        arguments = ["--receipt", str(receipt), *more]
        for line in lines:
            arguments += ["--line", line]
        if card:
            arguments += ["--card", card]
        return self.json("purchase", *arguments, status=status, **options)[-1]

    def queue(self):
        return self.json("queue")[0]


class House:
    """A daemon's data directory, the daemon, and its operator."""

    def __init__(self, folder=None, programme=PROGRAMME, tcp=False):
        self.folder = folder or make_folder()
        self.data = os.path.join(self.folder, "data")
        self.socket_path = os.path.join(self.data, "loyaltyd.sock")
        self.url = "unix:" + self.socket_path
        self.log_path = os.path.join(self.folder, "daemon.log")
        self.programme = programme
        self.port = free_port() if tcp else 0
        self.daemon = None
        self.random = random.Random(SEED)

    def init(self, *more):
        run("loyaltyd", "init", "--data", self.data, "--programme", self.programme, "--listen",
            f"127.0.0.1:{self.port}", *more)
        return self

    def spawn(self):
        """Starts the daemon without waiting for it."""
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(["loyaltyd", "--config", os.path.join(self.data, "loyaltyd.conf")], stderr=log,
                                    stdout=log, stdin=subprocess.DEVNULL)

    def start(self):
        check(self.daemon is None, "the daemon runs already")
        self.daemon = self.spawn()
        wait_until(self.answers, "the daemon listens")
        return self

    def answers(self):
        if self.daemon.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.daemon.returncode}\n{self.log()}")
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket_path) == 0

    def signal(self, number):
        """Sends a signal and waits for the end; gives the exit status (negative: that signal)."""
        self.daemon.send_signal(number)
        status = self.daemon.wait(PATIENCE)
        self.daemon = None
        return status

    def stop(self):
        equal(self.signal(signal.SIGTERM), 0, "exit status after SIGTERM")

    def kill(self):
        equal(self.signal(signal.SIGKILL), -signal.SIGKILL, "exit status after SIGKILL")

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        with contextlib.suppress(FileNotFoundError), open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()
        return ""

    def ctl(self, *arguments, status=0):
        """loyaltyctl; what it printed as JSON, if it is."""
        done = run("loyaltyctl", *arguments, "--data", self.data, "--json", status=status)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def status(self):
        return self.ctl("status")

    def invite(self, store="kalamaja", label="1", *more):
        return self.ctl("terminal", "invite", "--store", store, "--label", label, *more)["code"]

    def till(self, name="a", store="kalamaja", label=None):
        """An enrolled till."""
        till = Till(self, name)
        till.enrol(self.invite(store, label or name))
        return till

    def sound(self):
        """The books balance."""
        status = self.status()
        check(status["balanced"], "the books do not balance", status)
        return status

    def close(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait(PATIENCE)
            self.daemon = None
        remove_folder(self.folder)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The wire.

_modules = None


def proto():
    """The modules (wire, event, log) made from proto/ by protoc."""
    global _modules
    if _modules is None:
        with tempfile.TemporaryDirectory(prefix="loyaltyd-proto.") as folder:
            run("protoc", f"--proto_path={SOURCE}/proto", f"--python_out={folder}", "loyalty/event.proto",
                "loyalty/log.proto", "loyalty/wire.proto")
            sys.path.insert(0, folder)
            _modules = tuple(importlib.import_module(f"loyalty.{name}_pb2") for name in ("wire", "event", "log"))
    return _modules


def digest(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def code_hash(code):
    text = code.upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    return digest(text.encode())


def frame(**message):
    """A Request with the fields given, framed."""
    data = proto()[0].Request(**message).SerializeToString()
    return struct.pack(">I", len(data)) + data


class Wire:
    """A connection that says what it is told to, well-formed or not."""

    def __init__(self, house, tcp=False):
        self.house = house
        self.socket = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", house.port) if tcp else house.socket_path)
        self.buffer = b""
        self.next_id = 0

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send(self, **message):
        """Sends a Request with the arm given; gives its id."""
        self.next_id += 1
        self.send_bytes(frame(id=self.next_id, **message))
        return self.next_id

    def read(self):
        """Bytes; none at the end. A ConnectionError is an end, too."""
        return self.socket.recv(65536)

    def receive(self):
        """The next Reply, or None when the daemon closed."""
        while len(self.buffer) < 4 or len(self.buffer) < 4 + struct.unpack(">I", self.buffer[:4])[0]:
            try:
                data = self.read()
            except ConnectionError:
                return None
            if not data:
                return None
            self.buffer += data
        size = struct.unpack(">I", self.buffer[:4])[0]
        reply = proto()[0].Reply.FromString(self.buffer[4:4 + size])
        self.buffer = self.buffer[4 + size:]
        return reply

    def ask(self, **message):
        number = self.send(**message)
        reply = self.receive()
        check(reply is not None, "the daemon closed in place of an answer")
        equal(reply.id, number, "id of the reply")
        return reply

    def fails(self, code, **message):
        """Asks, and checks that the answer is this Failure."""
        reply = self.ask(**message)
        equal(failure(reply), code, "failure")
        return reply.failure

    def closed(self):
        """Checks that the daemon closes without another word."""
        equal(self.receive(), None, "after the last answer")

    def hello(self, **more):
        welcome = self.ask(hello=proto()[0].Hello(version=1, **more)).welcome
        self.programme_id = welcome.programme_id
        return welcome


def failure(reply):
    """The name of a reply's failure without its prefix, or "" if it is none."""
    if reply.WhichOneof("message") != "failure":
        return ""
    return proto()[0].FailureCode.Name(reply.failure.code).removeprefix("FAILURE_")


class Terminal:
    """A till in Python: signs by itself, so that it can also sign wrongly."""

    def __init__(self, house, label, store="kalamaja"):
        import nacl.signing
        self.house = house
        self.key = nacl.signing.SigningKey.generate()
        self.sequence = 1
        code = house.invite(store, label)
        with contextlib.closing(Wire(house)) as wire:
            wire.hello()
            enrolled = self.enrol(wire, code).enrolled
        check(enrolled.principal > 0, "not enrolled")
        self.principal = enrolled.principal
        self.programme_id = enrolled.programme_id

    def enrol(self, wire, code, key=None):
        key = key or self.key
        public = bytes(key.verify_key)
        proof = key.sign(b"loyaltyd enrol v1\0" + wire.programme_id + public + code_hash(code)).signature
        return wire.ask(enrol=proto()[0].Enrol(code=code, key=public, proof=proof))

    def authenticate(self, wire, challenge, principal=None, key=None):
        principal = principal or self.principal
        message = b"loyaltyd auth v1\0" + self.programme_id + struct.pack(">I", principal) + challenge
        signature = (key or self.key).sign(message).signature
        return wire.ask(authenticate=proto()[0].Authenticate(principal=principal, signature=signature))

    def connect(self):
        """An authenticated connection; `sequence` is the expected one."""
        wire = Wire(self.house)
        welcome = wire.hello(programme_id=self.programme_id, principal=self.principal)
        reply = self.authenticate(wire, welcome.challenge)
        check(reply.WhichOneof("message") == "ready", failure(reply))
        self.sequence = reply.ready.expected_sequence
        return wire

    def body(self, receipt, gross=250, card=None, at=None, category="coffee"):
        """A purchase; with a card also its opening."""
        wire, event, _ = proto()
        at = at or int(time.time() * 1000)
        purchase = event.Purchase(receipt=event.Receipt(business_date=at // 86400000, number=receipt))
        purchase.lines.add(sku="x", category=category, gross=gross)
        opening = None
        if card:
            salt = os.urandom(16)
            purchase.card = hashlib.blake2b(card.upper().encode(), key=salt, digest_size=32).digest()
            opening = wire.Opening(salt=salt, card=card)
        return event.Body(occurred_at=at, purchase=purchase).SerializeToString(), opening

    def book(self, sequence, body, opening=None, key=None, principal=None):
        """A Book message, signed."""
        principal = principal or self.principal
        message = b"loyaltyd event v1\0" + self.programme_id + struct.pack(">IQ", principal, sequence) + body
        return proto()[0].Book(principal=principal, sequence=sequence, body=body, opening=opening,
                               signature=(key or self.key).sign(message).signature)


def outcome(reply):
    """The outcome of a Booked reply."""
    wire, _, log = proto()
    check(reply.WhichOneof("message") == "booked", "not booked:", failure(reply))
    return log.Outcome.FromString(wire.Booked.FromString(reply.booked.booked).outcome)


def booked(reply):
    check(reply.WhichOneof("message") == "booked", "not booked:", failure(reply))
    return proto()[0].Booked.FromString(reply.booked.booked)


# The runner.

def main(names):
    """Runs the tests among `names` (or those named on the command line), each in a fresh House that is started."""
    tests = [(name, test) for name, test in names.items() if name.startswith("test_") and callable(test)]
    wanted = sys.argv[1:]
    failed = 0
    print(f"seed: LOYALTY_SEED={SEED}")
    for name, test in tests:
        if wanted and name not in wanted:
            continue
        start = time.monotonic()
        house = House()
        try:
            house.init().start()
            test(house)
            print(f"ok      {name}  ({time.monotonic() - start:.1f} s)")
        except Skip as why:
            print(f"skipped {name}: {why}")
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAILED  {name}\n--- daemon's log\n{house.log()}---")
        finally:
            house.close()
    sys.exit(1 if failed else 0)
