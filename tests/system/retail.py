"""The year of a gift wholesaler (shared data, retail/online_retail_uci.csv.gz) as three till journals.

    retail.py SOURCE.csv.gz FOLDER

What is made of it, by rules that everybody can follow:
  - Times have no zone in the source: they are Europe/London's. An invoice happened at the time of its first line.
  - The till of an invoice is its number modulo 3. Each till's invoices stand in the order of time, then of the source.
  - An invoice that starts with C is a return: it goes to a journal of its own and is no purchase.
  - Other invoices of negative quantities only are stock write-offs: set aside. (None is mixed.)
  - POST, DOT, M, D, BANK CHARGES and gift_0001... are no goods: category `fees`. What is described as a bag has the
    category `bags`, all else `goods`.
  - A line's amount is quantity x price, rounded half up to pence. Lines of no price stay, repeated lines too.
  - The card is the customer's number; invoices without a customer have none.
"""

import collections
import csv
import datetime
import decimal
import functools
import gzip
import os
import sys
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Europe/London")
TILLS = 3
SOURCE_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country".split(",")
HEADER = ("receipt,till,business_date,occurred_at,card,kind,sku,category,labels,quantity,gross,tax,discount,"
          "tender_other")

Line = collections.namedtuple("Line", "sku category quantity pence")
Receipt = collections.namedtuple("Receipt", "number till time card kind lines")  # time: aware; quantity: pieces


@functools.cache
def category(code, description):
    if code.upper() in ("POST", "DOT", "M", "D", "BANK CHARGES") or code.startswith("gift_0001"):
        return "fees"
    return "bags" if "BAG" in description.upper().split() else "goods"


@functools.cache
def pence(price, quantity):
    return int((decimal.Decimal(price) * quantity * 100).to_integral_value(decimal.ROUND_HALF_UP))


def read(source):
    """All invoices, in the order of their first lines."""
    invoices = {}
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        check = next(rows)
        assert check == SOURCE_HEADER, check
        for number, code, description, quantity, when, price, customer, _ in rows:
            quantity = int(quantity)
            invoice = invoices.get(number)
            if invoice is None:
                time = datetime.datetime.fromisoformat(when).replace(tzinfo=ZONE)
                kind = "return" if number.startswith("C") else "purchase"
                invoice = Receipt(number, int(number.lstrip("CA")) % TILLS, time, customer, kind, [])
                invoices[number] = invoice
            invoice.lines.append(Line(code, category(code, description), quantity, pence(price, quantity)))
    return list(invoices.values())


def is_write_off(receipt):
    return receipt.kind == "purchase" and all(line.quantity < 0 for line in receipt.lines)


def money(pence):
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02}"


def write(path, receipts, label="till-{}"):
    """A journal of these receipts, in this order."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for receipt in receipts:
            head = ",".join((receipt.number, label.format(receipt.till), receipt.time.date().isoformat(),
                             receipt.time.isoformat(), receipt.card, receipt.kind))
            total = money(sum(line.pence for line in receipt.lines))
            for line in receipt.lines:
                file.write(f"{head},{line.sku},{line.category},,{line.quantity},{money(line.pence)},,,{total}\n")
                total = ""
    return path


def convert(source, folder):
    """(journals, receipts of each, the journal of returns, returns, write-offs set aside)"""
    invoices = read(source)
    returns = [r for r in invoices if r.kind == "return"]
    write_offs = [r for r in invoices if is_write_off(r)]
    sales = sorted((r for r in invoices if r.kind == "purchase" and not is_write_off(r)), key=lambda r: r.time)
    tills = [[r for r in sales if r.till == till] for till in range(TILLS)]
    journals = [write(os.path.join(folder, f"till-{n}.csv"), receipts) for n, receipts in enumerate(tills)]
    return (journals, tills, write(os.path.join(folder, "returns.csv"), returns), returns, write_offs)


if __name__ == "__main__":
    journals, tills, _, returns, write_offs = convert(sys.argv[1], sys.argv[2])
    for journal, receipts in zip(journals, tills):
        print(f"{journal}: {len(receipts)} receipts, {sum(len(r.lines) for r in receipts)} lines")
    print(f"returns: {len(returns)}; stock write-offs set aside: {len(write_offs)}")
