"""A till from its invite to its receipts, through the programs a shop uses."""

import datetime
import json
import os
import pty
import stat
import subprocess

import harness
from harness import PROGRAMME, Till, check, equal, run

LUNCH = "soup,lunch,1,8.00"


def yesterday():
    return (datetime.date.today() - datetime.timedelta(days=1)).isoformat()


def test_a_code_makes_a_till_once(house):
    code = house.invite("kalamaja", "front")
    till = Till(house, "a")
    first = till.enrol(code)[0]
    equal((first["store"], first["label"]), ("kalamaja", "front"))
    equal(till.enrol(code)[0], first, "the same code and key again")
    equal(till.enrol(code.replace("-", "").lower())[0], first, "the same code as typed by hand")
    other = Till(house, "b")
    other.enrol(code, status=1)
    tills = [p for p in house.ctl("terminal", "list") if p["role"] == "terminal"]
    equal(len(tills), 1, "tills")
    other.enrol(house.invite("kalamaja", "front"))
    till.enrol(house.invite(), status=1)  # a till stays who it is


def test_unknown_and_expired_codes_are_refused(house):
    till = Till(house, "a")
    till.enrol("AAAA-BBBB-CCCC-DDDD", status=1)
    till.enrol("not a code!", status=1)
    code = house.invite("kalamaja", "1", "--expires", "1s")
    harness.time.sleep(1.2)
    till.enrol(code, status=1)
    till.enrol(house.invite())
    equal(till.purchase(1, LUNCH)["state"], "booked")


def test_a_store_the_programme_does_not_have_gets_no_till(house):
    done = run("loyaltyctl", "terminal", "invite", "--store", "nowhere", "--label", "x", "--data", house.data,
               status=None)
    if done.returncode == 0:
        code = [line.strip() for line in done.stdout.splitlines() if line.startswith("    ")][0]
        till = Till(house, "a")
        enrolled = till.run("enrol", house.url, code, status=None)
        if enrolled.returncode == 0:
            equal(till.purchase(1, LUNCH, status=3)["code"], "UNKNOWN_STORE")


def test_a_member_is_known_by_two_cards_and_then_by_none(house):
    def ctl(*arguments, status=0):
        return run("loyaltyctl", *arguments, "--data", house.data, status=status).stdout

    till = house.till()
    till.purchase(1, LUNCH, card="first")
    member = str(till.json("balance", "--card", "first")[0]["view"]["member"])
    check("one more card" in ctl("member", "link", member, "--card", "sec ond"))
    ctl("member", "link", member, "--card", "first", status=3)
    till.purchase(2, LUNCH, card="SECOND")
    equal(till.json("balance", "--card", "first")[0]["view"]["purchases"], 2)
    profile = house.ctl("member", "profile", member, "--set", "name=Anna Kask", "--set", "birthday=--02-29",
                        "--set", "segments=student,staff")
    equal((profile["name"], profile["birthday"], profile["segments"]), ("Anna Kask", "--02-29", ["student", "staff"]))
    profile = house.ctl("member", "profile", member, "--set", "birthday=1984-02-29", "--set", "segments=")
    equal((profile["name"], profile["birthday"], profile["segments"]), ("Anna Kask", "1984-02-29", []))
    ctl("member", "profile", member, "--set", "birthday=1983-02-29", status=1)
    ctl("member", "erase", member, status=64)
    ctl("member", "erase", member, "--yes", "--reason", "asked for it")
    house.restart()
    till.run("balance", "--card", "second", status=3)
    check("name" not in house.ctl("member", "profile", member))
    equal(house.ctl("member", "show", member)["view"]["purchases"], 2)


def test_a_customer_earns_points_stamps_and_the_free_lunch(house):
    till = house.till()
    answer = till.purchase(1, "soup,lunch,7,52.50", "espresso,coffee,1,2.20", card="2200 0001")
    equal((answer["state"], answer["code"], answer["points"]), ("booked", "ACCEPTED", 54))
    check("Lunch card: 7 of 9" in answer["lines"], answer["lines"])
    answer = till.purchase(2, "soup,lunch,2,15.00", card="22000001")
    equal([v["reward"] for v in answer["vouchers"]], ["free_lunch"])
    code = answer["vouchers"][0]["code"]
    grouped = "-".join(code[i:i + 4] for i in range(0, len(code), 4))
    check(f"  voucher {grouped}" in answer["lines"], answer["lines"], "people read codes in groups")
    check(f"voucher {grouped}:" in till.run("balance", "--card", "22000001").stdout, "the till's screen")
    member = till.json("balance", "--card", "2200-0001")[0]["view"]
    equal(member["available"], 69, "stars")
    equal({c["card"]: c["stamps"] for c in member["cards"]}, {"lunch": 0, "coffee": 1})
    equal(member["purchases"], 2)
    equal(house.ctl("member", "show", str(member["member"]))["view"], member, "the operator's view")
    equal(house.sound()["outstanding"], 69)


def test_what_a_customer_reads_is_in_the_customers_language(house):
    till = house.till()
    done = till.run("purchase", "--receipt", "7", "--card", "4444", "--line", LUNCH, "--locale", "et")
    check("Teenisid 8 tähte" in done.stdout, done.stdout)
    check("Total" in done.stdout and "8.00" in done.stdout, done.stdout)


def test_a_purchase_without_a_card_is_booked_too(house):
    till = house.till()
    answer = till.purchase(1, LUNCH)
    equal((answer["state"], answer["points"]), ("booked", 0))


def test_a_receipt_counts_once_whichever_till_sends_it(house):
    a = house.till("a", label="a")
    b = house.till("b", label="b")
    equal(a.purchase(10, LUNCH, card="1")["code"], "ACCEPTED")
    # The same till: the outbox knows it, nothing is sent.
    done = a.run("purchase", "--receipt", "10", "--card", "1", "--line", LUNCH)
    check("rung up before" in done.stderr, done.stderr)
    # Another till that delivers it under the first one's label: the daemon knows it.
    answer = b.purchase(10, LUNCH, card="1", more=("--till-label", "a"), status=3)
    equal((answer["state"], answer["code"]), ("refused", "DUPLICATE_RECEIPT"))
    # Another till's own receipt of that number is another one.
    equal(b.purchase(10, LUNCH, card="1")["code"], "ACCEPTED")
    equal(house.sound()["outstanding"], 16)


def test_a_card_joins_once(house):
    till = house.till()
    equal(till.json("join", "--card", "5555")[0]["code"], "ACCEPTED")
    equal(till.json("join", "--card", "5555", status=3)[0]["code"], "MEMBER_EXISTS")
    till.run("balance", "--card", "5555")
    till.run("balance", "--card", "6666", status=3)


def test_a_till_works_on_while_the_daemon_is_away(house):
    till = house.till()
    house.stop()
    for receipt in range(1, 6):
        answer = till.purchase(receipt, LUNCH, card="1", timeout_ms=100)
        equal(answer["state"], "queued")
    equal(till.purchase(6, LUNCH, card="1", more=("--offline",))["state"], "queued")
    queue = till.queue()
    equal((queue["waiting"], queue["acknowledged"]), (6, 0))
    house.start()
    answers = till.json("send")
    equal([a["state"] for a in answers], ["booked"] * 6)
    equal([a["sequence"] for a in answers], [1, 2, 3, 4, 5, 6])
    equal(till.json("balance", "--card", "1")[0]["view"]["available"], 48)
    queue = till.queue()
    equal((queue["waiting"], queue["acknowledged"]), (0, 6))


def test_a_retry_gets_the_same_bytes_for_ever(house):
    till = house.till()
    for receipt in range(1, 21):
        till.purchase(receipt, LUNCH, card=str(receipt % 3 + 1))
    for again in range(2):
        answers = till.json("send", "--again")
        equal(len(answers), 20)
        check(all(a["repeated"] and a["same"] for a in answers), answers)
        if again == 0:
            house.restart()
    equal(house.sound()["outstanding"], 160)


def test_one_process_at_a_time_uses_a_till(house):
    till = house.till()
    day = os.path.join(till.folder, "day.csv")
    with open(day, "w", encoding="utf-8") as file:
        file.write("receipt,time,card,sku,category,quantity,gross,labels\n")
        file.writelines(f"{i},00:00,,x,lunch,1,1.00,\n" for i in (1, 2))
    command = [str(c) for c in till.command("purchase", "--from", day, "--date", yesterday(), "--pace", 4000, "--brief")]
    slow = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        check(slow.stdout.readline() != "", "the first purchase was not answered")
        done = till.run("queue", status=1)
        check("another loyalty-till" in done.stderr, done.stderr)
    finally:
        slow.kill()
        slow.wait(harness.PATIENCE)
        slow.stdout.close()
    equal(till.queue()["acknowledged"], 1)


def test_keys_and_queues_are_nobody_elses_business(house):
    till = house.till()
    till.purchase(1, LUNCH, card="1")
    for folder, names in ((till.folder, ("till.key", "outbox.db")), (house.data, ("daemon.key", "operator.key"))):
        for name in names:
            mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
            check(mode & 0o077 == 0, f"{name} has mode {mode:o}")


def test_a_day_from_a_file_can_be_played_again(house):
    till = house.till("k", label="1")
    day = os.path.join(harness.SOURCE, "docs/examples/day-kalamaja.csv")
    answers = till.json("purchase", "--from", day, "--date", yesterday())
    receipts = [a["receipt"] for a in answers]
    equal(len(receipts), len(set(receipts)), "receipts answered once")
    done = till.run("purchase", "--from", day, "--date", yesterday(), "--json")
    equal(done.stdout, "", "answers to a file played again")
    check("not sent twice" in done.stderr, done.stderr)
    house.sound()


def test_nonsense_never_reaches_the_queue(house):
    till = house.till()
    for line in ("soup,lunch,1,8.0", "soup,lunch,1,8.000", "soup,lunch,1,1e3", "soup,lunch,01,8.00", "soup,lunch,1",
                 "soup,lunch,1,", "soup,lunch,,8.00", "soup,lunch,1.2345,8.00", "soup,lunch,1,08.00",
                 "x" * 41 + ",lunch,1,8.00", "soup,lunch,1,99999999999999999999.00"):
        till.run("purchase", "--receipt", "1", "--line", line, status=1)
    till.run("purchase", "--receipt", "n" * 41, "--line", LUNCH, status=1)
    till.run("purchase", "--receipt", "1", "--card", "---", "--line", LUNCH, status=1)
    till.run("purchase", "--receipt", "1", "--line", LUNCH, "--tender", "gold=1.00", status=1)
    till.run("purchase", "--line", LUNCH, status=64)
    equal(till.queue()["next_sequence"], 1)


def test_the_operator_sees_what_was_recorded_and_why(house):
    till = house.till()
    answer = till.purchase(1, "soup,lunch,9,72.00", card="1")
    event = house.ctl("event", "show", str(answer["position"]))
    equal(event["position"], answer["position"])
    equal(event["chain"], answer["chain"])
    equal(event["body"]["receipt"]["number"], "1")
    equal(event["body"]["lines"][0]["gross"], 7200)
    equal(event["outcome"]["code"], "ACCEPTED")
    equal(sorted({e["effect"] for e in event["outcome"]["effects"]} & {"move", "stamps", "voucher"}),
          ["move", "stamps", "voucher"])
    check(any("every_euro" in line for line in event["trace"]), event["trace"])
    house.ctl("event", "show", "999", status=1)
    text = run("loyaltyctl", "event", "show", str(answer["position"]), "--data", house.data).stdout
    check("gross: 7200" in text, text)
    check('"1"' not in json.dumps(event["body"].get("card_commitment", "")), "a card in the log")


def answered(answer, programme, house, status=0):
    """What apply says to somebody at a terminal who answers so."""
    master, slave = pty.openpty()
    try:
        os.write(master, answer.encode())
        done = subprocess.run(["loyaltyctl", "programme", "apply", programme, "--data", house.data], stdin=slave,
                              capture_output=True, text=True, check=False, timeout=harness.PATIENCE)
    finally:
        os.close(master)
        os.close(slave)
    equal(done.returncode, status, done.stderr)
    check("Apply it? [y/N]" in done.stdout, done.stdout)
    return done.stdout


def test_a_programme_is_checked_before_it_is_applied(house):
    wrong = os.path.join(house.folder, "wrong.yaml")
    with open(PROGRAMME, encoding="utf-8") as source, open(wrong, "w", encoding="utf-8") as target:
        target.write(source.read().replace("required: 9", "required: nine"))
    done = run("loyaltyctl", "programme", "check", wrong, status=1)
    check(done.stdout.startswith(wrong + ":"), done.stdout)
    run("loyaltyctl", "programme", "check", PROGRAMME)
    run("loyaltyctl", "programme", "apply", wrong, "--data", house.data, status=1)
    run("loyaltyctl", "programme", "apply", PROGRAMME, "--data", house.data, status=1)  # not a higher version
    right = os.path.join(house.folder, "right.yaml")
    with open(PROGRAMME, encoding="utf-8") as source, open(right, "w", encoding="utf-8") as target:
        target.write(source.read().replace("version: 1 ", "version: 2 ").replace("give: 1, per: 1.00", "give: 3, per: 1.00"))
    done = run("loyaltyctl", "programme", "apply", right, "--data", house.data, status=64)
    check("--yes" in done.stderr, done.stderr)  # nobody is at the terminal
    said = "rule every_euro: gives: 3 points for every 1.00 (before: 1 point for every 1.00)"
    done = run("loyaltyctl", "programme", "diff", PROGRAMME, right)
    check(said in done.stdout and done.stdout.count("\n") == 2, done.stdout)
    done = run("loyaltyctl", "programme", "diff", PROGRAMME, right, "--json")
    equal([d["what"] for d in json.loads(done.stdout)["differences"]], ["rule every_euro"])
    run("loyaltyctl", "programme", "diff", PROGRAMME, wrong, status=1)
    check(answered("n\n", right, house, status=1).endswith("It is not applied.\n"), "a no")
    done = run("loyaltyctl", "programme", "apply", right, "--yes", "--data", house.data)
    check(said in done.stdout and "Version 2" in done.stdout, done.stdout)
    with open(right, encoding="utf-8") as file:
        equal(run("loyaltyctl", "programme", "show", "--data", house.data).stdout, file.read())
    equal(house.till().purchase(1, LUNCH, card="1")["points"], 24)
    house.restart()
    equal(house.status()["programme_version"], 2)
    third = os.path.join(house.folder, "third.yaml")
    with open(right, encoding="utf-8") as source, open(third, "w", encoding="utf-8") as target:
        target.write(source.read().replace("version: 2 ", "version: 3 "))
    said = answered("y\n", third, house)
    check("nothing changes for members" in said and "Version 3" in said, said)


def test_a_revoked_till_books_nothing_more(house):
    till = house.till()
    equal(till.purchase(1, LUNCH, card="1")["code"], "ACCEPTED")
    number = [p["principal"] for p in house.ctl("terminal", "list") if p["role"] == "terminal"][0]
    house.ctl("terminal", "revoke", str(number), "--reason", "stolen")
    done = till.run("purchase", "--receipt", "2", "--card", "1", "--line", LUNCH, status=4)
    check("REVOKED" in done.stderr, done.stderr)
    house.restart()
    till.run("send", status=4)
    equal(till.queue()["waiting"], 1, "what a revoked till queued stays with it")
    equal(house.sound()["outstanding"], 8)
    house.ctl("terminal", "revoke", str(number), status=3)  # it is already
    house.ctl("terminal", "revoke", "77", status=3)


def test_a_copied_till_raises_an_alarm(house):
    import shutil
    till = house.till("a")
    till.purchase(1, LUNCH, card="1")
    copy = Till(house, "copy")
    shutil.copytree(till.folder, copy.folder)
    equal(till.purchase(2, LUNCH, card="1")["code"], "ACCEPTED")
    done = copy.run("purchase", "--receipt", "3", "--card", "1", "--line", LUNCH, status=4)
    check("ALARM" in done.stderr and "CONFLICT" in done.stderr, done.stderr)
    copy = Till(house, "older")
    shutil.copytree(till.folder, copy.folder)
    till.purchase(4, LUNCH, card="1")
    done = copy.run("send", status=4)
    check("ALARM" in done.stderr, done.stderr)
    equal(house.sound()["outstanding"], 24)


if __name__ == "__main__":
    harness.main(globals())
