"""execve with several threads, and a parent's death."""
from system.case import Case, Program
from system.cases.proc import all_hold

CASES = [
    Case("threads", [Program("execs")], check=all_hold, machines=("microvm",)),
]
