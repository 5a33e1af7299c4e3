"""A log proves itself, a changed one does not, and a copy goes on where it was made: the real programs."""

import json
import os
import shutil
import sqlite3

import harness
import holdings
from harness import check, equal, run

LUNCH = "soup,lunch,1,8.00"
REFUTED = 4


def shop(house, purchases=30):
    """A till that sold something to seven customers, one of them with enough lunches for a voucher."""
    till = house.till("a")
    for number in range(1, purchases + 1):
        till.purchase(number, LUNCH, "tea,coffee,2,5.00", card=None if number % 10 == 0 else f"card {number % 3}")
    return till


def verify(path, *more, status=0):
    return json.loads(run("loyaltyctl", "verify", path, "--json", *more, status=status).stdout)


def changed_copy(house, name, change):
    """A copy of the stopped daemon's store with something changed behind everybody's back."""
    path = os.path.join(house.folder, name + ".db")
    shutil.copy(os.path.join(house.data, "loyalty.db"), path)
    database = sqlite3.connect(path)
    with database:
        change(database)
    database.close()
    return path


def flip(column, position):
    """Changes one byte in the middle of a column of an event."""
    def change(database):
        old = database.execute(f"SELECT {column} FROM event WHERE position = ?", (position,)).fetchone()[0]
        new = bytearray(old)
        new[len(new) // 2] ^= 1
        database.execute(f"UPDATE event SET {column} = ? WHERE position = ?", (bytes(new), position))
    return change


def add_one(table, column, where):
    def change(database):
        equal(database.execute(f"UPDATE {table} SET {column} = {column} + 1 WHERE {where}").rowcount, 1, "rows changed")
    return change


def one_point_more(database):
    """Adds a point to the last lot of member 1, all of whose holdings are one packed column."""
    (packed,) = database.execute("SELECT holdings FROM member WHERE member = 1").fetchone()
    rows = holdings.unpack(packed)
    equal(holdings.pack(rows), packed, "as the format says")
    [row for kind, row in rows if kind == holdings.LOT][-1][holdings.LEFT] += 1
    database.execute("UPDATE member SET holdings = ? WHERE member = 1", (holdings.pack(rows),))


def test_a_log_holds_and_says_so(house):
    shop(house)
    house.stop()
    verdict = verify(house.data)
    check(verdict["holds"] and verdict["signatures"], verdict)
    check(verdict["events"] > 30, verdict)
    check(not verify(house.data, "--fast")["signatures"], "signatures were checked")
    house.start()
    equal(run("loyaltyctl", "verify", house.data, status=1).stdout, "", "a verdict on a store in use")


def test_one_changed_byte_is_found_and_named(house):
    shop(house)
    house.stop()
    for column in ["body", "signature", "context", "outcome", "chain"]:
        verdict = verify(changed_copy(house, column, flip(column, 20)), status=REFUTED)
        equal((verdict["holds"], verdict["position"]), (False, 20), column)
    wrong_key = verify(changed_copy(house, "key", add_one("event", "key_no", "position = 21")), status=REFUTED)
    equal(wrong_key["position"], 21, "key_no")
    entry = changed_copy(house, "entry", add_one("entry", "amount", "id = (SELECT max(id) FROM entry)"))
    verdict = verify(entry, status=REFUTED)
    last = sqlite3.connect(entry).execute("SELECT max(id) / 16384 FROM entry").fetchone()[0]
    equal((verdict["part"], verdict["position"]), ("entry", last), "entry")
    for name, change in [
            ("balance", add_one("account", "balance", "account = 0")),
            ("available", add_one("member", "available", "member = 1")),
            ("lot", one_point_more),
            ("till_day", add_one("till_day", "gross", "1"))]:
        verdict = verify(changed_copy(house, name, change), status=REFUTED)
        check(not verdict["holds"], name, verdict)
        if name in ("available", "lot"):
            check(verdict["position"] > 0, "the member's last event is named", verdict)
            check("member 1" in verdict["text"], verdict)
        if name == "lot":
            check("LOT" in verdict["text"] and "left is" in verdict["text"], verdict)


def test_a_signature_of_another_key_is_found_though_the_chain_holds(house):
    """Whoever can write the store can mend the chain; without the key he cannot mend the signature."""
    shop(house, 25)
    house.stop()
    path = changed_copy(house, "forged", forge(12))
    verdict = verify(path, status=REFUTED)
    equal((verdict["part"], verdict["position"]), ("signature", 12))
    check(verify(path, "--fast")["holds"], "--fast looked at signatures")
    last = verify(house.data)["events"]
    equal(verify(changed_copy(house, "last", forge(last)), status=REFUTED)["position"], last, "the last signature")

    def twice(database):
        forge(12)(database)
        flip("chain", 13)(database)  # which is found before the signature is
    verdict = verify(changed_copy(house, "twice", twice), status=REFUTED)
    equal((verdict["part"], verdict["position"]), ("signature", 12), "the first of two")


def forge(at):
    """Swaps the signature of an event and mends the chain from there on."""
    def change(database):
        database.execute("UPDATE event SET signature = ? WHERE position = ?", (bytes(64), at))
        chain = database.execute("SELECT chain FROM event WHERE position = ?", (at - 1,)).fetchone()[0]
        rows = database.execute("SELECT position, booked_at, principal, key_no, sequence, body, signature, context, outcome FROM event"
                                " WHERE position >= ? ORDER BY position", (at,)).fetchall()
        for position, booked_at, principal, key_no, sequence, body, signature, context, outcome in rows:
            leaf = harness.digest(b"loyaltyd leaf v1\0", position.to_bytes(8, "big"), booked_at.to_bytes(8, "big"),
                                  principal.to_bytes(4, "big"), key_no.to_bytes(4, "big"), sequence.to_bytes(8, "big"),
                                  harness.digest(body), harness.digest(signature), harness.digest(context),
                                  harness.digest(outcome))
            chain = harness.digest(b"loyaltyd link v1\0", chain, leaf)
            database.execute("UPDATE event SET chain = ? WHERE position = ?", (chain, position))
    return change


def test_a_copy_of_a_working_daemon_holds(house):
    till = shop(house)
    copy = os.path.join(house.folder, "copy.db")
    house.ctl("backup", copy)
    check(verify(copy)["holds"], "the copy")
    run("loyaltyctl", "backup", copy, "--data", house.data, status=1)  # never overwrites
    run("loyaltyctl", "backup", "/nowhere/copy.db", "--data", house.data, status=1)
    equal(till.purchase(100, LUNCH, card="card 1")["state"], "booked")
    house.sound()


def test_tills_bring_a_restored_log_up_to_date(house):
    till = shop(house, 10)
    copy = os.path.join(house.folder, "copy.db")
    house.ctl("backup", copy)
    for number in range(11, 21):
        till.purchase(number, LUNCH, card="card 1")
    before = house.ctl("member", "show", "--card", "card 1")
    house.stop()
    lost = house.data + ".lost"
    os.rename(house.data, lost)
    run("loyaltyctl", "restore", copy, house.data, "--keys", lost, "--listen", f"127.0.0.1:{house.port}")
    run("loyaltyctl", "restore", copy, house.data, "--keys", lost, status=1)  # not over a directory that is in use
    house.start()
    equal(till.purchase(21, LUNCH, card="card 1")["state"], "booked")
    after = house.ctl("member", "show", "--card", "card 1")
    equal(after["view"]["purchases"], before["view"]["purchases"] + 1, "purchases")
    equal(after["view"]["available"], before["view"]["available"] + 8, "points")
    house.sound()
    house.stop()
    check(verify(house.data)["holds"], "the log after the restoring")


if __name__ == "__main__":
    harness.main(globals())
