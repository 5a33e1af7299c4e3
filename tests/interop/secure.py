"""Tills on other machines: TLS 1.3 with the pin of the invite, and authentications bound to the session."""

import os
import socket

import transport
from connections import Connections
from loyalty_client import Closed, Connection, SigningKey, Till, event, purchase, wire
from shop import BASKET, Shop


class Secure(Shop):
    secure = True

    def invited(self, label):
        invite = self.daemon.ctl("terminal", "invite", "--store", "kalamaja", "--label", label)
        return invite["url"], invite["code"]

    def test_a_till_enrols_and_buys_with_nothing_but_the_invite(self):
        till = Till.enrolled(*self.invited("front"))
        self.addCleanup(till.close)
        till.connect()
        self.assertEqual((till.ready.role, till.ready.store, till.ready.label, till.ready.expected_sequence),
                         (event.ROLE_TERMINAL, "kalamaja", "front", 1))
        answer = self.tells(till, "ACCEPTED", *purchase("1", BASKET, "372 (5) 1", tenders=[(event.TENDER_CASH, 1500)]))
        self.assertGreater(len(answer.outcome.effects), 0)
        self.repeats(till, 1)
        for number in range(2, 102):
            till.add(*purchase(str(number), BASKET, "3725 1"))
        self.assertEqual({a.code for a in till.deliver().values()}, {"ACCEPTED"})
        till.connect()
        self.assertEqual((till.ready.expected_sequence, till.first), (102, 102))
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="37251")).view.purchases, 101)
        self.assertEqual(till.connection.transport.socket.get_protocol_version_name(), "TLSv1.3")

    def test_a_daemon_with_another_key_hears_nothing(self):
        url, code = self.invited("careful")
        wrong = transport.with_pins(url, ["A" * 43])
        with self.assertRaises(transport.WrongPin):
            Till.enrolled(wrong, code)
        with self.assertRaises(transport.WrongPin):
            Connection(wrong)
        two = transport.with_pins(url, ["A" * 43, transport.parse(url)[1][0]])
        self.assertGreater(Till.enrolled(two, code).principal, 1)  # one of several is enough

    def test_a_url_without_a_pin_is_not_used(self):
        for url in ("loyalty://127.0.0.1/", "loyalty://127.0.0.1:7342/?pin=", "loyalty://127.0.0.1/?ca",
                    "loyalty://127.0.0.1/?pin=" + "A" * 43 + "&x=1"):
            with self.assertRaises(ValueError):
                Connection(url)
        self.assertEqual(transport.parse("loyalty://[::1]/?pin=" + "A" * 43), (("::1", 7342), ["A" * 43]))

    def test_an_authentication_is_for_this_session_only(self):
        till = self.till()
        own, other = self.connection(), self.connection()
        self.assertNotEqual(own.transport.binding, other.transport.binding)
        for binding in (other.transport.binding, b"", bytes(32)):
            connection = self.connection()
            connection.transport.binding = binding
            self.fails("BAD_SIGNATURE", connection.authenticate, till.principal, till.key)
            self.ends(connection)
        self.assertEqual(own.authenticate(till.principal, till.key).label, till.ready.label)

    def test_a_session_that_is_cut_is_an_end_like_any_other(self):
        till = self.till()
        for number in range(1, 51):
            till.send_queued(till.add(*purchase(str(number), BASKET, "cut")))
        till.connection.transport.raw.shutdown(socket.SHUT_RDWR)
        with self.assertRaises((Closed, ConnectionError)):
            while True:
                till.connection.receive()
        till.connect()
        till.deliver()
        self.assertEqual(till.connection.ask(get_member=wire.GetMember(card="cut")).view.purchases, 50)

    def test_an_operator_may_come_from_elsewhere(self):
        code = self.daemon.ctl("operator", "invite", "--role", "auditor", "--name", "kadri")["code"]
        person = Till.enrolled(self.address, code, SigningKey.generate())
        self.addCleanup(person.close)
        person.connect()
        self.assertTrue(person.connection.ask(get_status=wire.GetStatus()).balanced)


class SecureKeys(Shop):
    """The daemon's TLS key is changed; with two pins at a time nobody notices."""

    secure = True

    def configure(self, old, new):
        with open(self.daemon.configuration, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(self.daemon.configuration, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def test_tills_go_over_to_the_next_key(self):
        there, away, data = self.till("there"), self.till("away"), self.daemon.data
        first = transport.parse(there.address)[1]
        self.assertEqual(len(first), 1)
        second = self.daemon.run("loyaltyd", "certificate", "--data", data).split()[-1]
        self.leave_and_restart(there, away, lambda: self.configure("  trust: pin", f"  trust: pin\n  next_pin: {second}"))
        there.connect()
        self.assertEqual(transport.parse(there.address)[1], [*first, second])
        self.tells(there, "ACCEPTED", *purchase("1", BASKET))

        def change():
            self.configure(f"  next_pin: {second}\n", "")
            for end in ("key", "crt"):
                os.replace(f"{data}/tls-next.{end}", f"{data}/tls.{end}")

        self.leave_and_restart(there, away, change)
        there.connect()
        self.assertEqual(there.connection.transport.pin, second)
        self.assertEqual(transport.parse(there.address)[1], [second])
        self.tells(there, "ACCEPTED", *purchase("2", BASKET))
        away.add(*purchase("3", BASKET))
        with self.assertRaises(transport.WrongPin):
            away.connect()
        away.address = self.daemon.url()  # told by hand
        away.connect()
        self.assertEqual({a.code for a in away.deliver().values()}, {"ACCEPTED"})

    def leave_and_restart(self, *tills_and_change):
        *tills, change = tills_and_change
        for till in tills:
            till.close()
        self.daemon.stop()
        change()
        self.daemon.start()


class SecureConnections(Connections):
    """All that holds of connections holds with TLS."""

    secure = True
