"""`loyalty-till import` as a shop meets it: what is listed, what it ends with, and what it does about a second time.
Loading much, under kills, is for test_retail_history.py."""

import os
import pty
import subprocess
import time

import harness
from harness import check, equal, wait_until

HEADER = "receipt,till,store,business_date,occurred_at,card,kind,sku,category,labels,quantity,gross,tax,discount\n"


def row(receipt, gross="8.00", card="", kind="purchase", store="", till="front", quantity="1", at=None):
    at = at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{receipt},{till},{store},{at[:10]},{at},{card},{kind},soup,lunch,,{quantity},{gross},,\n"


def journal(house, *rows, header=HEADER, name="journal.csv"):
    path = os.path.join(house.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(header + "".join(rows))
    return path


def imported(till, path, status=0):
    *listed, summary = till.json("import", path, status=status)
    return [(entry["first_line"], entry["last_line"], entry["receipt"], entry["reason"]) for entry in listed], summary


def counts(summary):
    return tuple(summary[name] for name in ("receipts", "booked", "booked_before", "refused", "not_sent"))


def test_a_journal_is_booked_and_a_second_time_left_alone(house):
    till = house.till("front")
    path = journal(house, row(1, card="77"), row(1, card="77"), row(2, card="77"), row(3))
    listed, summary = imported(till, path)
    equal((listed, counts(summary)), ([], (3, 3, 0, 0, 0)))
    view = till.json("balance", "--card", "77")[0]["view"]
    equal((view["available"], view["purchases"]), (24, 2), "what the card has")
    equal(counts(imported(till, path)[1]), (3, 0, 3, 0, 0), "again")
    equal(till.queue()["next_sequence"], 4, "next sequence")
    equal(house.sound()["position"], house.status()["position"])


def test_what_was_rung_up_here_before_is_left_alone(house):
    till = house.till("front")
    till.purchase(5, "soup,lunch,1,8.00")
    equal(counts(imported(till, journal(house, row(5), row(6)))[1]), (2, 1, 1, 0, 0))


def test_bad_rows_stop_nothing_and_are_sent_once_mended(house):
    till = house.till("front")
    rows = [row(1), row(2, gross="8.0"), row(3), row("C4", kind="return", gross="0.00", quantity="-1"), row(5)]
    now = "2026-01-01"
    rows.insert(2, f'2,front,,{now},{now}T10:00:00Z,,purchase,a"b,,,1,1.00,,\n')
    listed, summary = imported(till, journal(house, *rows), status=3)
    equal([entry[:3] for entry in listed], [(3, 3, "2"), (4, 4, None), (5, 5, "3"), (6, 6, "C4")])
    equal(counts(summary), (5, 2, 0, 0, 3))
    done = till.run("import", journal(house, *rows), status=3)
    check("journal.csv:6: receipt C4: without of_receipt" in done.stdout, done.stdout)
    del rows[2]
    rows[1] = row(2)
    listed, summary = imported(till, journal(house, *rows), status=3)
    equal(([entry[2] for entry in listed], counts(summary)), (["C4"], (5, 2, 2, 0, 1)))


def test_returns_are_booked_and_a_second_time_left_alone(house):
    front, back = house.till("front"), house.till("back")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    imported(front, journal(house, row(1, gross="16.00", quantity="2", card="77", at=at)))
    header = HEADER.strip() + ",of_receipt,of_till\n"
    some = row("C2", kind="return", till="back", quantity="-1", gross="-8.00", card="77", at=at).strip() + ",1,front\n"
    path = journal(house, some, header=header)
    equal(counts(imported(back, path)[1]), (1, 1, 0, 0, 0), "once")
    equal(counts(imported(back, path)[1]), (1, 0, 1, 0, 0), "again")
    equal(front.json("balance", "--card", "77")[0]["view"]["available"], 8)
    whole = some.replace("C2", "C3").replace(",-1,", ",1,").replace("-8.00", "8.00")
    equal(counts(imported(back, journal(house, some, whole, header=header))[1]), (2, 1, 1, 0, 0), "the rest")
    equal(front.json("balance", "--card", "77")[0]["view"]["available"], 0)
    # The same number with another purchase is another return.
    listed, _ = imported(back, journal(house, some.replace(",1,front", ",2,front"), header=header), status=3)
    check("with other contents" in listed[0][3], listed)


def test_refusals_are_listed_each_time(house):
    till = house.till("front")
    path = journal(house, row(1), row(2, store="nowhere"), row(3, at="2020-01-01T10:00:00Z"), row(4))
    listed, summary = imported(till, path, status=3)
    equal(counts(summary), (4, 2, 0, 2, 0))
    equal([(entry[0], entry[2]) for entry in listed], [(3, "2"), (4, "3")])
    check("no such store" in listed[0][3] and "clock" in listed[1][3], listed)
    again, summary = imported(till, path, status=3)
    equal((again, counts(summary)), (listed, (4, 0, 2, 2, 0)), "again")


def test_a_receipt_with_other_contents_is_listed_and_stays(house):
    till = house.till("front")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    imported(till, journal(house, row(1, card="77", at=at), row(2, at=at)))
    for other in (row(1, card="78", at=at), row(1, card="77", at=at, gross="9.00"), row(1, card="77", at=at) * 2):
        listed, summary = imported(till, journal(house, other, row(2, at=at)), status=3)
        equal(counts(summary), (2, 0, 1, 0, 1))
        check("with other contents" in listed[0][3], listed)
    # Lines of one receipt that stand apart.
    apart = [row(7, card="77", at=at), row(8, at=at), row(7, card="77", gross="1.00", at=at)]
    equal(counts(imported(till, journal(house, *apart), status=3)[1]), (3, 2, 0, 0, 1))
    equal(till.json("balance", "--card", "77")[0]["view"]["available"], 16)


def test_another_till_cannot_book_a_receipt_again(house):
    front, back = house.till("front"), house.till("back")
    path = journal(house, row(1, card="77"))
    imported(front, path)
    listed, summary = imported(back, path, status=3)
    equal(counts(summary), (1, 0, 0, 1, 0))
    check("booked already" in listed[0][3], listed)
    equal(front.json("balance", "--card", "77")[0]["view"]["purchases"], 1)


def test_a_file_that_is_no_journal_is_refused_as_a_whole(house):
    till = house.till("front")
    for header in ("", "receipt,till\n", HEADER.replace("sku", "article"), HEADER.replace(",gross", ",gross,gross")):
        done = till.run("import", journal(house, row(1), header=header), status=1)
        check("journal.csv: the header" in done.stderr, done.stderr)
    till.run("import", os.path.join(house.folder, "nothing.csv"), status=1)
    till.run("import", status=64)
    equal(till.queue()["next_sequence"], 1, "next sequence")


def test_without_a_daemon_nothing_is_lost(house):
    till = house.till("front")
    rows = [row(n) for n in range(1, 3001)]
    path = journal(house, *rows)
    command = [str(word) for word in till.command("import", path, timeout_ms=300)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as importing:
        wait_until(lambda: house.status()["position"] > 30 or importing.poll() is not None, "the import is on its way")
        house.kill()
        out, errors = importing.communicate(timeout=harness.PATIENCE)
    if importing.returncode != 0:  # it may have been faster than we
        equal(importing.returncode, 1, "exit status without a daemon")
        check("run the same command again" in errors and "so far" in out, out, errors)
    house.start()
    summary = imported(till, path)[1]
    equal(summary["booked"] + summary["booked_before"], 3000)
    equal(till.queue()["waiting"], 0, "waiting")
    tills = [p for p in house.ctl("terminal", "list") if p["label"] == "front"]
    equal(tills[0]["next_sequence"], 3001, "events booked")


def test_what_waited_before_is_delivered_first(house):
    till = house.till("front")
    till.run("purchase", "--receipt", "90", "--line", "soup,lunch,1,8.00", "--offline")
    summary = imported(till, journal(house, row(1), row(90)))[1]
    equal((counts(summary), summary["delivered_earlier"]), ((2, 1, 1, 0, 0), 1))


def test_the_largest_receipt_is_booked_and_a_larger_one_listed(house):
    till = house.till("front")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    penny = row(1, gross="0.01", card="77", at=at).replace(",lunch,", ",sweets,")  # no card is stamped for it
    listed, summary = imported(till, journal(house, penny * 1200, row(2, at=at) * 1201), status=3)
    equal((counts(summary), listed[0][0]), ((2, 1, 0, 0, 1), 1202 + 1200))
    equal(till.json("balance", "--card", "77")[0]["view"]["available"], 12)
    # 1,200 lines of 60 bytes each are no more than 1,200 lines, but more than an event may hold.
    long = row(3, at=at).replace(",soup,", f",{'s' * 40},").replace(",lunch,", f",{'l' * 32},")
    listed, summary = imported(till, journal(house, long * 1200), status=3)
    check("larger than 60 KiB" in listed[0][3], listed)


def test_a_journal_may_come_through_a_pipe(house):
    till = house.till("front")
    text = HEADER + row(1) + row(2)
    command = [str(word) for word in till.command("import", "-")]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=harness.PATIENCE)
    equal((done.returncode, done.stdout.splitlines()[0]),
          (0, "-: 2 receipts: 2 booked, 0 booked before, 0 refused, 0 not sent"), done.stderr)


def test_progress_is_shown_on_a_terminal_only(house):
    till = house.till("front")
    path = journal(house, *[row(n) for n in range(1, 600)])
    check("a second" not in till.run("import", path).stderr)
    path = journal(house, *[row(n) for n in range(1000, 1600)])
    ours, theirs = pty.openpty()
    done = subprocess.run([str(word) for word in till.command("import", path)], stdout=subprocess.PIPE, stderr=theirs,
                          timeout=harness.PATIENCE, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    check("600 receipts" in shown and "100 %" in shown, repr(shown))
    check(b"600 booked" in done.stdout, done.stdout)


if __name__ == "__main__":
    harness.main(globals())
