# SPDX-License-Identifier: Apache-2.0
"""CPU and memory of the servers under test, and the table that rows are printed as."""

import contextlib
import os
import pathlib
import statistics
import threading
import time

SERVER_CORE = 0
CLIENT_CORE = 1
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


def cpu_s(pids):
    """(user, system) seconds that the processes have used so far."""
    user = system = 0.0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11]) / TICKS_PER_S
        system += int(fields[12]) / TICKS_PER_S
    return user, system


def run_ns(pids):
    """Nanoseconds that the threads of the processes ran: finer than ticks."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
    return total


def descendants(pid):
    """The process and all below it."""
    found, queue = [], [pid]
    while queue:
        pid = queue.pop()
        found.append(pid)
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                queue += [int(child) for child in (task / "children").read_text().split()]
    return found


def resident_bytes(pids):
    """Memory of the processes; what several share counts once (PSS)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class MemoryPeak:
    """The most memory that the processes of `pids()` had at once while the block ran."""

    def __init__(self, pids):
        self.pids = pids
        self.bytes = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over.is_set():
            self.bytes = max(self.bytes, resident_bytes(self.pids()))
            self.is_over.wait(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def burst(server, load):
    """(answers, user us, system us) per answer of one burst; `load` runs it, says how many."""
    before = cpu_s(server.pids())
    answers = load(server)
    after = cpu_s(server.pids())
    return answers, *((b - a) * 1e6 / answers for a, b in zip(before, after))


@contextlib.contextmanager
def running(servers, wait_serving):
    """All servers started and answering; stopped afterwards."""
    try:
        for server in servers:
            server.start()
            wait_serving(server)
        yield
    finally:
        for server in servers:
            if server.process is not None:
                server.stop()


def interleaved(servers, wait_serving, load, then=None):
    """{name: bursts}: all servers are started first, then each gets a burst in turn. `then` runs
    with the bursts while all still serve."""
    samples = {server.name: [] for server in servers}
    with running(servers, wait_serving):
        for _ in range(ROUNDS):
            for server in servers:
                samples[server.name].append(burst(server, load))
        if then is not None:
            then(samples)
    return samples


def medians(rows):
    """(answers a second, user us, system us) of the bursts of one server."""
    return (statistics.median(r[0] for r in rows) / SECONDS,
            statistics.median(r[1] for r in rows), statistics.median(r[2] for r in rows))


def report(samples, floor_name, more=None):
    """The table of a run; `more`: a column {server: text} with its title under None."""
    _, *floor = medians(samples[floor_name])
    more = more or {None: ""}
    print(f"{'server':<14} {'answers/s':>10} {'user us':>8} {'system us':>10} {'total us':>9} "
          f"{'x floor':>8} {'core':>5}  {more[None]}")
    for name, rows in samples.items():
        rate, user, system = medians(rows)
        print(f"{name:<14} {rate:>10.0f} {user:>8.2f} {system:>10.2f} {user + system:>9.2f} "
              f"{(user + system) / sum(floor):>8.2f} {rate * (user + system) / 1e4:>4.0f}%  "
              f"{more.get(name, '')}", flush=True)


def wait_until(condition, what, seconds=120):
    """Seconds until condition() was true."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise SystemExit(f"waited {seconds} s for {what}")
        time.sleep(0.001)
    return time.monotonic() - start
