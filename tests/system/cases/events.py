"""Families of system calls: each program prints what its calls answered, and must print the same here as on Linux."""
import functools
import subprocess
import threading

from system.case import Case, Program, native_twin
from system.cases.proc import all_hold

_running_here = threading.Lock()


@functools.cache
def printed_on_linux(program):
    return subprocess.run([program], stdout=subprocess.PIPE, timeout=60).stdout


def as_on_linux(completed):
    # One at a time: the programs use fixed names in /tmp, where each machine has its own, and this one does not.
    with _running_here:
        native = printed_on_linux(native_twin(completed.args[-1]))
    if native == completed.stdout:
        return None
    ours, theirs = completed.stdout.decode().splitlines(), native.decode().splitlines()
    for number, (here, there) in enumerate(zip(ours, theirs), 1):
        if here != there:
            return f"line {number} is {here!r}, on Linux {there!r}"
    return f"{len(ours)} lines, on Linux {len(theirs)}"


# As on a processor that has none.
NO_KEYS = """pkey_alloc(0, 0) = -1 No space left on device
pkey_alloc(1, 0) = -1 Invalid argument
pkey_alloc(0, 8) = -1 Invalid argument
pkey_free(1) = -1 Invalid argument
pkey_mprotect(pages, 4096, PROT_READ, 1) = -1 Invalid argument
pkey_mprotect(pages + 1, 4096, PROT_READ, -1) = -1 Invalid argument
pkey_mprotect(pages, 4096, PROT_READ, -1) = 0 
read(0, pages, 1) = -1 Bad address
read(0, pages + 4096, 1) = 1 
"""

CHANGED_LIMITS = """\
send(8193) = -1 Invalid argument
set("/proc/sys/kernel/msgmax", "100000") = 0
set("/proc/sys/kernel/msgmnb", "150000") = 0
send(100000) = -1 Resource temporarily unavailable
(queue = msgget(IPC_PRIVATE, 0600)) != -1 = 1
send(100000) = 0
send(50001) = -1 Resource temporarily unavailable
send(50000) = 0
send(100001) = -1 Invalid argument
receive() = 100000
receive() = 50000
set("/proc/sys/kernel/msgmni", "3") = 0
msgget(IPC_PRIVATE, 0600) >= 0 = 1
msgget(IPC_PRIVATE, 0600) = -1 No space left on device
set("/proc/sys/kernel/shmmax", "8192") = 0
segment(8193) = -1 Invalid argument
segment(8192) = 0
set("/proc/sys/kernel/shmall", "3") = 0
segment(4097) = -1 No space left on device
segment(4096) = 0
set("/proc/sys/kernel/shmall", "100") = 0
set("/proc/sys/kernel/shmmni", "3") = 0
segment(1) = 0
segment(1) = -1 No space left on device
shmctl(0, IPC_INFO, (struct shmid_ds*)&limits) >= 0 = 1
8192 3 100
split() = 0
set("/proc/sys/vm/max_map_count", "60") = 0
split() = -1 Out of memory
set("/proc/sys/vm/max_map_count", "65530") = 0
split() = 0
"""

CASES = [
    *(Case(name, [Program(name)], check=as_on_linux, machines=("microvm",), timeout=120)
      for name in ("events", "sockets", "inet_sockets", "locks", "watches", "seals", "pseudoterminals", "file_events", "splices", "segments", "sequences", "keys", "answers", "named_queues", "between", "descriptor_infos", "nodes", "names", "mappings", "file_times", "handed_on", "stop_and_go", "socket_options", "stops", "unix_rules", "orphans", "ignored", "limited_waits", "udp_rules", "sharing")),
    Case("socket-dumps", [Program("socket_dumps", "static-pie")], check=as_on_linux),
    Case("dumps", [Program("dumps", "static-pie")], check=as_on_linux, machines=("microvm",)),
    # Linux's own limits are not to be changed, so it is not asked.
    Case("changed-limits", [Program("changed_limits")], stdout=CHANGED_LIMITS, machines=("microvm",)),
    Case("stack-slot", [Program("stack_slot")], stdout="text\n" * 20, machines=("microvm",), arm64=False),  # x86-64's assembly
    Case("low-addresses", [Program("low_addresses")], check=as_on_linux, machines=("microvm",), arm64=False),  # a flag of x86-64 alone
    Case("protection-keys", [Program("protection_keys", "dynamic")], stdin=b"ab", stdout=NO_KEYS, machines=("microvm",)),
    Case("variants", [Program("variants", "static-pie")], check=as_on_linux, machines=("microvm",)),
    # The C library's threads that messages are told to.
    Case("named-queues-of-libc", [Program("named_queues", "static-pie")], check=as_on_linux, machines=("microvm",), cpus=(1,)),
    *(Case(name.replace("_", "-"), [Program(name, "static-pie")], check=as_on_linux, machines=("microvm",)) for name in ("io_rings", "io_ring_sockets", "io_ring_strain")),
    Case("requests", [Program("requests", "static-pie")], check=as_on_linux, machines=("microvm",)),
    Case("sequences-of-libc", [Program("sequences_of_libc", "dynamic")], check=all_hold, machines=("microvm",)),
]
