"""The wholesaler's year with its returns, in the order of time, loaded as history through three tills that are killed on
the way, like the daemon, and held against a computation of our own, to the point. What stands in the log is asked only
for the order in which events were booked.

The suite takes a sixteenth of the customers; all of them, as a command of its own (some minutes):

    LOYALTY_RETAIL=whole PATH=$PWD/build/release:$PWD/build/release/client:$PATH \\
        /usr/bin/python3 tests/system/test_retail_returns.py
"""

import collections
import functools
import os
import random
import tempfile

import harness
import history
import retail
from harness import check, equal
from retail import day_of, day_of_ms, end_of_month_after, ms_of

WHOLE = os.environ.get("LOYALTY_RETAIL") == "whole"
SHARE, CHOSEN = 16, 10  # among them are the two who end up owing most
PROGRAMME = """\
programme: wholesale
version: 1
currency: GBP
zone: Europe/London
stores: [{{id: warehouse}}]
basis: {{exclude: {{categories: [fees]}}}}
points:
  name: [{{locale: en, one: point, other: points}}]
  expiry: {{after: {{months: {months}, round: end_of_month}}}}
rules:
  - {{id: pound, spend: {{give: 1, per: 1.00}}}}
  - {{id: order, card: orders, visit: {{give: 1}}}}
  - {{id: bag, card: bags, item: {{give: 1, per: line}}, only: {{categories: [bags]}}}}
stamp_cards:
  - {{id: orders, required: 10, gives: {{reward: gift}}}}
  - {{id: bags, required: 20, gives: {{reward: gift}}}}
rewards:
  - {{id: gift, kind: gift}}
returns: {{points: recompute, negative: {negative}, without_receipt: by_amount}}
"""
CARDS = {"orders": 10, "bags": 20}


class Bought:
    """A purchase as it was booked, and what of it is left."""

    def __init__(self, position, receipt):
        self.position = position
        self.receipt = receipt
        self.back = [0] * len(receipt.lines)  # pieces
        self.points = 0
        self.stamps = {}
        self.taken = 0    # points that returns took
        self.expired = 0  # of its points
        self.forgiven = 0  # of these, what returns counted as taken

    def left(self):
        """(line, pence left) of the lines of which something is left."""
        for line, back in zip(self.receipt.lines, self.back):
            pence = line.pence - line.pence * back // line.quantity if line.quantity > 0 else line.pence
            if (pence if line.pence else line.quantity - back):
                yield line, pence

    def earns(self):
        """Points and stamps of what is left; of nothing, none."""
        left = list(self.left())
        if not left:
            return 0, {"orders": 0, "bags": 0}
        goods = [(line, pence) for line, pence in left if line.category != "fees"]
        bags = sum(1 for line, pence in goods if line.category == "bags" and pence >= 0)
        return max(0, sum(pence for _, pence in goods)) // 100, {"orders": 1, "bags": bags}

    def bring_back(self, sku, pieces):
        """Takes pieces off its lines of an article, in their order."""
        for n, line in enumerate(self.receipt.lines):
            if line.sku == sku:
                part = min(pieces, line.quantity - self.back[n])
                self.back[n] += part
                pieces -= part
        equal(pieces, 0, f"of {sku} more came back than receipt {self.receipt.number} has")


class Account:
    """A customer, by the words of docs/programme.md."""

    def __init__(self, number, enrolled, months, allow):
        self.number = number
        self.enrolled = enrolled
        self.months = months
        self.allow = allow
        self.lots = {}  # position of the purchase -> [points that came in, left, day, last valid day, purchase]
        self.owed = 0
        self.stamps = dict.fromkeys(CARDS, 0)
        self.completed = dict.fromkeys(CARDS, 0)
        self.purchases = 0
        self.last_day = None
        self.last_position = 0
        self.expired = self.taken = self.forgiven = self.cancelled = 0
        self.deepest = 0

    def available(self):
        return sum(lot[1] for lot in self.lots.values()) - self.owed

    def settle(self, today):
        """What fell due before this day began."""
        for position, (_, left, _, until, purchase) in list(self.lots.items()):
            if until < today:
                self.expired += left
                purchase.expired += left
                del self.lots[position]

    def buy(self, bought, day, today):
        self.settle(today)
        bought.points, bought.stamps = bought.earns()
        paid = min(self.owed, bought.points)
        self.owed -= paid
        rest = bought.points - paid
        until = end_of_month_after(day, self.months)
        if rest and until < today:
            self.expired += rest
            bought.expired += rest
        elif rest:
            self.lots[bought.position] = [rest, rest, day, until, bought]
        for card, stamps in bought.stamps.items():
            self.completed[card] += max(0, self.stamps[card] + stamps) // CARDS[card]
            self.stamps[card] = (self.stamps[card] + stamps) % CARDS[card]
        self.purchases += 1
        self.last_day = max(day, self.last_day) if self.last_day is not None else day
        self.last_position = bought.position

    def take(self, points, position):
        """Points of one lot; what it does not have."""
        lot = self.lots.get(position)
        part = min(points, lot[1]) if lot else 0
        if part:
            lot[1] -= part
            if not lot[1]:
                del self.lots[position]
        self.taken += part
        return points - part

    def take_from_all(self, points):
        """By expiry, then the oldest purchase; then it is owed, or forgiven."""
        for position in sorted(self.lots, key=lambda at: (self.lots[at][3], self.lots[at][2], at)):
            points = self.take(points, position)
        if self.allow:
            self.owed += points
            self.deepest = max(self.deepest, self.owed)
        else:
            self.forgiven += points

    def bring_back(self, position, bought, receipt, today):
        """A return of a purchase, booked at `position`."""
        self.settle(today)
        stood = not any(True for _ in bought.left())
        _, stamps_before = bought.earns()
        for line in receipt.lines:
            bought.bring_back(line.sku, -line.quantity)
        points, stamps = bought.earns()
        rest = bought.points - bought.taken - points
        check(rest >= 0, "less earns more")
        bought.taken += rest
        rest = self.take(rest, bought.position)
        part = min(rest, bought.expired - bought.forgiven)
        bought.forgiven += part
        self.take_from_all(rest - part)
        for card in CARDS:
            self.stamps[card] -= stamps_before[card] - stamps[card]
            while self.stamps[card] < 0:
                self.stamps[card] += CARDS[card]
                self.completed[card] -= 1
                self.cancelled += 1
        if not stood and not any(True for _ in bought.left()):
            self.purchases -= 1
        self.last_position = position

    def bring_back_loose(self, position, receipt, today):
        self.settle(today)
        self.take_from_all(-sum(line.pence for line in receipt.lines) // 100)
        self.last_position = position


class Computation:
    """All accounts, by the order of booking."""

    def __init__(self, months, allow):
        self.months = months
        self.allow = allow
        self.accounts = {}
        self.bought = {}  # number of a receipt -> Bought
        self.parked = collections.defaultdict(list)
        self.now = 0
        self.loose = self.nobody = self.resumed = 0

    def event(self, position, receipt):
        """Gives the returns that are decided behind it."""
        self.now = max(self.now, ms_of(receipt.time))
        if receipt.kind == "return":
            return self.bring_back(position, receipt)
        self.bought[receipt.number] = bought = Bought(position, receipt)
        if receipt.card:
            day = day_of(receipt.time)
            if receipt.card not in self.accounts:
                self.accounts[receipt.card] = Account(len(self.accounts) + 1, day, self.months, self.allow)
            self.accounts[receipt.card].buy(bought, day, day_of_ms(self.now))
        return self.parked.pop(receipt.number, [])

    def bring_back(self, position, receipt):
        account = self.accounts.get(receipt.card)
        today = day_of_ms(self.now)
        if not receipt.of:
            self.loose += 1
            self.nobody += account is None
            if account:
                account.bring_back_loose(position, receipt, today)
        elif receipt.of.number not in self.bought:
            self.parked[receipt.of.number].append(receipt)
        else:
            account.bring_back(position, self.bought[receipt.of.number], receipt, today)
        return []

    def run(self, events, by_principal):
        """What waited is decided behind its purchase, or behind the signed batch that it came in."""
        waiting, behind = [], 0
        for event in events:
            if event.principal in by_principal:
                check(not waiting or event.principal == behind, "a return waits though its purchase is there", event)
                behind = event.principal
                waiting += self.event(event.position, by_principal[event.principal][event.sequence - 1])
                equal(event.booked_at, self.now, f"instant at which position {event.position} was booked")
            elif waiting:
                self.resumed += 1
                self.bring_back(event.position, waiting.pop(0))
        equal((waiting, dict(self.parked)), ([], {}), "returns that wait still")


def compare(copy, accounts):
    """Every member's row, lots, stamps and vouchers, as the member's last event left them."""
    cards = {}
    found = {kind: copy.holdings(kind) for kind in (history.MEMBER, history.LOT, history.STAMPS, history.VOUCHER)}
    equal(len(found[history.MEMBER]), len(accounts), "members")
    for card, account in accounts.items():
        who = f"card {card}, member {account.number}"
        number = account.number
        equal(found[history.MEMBER][number], [(0, 0, account.available(), account.last_position, account.last_day,
                                               account.enrolled, account.purchases)], f"{who}: row")
        lots = [(position, 0, left, day, until, 0)
                for position, (_, left, day, until, _) in sorted(account.lots.items())]
        equal([row[:2] + row[3:6] + (row[6] or 0,) for row in found[history.LOT][number]], lots, f"{who}: lots")
        stamps = {row[0]: (row[2], row[3] or 0) for row in found[history.STAMPS][number]}
        for name in CARDS:
            key = cards.setdefault(name, len(cards) + 1)
            equal(stamps.get(key, (0, 0)), (account.stamps[name], account.completed[name]), f"{who}: stamps of {name}")
        equal(len(found[history.VOUCHER][number]), sum(account.completed.values()), f"{who}: vouchers")


@functools.cache
def receipts_of_the_year():
    source = history.data("retail/online_retail_uci.csv.gz")
    return retail.with_returns(retail.read(source, lambda card: WHOLE or (card and int(card) % SHARE == CHOSEN)))


def load(months, negative, kills):
    rng = random.Random(harness.SEED)
    receipts, matching = receipts_of_the_year()
    print(f"{matching.lines} lines that came back, {matching.unmatched} of no purchase before, {matching.partly} in part")
    if WHOLE:
        equal((matching.lines, matching.unmatched, matching.partly), (8905, 1335, 54), "lines that customers returned")
    with tempfile.TemporaryDirectory(prefix="loyaltyd-retail.") as folder:
        journals, of_tills = retail.journals(receipts, folder)
        house = history.loading_house(folder, PROGRAMME.format(months=months, negative=negative))
        try:
            tills = [house.till(f"till-{n}", "warehouse") for n in range(retail.TILLS)]
            history.import_all(house, tills, journals, kills, rng)
            for till, journal, of_till in zip(tills, journals, of_tills):
                _, again = history.import_once(till, journal)
                equal((again["booked"], again["booked_before"]), (0, len(of_till)), "the same journal once more")
            by_principal = {number: of_tills[int(label[-1])] for label, number in history.principals(house).items()}
            outstanding = house.sound()["outstanding"]
            house.stop()
            history.prove(house)
            return verify(house, by_principal, Computation(months, negative == "allow"), outstanding)
        finally:
            house.close()


def verify(house, by_principal, computation, outstanding):
    copy = history.Copy(house)
    events = copy.events()
    equal(sorted((e.principal, e.sequence) for e in events if e.principal in by_principal),
          sorted((principal, n + 1) for principal, of_till in by_principal.items() for n in range(len(of_till))),
          "each receipt is booked once, each by its till and in its place")
    computation.run(events, by_principal)
    accounts = computation.accounts
    compare(copy, accounts)
    equal(outstanding, sum(a.available() for a in accounts.values()), "outstanding points")
    returns = sum(r.kind == "return" for of_till in by_principal.values() for r in of_till)
    print(f"{sum(map(len, by_principal.values()))} receipts, of them {returns} returns ({computation.loose} without a receipt, "
          f"{computation.nobody} of them of nobody known; {computation.resumed} waited for their purchase)")
    print(f"{len(accounts)} members, {outstanding} points, {sum(a.taken for a in accounts.values())} taken back, "
          f"{sum(a.forgiven for a in accounts.values())} forgiven, {sum(a.expired for a in accounts.values())} expired; "
          f"{sum(a.available() < 0 for a in accounts.values())} below 0 at the end, "
          f"{sum(a.deepest > 0 for a in accounts.values())} ever; {sum(a.cancelled for a in accounts.values())} vouchers cancelled")
    return computation


def test_returns_of_a_year_are_taken_back_to_the_point(_house):
    done = load(months=12 if WHOLE else 2, negative="allow", kills=10 if WHOLE else 2)
    accounts = done.accounts.values()
    check(any(a.available() < 0 for a in accounts) and done.loose > 0, "nobody owes anything: this tests little")


def test_no_balance_is_below_zero_where_the_rest_is_forgiven(_house):
    done = load(months=2, negative="clamp", kills=0)
    accounts = done.accounts.values()
    check(all(a.available() >= 0 for a in accounts), "somebody owes points under clamp")
    check(any(a.forgiven > 0 for a in accounts), "nothing was forgiven: this tests little")


if __name__ == "__main__":
    history.use_release()
    harness.main(globals())
