"""What is run on hardware virtualisation besides the system tests that are asked for: most on every machine, mode and number of CPUs."""
import hashlib
import re
from dataclasses import dataclass, replace

from lab import machines
from system.case import ARM64_MACHINES, Case, Program
from system.cases import programs
from system.cases.proc import all_hold

@dataclass
class Domain(Case):
    """A program as a domain of Xen's. `options` are those of `spore build`; `meanwhile` and `afterwards` are for the first domain's shell, as domain.sh says; `prepare` is for this
    machine's, in the folder of the image."""
    meanwhile: str = ""
    afterwards: str = ""
    prepare: str = ""


X86_64 = machines.MACHINES[0].guests
ARM64 = tuple(ARM64_MACHINES)
EVERY_HOST = tuple(machine.name for machine in machines.MACHINES)
XEN = {"machines": ("xen",), "linuxu": False, "arm64": False, "timeout": 300}
EVERYWHERE = {"machines": (*X86_64, *ARM64), "timeout": 120}

# To be put in QEMU's place.
WITH_VMBUS = """#!/bin/sh
exec qemu-system-x86_64 "$@" -cpu host,migratable=no,hv-relaxed,hv-vpindex,hv-time,hv-synic,hv-frequencies -device vmbus-bridge
"""
DATA = bytes(range(256)) * 12345
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
    # The emulated processor does not tell KVM of XSETBV; kernel/arch/x86_64/cpu/setup.cpp has to notice.
    Case("preempted-vectors", [Program("preempted_vectors")], stdout="each has its own\n", **EVERYWHERE),
    Case("timers", [Program("timers")], check=all_hold, machines=("microvm",), timeout=60),
    # With KVM the clock's rate is KVM's to tell, and interrupts need no memory-mapped APIC.
    Case("hardware", [Program("hello")], options=["--log", "debug"], stdout="hello from a program\n",
         stderr=re.compile(r"TSC \d+ kHz, told by KVM; x2APIC, TSC-deadline timer"), cpus=(1,), machines=X86_64, timeout=60),
    # KVM speaks Hyper-V's language, and QEMU has the bus, though none of its devices: rate of the clock, messages and events, the bus' version and offers.
    Case("hyperv", [Program("hello")], options=["--log", "debug"], environment={"SPORE_QEMU": "{scratch}/qemu"}, files={"qemu": (WITH_VMBUS, 0o755)}, stdout="hello from a program\n",
         stderr=re.compile(r"(?s)TSC \d+ kHz, told by Hyper-V.*hyperv: 0 devices are offered"), machines=("q35", "pc"), arm64=False, timeout=60),
    replace(known("processor"), machines=("virt3", "virt3pci"), timeout=120),
    replace(known("processor"), machines=("virt2",), stdout="identification ok\nno signing\nno branch targets\n", timeout=120),  # ARMv8.0
    replace(known("processes"), machines=("virt2pci", "virt3"), timeout=120),
    Case("wall-clock", ["/bin/busybox", "date", "-u", "+%Y"], stdout=re.compile(r"^20[2-9]\d\n$"), **{**EVERYWHERE, "machines": (*X86_64, "virt2", "virt3pci")}),
    # Two copies of a machine that was saved, each with the count and the boot's clock that were saved, the time of day, and random numbers of its own.
    Case("snapshot", [Program("saved")], script="""
        cd /tmp; mkdir -p bin; busybox --install -s bin; PATH=$PATH:/tmp/bin; tell() { "$SPORE" kill -s USR1 $1; until "$SPORE" logs $1 | grep -q "^$2 "; do sleep 0.2; done; "$SPORE" logs $1 | grep "^$2 " > $1-$2; }
        "$SPORE" run $OPTIONS -m 32M -d --name job "$1"; until "$SPORE" logs job | grep -q ready; do sleep 0.2; done
        tell job 1; "$SPORE" snapshot job saved; "$SPORE" rm -f job; sleep 2
        "$SPORE" restore -d --name one saved; "$SPORE" restore -d --name two saved; tell one 2; tell two 2; now=$(date +%s)
        for copy in job-1 one-2 two-2; do
            read count time boot random < $copy
            [ $((now - time)) -le 300 ] && [ $boot -le $((now - time + 100)) ] || echo "$copy: the time is $time, not $now, $boot s after boot"
            echo $random >> random
        done
        read count time_one boot_one random < one-2; read count time_saved boot_saved random < job-1
        [ $((boot_one - boot_saved)) -lt $((time_one - time_saved)) ] || echo "no time has passed between"
        sort -u random | wc -l; "$SPORE" rm -f one two""", stdout="job\nsaved\njob\none\ntwo\n3\none\ntwo\n", machines=X86_64, timeout=500),
    # Domains of Xen's: the console in both directions, four processors, why it ended; the root on a disk; a server that the first domain asks.
    Domain("xen-hello", [Program("hello")], options=["--network", "none"], stdout="hello from a program\n\nspore: exit 0 0\n", stderr=re.compile(r"^reason code 0\n", re.M),
           cpus=(1, 4), **XEN),
    Domain("xen-shell", ["/bin/busybox", "sh"], options=["--network", "none", "-e", "PATH=/bin"], stdin=b"for i in 1 2 3; do echo $i; done | busybox tac\nbusybox nproc\nexit 3\n",
           stdout=re.compile(r"3\n2\n1\n.*\n4\n.*spore: exit 0 3\n$", re.S), status=3, modes=("guarded",), cpus=(4,), **XEN),
    Domain("xen-clock", ["/bin/busybox", "sh", "-c", "busybox date -u +%Y; busybox sleep 2; busybox cut -d. -f1 /proc/uptime"], options=["--network", "none", "-e", "PATH=/bin"],
           stdout=re.compile(r"^20[2-9]\d\n[23]\n"), modes=("fused",), cpus=(1,), **XEN),
    Domain("xen-restart", ["/bin/busybox", "reboot", "-f"], options=["--network", "none"], stderr=re.compile(r"^reason code 1\n", re.M), modes=("fused",), cpus=(1,), **XEN),
    Domain("xen-disk", ["/bin/busybox", "sh", "-c", "busybox md5sum /data; busybox df /"], options=["--network", "none", "--root-in", "disk", "-v", "{scratch}/data:/data", "-e", "PATH=/bin"],
           files={"data": DATA}, stdout=re.compile(hashlib.md5(DATA).hexdigest() + "  /data\n"), modes=("fused",), cpus=(2,), **XEN),
    Domain("xen-volume", ["/bin/busybox", "sh", "-c", "busybox cat /data/file; echo from the guest > /data/file; busybox head -c 30000000 /dev/urandom > /data/large; busybox sync; busybox rm /data/large; busybox fstrim /data; busybox df /data | busybox tail -1"],
           options=["--network", "none", "-v", "LABEL=data:/data:disk", "-e", "PATH=/bin"], needs=("/sbin/mke2fs",),
           prepare="mkdir tree; echo from here > tree/file; /sbin/mke2fs -q -t ext4 -b 4096 -L data -d tree data.img 64M > /dev/null; rm -r tree",
           afterwards="e2fsck -fn data.img > /dev/null 2>&1; echo e2fsck $?; debugfs -R 'cat /file' data.img 2> /dev/null; test $(du -k data.img | cut -f 1) -lt 10000 && echo small",
           stdout=re.compile(r"^e2fsck 0\nfrom the guest\nsmall\nfrom here\next4 .* /data\n"), modes=("fused",), cpus=(1, 4), **XEN),
    Domain("xen-network", ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"], options=["--ip", "10.5.0.2/24", "-v", "{scratch}/www:/www"], files={"www/data": DATA},
           meanwhile="curl -s --retry 30 --retry-delay 1 --retry-connrefused --connect-timeout 2 http://$guest/data | md5sum", needs=("/usr/bin/curl",), stdout=hashlib.md5(DATA).hexdigest() + "  -\n",
           cpus=(1, 4), **XEN),
    # The toolstack asks: the program ends in its own way, and the domain by the reason that was asked for.
    *(Domain(f"xen-{verb}", ["/bin/busybox", "sh", "-c", "trap 'echo asked; exit 7' TERM; echo ready; while :; do busybox sleep 1; done"], options=["--network", "none", "-e", "PATH=/bin"],
             meanwhile=f"until grep -q ready $console; do sleep 1; done; xl {verb} -w $domain > /dev/null; sleep 1; tr -d '\\r' < $console; sed -n 's/.*shut down, \\(reason code [0-9]*\\).*/\\1/p' /var/log/xen/xl-$domain.log",
             stdout=re.compile(f"(?s)ready\n.*asked\n\nspore: exit 0 7\nreason code {reason}\n"), modes=("fused",), cpus=(1,), **XEN)
      for verb, reason in (("shutdown", 0), ("reboot", 1))),
    # The tool itself: what `--accel auto` means where KVM can be relied on, and what doctor says.
    Case("accel-auto", ["run", "--dry-run", "/bin/busybox", "true"], host=True, machines=EVERY_HOST, stdout=re.compile("-accel kvm")),
    Case("native", ["run", "/bin/busybox", "echo", "of this machine"], host=True, machines=EVERY_HOST, stdout="of this machine\n", timeout=120),
    Case("other-gic", ["run", "--accel", "kvm", "--gic", "3", "/bin/busybox", "true"], host=True, status=125, machines=("arm64-gic2",),
         stderr=re.compile("this machine's KVM has no GICv3 for guests: leave --gic away; or use --accel tcg")),
    Case("other-gic", ["run", "--accel", "kvm", "--gic", "2", "/bin/busybox", "true"], host=True, status=125, machines=("arm64-gic3",),
         stderr=re.compile("this machine's KVM has no GICv2 for guests: leave --gic away; or use --accel tcg")),
    Case("doctor", ["doctor"], host=True, machines=EVERY_HOST, stdout=re.compile("acceleration +KVM\n")),
]
