"""What the tests that load history share: the installed programs where they are built, imports that are killed on
the way, and what the log and the tables hold afterwards, read from a copy of the stopped daemon's file."""

import collections
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import harness
import holdings
from harness import House, Skip, check, equal

DATA = os.path.join(harness.SOURCE, "..", "shared", "data")
PIECE = 1 << 16


def data(path):
    """A file of the shared data; skips the test without it."""
    path = os.path.join(DATA, path)
    if not os.path.exists(path):
        raise Skip(f"{path} is not there")
    return path


def use_release():
    """Puts the release programs in front where they are built and up to date: the same code, several times faster."""
    release = os.path.join(harness.SOURCE, "build", "release")
    programs = [os.path.join(release, name) for name in ("loyaltyd", "client/loyalty-till", "client/loyaltyctl")]
    if all(os.access(program, os.X_OK) for program in programs):
        built = min(os.path.getmtime(program) for program in programs)
        sources = (os.path.join(folder, name) for top in ("daemon", "client", "proto")
                   for folder, _, names in os.walk(os.path.join(harness.SOURCE, top)) for name in names)
        if all(os.path.getmtime(source) <= built for source in sources):
            os.environ["PATH"] = f"{release}:{release}/client:{os.environ['PATH']}"
    print("programs:", shutil.which("loyaltyd"))


def loading_house(folder, programme):
    """A daemon that loads history under this programme, running."""
    path = os.path.join(folder, "programme.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(programme)
    house = House(programme=path)
    return house.init("--load-history").start()


class Import(threading.Thread):
    """Imports a journal, fed by us through a pipe so that we know how far it is; killed as often as asked, each time
    when a place drawn at random was read and a little later, and started again until all is booked."""

    def __init__(self, till, path, kills, rng):
        super().__init__()
        self.till = till
        self.path = path
        self.size = os.path.getsize(path)
        self.places = sorted(rng.randrange(self.size) for _ in range(kills))
        self.delays = [rng.random() * 0.03 for _ in range(kills)]
        self.fed = 0  # bytes of the journal, by the run that came furthest
        self.killed = 0
        self.runs = 0
        self.wrong = None

    def run(self):
        try:
            deadline = time.monotonic() + 150
            while self.once() != 0:
                check(time.monotonic() < deadline, f"{self.path} is not imported after {self.runs} runs")
        except Exception as why:  # told by the thread that waits for us
            self.wrong = why

    def once(self):
        """One run of the till, to its end or to the next place to kill it at. Its exit status."""
        self.runs += 1
        command = [str(word) for word in self.till.command("import", "-")]
        place = self.places[self.killed] if self.killed < len(self.places) else None
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as till:
            try:
                if self.feed(till.stdin, place):
                    time.sleep(self.delays[self.killed])
                    check(till.poll() is None, "ended by itself, before the journal did:", till.stderr)
                    till.send_signal(signal.SIGKILL)
                    self.killed += 1
                out, errors = till.communicate(timeout=harness.PATIENCE * 3)
            finally:
                till.kill()
        check(till.returncode in (0, 1, -signal.SIGKILL), f"exit status {till.returncode}", out, errors)
        return till.returncode

    def feed(self, pipe, place):
        """Writes the journal; true when it stopped at `place`. A till that ends on the way is none of our business."""
        fed = 0
        try:
            with open(self.path, "rb") as journal:
                while piece := journal.read(PIECE):
                    pipe.write(piece)
                    pipe.flush()
                    fed += len(piece)
                    self.fed = max(self.fed, fed)
                    if place is not None and fed >= place:
                        return True
        except BrokenPipeError:
            pass
        return False


def import_all(house, tills, journals, kills, rng):
    """Imports each journal through its till, all at once. The daemon and every till are killed `kills` times."""
    imports = [Import(till, journal, kills, random.Random(rng.random())) for till, journal in zip(tills, journals)]
    size = sum(work.size for work in imports)
    places = sorted(rng.randrange(size * 95 // 100) for _ in range(kills))
    start = time.monotonic()
    for work in imports:
        work.start()
    for place in places:
        harness.wait_until(lambda at=place: sum(work.fed for work in imports) >= at or
                           any(work.wrong for work in imports), "the imports get on", 120)
        time.sleep(rng.random() * 0.05)
        house.kill()
        house.start()
    for work in imports:
        work.join()
        if work.wrong:
            raise work.wrong
        equal(work.killed, kills, f"kills of the till of {work.path}")
    seconds = time.monotonic() - start
    print(f"{len(imports)} tills, {seconds:.1f} s; each till and the daemon were killed {kills} times")
    return seconds


def parts_of(journal, rng):
    """A journal in parts of some receipts each, as texts."""
    with open(journal, encoding="utf-8", newline="") as file:
        header, *lines = file.readlines()
    receipts = ["".join(of) for _, of in itertools.groupby(lines, key=lambda line: line.split(",", 1)[0])]
    while receipts:
        some = rng.choice([1, 10, 100, 1000])
        yield header + "".join(receipts[:some])
        receipts = receipts[some:]


def import_in_turns(house, tills, journals, rng):
    """Imports the journals part by part, the tills in turns drawn at random: what is late, and how much, is the
    seed's choice."""
    path = os.path.join(house.folder, "part.csv")
    waiting = [(till, parts_of(journal, rng)) for till, journal in zip(tills, journals)]
    parts = 0
    while waiting:
        turn = rng.choice(waiting)
        part = next(turn[1], None)
        if part is None:
            waiting.remove(turn)
            continue
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(part)
        import_once(turn[0], path)
        parts += 1
    print(f"{len(tills)} tills in turns, {parts} parts")


def import_once(till, journal, status=0):
    """An undisturbed import of a file; (what it lists, its summary)."""
    *listed, summary = till.json("import", journal, status=status)
    return listed, summary


Event = collections.namedtuple("Event", "position principal sequence booked_at")


class Copy:
    """A copy of the stopped daemon's file."""

    def __init__(self, house):
        path = os.path.join(house.folder, "copy.db")
        for end in ("", "-wal"):
            if os.path.exists(os.path.join(house.data, "loyalty.db" + end)):
                shutil.copyfile(os.path.join(house.data, "loyalty.db" + end), path + end)
        self.db = sqlite3.connect(path)

    def events(self):
        """The order of booking, and nothing of what was booked."""
        rows = self.db.execute("SELECT position, principal, sequence, booked_at FROM event ORDER BY position")
        return [Event(*row) for row in rows]

    def holdings(self, kind):
        """member -> rows (key1, key2, amount, left, since, until, due) of a kind of model/holding.def."""
        found = collections.defaultdict(list)
        for member, position, available, packed in self.db.execute("SELECT member, last_position, available, holdings "
                                                                   "FROM member ORDER BY member"):
            for of_kind, row in holdings.unpack(packed):
                if of_kind == MEMBER:
                    row[:4] = 0, 0, available, position
                if of_kind == kind:
                    found[member].append((row[0] or 0, row[1] or 0, *row[2:]))
        return found

    def one(self, sql):
        return self.db.execute(sql).fetchone()[0]


MEMBER, LOT, METRIC = holdings.MEMBER, holdings.LOT, holdings.METRIC
STAMPS, LEVEL, VOUCHER = holdings.STAMPS, holdings.LEVEL, holdings.VOUCHER


def prove(house):
    """The log of a stopped daemon holds."""
    verdict = json.loads(harness.run("loyaltyctl", "verify", house.data, "--json").stdout)
    check(verdict["holds"] and verdict["signatures"], verdict)
    print(f"verify: {verdict['events']} events, {verdict['events_per_second']} a second")


def principals(house):
    """label of a till -> its principal."""
    return {row["label"]: row["principal"] for row in house.ctl("terminal", "list") if row["role"] == "terminal"}


def members(house, cards):
    """What the operator's program says of these cards."""
    return {card: json.loads(harness.run("loyaltyctl", "member", "show", "--card", card, "--data", house.data,
                                         "--json").stdout)["view"] for card in cards}
