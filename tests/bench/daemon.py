"""The daemon under the load of tests/bench/load.c: a house whose members are there already, and what it costs."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import harness

DAY_MS = 86400000
HERE = os.path.dirname(os.path.abspath(__file__))


def load_program():
    return os.path.join(os.environ["LOYALTY_BUILD"], "tests", "bench", "load")


def stores_of(path):
    """The ids of a programme's stores."""
    with open(path, encoding="utf-8") as file:
        found = re.search(r"^stores:(.*?)^\S", file.read() + "\nend", re.MULTILINE | re.DOTALL)
    return re.findall(r"\bid: *([\w.-]+)", found.group(1))


class Shop:
    """A daemon with tills that are enrolled and members who have bought before."""

    def __init__(self, folder, programme, tills, members, rounds, days, end_days_ago=1):
        """Each member bought `rounds` times, evenly over `days` days that ended some days ago."""
        self.folder, self.tills, self.members = folder, tills, members
        self.house = harness.House(folder=os.path.join(folder, "house"), programme=programme, tcp=True)
        self.house.tls_port = harness.free_port()
        self.place = f"tcp://127.0.0.1:{self.house.port}"
        self.tills_path = os.path.join(folder, "tills")
        self.seed = 1
        self.loaded_ms = int(time.time() * 1000) - int((days + end_days_ago) * DAY_MS)  # history is loaded up to there
        os.makedirs(self.house.folder)
        try:
            self.open(programme, rounds, days)
        except BaseException:
            self.house.close()  # whoever makes a shop does not have it yet
            raise

    def open(self, programme, rounds, days):
        self.house.init("--load-history", "--tls", f"127.0.0.1:{self.house.tls_port}", "--public", "127.0.0.1")
        self.house.start()
        start = time.monotonic()
        self.load("enrol", "-k", os.path.join(self.house.data, "operator.key"), "-t", self.tills, "-s", ",".join(stores_of(programme)),
                  "-F", self.loaded_ms)
        self.enrolled_in = time.monotonic() - start
        start = time.monotonic()
        if rounds:
            self.history(self.members * rounds, days, first=0, batch=64)
        self.aged_in = time.monotonic() - start

    def load(self, what, *arguments, place=None):
        done = subprocess.run([str(word) for word in (load_program(), what, place or self.place, self.tills_path, *arguments)],
                              text=True, capture_output=True, check=False)
        harness.check(done.returncode == 0, "load", *arguments, done.stderr, self.house.log()[-2000:])
        return json.loads(done.stdout) if done.stdout else None

    def arguments(self, tills, purchases, window=1, rate=0, warm=10, batch=0):
        """Of a run of `load` at the present time."""
        self.seed += 1
        return ["-t", tills, "-m", self.members, "-n", max(purchases, tills * max(batch, 1)), "-w", window, "-r", int(rate),
                "-W", warm, "-b", batch, "-S", self.seed, "-p", self.house.daemon.pid]

    def run(self, tills, purchases, place=None, **options):
        return self.load("run", *self.arguments(tills, purchases, **options), place=place)

    def past(self, days):
        """Arguments of `load` for the days behind what is loaded already, which are loaded then."""
        start, span = self.loaded_ms, int(days * DAY_MS)
        self.loaded_ms += span
        return ["-F", start, "-L", span]

    def history(self, purchases, days, first=None, tills=64, rate=0, batch=0):
        """Loads purchases of the days behind what is loaded already; of the members in turn from `first` on, or at random.
        `batch`: signed in batches of so many where there is enough for each till, some more then, so that the last are full."""
        more = [] if first is None else ["-i", first]
        tills = min(tills, self.tills)
        round_of = tills * batch
        if batch and purchases >= 8 * round_of:
            purchases = -(-purchases // round_of) * round_of
        else:
            batch = 0
        arguments = self.arguments(tills, purchases, window=2 if batch else 8, rate=rate, batch=batch)
        return self.load("run", *arguments, *self.past(days), *more)

    @contextlib.contextmanager
    def holding(self, tills, purchases, place=None, rate=0, window=1):
        """Runs, and keeps the tills connected as long as the context lasts."""
        command = [load_program(), "run", place or self.place, self.tills_path,
                   *self.arguments(tills, purchases, rate=rate, window=window), "-h"]
        with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
            try:
                line = load.stdout.readline()
                harness.check(line, "load ended", self.house.log()[-2000:])
                yield json.loads(line)
            finally:
                load.communicate("\n")

    def go_live(self):
        self.house.ctl("go-live")

    def tls_place(self):
        return self.house.ctl("terminal", "url")["url"]

    def file_bytes(self):
        return os.path.getsize(os.path.join(self.house.data, "loyalty.db"))

    def position(self):
        """The last one, of the stopped daemon's file."""
        path = os.path.join(self.house.data, "loyalty.db")
        with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as store:
            return store.execute("SELECT max(position) FROM event").fetchone()[0]

    def copy(self, name):
        """Of the stopped daemon's file."""
        path = os.path.join(self.folder, name)
        shutil.copyfile(os.path.join(self.house.data, "loyalty.db"), path)
        return path

    def memory(self):
        """(resident, anonymous) in MiB."""
        with open(f"/proc/{self.house.daemon.pid}/smaps_rollup", encoding="utf-8") as file:
            values = dict(re.findall(r"^(\w+): +(\d+) kB", file.read(), re.MULTILINE))
        return int(values["Rss"]) / 1024, int(values["Anonymous"]) / 1024

    def counters(self):
        """What the daemon counted since its start, and `position`."""
        status = self.house.status()
        harness.check(status["balanced"], "the books do not balance")
        counters = status.get("counters", {})
        harness.check(not counters.get("events_refused") and not counters.get("events_conflicting"), status)
        return {**counters, "position": status["position"]}

    def start_timed(self):
        """Starts the daemon; seconds until it answers."""
        harness.proto()  # made before the clock starts
        begun = time.monotonic()
        self.house.daemon = self.house.spawn()
        while not self.house.answers():
            time.sleep(0.002)
        with contextlib.closing(harness.Wire(self.house)) as wire:
            wire.hello()
        return time.monotonic() - begun

    def crash(self, purchases, per_day=0):
        """SIGKILL while purchases come in, when the write-ahead log is full for the first time since the start; its bytes,
        and the seconds the next start takes. `per_day`: the purchases are of the past."""
        self.house.restart()
        command = [load_program(), "run", self.place, self.tills_path, *self.arguments(min(64, self.tills), purchases, window=8),
                   *(self.past(purchases / per_day) if per_day else [])]
        wal = os.path.join(self.house.data, "loyalty.db-wal")
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as load:
            deadline = time.monotonic() + 60
            while load.poll() is None and time.monotonic() < deadline and os.path.getsize(wal) < FULL_WAL_BYTES:
                time.sleep(0.01)
            self.house.daemon.send_signal(signal.SIGKILL)
            self.house.daemon.wait()
            load.wait()
        return os.path.getsize(wal), self.start_timed()

    def close(self):
        self.house.close()


# Just below the 4,000 frames at which the daemon takes them over into the database.
FULL_WAL_BYTES = 3900 * 4120
