#!/usr/bin/env python3
"""Runs every test of Spore, or those whose name matches a filter, and ends with one line that counts them.

Called by `./spore test`. Kinds: `layering`, `unit-*` (each GoogleTest case counts), `fuzz-*` (a short run each),
`bench/stack` (what `./spore bench stack` measures, once), `boot/…` (ways to start the kernel other than the tool's), `docs/…` (what the documentation shows), and `system/…` (a program in a virtual machine, see tests/system/case.py).
With `--long` it runs instead what takes too long for every change: `long/…`, the cases in tests/long/, of the same form.
"""
import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))
import coverage  # noqa: E402
from docs import guides, specification  # noqa: E402
from lab import lab  # noqa: E402
from system import case as system_case  # noqa: E402

UNIT_TIMEOUT = 600
FUZZ_SECONDS = 10
MOST_UNSTEADY = 2


class Tally:
    def __init__(self, verbose):
        self.passed, self.failed, self.skipped, self.unsteady = 0, [], 0, []
        self.verbose = verbose
        self.lock = threading.Lock()

    def add(self, name, problem=None, skipped=False, seconds=0.0):
        with self.lock:
            if skipped:
                self.skipped += 1
            elif problem is None:
                self.passed += 1
            else:
                self.failed.append(name)
                print(f"FAILED {name}\n    " + str(problem).rstrip().replace("\n", "\n    "), flush=True)
            if self.verbose and problem is None:
                print(f"{'skip  ' if skipped else 'ok    '} {name} ({seconds:.2f} s)", flush=True)


def run_layering(tally):
    result = subprocess.run([sys.executable, str(TESTS / "layering/check.py")], capture_output=True, text=True, timeout=60)
    tally.add("layering", result.stdout + result.stderr if result.returncode else None)


def run_units(binary, wanted, tally):
    """One process for all cases; when it dies, what it printed last tells which case it was in."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [str(binary), f"--gtest_output=json:{report.name}", "--gtest_brief=1"]
        if not wanted("" + binary.name):
            listed = subprocess.run([str(binary), "--gtest_list_tests"], capture_output=True, text=True, timeout=60).stdout
            suite, names = "", []
            for line in listed.splitlines():
                if not line.startswith(" "):
                    suite = line.split("#")[0].strip()
                else:
                    name = suite + line.split("#")[0].strip()
                    if wanted(f"{binary.name}/{name}"):
                        names.append(name)
            if not names:
                return
            command.append("--gtest_filter=" + ":".join(names))
        try:
            result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=UNIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            tally.add(binary.name, f"did not end within {UNIT_TIMEOUT} s")
            return
        try:
            suites = json.load(report)["testsuites"]
        except (ValueError, KeyError):
            tally.add(binary.name, f"ended with {result.returncode}\n" + (result.stdout + result.stderr)[-6000:])
            return
        for suite in suites:
            for test in suite["testsuite"]:
                name = f"{binary.name}/{suite['name']}.{test['name']}"
                failures = "\n".join(failure["failure"] for failure in test.get("failures", []))
                tally.add(name, failures or None, test.get("result") == "SKIPPED")


def run_fuzzer(binary, tally, seconds=FUZZ_SECONDS, seed=1):
    corpus = TESTS / "fuzz/corpus" / binary.name.removeprefix("fuzz-")
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as scratch:
        # The fuzzer looks at the wall clock, and ends at once when that is set back: then it goes on with what it found.
        while (left := round(end - time.monotonic())) > 0:
            command = [str(binary), f"-seed={seed}", f"-max_total_time={left}", "-rss_limit_mb=2048", "-timeout=10", f"-artifact_prefix={scratch}/", scratch]
            if corpus.is_dir():
                command.append(str(corpus))
            result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=left + FUZZ_SECONDS * 5)
            if result.returncode:
                return tally.add(binary.name, result.stderr[-6000:])
            seed += 1
    tally.add(binary.name)


def run_reference(build, tally):
    """docs/reference is what the tool says of itself."""
    kept = TESTS.parent / "docs/reference"
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([build / "host/spore", "manual", "--markdown", "--write", scratch], check=True, timeout=60)
        fresh = {page.name: page.read_text() for page in pathlib.Path(scratch).iterdir()}
    old = {page.name: page.read_text() for page in kept.glob("*.md")}
    differing = sorted(name for name in fresh.keys() | old.keys() if fresh.get(name) != old.get(name))
    tally.add("docs/reference", f"out of date: {' '.join(differing)}; write it anew with ./spore manual --markdown --write docs/reference" if differing else None)


def run_specification(tally):
    kinds = ("system", "long", "long-arm64", "uefi", "sanitized", "races")
    tally.add("docs/specification", specification.problem([one.name for kind in kinds for one in system_case.load_all(kind)] + [one.name for one in lab.instances([])]))


def run_guide(guide, build, tally):
    tally.add(f"docs/guides/{guide.stem}", guides.run(guide, build))


def run_stack(build, tally):
    """The loads of `./spore bench stack`, a few times each, on the program that is built with checks: so what is measured now and then is known to work."""
    for load, times in (("request", 10), ("open", 10), ("bulk", 1)):
        result = subprocess.run([build / "bench/stack/stack-checked", load, str(times)], capture_output=True, text=True, errors="replace", timeout=120)
        if result.returncode or not re.fullmatch(r"[1-9]\d* \d+\n", result.stdout):
            return tally.add("bench/stack", f"{load}: status {result.returncode}\n{result.stdout}{result.stderr[-4000:]}")
    tally.add("bench/stack")


def run_boot(script, build, tally):
    result = subprocess.run([sys.executable, str(script), str(build)], capture_output=True, text=True, errors="replace", timeout=600)
    if result.returncode == 77:
        print(f"boot/{script.stem}: {result.stdout.strip()}", flush=True)
    tally.add(f"boot/{script.stem}", (result.stdout + result.stderr)[-4000:] if result.returncode not in (0, 77) else None,
              skipped=result.returncode == 77)


def run_again(repeatable, tally):
    """Machines share processors with whatever else runs. The few that fail in a run of everything run once more, when all others have ended: those that pass
    then are named as unsteady, after what they said at first. More of them are no chance."""
    if len(tally.failed) > MOST_UNSTEADY:
        return
    for name in sorted(tally.failed):
        if name not in repeatable:
            continue
        print(f"again, alone: {name}", flush=True)
        again = Tally(tally.verbose)
        repeatable[name](again)
        if not again.failed:
            tally.failed.remove(name)
            tally.unsteady.append(name)


def start_fuzzers(build, wanted, tally, pool, *how):
    return [pool.submit(run_fuzzer, binary, tally, *how) for binary in sorted((build / "tests").glob("fuzz-*"))
            if binary.is_file() and os.access(binary, os.X_OK) and wanted(binary.name)]


def boot_scripts():
    return sorted((TESTS / "boot").glob("*.py"))


def start_short(build, wanted, tally, pool, machines=True):
    """Runs what takes no time, and starts what is neither a system test nor long."""
    if wanted("layering"):
        run_layering(tally)
    if wanted("docs/reference"):
        run_reference(build, tally)
    if wanted("docs/specification"):
        run_specification(tally)
    pending = [pool.submit(run_units, binary, wanted, tally) for binary in sorted((build / "tests").glob("unit-*"))
               if binary.is_file() and os.access(binary, os.X_OK)]
    pending += start_fuzzers(build, wanted, tally, pool)
    if not machines:
        return pending
    if wanted("bench/stack"):
        pending.append(pool.submit(run_stack, build, tally))
    pending += [pool.submit(run_boot, script, build, tally) for script in boot_scripts() if wanted(f"boot/{script.stem}")]
    return pending + [pool.submit(run_guide, guide, build, tally) for guide in guides.all_guides() if wanted(f"docs/guides/{guide.stem}")]


def main():
    parser = argparse.ArgumentParser(prog="spore test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="run only tests whose name contains one of these (regular expressions)")
    parser.add_argument("--build", default=str(TESTS.parent / "build"), help=argparse.SUPPRESS)
    parser.add_argument("--long", action="store_true", help="run the long suites instead")
    parser.add_argument("--arm64", action="store_true", help="with --long: on arm64's machine")
    parser.add_argument("--everywhere", action="store_true", help="run the system tests on x86-64's machines in every combination of machine, mode and processors instead")
    parser.add_argument("--uefi", action="store_true", help="run the system tests that run on arm64 through UEFI firmware instead")
    parser.add_argument("--tailored", action="store_true", help="run the system tests that run on linuxu each on a kernel that is tailored to its program instead")
    parser.add_argument("--sanitized", action="store_true", help="run the system tests that run on linuxu on a kernel that wrong accesses to memory and undefined behaviour end instead")
    parser.add_argument("--races", action="store_true", help="run the system tests that run on linuxu with several processors on a kernel that finds data races instead")
    parser.add_argument("--coverage", action="store_true", help="run the unit tests, the fuzzers and the system tests for linuxu on code that counts what runs; writes a page for each file")
    parser.add_argument("--fuzz", type=int, metavar="MINUTES", help="run each fuzzer that long instead, on inputs that no earlier run had")
    parser.add_argument("--lab", action="store_true", help="run on hardware virtualisation, in an emulated Linux that has it (tests/lab)")
    parser.add_argument("-l", "--list", action="store_true", help="list the system tests and end")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the tests that pass, too")
    parser.add_argument("-j", "--jobs", type=int, default=min(2 * (os.cpu_count() or 1), 8), help="system tests at a time (default: %(default)d; many wait for a timer, so twice as many as processors)")
    arguments = parser.parse_args()
    build = pathlib.Path(arguments.build).resolve()
    patterns = [re.compile(text) for text in arguments.filter]

    def wanted(name):
        return not patterns or any(pattern.search(name) for pattern in patterns)

    kind = next((kind for kind in ("long", "everywhere", "uefi", "tailored", "sanitized", "races", "coverage") if getattr(arguments, kind)), "system")
    if arguments.arm64:
        if kind != "long":
            parser.error("--arm64 goes with --long: the other tests run on arm64 by themselves")
        kind = "long-arm64"
    if arguments.lab:
        cases = [one for one in lab.instances(patterns) if wanted(one.name)]
    else:
        cases = [one for one in system_case.load_all(kind) if wanted(one.name)]
    if arguments.list:
        print("\n".join(one.name for one in cases))
        return 0
    tally = Tally(arguments.verbose)
    if arguments.coverage:
        coverage.begin(build)
    began = time.monotonic()
    if arguments.lab:
        lab.run(cases, build, tally)
        cases = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        if arguments.fuzz:
            pending = start_fuzzers(build, wanted, tally, pool, arguments.fuzz * 60, random.randrange(1, 2 ** 32))
            cases = []
        else:
            pending = [] if arguments.lab or kind != "system" else start_short(build, wanted, tally, pool)
        if arguments.coverage:
            pending += start_short(build / "coverage", wanted, tally, pool, machines=False)
        pending += [pool.submit(system_case.run, one, build, tally) for one in cases]
        for job in pending:
            job.result()
    if kind == "system" and not patterns:
        run_again({one.name: functools.partial(system_case.run, one, build) for one in cases} |
                  {f"boot/{script.stem}": functools.partial(run_boot, script, build) for script in boot_scripts()} |
                  {f"docs/guides/{guide.stem}": functools.partial(run_guide, guide, build) for guide in guides.all_guides()}, tally)
    if arguments.coverage:
        coverage.report(build)
    if tally.unsteady:
        print("unsteady: " + " ".join(tally.unsteady))
    if tally.failed:
        print("failed: " + " ".join(sorted(tally.failed)))
    print(f"took {time.monotonic() - began:.0f} s")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {tally.skipped} skipped" + (f", {len(tally.unsteady)} unsteady" if tally.unsteady else ""))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
