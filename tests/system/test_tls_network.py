"""A daemon on one box and a till on another, as docs/operations.md sets them up, with an ear on the cable between."""

import harness
from harness import check, equal
from tls import Capture, Network, TlsHouse, TlsTill, pins_of, records, s_client, versions

CARD = "37251234567"


def in_network(test):
    def wrapped(_):
        net = Network()
        house = TlsHouse(net)
        try:
            house.init().start()
            test(house, net)
        except AssertionError:
            print(f"--- log of the daemon in its namespace\n{house.log()}---")
            raise
        finally:
            house.close()
            net.close()
    return wrapped


@in_network
def test_nothing_but_tls_1_3_passes_and_nothing_can_be_read(house, net):
    capture = Capture(net)
    till = TlsTill(house, "till1")
    url, code = house.invited("till1")
    try:
        check(url.startswith("loyalty://10.77.0.1:7342/?pin="), url)
        till.enrol(code, url)
        for receipt in range(1, 21):
            answer = till.purchase(receipt, "x,coffee,1,2.50", card=CARD)
            equal(answer["code"], "ACCEPTED")
        equal(till.json("balance", "--card", CARD)[0]["view"]["available"], 40)
    finally:
        capture.stop()
    streams = capture.streams()
    to_daemon = [stream for key, stream in streams.items() if key[3] == 7342]
    from_daemon = [stream for key, stream in streams.items() if key[1] == 7342]
    check(len(to_daemon) >= 21 and len(from_daemon) == len(to_daemon), "connections seen:", len(to_daemon))
    equal(len(to_daemon) + len(from_daemon), len(streams), "connections to port 7342, and all there are")
    for stream in to_daemon:
        found = records(stream)
        equal(versions(found[0][2]), [0x304], "what the till offers")
        check(all(kind == 23 or (kind == 20 and content == b"\x01") for kind, _, content in found[1:]),
              "only the first record of the till is in the clear")
    for stream in from_daemon:
        found = records(stream)
        equal((found[0][0], found[0][2][0], versions(found[0][2])), (22, 2, [0x304]), "what the daemon chooses")
        check(all(kind == 23 or (kind == 20 and content == b"\x01") for kind, _, content in found[1:]),
              "only the first record of the daemon is in the clear")
    status = house.status()
    wire = b"".join(capture.frames)
    words = [CARD, "coffee", "kalamaja", "till1", "Balance", "stars", "cornflower", "loyalty-client", code,
             code.replace("-", ""), pins_of(url)[0]]
    for secret in [word.encode() for word in words] + [bytes.fromhex(status["programme_id"])]:
        check(secret not in wire, f"{secret} passes in the clear")
    check(len(wire) > 20000, "there was little to look at")
    print(f"        {len(capture.frames)} frames, {len(wire)} bytes, {len(to_daemon)} connections")


@in_network
def test_a_wrong_pin_is_refused_by_the_till(house, net):
    url, code = house.invited("till1")
    other = "A" * 42 + "E"
    capture = Capture(net)
    till = TlsTill(house, "till1")
    try:
        done = till.run("enrol", url.replace(pins_of(url)[0], other), code, status=4)
    finally:
        capture.stop()
    check("not the one that was pinned" in done.stderr, done.stderr)
    sent = [records(stream) for key, stream in capture.streams().items() if key[3] == 7342]
    equal(len(sent), 1, "connections")
    # ClientHello, the alert that says no, and nothing that an impostor could use: not the code, not even Hello.
    check(sum(len(content) for kind, _, content in sent[0] if kind == 23) < 64, "the till talked to it", sent)
    equal(house.counter("tls_handshakes"), 0)
    equal(house.counter("tls_handshakes_failed"), 1)
    # The code is good yet.
    till.enrol(code, url)


@in_network
def test_older_versions_are_refused(house, net):
    for version in ("-tls1", "-tls1_1", "-tls1_2"):
        # At the lowest security level, or the client itself would not say such a thing.
        said = s_client(house, version, "-cipher", "ALL:@SECLEVEL=0", inside=net.inside_till)
        check("protocol version" in said and "Cipher is (NONE)" in said, version, said)
    said = s_client(house, "-tls1_3", inside=net.inside_till)
    check("Cipher is TLS_" in said and "TLSv1.3" in said, said)
    equal(house.counter("tls_versions_refused"), 3)
    equal(house.log().count("why=unsupported protocol"), 3, house.log())


if __name__ == "__main__":
    harness.main(globals())
