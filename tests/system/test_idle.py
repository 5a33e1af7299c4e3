"""A daemon with nothing to do sleeps: its threads wake up at most once a second together, with tills connected or not."""

import contextlib
import os
import re
import time

import harness
from harness import Terminal, check, wait_until

SECONDS = 4


def wake_ups(house):
    """How often the daemon's threads went to sleep so far."""
    folder = f"/proc/{house.daemon.pid}/task"
    total = 0
    for task in os.listdir(folder):
        with open(os.path.join(folder, task, "status"), encoding="utf-8") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.MULTILINE).group(1))
    return total


def woken(house, seconds):
    before = wake_ups(house)
    time.sleep(seconds)
    return wake_ups(house) - before


def sleeps(house, what):
    # What was done before has an end, a checkpoint too.
    wait_until(lambda: woken(house, 1) <= 1, "it sleeps")
    found = woken(house, SECONDS)
    print(f"{what}: {found} wake-ups in {SECONDS} s")
    check(found <= SECONDS + 1, f"{what}: woken up {found} times in {SECONDS} s")


def test_nobody_connected(house):
    sleeps(house, "nobody connected")


def test_tills_connected_and_silent(house):
    with contextlib.ExitStack() as stack:
        for label in ("1", "2", "3"):
            terminal = Terminal(house, label)
            wire = stack.enter_context(contextlib.closing(terminal.connect()))
            body, opening = terminal.body("1", card=label)
            harness.outcome(wire.ask(book=terminal.book(terminal.sequence, body, opening)))
        sleeps(house, "three tills")


harness.main(globals())
