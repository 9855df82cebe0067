"""Instructions for one operation of the system each, beside a Linux guest. Counted, so the same on every run."""
from . import counting, linux_guest, tools

GOALS = {"fused": {"getpid": 60}, "guarded": {"getpid": 150}}


def benchmarks():
    for line in tools.run([tools.micro(), "--list"]).output.splitlines():
        identity, name, count, description = line.split("\t")
        yield int(identity), name, int(count), description


def per_operation(counts, identity, count):
    found = counts.between(2 * identity, 2 * identity + 1)
    return found[0]["instructions"] / count if found else None


def measure(report, figure, program, counted, linux):
    for mode in ("fused", "guarded"):
        for identity, name, count, description in benchmarks():
            # One machine each: one that hangs or fails leaves the others their figures.
            ended, counts = counted(["--mode", mode, program, name], timeout=20, deterministic=True)
            value = per_operation(counts, identity, count)
            if value is None:
                reason = (ended.output + ended.errors).strip().splitlines()
                report.note(figure, f"{name}, {mode}: status {ended.status}: {reason[-1] if reason else ''}")
                continue
            beside = per_operation(linux, identity, count)
            goal = GOALS[mode].get(name)
            report.add(figure, f"{name}, {mode}", value, "instructions", beside, "Linux",
                       None if name == "loop" else goal or 0.7, "value" if goal else "ratio")


def micro(report, runs):
    _, linux = linux_guest.counted(tools.micro(), ["--power-off"])
    measure(report, "micro", tools.micro(), counting.counted_spore, linux)


def micro_arm64(report, runs):
    program = tools.micro("arm64")
    _, linux = linux_guest.counted_arm64(program, ["--power-off"])
    measure(report, "micro-arm64", program, counting.counted_arm64, linux)
