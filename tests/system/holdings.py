"""The column `holdings` of the table `member`, read and written by what daemon/store/holdings.h says of it."""

KEY1, KEY2, AMOUNT, LEFT, SINCE, UNTIL, DUE = range(7)
DAY_NEVER = 2**31 - 1

MEMBER, LOT, METRIC, STAMPS, LEVEL, VOUCHER = 0, 1, 2, 3, 5, 6

# kind -> the columns that it has
COLUMNS = {
    MEMBER: (SINCE, UNTIL, DUE),
    LOT: (KEY1, KEY2, AMOUNT, LEFT, SINCE, UNTIL, DUE),
    METRIC: (KEY1, KEY2, AMOUNT),
    STAMPS: (KEY1, AMOUNT, LEFT, SINCE, DUE),
    LEVEL: (AMOUNT, SINCE, UNTIL),
    VOUCHER: (KEY1, KEY2, AMOUNT, LEFT, SINCE, UNTIL, DUE),
    7: (KEY1, KEY2, AMOUNT, LEFT),
    8: (KEY1, AMOUNT),
    9: (KEY1, KEY2, AMOUNT),
    10: (KEY1, KEY2, AMOUNT),
    11: (KEY1, AMOUNT, LEFT, SINCE, UNTIL, DUE),
    12: (AMOUNT, UNTIL),
    13: (AMOUNT, UNTIL),
    14: (KEY1, KEY2, AMOUNT),
    15: (AMOUNT,),
    16: (AMOUNT, SINCE),
}


def signed(value):
    """Modulo 2^64, as SQL has it."""
    return (value + 2**63) % 2**64 - 2**63


def unpack(packed):
    """[(kind, [key1, key2, amount, left, since, until, due])]; None where a kind has no such column, or never."""
    rows, at, last, before = [], 0, None, [0] * 7
    while at < len(packed):
        kind, at = packed[at], at + 1
        before = before if kind == last else [0] * 7
        for column in COLUMNS[kind]:
            value = shift = 0
            while True:
                byte, at = packed[at], at + 1
                value |= (byte & 0x7f) << shift
                shift += 7
                if byte < 0x80:
                    break
            before[column] = signed(before[column] + (value >> 1 ^ -(value & 1)))
        row = [before[column] if column in COLUMNS[kind] else None for column in range(7)]
        row[UNTIL] = None if row[UNTIL] == DAY_NEVER else row[UNTIL]
        rows.append((kind, row))
        last = kind
    return rows


def pack(rows):
    packed, last, before = bytearray(), None, [0] * 7
    for kind, row in rows:
        before = before if kind == last else [0] * 7
        packed.append(kind)
        for column in COLUMNS[kind]:
            value = DAY_NEVER if column == UNTIL and row[column] is None else row[column]
            more = signed(value - before[column])
            more = (more << 1 ^ more >> 63) % 2**64
            while more > 0x7f:
                packed.append(more & 0x7f | 0x80)
                more >>= 7
            packed.append(more)
            before[column] = value
        last = kind
    return bytes(packed)
