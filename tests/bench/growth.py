"""What becomes of throughput, latency, start, memory and file as the log grows. The members are always the same and have as
many points that will expire at the end as at the beginning: time passes with the log, so what they hold comes and goes."""

import math
import os
import time

import daemon

ROUNDS, DAYS = 3, 90  # purchases of a member before the first measurement; points of shop.yaml live for 90 days
CHUNK = 500000        # purchases signed at once

SIZES = {
    "normal": {"members": 100000, "tills": 300, "events": (100000, 1000000), "full": (100000, 1000000, 10000000),
               "measured": 60000, "rated": 30000, "million": 1000000, "connected": 1000},
    "quick": {"members": 10000, "tills": 100, "events": (10000, 50000), "full": (10000, 50000, 100000), "measured": 10000,
              "rated": 5000, "million": 20000, "connected": 100},
    "tiny": {"members": 100, "tills": 8, "events": (300, 600), "full": (300, 600), "measured": 100, "rated": 100, "million": 200,
             "connected": 8},
}


def stage(shop, size, per_day, rate):
    """What is so at this size of the log. `rate`: purchases a second of the open loop; 0: half of what is reached."""
    shop.house.stop()
    found = {"file_bytes": shop.file_bytes(), "position": shop.position(), "start_seconds": shop.start_timed()}
    busy = shop.history(size["measured"], size["measured"] / per_day)
    found["per_second"], found["daemon_us"] = busy["per_second"], busy["daemon_us"]
    calm = shop.history(size["rated"], size["rated"] / per_day, rate=rate or busy["per_second"] / 2)
    found["rate"], found["p50_us"], found["p99_us"] = rate or busy["per_second"] / 2, calm["p50_us"], calm["p99_us"]
    found["resident"], found["anonymous"] = shop.memory()
    found["wal_bytes"], found["crash_seconds"] = shop.crash(size["measured"], per_day)
    return found


def grow(options, size, folder, tell):
    tell("tills and members")
    events = size["full"] if options.full else size["events"]
    per_day = size["members"] * ROUNDS / DAYS
    days = DAYS + (events[-1] * 1.2 + 10 * size["measured"]) / per_day
    shop = daemon.Shop(folder, options.programme, size["tills"], size["members"], ROUNDS, DAYS, end_days_ago=days - DAYS)
    stages, loaded, rate = [], 0, 0
    try:
        for target in events:
            while loaded < target - size["tills"]:
                tell(f"{loaded:,} of {target:,} events")
                chunk = min(CHUNK, target - loaded)
                shop.history(chunk, chunk / per_day, batch=64)
                loaded += chunk
            tell(f"{target:,} events")
            found = stage(shop, size, per_day, rate)
            rate = found["rate"]
            found["events"] = target
            stages.append(found)
            loaded += size["measured"] + size["rated"]
    finally:
        shop.close()
    return stages


def many_members(options, size, folder, tell):
    """Resident and anonymous MiB with many members and tills, plain and with TLS."""
    tell("tills")
    shop = daemon.Shop(folder, options.programme, size["connected"], size["million"], 0, 1)
    found = {"members": size["million"], "tills": size["connected"]}
    try:
        left, first = size["million"], 0
        while left > 0:
            chunk = min(CHUNK, left)
            tell(f"{first:,} of {size['million']:,} members")
            shop.history(chunk, chunk / size["million"], first=first, batch=64)
            first, left = first + chunk, left - chunk
        shop.go_live()
        tls = shop.tls_place()
        for name, place in (("plain", shop.place), ("tls", tls)):
            tell(f"{size['connected']:,} tills, {name}")
            shop.house.restart()
            with shop.holding(size["connected"], max(size["measured"] // 3, size["connected"]), place=place) as load:
                time.sleep(1)
                found[name] = {**dict(zip(("resident", "anonymous"), shop.memory())), "per_second": load["per_second"]}
    finally:
        shop.close()
    return found


def measure(options, folder, tell):
    size = SIZES[options.size]
    result = {"members": size["members"], "tills": size["tills"]}
    for name in ("growth", "members"):
        os.makedirs(os.path.join(folder, name))
    result["stages"] = grow(options, size, os.path.join(folder, "growth"), tell)
    if options.full:
        result["many"] = many_members(options, size, os.path.join(folder, "members"), tell)
    tell("")
    first, last = result["stages"][0], result["stages"][-1]
    result["ratio"] = last["per_second"] / first["per_second"]
    return result


def text(result):
    lines = [f"Growth: {result['members']:,} members who hold {ROUNDS} lots each, {result['tills']} tills",
             f"{'events':>12} {'a second':>9} {'cpu us':>7} {'p50 us':>9} {'p99 us':>9} {'start s':>8} {'after crash s':>14} "
             f"{'resident MiB':>13} {'file MiB':>9} {'bytes an event':>15}"]
    for found in result["stages"]:
        lines.append(f"{found['events']:12,} {found['per_second']:9,.0f} {found['daemon_us']:7.1f} {found['p50_us']:9,.0f} "
                     f"{found['p99_us']:9,.0f} {found['start_seconds']:8.3f} {found['crash_seconds']:14.3f} "
                     f"{found['resident']:13.1f} {found['file_bytes'] / 1048576:9,.0f} {growth_bytes(result, found):15.0f}")
    lines.append(f"p50 and p99 in an open loop of {result['stages'][0]['rate']:,.0f} purchases a second")
    lines.append(f"throughput at the last size / at the first: {result['ratio']:.2f} (target >= 0.7)")
    if result.get("many"):
        many = result["many"]
        for name, most in (("plain", 48), ("tls", 64)):
            found = many[name]
            lines.append(f"{many['members']:,} members, {many['tills']:,} tills, {name}: {found['resident']:.1f} MiB resident "
                         f"(target <= {most}), {found['anonymous']:.1f} anonymous")
    return "\n".join(lines)


def markdown(result):
    """The table of docs/performance.md."""
    lines = ["| events | a second | processor us each | p50 us | p99 us | start, s | after a crash, s | resident MiB | file MiB | "
             "bytes an event |", "|---|---|---|---|---|---|---|---|---|---|"]
    for found in result["stages"]:
        lines.append(f"| {found['events']:,} | {found['per_second']:,.0f} | {found['daemon_us']:.1f} | {found['p50_us']:,.0f} | "
                     f"{found['p99_us']:,.0f} | {found['start_seconds']:.3f} | {found['crash_seconds']:.3f} | {found['resident']:.1f} | "
                     f"{found['file_bytes'] / 1048576:,.0f} | {growth_bytes(result, found):.0f} |")
    if result.get("many"):
        many = result["many"]
        lines += ["", f"| {many['members']:,} members, {many['tills']:,} tills | resident MiB | anonymous MiB |", "|---|---|---|"]
        lines += [f"| {words} | {many[name]['resident']:.1f} | {many[name]['anonymous']:.1f} |"
                  for name, words in (("plain", "without TLS"), ("tls", "with TLS"))]
    return "\n".join([*lines, "", f"p50 and p99 are of an open loop of {result['stages'][0]['rate']:,.0f} purchases a second. Throughput "
                      f"at the last size / at the first: {result['ratio']:.2f} (target: at least 0.7)."])


def growth_bytes(result, found):
    """Of the events since the size before; the first one's are those of the ageing, members and all."""
    stages = result["stages"]
    at = stages.index(found)
    if at == 0:
        return found["file_bytes"] / (found["events"] + ROUNDS * result["members"])
    before = stages[at - 1]
    return (found["file_bytes"] - before["file_bytes"]) / (found["position"] - before["position"])


LINES = (("purchases a second", "per_second", "#1f77b4"), ("p99", "p99_us", "#d62728"), ("start", "start_seconds", "#2ca02c"),
         ("start after a crash", "crash_seconds", "#9467bd"), ("resident memory", "resident", "#8c564b"))


def chart(result):
    """Each figure relative to its first, over the size of the log; a thick line is what the ratio speaks of."""
    width, height, left, top, right = 760, 420, 60, 30, 190
    stages = result["stages"]
    low, high = math.log10(stages[0]["events"]), math.log10(stages[-1]["events"])
    most = max(2.0, *(found[key] / stages[0][key] for _, key, _ in LINES for found in stages))

    def x(found):
        return left + (math.log10(found["events"]) - low) / max(high - low, 1e-9) * (width - left - right)

    def y(relative):
        return height - 50 - relative / most * (height - 50 - top)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{left}" y="18">relative to the first size; {result["members"]:,} members</text>']
    step = 0.5 if most <= 4 else math.ceil(most / 8)
    mark = 0.0
    while mark <= most + 1e-9:
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 8}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>')
        mark += step
    for found in stages:
        parts.append(f'<text x="{x(found):.1f}" y="{height - 30}" text-anchor="middle">{found["events"]:,}</text>')
    parts.append(f'<text x="{(left + width - right) / 2:.0f}" y="{height - 10}" text-anchor="middle">events in the log since the members '
                 f'were aged</text>')
    for number, (name, key, colour) in enumerate(LINES):
        points = " ".join(f"{x(found):.1f},{y(found[key] / stages[0][key]):.1f}" for found in stages)
        thick = 3 if key == "per_second" else 1.5
        at = f'x="{width - right + 12}" y="{top + 20 + 18 * number}"'
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{thick}"/>'
                     f'<text {at} fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
