"""setitimer, timer_create, sleeping and the processor clocks."""
from system.case import Case, Program
from system.cases.proc import all_hold

# As [adjtimex(2)] says; Linux is not asked, as that would move this machine's clock.
DISCIPLINE = """change(0, 0, 0) = 0 
change(0xa001, 0, 0) = 0 
change(0x8000, 0, 0) = -1 Invalid argument
change(ADJ_SETOFFSET, 100, 500000) = 0 
ahead() = 1005 
change(ADJ_SETOFFSET | ADJ_NANO, -101, 500000000) = 0 
ahead() = 0 
change(ADJ_SETOFFSET, 1, 1000000) = -1 Invalid argument
change(ADJ_SETOFFSET | ADJ_NANO, 1, 1000000000) = -1 Invalid argument
change(ADJ_SETOFFSET, 1, -1) = -1 Invalid argument
change(ADJ_SETOFFSET, -5000000000, 0) = -1 Invalid argument
ahead() = 0 
setgid(1000) | setuid(1000) = 0 
change(0, 0, 0) = 0 
change(0xa001, 0, 0) = 0 
change(ADJ_SETOFFSET, 1, 0) = -1 Operation not permitted
change(0x8001, 1, 0) = -1 Operation not permitted
clock_adjtime(CLOCK_MONOTONIC, &(struct timex){.modes = 0}) = -1 Not supported
"""

CASES = [
    Case("timers", [Program("timers")], check=all_hold),
    Case("clock-set", [Program("clock_set")], check=all_hold),
    Case("interrupted", [Program("interrupted")], stdout="interrupted and whole\n"),
    Case("discipline", [Program("discipline")], stdout=DISCIPLINE, machines=("microvm",), cpus=(1,)),
    Case("timers-dynamic", [Program("timers", "dynamic")], check=all_hold, machines=("microvm",), cpus=(2,)),
]
