"""TLS on one box: peers that do not speak it or stop half-way, keys that change, certificates of an authority."""

import contextlib
import os
import socket
import sqlite3
import time

import harness
from harness import PATIENCE, check, equal, run, wait_until
from tls import TlsHouse, TlsTerminal, TlsTill, TlsWire, pins_of, s_client

HANDSHAKE_SECONDS = 10


def with_tls(test):
    def wrapped(_):
        house = TlsHouse()
        try:
            house.init().start()
            test(house)
        except AssertionError:
            print(f"--- log of the daemon with TLS\n{house.log()}---")
            raise
        finally:
            house.close()
    return wrapped


def connect(house, port=None):
    peer = socket.create_connection((house.host, port or house.tls_port), PATIENCE)
    return contextlib.closing(peer)


def until_closed(peer):
    """What the daemon still says before it closes."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while data := peer.recv(65536):
            said += data
    return said


def known_url(till):
    with contextlib.closing(sqlite3.connect(os.path.join(till.folder, "outbox.db"))) as outbox:
        return outbox.execute("SELECT value FROM setting WHERE name = 'url'").fetchone()[0]


@with_tls
def test_who_does_not_speak_tls_is_closed_named_and_counted(house):
    till = house.new_till("honest")
    hello = harness.frame(id=1, hello=harness.proto()[0].Hello(version=1))
    for noise in (hello, b"GET / HTTP/1.0\r\n\r\n", os.urandom(4096).replace(b"\x16", b"x"), b"\0" * 100000):
        with connect(house) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(noise)
            check(len(until_closed(peer)) <= 7, "more than an alert")
    equal(house.counter("tls_plaintext"), 4)
    equal(house.log().count("why=this is no TLS"), 4, house.log())
    equal(till.purchase(1, "x,coffee,1,1.00")["code"], "ACCEPTED")


@with_tls
def test_tls_where_there_is_none_is_named_and_counted(house):
    house.stop()
    port = harness.free_port()
    house.configure((f'tcp: "127.0.0.1:0"', f'tcp: "127.0.0.1:{port}"'))
    house.start()
    url, code = house.invited("lost")
    till = TlsTill(house, "lost")
    done = till.run("enrol", url.replace(str(house.tls_port), str(port)), code, status=1)
    check("does not speak TLS" in done.stderr, done.stderr)
    equal(house.counter("tls_unexpected"), 1)
    check("TLS on a listener without it" in house.log(), house.log())
    done = till.run("enrol", f"tcp://127.0.0.1:{house.tls_port}", code, status=1)
    equal(house.counter("tls_plaintext"), 1)
    till.enrol(code, url)


@with_tls
def test_a_handshake_that_stalls_is_closed_in_time(house):
    till = house.new_till("honest")
    hello = bytes.fromhex("160301006e0100006a0303") + bytes(40)
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(connect(house))
        begun = stack.enter_context(connect(house))
        slow = stack.enter_context(connect(house))
        begun.sendall(hello)
        while time.monotonic() - start < HANDSHAKE_SECONDS + 4:
            with contextlib.suppress(OSError):
                slow.sendall(hello[:1])
                hello = hello[1:] or b"\0"
            equal(till.purchase(int(time.monotonic() * 1000), "x,coffee,1,1.00")["code"], "ACCEPTED")
            time.sleep(0.5)
        for peer in (silent, begun, slow):
            peer.settimeout(1)
            equal(until_closed(peer), b"")
    equal(house.counter("tls_handshakes_stalled"), 3)
    equal(house.log().count("why=the handshake was not completed"), 3, house.log())


@with_tls
def test_a_till_in_another_language_enrols_and_buys(house):
    terminal = TlsTerminal(house, "other")
    with contextlib.closing(terminal.connect()) as wire:
        for sequence in range(1, 11):
            body, opening = terminal.body(str(sequence), card="4711")
            equal(harness.outcome(wire.ask(book=terminal.book(sequence, body, opening))).code, 0)
    with contextlib.closing(terminal.connect()):
        equal(terminal.sequence, 11)
    equal(house.sound()["members"], 1)


@with_tls
def test_a_cut_handshake_and_a_cut_record_are_counted(house):
    with connect(house) as peer:
        peer.sendall(bytes.fromhex("160301006e"))
    wait_until(lambda: house.counter("tls_handshakes_failed") == 1, "the end is seen")
    terminal = TlsTerminal(house, "t")
    wire = terminal.connect()
    wire.raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    equal(wire.receive(), None)
    equal(house.counter("tls_records_bad"), 1)


@with_tls
def test_the_bytes_of_handshakes_are_limited(house):
    house.configure(("tls:\n", "limits: {local: {unauthenticated: 20000}}\ntls:\n"))
    house.restart()
    equal(house.counter("limited_bytes"), 0)
    with contextlib.ExitStack() as stack:
        shaken = 0
        with contextlib.suppress(ConnectionError):
            for shaken in range(100):
                stack.enter_context(contextlib.closing(TlsWire(house)))
    check(20 < shaken < 90, shaken, "handshakes were let through")
    check(house.counter("limited_bytes") >= 1, house.status()["counters"])


@with_tls
def test_nobody_in_between_can_pass_an_authentication_on(house):
    """Somebody in between has a session with the till and one with the daemon: what the till signs for the one is
    worth nothing on the other."""
    terminal = TlsTerminal(house, "t")
    with contextlib.closing(TlsWire(house)) as tills, contextlib.closing(TlsWire(house)) as thiefs:
        challenge = thiefs.hello().challenge
        terminal.programme_id = thiefs.programme_id
        reply = terminal.authenticate(thiefs, challenge, binding=tills.binding)
        equal(harness.failure(reply), "BAD_SIGNATURE")
    with contextlib.closing(TlsWire(house)) as wire:
        reply = terminal.authenticate(wire, wire.hello().challenge, binding=b"")
        equal(harness.failure(reply), "BAD_SIGNATURE", "a signature without a binding")
    terminal.connect().close()


@with_tls
def test_who_does_not_read_is_not_read_and_costs_little(house):
    """Questions without end, whose answers nobody takes: the daemon stops reading, and serves the others."""
    till = house.new_till("honest")
    terminal = TlsTerminal(house, "greedy")
    wire = terminal.connect(receive_bytes=4096)
    before = resident(house)
    question = harness.frame(id=1, get_member=harness.proto()[0].GetMember(card="nobody")) * 100
    wire.secure.wait_at_most(2)
    sent = 0
    with contextlib.suppress(wire.secure.errors.WantWriteError):
        while sent < 64 << 20:
            sent += wire.socket.send(question)
    check(sent < 64 << 20, "the daemon reads on without an answer being taken")
    for receipt in range(1, 4):
        equal(till.purchase(receipt, "x,coffee,1,1.00")["code"], "ACCEPTED")
    grown = resident(house) - before
    print(f"        stopped after {sent >> 10} KiB of questions, the daemon grew by {grown} KiB")
    check(grown < 16 << 10 or "asan" in run("ldd", "/proc/%d/exe" % house.daemon.pid).stdout, "the daemon grew by", grown)
    # It goes on where it stopped when the answers are taken.
    wire.secure.wait_at_most(PATIENCE)
    for _ in range(1000):
        equal(harness.failure(wire.receive()), "NOT_FOUND")
    wire.close()


def resident(house):
    with open(f"/proc/{house.daemon.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@with_tls
def test_tills_learn_the_next_key_before_it_is_used(house):
    till, absent = house.new_till("here"), house.new_till("away")
    own = os.path.join(house.folder, "mari.key")
    invite = house.ctl("operator", "invite", "--role", "manager", "--name", "mari")
    run("loyaltyctl", "operator", "enrol", invite["url"], invite["code"], "--key", own)

    def operator():
        """What an operator who comes by TLS knows after a connection."""
        run("loyaltyctl", "status", "--key", own)
        with open(own + ".place", encoding="utf-8") as place:
            return pins_of(place.read())

    old = pins_of(known_url(till))[0]
    equal(operator(), [old])
    made = run("loyaltyd", "certificate", "--data", house.data).stdout.split()
    pin = made[-1]
    certificate = os.path.join(house.data, "tls-next.crt")
    equal(made[:2], [os.path.join(house.data, "tls-next.key"), certificate])
    equal(run("loyaltyd", "certificate", "--pin", certificate).stdout.strip(), pin)
    public = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey").stdout
    digest = run("sh", "-c", "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | basenc --base64url | tr -d =",
                 input=public).stdout.strip()
    equal(digest, pin, "the pin as docs/protocol.md computes it")
    house.configure(("  trust: pin", f"  trust: pin\n  next_pin: {pin}"))
    house.restart()
    equal(till.purchase(1, "x,coffee,1,1.00")["code"], "ACCEPTED")
    equal(pins_of(known_url(till)), [old, pin], "what the till knows now")
    equal(operator(), [old, pin], "what the operator knows now")
    late, code = house.invited("late")
    equal(pins_of(late), [old, pin], "an invite in between")
    house.stop()
    for suffix in ("key", "crt"):
        os.replace(f"{house.data}/tls-next.{suffix}", f"{house.data}/tls.{suffix}")
    house.configure((f"  next_pin: {pin}\n", ""))
    house.start()
    equal(till.purchase(2, "x,coffee,1,1.00")["code"], "ACCEPTED")
    equal(pins_of(known_url(till)), [pin], "after the change")
    equal(operator(), [pin], "after the change")
    TlsTill(house, "late").enrol(code, late)
    # Who was away all the time does not talk to a daemon it does not know, and keeps its queue.
    done = absent.run("purchase", "--receipt", "1", "--line", "x,coffee,1,1.00", status=4)
    check("not the one that was pinned" in done.stderr, done.stderr)
    equal(absent.queue()["waiting"], 1)
    # It is told by hand.
    absent.run("move", house.ctl("terminal", "url")["url"])
    absent.run("send")
    equal(absent.queue()["waiting"], 0)


def make_authority(folder, name):
    """An authority and a certificate of its for `name`; (certificate, key, authority)."""
    path = {part: os.path.join(folder, part) for part in ("ca.key", "ca.crt", "box.key", "box.csr", "box.crt", "box.ext")}
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=Shops", "-keyout", path["ca.key"], "-out", path["ca.crt"])
    run("openssl", "req", "-newkey", "ed25519", "-nodes", "-subj", "/CN=box", "-keyout", path["box.key"], "-out",
        path["box.csr"])
    with open(path["box.ext"], "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={name}\n")
    run("openssl", "x509", "-req", "-in", path["box.csr"], "-CA", path["ca.crt"], "-CAkey", path["ca.key"],
        "-CAcreateserial", "-days", "2", "-extfile", path["box.ext"], "-out", path["box.crt"])
    os.chmod(path["box.key"], 0o600)
    return path["box.crt"], path["box.key"], path["ca.crt"]


def use_certificate(house, certificate, key):
    house.stop()
    house.configure((f"certificate: {house.data}/tls.crt", f"certificate: {certificate}"),
                    (f"key: {house.data}/tls.key", f"key: {key}"), ("trust: pin", "trust: ca"))
    house.start()


@with_tls
def test_a_certificate_of_an_authority_takes_the_place_of_pins(house):
    certificate, key, authority = make_authority(house.folder, "IP:127.0.0.1")
    use_certificate(house, certificate, key)
    url, code = house.invited("till1")
    equal(url, f"loyalty://127.0.0.1:{house.tls_port}/?ca")
    till = TlsTill(house, "till1")
    done = till.run("enrol", url, code, status=4)
    check("certificate is not accepted" in done.stderr, done.stderr)
    done = till.run("enrol", url.replace("/?ca", ""), code, status=64)
    check("no pin" in done.stderr, done.stderr)
    till.run("enrol", "--ca", authority, url, code)
    equal(till.purchase(1, "x,coffee,1,1.00")["code"], "ACCEPTED", "it remembers who vouches")
    # Another of the shop's boxes has a certificate of the same authority, for another name.
    other, other_key, _ = make_authority_again(house.folder, "DNS:other.example")
    house.stop()
    house.configure((f"certificate: {certificate}", f"certificate: {other}"), (f"key: {key}", f"key: {other_key}"))
    house.start()
    done = till.run("purchase", "--receipt", "2", "--line", "x,coffee,1,1.00", status=4)
    check("IP address mismatch" in done.stderr, done.stderr)


@with_tls
def test_an_operator_may_know_the_daemon_by_an_authority(house):
    certificate, key, authority = make_authority(house.folder, "IP:127.0.0.1")
    use_certificate(house, certificate, key)
    invite = house.ctl("operator", "invite", "--role", "manager", "--name", "mari")
    equal(invite["url"], f"loyalty://127.0.0.1:{house.tls_port}/?ca")
    own = os.path.join(house.folder, "mari.key")
    enrol = ["loyaltyctl", "operator", "enrol", invite["url"], invite["code"], "--key", own]
    done = run(*enrol, status=1)
    check("certificate is not accepted" in done.stderr, done.stderr)
    done = run(*enrol, "--ca", "nowhere.crt", status=64)
    check("nowhere.crt: No such file" in done.stderr, done.stderr)
    run(*enrol, "--ca", os.path.basename(authority), cwd=house.folder)
    check("balanced" in run("loyaltyctl", "status", "--json", "--key", own, cwd="/").stdout, "it remembers who vouches")
    # Another authority, or none where nothing was remembered.
    done = run("loyaltyctl", "status", "--key", own, "--ca", f"{house.data}/tls.crt", status=1)
    check("certificate is not accepted" in done.stderr, done.stderr)
    first = ["loyaltyctl", "status", "--data", house.data, "--socket"]
    done = run(*first, invite["url"], status=1)
    check("certificate is not accepted" in done.stderr, done.stderr)
    run(*first, invite["url"], "--ca", authority)
    run(*first, invite["url"].replace("/?ca", ""), "--ca", authority)
    done = run(*first, invite["url"].replace("/?ca", ""), status=1)
    check("no pin" in done.stderr, done.stderr)
    run(*first, os.path.join(house.data, "loyaltyd.sock"))


def make_authority_again(folder, name):
    key, csr, certificate = (os.path.join(folder, f"other.{end}") for end in ("key", "csr", "crt"))
    with open(os.path.join(folder, "other.ext"), "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={name}\n")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", key, "-out", csr)
    run("openssl", "x509", "-req", "-in", csr, "-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", f"{folder}/other.ext", "-out", certificate)
    os.chmod(key, 0o600)
    return certificate, key, f"{folder}/ca.crt"


@with_tls
def test_a_daemon_whose_certificate_is_of_no_use_does_not_start(house):
    house.stop()
    key = os.path.join(house.data, "tls.key")
    os.chmod(key, 0o640)
    check(house.spawn().wait(PATIENCE) != 0, "it runs with a key that others can read")
    check("tls.key: must be readable by the daemon's user and nobody else" in house.log(), house.log())
    os.remove(key)
    check(house.spawn().wait(PATIENCE) != 0, "it runs without a key")
    check("tls.key: No such file" in house.log(), house.log())


@with_tls
def test_an_address_others_can_reach_needs_tls(house):
    house.stop()
    house.configure(("tls: \"127.0.0.1", "tcp: \"0.0.0.0"))
    done = run("loyaltyd", "--config", os.path.join(house.data, "loyaltyd.conf"), "--check-config", status=1)
    check("is no loopback address" in done.stderr, done.stderr)


@with_tls
def test_the_invite_says_where_and_by_what(house):
    url, _ = house.invited("a")
    check(url.startswith(f"loyalty://127.0.0.1:{house.tls_port}/?pin="), url)
    other = house.ctl("terminal", "invite", "--store", "kalamaja", "--label", "b", "--host", "till.example.org:99")["url"]
    equal(other, url.replace(f"127.0.0.1:{house.tls_port}", "till.example.org:99"))
    house.stop()
    house.configure((f'tls: "127.0.0.1:{house.tls_port}"', f'tls: "0.0.0.0:{house.tls_port}"'), ('public: "127.0.0.1"\n', ""))
    house.start()
    done = run("loyaltyctl", "terminal", "invite", "--store", "kalamaja", "--label", "c", "--data", house.data, status=64)
    check("--host" in done.stderr, done.stderr)
    check("Verification error: self-signed certificate" in s_client(house, "-brief", "-alpn", "loyalty/1"), "s_client")


if __name__ == "__main__":
    harness.main(globals())
