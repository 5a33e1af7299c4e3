"""The table of tests/bench/run, and the ratios its figures stand in."""

BATCH = 64  # purchases a transaction of the bare rows that ratios are taken to


def commit_us(result):
    """A verification and one synced commit of one purchase's rows: what a single purchase takes at least."""
    return 1e6 / result["bare"]["verify"] + result["bare"]["rows"][1]["p50_us"]


def bare_batch(result):
    """Of the sizes measured, that which ratios are taken to."""
    rows = result["bare"]["rows"]
    return BATCH if BATCH in rows else max(rows)


def bare_cpu_us(result):
    """Processor time of a verification and of the rows in batches."""
    return 1e6 / result["bare"]["verify"] + result["bare"]["rows"][bare_batch(result)]["cpu_us"]


def busiest(result):
    """Tills with one purchase in flight each, as PostgreSQL's clients have."""
    return max(result["daemon"]["closed"], key=lambda loop: loop["per_second"])


def full(result):
    """Where transactions are full, as the bare rows' are."""
    return min([*result["daemon"]["closed"], result["daemon"]["pipelined"]], key=lambda loop: loop["daemon_us"])


def ratios(result):
    """Every target: what, the figure, the target, and how well it is met (1 and more: it is), the worst first. None: not
    measured."""
    daemon, best = result["daemon"], busiest(result)
    postgres = max(result["postgres"].values()) if result["postgres"] else None
    batches = daemon["batches"]
    found = []

    def at_most(what, figure, most):
        found.append({"what": what, "figure": figure, "target": f"<= {most:g}", "met": most / figure if figure else None})

    def at_least(what, figure, least):
        met = None if figure is None else figure / least
        found.append({"what": what, "figure": figure, "target": f">= {least:g}", "met": met})

    at_most("processor time of a purchase, full load / (verification + bare rows at 64)",
            full(result)["daemon_us"] / bare_cpu_us(result), 1.25)
    at_most("WAL frames a purchase", best["wal_frames"], 3.5)
    at_least("purchases / PostgreSQL, unsigned, its best", postgres and best["per_second"] / postgres, 2.5)
    at_least("purchases in signed batches of 64 / PostgreSQL", postgres and batches["per_second"] / postgres, 5)
    at_least("purchases in signed batches of 64 / Redis",
             result["redis"] and batches["per_second"] / result["redis"], 0.5)
    at_most("median, one at a time / (verification + one synced commit)", daemon["closed"][0]["p50_us"] / commit_us(result), 2)
    at_most("p99 at half load / (verification + one synced commit)", daemon["open"][50]["p99_us"] / commit_us(result), 10)
    at_most("MiB anonymous, idle", daemon["idle"]["anonymous"], 8)
    at_most("MiB resident, idle", daemon["idle"]["resident"], 24)
    at_most(f"MiB resident, {daemon['loaded']['tills']} tills, {daemon['loaded']['members']} members",
            daemon["loaded"]["resident"], 48)
    at_most("bytes of disk a purchase", daemon["bytes"], 650)
    at_least("events folded in memory a second", daemon["replay"]["memory"], 200000)
    at_least("events folded into a fresh database a second", daemon["replay"]["fresh"], 30000)
    return sorted(found, key=lambda row: (row["met"] is None, row["met"] or 0))


def rows_of(result):
    """(what, figure) of the machine and of the others."""
    bare = result["bare"]
    yield "signature checks a second, one core", f"{bare['verify']:,}"
    yield "the same, while every core checks", f"{bare['verify_together']:,}"
    yield "signatures a second, one core", f"{bare['sign']:,}"
    yield "fdatasync a second", f"{bare['fdatasync']:,}"
    for batch, row in bare["rows"].items():
        yield (f"bare rows, {batch} purchases a transaction",
               f"{row['per_second']:,} a second, {row['cpu_us']:.1f} us of processor, {row['wal_frames']:.2f} frames, "
               f"{row['bytes']} bytes, median {row['p50_us']:,.0f} us")
    before, after = result["daemon"]["pauses"]
    yield ("nothing but reading the clock, before and after the open loops",
           f"away {before['per_cent']:.1f} and {after['per_cent']:.1f} per cent of the time, "
           f"p99 {before['p99_us']:,} and {after['p99_us']:,} us")
    for clients, rate in (result["postgres"] or {}).items():
        yield f"PostgreSQL, the same rows unsigned, {clients} clients", f"{rate:,}"
    if not result["postgres"]:
        yield "PostgreSQL", "not measured"
    yield "Redis, points and a stamp, 64 clients", f"{result['redis']:,}" if result["redis"] else "not measured"
    again = result["at_the_end"]
    yield ("when all was measured: checks, and bare rows, again",
           f"{again['verify']:,} and {again['rows']:,} a second ({100 * again['verify'] // bare['verify']} and "
           f"{100 * again['rows'] // bare['rows'][bare_batch(result)]['per_second']} per cent of before)")


def loop_line(name, loop):
    more = f"{loop['wal_frames']:7.2f} {loop['batch_size']:6.1f}" if "wal_frames" in loop else f"{'':7} {'':6}"
    return (f"{name:34} {loop['per_second']:8,.0f} {loop['p50_us']:9,.0f} {loop['p99_us']:9,.0f} {loop['p999_us']:9,.0f} "
            f"{loop['daemon_us']:8.1f} {loop['load_us']:7.1f} {more}")


def figure_text(figure):
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.2f}"


def text(result):
    daemon = result["daemon"]
    where = result["machine"]
    lines = [f"{where['processor']}, {where['processors']} processors, Linux {where['kernel']}, {where['at']} UTC", "",
             "The machine, and others on it"]
    lines += [f"  {what:52} {figure}" for what, figure in rows_of(result)]
    lines += ["", f"The daemon: signed purchases of three lines, {result['members']:,} members",
              f"{'':34} {'a second':>8} {'p50 us':>9} {'p99 us':>9} {'p99.9 us':>9} {'cpu us':>8} {'load us':>7} "
              f"{'frames':>7} {'batch':>6}"]
    lines += [loop_line(f"  {loop['tills']} connections, one in flight", loop) for loop in daemon["closed"]]
    piped = daemon["pipelined"]
    lines.append(loop_line(f"  {piped['tills']} connections, {piped['window']} in flight", piped))
    signed = daemon["batches"]
    lines.append(loop_line(f"  {signed['tills']} connections, batches of 64", signed))
    example = daemon["example"]
    lines.append(loop_line(f"  {example['tills']} connections, docs/examples/shop", example))
    lines += [loop_line(f"  open loop, {percent} % of capacity", loop) for percent, loop in daemon["open"].items()]
    lines.append(loop_line("  open loop, 100 a second", daemon["quiet"]))
    idle, loaded, again = daemon["idle"], daemon["loaded"], daemon["replay"]
    crash = daemon["crash"]
    lines += ["", f"  memory: idle {idle['resident']:.1f} MiB resident, {idle['anonymous']:.1f} anonymous; with {loaded['tills']} "
              f"tills {loaded['resident']:.1f} and {loaded['anonymous']:.1f}",
              f"  disk: {daemon['bytes']:.0f} bytes a purchase; start after SIGKILL with {crash['wal_bytes'] / 1048576:.1f} MiB "
              f"of write-ahead log: {crash['start_seconds']:.2f} s",
              f"  replay of {again['events']:,} events, a second: verify {again['verify']:,}, without signatures "
              f"{again['verify_fast']:,}, folded in memory {again['memory']:,}, into a fresh database {again['fresh']:,}",
              "", f"{'Ratios and targets, the worst first':76} {'figure':>10} {'target':>10}  met"]
    for row in result["ratios"]:
        met = "not measured" if row["met"] is None else f"{row['met']:.2f}" + ("" if row["met"] >= 1 else "  MISSED")
        lines.append(f"  {row['what']:74} {figure_text(row['figure']):>10} {row['target']:>10}  {met}")
    return "\n".join(lines)


def markdown_row(name, loop):
    more = f"{loop['wal_frames']:.2f} | {loop['batch_size']:.1f}" if "wal_frames" in loop else " | "
    return (f"| {name} | {loop['per_second']:,.0f} | {loop['p50_us']:,.0f} | {loop['p99_us']:,.0f} | {loop['p999_us']:,.0f} | "
            f"{loop['daemon_us']:.1f} | {more} |")


def markdown(result):
    """The tables of docs/performance.md."""
    daemon = result["daemon"]
    lines = ["| target, the worst first | figure | | met, by this factor |", "|---|---|---|---|"]
    for row in result["ratios"]:
        met = "not measured" if row["met"] is None else f"{row['met']:.2f}" + ("" if row["met"] >= 1 else ": missed")
        target = row["target"].replace("<=", "at most").replace(">=", "at least")
        lines.append(f"| {row['what']} | {figure_text(row['figure'])} | {target} | {met} |")
    lines += ["", "| the machine, and others on it | |", "|---|---|"]
    lines += [f"| {what} | {figure} |" for what, figure in rows_of(result)]
    lines += ["", f"| the daemon, {result['members']:,} members | a second | p50 us | p99 us | p99.9 us | processor us each | "
              "WAL frames each | purchases a transaction |", "|---|---|---|---|---|---|---|---|"]
    lines += [markdown_row(f"{loop['tills']:,} connections, one in flight", loop) for loop in daemon["closed"]]
    piped, signed = daemon["pipelined"], daemon["batches"]
    lines.append(markdown_row(f"{piped['tills']} connections, {piped['window']} in flight", piped))
    lines.append(markdown_row(f"{signed['tills']} connections, signed batches of 64", signed))
    lines.append(markdown_row(f"{daemon['example']['tills']} connections, `docs/examples/shop.yaml`", daemon["example"]))
    lines += [markdown_row(f"open loop, {percent} % of capacity", loop) for percent, loop in daemon["open"].items()]
    lines.append(markdown_row("open loop, 100 a second", daemon["quiet"]))
    idle, loaded, again, crash = daemon["idle"], daemon["loaded"], daemon["replay"], daemon["crash"]
    lines += ["", f"Replay of {again['events']:,} events, a second: `loyaltyctl verify` {again['verify']:,}, with `--fast` "
              f"{again['verify_fast']:,}; recorded outcomes folded in memory {again['memory']:,}, into a fresh database {again['fresh']:,}. "
              f"A start after SIGKILL with {crash['wal_bytes'] / 1048576:.1f} MiB of write-ahead log takes {crash['start_seconds']:.2f} s. "
              f"{daemon['bytes']:.0f} bytes of disk a purchase, all tables and indices. Memory: idle {idle['resident']:.1f} MiB resident, "
              f"{idle['anonymous']:.1f} anonymous; with {loaded['tills']:,} tills {loaded['resident']:.1f} and {loaded['anonymous']:.1f}."]
    return "\n".join(lines)
