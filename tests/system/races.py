"""Data races that linuxu's kernel with a detector tells of (kernel/arch/linuxu-races), with the names of their places."""
import re
import subprocess

from system.case import Case, Instance

REPORT = re.compile(rb"spore: (data race.*?)^  \(the end\)$", re.S | re.M)
PLACE = re.compile(r"^  at (0x[0-9a-f]+)$", re.M)


def name_places(report, build):
    """The report with functions and lines, those that were inlined too. Places are return addresses: the call is before them."""
    places = [hex(int(place, 16) - 1) for place in PLACE.findall(report)]
    named = subprocess.run(["llvm-symbolizer-19", "--pretty-print", "--basenames", "--demangle", f"--obj={build}/kernel/spore-linuxu-races.debug", *places],
                           capture_output=True, text=True, check=True, timeout=60).stdout
    names = iter(named.strip().split("\n\n"))   # one paragraph for each
    return PLACE.sub(lambda place: "  " + next(names, place[0]).replace("\n", "\n  "), report)


def found(stderr, build):
    """What was raced for, or None."""
    return "\n".join(name_places(report.decode(errors="replace"), build) for report in REPORT.findall(stderr)) or None


def check_detector(build, completed):
    reports = found(completed.stderr, build) or ""
    return None if re.search(r"\brace\(void\*\) at start\.cpp", reports) else f"the race that was asked for was not found: {reports}"


# Of a race that the kernel runs on purpose.
DETECTOR = Instance("races/detector@races-fused-4", Case("detector", ["/bin/busybox", "sleep", "1"], environment={"SPORE_RACE": "1"}), "races", "fused", 4)


def problem(instance, completed, build):
    return check_detector(build, completed) if instance is DETECTOR else found(completed.stderr, build)
