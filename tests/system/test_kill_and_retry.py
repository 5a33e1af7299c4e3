"""Nothing acknowledged is lost and nothing is doubled, whoever dies, whenever."""

import contextlib
import os
import signal
import subprocess
import time

import harness
from harness import Terminal, booked, check, equal, failure, outcome


def write_day(house, till, count, cards=7):
    """A day of `count` purchases; each gives its card 1 star and 1 coffee stamp."""
    path = os.path.join(house.folder, f"day-{till.name}.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("receipt,time,card,sku,category,quantity,gross,labels\n")
        for i in range(count):
            file.write(f"{i + 1},{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d},{till.name}{i % cards},espresso,coffee,1,1.80,\n")
    return path


def yesterday():
    return time.strftime("%Y-%m-%d", time.localtime(time.time() - 86400))


def play(till, day, pace_ms):
    command = till.command("purchase", "--from", day, "--date", yesterday(), "--brief", timeout_ms=20000)
    if pace_ms:
        command += ["--pace", pace_ms]
    return subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def reckon(house, tills, count, cards=7):
    """Every purchase of every till is there once, and the books balance."""
    for till in tills:
        queue = till.queue()
        equal((queue["waiting"], queue["acknowledged"]), (0, count), f"queue of till {till.name}")
        positions = [event["position"] for event in queue["events"]]
        equal(len(set(positions)), count, "positions")
        for i in range(cards):
            view = till.json("balance", "--card", f"{till.name}{i}")[0]["view"]
            expected = len(range(i, count, cards))
            equal((view["purchases"], view["available"]), (expected, expected), f"purchases and stars of card {i}")
    status = house.sound()
    equal(status["outstanding"], count * len(tills))
    events = {p["label"]: p["next_sequence"] - 1 for p in house.ctl("terminal", "list") if p["role"] == "terminal"}
    equal(events, {till.name: count for till in tills}, "events of each till")
    for till in tills:
        again = till.json("send", "--again")
        equal(len(again), count)
        check(all(a["same"] for a in again), "another answer than the first time")


def test_the_daemon_is_killed_again_and_again(house):
    count = 1200
    tills = [house.till("a"), house.till("b", "telliskivi")]
    players = [play(till, write_day(house, till, count), 0) for till in tills]
    kills = 0
    while any(player.poll() is None for player in players):
        time.sleep(house.random.uniform(0, 0.35))
        house.kill()
        kills += 1
        if house.random.random() < 0.3:
            time.sleep(house.random.uniform(0, 0.3))
        house.start()
        if kills >= 12:
            break
    for player in players:
        equal(player.wait(120), 0, "exit status of a till")
    print(f"        killed {kills} times")
    for till in tills:
        till.run("send", "--brief")
    reckon(house, tills, count)


def test_a_till_is_killed_again_and_again(house):
    count = 400
    till = house.till("a")
    day = write_day(house, till, count)
    kills = 0
    for _ in range(15):
        player = play(till, day, house.random.choice((0, 1)))
        try:
            player.wait(house.random.uniform(0, 0.4))
        except subprocess.TimeoutExpired:
            player.send_signal(signal.SIGKILL)
            kills += 1
            player.wait(harness.PATIENCE)
    equal(play(till, day, 0).wait(120), 0, "exit status of the last run")
    print(f"        killed {kills} times")
    till.run("send", "--brief")
    reckon(house, [till], count)


def test_both_are_killed(house):
    count = 300
    till = house.till("a")
    day = write_day(house, till, count)
    for _ in range(8):
        player = play(till, day, 1)
        time.sleep(house.random.uniform(0, 0.3))
        if house.random.random() < 0.5:
            player.send_signal(signal.SIGKILL)
            house.kill()
        else:
            house.kill()
            player.send_signal(signal.SIGKILL)
        player.wait(harness.PATIENCE)
        house.start()
    equal(play(till, day, 0).wait(120), 0, "exit status of the last run")
    till.run("send", "--brief")
    reckon(house, [till], count)


def test_no_answer_is_forgotten_by_a_kill(house):
    """Every Booked that reached a client before the kill is there, with the same bytes, after it."""
    terminal = Terminal(house, "raw")
    bodies = {}
    answers = {}
    for _ in range(6):
        with contextlib.closing(terminal.connect()) as wire:
            first = terminal.sequence
            check(all(sequence < first for sequence in answers), "an acknowledged event is not booked")
            for sequence in range(first, first + 200):
                if sequence not in bodies:
                    bodies[sequence] = terminal.body(f"r{sequence}", card=f"c{sequence % 5}")
                wire.send(book=terminal.book(sequence, *bodies[sequence]))
            for _ in range(house.random.randrange(200)):
                reply = wire.receive()
                answers[booked(reply).sequence] = reply.booked.booked
            house.kill()
            while reply := wire.receive():  # what was on its way counts too
                answers[booked(reply).sequence] = reply.booked.booked
        house.start()
    with contextlib.closing(terminal.connect()) as wire:
        check(terminal.sequence > max(answers), "an acknowledged event is not booked")
        for sequence, bytes_ in sorted(answers.items()):
            reply = wire.ask(book=terminal.book(sequence, *bodies[sequence]))
            check(reply.booked.repeated, f"{sequence} was booked a second time")
            equal(reply.booked.booked, bytes_, f"the answer to {sequence}")
    print(f"        {len(answers)} answers kept")
    house.sound()


def test_a_used_sequence_with_another_body_changes_nothing(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        body, opening = terminal.body("1", card="1")
        first = wire.ask(book=terminal.book(1, body, opening))
        equal(outcome(first).code, 0)
        other = terminal.body("2", card="1")
        conflict = wire.fails("CONFLICT", book=terminal.book(1, *other))
        equal(conflict.expected_sequence, 2)
        again = wire.ask(book=terminal.book(1, body))  # without its opening, too
        equal(again.booked.booked, first.booked.booked, "the answer to the retry")
        check(again.booked.repeated, "a retry says so")
        equal(booked(wire.ask(book=terminal.book(2, *other))).sequence, 2)
    equal(house.sound()["outstanding"], 4)


def test_after_a_gap_everything_is_ahead_until_the_client_resumes(house):
    terminal = Terminal(house, "raw")
    with contextlib.closing(terminal.connect()) as wire:
        for sequence in (1, 3, 4, 5):
            wire.send(book=terminal.book(sequence, *terminal.body(str(sequence))))
        equal(booked(wire.receive()).sequence, 1)
        for _ in range(3):
            reply = wire.receive()
            equal((failure(reply), reply.failure.expected_sequence), ("AHEAD", 2))
        for sequence in (2, 3):
            equal(booked(wire.ask(book=terminal.book(sequence, *terminal.body(f"{sequence}b")))).sequence, sequence)


if __name__ == "__main__":
    harness.main(globals())
