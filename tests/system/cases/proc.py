"""/proc and /sys: what programs read there, and open through it."""
import re

from system.case import Case, Program


def all_hold(completed):
    failed = [line for line in completed.stdout.decode().splitlines() if not line.endswith(": yes")]
    return "; ".join(failed) or None


BUSYBOX = "/bin/busybox"

CASES = [
    Case("self", [Program("proc")], check=all_hold),
    Case("self-dynamic", [Program("proc", "dynamic")], check=all_hold, machines=("microvm",), cpus=(1,)),
    Case("processor-time", [Program("processor_time")], check=all_hold, machines=("microvm",)),
    Case("applets", [BUSYBOX, "sh", "-c", "ls / | wc -l"], stdout=re.compile(r"^\d+\n$"), needs=(BUSYBOX,), machines=("microvm",)),
    Case("standard-files", [BUSYBOX, "sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr; echo in | cat /dev/stdin"],
         stdout="out\nin\n", stderr=re.compile("err\n"), needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
    Case("settings", [BUSYBOX, "sh", "-c", "echo 5 >/proc/sys/vm/swappiness && cat /proc/sys/vm/swappiness"], stdout="5\n", needs=(BUSYBOX,),
         machines=("microvm",), cpus=(1,)),
    Case("processors", [BUSYBOX, "nproc"], stdout="2\n", needs=(BUSYBOX,), machines=("microvm",), cpus=(2,)),
    Case("processes", [BUSYBOX, "ps"], stdout=re.compile(r"\n +1 .*busybox ps"), needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
]
