"""What is booked, what it earns, and what is answered again."""

import base64
import copy
import struct

import loyalty_client
from loyalty_client import (Alarm, Answer, Failed, Till, VerifyKey, commit, event, failure_name, log, now_ms,
                            printed_voucher, purchase, release, reserve, statement, wire)
from shop import BASKET, DAY_MS, PROGRAMME, Shop


class Booking(Shop):
    def test_a_basket_earns_with_a_card_and_without(self):
        till = self.till(address=self.daemon.tcp)
        answer = self.tells(till, "ACCEPTED", *purchase("1", BASKET, tenders=[(event.TENDER_CASH, 1500)]))
        self.assertFalse(answer.outcome.HasField("member") or answer.outcome.HasField("balances"))
        answer = self.tells(till, "ACCEPTED", *purchase("2", BASKET, "2200 0001"), locale="en")
        outcome = answer.outcome
        self.assertEqual(outcome.balances.available, 15)
        self.assertEqual(outcome.effects[0].WhichOneof("kind"), "enrol")
        self.assertEqual(answer.rendering.points, 15)
        self.assertEqual({c.card: c.stamps for c in answer.rendering.member.cards}, {"lunch": 1, "coffee": 1})
        self.assertTrue(answer.rendering.lines)
        lacking = {(m.reason, m.lacking) for m in outcome.near_misses}
        self.assertIn((log.NEAR_MISS_NEXT_LEVEL, 285), lacking)
        self.assertIn((log.NEAR_MISS_NEXT_REWARD, 8), lacking)
        in_estonian = self.repeats(till, 2, locale="et").rendering
        self.assertTrue(in_estonian.lines and in_estonian.lines != answer.rendering.lines)
        self.assertEqual(in_estonian.points, 15)
        member = till.connection.ask(get_member=wire.GetMember(card="(2200) 00-01"))
        self.assertEqual((member.view.available, member.view.purchases, member.view.last_position),
                         (15, 1, answer.head.position))
        self.assertEqual(self.daemon.ctl("member", "show", str(outcome.member))["view"]["available"], 15)

    def test_nine_lunches_give_a_voucher_with_a_code_to_print(self):
        till = self.till()
        lunches = [{"category": "lunch", "gross": 7200, "quantity": 9000}]
        answer = self.tells(till, "ACCEPTED", *purchase("1", lunches, "nine"), locale="en")
        issued, = (e.voucher for e in answer.outcome.effects if e.HasField("voucher"))
        shown, = answer.rendering.vouchers
        self.assertEqual((shown.code.replace("-", ""), shown.reward, shown.card),
                         (printed_voucher(issued.code), "free_lunch", "lunch"))
        self.assertEqual((issued.reward, issued.card), (1, 1))  # the first of their kinds in the programme
        self.assertEqual(answer.rendering.member.available, 72)

    def test_effects_come_to_what_the_daemon_says(self):
        till = self.till()
        members = {}
        for i in range(30):
            card = f"e{i % 4}"
            lines = [("x", self.random.choice(("lunch", "coffee", "tobacco")), self.random.randrange(1, 30000))
                     for _ in range(3)]
            members[card] = till.add(*purchase(str(i), lines, card))
        answers = till.deliver()
        audit = self.daemon.audit()
        admin = self.daemon.admin()
        for card, sequence in members.items():
            number = answers[sequence].outcome.member
            view = till.connection.ask(get_member=wire.GetMember(card=card)).view
            self.assertEqual(view, admin.connection.ask(get_member=wire.GetMember(member=number)).view)
            self.assertEqual((view.available, view.pending, view.reserved),
                             tuple(audit.accounts.get(number * 8 + account, 0) for account in range(3)))
            self.assertEqual(view.purchases, audit.visits[number])
            self.assertEqual([c.stamps for c in view.cards], [audit.stamps.get((number, c), 0) for c in (1, 2)])
            self.assertEqual(sorted(v.code.replace("-", "") for v in view.vouchers),
                             sorted(audit.vouchers.get(number, [])))
            self.assertEqual({(lot.position, lot.index): lot.left for lot in view.lots},
                             {name: left for name, (owner, left) in audit.lots.items() if owner == number and left})

    def test_a_retry_gets_the_same_bytes_for_ever(self):
        till = self.till()
        for i in range(5):
            till.add(*purchase(str(i), BASKET, "again"))
        self.assertFalse(any(answer.repeated for answer in till.deliver().values()))
        for _ in range(2):
            for sequence in till.queue:
                self.repeats(till, sequence)
                self.repeats(till, sequence, opening=None)
                self.repeats(till, sequence, opening=wire.Opening(salt=bytes(16), card="other"), locale="en")
            till.connect()
        view = till.connection.ask(get_member=wire.GetMember(card="again")).view
        self.assertEqual((view.available, view.purchases), (75, 5))

    def test_a_used_sequence_with_another_body_is_a_conflict(self):
        till = self.till()
        self.tells(till, "ACCEPTED", *purchase("1", BASKET))
        body, _ = purchase("2", BASKET)
        till.connection.send(book=till.book(1, body))
        till.connection.send(book=till.book(2, body))  # the expected one is booked behind it
        reply = till.connection.receive()
        self.assertEqual((failure_name(reply.failure), reply.failure.expected_sequence), ("CONFLICT", 2))
        till.add(body)
        till.take(2, till.connection.receive().booked)
        self.repeats(till, 1)
        clone = Till(till.address, till.key, till.principal, till.programme_id, till.daemon_key)
        self.addCleanup(clone.close)
        self.assertRaisesRegex(Alarm, "in use elsewhere", clone.connect)
        self.ends(till.connection, "REPLACED")
        clone.first = 1  # one that is not warned
        clone.add(*purchase("3", BASKET))
        self.assertRaisesRegex(Alarm, "two tills", clone.deliver)

    def test_behind_a_gap_everything_is_ahead_until_the_till_resumes(self):
        till = self.till()
        bodies = {sequence: purchase(str(sequence), BASKET)[0] for sequence in range(1, 8)}
        for sequence in (1, 3, 4, 5):
            till.connection.send(book=till.book(sequence, bodies[sequence]))
        self.assertEqual(till.connection.receive().WhichOneof("message"), "booked")
        for _ in range(3):
            reply = till.connection.receive()
            self.assertEqual((failure_name(reply.failure), reply.failure.expected_sequence), ("AHEAD", 2))
        for sequence in sorted(bodies):
            till.add(bodies[sequence])
        till.connect()  # one answer is known to be there, none is kept
        self.assertEqual((till.ready.expected_sequence, till.first), (2, 1))
        answers = till.deliver()
        self.assertEqual([answers[s].repeated for s in sorted(answers)], [True] + [False] * 6)

    def test_a_failure_holds_up_what_is_behind_it(self):
        till = self.till()
        first, second = purchase("1", BASKET)[0], purchase("2", BASKET)[0]
        for broken in ({"locale": "x" * 17}, {"locale": ""}, {"signature": bytes(64)}, {"signature": b"short"}):
            till.connection.send(book=till.book(1, first, **broken))
            till.connection.send(book=till.book(2, second))
            replies = [failure_name(till.connection.receive().failure) for _ in range(2)]
            self.assertEqual(replies, ["BAD_SIGNATURE" if broken.get("signature") == bytes(64) else "INVALID", "AHEAD"])
        till.add(first)
        till.add(second)
        self.assertEqual([a.code for a in till.deliver().values()], ["ACCEPTED"] * 2)

    def test_what_a_request_lacks_is_named_and_nothing_is_booked(self):
        till = self.till()
        body, _ = purchase("1", BASKET)
        ask = till.connection.ask
        self.fails("FORBIDDEN", ask, book=till.book(1, body, principal=1))
        self.fails("BAD_SIGNATURE", ask, book=till.book(1, body, signature=till.sign(2, body)))
        whole = till.book(1, body)
        for field in ("principal", "sequence", "body", "signature"):
            part = copy.deepcopy(whole)
            part.ClearField(field)
            self.fails("INVALID", ask, book=part)
        self.fails("INVALID", ask, book=till.book(0, body))
        self.fails("INVALID", ask, book=till.book(1 << 63, body))
        self.assertEqual(self.fails("AHEAD", ask, book=till.book((1 << 63) - 1, body)).expected_sequence, 1)
        self.fails("TOO_LARGE", ask, book=till.book(1, bytes(61441)))
        self.assertEqual(Answer.of(ask(book=till.book(1, bytes(61440)))).code, "MALFORMED")

    def test_a_receipt_is_booked_once_whichever_till_sends_it(self):
        a, b = self.till("a"), self.till("b", store="telliskivi")
        day = now_ms() // DAY_MS
        self.tells(a, "ACCEPTED", *purchase("10", BASKET, business_date=day))
        self.tells(a, "DUPLICATE_RECEIPT", *purchase("10", BASKET, business_date=day, store="kalamaja", till="a"))
        self.tells(b, "DUPLICATE_RECEIPT", *purchase("10", BASKET, business_date=day, store="kalamaja", till="a"))
        self.tells(b, "ACCEPTED", *purchase("10", BASKET, business_date=day))
        self.tells(b, "ACCEPTED", *purchase("10", BASKET, business_date=day, store="kalamaja"))
        self.tells(a, "ACCEPTED", *purchase("10", BASKET, business_date=day - 1))
        self.tells(a, "UNKNOWN_STORE", *purchase("11", BASKET, store="nowhere"))
        self.tells(a, "ACCEPTED", *purchase("11", BASKET))  # the refusal took no receipt
        for sequence in a.queue:
            self.repeats(a, sequence)  # refusals, too

    def test_a_card_joins_once(self):
        till = self.till()
        for card, code in (("join", "ACCEPTED"), ("JO-IN", "MEMBER_EXISTS")):
            commitment, opening = commit(card)
            self.tells(till, code, statement(enrolment=event.Enrolment(card=commitment)), opening)
        commitment, opening = commit("other")
        for wrong in (None, wire.Opening(salt=opening.salt, card="another"), wire.Opening(salt=b"short", card="other")):
            self.tells(till, "CARD_MISSING", statement(enrolment=event.Enrolment(card=commitment)), wrong)
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="join")).view.available, 0)

    def test_what_is_no_purchase_is_booked_and_read_with_its_card(self):
        till = self.till()
        commitment, opening = commit("survey")
        told = statement(activity=event.Activity(card=commitment, code="survey"))
        answer = self.tells(till, "ACCEPTED", told, opening)
        self.assertEqual([e.WhichOneof("kind") for e in answer.outcome.effects][0], "enrol")
        self.assertEqual(answer.rendering.points, 0)  # no rule of this programme names it
        self.assertEqual(self.tells(till, "ACCEPTED", told, None).exceptions(), [("CARD_NOT_OPENED", 0)])
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="survey")).view.purchases, 0)
        for amount in (1, 1250, 10**9):
            some = event.Activity(card=commitment, code="cycled", amount=amount)
            self.tells(till, "ACCEPTED", statement(activity=some), opening)
        for wrong in ({"code": "survey"}, {"card": commitment}, {"card": commitment, "code": "a b"},
                      {"card": commitment, "code": "x" * 33}, {"card": commitment[:31], "code": "survey"},
                      *({"card": commitment, "code": "cycled", "amount": n} for n in (0, -1, 10**9 + 1))):
            self.tells(till, "MALFORMED", statement(activity=event.Activity(**wrong)))

    def test_goods_come_back_and_purchases_are_cancelled(self):
        till, today = self.till(), now_ms() // DAY_MS

        def slip(number):
            return event.Receipt(number=number, business_date=today)

        def back(number, original, **what):
            return statement(goods_return=event.GoodsReturn(receipt=slip(number), original=slip(original), **what))

        self.tells(till, "ACCEPTED", *purchase("r1", BASKET, "returns"))
        earned = till.connection.ask(get_member=wire.GetMember(card="returns")).view.available
        self.assertGreater(earned, 0)
        part = event.ReturnPart(line=0)
        answer = self.tells(till, "ACCEPTED", back("r2", "r1", parts=[part]))
        self.assertLess(answer.outcome.balances.available, earned)
        self.assertEqual([name for name, _ in self.tells(till, "ACCEPTED", back("r3", "r1", parts=[part])).exceptions()],
                         ["QUANTITY_NOT_RETURNED"])
        answer = self.tells(till, "ACCEPTED", back("r4", "r1", whole=True))
        self.assertEqual(answer.outcome.balances.available, 0)
        self.tells(till, "DUPLICATE_RECEIPT", back("r4", "r1", whole=True))
        self.tells(till, "MALFORMED", back("r5", "r1", whole=True, amount=1))
        self.tells(till, "ACCEPTED", *purchase("r6", BASKET, "returns"))
        answer = self.tells(till, "ACCEPTED", statement(void_receipt=event.VoidReceipt(receipt=slip("r6"))))
        self.assertEqual(answer.outcome.balances.available, 0)
        self.tells(till, "ALREADY_DONE", statement(void_receipt=event.VoidReceipt(receipt=slip("r6"))))

    def test_what_is_taken_by_hand_counts_as_taken_back_from_its_receipt(self):
        till, admin, today = self.till("slips"), self.daemon.admin(), now_ms() // DAY_MS
        self.tells(till, "ACCEPTED", *purchase("1", BASKET, "by hand"))
        self.tells(till, "ACCEPTED", *purchase("2", BASKET, "somebody else"))
        view = till.connection.ask(get_member=wire.GetMember(card="by hand")).view

        def adjusts(number, points):
            receipt = event.Receipt(store="kalamaja", till="slips", number=number, business_date=today)
            return statement(adjustment=event.Adjustment(member=view.member, reason="wrong price", points=points,
                                                         receipt=receipt))
        taken = sum(e.move.amount for e in self.tells(admin, "ACCEPTED", adjusts("1", -1)).outcome.effects
                     if e.HasField("move"))
        self.assertEqual(taken, 1)
        self.tells(admin, "NOT_ON_RECEIPT", adjusts("1", -10 ** 6))
        self.tells(admin, "OTHERS_RECEIPT", adjusts("2", -1))
        self.tells(admin, "UNKNOWN_RECEIPT", adjusts("3", -1))
        original = event.Receipt(number="1", business_date=today)
        answer = self.tells(till, "ACCEPTED", statement(goods_return=event.GoodsReturn(
            receipt=event.Receipt(number="4", business_date=today), original=original, whole=True)))
        self.assertEqual(answer.outcome.balances.available, 0)

    def test_a_member_has_more_cards_a_profile_and_is_forgotten(self):
        till, admin = self.till(), self.daemon.admin()
        commitment, opening = commit("first card")
        self.tells(till, "ACCEPTED", statement(enrolment=event.Enrolment(card=commitment)), opening)
        member = till.connection.ask(get_member=wire.GetMember(card="first card")).view.member
        commitment, opening = commit("second card")
        link = statement(card_linked=event.CardLinked(member=member, card=commitment))
        self.tells(admin, "CARD_MISSING", link, None)
        self.tells(admin, "ACCEPTED", link, opening)
        self.tells(admin, "MEMBER_EXISTS", link, opening)
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="SECONDCARD")).view.member, member)
        profile = wire.Profile(name="Anna", birth_month=2, birth_day=29, segments=["student"])
        answer = till.connection.ask(set_profile=wire.SetProfile(card="second card", profile=profile))
        self.assertEqual((answer.member, answer.profile), (member, profile))
        self.fails("FORBIDDEN", till.connection.ask, set_profile=wire.SetProfile(card="second card", profile=profile))
        self.fails("FORBIDDEN", till.connection.ask, get_profile=wire.GetProfile(card="second card"))
        self.assertEqual(admin.connection.ask(get_profile=wire.GetProfile(member=member)).profile, profile)
        for wrong in (wire.Profile(birth_month=2, birth_day=30), wire.Profile(birth_day=1), wire.Profile(segments=["a b"]),
                      wire.Profile(birth_month=2, birth_day=29, birth_year=1983), wire.Profile(segments=["s"] * 17)):
            self.fails("INVALID", admin.connection.ask, set_profile=wire.SetProfile(member=member, profile=wrong))
        self.tells(admin, "ACCEPTED", statement(erased=event.Erased(member=member)))
        for card in ("first card", "second card"):
            self.fails("NOT_FOUND", till.connection.ask, get_member=wire.GetMember(card=card))
        self.assertEqual(admin.connection.ask(get_profile=wire.GetProfile(member=member)).profile, wire.Profile())

    def test_a_card_that_is_not_opened_is_an_exception(self):
        till = self.till()
        wrong_ones = [None] + [wire.Opening(**fields) for fields in (
            {}, {"salt": bytes(16), "card": "opened"}, {"salt": bytes(15), "card": "opened"},
            {"salt": bytes(16), "card": "x" * 65})]
        for i, wrong in enumerate(wrong_ones):
            body, _ = purchase(str(i), BASKET, "opened")
            answer = self.tells(till, "ACCEPTED", body, wrong)
            self.assertEqual(answer.exceptions(), [("CARD_NOT_OPENED", 0)])
            self.assertFalse(answer.outcome.HasField("member"))
        self.fails("NOT_FOUND", till.connection.ask, get_member=wire.GetMember(card="opened"))

    def test_what_cannot_be_redeemed_yet_is_refused_or_left_out(self):
        till = self.till()
        claims = {"redemptions": [event.Redemption(reward="free_lunch"), event.Redemption(voucher=bytes(16))],
                  "free_units": [event.FreeUnits(card="lunch", units=2)],
                  "pay_with_points": event.PayWithPoints(points=40)}
        codes = {"redemptions": "UNKNOWN_MEMBER", "free_units": "CANNOT_REDEEM", "pay_with_points": "UNKNOWN_MEMBER"}
        for name, value in claims.items():
            self.tells(till, codes[name], *purchase("1", BASKET, **{name: value}))
        answer = self.tells(till, "ACCEPTED", *purchase("1", BASKET, redeem=event.REDEEM_DONE, **claims))
        self.assertEqual(answer.exceptions(), [("FREE_UNITS_LEFT_OUT", 2), ("REDEMPTION_LEFT_OUT", 0),
                                               ("VOUCHER_UNKNOWN", 1), ("POINTS_LEFT_OUT", 40)])

    def test_a_voucher_is_reserved_released_and_committed(self):
        till = self.till()
        lunches = [{"category": "lunch", "gross": 7200, "quantity": 9000}]
        answer = self.tells(till, "ACCEPTED", *purchase("1", lunches, "keeper"))
        code, = (e.voucher.code for e in answer.outcome.effects if e.HasField("voucher"))
        self.tells(till, "UNKNOWN_MEMBER", *reserve("nobody", voucher=code))
        self.tells(till, "VOUCHER_UNKNOWN", *reserve("keeper", voucher=bytes(16)))
        self.tells(till, "REWARD_UNKNOWN", *reserve("keeper", reward="nothing"))
        self.tells(till, "NOT_FOR_SALE", *reserve("keeper", reward="free_lunch"))
        self.tells(till, "MALFORMED", *reserve("keeper", reward="nothing", voucher=code))
        self.tells(till, "TOO_LONG", *reserve("keeper", voucher=code, timeout_minutes=5000000))
        first = self.tells(till, "ACCEPTED", *reserve("keeper", voucher=code))
        self.tells(till, "VOUCHER_RESERVED", *reserve("keeper", voucher=code))
        self.tells(till, "ACCEPTED", release(first.head.position))
        self.tells(till, "RESERVATION_ENDED", release(first.head.position))
        second = self.tells(till, "ACCEPTED", *reserve("keeper", voucher=code, timeout_minutes=5))
        commit = [event.Redemption(reservation=second.head.position)]
        self.tells(till, "NOTHING_TO_PAY", *purchase("2", [("1", "coffee", 900)], "keeper", redemptions=commit))
        bought = self.tells(till, "ACCEPTED", *purchase("2", [("1", "lunch", 900)], "keeper", redemptions=commit))
        self.assertEqual([(use.units, use.points, use.value) for use in bought.outcome.uses], [(1, 0, 900)])
        self.tells(till, "RESERVATION_ENDED", *purchase("3", [("1", "lunch", 900)], "keeper", redemptions=commit))
        self.tells(till, "RESERVATION_UNKNOWN", release(1))
        self.tells(till, "VOUCHER_USED", *purchase("3", [("1", "lunch", 900)], "keeper", redemptions=[
            event.Redemption(voucher=code)]))
        late = self.tells(till, "ACCEPTED", *purchase("3", [("1", "lunch", 900)], "keeper", redemptions=[
            event.Redemption(voucher=code)], redeem=event.REDEEM_DONE))
        self.assertEqual(late.exceptions(), [("VOUCHER_USED_BEFORE", 0)])

    def test_a_counter_asks_what_could_be_used_and_what_became_of_it(self):
        till, admin = self.till(), self.daemon.admin()
        lunches = [{"category": "lunch", "gross": 7200, "quantity": 9000}]
        answer = self.tells(till, "ACCEPTED", *purchase("1", lunches, "asker"))
        code, = (e.voucher.code for e in answer.outcome.effects if e.HasField("voucher"))
        member = till.connection.ask(get_member=wire.GetMember(card="asker", locale="en"))
        self.assertIn(f"Balance: {member.view.available} stars", [line.replace(",", "") for line in member.lines])
        self.assertLessEqual(sum(e.points for e in member.view.expiring), member.view.available + member.view.pending)

        def quote(basket, card="asker"):
            body, opening = purchase("quoted", basket, card)
            return till.connection.ask(quote=wire.Quote(body=body, opening=opening, locale="en"))
        quoted = quote([("1", "lunch", 900)])
        offer, = (o for o in quoted.offers if o.HasField("voucher"))
        self.assertEqual((offer.reward, offer.value, offer.HasField("why")), ("free_lunch", 900, False))
        self.assertEqual(offer.voucher, member.view.vouchers[0].code)
        self.assertTrue(next(o for o in quote([("1", "coffee", 900)]).offers if o.HasField("voucher")).why)
        self.assertEqual(len(quote([("1", "lunch", 900)], "stranger").offers), 0)
        for asker in (till, admin):
            voucher = asker.connection.ask(get_voucher=wire.GetVoucher(code=code, locale="en"))
            self.assertEqual((voucher.state, voucher.member, voucher.issued, voucher.view.until),
                             (wire.VOUCHER_ISSUED, member.view.member, answer.head.position, offer.until))
            self.same_token(till, voucher, code)
            self.assertGreater(len(voucher.lines), 1)
        used = self.tells(till, "ACCEPTED", *purchase("2", [("1", "lunch", 900)], "asker", redemptions=[
            event.Redemption(voucher=code)]))
        self.assertEqual([(use.points, use.value) for use in used.outcome.uses], [(offer.points, offer.value)])
        voucher = till.connection.ask(get_voucher=wire.GetVoucher(code=code))
        self.assertEqual((voucher.state, voucher.view.HasField("token"), len(voucher.lines)),
                         (wire.VOUCHER_REDEEMED, False, 0))
        self.tells(admin, "VOUCHER_USED", statement(adjustment=event.Adjustment(
            member=member.view.member, reason="late", voucher=code)))
        self.fails("NOT_FOUND", till.connection.ask, get_voucher=wire.GetVoucher(code=bytes(16)))
        self.fails("INVALID", till.connection.ask, get_voucher=wire.GetVoucher(code=bytes(15)))
        self.fails("INVALID", till.connection.ask, get_voucher=wire.GetVoucher())

    def same_token(self, till, voucher, code):
        """What the page says of tokens, with nothing but the daemon's public key."""
        token = voucher.view.token
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        reward = voucher.view.reward.encode()
        self.assertEqual(raw[:-64], b"\1" + code + struct.pack(">ii", voucher.since, voucher.view.until)
                         + bytes([len(reward)]) + reward)
        VerifyKey(till.daemon_key).verify(b"loyaltyd voucher v1\0" + till.programme_id + raw[:-64], raw[-64:])

    def test_a_wrong_clock_is_refused_and_can_be_corrected(self):
        till = self.till()
        for at, code in ((now_ms() + 6 * 60000, "CLOCK"), (now_ms() + 4 * 60000, "ACCEPTED"),
                         (now_ms() - 31 * DAY_MS, "CLOCK"), (now_ms() - 29 * DAY_MS, "ACCEPTED")):
            self.tells(till, code, *purchase(f"{code} {at}", BASKET, at=at))
        right = loyalty_client.now_ms
        try:
            loyalty_client.now_ms = lambda: right() + 3_600_000  # a till that is an hour fast
            till.connect()
            self.assertLess(abs(till.correction + 3_600_000), 5000)
            self.tells(till, "CLOCK", *purchase("fast", BASKET))
            self.tells(till, "ACCEPTED", *purchase("fast", BASKET, correction=till.correction))
        finally:
            loyalty_client.now_ms = right

    def test_more_points_than_an_event_can_hold_are_refused(self):
        till = self.till()
        lines = [{"gross": 10 ** 12, "category": "lunch", "weighed": True}] * 101  # 10^10 stars each
        self.tells(till, "LIMIT_EXCEEDED", *purchase("1", lines, "rich"))
        self.fails("NOT_FOUND", till.connection.ask, get_member=wire.GetMember(card="rich"))
        self.tells(till, "ACCEPTED", *purchase("1", lines[:100], "rich"))

    def test_each_role_has_its_kinds_and_questions(self):
        till, admin = self.till(), self.daemon.admin()
        for kind in (dict(go_live=event.GoLive()), dict(revoke=event.Revoke(principal=1)),
                     dict(programme_change=event.ProgrammeChange(yaml=b"x")),
                     dict(engine_revision=event.EngineRevision(revision=9, version="9"))):
            self.tells(till, "NOT_ALLOWED", statement(**kind))
        self.tells(admin, "NOT_ALLOWED", *purchase("1", BASKET))
        self.tells(admin, "ALREADY_DONE", statement(go_live=event.GoLive()))
        for question in (dict(get_event=wire.GetEvent(position=1)), dict(get_status=wire.GetStatus()),
                         dict(get_principals=wire.GetPrincipals()), dict(get_programme=wire.GetProgramme()),
                         dict(check_programme=wire.CheckProgramme(yaml=b"x")),
                         dict(get_member=wire.GetMember(member=1))):
            self.fails("FORBIDDEN", till.connection.ask, **question)
            try:
                admin.connection.ask(**question)
            except Failed as answer:
                self.assertEqual((answer.code, *question), ("NOT_FOUND", "get_member"))

    def test_questions_name_exactly_one_thing(self):
        till, admin = self.till(), self.daemon.admin()
        for question in (wire.GetMember(), wire.GetMember(card="1", member=1), wire.GetMember(card=""),
                         wire.GetMember(card="1" * 65), wire.GetMember(member=0)):
            self.fails("INVALID", admin.connection.ask, get_member=question)
        for question in (wire.GetMember(card="nobody"), wire.GetMember(card="\x01"), wire.GetMember(card="---")):
            self.fails("NOT_FOUND", till.connection.ask, get_member=question)
        for question in (wire.GetEvent(), wire.GetEvent(position=0), wire.GetEvent(position=1 << 63),
                         wire.GetEvent(principal=1), wire.GetEvent(position=1, principal=1, sequence=1)):
            self.fails("INVALID", admin.connection.ask, get_event=question)
        for question in (wire.GetEvent(position=(1 << 63) - 1), wire.GetEvent(principal=1, sequence=10 ** 6)):
            self.fails("NOT_FOUND", admin.connection.ask, get_event=question)
        self.fails("NOT_FOUND", admin.connection.ask, get_programme=wire.GetProgramme(version=999))
        self.assertEqual(admin.connection.ask(get_event=wire.GetEvent(principal=0, sequence=1)).position, 1)


class Programme(Shop):
    def test_a_new_version_is_booked_by_whoever_may(self):
        with open(PROGRAMME, "rb") as file:
            first = file.read()
        admin, till = self.daemon.admin(), self.till()
        admin = self.daemon.admin()  # again: till() used loyaltyctl, which has the same key
        ask = admin.connection.ask
        self.assertEqual(ask(get_programme=wire.GetProgramme()).yaml, first)
        second = first.replace(b"version: 1 ", b"version: 2 ").replace(b"give: 1, per: 1.00", b"give: 3, per: 1.00")
        self.assertFalse(ask(check_programme=wire.CheckProgramme(yaml=second)).findings)
        wrong = second.replace(b"required: 9", b"required: no")
        finding, *_ = ask(check_programme=wire.CheckProgramme(yaml=wrong)).findings
        self.assertEqual(finding.line, second[:second.index(b"required: 9")].count(b"\n") + 1)
        self.fails("INVALID", ask, check_programme=wire.CheckProgramme())
        self.fails("TOO_LARGE", ask, check_programme=wire.CheckProgramme(yaml=b"#" * 262145))
        self.tells(till, "ACCEPTED", *purchase("1", BASKET, "version"))
        for wrong in (first, b"nonsense", second.replace(b"EUR", b"USD"), second.replace(b"cornflower", b"cornflour")):
            self.tells(admin, "PROGRAMME_INVALID", statement(programme_change=event.ProgrammeChange(yaml=wrong)))
        self.tells(admin, "MALFORMED", statement(programme_change=event.ProgrammeChange(yaml=b"#" * 262145)))
        self.tells(admin, "ACCEPTED", statement(programme_change=event.ProgrammeChange(yaml=second)))
        self.assertEqual(ask(get_programme=wire.GetProgramme(version=1)).yaml, first)
        newest = ask(get_programme=wire.GetProgramme())
        self.assertEqual((newest.version, newest.yaml), (2, second))
        answer = self.tells(till, "ACCEPTED", *purchase("2", BASKET, "version"))
        self.assertEqual((answer.outcome.programme_version, answer.outcome.balances.available), (2, 15 + 45))
        till.connect()
        self.assertEqual(till.ready.programme_version, 2)


class History(Shop):
    options = ("--load-history",)

    def test_history_has_its_own_time_until_the_shop_goes_live(self):
        till = self.till()
        start = now_ms() - 200 * DAY_MS
        for at, booked_at in ((start, start), (start + DAY_MS, start + DAY_MS), (start, start + DAY_MS)):
            answer = self.tells(till, "ACCEPTED", *purchase(str(till.next_sequence), BASKET, "old", at=at))
            self.assertEqual(answer.head.booked_at, booked_at)
        late = self.till()  # an operator's and the daemon's events leave the time where it is
        answer = self.tells(late, "ACCEPTED", *purchase("1", BASKET, at=start))
        self.assertEqual(answer.head.booked_at, start + DAY_MS)
        self.daemon.ctl("go-live")
        self.tells(till, "CLOCK", *purchase("9", BASKET, "old", at=start))
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="old")).view.purchases, 3)
