"""nginx and redis, unmodified from Debian, beside the same in a Linux guest on the same QEMU: requests a second over a TAP, and what one request costs."""
import re
import subprocess

from . import servers, tools

KINDS = ("Spore", "Linux")
SECONDS = 5
IDLE = 10_000
# Holds connections open until its standard input ends.
HOLD = """import socket, sys, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
held = [socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) for _ in range(int(sys.argv[3]))]
print(len(held), flush=True)
sys.stdin.read()
"""


def wrk(network, seconds=SECONDS, connections=30, header=None):
    """(requests a second, p99 in ms, requests, errors)."""
    command = [tools.find_tool("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    if header:
        command += ["-H", header]
    ended = tools.run(network.inside([*command, f"http://{servers.GUEST}/"]), seconds + 30)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ended.output)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", ended.output)
    count = re.search(r"(\d+) requests in", ended.output)
    if not rate or not late or not count:
        raise tools.Missing(f"wrk did not finish: {(ended.output + ended.errors).strip()[-300:]}")
    errors = sum(int(number) for number in re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", ended.output))
    return float(rate[1]), float(late[1]) * {"us": 0.001, "ms": 1, "s": 1000}[late[2]], int(count[1]), errors


def redis(network, pipeline, requests):
    """Requests a second by command, and how many were sent."""
    command = [tools.find_tool("redis-benchmark", "redis-tools"), "-h", servers.GUEST, "-c", "30", "-n", str(requests), "-P", str(pipeline), "-t", "set,get", "--csv"]
    ended = tools.run(network.inside(command), 300)
    rates = {name.lower(): float(rate) for name, rate in re.findall(r'"(SET|GET)","([\d.]+)"', ended.output)}
    if len(rates) != 2:
        raise tools.Missing(f"redis-benchmark did not finish: {(ended.output + ended.errors).strip()[-300:]}")
    return rates


def median_of(runs, measure):
    samples = [measure() for _ in range(runs)]
    return [tools.median([sample[index] for sample in samples]) for index in range(len(samples[0]))]


def add(report, name, unit, values, goal=None):
    """Higher is better here, so the goal is the least ratio; the report's goals are the most: it is given upside down in the name instead."""
    ours, theirs = values["Spore"], values["Linux"]
    met = "" if goal is None else f" (goal {goal}x: {'yes' if ours >= goal * theirs else 'NO'})"
    report.add("network", name + met, ours, unit, theirs, "Linux")


def nginx(report, runs, configuration, name, goal):
    found = {"rate": {}, "late": {}, "close": {}, "big": {}, "errors": {}}
    for kind in KINDS:
        with servers.running(kind, "nginx", configuration) as (network, _):
            wrk(network, 1)
            rate, late, _, errors = median_of(runs, lambda: wrk(network))
            found["rate"][kind], found["late"][kind], found["errors"][kind] = rate, late, errors
            found["close"][kind] = median_of(runs, lambda: wrk(network, header="Connection: close"))[0]
            found["big"][kind] = median_of(runs, lambda: [download(network)])[0]
    add(report, f"{name}, 612 bytes, 30 connections", "req/s", found["rate"], goal)
    report.add("network", "  p99", found["late"]["Spore"], "ms", found["late"]["Linux"], "Linux", 1, "ratio")
    report.add("network", "  errors", found["errors"]["Spore"], "", goal=0)
    add(report, "  a new connection each", "req/s", found["close"], 4)
    add(report, "  100 MB file", "MB/s", found["big"], 2.5)


def download(network):
    ended = tools.run(network.inside([tools.find_tool("curl", "curl"), "-s", "-o", "/dev/null", "-w", "%{size_download} %{speed_download}",
                                      f"http://{servers.GUEST}/big"]), 120)
    size, speed = (ended.output.split() + ["0", "0"])[:2]
    if int(size) != servers.BIG_FILE_BYTES:
        raise tools.Missing(f"the 100 MB file came as {size} bytes")
    return float(speed) / 1e6


def idle_connections(report, runs):
    with servers.running("Spore", "nginx") as (network, _):
        wrk(network, 1)
        without = median_of(runs, lambda: wrk(network))[0]
        holder = subprocess.Popen(network.inside(["/usr/bin/python3", "-c", HOLD, servers.GUEST, 80, IDLE]), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            held = int(holder.stdout.readline() or 0)
            with_them = median_of(runs, lambda: wrk(network))[0]
        finally:
            holder.stdin.close()
            holder.wait(30)
    report.add("network", f"nginx beside {held} idle connections", with_them, "req/s", without, "alone")


def redis_rates(report, runs):
    for pipeline, requests, goal in ((1, 60_000, 4.5), (16, 400_000, 2.8)):
        found = {"set": {}, "get": {}}
        for kind in KINDS:
            with servers.running(kind, "redis") as (network, _):
                redis(network, pipeline, requests // 10)
                samples = [redis(network, pipeline, requests) for _ in range(runs)]
                for command in found:
                    found[command][kind] = tools.median([sample[command] for sample in samples])
        for command in ("get", "set"):
            add(report, f"redis {command.upper()}, 30 clients, pipeline {pipeline}", "req/s", found[command], goal)


def per_request(report, name, server, configuration, load):
    """Instructions and exits for one request, counted by the plugin while a load runs."""
    costs = {}
    for kind in KINDS:
        with servers.running(kind, server, configuration, counted=True) as (network, guest):
            load(network)
            before = guest.counts()
            requests = load(network)
            after = guest.counts()
            costs[kind] = {key: (after[key] - before[key]) / requests for key in after}
    report.add("network", f"{name}: instructions a request", costs["Spore"]["instructions"], "", costs["Linux"]["instructions"], "Linux", 0.5, "ratio")
    for key in ("mmio", "port_io", "msr_writes", "halts"):
        report.add("network", f"  {key.replace('_', ' ')}", costs["Spore"][key], "", costs["Linux"][key], "Linux")


def redis_load(pipeline, requests):
    def load(network):
        redis(network, pipeline, requests)
        return 2 * requests
    return load


def network(report, runs):
    runs = min(runs, 3)
    nginx(report, runs, "nginx", "nginx", 4.5)
    nginx(report, runs, "nginx-sendfile", "nginx, sendfile and tcp_nopush", 4.5)
    redis_rates(report, runs)
    idle_connections(report, runs)
    for configuration in ("nginx", "nginx-sendfile"):
        per_request(report, configuration, "nginx", configuration, lambda network: wrk(network, 4)[2])
    per_request(report, "redis, pipeline 1", "redis", None, redis_load(1, 10_000))
    per_request(report, "redis, pipeline 16", "redis", None, redis_load(16, 60_000))
