"""Families of system calls: each program prints what its calls answered, and must print the same here as on Linux."""
import subprocess

from system.case import Case, Program


def as_on_linux(completed):
    native = subprocess.run([completed.args[-1]], stdout=subprocess.PIPE, timeout=60)
    if native.stdout == completed.stdout:
        return None
    ours, theirs = completed.stdout.decode().splitlines(), native.stdout.decode().splitlines()
    for number, (here, there) in enumerate(zip(ours, theirs), 1):
        if here != there:
            return f"line {number} is {here!r}, on Linux {there!r}"
    return f"{len(ours)} lines, on Linux {len(theirs)}"


CASES = [Case(name, [Program(name)], check=as_on_linux, machines=("microvm",), timeout=120) for name in ("events", "sockets", "locks", "watches", "seals", "pseudoterminals")]
