"""Goods come back, purchases are cancelled, and receipts change hands, through the programs a shop uses."""

import datetime

import harness
from harness import equal


def stars(till, card):
    return till.json("balance", "--card", card)[0]["view"].get("available", 0)


def test_a_return_by_parts_and_a_void(house):
    till = house.till()
    till.purchase(1, "soup,lunch,4,40.00", card="22000001")
    before = stars(till, "22000001")
    till.json("return", "--receipt", "2", "--of", "1", "--line", "1,1")
    less = stars(till, "22000001")
    equal(less < before, True, "a portion came back")
    till.json("return", "--receipt", "3", "--of", "1", "--whole")
    equal(stars(till, "22000001"), 0)
    till.purchase(4, "espresso,coffee,1,20.00", card="22000001")
    till.json("void", "4")
    equal(stars(till, "22000001"), 0)
    till.purchase(5, "espresso,coffee,1,20.00", card="22000001")
    till.json("close-day")
    answer = till.json("void", "5", status=3)[0]
    equal(answer["code"], "DAY_CLOSED")
    house.sound()


def test_a_receipt_goes_to_the_right_member(house):
    till = house.till(label="front")
    till.purchase(1, "espresso,coffee,1,20.00", card="22000001")
    till.purchase(2, "espresso,coffee,1,1.00", card="22000002")
    right = stars(till, "22000002")
    harness.run("loyaltyctl", "receipt", "reassign", "1", "--store", "kalamaja", "--till", "front", "--date",
                datetime.date.today().isoformat(), "--card", "22000002", "--reason", "the wrong card", "--data",
                house.data)
    equal(stars(till, "22000001"), 0)
    equal(stars(till, "22000002") > right, True, "it has the receipt now")
    house.sound()


if __name__ == "__main__":
    harness.main(globals())
