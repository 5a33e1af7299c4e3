"""What a cashier does at the counter: who is it, what has he, what could he use, and a voucher while the daemon is away."""

import contextlib
import os
import re
import shlex
import tempfile

import harness
from harness import SOURCE, House, check, equal, run

PROGRAMME = """\
programme: counter
version: 1
currency: EUR
zone: Europe/Tallinn
locales: [en, et]
stores: [{id: kalamaja}]
points:
  name: [{locale: en, one: star, other: stars}, {locale: et, one: täht, other: tähte}]
  expiry: {after: {days: 20}}
rules:
  - {id: euro, spend: {give: 10, per: 1.00}}
  - {id: welcome, gives: {reward: lunch}, when: {codes: [welcome]}}
  - {id: ride, activity: {give: 2, code: cycled, per: 10}}
rewards:
  - {id: cake, name: [{locale: en, text: Piece of cake}], kind: free_item, cost: 100, only: {categories: [cake]}}
  - {id: mug, name: [{locale: en, text: Mug}], kind: gift, cost: 2000}
  - {id: lunch, name: [{locale: en, text: Free lunch}], kind: free_item, only: {categories: [lunch]}, valid: {days: 30}}
pay_with_points: {points: 100, worth: 5.00}
reservations: {timeout_minutes: 15, longest_minutes: 60}
"""


@contextlib.contextmanager
def counter(programme):
    """A running daemon of this programme."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(programme)
        file.flush()
        house = House(programme=file.name)
        try:
            yield house.init().start() or house
            house.sound()
        finally:
            house.close()


def with_counter(test):
    """The test gets a running daemon of the programme above, and its till."""
    def with_house(_):
        with counter(PROGRAMME) as house:
            test(house, house.till())
    with_house.__name__ = test.__name__
    return with_house


def voucher_of(till, receipt, card="anna"):
    return till.purchase(receipt, ",bread,1,1.00", card=card, more=["--code", "welcome"])["vouchers"][0]


@with_counter
def test_any_card_finds_the_customer(house, till):
    joined = till.json("join", "--card", "anna", "--name", "Anna Tamm")[0]
    number = joined["member"]["member"]
    house.ctl("member", "link", number, "--card", "+372 5555 1234")
    equal(house.ctl("member", "profile", number)["name"], "Anna Tamm")
    till.run("join", "--card", "bert", "--name", "Bert", "--offline", status=64)
    till.purchase(1, ",bread,1,125.00", card="anna")
    held = till.json("reserve", "cake", "--card", "anna")[-1]["position"]
    code = voucher_of(till, 2)["code"]
    for verb, card in (("member", "anna"), ("find", "+37255551234"), ("balance", "+372 5555 1234")):
        found = till.json(verb, "--card", card)[0]
        view = found["view"]
        equal((view["member"], view["available"], view["reserved"]), (number, 1160, 100), verb)
        equal([e["points"] for e in view["expiring"]], [1260], "expiring")
        equal([(r["reservation"], r["reward"], r["points"]) for r in view["reservations"]], [(held, "cake", 100)])
        equal([v["code"] for v in view["vouchers"]], [code])
        check("Balance: 1,160 stars" in found["lines"], found["lines"])
        check(f"1,260 stars valid to {view['expiring'][0]['until']}" in found["lines"], found["lines"])
    screen = till.run("member", "--card", "anna").stdout
    check("expiring   1260 after " in screen and f"reservation {held}: 1 x cake, until " in screen, screen)
    printed = till.run("find", "--card", "anna", "--print", "--locale", "et").stdout
    check("Saldo: 1160 tähte" in printed.replace("\u00a0", ""), printed)
    check("belongs to nobody" in till.run("find", "--card", "carl", status=3).stderr, "an unknown card")
    house.stop()
    till.run("find", "--card", "anna", status=1, timeout_ms=300)
    house.start()


@with_counter
def test_a_quote_says_what_the_basket_could_use(house, till):
    till.purchase(1, ",bread,1,125.00", card="anna")
    code = voucher_of(till, 2)["code"]
    quote = till.json("quote", "--card", "anna", "--line", ",cake,1,4.00")[0]
    offers = {offer["reward"]: offer for offer in quote["offers"]}
    equal((offers["cake"]["points"], offers["cake"]["value"], offers["cake"]["lacking"]), (100, 400, 0))
    equal(offers["mug"]["lacking"], 740)
    equal((offers["lunch"]["voucher"], offers["lunch"]["why"]), (code, "nothing in the basket can be paid by it"))
    check("You can have: Piece of cake, for 100 stars" in quote["lines"], quote["lines"])
    check("740 stars more for: Mug" in quote["lines"], quote["lines"])
    screen = till.run("quote", "--card", "anna", "--line", ",lunch,1,8.00").stdout
    check("points:max  for 100  takes 5.00 off" in screen and "lunch  takes 8.00 off" in screen, screen)
    # What was offered is what is booked.
    equal(till.json("redeem", "cake", "--card", "anna", "--receipt", "3", "--line", ",cake,1,4.00")[-1]["uses"],
          [{"redemption": 0, "reward": 1, "units": 1, "points": 100, "value": 400}])
    equal(till.json("redeem", "points:max", "--card", "anna", "--receipt", "4", "--line", ",bread,1,7.00")[-1]["uses"],
          [{"points": 100, "value": 500}])
    till.run("redeem", "cake", "--card", "anna", status=64)
    till.run("redeem", "cake", "--receipt", "5", status=64)


@with_counter
def test_an_activity_says_how_much_of_it_there_was(house, till):
    done = till.json("activity", "cycled", "--card", "anna", "--amount", "42")[-1]
    event = house.ctl("event", "show", done["position"])
    equal((event["body"]["code"], event["body"]["amount"]), ("cycled", 42))
    screen = run("loyaltyctl", "explain", str(done["position"]), "--data", house.data).stdout
    check(re.search(r"ride +42 units +8\.400 +8 +8 +applied", screen), screen)
    without = till.json("activity", "cycled", "--card", "anna")[-1]
    check("amount" not in house.ctl("event", "show", without["position"])["body"], "an amount nobody said")
    equal(till.json("member", "--card", "anna")[0]["view"]["available"], 8)
    for wrong in ("0", "1.5", "-3", "1000000001", "many"):
        refused = till.run("activity", "cycled", "--card", "anna", f"--amount={wrong}", status=64)
        check("is not a whole number from 1 to 1000000000" in refused.stderr, refused.stderr)


@with_counter
def test_a_voucher_from_its_issue_to_its_end(house, till):
    voucher = voucher_of(till, 1)
    code, token = voucher["code"], voucher["token"]
    shown = house.ctl("voucher", "show", code)
    equal((shown["state"], shown["reward"], shown["member"], shown["token"]), ("issued", "lunch", 1, token))
    for screen in (run("loyaltyctl", "voucher", "show", code.lower(), "--qr", "--data", house.data).stdout, till.run("voucher", token, "--qr").stdout):
        check("lunch, issued" in screen and "owner      member 1" in screen and token in screen, screen)
        check("Voucher: Free lunch" in screen, screen)
        check("█" in screen, "a QR code")
    check("Voucher: Free lunch" in till.run("voucher", code, "--print").stdout, "the printer")
    till.run("voucher", code[:-1] + ("0" if code[-1] != "0" else "1"), status=3)
    held = till.json("reserve", "voucher:" + token, "--card", "anna")[-1]["position"]
    equal(till.json("voucher", code)[0]["reservation"], held)
    house.ctl("voucher", "cancel", code, "--reason", "by mistake", status=3)  # it is reserved
    till.run("release", held)
    equal(house.ctl("voucher", "cancel", code, "--reason", "by mistake")["member"], 1)
    equal(till.json("voucher", code)[0]["state"], "cancelled")
    check("token" not in till.json("voucher", code)[0], "no token for what nobody may use")
    house.ctl("voucher", "cancel", code, "--reason", "again", status=3)
    equal(till.json("redeem", "voucher:" + code, "--card", "anna", "--receipt", "2", "--line", ",lunch,1,8.00",
                    status=3)[-1]["code"], "VOUCHER_CANCELLED")


@with_counter
def test_a_voucher_is_taken_while_the_daemon_is_away(house, till):
    first, second = voucher_of(till, 1)["token"], voucher_of(till, 2)["token"]
    house.stop()
    lunch = ["--card", "anna", "--line", ",lunch,1,8.00", "--offline"]
    till.run("redeem", "voucher:" + first, "--receipt", "3", *lunch)
    till.run("redeem", "voucher:" + first, "--receipt", "4", *lunch)  # that it was used only the daemon knows
    forged = till.run("redeem", "voucher:" + second[:-2] + "AA", "--receipt", "5", *lunch, status=1)
    check("no voucher of this programme" in forged.stderr, forged.stderr)
    equal(till.queue()["waiting"], 2)
    house.start()
    answers = {answer["receipt"]: answer for answer in till.json("send")}
    equal(answers["3"]["uses"][0]["value"], 800)
    equal(answers["4"]["exceptions"], ["a voucher was used that had been used before: left out"])


def test_a_voucher_is_fetched_by_a_friend(_):
    with counter(PROGRAMME + "bearer_vouchers: yes\n") as house:
        till = house.till()
        token = voucher_of(till, 1)["token"]
        used = till.json("redeem", "voucher:" + token, "--receipt", "2", "--line", ",lunch,1,8.00")[-1]
        equal((used["code"], used["member"]["member"], used["uses"][0]["value"]), ("ACCEPTED", 1, 800))


@with_counter
def test_a_refused_purchase_leaves_its_receipt_number(house, till):
    till.purchase(1, ",bread,1,1.00", card="anna")
    cake = [",cake,1,4.00"]
    equal(till.purchase(2, *cake, card="anna", more=["--redeem", "cake"], status=3)["code"], "POINTS_SHORT")
    equal(till.purchase(2, *cake, card="anna")["code"], "ACCEPTED")
    again = till.run("purchase", "--receipt", "2", "--card", "anna", "--line", *cake)
    check("was rung up before" in again.stderr, again.stderr)
    equal(till.json("member", "--card", "anna")[0]["view"]["available"], 50)


def test_what_the_cafes_page_tells_to_say_works(_):
    with open(os.path.join(SOURCE, "docs/cafe.md"), encoding="utf-8") as file:
        page = file.read()
    with counter(re.search(r"```yaml\n(.*?)```", page, re.DOTALL).group(1)) as house:
        till = house.till(store="cafe", label="counter")
        vouchers = [till.purchase(n, "soup,lunch,9,72.00", card="5551234")["vouchers"][0] for n in (1, 2, 3)]
        said = re.findall(r"^    \$ (loyalty-till (?!enrol).*)$", page, re.MULTILINE) + \
            [line.replace("\n", " ") for line in re.findall(r"`(loyalty-till quote [^`]*)`", page)]
        check(len(said) >= 5, said)
        for line in said:
            line = line.replace("/home/cafe/till", till.folder)
            if "CODE" in line:
                line = line.replace("CODE", vouchers.pop()["code"])
            words = shlex.split(line)
            run(*words, *([] if "--till" in words else ["--till", till.folder]))
        equal(len(vouchers), 1, "vouchers that the page did not use")
        shown = house.ctl("voucher", "show", vouchers[0]["code"])
        equal((shown["reward"], shown["state"]), ("free_lunch", "issued"))


if __name__ == "__main__":
    harness.main(globals())
