"""What an honest till notices of an attack: its purchases are answered at most twice as slowly as without it, by the
median, in the same run.

Two daemons run side by side, and one of them is attacked. A purchase at the quiet one while the attackers are stopped, a
purchase at the other while they are not, and so on: what else the machine does meets both alike. Their data lies in
memory, as a disk that others use would drown what an attack costs. The attackers come from other addresses, have the
limits that other machines have, and take what processor time is left."""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time

import harness
from harness import check, equal
from tls import TlsHouse, TlsTerminal

ROUNDS = 40
TAKE_EFFECT = 0.015  # seconds from stopping or continuing the attackers to the next purchase
TRIES = 4      # the machine may be busy with something else
SLOWER = 2.0
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
OTHERS = "connections: 256, handshakes: 1200, unauthenticated: 2097152, bad_signatures: 60, requests: 2000, wrong_codes: 10"
ATTACKS = {  # more connections than these, as a rule, and the counters that tell that it met what it was meant to meet
    "bad_signatures": (0, "signatures_bad", "limited_signatures"),
    "slow_handshakes": (75,),
    "slow_frames": (75,),
    "idle_connections": (450,),
    "garbage": (0, "tls_plaintext"),
}


class Till(TlsTerminal):
    def __init__(self, house, label):
        super().__init__(house, label)
        self.wire = self.connect()

    def latency(self):
        """Milliseconds from a purchase to its answer."""
        body, opening = self.body(str(self.sequence), card="4711")
        book = self.book(self.sequence, body, opening)
        start = time.perf_counter()
        reply = self.wire.ask(book=book)
        elapsed = time.perf_counter() - start
        equal(harness.outcome(reply).code, 0)
        self.sequence += 1
        return elapsed * 1000


@contextlib.contextmanager
def attack(house, kind, stolen):
    """The attackers, once the attack is on."""
    given = {"host": house.host, "port": house.tls_port, "principal": stolen.principal,
             "programme_id": stolen.programme_id.hex(), "key": bytes(stolen.key).hex()}
    process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "attackers.py"), kind],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        equal(process.stdout.readline(), "on\n", kind)
        yield process
        check(process.poll() is None, kind, "ended by itself")
    finally:
        process.kill()
        process.communicate()


def slowed(kind, house, stolen, quiet, attacked):
    """One try: the median under attack over that without."""
    without, under, connections = [], [], []
    counters = house.status()["counters"]
    with attack(house, kind, stolen) as process:
        for number in range(ROUNDS):
            process.send_signal(signal.SIGSTOP)
            time.sleep(TAKE_EFFECT)
            without.append(quiet.latency())
            process.send_signal(signal.SIGCONT)
            time.sleep(TAKE_EFFECT)
            under.append(attacked.latency())
            if number % (ROUNDS // 3) == 0:
                connections.append(house.status()["connections"])
    after = house.status()["counters"]
    for name in ATTACKS[kind][1:]:
        check(after[name] > counters[name], kind, "does not show in", name)
    check(statistics.median(connections) > ATTACKS[kind][0], kind, "has", connections, "connections")
    calm, hard = statistics.median(without), statistics.median(under)
    print(f"        {kind:17} {calm:6.2f} ms -> {hard:6.2f} ms  x {hard / calm:.2f}  ({max(connections)} connections)")
    return hard / calm


@contextlib.contextmanager
def daemon():
    house = TlsHouse(folder=harness.make_folder(base=MEMORY))
    try:
        house.init()
        house.configure(("log_level: debug", "log_level: info"), ("tls:\n", f"limits: {{local: {{{OTHERS}}}}}\ntls:\n"))
        yield house.start()
    except AssertionError:
        print(f"--- log of a daemon\n{house.log()}---")
        raise
    finally:
        house.close()


def test_an_honest_till_is_served_at_least_half_as_fast_under_any_attack(_):
    with daemon() as undisturbed, daemon() as house:
        quiet, attacked, stolen = Till(undisturbed, "quiet"), Till(house, "honest"), TlsTerminal(house, "stolen")
        for till in (quiet, attacked):
            for _ in range(10):  # the first ones take longer
                till.latency()
        for kind in ATTACKS:
            ratios = []
            while not ratios or (ratios[-1] > SLOWER and len(ratios) < TRIES):
                ratios.append(slowed(kind, house, stolen, quiet, attacked))
            check(ratios[-1] <= SLOWER, kind, "makes purchases slower:", ratios)
        check(house.status()["balanced"], "the books")


if __name__ == "__main__":
    harness.main(globals())
