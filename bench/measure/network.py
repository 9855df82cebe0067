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


def in_turns(guests, runs, measure):
    """The medians of what `measure` gives for each guest while the others stand still: {kind: […]}."""
    samples = {kind: [] for kind in guests}
    for _ in range(runs):
        for kind, (network, guest) in guests.items():
            with servers.stopped([other for _, other in guests.values() if other is not guest]):
                samples[kind].append(measure(network))
    return {kind: [tools.median(values) for values in zip(*taken)] for kind, taken in samples.items()}


def redis_in_turns(guests, runs, pipeline, requests):
    """GET's and SET's rates."""
    return in_turns(guests, runs, lambda network: [redis(network, pipeline, requests)[command] for command in ("get", "set")])


def column(medians, index):
    return {kind: values[index] for kind, values in medians.items()}


def add(report, name, unit, values, goal=None):
    """Higher is better here, so the goal is the least ratio; the report's goals are the most: it is given upside down in the name instead."""
    ours, theirs = values["Spore"], values["Linux"]
    met = "" if goal is None else f" (goal {goal}x: {'yes' if ours >= goal * theirs else 'NO'})"
    report.add("network", name + met, ours, unit, theirs, "Linux")


def nginx(report, runs, configuration, name, goal, architecture="x86_64"):
    errors = []

    def load(network, header=None):
        measured = wrk(network, header=header)
        if network is guests["Spore"][0]:
            errors.append(measured[3])
        return measured[:2]

    with servers.side_by_side(KINDS, "nginx", configuration, architecture) as guests:
        in_turns(guests, 1, lambda network: wrk(network, 1))
        kept = in_turns(guests, runs, load)
        closed = in_turns(guests, runs, lambda network: load(network, "Connection: close"))
        in_turns(guests, 1, lambda network: [download(network)])  # into memory, where Linux's initramfs has it
        big = in_turns(guests, runs, lambda network: [download(network)])
    add(report, f"{name}, 612 bytes, 30 connections", "req/s", column(kept, 0), goal)
    report.add("network", "  p99", kept["Spore"][1], "ms", kept["Linux"][1], "Linux", 1, "ratio")
    report.add("network", "  errors", sum(errors), "", goal=0)
    add(report, "  a new connection each", "req/s", column(closed, 0), 4)
    add(report, "  100 MB file", "MB/s", column(big, 0), 2.5)


def download(network):
    ended = tools.run(network.inside([tools.find_tool("curl", "curl"), "-s", "-o", "/dev/null", "-w", "%{size_download} %{speed_download}",
                                      f"http://{servers.GUEST}/big"]), 120)
    size, speed = (ended.output.split() + ["0", "0"])[:2]
    if int(size) != servers.BIG_FILE_BYTES:
        raise tools.Missing(f"the 100 MB file came as {size} bytes")
    return float(speed) / 1e6


def instructions(network, guest, load):
    """How many one of the load's requests takes in the guest."""
    before = guest.counts()["instructions"]
    requests = load(network)
    return (guest.counts()["instructions"] - before) / requests


def idle_connections(report):
    """Counted, since the difference that is looked for is smaller than what times vary by."""
    def load(network):
        return wrk(network)[2]

    with servers.running("Spore", "nginx", counted=True) as (network, guest):
        load(network)
        without = instructions(network, guest, load)
        holder = subprocess.Popen(network.inside(["/usr/bin/python3", "-c", HOLD, servers.GUEST, 80, IDLE]), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            held = int(holder.stdout.readline() or 0)
            with_them = instructions(network, guest, load)
        finally:
            holder.stdin.close()
            holder.wait(30)
    report.add("network", f"instructions beside {held} idle connections", with_them, "", without, "alone", 1.05, "ratio")


def churn(report):
    """A minute of new connections: as many instructions each in its last ten seconds as in its second ten, and none fails."""
    runs = []

    def load(network):
        runs.append(wrk(network, 10, header="Connection: close"))
        return runs[-1][2]

    with servers.running("Spore", "nginx", counted=True) as (network, guest):
        costs = [instructions(network, guest, load) for _ in range(6)]
    report.add("network", f"instructions of a connection, {sum(run[2] for run in runs)} in a row", costs[-1], "", costs[1], "at first", 1.05, "ratio")
    report.add("network", "  errors", sum(run[3] for run in runs), "", goal=0)


def redis_rates(report, runs, name="redis", goals=(4.5, 2.8), architecture="x86_64"):
    for pipeline, requests, goal in ((1, 20_000, goals[0]), (16, 200_000, goals[1])):
        with servers.side_by_side(KINDS, "redis", architecture=architecture) as guests:
            in_turns(guests, 1, lambda network: redis(network, pipeline, requests // 10).values())
            found = redis_in_turns(guests, runs, pipeline, requests)
        for index, command in enumerate(("GET", "SET")):
            add(report, f"{name} {command}, 30 clients, pipeline {pipeline}", "req/s", column(found, index), goal)


def per_request(report, name, server, configuration, load, architecture="x86_64"):
    """Instructions and exits for one request, counted by the plugin while a load runs."""
    costs = {}
    for kind in KINDS:
        with servers.running(kind, server, configuration, counted=True, architecture=architecture) as (network, guest):
            load(network)
            before = guest.counts()
            requests = load(network)
            after = guest.counts()
            costs[kind] = {key: (after[key] - before[key]) / requests for key in after}
    report.add("network", f"{name}: instructions a request", costs["Spore"]["instructions"], "", costs["Linux"]["instructions"], "Linux", 0.5, "ratio")
    for key in ("mmio", "port_io", "msr_writes", "halts") if architecture == "x86_64" else ("mmio",):
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
    idle_connections(report)
    churn(report)
    for configuration in ("nginx", "nginx-sendfile"):
        per_request(report, configuration, "nginx", configuration, lambda network: wrk(network, 4)[2])
    per_request(report, "redis, pipeline 1", "redis", None, redis_load(1, 10_000))
    per_request(report, "redis, pipeline 16", "redis", None, redis_load(16, 60_000))


def network_arm64(report, runs):
    """The same on virt, as far as it differs by the machine."""
    runs = min(runs, 3)
    for configuration in ("nginx", "nginx-sendfile"):
        per_request(report, f"{configuration}, arm64", "nginx", configuration, lambda network: wrk(network, 4)[2], "arm64")
    per_request(report, "redis, pipeline 1, arm64", "redis", None, redis_load(1, 10_000), "arm64")
    per_request(report, "redis, pipeline 16, arm64", "redis", None, redis_load(16, 60_000), "arm64")
    nginx(report, runs, "nginx", "nginx, arm64", 4, "arm64")
    redis_rates(report, runs, "redis, arm64", (4, 4), "arm64")
