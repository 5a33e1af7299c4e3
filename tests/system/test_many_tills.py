"""A thousand tills connected by TLS at once: all are served, and the daemon stays small."""

import contextlib
import os
import resource
import sys
import time

import harness
import history
from harness import SOURCE, check, equal, run
from tls import TlsHouse

sys.path.insert(0, os.path.join(SOURCE, "tests", "interop"))

import loyalty_client
from loyalty_client import Connection, SigningKey, Till, event, hash_of_code, now_ms, purchase, statement, wire

TILLS = 1000
OF_ONE_CONNECTION = 100  # enrolments: a connection has ten seconds until it must have said who it is
RESIDENT_KIB_MAX = 64 << 10


def code_of(number):
    return f"MANYT1115{number:07}"


def invite_all(house):
    operator = loyalty_client.operator(house.socket_path, os.path.join(house.data, "operator.key"))
    with contextlib.closing(operator):
        for number in range(TILLS):
            operator.add(statement(invite=event.Invite(code_hash=hash_of_code(code_of(number)), role=event.ROLE_TERMINAL,
                                                       store="kalamaja", label=f"t{number}", expires_at=now_ms() + 3600000)))
        equal({answer.code for answer in operator.deliver().values()}, {"ACCEPTED"}, "the invites")


def enrol_all(house, url):
    tills = []
    for first in range(0, TILLS, OF_ONE_CONNECTION):
        with Connection(house.socket_path) as connection:
            welcome = connection.hello()
            for number in range(first, first + OF_ONE_CONNECTION):
                key = SigningKey.generate()
                enrolled = connection.enrol(code_of(number), key)
                tills.append(Till(url, key, enrolled.principal, enrolled.programme_id, welcome.daemon_key))
    return tills


def resident_kib(house):
    with open(f"/proc/{house.daemon.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_thousand_tills_by_tls_fit_into_64_mib(_):
    resource.setrlimit(resource.RLIMIT_NOFILE, (TILLS + 300,) * 2)
    house = TlsHouse()
    try:
        house.init()
        house.configure(("log_level: debug", "log_level: info"))
        house.start()
        invite_all(house)
        tills = enrol_all(house, house.ctl("terminal", "url")["url"])
        house.restart()
        idle = resident_kib(house)
        for till in tills:
            till.connect()
        for till in tills:
            till.add(*purchase("1", [("4740001", "lunch", 890)], card=str(till.principal % 300)))
            till.send_queued(1)
        for till in tills:
            equal(till.take(1, till.connection.receive().booked).code, "ACCEPTED")
        time.sleep(1)
        busy = resident_kib(house)
        equal(house.status()["connections"], TILLS + 1)
        print(f"        {idle / 1024:.1f} MiB idle, {busy / 1024:.1f} MiB with {TILLS} tills, {(busy - idle) / TILLS:.1f} KiB a till")
        views = [tills[0].connection.ask(get_member=wire.GetMember(card=str(number))).view for number in range(300)]
        equal(sum(view.purchases for view in views), TILLS)
        if "asan" not in run("ldd", f"/proc/{house.daemon.pid}/exe").stdout:
            check(busy <= RESIDENT_KIB_MAX, busy, "KiB")
        for till in tills:
            till.close()
    except AssertionError:
        print(f"--- log of the daemon with TLS\n{house.log()}---")
        raise
    finally:
        house.close()


if __name__ == "__main__":
    history.use_release()
    harness.main(globals())
