"""Whole programs, from their first instruction to their exit, beside a Linux guest."""
import os
import re
from pathlib import Path

from . import counting, linux_guest, tools

INSERTS = ("BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
           "WHERE i < 20000) INSERT INTO t SELECT i, 'row ' || i FROM n; COMMIT; SELECT count(*), sum(length(b)) FROM t;")
PROGRAMS = {
    "sqlite3, 20 000 inserts": ["/usr/bin/sqlite3", "/tmp/benchmark.db", INSERTS],
    "python3 -c 'print(1)'": ["/usr/bin/python3", "-c", "print(1)"],
    "busybox echo": ["/bin/busybox", "echo", "hello"],
}


def libraries(program):
    """The interpreter and libraries of a program, at the paths by which it asks for them."""
    return re.findall(r"(/\S+)", tools.run(["ldd", program]).output) if Path(program).exists() else []


def python_files():
    folder = next(iter(sorted(Path("/usr/lib").glob("python3.[0-9]*"))), None)
    if not folder:
        return []
    skipped = {"test", "idlelib", "lib2to3", "ensurepip", "distutils", "pydoc_data"}
    return [path for path in folder.rglob("*") if path.is_file() and not skipped & set(path.parts)]


def in_linux(arguments):
    files = {arguments[0], *libraries(arguments[0])}
    if "python" in arguments[0]:
        files |= {str(path) for path in python_files()}
    program = tools.static_program("init", "bench/programs/init.c")
    list_file = {"arguments": b"".join(word.encode() + b"\0" for word in arguments)}
    ended, counts = linux_guest.counted(program, [], sorted(files), memory="1G", contents=list_file)
    found = counts.between(0, 1)
    return found[0]["instructions"] if found and "status 0" in ended.output else None


def programs(report, runs):
    for name, arguments in PROGRAMS.items():
        if not os.path.exists(arguments[0]):
            report.note("program", f"{name}: {arguments[0]} is not here")
            continue
        beside = in_linux(arguments)
        for mode in ("fused", "guarded"):
            ended, counts = counting.counted_spore(["--mode", mode, *arguments], timeout=60, deterministic=True)
            entry = counts.at(counting.PROGRAM_ENTRY)
            if ended.status != 0 or not entry:
                report.note("program", f"{name}, {mode}: status {ended.status}: {ended.errors.strip()[-200:]}")
                continue
            report.add("program", f"{name}, {mode}", counts.total["instructions"] - entry["instructions"], "instructions", beside, "Linux")
