"""The units: what they allow, that the daemon lives with that, sockets handed over, and where the installation puts things."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
from harness import SOURCE, Skip, Terminal, Wire, check, equal, run, wait_until

BUILD = os.environ.get("LOYALTY_BUILD", "")
EXPOSURE_MAX = 1.5
# What the sanitizers' runtime calls beside what the daemon does.
SANITIZER_CALLS = {"sched_getaffinity", "personality", "process_vm_readv", "sigaltstack", "prctl", "ptrace", "wait4"}


def install(house, prefix, **environment):
    """Installs the build tree; gives the root folder of what was put down."""
    if not os.path.exists(os.path.join(BUILD, "cmake_install.cmake")):
        raise Skip("no build tree to install from")
    run("cmake", "--install", BUILD, "--prefix", prefix, env={**os.environ, **environment})


def installed_unit(house):
    """The folder of the units, whose programs are there too."""
    prefix = os.path.join(house.folder, "usr")
    install(house, prefix)
    return os.path.join(prefix, "lib/systemd/system")


def analyze(*arguments):
    if shutil.which("systemd-analyze") is None:
        raise Skip("no systemd-analyze here")
    return run("systemd-analyze", *arguments, status=None)


def test_the_installation_puts_everything_where_debian_expects_it(house):
    root = os.path.join(house.folder, "root")
    install(house, "/usr", DESTDIR=root)
    modes = {
        "usr/sbin/loyaltyd": 0o755,
        "usr/bin/loyaltyctl": 0o755,
        "usr/bin/loyalty-till": 0o755,
        "usr/lib/systemd/system/loyaltyd@.service": 0o644,
        "usr/lib/systemd/system/loyaltyd@.socket": 0o644,
        "usr/lib/sysusers.d/loyaltyd.conf": 0o644,
        "usr/share/doc/loyaltyd/operations.md": 0o644,
        "usr/share/doc/loyaltyd/protocol.md": 0o644,
        "usr/share/doc/loyaltyd/proto/loyalty/wire.proto": 0o644,
        "usr/share/doc/loyaltyd/examples/cafe.yaml": 0o644,
        "usr/share/doc/loyaltyd/LICENSE": 0o644,
    }
    for path, mode in modes.items():
        equal(os.stat(os.path.join(root, path)).st_mode & 0o777, mode, path)
    with open(os.path.join(root, "usr/lib/systemd/system/loyaltyd@.service"), encoding="utf-8") as file:
        unit = file.read()
    check("ExecStart=/usr/sbin/loyaltyd " in unit, unit)
    check("@" not in re.sub(r"loyaltyd@|~@|=@| @", "", unit), "something was not filled in:", unit)
    strays = {name for name in os.listdir(os.path.join(root, "usr"))} - {"bin", "sbin", "lib", "share"}
    check(not strays, strays)


def test_the_units_say_nothing_systemd_does_not_understand(house):
    folder = installed_unit(house)
    for unit in ("loyaltyd@.service", "loyaltyd@.socket", "loyaltyd@cafe.service"):
        done = analyze("verify", os.path.join(folder, unit))
        equal((done.returncode, done.stdout + done.stderr), (0, ""), f"systemd-analyze verify {unit}")
    # It would say so.
    with open(os.path.join(folder, "loyaltyd@.service"), "a", encoding="utf-8") as file:
        file.write("[Service]\nProtectSystm=strict\n")
    done = analyze("verify", os.path.join(folder, "loyaltyd@cafe.service"))
    check("ProtectSystm" in done.stdout + done.stderr, "a slip is not found:", done)


def test_the_service_is_exposed_to_little(house):
    folder = installed_unit(house)
    unit = os.path.join(house.folder, "loyaltyd@cafe.service")
    shutil.copy(os.path.join(folder, "loyaltyd@.service"), unit)
    done = analyze("security", "--offline=true", "--no-pager", unit)
    if "unrecognized option" in done.stderr:
        raise Skip("this systemd-analyze cannot look at a unit that is not loaded")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    check(level is not None, done.stdout, done.stderr)
    check(float(level.group(1)) <= EXPOSURE_MAX, f"exposure {level.group(1)}, at most {EXPOSURE_MAX}\n{done.stdout}")


def allowed_calls(unit):
    """The system calls that the unit's filter lets through."""
    with open(unit, encoding="utf-8") as file:
        filters = re.findall(r"^SystemCallFilter=(.*)$", file.read(), re.MULTILINE)

    def members(name):
        found = set()
        for line in analyze("syscall-filter", name).stdout.splitlines():
            word = line.strip()
            if line.startswith(" ") and word and not word.startswith("#"):
                found |= members(word) if word.startswith("@") else {word}
        return found

    allowed = set()
    for text in filters:
        deny = text.startswith("~")
        for word in text.lstrip("~").split():
            calls = members(word) if word.startswith("@") else {word}
            allowed = allowed - calls if deny else allowed | calls
    # Always allowed by systemd.
    return allowed | members("@default")


def test_the_filter_of_system_calls_lets_the_daemon_live(house):
    if shutil.which("strace") is None:
        raise Skip("no strace here")
    allowed = allowed_calls(os.path.join(installed_unit(house), "loyaltyd@.service"))
    check({"read", "fdatasync", "accept4", "mlock"} <= allowed, "the filter was not understood")
    check("ptrace" not in allowed and "mount" not in allowed and "setuid" not in allowed, "the filter lets too much through")
    house.stop()
    trace = os.path.join(house.folder, "trace")
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    house.daemon = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "loyaltyd", "--config",
                                     os.path.join(house.data, "loyaltyd.conf")], env=environment)
    with contextlib.suppress(AssertionError):
        wait_until(house.answers, "the daemon listens")
    if house.daemon.poll() is not None:
        house.daemon = None
        raise Skip("strace does not work here")
    till = house.till("a")
    for number in range(1, 20):
        till.purchase(number, "x,lunch,1,8.90", card="card 1")
    house.ctl("backup", os.path.join(house.data, "copy.db"))
    house.sound()
    child = int(run("pgrep", "-P", str(house.daemon.pid)).stdout.split()[0])
    os.kill(child, signal.SIGHUP)
    time.sleep(0.2)
    os.kill(child, signal.SIGTERM)
    equal(house.daemon.wait(harness.PATIENCE), 0)
    house.daemon = None
    with open(trace, encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    # What happens before the program's first own line belongs to the loader, which is allowed with it.
    calls = {match.group(1) for match in (re.match(r"\d+ +(\w+)\(", line) for line in lines) if match}
    check({"fdatasync", "accept4"} & calls, sorted(calls))
    strangers = calls - allowed - {"execve", "exit_group"}
    if os.geteuid() == 0:
        strangers -= {"fchown"}  # SQLite gives new files to the owner of the database, when it is root
    if "sanitize" in open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8").read():
        strangers -= SANITIZER_CALLS
    check(not strangers, "calls that the unit does not allow:", sorted(strangers))
    # MemoryDenyWriteExecute: no page may be both.
    both = [line for line in lines if re.search(r"\b(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC", line)]
    check(not both, both[:3])


def test_systemd_hands_over_its_sockets_and_nobody_is_turned_away(house):
    if shutil.which("systemd-socket-activate") is None:
        raise Skip("no systemd-socket-activate here")
    terminal = Terminal(house, "raw")
    house.stop()
    os.unlink(house.socket_path) if os.path.exists(house.socket_path) else None
    house.port = harness.free_port()
    with open(house.log_path, "ab") as log:
        house.daemon = subprocess.Popen(["systemd-socket-activate", f"--listen={house.socket_path}",
                                         f"--listen=127.0.0.1:{house.port}", shutil.which("loyaltyd"), "--config",
                                         os.path.join(house.data, "loyaltyd.conf")], stdout=log, stderr=log)
    wait_until(lambda: os.path.exists(house.socket_path), "systemd listens")
    # Nobody runs yet: the first connection starts the daemon and waits for it.
    with contextlib.closing(terminal.connect()) as wire:
        body, opening = terminal.body("1")
        equal(wire.ask(book=terminal.book(1, body, opening)).WhichOneof("message"), "booked")
        with contextlib.closing(Wire(house, tcp=True)) as other:
            other.hello()
    check("inherited" in house.log(), house.log())
    house.stop()


def test_keys_may_come_as_credentials(house):
    house.stop()
    credentials = os.path.join(house.folder, "credentials")
    os.mkdir(credentials, 0o700)
    os.rename(os.path.join(house.data, "daemon.key"), os.path.join(credentials, "daemon.key"))
    child = house.spawn()
    equal(child.wait(harness.PATIENCE), 1)
    check("daemon.key is not there" in house.log(), house.log())
    os.environ["CREDENTIALS_DIRECTORY"] = credentials
    try:
        house.start()
        equal(house.till("a").purchase(1, "x,lunch,1,8.90")["code"], "ACCEPTED")
        house.stop()
    finally:
        del os.environ["CREDENTIALS_DIRECTORY"]


class Manager:
    """systemd's end of the notify socket."""

    def __init__(self, house):
        self.path = os.path.join(house.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def hears(self, word, seconds):
        """Whether the word comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                if word in self.socket.recv(4096).decode().split("\n"):
                    return True
            except TimeoutError:
                return False
        return False


def test_the_watchdog_starves_when_the_store_thread_makes_no_headway(house):
    if shutil.which("strace") is None:
        raise Skip("no strace here")
    house.stop()
    manager = Manager(house)
    # Every sync takes 4 seconds: the store thread hangs in it, the loop does not.
    environment = {**os.environ, "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000",
                   "ASAN_OPTIONS": "detect_leaks=0"}
    with open(house.log_path, "ab") as log:
        house.daemon = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e",
             "inject=fsync,fdatasync:delay_enter=4000000", "loyaltyd", "--config",
             os.path.join(house.data, "loyaltyd.conf")], stderr=log, stdout=log, env=environment)
    if not manager.hears("READY=1", harness.PATIENCE):
        raise Skip("strace cannot slow anything down here")
    for _ in range(3):
        check(manager.hears("WATCHDOG=1", harness.PATIENCE), "it is well and does not say so")
    invite = subprocess.Popen(["loyaltyctl", "terminal", "invite", "--store", "kalamaja", "--label", "x", "--data",
                               house.data, "--timeout", "30000"], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: not manager.hears("WATCHDOG=1", 1.5), "it is not fed while the store thread hangs")
        check(invite.poll() is None, "the store thread did not hang")
        equal(invite.wait(harness.PATIENCE), 0)
        check(manager.hears("WATCHDOG=1", harness.PATIENCE), "not fed although it goes on")
    finally:
        invite.kill()
        invite.wait(harness.PATIENCE)
        subprocess.run(["pkill", "-KILL", "-P", str(house.daemon.pid)], check=False)
        house.daemon.wait(harness.PATIENCE)
        house.daemon = None


if __name__ == "__main__":
    harness.main(globals())
