"""Baskets of a bakery on two stamp cards, loaded through two tills that are killed on the way, like the daemon, and held
against a count of our own.

The source has neither customers nor dates nor tills. By rules of ours: receipt n was rung up n times five minutes after
six o'clock of New Year 2024 (UTC), at till n modulo 2; every seventh receipt has no card, the others that of customer
n modulo 500. The first 40,000 of its 75,000 receipts are taken."""

import collections
import csv
import datetime
import gzip
import itertools
import os
import random
import tempfile

import harness
import history
from harness import equal

RECEIPTS = 40000
TILLS = 2
KILLS = 5
FIRST = datetime.datetime(2024, 1, 1, 6, tzinfo=datetime.timezone.utc)
HEADER = "occurred_at,business_date,till,receipt,kind,card,category,sku,quantity,gross,tax,discount,labels,tender_cash"
PROGRAMME = """\
programme: bakery
version: 1
currency: USD
zone: UTC
stores: [{id: corner}]
rules:
  - {id: coffee_stamp, card: coffee, item: {give: 1}, only: {categories: [coffee]}}
  - {id: ten_dollars, card: baskets, visit: {give: 1}, when: {min_basket: 10.00}}
stamp_cards:
  - {id: coffee, required: 9, gives: {reward: free_coffee}}
  - {id: baskets, required: 4, gives: {reward: surprise}}
rewards:
  - {id: free_coffee, kind: free_item, only: {categories: [coffee]}}
  - {id: surprise, kind: gift}
"""
REQUIRED = {"coffee": 9, "baskets": 4}

Good = collections.namedtuple("Good", "name category cents")
Receipt = collections.namedtuple("Receipt", "number card lines")  # lines: (good, pieces)


def read():
    """The receipts, in the order of their numbers."""
    with open(history.data("cafe/extended_bakery_goods.csv"), encoding="utf-8") as file:
        goods = {row["ItemIndex"]: Good(row["ItemIndex"], row["ItemType"].lower().replace(" ", "_"),
                                        int(row["ItemPrice"].replace(".", "")))
                 for row in csv.DictReader(file)}
    receipts = []
    with gzip.open(history.data("cafe/extended_bakery_75000i.csv.gz"), "rt", encoding="utf-8") as file:
        for number, rows in itertools.groupby(itertools.islice(csv.reader(file), 1, None), lambda row: int(row[0])):
            if number > RECEIPTS:
                break
            card = "" if number % 7 == 0 else f"B-{number % 500:03}"
            receipts.append(Receipt(number, card, [(goods[good], int(pieces)) for _, pieces, good in rows]))
    return receipts


def write(path, receipts):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEADER + "\r\n")
        for number, card, lines in receipts:
            time = FIRST + datetime.timedelta(minutes=5 * number)
            for good, pieces in lines:
                cents = good.cents * pieces
                amount = f"{cents // 100}.{cents % 100:02}"
                file.write(f'{time.isoformat()},{time.date()},"till-{number % TILLS}",{number},purchase,{card},'
                           f'{good.category},{good.name},{pieces},{amount},0,0,"",{amount}\r\n')
    return path


def count(receipts):
    """card -> stamps on and completions of each stamp card, purchases. No order matters here."""
    stamps = collections.defaultdict(lambda: dict.fromkeys(REQUIRED, 0))
    purchases = collections.Counter()
    for receipt in receipts:
        if receipt.card:
            coffees = sum(pieces for good, pieces in receipt.lines if good.category == "coffee")
            stamps[receipt.card]["coffee"] += coffees
            if sum(good.cents * pieces for good, pieces in receipt.lines) >= 1000:
                stamps[receipt.card]["baskets"] += 1
            purchases[receipt.card] += 1
    counted = {card: {name: (given % REQUIRED[name], given // REQUIRED[name]) for name, given in of_card.items()}
               for card, of_card in stamps.items()}
    return counted, purchases


def members_by_booking(events, of_principal):
    """member -> card: members are numbered as they first appear in the log."""
    cards = {}
    for event in events:
        if event.principal in of_principal:
            card = of_principal[event.principal][event.sequence - 1].card
            if card:
                cards.setdefault(card, len(cards) + 1)
    return {member: card for card, member in cards.items()}


def compare(copy, cards, counted, purchases):
    rows = {kind: copy.holdings(kind) for kind in (history.MEMBER, history.STAMPS, history.VOUCHER)}
    equal(len(rows[history.MEMBER]), len(counted), "members")
    names = {}
    for member, card in cards.items():
        equal(rows[history.MEMBER][member][0][6], purchases[card], f"purchases of {card}")
        found = {names.setdefault(row[0], name): (row[2], row[3] or 0)
                 for row, name in zip(rows[history.STAMPS][member], REQUIRED)}
        equal(found, counted[card], f"stamps and completions of {card}")
        equal(len(rows[history.VOUCHER][member]), sum(done for _, done in counted[card].values()), f"vouchers of {card}")
    equal(copy.one("SELECT count(*) FROM voucher"), sum(done for of_card in counted.values()
                                                        for _, done in of_card.values()), "vouchers")


def test_every_stamp_of_a_bakery_is_given_once(_house):
    rng = random.Random(harness.SEED)
    receipts = read()
    of_till = [[r for r in receipts if r.number % TILLS == till] for till in range(TILLS)]
    with tempfile.TemporaryDirectory(prefix="loyaltyd-bakery.") as folder:
        journals = [write(os.path.join(folder, f"{n}.csv"), of_one) for n, of_one in enumerate(of_till)]
        house = history.loading_house(folder, PROGRAMME)
        try:
            tills = [house.till(f"till-{n}", "corner") for n in range(TILLS)]
            seconds = history.import_all(house, tills, journals, KILLS, rng)
            print(f"{len(receipts)} receipts, {len(receipts) / seconds:.0f} a second")
            for till, journal, of_one in zip(tills, journals, of_till):
                _, again = history.import_once(till, journal)
                equal((again["booked"], again["booked_before"]), (0, len(of_one)), "the same journal once more")
            of_principal = {number: of_till[int(label[-1])] for label, number in history.principals(house).items()}
            equal(house.sound()["outstanding"], 0, "points")
            house.stop()
            history.prove(house)
            copy = history.Copy(house)
            events = copy.events()
            equal(sum(event.principal in of_principal for event in events), len(receipts), "events booked")
            counted, purchases = count(receipts)
            compare(copy, members_by_booking(events, of_principal), counted, purchases)
            print(f"{len(counted)} members, {copy.one('SELECT count(*) FROM voucher')} vouchers")
            house.start()
            for card, view in history.members(house, rng.sample(sorted(counted), 10)).items():
                equal({c["card"]: (c["stamps"], c["completed"]) for c in view["cards"]}, counted[card], card)
        finally:
            house.close()


if __name__ == "__main__":
    history.use_release()
    harness.main(globals())
