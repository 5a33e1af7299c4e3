"""The year of a gift wholesaler (shared data, retail/online_retail_uci.csv.gz) as three till journals.

    retail.py SOURCE.csv.gz FOLDER [returns]

What is made of it, by rules that everybody can follow:
  - Times have no zone in the source: they are Europe/London's. An invoice happened at the time of its first line.
  - The till of an invoice is its number modulo 3. Each till's invoices stand in the order of time, then of the source.
  - An invoice that starts with C is a return. Without `returns` it is set aside; with it, it stands among the receipts
    in the order of time. What a line of it gives back was bought by the same customer at the latest, before it: the
    articles left of the latest purchase of that stock code first, then of the one before, and so on. Each of these
    purchases makes a return of its own (C536383-1, C536383-2, ...) that names it. What is left over was bought before the
    file begins, or is a discount: it comes back without a receipt, by its amount, in a last return.
  - Other invoices of negative quantities only are stock write-offs: set aside. (None is mixed.)
  - POST, DOT, M, D, BANK CHARGES and gift_0001... are no goods: category `fees`. What is described as a bag has the
    category `bags`, all else `goods`.
  - A line's amount is quantity x price, rounded half up to pence. Lines of no price stay, repeated lines too.
  - The card is the customer's number; invoices without a customer have none.
"""

import calendar
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
          "tender_other,of_receipt,of_date,of_till")
EPOCH = datetime.date(1970, 1, 1)

Line = collections.namedtuple("Line", "sku category quantity pence")
# time: aware; quantity: pieces; of: the purchase that something comes back of, or None
Receipt = collections.namedtuple("Receipt", "number till time card kind lines of", defaults=[None])


@functools.cache
def category(code, description):
    if code.upper() in ("POST", "DOT", "M", "D", "BANK CHARGES") or code.startswith("gift_0001"):
        return "fees"
    return "bags" if "BAG" in description.upper().split() else "goods"


@functools.cache
def pence(price, quantity):
    return int((decimal.Decimal(price) * quantity * 100).to_integral_value(decimal.ROUND_HALF_UP))


def read(source, keep=lambda card: True):
    """All invoices of the customers kept, in the order of their first lines."""
    invoices = {}
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        check = next(rows)
        assert check == SOURCE_HEADER, check
        for number, code, description, quantity, when, price, customer, _ in rows:
            if not keep(customer):
                continue
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


def day_of(time):
    return (time.date() - EPOCH).days


def day_of_ms(ms):
    return day_of(datetime.datetime.fromtimestamp(ms / 1000, ZONE))


def ms_of(time):
    return int(time.timestamp()) * 1000


def end_of_month_after(day, months):
    """The last day of the month `months` after the one of `day`."""
    date = EPOCH + datetime.timedelta(days=day)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return (datetime.date(year, month + 1, calendar.monthrange(year, month + 1)[1]) - EPOCH).days


def write(path, receipts, label="till-{}"):
    """A journal of these receipts, in this order."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for receipt in receipts:
            head = ",".join((receipt.number, label.format(receipt.till), receipt.time.date().isoformat(),
                             receipt.time.isoformat(), receipt.card, receipt.kind))
            of = receipt.of and ",".join((receipt.of.number, receipt.of.time.date().isoformat(),
                                          label.format(receipt.of.till))) or ",,"
            total = money(sum(line.pence for line in receipt.lines)) if receipt.kind == "purchase" else ""
            for line in receipt.lines:
                file.write(f"{head},{line.sku},{line.category},,{line.quantity},{money(line.pence)},,,{total},{of}\n")
                total = ""
    return path


class Matching:
    """Which purchases a customer's returns are of."""

    def __init__(self):
        self.left = collections.defaultdict(list)  # (card, sku) -> [purchase, pieces left], the earliest first
        self.lines = self.unmatched = self.partly = 0

    def bought(self, receipt):
        for line in receipt.lines:
            if line.quantity > 0:
                self.left[receipt.card, line.sku].append([receipt, line.quantity])

    def line(self, receipt, line, parts):
        """Shares the line among the parts, by purchase; gives what is left over."""
        wanted = -line.quantity
        stack = self.left[receipt.card, line.sku] if receipt.card else []
        self.lines += 1 if receipt.card else 0
        self.unmatched += 1 if receipt.card and not stack else 0
        while wanted and stack:
            purchase, left = stack[-1]
            taken = min(wanted, left)
            part = parts.setdefault(purchase.number, (purchase, []))[1]
            part.append(line._replace(quantity=-taken, pence=line.pence * taken // -line.quantity))
            wanted -= taken
            stack[-1][1] -= taken
            if not stack[-1][1]:
                stack.pop()
        self.partly += 1 if 0 < wanted < -line.quantity else 0
        return line._replace(quantity=-wanted, pence=line.pence * wanted // -line.quantity)

    def returned(self, receipt):
        """The returns that this invoice is."""
        parts, rest = {}, []
        for line in receipt.lines:
            over = self.line(receipt, line, parts)
            if over.quantity:
                rest.append(over)
        made = [receipt._replace(lines=lines, of=purchase) for purchase, lines in parts.values()]
        if sum(line.pence for line in rest):
            made.append(receipt._replace(lines=rest))
        return [one._replace(number=f"{receipt.number}-{n}") for n, one in enumerate(made, 1)]


def with_returns(invoices):
    """(purchases and returns, in the order of time, the matching)"""
    matching = Matching()
    found = []
    for invoice in sorted((r for r in invoices if not is_write_off(r)), key=lambda r: r.time):
        if invoice.kind == "purchase":
            found.append(invoice)
            matching.bought(invoice)
        else:
            found += matching.returned(invoice)
    return found, matching


def journals(receipts, folder):
    """(a journal for each till, its receipts)"""
    tills = [[r for r in receipts if r.till == till] for till in range(TILLS)]
    return [write(os.path.join(folder, f"till-{n}.csv"), of_till) for n, of_till in enumerate(tills)], tills


def convert(source, folder):
    """(journals of purchases, receipts of each, returns and write-offs set aside)"""
    invoices = read(source)
    returns = [r for r in invoices if r.kind == "return"]
    write_offs = [r for r in invoices if is_write_off(r)]
    sales = sorted((r for r in invoices if r.kind == "purchase" and not is_write_off(r)), key=lambda r: r.time)
    return (*journals(sales, folder), returns, write_offs)


if __name__ == "__main__":
    if sys.argv[3:] == ["returns"]:
        made, matched = with_returns(read(sys.argv[1]))
        print(f"{matched.lines} lines of returns by customers, {matched.unmatched} of them of no purchase before, "
              f"{matched.partly} in part")
        found = journals(made, sys.argv[2])
    else:
        *found, set_aside, lost = convert(sys.argv[1], sys.argv[2])
        print(f"set aside: {len(set_aside)} returns, {len(lost)} stock write-offs")
    for journal, receipts in zip(*found):
        print(f"{journal}: {len(receipts)} receipts, {sum(len(r.lines) for r in receipts)} lines")
