"""A real daemon in a folder of its own, and what the tests of this folder check with."""

import atexit
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from loyalty_audit import Audit, read_log
from loyalty_client import SOURCE, Closed, Connection, Failed, Till, failure_name, operator, wire

SEED = int(os.environ.get("LOYALTY_SEED") or str(random.SystemRandom().randrange(1 << 32)), 0)
PROGRAMME = os.path.join(SOURCE, "docs/examples/cornflower.yaml")
PATIENCE = 30  # seconds a program may take to start or end
DAY_MS = 86_400_000
BASKET = (("4740001", "lunch", 890), ("4740002", "coffee", 250), ("4740003", "cake", 360))  # 15.00
codes_seen = set()

# Who is told to end ends as after any other failure, with what it made removed.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()


class Daemon:
    """A real loyaltyd in a folder of its own, on a Unix socket, a port of 127.0.0.1, and another one with TLS."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="loyalty-interop.", dir=os.environ.get("TMPDIR", "/tmp"))
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        self.unix = os.path.join(self.data, "loyaltyd.sock")
        self.tcp, self.tls = free_address(), free_address()
        self.process = None
        self.first_operator = None
        atexit.register(self.close)
        try:
            self.run("loyaltyd", "init", "--data", self.data, "--programme", PROGRAMME, "--listen",
                     f"127.0.0.1:{self.tcp[1]}", "--tls", f"127.0.0.1:{self.tls[1]}", "--public", "127.0.0.1", *options)
            self.configuration = os.path.join(self.data, "loyaltyd.conf")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def run(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def ctl(self, *arguments):
        return json.loads(self.run("loyaltyctl", *arguments, "--data", self.data, "--json"))

    def start(self):
        with open(self.log_path, "ab") as output:
            self.process = subprocess.Popen(["loyaltyd", "--config", self.configuration],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + PATIENCE
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(self.unix) == 0:
                    return self
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the daemon does not start\n" + self.said())
            time.sleep(0.02)

    def end(self, number, meanwhile=None):
        """Sends a signal, calls `meanwhile`, and gives the exit status."""
        process, self.process = self.process, None
        try:
            process.send_signal(number)
            if meanwhile:
                meanwhile()
            return process.wait(PATIENCE)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE)

    def stop(self, meanwhile=None):
        """Ends the daemon. It waits a while for clients that do not close, so those should."""
        self.dismiss()
        if self.end(signal.SIGTERM, meanwhile) != 0:
            raise AssertionError("the daemon did not end well\n" + self.said())

    def kill(self):
        if self.end(signal.SIGKILL) != -signal.SIGKILL:
            raise AssertionError("the daemon had ended by itself\n" + self.said())

    def said(self):
        with contextlib.suppress(FileNotFoundError), open(self.log_path, encoding="utf-8", errors="replace") as output:
            return output.read()
        return ""

    def close(self):
        self.dismiss()
        if self.process is not None:
            if self.process.poll() is not None:
                print("the daemon ended by itself\n" + self.said(), file=sys.stderr)
            self.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    # People and tills.

    def admin(self):
        """The first operator. One connection at a time: loyaltyctl, which uses the same key, closes it."""
        self.dismiss()
        self.first_operator = operator(self.unix, os.path.join(self.data, "operator.key"))
        return self.first_operator

    def dismiss(self):
        if self.first_operator is not None:
            self.first_operator.close()
        self.first_operator = None

    def code(self, label, store="kalamaja"):
        return self.ctl("terminal", "invite", "--store", store, "--label", label)["code"]

    def url(self):
        """By which tills on other machines find the daemon and know it."""
        return self.ctl("terminal", "url")["url"]

    def till(self, label, store="kalamaja", address=None):
        """An enrolled and connected till."""
        till = Till.enrolled(address or self.unix, self.code(label, store))
        till.connect()
        return till

    def audit(self):
        audit = Audit()
        for each in read_log(self.admin().connection):
            audit.add(each)
        return audit.finish()


class Shop(unittest.TestCase):
    """A daemon for all tests of a class."""

    options = ()
    secure = False  # whether tills and connections come by TLS where nothing else is said
    tills = 0

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*cls.options)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()
        cls.address = cls.daemon.url() if cls.secure else cls.daemon.unix

    @classmethod
    def tearDownClass(cls):
        audit = cls.daemon.audit()
        status = cls.daemon.admin().connection.ask(get_status=wire.GetStatus())
        if (audit.position, audit.chain, status.balanced) != (status.position, status.chain, True):
            raise AssertionError("the log's end is not what the daemon says it is")
        if status.outstanding != sum(left for _, left in audit.lots.values()):
            raise AssertionError("the outstanding points are not those of the lots")
        cls.daemon.stop()

    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")

    def till(self, label=None, **more):
        type(self).tills += 1
        till = self.daemon.till(label or f"t{self.tills}", **{"address": self.address, **more})
        self.addCleanup(till.close)
        return till

    def connection(self, address=None, hello=True):
        connection = Connection(address or self.address)
        self.addCleanup(connection.close)
        if hello:
            connection.hello()
        return connection

    def fails(self, code, ask, *arguments, **message):
        with self.assertRaises(Failed) as caught:
            ask(*arguments, **message)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.failure

    def ends(self, connection, code=None):
        """The daemon closes, with a last word if `code` is given."""
        with self.assertRaises(Closed) as caught:
            connection.receive()
        failure = caught.exception.failure
        self.assertEqual(failure and failure_name(failure), code)

    def tells(self, till, code, *arguments, **more):
        """Books one event, and checks the code of its outcome."""
        answer = till.tell(*arguments, **more)
        codes_seen.add(answer.code)
        self.assertEqual(answer.code, code)
        return answer

    def repeats(self, till, sequence, **more):
        """Books what was booked before: the same bytes again."""
        queued = till.queue[sequence]
        reply = till.connection.ask(book=till.book(sequence, queued.body, **{"opening": queued.opening, **more}))
        self.assertTrue(reply.repeated)
        self.assertEqual(reply.booked, queued.booked)
        return reply
