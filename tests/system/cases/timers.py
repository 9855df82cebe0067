"""setitimer, timer_create, sleeping and the processor clocks."""
from system.case import Case, Program
from system.cases.proc import all_hold

CASES = [
    Case("timers", [Program("timers")], check=all_hold),
    Case("interrupted", [Program("interrupted")], stdout="interrupted and whole\n"),
    Case("timers-dynamic", [Program("timers", "dynamic")], check=all_hold, machines=("microvm",), cpus=(2,)),
]
