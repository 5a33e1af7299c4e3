"""A full disk never yields a Booked that is not there, and the shop goes on once there is room again."""

import contextlib
import os
import subprocess

import harness
from harness import Skip, Terminal, booked, check, equal, failure, run


@contextlib.contextmanager
def small_disk(house, kilobytes):
    """Moves the data directory onto a file system of this size."""
    if os.geteuid() != 0:
        raise Skip("only root may mount a small disk")
    house.stop()
    moved = house.data + ".moved"
    os.rename(house.data, moved)
    os.mkdir(house.data)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "tmpfs", house.data],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        os.rmdir(house.data)
        os.rename(moved, house.data)
        raise Skip(f"mount: {mounted.stderr.strip()}")
    try:
        run("cp", "-a", moved + "/.", house.data)
        yield
    finally:
        if house.daemon is not None:
            house.daemon.kill()
            house.daemon.wait()
            house.daemon = None
        run("umount", "-l", house.data)


def restart_if_ended(house):
    """A daemon may end itself when it cannot write; it must not end with a lie."""
    if house.daemon.poll() is not None:
        house.daemon = None
        return True
    return False


def test_what_is_answered_is_there_although_the_disk_is_full(house):
    terminal = Terminal(house, "raw")
    bodies = {}
    answers = {}
    retries = 0
    with small_disk(house, 2048):
        house.start()
        with contextlib.closing(terminal.connect()) as wire:
            for sequence in range(1, 4000):
                bodies[sequence] = terminal.body(f"r{sequence}", card=f"c{sequence % 50}")
                with contextlib.suppress(ConnectionError):
                    wire.send(book=terminal.book(sequence, *bodies[sequence]))
                reply = wire.receive()
                if reply is None or failure(reply):
                    check(reply is None or failure(reply) in ("RETRY", "STOPPING"), failure(reply))
                    retries += 1
                    break
                answers[sequence] = reply.booked.booked
        check(retries > 0, "the disk never was full")
        print(f"        full after {len(answers)} events")

        # Still full: nothing is promised, what was answered is still answered the same.
        if not restart_if_ended(house):
            with contextlib.closing(terminal.connect()) as wire:
                equal(terminal.sequence, len(answers) + 1, "expected sequence on a full disk")
                some = house.random.sample(sorted(answers), min(20, len(answers)))
                for sequence in some:
                    reply = wire.ask(book=terminal.book(sequence, *bodies[sequence]))
                    equal(reply.booked.booked, answers[sequence], f"the answer to {sequence}")
            house.kill()

        # Room again: everything goes on where it was.
        run("mount", "-o", "remount,size=64m", house.data)
        house.start()
        with contextlib.closing(terminal.connect()) as wire:
            equal(terminal.sequence, len(answers) + 1, "expected sequence after the restart")
            for sequence in sorted(answers):
                reply = wire.ask(book=terminal.book(sequence, *bodies[sequence]))
                equal(reply.booked.booked, answers[sequence], f"the answer to {sequence}")
            for sequence in range(terminal.sequence, terminal.sequence + 50):
                body = bodies.setdefault(sequence, terminal.body(f"r{sequence}", card=f"c{sequence % 50}"))
                equal(booked(wire.ask(book=terminal.book(sequence, *body))).sequence, sequence)
        house.sound()
        house.stop()


if __name__ == "__main__":
    harness.main(globals())
