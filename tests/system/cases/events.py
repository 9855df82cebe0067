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

RINGS_ENDED = """\
ring_open(&ring, 16, (struct io_uring_params){}) = 0 
pipe(reads) = 0 
pipe(polls) = 0 
submit(&ring, 0) = 2 
write(polls[1], "x", 1) = 1 
  2: -125 Operation canceled flags 0
write(reads[1], "abcd", 4) = 4 
  1: -125 Operation canceled flags 0
read(reads[0], in, 8) = 4 
submit(&ring, 0) = 1 
write(polls[1], "x", 1) = 1 
  2: -125 Operation canceled flags 0
submit(&ring, 0) = 1 
write(reads[1], "x", 1) = 1 
  8: 1  flags 0
read(reads[0], in, 8) = 1 
syscall(SYS_io_uring_enter, 0, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0) = -1 Bad file descriptor
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 0) = -1 Invalid argument
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 17) = -1 Invalid argument
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &bad, 1) = -1 Invalid argument
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &pipe_end, 1) = -1 Operation not supported
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 1) = 1 
one.offset = 0 
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 1) = -1 Device or resource busy
syscall(SYS_io_uring_enter, 0, 1, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, 0, 0) = 1 
  3: 0  flags 0
syscall(SYS_io_uring_enter, 1, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0) = -1 Bad file descriptor
syscall(SYS_io_uring_enter, 16, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0) = -1 Invalid argument
syscall(SYS_io_uring_register, 0, IORING_REGISTER_USE_REGISTERED_RING | IORING_UNREGISTER_FILES, 0, 0) = -1 No such device or address
syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_RING_FDS, &gone, 1) = 1 
syscall(SYS_io_uring_enter, 0, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0) = -1 Bad file descriptor
submit(&ring, 0) = 1 
  4: -62 Timer expired flags 2
  4: -62 Timer expired flags 2
  4: -62 Timer expired flags 0
submit(&ring, 0) = 1 
submit(&ring, 0) = 1 
submit(&ring, 1) = 1 
  7: -22 Invalid argument flags 0
bind(to, (void *)&here, sizeof here) = 0 
connect(from, (void *)&here, sizeof here) = 0 
submit(&ring, 2) = 1 
  10: 5  flags 2
  10: 0  flags 8
submit(&ring, 2) = 1 
  11: 5  flags 2
  11: -2147483648 Unknown error -2147483648 flags 8
submit(&ring, 2) = 1 
  12: 4  flags 2
  12: 0  flags 8
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &piece, 1) = 0 
submit(&ring, 2) = 1 
  13: 10  flags 2
  13: 0  flags 8
submit(&ring, 2) = 1 
  14: -14 Bad address flags 2
  14: 0  flags 8
submit(&ring, 2) = 1 
  15: -14 Bad address flags 2
  15: 0  flags 8
recv(to, got, sizeof got, MSG_DONTWAIT) = 5 
recv(to, got, sizeof got, MSG_DONTWAIT) = 5 
recv(to, got, sizeof got, MSG_DONTWAIT) = 4 
recv(to, got, sizeof got, MSG_DONTWAIT) = 10 
recv(to, got, sizeof got, MSG_DONTWAIT) = -1 Resource temporarily unavailable
ring_open(&ring, 1, (struct io_uring_params){}) = 0 
submit(&ring, 0) = 1 
submit(&ring, 0) = 1 
submit(&ring, 0) = 1 
  20: 5  flags 2
  20: 0  flags 8
  21: 5  flags 2
  21: 0  flags 8
  22: 5  flags 2
  22: 0  flags 8
recv(to, got, sizeof got, MSG_DONTWAIT) = 5 
recv(to, got, sizeof got, MSG_DONTWAIT) = 5 
recv(to, got, sizeof got, MSG_DONTWAIT) = 5 
submit(&ring, 1) = 1 
  30: 0  flags 0
submit(&ring, 0) = 1 
send(from, words[i], strlen(words[i]), 0) = 3 
  31: 35  flags 3
  16 0 3 0 from 1: one
send(from, words[i], strlen(words[i]), 0) = 14 
  31: 46  flags 10003
  16 0 14 0 from 1: fourteen bytes
send(from, words[i], strlen(words[i]), 0) = 49 
  31: 64  flags 20003
  31: -105 No buffer space available flags 0
  16 0 32 20 from 1: more than there is room for in o
submit(&ring, 1) = 1 
  32: -22 Invalid argument flags 0
submit(&ring, 0) = 2 
  50: -62 Timer expired flags 0
  51: 9  flags 0
recv(to, got, sizeof got, MSG_DONTWAIT) = 9 
setrlimit(RLIMIT_MEMLOCK, &limit) = 0 
setresuid(1000, 1000, 1000) = 0 
ring_open(&ring, 4, (struct io_uring_params){}) = 0 
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &much, 1) = -1 Cannot allocate memory
syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &little, 1) = 0 
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
    # What Linux 6.18 prints: an older one knows less.
    Case("io-ring-ends", [Program("io_ring_ends", "static-pie")], stdout=RINGS_ENDED, machines=("microvm",)),
    Case("requests", [Program("requests", "static-pie")], check=as_on_linux, machines=("microvm",)),
    Case("sequences-of-libc", [Program("sequences_of_libc", "dynamic")], check=all_hold, machines=("microvm",)),
]
