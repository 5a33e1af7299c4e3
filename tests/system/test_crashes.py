"""The real daemon under load while it is killed, stopped, short of open files, or misled by its clock. What a client
holds an answer to is there, once, with the same bytes; nothing else ever happens.

LOYALTY_KILLS=1000 is the long form of the first test."""

import contextlib
import json
import os
import resource
import signal
import threading
import time

import harness
from harness import Terminal, Wire, booked, check, equal, failure, run

KILLS = int(os.environ.get("LOYALTY_KILLS") or 50)
HOUR_MS = 3600 * 1000
AT_ONCE = 48  # requests sent ahead of their answers, less than the daemon reads of one connection
BEHIND_MS = 5 * 60 * 1000  # its clock may be behind the log before it waits


class Shop:
    """A till that remembers what it said and what it heard."""

    def __init__(self, house, label):
        self.house = house
        self.terminal = Terminal(house, label)
        self.bodies = {}
        self.answers = {}
        self.dying = threading.Event()  # the daemon is about to be killed

    def message(self, sequence):
        if sequence not in self.bodies:
            card = f"{self.terminal.principal}{sequence % 9}" if sequence % 3 else None
            self.bodies[sequence] = self.terminal.body(f"r{sequence}", gross=100 + sequence % 900, card=card)
        return self.terminal.book(sequence, *self.bodies[sequence])

    def heard(self, reply):
        """One answer; its failure's name, or ""."""
        if failure(reply):
            return failure(reply)
        sequence = booked(reply).sequence
        if sequence in self.answers:
            equal(reply.booked.booked, self.answers[sequence], f"the answer to {sequence}")
            check(reply.booked.repeated, f"{sequence} was booked a second time")
        self.answers[sequence] = reply.booked.booked
        return ""

    def work(self):
        """Sends from what is expected on, and the last few again, until the daemon is gone."""
        with contextlib.suppress(ConnectionError):
            try:
                wire = self.terminal.connect()
            except AssertionError:  # closed in place of an answer
                check(self.dying.wait(harness.PATIENCE), "not let in although nobody killed the daemon")
                return
            with contextlib.closing(wire):
                first = self.terminal.sequence
                check(all(sequence < first for sequence in self.answers), "an acknowledged event is not booked")
                sequence = max(1, first - 3)
                while True:
                    with contextlib.suppress(ConnectionError):
                        for _ in range(AT_ONCE):
                            wire.send(book=self.message(sequence))
                            sequence += 1
                    for _ in range(AT_ONCE):
                        reply = wire.receive()
                        if reply is None:
                            return
                        equal(self.heard(reply), "", "failure")

    def ask_again(self):
        """Every answer is given again as it was."""
        with contextlib.closing(self.terminal.connect()) as wire:
            equal(self.terminal.sequence > max(self.answers, default=0), True, "an acknowledged event is not booked")
            wanted = sorted(self.answers)
            for start in range(0, len(wanted), AT_ONCE):
                piece = wanted[start:start + AT_ONCE]
                for sequence in piece:
                    wire.send(book=self.message(sequence))
                for _ in piece:
                    equal(self.heard(wire.receive()), "", "failure")


def holds(house):
    """The books balance, and the log proves itself, signatures and all."""
    house.sound()
    house.stop()
    done = run("loyaltyctl", "verify", house.data, "--json")
    check(json.loads(done.stdout)["holds"], done.stdout)


@contextlib.contextmanager
def working(house, shops):
    """Lets every shop work, in threads of their own, until the block ends and the daemon is killed. What one found
    wrong is raised then."""
    errors = []

    def work(shop):
        try:
            shop.work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(shop,)) for shop in shops]
    for thread in threads:
        thread.start()
    yield errors
    for shop in shops:
        shop.dying.set()
    house.kill()
    for thread in threads:
        thread.join(harness.PATIENCE)
        check(not thread.is_alive(), "a till hangs")
    for error in errors:
        raise error
    for shop in shops:
        shop.dying.clear()
    house.start()


def test_what_was_acknowledged_survives_every_kill(house):
    shops = [Shop(house, "a"), Shop(house, "b")]
    for _ in range(KILLS):
        with working(house, shops):
            time.sleep(house.random.uniform(0, 0.12))
    for shop in shops:
        shop.ask_again()
    check(all(shop.answers for shop in shops), "nothing was acknowledged")
    print(f"        {KILLS} kills, {sum(len(shop.answers) for shop in shops)} answers kept")
    holds(house)


def test_a_daemon_that_stood_still_goes_on_where_it_was(house):
    shop = Shop(house, "a")
    for _ in range(3):
        with working(house, [shop]) as errors:
            time.sleep(house.random.uniform(0.05, 0.2))
            house.daemon.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            other = Wire(house)  # into the backlog: nobody accepts now
            house.daemon.send_signal(signal.SIGCONT)
            with contextlib.closing(other):
                other.hello()
            seen = len(shop.answers)
            harness.wait_until(lambda seen=seen: errors or len(shop.answers) > seen, "it goes on")
    shop.ask_again()
    holds(house)


def test_without_a_free_file_the_connections_there_are_live_on(house):
    shop = Shop(house, "a")
    pid = house.daemon.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with contextlib.closing(shop.terminal.connect()) as wire:
        taken = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (taken + 2, before[1]))
        with contextlib.ExitStack() as stack:
            turned_away = 0
            for _ in range(8):
                more = Wire(house)
                stack.callback(more.close)
                more.socket.settimeout(0.2)
                try:
                    with contextlib.suppress(ConnectionError):
                        more.send(hello=harness.proto()[0].Hello(version=1))
                    turned_away += more.receive() is None
                except TimeoutError:
                    turned_away += 1
            check(turned_away > 0, "the limit was not reached")
            for sequence in range(1, 100):
                wire.send(book=shop.message(sequence))
                equal(shop.heard(wire.receive()), "", "failure")
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                ticks = [int(value) for value in stat.read().rsplit(")", 1)[1].split()[11:13]]
            time.sleep(0.5)
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                spent = sum(int(value) for value in stat.read().rsplit(")", 1)[1].split()[11:13]) - sum(ticks)
            check(spent < os.sysconf("SC_CLK_TCK") / 4, f"it spins: {spent} ticks in half a second")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        harness.wait_until(lambda: run("loyaltyctl", "status", "--data", house.data, status=None).returncode == 0,
                           "there is room again")
    shop.ask_again()
    holds(house)


def test_a_clock_that_is_set_back_and_forth_moves_no_event_into_the_past(house):
    shift = os.path.join(house.folder, "shift")
    library = os.path.join(house.folder, "clock_shift.so")
    run("gcc", "-O1", "-shared", "-fPIC", "-o", library, os.path.join(harness.SOURCE, "tests/system/clock_shift.c"))

    def set_clock(milliseconds):
        with open(shift + ".new", "w", encoding="ascii") as file:
            file.write(str(milliseconds))
        os.rename(shift + ".new", shift)

    @contextlib.contextmanager
    def preloaded():
        os.environ.update(LD_PRELOAD=library, CLOCK_SHIFT=shift)
        asan = os.environ.get("ASAN_OPTIONS", "")
        os.environ["ASAN_OPTIONS"] = asan + ":verify_asan_link_order=0"
        try:
            yield
        finally:
            del os.environ["LD_PRELOAD"], os.environ["CLOCK_SHIFT"]
            os.environ["ASAN_OPTIONS"] = asan

    def restart():
        with preloaded():
            house.daemon = house.spawn()
        harness.wait_until(house.answers, "the daemon listens")

    shop = Shop(house, "a")
    house.stop()
    set_clock(0)
    restart()
    latest = 0  # the latest time that was booked
    ahead = 0   # what the clock is off by
    waits = 0

    def now():
        return int(time.time() * 1000) + ahead

    wire = shop.terminal.connect()
    for sequence in range(1, 31):
        if sequence % 10 == 0:
            ahead = max(ahead, latest - now() + ahead)
            set_clock(ahead)
            wire.close()
            house.kill()
            restart()
            wire = shop.terminal.connect()
            equal(shop.terminal.sequence, sequence, "expected sequence")
        ahead = house.random.choice((0, ahead, -HOUR_MS, ahead + 60000, ahead - 2 * 60000, ahead + HOUR_MS // 4))
        if latest == 0:
            ahead = 0  # what the house booked before is not known here
        set_clock(ahead)
        wire.send(book=shop.message(sequence))
        if now() < latest - BEHIND_MS - 1000:
            wire.socket.settimeout(0.2)
            try:
                wire.receive()
                raise AssertionError("answered although its clock is far behind the log")
            except TimeoutError:
                waits += 1
            ahead += latest - now()
            set_clock(ahead)
            wire.socket.settimeout(harness.PATIENCE)
        reply = wire.receive()
        check(reply is not None, "the daemon closed in place of an answer")
        equal(shop.heard(reply), "", "failure")
        at = booked(reply).booked_at
        check(at >= latest, "booked before the event before it")
        check(at <= max(latest, now()), "booked in a future its clock does not know")
        latest = at
    wire.close()
    shop.ask_again()
    print(f"        {len(shop.answers)} booked, {waits} times it waited for its clock")
    holds(house)


if __name__ == "__main__":
    harness.main(globals())
