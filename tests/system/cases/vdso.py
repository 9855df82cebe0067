"""The vDSO: the time without system calls."""
from system.case import Case, Program
from system.cases.proc import all_hold

CASES = [
    Case("time", [Program("vdso")], check=all_hold),
    Case("time-dynamic", [Program("vdso", "dynamic")], check=all_hold, cpus=(2,)),
]
