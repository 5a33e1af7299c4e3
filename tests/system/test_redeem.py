"""Redemptions at the counter by the command line, and races of many tills for the same points, voucher, stock and budget."""

import contextlib
import os
import sys
import tempfile
import threading

import harness
from harness import SOURCE, House, check, equal

sys.path.insert(0, os.path.join(SOURCE, "tests", "interop"))

import loyalty_client
from loyalty_client import SigningKey, Till, event, hash_of_code, now_ms, purchase, release, reserve, statement

TILLS = 20
PROGRAMME = """\
programme: counter
version: 1
currency: EUR
zone: Europe/Tallinn
locales: [en]
stores: [{id: kalamaja}]
points: {name: [{locale: en, one: star, other: stars}]}
rules:
  - {id: euro, spend: {give: 10, per: 1.00}}
  - {id: opening, item: {give: 10, per: unit}, only: {categories: [new]}, limits: [{max: 75, per: ever, for: all}]}
  - {id: welcome, gives: {reward: lunch}, when: {codes: [welcome]}}
rewards:
  - {id: cake, name: [{locale: en, text: Piece of cake}], kind: free_item, cost: 100, only: {categories: [cake]}}
  - {id: mug, kind: gift, cost: 1, limits: [{max: 7, per: ever, for: all}]}
  - {id: lunch, kind: free_item, only: {categories: [lunch]}, valid: {days: 30}}
pay_with_points: {points: 100, worth: 5.00}
reservations: {timeout_minutes: 15, longest_minutes: 60}
"""


@contextlib.contextmanager
def counter():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(PROGRAMME)
        file.flush()
        house = House(programme=file.name)
        try:
            yield house.init().start() or house
            house.sound()
        finally:
            house.close()


def test_a_cashier_reserves_commits_and_releases(_):
    with counter() as house:
        till = house.till()
        till.purchase(1, ",bread,1,125.00", card="anna")
        held = till.json("reserve", "cake,2", "--card", "anna")[-1]
        equal((held["code"], held["member"]["available"], held["member"]["reserved"]), ("ACCEPTED", 1050, 200))
        equal(till.json("reserve", "points:2000", "--card", "anna", status=3)[-1]["code"], "POINTS_SHORT")
        bought = till.purchase(2, ",cake,1,4.00", card="anna", more=["--redeem", f"reservation:{held['position']}"])
        equal(bought["uses"], [{"redemption": 0, "reward": 1, "units": 1, "points": 100, "value": 400}])
        check("Used: Piece of cake, for 100 stars" in bought["lines"], bought["lines"])
        equal((bought["member"]["available"], bought["member"]["reserved"]), (1150, 0))
        again = till.json("reserve", "points:max", "--card", "anna", "--for", "20m")[-1]
        equal(again["member"]["available"], 50)
        equal(till.json("release", again["position"])[-1]["member"]["available"], 1150)
        equal(till.json("release", again["position"], status=3)[-1]["code"], "RESERVATION_ENDED")
        paid = till.purchase(3, ",bread,1,60.00", card="anna", more=["--points", "max"])
        equal(paid["uses"], [{"points": 1100, "value": 5500}])
        check("1,100 stars used, 55.00 EUR off" in paid["lines"], paid["lines"])
        voucher = till.purchase(4, ",bread,1,1.00", card="anna", more=["--code", "welcome"])["vouchers"][0]
        code = voucher["code"]
        house.stop()
        check("lunch" in till.run("check-voucher", voucher["token"]).stdout, "an issued voucher")
        till.run("check-voucher", voucher["token"][:-2] + "AA", status=3)
        house.start()
        equal(till.purchase(5, ",lunch,1,8.00", card="anna", more=["--redeem", "voucher:" + code])["uses"][0]["value"],
              800)
        equal(till.purchase(6, ",lunch,1,8.00", card="anna", status=3, more=["--redeem", "voucher:" + code])["code"],
              "VOUCHER_USED")
        done = till.purchase(7, ",lunch,1,8.00", card="anna", more=["--redeem", "voucher:" + code, "--done"])
        equal(done["exceptions"], ["a voucher was used that had been used before: left out"])
        for number in range(2, 12):
            house.ctl("event", "show", number)


def enrol_all(house):
    tills = []
    operator = loyalty_client.operator(house.socket_path, os.path.join(house.data, "operator.key"))
    with contextlib.closing(operator):
        for number in range(TILLS):
            code = f"RACE1115{number:08}"
            operator.add(statement(invite=event.Invite(code_hash=hash_of_code(code), role=event.ROLE_TERMINAL,
                                                       store="kalamaja", label=f"t{number}", expires_at=now_ms() + 3600000)))
            operator.deliver()
            tills.append(Till.enrolled(house.socket_path, code, SigningKey.generate()))
            tills[-1].connect()
    return tills


def race(tills, make):
    """Each till tells what `make(number)` gives, all at once; the answers, in the order of the tills."""
    answers = [None] * len(tills)
    gate = threading.Barrier(len(tills))

    def one(number):
        body, opening = make(number)
        gate.wait()
        answers[number] = tills[number].tell(body, opening)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(tills))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def codes(answers):
    return sorted(answer.code for answer in answers)


def test_twenty_tills_race(_):
    with counter() as house:
        tills = enrol_all(house)
        first = tills[0]
        # The last 100 points: one wins.
        first.tell(*purchase("1", [("1", "bread", 1000)], "anna"))
        equal(codes(race(tills, lambda n: reserve("anna", reward="cake"))),
              ["ACCEPTED"] + ["POINTS_SHORT"] * (TILLS - 1), "points")
        # One voucher, at twenty tills.
        answer = first.tell(*purchase("2", [("1", "bread", 10)], "bert", codes=["welcome"]))
        code = next(e.voucher.code for e in answer.outcome.effects if e.WhichOneof("kind") == "voucher")
        equal(codes(race(tills, lambda n: purchase("3", [("1", "lunch", 900)], "bert",
                                                   redemptions=[event.Redemption(voucher=code)]))),
              ["ACCEPTED"] + ["VOUCHER_USED"] * (TILLS - 1), "voucher")
        # A stock of seven: bought and reserved.
        first.tell(*purchase("4", [("1", "bread", 1000)], "carl"))
        found = race(tills, lambda n: reserve("carl", reward="mug") if n % 2 else
                     purchase("5", [], "carl", redemptions=[event.Redemption(reward="mug")]))
        equal(codes(found), ["ACCEPTED"] * 7 + ["LIMIT"] * (TILLS - 7), "stock")
        held = [(till, answer.head.position) for till, answer in zip(tills[1::2], found[1::2])
                if answer.code == "ACCEPTED"]
        for till, position in held:
            equal(till.tell(release(position)).code, "ACCEPTED")
        equal(codes(race(tills, lambda n: purchase("6", [], "carl", redemptions=[event.Redemption(reward="mug")]))),
              ["ACCEPTED"] * len(held) + ["LIMIT"] * (TILLS - len(held)), "what was given back")
        # A budget of 75 points, 10 to a customer.
        found = race(tills, lambda n: purchase("7", [("1", "new", 0)], f"new {n}"))
        given = sorted(e.move.amount for answer in found for e in answer.outcome.effects if e.WhichOneof("kind") == "move")
        equal(codes(found), ["ACCEPTED"] * TILLS, "budget")
        equal(given, [5] + [10] * 7, "budget")
        for till in tills:
            till.close()


if __name__ == "__main__":
    harness.main(globals())
