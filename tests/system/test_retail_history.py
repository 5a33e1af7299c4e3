"""A year of a real wholesaler, loaded as history through three tills, which are killed on the way like the daemon or
come in turns drawn at random, and then held against a computation of our own. That takes from the log the order in
which events were booked, and nothing else: what each event says comes from the source."""

import atexit
import bisect
import collections
import datetime
import functools
import random
import tempfile
import time

import harness
import history
import retail
from harness import check, equal
from retail import day_of, day_of_ms, end_of_month_after, ms_of

KILLS = 10
FOR_EVER = None
SOURCE = "retail/online_retail_uci.csv.gz"

# What the wholesaler could have offered, and what the computation below is told of it.
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
tiers:
  window: rolling
  days: {days}
  levels:
    - {{id: guest}}
    - {{id: silver, qualifying: 500, multiply: 1.25}}
    - {{id: gold, qualifying: 2000, multiply: 1.5}}
rewards:
  - {{id: gift, kind: gift}}
"""
LEVELS = [(0, 1000), (500, 1250), (2000, 1500)]  # qualifying points, factor in thousandths
LEVEL_NAMES = ["guest", "silver", "gold"]
CARDS = {"orders": 10, "bags": 20}


class Account:
    """A customer, by the words of docs/programme.md."""

    def __init__(self, number, enrolled, months, days):
        self.number = number
        self.enrolled = enrolled
        self.months = months
        self.days = days
        self.lots = {}  # position of the purchase -> [points that came in, left, day, last valid day]
        self.gathered = collections.Counter()  # qualifying points of a day
        self.level = None
        self.levels = []  # (day from which it was in force, level)
        self.until = FOR_EVER
        self.stamps = dict.fromkeys(CARDS, 0)
        self.completed = dict.fromkeys(CARDS, 0)
        self.purchases = 0
        self.last_day = None
        self.last_position = 0
        self.expired = 0
        self.falls = 0
        self.reviews = 0

    def available(self):
        return sum(left for _, left, _, _ in self.lots.values())

    def window(self, day):
        """Qualifying points of the days of the window that ends on this day."""
        return sum(points for at, points in self.gathered.items() if day - self.days < at <= day)

    def settle(self, today):
        """What fell due before this day began."""
        for position, lot in list(self.lots.items()):
            if lot[3] < today:
                self.expired += lot[1]
                del self.lots[position]
        while self.level and self.until is not FOR_EVER and self.until < today:
            self.reviews += 1
            reached = reached_by(self.window(self.until))
            if reached < self.level:
                self.falls += 1
                self.level = reached
                self.levels.append((self.until + 1, reached))
            self.until = self.until + self.days if self.level > 0 else FOR_EVER

    def buy(self, position, day, today, receipt):
        """A purchase of `day` that is booked on `today`."""
        self.settle(today)
        goods = [line for line in receipt.lines if line.category != "fees"]
        pounds = max(0, sum(line.pence for line in goods)) // 100
        points = pounds * LEVELS[self.level_of(day, today)][1] // 1000
        if points > 0:
            until = end_of_month_after(day, self.months)
            if until < today:
                self.expired += points
            else:
                self.lots[position] = [points, points, day, until]
        self.reach(points, day, today)
        if points > 0:
            self.gathered[day] += points
        bags = sum(1 for line in goods if line.category == "bags" and line.pence >= 0)
        for card, stamps in (("orders", 1), ("bags", bags)):
            self.completed[card] += (self.stamps[card] + stamps) // CARDS[card]
            self.stamps[card] = (self.stamps[card] + stamps) % CARDS[card]
        self.purchases += 1
        self.last_day = max(day, self.last_day) if self.last_day is not None else day
        self.last_position = position

    def reach(self, points, day, today):
        """A level is reached by the fullest window that holds the purchase's day and has ended; late is not too late.
        It lasts from that day on, and is not given when it is over already."""
        if self.level is None:
            self.level = 0
        if points == 0:
            return
        ends = [day] + [at for at in self.gathered if day < at <= min(today, day + self.days - 1)]
        reached = reached_by(max(self.window(end) for end in ends) + points)
        until = day + self.days if reached > 0 else FOR_EVER
        if reached < self.level or (until is not FOR_EVER and until < today):
            return
        if reached > self.level or (reached > 0 and until > self.until):
            if reached > self.level:
                self.levels.append((today, reached))
            self.level = reached
            self.until = until

    def level_of(self, day, today):
        """The level a purchase of `day` is decided at: what is booked late earns at the level of then."""
        if day >= today:
            return self.level or 0
        return next((level for since, level in reversed(self.levels) if since <= day), 0)


def reached_by(points):
    return bisect.bisect_right([qualifying for qualifying, _ in LEVELS], points) - 1


def compute(events, by_principal, months, days):
    """card -> Account, after all events in the order in which they were booked; and when the last was booked."""
    accounts = {}
    now = None
    for event in events:
        if event.principal not in by_principal:
            continue
        receipt = by_principal[event.principal][event.sequence - 1]
        now = max(now, ms_of(receipt.time)) if now is not None else ms_of(receipt.time)
        equal(event.booked_at, now, f"instant at which position {event.position} was booked")
        if receipt.card:
            if receipt.card not in accounts:
                accounts[receipt.card] = Account(len(accounts) + 1, day_of(receipt.time), months, days)
            accounts[receipt.card].buy(event.position, day_of(receipt.time), day_of_ms(now), receipt)
    return accounts, now


class Same:
    """Two names for the same things: each always with the same other."""

    def __init__(self, what):
        self.what = what
        self.names = {}

    def check(self, number, name):
        equal(self.names.setdefault(number, name), name, f"{self.what} {number}")
        equal(len(set(self.names.values())), len(self.names), f"{self.what}: one number for each")


def compare(copy, accounts):
    """Every member's row, lots, days, level, stamps and vouchers, as the member's last event left them."""
    levels, cards = Same("level"), Same("stamp card")
    found = {kind: copy.holdings(kind) for kind in (history.MEMBER, history.LOT, history.METRIC, history.STAMPS,
                                                    history.LEVEL, history.VOUCHER)}
    equal(len(found[history.MEMBER]), len(accounts), "members")
    for card, account in accounts.items():
        who = f"card {card}, member {account.number}"
        number = account.number
        equal(found[history.MEMBER][number], [(0, 0, account.available(), account.last_position, account.last_day,
                                               account.enrolled, account.purchases)], f"{who}: row")
        lots = [(position, 0, came, left, day, until, 0)
                for position, (came, left, day, until) in sorted(account.lots.items())]
        equal([row[:2] + row[2:6] + (row[6] or 0,) for row in found[history.LOT][number]], lots, f"{who}: lots")
        equal({row[1]: row[2] for row in found[history.METRIC][number]},
              {day: points for day, points in account.gathered.items() if points}, f"{who}: qualifying points")
        (level,) = found[history.LEVEL][number]
        levels.check(level[2], LEVEL_NAMES[account.level])
        equal(level[5], account.until, f"{who}: last day as {LEVEL_NAMES[account.level]}")
        expected = {name: (account.stamps[name], account.completed[name]) for name in CARDS
                    if account.stamps[name] or account.completed[name]}
        for row in found[history.STAMPS][number]:
            name = cards.names.get(row[0]) or next((card for card in CARDS if card not in cards.names.values()), None)
            cards.check(row[0], name)
            equal((row[2], row[3] or 0), expected.pop(name), f"{who}: stamps of {name}")
        equal(expected, {}, f"{who}: stamp cards not there")
        equal(len(found[history.VOUCHER][number]), sum(account.completed.values()), f"{who}: vouchers")


@functools.cache
def journals_of_the_year():
    """The journals, made once, in a folder that goes when the test ends."""
    folder = tempfile.TemporaryDirectory(prefix="loyaltyd-retail.")
    atexit.register(folder.cleanup)
    return folder.name, retail.convert(history.data(SOURCE), folder.name)


def import_killed(house, tills, journals, rng):
    history.import_all(house, tills, journals, KILLS, rng)


def load(months, days, load_journals):
    """Loads everything under a programme of these terms and compares."""
    rng = random.Random(harness.SEED)
    folder, (journals, receipts, returns, write_offs) = journals_of_the_year()
    sent = sum(len(of_till) for of_till in receipts)
    equal(sent + len(returns) + len(write_offs), 25900, "invoices")
    equal((len(returns), len(write_offs)), (3836, 1336), "returns and write-offs, set aside")
    house = history.loading_house(folder, PROGRAMME.format(months=months, days=days))
    try:
        tills = [house.till(f"till-{n}", "warehouse") for n in range(retail.TILLS)]
        start = time.monotonic()
        load_journals(house, tills, journals, rng)
        print(f"{sent} receipts, {sent / (time.monotonic() - start):.0f} a second")
        for till, journal, of_till in zip(tills, journals, receipts):
            _, again = history.import_once(till, journal)
            equal((again["booked"], again["booked_before"]), (0, len(of_till)), "the same journal once more")
            equal((till.queue()["waiting"], till.queue()["next_sequence"]), (0, len(of_till) + 1), "outbox")
        by_principal = {number: receipts[int(label[-1])] for label, number in history.principals(house).items()}
        outstanding = house.sound()["outstanding"]
        house.stop()
        history.prove(house)
        accounts = verify(house, by_principal, months, days, outstanding)
        house.start()
        house.ctl("go-live")
        look(house, accounts, rng)
    finally:
        house.close()
    return accounts


def verify(house, by_principal, months, days, outstanding):
    copy = history.Copy(house)
    events = copy.events()
    booked = [event for event in events if event.principal in by_principal]
    equal(sorted((event.principal, event.sequence) for event in booked),
          sorted((principal, n + 1) for principal, of_till in by_principal.items() for n in range(len(of_till))),
          "each receipt is booked once, each by its till and in its place")
    equal(copy.one("SELECT sum(receipts) FROM till_day"), len(booked), "receipts of all till days")
    accounts, now = compute(events, by_principal, months, days)
    compare(copy, accounts)
    equal(outstanding, sum(account.available() for account in accounts.values()), "outstanding points")
    late = sum(1 for a, b in zip(booked, booked[1:]) if a.principal != b.principal)
    for account in accounts.values():
        account.settle(day_of_ms(now))
    levels = collections.Counter(LEVEL_NAMES[account.level] for account in accounts.values())
    print(f"{len(booked)} events, {late} changes of till in the order of booking; {len(accounts)} members: {dict(levels)}")
    print(f"{sum(a.available() for a in accounts.values())} points at the end, {sum(a.expired for a in accounts.values())} "
          f"expired; {sum(a.reviews for a in accounts.values())} reviews, {sum(a.falls for a in accounts.values())} falls; "
          f"{sum(sum(a.completed.values()) for a in accounts.values())} vouchers")
    return accounts


def look(house, accounts, rng):
    """Some members as the operator sees them, settled to today."""
    today = day_of(datetime.datetime.now(retail.ZONE))
    for card, view in history.members(house, rng.sample(sorted(accounts), 25)).items():
        account = accounts[card]
        account.settle(today)
        equal(view["member"], account.number, f"member of card {card}")
        equal((view["available"], view["level"]), (account.available(), LEVEL_NAMES[account.level]), f"card {card} today")
        equal({c["card"]: c["stamps"] for c in view["cards"] if c["stamps"]},
              {name: stamps for name, stamps in account.stamps.items() if stamps}, f"stamps of card {card}")
        equal(len(view["vouchers"]), sum(account.completed.values()), f"vouchers of card {card}")


def test_a_year_loads_once_through_tills_and_a_daemon_that_are_killed(_house):
    load(months=12, days=365, load_journals=import_killed)


def test_expiry_and_falls_of_a_year_are_as_computed_whatever_comes_late(_house):
    accounts = load(months=2, days=60, load_journals=history.import_in_turns)
    check(sum(a.falls for a in accounts.values()) > 100, "this year tests no falls")
    check(sum(a.expired for a in accounts.values()) > 100, "this year tests no expiry")


if __name__ == "__main__":
    history.use_release()
    harness.main(globals())
