"""What nobody at the till sees: facts that were refused and are booked after all, and what falls due by itself."""

import contextlib
import datetime
import tempfile
import time

import harness
from harness import House, Terminal, check, equal, outcome, run, wait_until

PROGRAMME = """\
programme: time
version: 1
currency: EUR
zone: Europe/Tallinn
locales: [en]
auto_enrol: yes
stores: [{id: kalamaja}]
points:
  name: [{locale: en, one: star, other: stars}]
rules:
  - {id: euro, spend: {give: 10, per: 1.00}}
"""


def with_house(test):
    """The test gets a running daemon of the programme above."""
    def with_programme(_):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(PROGRAMME)
            file.flush()
            house = House(programme=file.name)
            try:
                house.init().start()
                test(house)
                house.sound()
            finally:
                house.close()
    with_programme.__name__ = test.__name__
    return with_programme


@with_house
def test_a_refused_purchase_is_booked_after_all(house):
    till = Terminal(house, "1")
    with contextlib.closing(till.connect()) as wire:
        body, opening = till.body("1017", gross=500, card="anna", at=int(time.time() * 1000) - 40 * 86400000)
        equal(outcome(wire.ask(book=till.book(1, body, opening))).code, 2)  # CODE_CLOCK
    refused = house.ctl("exceptions")
    equal(len(refused), 1)
    entry = refused[0]
    equal((entry["event"], entry["store"], entry["till"], entry["receipt"]), ("purchase", "kalamaja", "1", "1017"))
    check("clock" in entry["reason"], entry)
    shown = run("loyaltyctl", "exceptions", "--data", house.data).stdout
    check("purchase 1017 at kalamaja/1" in shown and "refused: the till's clock" in shown, shown)
    position = str(entry["position"])
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    again = ["exception", "rebook", position, "--card", "anna", "--at", now, "--reason", "its clock was wrong"]
    member = house.ctl(*again)["member"]
    equal(house.ctl("member", "show", str(member))["view"]["available"], 50)
    house.ctl(*again, status=3)  # the receipt is booked once
    equal(house.ctl("exceptions", "--open"), [])
    equal(len(house.ctl("exceptions", "--all")), 1)
    event = house.ctl("event", "show", position)
    check(event["outcome"]["code"] == "CLOCK", event)


@with_house
def test_everybody_is_looked_at_after_a_start(house):
    wait_until(lambda: "ticked_at" in house.status(), "a first round")


if __name__ == "__main__":
    harness.main(globals())
