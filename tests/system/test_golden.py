#!/usr/bin/python3
"""The test vectors of tests/golden, checked without any code of the project: Python's protobuf reads and writes the
schema, PyNaCl checks the signatures, hashlib the hashes."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from hashlib import blake2b

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

SOURCE = pathlib.Path(os.environ.get("LOYALTY_SOURCE", pathlib.Path(__file__).parents[2]))
SCHEMA = ["event", "log", "wire"]


def h(*parts):
    return blake2b(b"".join(parts), digest_size=32).digest()


def big(value, size):
    return value.to_bytes(size, "big")


def unhex(value):
    """The same object with every text of hex digits as bytes, and with the rest as it is."""
    if isinstance(value, dict):
        return {key: unhex(item) for key, item in value.items()}
    try:
        return bytes.fromhex(value) if isinstance(value, str) else value
    except ValueError:
        return value


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run(["protoc", f"--proto_path={SOURCE / 'proto'}", f"--python_out={cls.folder.name}",
                        *(f"loyalty/{name}.proto" for name in SCHEMA)], check=True)
        sys.path.insert(0, cls.folder.name)
        cls.event, cls.log, cls.wire = (importlib.import_module(f"loyalty.{name}_pb2") for name in SCHEMA)
        text = (SOURCE / "tests/golden/vectors.json").read_text()
        cls.vectors = unhex(json.loads(text))
        cls.plain = json.loads(text)
        cls.programme_id = cls.vectors["programme_id"]
        cls.keys = {key["principal"]: key for key in cls.vectors["keys"].values()}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def expect_signed(self, principal, signed, signature):
        key = self.keys[principal]
        VerifyKey(key["public_key"]).verify(signed, signature)
        self.assertEqual(SigningKey(key["seed"]).sign(signed).signature, signature)
        with self.assertRaises(BadSignatureError):
            VerifyKey(key["public_key"]).verify(signed[:-1] + bytes([signed[-1] ^ 1]), signature)

    def same_bytes(self, message, data):
        """The message of these bytes, after a check that it is written back exactly, nothing of it unknown."""
        message.ParseFromString(data)
        self.assertEqual(message.SerializeToString(), data)
        message.DiscardUnknownFields()
        self.assertEqual(message.SerializeToString(), data)
        return message

    def framed(self, message, frame):
        self.assertEqual(int.from_bytes(frame[:4], "big"), len(frame) - 4)
        return self.same_bytes(message, frame[4:])

    def test_keys_come_from_their_seeds(self):
        for key in self.keys.values():
            self.assertEqual(bytes(SigningKey(key["seed"]).verify_key), key["public_key"])

    def test_events_are_canonical_and_signed(self):
        for name, vector in self.vectors["events"].items():
            with self.subTest(name):
                body = vector["body"]
                principal, sequence = vector["principal"], vector["sequence"]
                parsed = self.same_bytes(self.event.Body(), body)
                self.assertEqual(parsed.WhichOneof("kind"), name.removeprefix("redeeming_").removeprefix("measured_"))
                signed = b"loyaltyd event v1\0" + self.programme_id + big(principal, 4) + big(sequence, 8) + body
                self.assertEqual(signed, vector["signed"])
                self.expect_signed(principal, signed, vector["signature"])
                book = self.framed(self.wire.Request(), vector["frame"]).book
                self.assertEqual((book.principal, book.sequence, book.body, book.signature),
                                 (principal, sequence, body, vector["signature"]))

    def test_a_purchase_made_here_is_the_same_bytes(self):
        body = self.event.Body(occurred_at=1709289000000, clock_correction=-1500)
        purchase = body.purchase
        purchase.receipt.business_date = 19783
        purchase.receipt.number = "000123"
        purchase.card = self.vectors["card"]["commitment"]
        purchase.lines.add(sku="4740001", category="lunch", gross=890, tax=161)
        purchase.lines.add(sku="4740002", category="fruit", labels=["organic", "local"], quantity=1250, gross=374,
                           discount=25, tax=67, weighed=True)
        purchase.lines.add(sku="deposit", quantity=-2000, gross=-20)
        purchase.cash_rounding = -1
        purchase.tenders.add(amount=244)
        purchase.tenders.add(kind=self.event.TENDER_CARD, amount=1000, label="debit")
        purchase.codes.append("SPRING24")
        self.assertEqual(body.SerializeToString(), self.vectors["events"]["purchase"]["body"])

    def test_the_card_is_committed_to(self):
        card = self.vectors["card"]
        normalised = self.plain["card"]["normalised"]
        self.assertEqual(self.plain["card"]["as_read"].translate(str.maketrans("", "", " -.()")).upper(), normalised)
        commitment = blake2b(normalised.encode(), digest_size=32, key=card["salt"]).digest()
        self.assertEqual(commitment, card["commitment"])
        for name in ("purchase", "enrolment"):
            vector = self.vectors["events"][name]
            body = self.event.Body.FromString(vector["body"])
            self.assertEqual(getattr(body, name).card, commitment)
            opening = self.wire.Request.FromString(vector["frame"][4:]).book.opening
            self.assertEqual((opening.salt, opening.card), (card["salt"], self.plain["card"]["as_read"]))

    def test_genesis_names_its_keys(self):
        genesis = self.vectors["genesis"]
        body = self.same_bytes(self.event.Body(), genesis["body"])
        self.assertEqual(body.genesis.daemon_key, self.keys[0]["public_key"])
        self.assertEqual(body.genesis.operator_key, self.keys[1]["public_key"])
        self.assertEqual(h(genesis["body"]), genesis["hash"])

    def test_the_challenge_is_signed(self):
        auth = self.vectors["authenticate"]
        for name, binding in (("plain", b""), ("tls", auth["channel_binding"])):
            with self.subTest(name):
                vector = auth[name]
                signed = (b"loyaltyd auth v1\0" + self.programme_id + big(auth["principal"], 4) + auth["challenge"]
                          + binding)
                self.assertEqual(signed, vector["signed"])
                self.expect_signed(auth["principal"], signed, vector["signature"])
                request = self.framed(self.wire.Request(), vector["frame"]).authenticate
                self.assertEqual((request.principal, request.signature), (auth["principal"], vector["signature"]))

    def test_enrolment_is_proved(self):
        enrol = self.vectors["enrol"]
        code = self.plain["enrol"]["code"]
        key = self.keys[7]["public_key"]
        self.assertEqual(code.upper().replace("-", ""), self.plain["enrol"]["normalised"])
        self.assertEqual(h(self.plain["enrol"]["normalised"].encode()), enrol["code_hash"])
        signed = b"loyaltyd enrol v1\0" + self.programme_id + key + enrol["code_hash"]
        self.assertEqual(signed, enrol["signed"])
        self.expect_signed(7, signed, enrol["proof"])
        request = self.framed(self.wire.Request(), enrol["frame"]).enrol
        self.assertEqual((request.code, request.key, request.proof), (code, key, enrol["proof"]))
        invite = self.event.Body.FromString(self.vectors["events"]["invite"]["body"]).invite
        self.assertEqual(invite.code_hash, enrol["code_hash"])

    def test_the_record_is_chained(self):
        record, purchase = self.vectors["record_of_the_purchase"], self.vectors["events"]["purchase"]
        self.same_bytes(self.log.Context(), record["context"])
        outcome = self.same_bytes(self.log.Outcome(), record["outcome"])
        self.assertEqual([effect.WhichOneof("kind") for effect in outcome.effects],
                         ["lot", "move", "move", "metric", "level", "stamps", "voucher", "visit"])
        leaf = h(b"loyaltyd leaf v1\0", big(record["position"], 8), big(record["booked_at"], 8),
                 big(purchase["principal"], 4), big(record["key_no"], 4), big(purchase["sequence"], 8),
                 h(purchase["body"]), h(purchase["signature"]), h(record["context"]), h(record["outcome"]))
        self.assertEqual(leaf, record["leaf"])
        chain = h(b"loyaltyd link v1\0", record["previous"], leaf)
        self.assertEqual(chain, record["chain"])
        booked = self.same_bytes(self.wire.Booked(), record["booked"])
        self.assertEqual((booked.sequence, booked.position, booked.booked_at, booked.chain, booked.outcome),
                         (purchase["sequence"], record["position"], record["booked_at"], chain, record["outcome"]))
        reply = self.framed(self.wire.Reply(), record["frame"]).booked
        self.assertEqual((reply.booked, reply.repeated), (record["booked"], True))


if __name__ == "__main__":
    unittest.main()
