"""Programs on linuxu beside the same programs run directly: times, so only their ratios mean something, and medians of runs taken in turns."""
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

from . import network, servers, tools
from .programs import INSERTS

GOAL = 1.0
START_GOAL = 3.0
PYTHON = "/usr/bin/python3"
SQLITE = "/usr/bin/sqlite3"


def micro_times(command):
    return {name: float(value) for name, value in (line.split("\t") for line in tools.run(command, timeout=120).output.splitlines() if "\t" in line)}


def wall_time(command):
    began = time.monotonic()
    ended = tools.run(command, timeout=60)
    return (time.monotonic() - began) * 1e3 if ended.status == 0 else None


def sqlite_time(command):
    """What sqlite3 itself says the statements took, in milliseconds. It times what it reads, not what its arguments say."""
    with tempfile.TemporaryFile("w+") as statements:
        statements.write(".timer on\nDROP TABLE IF EXISTS t;\n" + INSERTS.replace("20000", "200000").replace("; ", ";\n") + "\n")
        statements.flush()
        statements.seek(0)
        found = re.findall(r"real ([0-9.]+)", tools.run(command, timeout=60, stdin=statements).output)
    return sum(map(float, found)) * 1e3 if found else None


def in_turns(measure, ours, native, runs):
    """The medians of both."""
    pairs = [(measure(ours), measure(native)) for _ in range(runs)]
    return tuple(statistics.median(values) if None not in values else None for values in zip(*pairs))


def linuxu(report, runs):
    micro = str(tools.micro())
    rounds = [(micro_times(tools.on_linuxu([micro, "--time"])), micro_times([micro, "--time"])) for _ in range(runs)]
    for name in rounds[0][1]:
        ours, native = ([one[side].get(name) for one in rounds] for side in (0, 1))
        value = statistics.median(ours) if None not in ours else None
        report.add("linuxu", name, value, "ns", statistics.median(native), "native", None if name == "loop" else GOAL, "ratio")
    hello = str(tools.hello())
    report.add("linuxu", "hello, shell to exit", *unit(in_turns(wall_time, tools.on_linuxu([hello]), [hello], runs), "ms"), "native", START_GOAL, "ratio")
    if os.path.exists(PYTHON):
        nothing = [PYTHON, "-c", "pass"]
        report.add("linuxu", "python3 -c pass, shell to exit", *unit(in_turns(wall_time, tools.on_linuxu(nothing), nothing, runs), "ms"), "native")
    if os.path.exists(SQLITE):
        native = Path("/dev/shm/spore-benchmark.db")
        both = in_turns(sqlite_time, tools.on_linuxu([SQLITE, "/tmp/benchmark.db"]), [SQLITE, str(native)], runs)
        native.unlink(missing_ok=True)
        report.add("linuxu", "sqlite3, 200 000 inserts", *unit(both, "ms"), "native", GOAL, "ratio")


    for pipeline, requests in ((1, 50_000), (16, 500_000)):
        with servers.side_by_side(("linuxu", "native"), "redis") as guests:
            found = network.redis_in_turns(guests, runs, pipeline, requests)
        for index, command in enumerate(("GET", "SET")):
            report.add("linuxu", f"redis {command}, 30 clients, pipeline {pipeline}", found["linuxu"][index], "req/s", found["native"][index],
                       "native, over the loopback")


def unit(both, name):
    return both[0], name, both[1]
