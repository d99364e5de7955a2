# SPDX-License-Identifier: Apache-2.0
"""CPU of the servers under test, and the table that rows are printed as."""

import os
import pathlib
import statistics

SERVER_CORE = 0
CLIENT_CORE = 1
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pids):
    """(user, system) seconds that the processes have used so far."""
    user = system = 0.0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11]) / TICKS_PER_S
        system += int(fields[12]) / TICKS_PER_S
    return user, system


def burst(server, load):
    """(answers, user us, system us) per answer of one burst; `load` runs it, says how many."""
    before = cpu_s(server.pids())
    answers = load(server)
    after = cpu_s(server.pids())
    return answers, *((b - a) * 1e6 / answers for a, b in zip(before, after))


def interleaved(servers, wait_serving, load):
    """{name: bursts}: all servers are started first, then each gets a burst in turn."""
    samples = {server.name: [] for server in servers}
    try:
        for server in servers:
            server.start()
            wait_serving(server)
        for _ in range(ROUNDS):
            for server in servers:
                samples[server.name].append(burst(server, load))
    finally:
        for server in servers:
            if server.process is not None:
                server.stop()
    return samples


def report(samples, floor_name):
    floor = statistics.median(u + s for _, u, s in samples[floor_name])
    print(f"{'server':<14} {'answers/s':>10} {'user us':>8} {'system us':>10} {'total us':>9} "
          f"{'x floor':>8}")
    for name, rows in samples.items():
        rate = statistics.median(r[0] for r in rows) / SECONDS
        user = statistics.median(r[1] for r in rows)
        system = statistics.median(r[2] for r in rows)
        print(f"{name:<14} {rate:>10.0f} {user:>8.2f} {system:>10.2f} {user + system:>9.2f} "
              f"{(user + system) / floor:>8.2f}")
