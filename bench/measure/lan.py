"""Machines on a network of their own (--network lan=NAME): what its process costs beside QEMU's user network, which has one machine and no process."""
import contextlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from . import tools
from .restore import PYTHON, free_port

IPERF = "/usr/bin/iperf3"
MEBIBYTES = 300
PROJECT = """
program = "{python}"
[machines.db]
arguments = ["-m", "http.server", "7000"]
ready = 7000
[machines.web]
arguments = ["-m", "http.server", "8000"]
after = ["db"]
ready = 8000
"""


def seconds_per_100_mebibytes(words):
    done = tools.run([*words, "-n", f"{MEBIBYTES}M", "-J"], 120)
    try:
        return 8 * 100 * 2**20 / json.loads(done.output)["end"]["sum_received"]["bits_per_second"]
    except (ValueError, KeyError) as problem:
        raise tools.Missing(f"iperf3 did not tell its rate: {done.output[-300:]}") from problem


@contextlib.contextmanager
def server():
    port = free_port()
    with subprocess.Popen([IPERF, "-s", "-p", str(port), "-B", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.5)
            yield port
        finally:
            process.terminate()


def bulk(report, runs):
    tools.need(IPERF, "iperf3")
    names = {"out": [], "in": ["-R"]}
    seconds = {(network, way): [] for network in ("user", "lan=bench") for way in names}
    between = []
    with server() as port:
        for _ in range(runs):
            for (network, way), values in seconds.items():
                spore, verb, *rest = tools.spore_run(IPERF, "-c", "10.0.2.2", "-p", str(port), *names[way])
                values.append(seconds_per_100_mebibytes([spore, verb, "--network", network, *rest]))
    spore, verb, *rest = tools.spore_run(IPERF, "-s")
    tools.run([spore, verb, "-d", "--name", "iperf", "--network", "lan=bench", *rest], 60)
    try:
        time.sleep(1)
        spore, verb, *rest = tools.spore_run(IPERF, "-c", "iperf")
        for _ in range(runs):
            between.append(seconds_per_100_mebibytes([spore, verb, "--network", "lan=bench", *rest]))
    finally:
        tools.run([spore, "rm", "-f", "iperf"], 60)
    for way in names:
        report.add("lan", f"100 MiB {way}", tools.median(seconds["lan=bench", way]), "s", tools.median(seconds["user", way]), "user network", 1.5, "ratio")
    report.add("lan", "100 MiB between two machines", tools.median(between), "s", tools.median(seconds["user", "out"]), "user network, out")


def project(report, runs, folder):
    (folder / "spore.toml").write_text(PROJECT.format(python=PYTHON))
    spore = tools.spore_run(PYTHON)[0]
    seconds = []
    for _ in range(runs):
        before = time.monotonic()
        up = tools.run([spore, "up", str(folder)], 120)
        seconds.append(time.monotonic() - before)
        tools.run([spore, "down", "-t", "0", str(folder)], 60)
        if up.status != 0:
            raise tools.Missing(f"the project did not start: {up.output}")
    report.add("lan", "two python3 servers, until ready", tools.median(seconds), "s")


def lan(report, runs):
    tools.need(PYTHON, "python3")
    with tempfile.TemporaryDirectory(prefix="spore-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # where background machines and networks are kept
        bulk(report, min(runs, 5))
        project(report, runs, Path(folder))
