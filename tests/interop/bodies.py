"""A body has one form: every other way to write each of its fields is refused, and every value out of its range."""

import dataclasses
import re

from loyalty_client import event, is_canonical, now_ms, purchase
from shop import BASKET, Shop


def varint(value, pad=0):
    """`pad` bytes longer than it need be."""
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    if pad:
        out[-1] |= 0x80
        out += b"\x80" * (pad - 1) + b"\0"
    return bytes(out)


@dataclasses.dataclass
class Field:
    number: int
    kind: int            # wire type: 0 varint, 2 length and bytes
    value: object        # int, bytes, or the list of a message's fields
    descriptor: object = None
    key_pad: int = 0
    value_pad: int = 0

    def bytes(self):
        key = varint(self.number << 3 | self.kind, self.key_pad)
        if self.kind == 0:
            return key + varint(self.value, self.value_pad)
        if self.kind != 2:
            return key + self.value
        value = join(self.value) if isinstance(self.value, list) else self.value
        return key + varint(len(value), self.value_pad) + value


def clone(fields):
    return [dataclasses.replace(f, value=clone(f.value) if isinstance(f.value, list) else f.value) for f in fields]


def join(fields):
    return b"".join(field.bytes() for field in fields)


def take_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def take_apart(data, descriptor):
    fields, at = [], 0
    while at < len(data):
        key, at = take_varint(data, at)
        value, at = take_varint(data, at)
        one = descriptor.fields_by_number[key >> 3]
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
            if one.message_type:
                value = take_apart(value, one.message_type)
        fields.append(Field(key >> 3, key & 7, value, one))
    return fields


def messages(fields):
    """The lists of fields of a body and of all messages within it."""
    yield fields
    for field in fields:
        if isinstance(field.value, list):
            yield from messages(field.value)


def changed(body):
    """(what, body) for every way in which each field can be written otherwise, or wrongly."""
    whole = take_apart(body, event.Body.DESCRIPTOR)
    for place, fields in enumerate(messages(whole)):
        def variant(change):
            other = clone(whole)
            change(list(messages(other))[place])
            return join(other)

        yield "an unknown field at the end", variant(lambda f: f.append(Field(99, 0, 1)))
        yield "an unknown field of length 0", variant(lambda f: f.append(Field(1000, 2, b"")))
        yield "an unknown field in front", variant(lambda f: f.insert(0, Field(99, 0, 1)))
        yield "a group", variant(lambda f: f.extend((Field(99, 3, b""), Field(99, 4, b""))))
        yield "a field numbered 0", variant(lambda f: f.append(Field(0, 0, 1)))
        for i, field in enumerate(fields):
            for what, change in changes_of(field):
                yield (f"{field.descriptor.full_name}: {what}",
                       variant(lambda f, i=i, change=change: change(f, i)))
            if i + 1 < len(fields) and fields[i + 1].number != field.number:
                yield (f"{field.descriptor.full_name}: after the next",
                       variant(lambda f, i=i: f.insert(i, f.pop(i + 1))))


def changes_of(field):
    d = field.descriptor

    def put(**values):
        return lambda f, i: f.__setitem__(i, dataclasses.replace(f[i], **values))

    yield "a long key", put(key_pad=1)
    yield "a long number or length", put(value_pad=1)
    yield "a number or length of ten bytes and more", put(value_pad=10)
    yield "another wire type", put(kind=1, value=bytes(8))
    yield "another wire type", put(kind=5, value=bytes(4))
    if d.label != d.LABEL_REPEATED:
        yield "twice", lambda f, i: f.insert(i, f[i])
    if field.kind == 0:
        yield "length and bytes", put(kind=2, value=b"\1")
    else:
        yield "a number", put(kind=0, value=1)
    if d.type == d.TYPE_BOOL:
        yield "neither 0 nor 1", put(value=2)
    if d.type in (d.TYPE_UINT32, d.TYPE_BOOL, d.TYPE_ENUM):
        yield "wider than its type", put(value=field.value + (1 << 32))
        yield "wider than any type", put(value=field.value + (1 << 63))
    if d.type == d.TYPE_ENUM:
        yield "an unknown value", put(value=99)
    if d.type == d.TYPE_STRING:
        for text in (b"", b"a\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"):
            yield f"the text {text!r}", put(value=text)
    if d.type == d.TYPE_BYTES:
        yield "empty", put(value=b"")
        yield "too short", put(value=field.value[1:])
        yield "too long", put(value=field.value + b"x")
    if d.full_name in REQUIRED:
        yield "missing", lambda f, i: f.pop(i)


REQUIRED = {"loyalty." + name for name in (
    "Body.occurred_at", "Body.purchase", "Purchase.receipt", "Receipt.business_date", "Receipt.number", "Line.gross",
    "Tender.amount", "FreeUnits.card")}


class Bodies(Shop):
    # Every field of a purchase but those that exclude each other.
    FULL = dict(
        lines=[{"sku": "4740001", "category": "lunch", "labels": ["hot", "new"], "quantity": 2000, "gross": 1780,
                "discount": 20, "tax": 320, "weighed": False, "voided": False},
               {"gross": -10, "category": "deposit"}, {"sku": "õ€😀", "gross": 250, "weighed": True}],
        tenders=[(event.TENDER_CASH, 1000)], basket_discount=5, cash_rounding=-2, tip=50, codes=["SUMMER", "10"],
        free_units=[event.FreeUnits(card="lunch", line=1, units=1, charged=True)],
        redemptions=[event.Redemption(reward="free_lunch", units=1, wallet=0)],
        pay_with_points=event.PayWithPoints(points=5, wallet=0), redeem=event.REDEEM_DONE, store="kalamaja", till="t1")

    def everything(self, till):
        return purchase(f"full {till.principal}", card="full", correction=1, **self.FULL)

    def malformed(self, till, bodies):
        """Books each (what, body): refused as malformed, and so for ever."""
        asked = {till.add(body): (what, body) for what, body in bodies}
        answers = till.deliver()
        wrong = [(what, body.hex(), answers[s].code) for s, (what, body) in asked.items()
                 if answers[s].code != "MALFORMED"]
        self.assertEqual(wrong, [])
        self.assertTrue(all(not a.outcome.effects and not a.outcome.HasField("balances") for a in answers.values()))
        for sequence in self.random.sample(sorted(asked), min(20, len(asked))):
            self.repeats(till, sequence)
        return len(asked)

    def test_a_body_has_one_form(self):
        till = self.till()
        body, opening = self.everything(till)
        self.assertEqual(join(take_apart(body, event.Body.DESCRIPTOR)), body)
        self.assertTrue(is_canonical(body))
        variants = list(changed(body))
        count = self.malformed(till, variants)
        self.assertGreater(count, 300)
        # None of them took the receipt, or anything else: the body itself is sound.
        self.tells(till, "ACCEPTED", body, opening)
        # The test a client makes by itself finds those that are wrong in form.
        form = re.compile("unknown field|group|numbered 0|long key|long number|ten bytes|wire type|twice|after the next"
                          "|neither|wider|unknown value|length and bytes|a number$")
        missed = [what for what, variant in variants if form.search(what) and is_canonical(variant)]
        self.assertEqual(missed, [])

    def test_a_body_cut_short_is_malformed(self):
        till = self.till()
        body, opening = self.everything(till)
        self.malformed(till, [(f"{i} bytes", body[:i]) for i in range(len(body))]
                       + [("one byte more", body + b"\0"), ("twice", body + body)])
        self.tells(till, "ACCEPTED", body, opening)

    def test_one_event_states_one_thing(self):
        till = self.till()
        body = purchase("1", BASKET)[0]
        other = Field(17, 2, Field(1, 2, bytes(32)).bytes()).bytes()
        when = Field(1, 0, now_ms()).bytes()
        self.malformed(till, [("a purchase and an enrolment", body + other),
                              ("an enrolment and a purchase", when + other + body[len(when):]),
                              ("nothing", when), ("a kind of a later version", when + Field(999, 2, b"").bytes()),
                              ("an empty purchase", when + Field(16, 2, b"").bytes()),
                              ("an empty enrolment", when + Field(17, 2, b"").bytes())])
        self.tells(till, "ACCEPTED", body)

    def test_defaults_may_be_written_out(self):
        till = self.till()
        self.tells(till, "ACCEPTED", *purchase("1", [
            {"gross": 0, "quantity": 1000, "discount": 0, "tax": 0, "weighed": False, "voided": False}],
            basket_discount=0, cash_rounding=0, tip=0, redeem=event.REDEEM_REQUIRED))

    def test_every_number_and_text_has_its_range(self):
        till = self.till()
        good, bad = [], []

        def limit(what, make, last, beyond):
            good.extend((what, make(value)) for value in last)
            bad.extend((what, make(value)) for value in beyond)

        numbers = iter(range(10 ** 6))

        def sold(**fields):
            fields.setdefault("lines", [{"gross": 100}])
            return purchase(f"range {next(numbers)}", redeem=event.REDEEM_DONE, **fields)[0]

        def line(**fields):
            return sold(lines=[{"gross": 100, **fields}])

        def many(count, one):
            return [one] * count

        T = 10 ** 12
        limit("lines", lambda n: sold(lines=many(n, {"gross": 1})), (0, 1200), (1201,))
        limit("labels", lambda n: line(labels=many(n, "x")), (8,), (9,))
        limit("codes", lambda n: sold(codes=many(n, "x")), (8,), (9,))
        limit("tenders", lambda n: sold(tenders=many(n, (event.TENDER_OTHER, 1))), (16,), (17,))
        limit("free units", lambda n: sold(free_units=many(n, event.FreeUnits(card="lunch"))), (32,), (33,))
        limit("redemptions", lambda n: sold(redemptions=many(n, event.Redemption(reward="free_lunch"))), (16,), (17,))
        limit("sku", lambda n: line(sku="x" * n), (1, 40), (41,))
        limit("sku in bytes", lambda n: line(sku="õ" * n), (20,), (21,))
        limit("category", lambda n: line(category="x" * n), (1, 32), (33,))
        limit("label", lambda n: line(labels=["x" * n]), (1, 32), (33,))
        limit("code", lambda n: sold(codes=["x" * n]), (1, 32), (33,))
        limit("quantity", lambda n: line(quantity=n), (-10 ** 9, 0, 10 ** 9), (-10 ** 9 - 1, 10 ** 9 + 1))
        limit("gross", lambda n: sold(lines=[{"gross": n}]), (-T, 0, T), (-T - 1, T + 1, 2 ** 63 - 1, -2 ** 63))
        limit("discount", lambda n: line(discount=n), (0, T), (-1, T + 1))
        limit("tax", lambda n: line(tax=n), (0, 100), (-1, 101))
        limit("tax below 0", lambda n: sold(lines=[{"gross": -100, "tax": n}]), (0, -100), (1, -101))
        limit("basket discount", lambda n: sold(basket_discount=n), (0, T), (-1, T + 1))
        limit("rounding", lambda n: sold(cash_rounding=n), (-10 ** 6, 10 ** 6), (-10 ** 6 - 1, 10 ** 6 + 1))
        limit("tip", lambda n: sold(tip=n), (0, T), (-1, T + 1))
        limit("tender", lambda n: sold(tenders=[(event.TENDER_CASH, n)]), (-T, T), (-T - 1, T + 1))
        limit("date", lambda n: sold(business_date=n), (0, 2932896), (2932897, 2 ** 32 - 1))
        limit("clock correction", lambda n: sold(correction=n, at=now_ms()), (-T, T), (-T - 1, T + 1))
        limit("till label", lambda n: sold(till="x" * n), (32,), (33,))
        limit("till label", lambda text: sold(till=text), ("aZ09_.-",), ("a b", "õ"))
        limit("units", lambda n: sold(free_units=[event.FreeUnits(card="lunch", units=n)]), (1, 10 ** 6), (0, 10 ** 6 + 1))
        limit("line of free units", lambda n: sold(free_units=[event.FreeUnits(card="lunch", line=n)]), (0,), (1,))
        limit("redemption", lambda r: sold(redemptions=[event.Redemption(**r)]),
              ({"voucher": bytes(16)}, {"reward": "x"}, {"reservation": 1}, {"reward": "x", "units": 10 ** 6}),
              ({}, {"voucher": bytes(16), "reward": "x"}, {"reward": "x", "reservation": 1}, {"voucher": bytes(15)},
               {"reservation": 0}, {"reservation": 1 << 63}, {"reward": "x", "units": 0}, {"reward": "x", "wallet": 1},
               {"reward": "x y"}, {"reward": "x" * 33}))
        limit("pay with points", lambda p: sold(pay_with_points=event.PayWithPoints(**p)),
              ({"points": 1}, {"points": T}, {"max": True}),
              ({}, {"points": 0}, {"points": T + 1}, {"points": 1, "max": True}, {"max": True, "wallet": 1}))
        bad += [("receipt number", purchase("x" * 41, BASKET)[0]), ("store", sold(store="a b")),
                ("store", sold(store="x" * 33)), ("time", purchase("t", BASKET, at=-1, business_date=0)[0]),
                ("time", purchase("t", BASKET, at=253402300800000)[0])]
        good.append(("receipt number", purchase("x" * 40, BASKET)[0]))
        for what, body in good + bad:
            self.assertTrue(is_canonical(body), what)
        asked = {till.add(body): what for what, body in good}
        answers = till.deliver()
        self.assertEqual([(asked[s], a.code) for s, a in answers.items() if a.code != "ACCEPTED"], [])
        self.malformed(till, bad)
