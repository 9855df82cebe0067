"""What is run on hardware virtualisation besides the system tests that are asked for: most on every machine, mode and number of CPUs."""
import re
from dataclasses import replace

from lab import machines
from system.case import ARM64_MACHINES, Case, Program
from system.cases import programs
from system.cases.proc import all_hold

X86_64 = machines.MACHINES[0].guests
ARM64 = tuple(ARM64_MACHINES)
EVERY_HOST = tuple(machine.name for machine in machines.MACHINES)
EVERYWHERE = {"machines": (*X86_64, *ARM64), "timeout": 120}

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


def known(name):
    """One of the system tests' cases."""
    return next(case for case in programs.CASES if case.name == name)


CASES = [
    Case("hello", [Program("hello")], stdout="hello from a program\n", **EVERYWHERE),
    Case("firmware", [Program("hello")], stdout="hello from a program\n", machines=("uefi2", "uefi3pci"), modes=("guarded",), timeout=200),
    Case("shell", ["/bin/busybox", "sh", "-c", "for i in 1 2 3; do echo $i; done | busybox tac | (read a; busybox cat; echo first $a); exit 3"],
         options=["-e", "PATH=/bin"], stdout="2\n1\nfirst 3\n", status=3, **EVERYWHERE),
    Case("python3-threads", ["/usr/bin/python3", "-c", THREADS], stdout="[199990000, 199990000, 199990000, 199990000]\n", machines=X86_64, timeout=300),
    Case("timers", [Program("timers")], check=all_hold, machines=("microvm",), timeout=60),
    # With KVM the clock's rate is KVM's to tell, and interrupts need no memory-mapped APIC.
    Case("hardware", [Program("hello")], options=["--log", "debug"], stdout="hello from a program\n",
         stderr=re.compile(r"TSC \d+ kHz, told by KVM; x2APIC, TSC-deadline timer"), cpus=(1,), machines=X86_64, timeout=60),
    replace(known("processor"), machines=("virt3", "virt3pci"), timeout=120),
    replace(known("processor"), machines=("virt2",), stdout="identification ok\nno signing\nno branch targets\n", timeout=120),  # ARMv8.0
    replace(known("processes"), machines=("virt2pci", "virt3"), timeout=120),
    Case("wall-clock", ["/bin/busybox", "date", "-u", "+%Y"], stdout=re.compile(r"^20[2-9]\d\n$"), **{**EVERYWHERE, "machines": (*X86_64, "virt2", "virt3pci")}),
    # The tool itself: what `--accel auto` means where KVM can be relied on, and what doctor says.
    Case("accel-auto", ["run", "--dry-run", "/bin/busybox", "true"], host=True, machines=EVERY_HOST, stdout=re.compile("-accel kvm")),
    Case("native", ["run", "/bin/busybox", "echo", "of this machine"], host=True, machines=EVERY_HOST, stdout="of this machine\n", timeout=120),
    Case("other-gic", ["run", "--accel", "kvm", "--gic", "3", "/bin/busybox", "true"], host=True, status=125, machines=("arm64-gic2",),
         stderr=re.compile("this machine's KVM has no GICv3 for guests: leave --gic away; or use --accel tcg")),
    Case("other-gic", ["run", "--accel", "kvm", "--gic", "2", "/bin/busybox", "true"], host=True, status=125, machines=("arm64-gic3",),
         stderr=re.compile("this machine's KVM has no GICv2 for guests: leave --gic away; or use --accel tcg")),
    Case("doctor", ["doctor"], host=True, machines=EVERY_HOST, stdout=re.compile("acceleration +KVM\n")),
]
