"""What others do with the same rows: PostgreSQL in a stored procedure, Redis with a script. Unsigned, nothing decided, no
history that could be proved. Both are Debian's packages with their defaults, in a folder of the bench's."""

import glob
import os
import re
import shutil
import socket
import subprocess
import time

# The rows of a purchase as daemon/store/schema.c has them, one table for each kind. The programme's account is kept a row a
# till, so that no row is everybody's.
SCHEMA = """
CREATE TABLE principal(id int PRIMARY KEY, store text NOT NULL, label text NOT NULL, next_sequence bigint NOT NULL);
CREATE TABLE card(hash bytea PRIMARY KEY, member int NOT NULL);
CREATE TABLE event(position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, principal int NOT NULL, sequence bigint NOT NULL,
  booked_at bigint NOT NULL, body bytea NOT NULL, signature bytea NOT NULL, context bytea NOT NULL, outcome bytea NOT NULL,
  chain bytea NOT NULL, UNIQUE (principal, sequence));
CREATE TABLE receipt(store text, business_date int, till text, number text, position bigint NOT NULL,
  PRIMARY KEY (store, business_date, till, number));
CREATE TABLE entry(position bigint, n int, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL,
  lot bigint NOT NULL, rule int NOT NULL, effective_at bigint NOT NULL, PRIMARY KEY (position, n));
CREATE TABLE lot(member int, position bigint, amount bigint NOT NULL, left_over bigint NOT NULL, since int NOT NULL,
  until int NOT NULL, PRIMARY KEY (member, position));
CREATE TABLE stamp_card(member int, card int, count int NOT NULL, since int NOT NULL, PRIMARY KEY (member, card));
CREATE TABLE used(member int, rule int, period int, amount bigint NOT NULL, PRIMARY KEY (member, rule, period));
CREATE TABLE metric(member int, metric int, day int, amount bigint NOT NULL, PRIMARY KEY (member, metric, day));
CREATE TABLE till_day(store text, business_date int, till text, receipts int NOT NULL, gross bigint NOT NULL,
  points bigint NOT NULL, PRIMARY KEY (store, business_date, till));
CREATE TABLE account(id bigint PRIMARY KEY, balance bigint NOT NULL, last_position bigint NOT NULL);

CREATE PROCEDURE book(a_principal int, a_member int, a_points int, a_day int) LANGUAGE plpgsql AS $$
DECLARE
  v_till principal; v_member int; v_position bigint; v_at bigint := a_day * 86400000::bigint;
BEGIN
  UPDATE principal SET next_sequence = next_sequence + 1 WHERE id = a_principal RETURNING * INTO v_till;
  SELECT member INTO v_member FROM card WHERE hash = decode(md5(a_member::text), 'hex');
  INSERT INTO event(principal, sequence, booked_at, body, signature, context, outcome, chain)
    VALUES (a_principal, v_till.next_sequence, v_at, '\\x%(body)s', '\\x%(signature)s', '\\x%(context)s', '\\x%(outcome)s',
            '\\x%(chain)s') RETURNING position INTO v_position;
  INSERT INTO receipt VALUES (v_till.store, a_day, v_till.label, lpad(v_till.next_sequence::text, 6, '0'), v_position);
  INSERT INTO entry VALUES (v_position, 0, 1, v_member * 4::bigint, a_points, v_position, 1, v_at),
                           (v_position, 1, 1, v_member * 4::bigint, 10, v_position, 2, v_at);
  INSERT INTO lot VALUES (v_member, v_position, a_points + 10, a_points + 10, a_day, a_day + 90);
  INSERT INTO stamp_card AS s VALUES (v_member, 1, 1, a_day)
    ON CONFLICT (member, card) DO UPDATE SET count = (s.count + 1) %% 9;
  INSERT INTO used AS u VALUES (v_member, 1, a_day, a_points)
    ON CONFLICT (member, rule, period) DO UPDATE SET amount = u.amount + a_points;
  INSERT INTO metric AS m VALUES (v_member, 1, a_day, a_points + 10)
    ON CONFLICT (member, metric, day) DO UPDATE SET amount = m.amount + a_points + 10;
  INSERT INTO till_day AS t VALUES (v_till.store, a_day, v_till.label, 1, 1260, a_points + 10)
    ON CONFLICT (store, business_date, till) DO UPDATE
      SET receipts = t.receipts + 1, gross = t.gross + 1260, points = t.points + a_points + 10;
  UPDATE account SET balance = balance + a_points + 10, last_position = v_position WHERE id = v_member * 4::bigint;
  UPDATE account SET balance = balance - a_points - 10, last_position = v_position WHERE id = -a_principal;
END $$;

INSERT INTO principal SELECT n, 'store-' || n %% 30, 't' || n, 1 FROM generate_series(1, %(tills)d) n;
INSERT INTO account SELECT -n, 0, 0 FROM generate_series(1, %(tills)d) n;
INSERT INTO account SELECT n * 4::bigint, 0, 0 FROM generate_series(1, %(members)d) n;
INSERT INTO card SELECT decode(md5(n::text), 'hex'), n FROM generate_series(1, %(members)d) n;
"""

TRANSACTION = """
\\set till :client_id * {each} + random(1, {each})
\\set member random(1, {members})
\\set points random(10, 40)
CALL book(:till::int, :member::int, :points::int, {day});
"""

SCRIPT = """
local points = redis.call('HINCRBY', KEYS[1], 'points', ARGV[1])
local stamps = redis.call('HINCRBY', KEYS[1], 'stamps', 1)
if stamps >= 9 then redis.call('HSET', KEYS[1], 'stamps', 0) end
return {points, stamps}
"""


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, text=True, capture_output=True, **options).stdout


def as_postgres():
    """PostgreSQL does not run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def postgres(folder, members, tills, clients, seconds):
    """{clients: purchases a second}, or None where there is no PostgreSQL."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        return None
    tools = os.path.dirname(found[-1])
    data, sockets = os.path.join(folder, "postgres"), os.path.join(folder, "postgres-sockets")
    os.makedirs(sockets)
    if as_postgres():
        os.chmod(folder, 0o755)
        os.makedirs(data)
        shutil.chown(data, "postgres")
        shutil.chown(sockets, "postgres")
    inside = {"cwd": "/"}
    run(*as_postgres(), f"{tools}/initdb", "-D", data, "-A", "trust", "-U", "bench", **inside)
    subprocess.run([*as_postgres(), f"{tools}/pg_ctl", "-D", data, "-w", "-l", os.path.join(sockets, "log"),
                    "-o", f"-k {sockets} -c listen_addresses=", "start"], check=True, stdout=subprocess.DEVNULL, **inside)
    try:
        place = ["-h", sockets, "-U", "bench"]
        columns = {name: "a5" * size for name, size in
                   (("body", 152), ("signature", 64), ("context", 42), ("outcome", 120), ("chain", 32))}
        script = SCHEMA % {"members": members, "tills": tills, **columns}
        subprocess.run([f"{tools}/psql", *place, "-q", "-v", "ON_ERROR_STOP=1", "postgres"], input=script, text=True, check=True)
        run(f"{tools}/psql", *place, "-q", "postgres", "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")
        rates = {}
        for count in clients:
            path = os.path.join(folder, "book.sql")
            with open(path, "w", encoding="utf-8") as file:
                file.write(TRANSACTION.format(each=max(1, tills // count), members=members, day=int(time.time()) // 86400))
            said = run(f"{tools}/pgbench", *place, "-n", "-M", "prepared", "-f", path, "-c", count, "-j", min(count, 2),
                       "-T", seconds, "postgres")
            rates[count] = round(float(re.search(r"tps = ([\d.]+)", said).group(1)))
        return rates
    finally:
        subprocess.run([*as_postgres(), f"{tools}/pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False,
                       stdout=subprocess.DEVNULL, **inside)


def redis(folder, members, clients, calls):
    """Script calls a second, or None where there is no Redis."""
    if not shutil.which("redis-server"):
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes",
                           "--appendfsync", "always", "--save", ""], stdout=subprocess.DEVNULL) as server:
        try:
            cli = ["redis-cli", "-p", port]
            deadline = time.monotonic() + 10
            while subprocess.run([*map(str, cli), "ping"], capture_output=True, check=False).returncode:
                if time.monotonic() > deadline:
                    raise RuntimeError("redis-server does not start")
                time.sleep(0.05)
            script = run(*cli, "script", "load", SCRIPT).strip()
            said = run("redis-benchmark", "-p", port, "-c", clients, "-n", calls, "-r", members, "--csv",
                       "EVALSHA", script, "1", "member:__rand_int__", "12")
            return round(float(re.findall(r'"([\d.]+)"', said.splitlines()[-1])[0]))
        finally:
            server.terminate()
            server.wait()
