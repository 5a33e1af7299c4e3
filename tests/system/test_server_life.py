"""The daemon from its start to its end, under load: also run with ThreadSanitizer."""

import contextlib
import os
import shutil
import signal
import sqlite3
import threading
import time

import harness
from harness import House, Terminal, Wire, booked, check, equal, failure, frame, outcome, run


def test_256_events_in_flight_are_answered_in_order(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        ids = [wire.send(book=terminal.book(s, *terminal.body(str(s), card=str(s % 9)))) for s in range(1, 257)]
        for number, sequence in zip(ids, range(1, 257)):
            reply = wire.receive()
            equal((reply.id, booked(reply).sequence, outcome(reply).code), (number, sequence, 0))
    equal(house.sound()["outstanding"], 512)


def test_more_than_fit_in_flight_are_answered_too(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        books = [terminal.book(s, *terminal.body(str(s))) for s in range(1, 1001)]

        def send():
            for book in books:
                wire.send(book=book)
        sender = threading.Thread(target=send)
        sender.start()
        for sequence in range(1, 1001):
            equal(booked(wire.receive()).sequence, sequence)
        sender.join()
    house.sound()


def test_several_tills_at_once(house):
    terminals = [Terminal(house, f"t{i}") for i in range(6)]
    errors = []

    def work(terminal):
        try:
            with contextlib.closing(terminal.connect()) as wire:
                for start in range(1, 200, 40):
                    for s in range(start, start + 40):
                        wire.send(book=terminal.book(s, *terminal.body(str(s), card="shared")))
                    for s in range(start, start + 40):
                        equal(booked(wire.receive()).sequence, s)
        except Exception as error:
            errors.append(error)
    threads = [threading.Thread(target=work, args=(terminal,)) for terminal in terminals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(errors, [])
    member = house.ctl("member", "show", "--card", "shared")["view"]
    equal(member["purchases"], 1200)
    equal(house.sound()["outstanding"], member["available"])


def test_sigterm_answers_what_is_in_flight_and_ends_with_0(house):
    terminal = Terminal(house, "raw")
    answers = {}
    bodies = {s: terminal.body(str(s)) for s in range(1, 1501)}
    data = b"".join(frame(id=s, book=terminal.book(s, *body)) for s, body in bodies.items())
    with contextlib.closing(terminal.connect()) as wire:

        def send():
            with contextlib.suppress(OSError):  # the end of the daemon
                wire.send_bytes(data)
        sender = threading.Thread(target=send)
        sender.start()
        equal(booked(wire.receive()).sequence, 1)
        house.daemon.send_signal(signal.SIGTERM)
        last = ""
        while reply := wire.receive():
            if failure(reply):
                last = failure(reply)
            else:
                equal(last, "", "an answer behind a failure")
                answers[booked(reply).sequence] = reply.booked.booked
        sender.join()
    equal(house.daemon.wait(harness.PATIENCE), 0, "exit status")
    house.daemon = None
    check(not os.path.exists(house.socket_path) or not connects(house), "the socket is still served")
    house.start()
    with contextlib.closing(terminal.connect()) as wire:
        equal(terminal.sequence, len(answers) + 2, "what was answered is what is booked")
        for sequence, stored in answers.items():
            equal(wire.ask(book=terminal.book(sequence, *bodies[sequence])).booked.booked, stored)
    print(f"        {len(answers) + 1} of 1500 answered before the end, the last word was {last or 'nothing'}")


def connects(house):
    try:
        Wire(house).close()
        return True
    except OSError:
        return False


def test_sigint_ends_it_as_well(house):
    house.till().purchase(1, "x,coffee,1,1.00")
    equal(house.signal(signal.SIGINT), 0, "exit status")


def test_a_second_daemon_on_the_same_directory_is_refused(house):
    till = house.till()
    second = house.spawn()
    check(second.wait(harness.PATIENCE) != 0, "a second daemon runs")
    equal(till.purchase(1, "x,coffee,1,1.00")["code"], "ACCEPTED", "the first one")
    check("in use" in house.log(), house.log())
    run("loyaltyd", "init", "--data", house.data, "--programme", house.programme, status=None)
    equal(till.purchase(2, "x,coffee,1,1.00")["code"], "ACCEPTED", "after an attempt to make it anew")


def test_another_daemons_log_is_refused(house):
    other = House()
    try:
        other.init()
        house.stop()
        for name in ("daemon.key", "lookup.key"):
            shutil.copy(os.path.join(other.data, name), os.path.join(house.data, name))
        refused = house.spawn()
        check(refused.wait(harness.PATIENCE) != 0, "a daemon serves a log that another one wrote")
    finally:
        other.close()


def test_a_till_of_another_programme_is_told(house):
    till = house.till()
    other = House()
    try:
        other.init().start()
        house.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(till.folder, "outbox.db"))) as outbox:
            outbox.execute("UPDATE setting SET value = ? WHERE name = 'url'", (other.url,))
            outbox.commit()
        done = till.run("purchase", "--receipt", "1", "--line", "x,coffee,1,1.00", status=4)
        check("OTHER_PROGRAMME" in done.stderr or "another programme" in done.stderr, done.stderr)
        equal(till.queue()["waiting"], 1)
    finally:
        other.close()


def test_a_restored_log_gets_back_what_it_lost(house):
    """The data directory is set back to an older copy without saying so: tills must not go on as if nothing was."""
    till = house.till()
    till.purchase(1, "x,coffee,1,1.00", card="1")
    house.stop()
    copy = os.path.join(house.folder, "copy")
    shutil.copytree(house.data, copy, ignore=shutil.ignore_patterns("*.sock"))
    house.start()
    till.purchase(2, "x,coffee,1,1.00", card="1")
    house.stop()
    shutil.rmtree(house.data)
    shutil.copytree(copy, house.data)
    house.start()
    done = till.run("purchase", "--receipt", "3", "--card", "1", "--line", "x,coffee,1,1.00", status=4)
    check("ALARM" in done.stderr, done.stderr)
    equal(till.queue()["waiting"], 1)


def test_it_starts_again_at_once_after_a_kill(house):
    till = house.till()
    for receipt in range(1, 6):
        house.kill()
        start = time.monotonic()
        house.start()
        check(time.monotonic() - start < 20, "slow start")
        equal(till.purchase(receipt, "x,coffee,1,1.00", card="1")["code"], "ACCEPTED")
    equal(house.sound()["outstanding"], 5)


if __name__ == "__main__":
    harness.main(globals())
