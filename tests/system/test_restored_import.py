"""A copy made in the middle of an import, restored, and finished by the same tills' queues ends where the log ends that
was never lost: the year of the wholesaler under rules for which the order of receipts does not matter."""

import os
import tempfile
import threading

import harness
import history
import retail
from harness import check, equal, run

PROGRAMME = """\
programme: wholesale
version: 1
currency: GBP
zone: Europe/London
stores: [{id: warehouse}]
outbox_retention: {days: 366}
max_offline: {days: 366}
basis: {exclude: {categories: [fees]}}
points:
  name: [{locale: en, one: point, other: points}]
rules:
  - {id: pound, spend: {give: 1, per: 1.00}}
  - {id: bag, card: bags, item: {give: 1, per: line}, only: {categories: [bags]}}
stamp_cards:
  - {id: bags, required: 20, gives: {reward: gift}}
rewards:
  - {id: gift, kind: gift}
"""


def holdings(house, cards):
    """What each card has; members are numbered in the order they came, which differs between the two logs."""
    copy = history.Copy(house)
    equal(copy.one("SELECT count(*) FROM member"), cards, "members")
    points = sorted(row[2] for rows in copy.holdings(history.MEMBER).values() for row in rows)
    bags = sorted((row[2], row[3]) for rows in copy.holdings(history.STAMPS).values() for row in rows)
    return points, bags


def back_up_midway(house, total, copy):
    """Copies the log when about half of it is there."""
    harness.wait_until(lambda: house.status()["position"] > total // 2, "half of the import", 120)
    house.ctl("backup", copy, "--no-verify")


def test_a_copy_made_midway_ends_in_the_same_balances(_):
    history.use_release()
    with tempfile.TemporaryDirectory(prefix="loyaltyd-restore.") as folder:
        journals, receipts, _, _ = retail.convert(history.data("retail/online_retail_uci.csv.gz"), folder)
        total = sum(len(of_till) for of_till in receipts)
        house = history.loading_house(folder, PROGRAMME)
        try:
            tills = [house.till(f"till-{n}", "warehouse") for n in range(retail.TILLS)]
            copy = os.path.join(folder, "copy.db")
            backing = threading.Thread(target=back_up_midway, args=(house, total, copy))
            backing.start()
            history.import_all(house, tills, journals, 0, house.random)
            backing.join()
            members = house.sound()["members"]
            house.stop()
            whole = holdings(house, members)
            lost = house.data + ".lost"
            os.rename(house.data, lost)
            run("loyaltyctl", "restore", copy, house.data, "--keys", lost, "--listen", "127.0.0.1:0")
            house.start()
            position = house.status()["position"]
            check(total // 2 < position < total, "the copy holds a part of the log", position)
            for till in tills:
                till.run("send")
            equal(house.sound()["members"], members, "members")
            house.stop()
            equal(holdings(house, members), whole, "points and stamps of all members")
            history.prove(house)
        finally:
            house.close()


if __name__ == "__main__":
    harness.main(globals())
