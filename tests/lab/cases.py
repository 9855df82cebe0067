"""What is run on hardware virtualisation besides the system tests that are asked for: each on every machine, mode and number of CPUs."""
import re

from system.case import Case, Program
from system.cases.proc import all_hold

EVERYWHERE = {"machines": ("microvm", "q35", "pc"), "timeout": 60}

THREADS = """
import threading
sums = [0] * 4
def add(which):
    for i in range(20000): sums[which] += i
threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sums)
"""

CASES = [
    Case("hello", [Program("hello")], stdout="hello from a program\n", **EVERYWHERE),
    Case("shell", ["/bin/busybox", "sh", "-c", "for i in 1 2 3; do echo $i; done | busybox tac | (read a; busybox cat; echo first $a); exit 3"],
         options=["-e", "PATH=/bin"], stdout="2\n1\nfirst 3\n", status=3, **EVERYWHERE),
    Case("python3-threads", ["/usr/bin/python3", "-c", THREADS], stdout="[199990000, 199990000, 199990000, 199990000]\n", **{**EVERYWHERE, "timeout": 300}),
    Case("timers", [Program("timers")], check=all_hold, machines=("microvm",), timeout=60),
    # With KVM the clock's rate is KVM's to tell, and interrupts need no memory-mapped APIC.
    Case("hardware", [Program("hello")], options=["--log", "debug"], stdout="hello from a program\n",
         stderr=re.compile(r"TSC \d+ kHz, told by KVM; x2APIC, TSC-deadline timer"), cpus=(1,), **EVERYWHERE),
    Case("wall-clock", ["/bin/busybox", "date", "-u", "+%Y"], stdout=re.compile(r"^20[2-9]\d\n$"), **EVERYWHERE),
    # The tool itself: what `--accel auto` means where KVM can be relied on, and what doctor says.
    Case("accel-auto", ["run", "--dry-run", "/bin/busybox", "true"], host=True, stdout=re.compile("-accel kvm")),
    Case("doctor", ["doctor"], host=True, stdout=re.compile("acceleration +KVM\n")),
]
