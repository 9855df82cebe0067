"""/proc and /sys: what programs read there, and open through it."""
import os
import pathlib
import re

from system.case import Case, Program, tools


def all_hold(completed):
    failed = [line for line in completed.stdout.decode().splitlines() if not line.endswith(": yes")]
    return "; ".join(failed) or None


def shaped_as_on_linux(completed):
    """Each file of /proc/sys has as many words as Linux's, where that has one; names and commands may have any number."""
    lines = [line.split() for line in completed.stdout.decode().splitlines()]
    if len(lines) < 110:
        return f"only {len(lines)} settings"
    for path, words in lines:
        native = pathlib.Path("/proc/sys", path)
        if path in ("./kernel/version", "./kernel/core_pattern", "./net/ipv4/tcp_available_congestion_control", "./net/ipv4/tcp_allowed_congestion_control"):
            continue
        if native.exists() and os.access(native, os.R_OK) and len(native.read_text().split()) != int(words):
            return f"{path} has {words} words"
    return None


BUSYBOX = "/bin/busybox"
PYTHON = "/usr/bin/python3"
NEW_SOCKET = """
import socket
def put(name, value): open("/proc/sys/net/" + name, "w").write(str(value))
put("ipv4/tcp_fin_timeout", 7), put("ipv4/tcp_keepalive_time", 70), put("ipv4/tcp_keepalive_intvl", 9), put("ipv4/tcp_keepalive_probes", 3)
put("ipv4/tcp_syn_retries", 2), put("core/rmem_max", 1000000)
one = socket.socket()
print(*[one.getsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_" + name)) for name in ("LINGER2", "KEEPIDLE", "KEEPINTVL", "KEEPCNT", "SYNCNT")])
one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 5000000)
print(one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
"""
# A stranger's wishes; the first line is of a process that looks at itself.
SET_ID = """plain: 1001 1001 1001, 1000 1000 1000, secure 0, dumpable 1, signal 10
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
user: 1001 0 0, 1000 1000 1000, secure 1, dumpable 0, signal 0
  CapPrm some
  CapEff some
  gives up 0, takes back 0, acts as 0: 0
another-user: 1001 7 7, 1000 1000 1000, secure 1, dumpable 0, signal 0
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
group: 1001 1001 1001, 1000 8 8, secure 1, dumpable 0, signal 0
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
group-that-may-not-run-it: 1001 1001 1001, 1000 1000 1000, secure 0, dumpable 1, signal 10
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
both: 1001 7 7, 1000 8 8, secure 1, dumpable 0, signal 0
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
no-new-privileges: 1001 1001 1001, 1000 1000 1000, secure 0, dumpable 1, signal 10
  CapPrm none
  CapEff none
  gives up 0, takes back 0, acts as 0: -1
user 0 opens: 0, 6777, capabilities there
user 0 writes nothing: 0, 6777, capabilities there
user 0 writes: 0, 6777, capabilities No data available
user 0 writes in pieces: 0, 6777, capabilities No data available
user 0 appends: 0, 6777, capabilities No data available
user 0 sends: 0, 6777, capabilities No data available
user 0 moves: 0, 6777, capabilities No data available
user 0 copies: 0, 6777, capabilities No data available
user 0 truncates: 0, 6777, capabilities No data available
user 0 allocates: 0, 6777, capabilities No data available
stranger opens: 0, 6777, capabilities there
stranger writes nothing: 0, 6777, capabilities there
stranger writes: 0, 777, capabilities No data available
stranger writes in pieces: 0, 777, capabilities No data available
stranger appends: 0, 777, capabilities No data available
stranger sends: 0, 777, capabilities No data available
stranger moves: 0, 777, capabilities No data available
stranger copies: 0, 777, capabilities No data available
stranger truncates: 0, 777, capabilities No data available
stranger allocates: 0, 777, capabilities No data available
given to another: 777, capabilities No data available
written by a stranger: 777
truncated by a stranger: 777
acting: 0 1001 1001, 0 1000 1000, secure 1, dumpable 0, signal 0
  CapPrm some
  CapEff none
  gives up 0, takes back 0, acts as 0: 0
"""
MANY = """make(0) = 0 
make_as_user(0) = 0 
make_as_user(1) = 0 
setresuid(user, user, user) = 0 
ran
make_as_user(2) = 0 
setresuid(user, user, user) = 0 
execve: Resource temporarily unavailable
setresuid(user, user, user) = 0 
ran
make(0) = 0 
make(1) = 0 
make_thread() = 0 
make(2) = -1 Resource temporarily unavailable
make_thread() = -1 Resource temporarily unavailable
end(0) = 0 
make(2) = -1 Resource temporarily unavailable
wait_for(0) = 0 
make(2) = 0 
make(3) = -1 Resource temporarily unavailable
make(3) = 0 
make_thread() = -1 Resource temporarily unavailable
"""
STRANGERS = """process_vm_readv(getpid(), &here, 1, &there, 1, 0) = 8 
process_vm_readv(other, &here, 1, &there, 1, 0) = -1 Operation not permitted
syscall(SYS_get_robust_list, other, &list, &size) = -1 Operation not permitted
syscall(SYS_sched_setparam, other, &none) = -1 Operation not permitted
setpriority(PRIO_PROCESS, other, 5) = -1 Operation not permitted
setpriority(PRIO_PROCESS, 0, -5) = -1 Permission denied
kill(other, SIGTERM) = -1 Operation not permitted
kill(-group, SIGTERM) = -1 Operation not permitted
kill(-group, 0) = -1 Operation not permitted
kill(0, 0) = 0 
prlimit(other, RLIMIT_CPU, NULL, &limit) = -1 Operation not permitted
prlimit(other, RLIMIT_CPU, &(struct rlimit){1, 1}, NULL) = -1 Operation not permitted
prlimit(getpid(), RLIMIT_CPU, NULL, &limit) = 0 
syscall(SYS_pidfd_getfd, handle, 1, 0) = -1 Operation not permitted
setsockopt(channel, SOL_SOCKET, SO_MARK, &one, sizeof one) = -1 Operation not permitted
setsockopt(channel, SOL_SOCKET, SO_PRIORITY, &high, sizeof high) = -1 Operation not permitted
setsockopt(channel, SOL_SOCKET, SO_PRIORITY, &low, sizeof low) = 0 
setsockopt(channel, SOL_SOCKET, SO_DEBUG, &one, sizeof one) = -1 Permission denied
setsockopt(channel, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one) = -1 Operation not permitted
chmod("/tmp/of-another-group", 03755) = 0 
mode 1755
"""


CASES = [
    Case("self", [Program("proc")], check=all_hold),
    Case("self-dynamic", [Program("proc", "dynamic")], check=all_hold, machines=("microvm",), cpus=(1,)),
    Case("many-areas", [Program("many_areas")], check=all_hold),
    Case("standing", [Program("standing")], check=all_hold),
    Case("processor-time", [Program("processor_time")], check=all_hold, machines=("microvm",)),
    Case("applets", [BUSYBOX, "sh", "-c", "ls / | wc -l"], stdout=re.compile(r"^\d+\n$"), needs=(BUSYBOX,), machines=("microvm",)),
    Case("standard-files", [BUSYBOX, "sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr; echo in | cat /dev/stdin"],
         stdout="out\nin\n", stderr=re.compile("err\n"), needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
    Case("settings", [BUSYBOX, "sh", "-c", "echo 5 >/proc/sys/vm/swappiness && cat /proc/sys/vm/swappiness"], stdout="5\n", needs=(BUSYBOX,),
         machines=("microvm",), cpus=(1,)),
    Case("settings-as-on-linux", [BUSYBOX, "sh", "-c", "cd /proc/sys && find . -type f | while read f; do set -- $(cat $f); echo $f $#; done"],
         check=shaped_as_on_linux, needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
    Case("settings-of-new-sockets", [PYTHON, "-c", NEW_SOCKET], stdout="7 70 9 3 2\n2000000\n", needs=(PYTHON,), machines=("microvm",), cpus=(1,)),
    # Another user that may still bind low ports, as services that give up being root are.
    Case("capabilities", ["/usr/bin/setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service",
                          "--", BUSYBOX, "grep", "-E", "Uid|Cap(Inh|Prm|Eff|Amb)", "/proc/self/status"], options=tools(BUSYBOX),
         stdout="Uid:\t1000\t1000\t1000\t1000\n" + "".join(f"Cap{kind}:\t0000000000000400\n" for kind in ("Inh", "Prm", "Eff", "Amb")),
         needs=(BUSYBOX, "/usr/bin/setpriv"), machines=("microvm",)),
    Case("set-id", [Program("set_id"), "/tmp"], stdout=SET_ID),
    Case("overcommit", [Program("overcommit")], check=all_hold),
    Case("stop-signals", [Program("stop_signals")], check=all_hold),
    Case("io-counters", [Program("io_counters")], check=all_hold),
    Case("many", [Program("many")], stdout=MANY, machines=("microvm",)),
    Case("many-by-option", [BUSYBOX, "sh", "-c", "sleep 0; echo one; sleep 9 & sleep 0; echo two"], options=["-u", "1000", "--ulimit", "nproc=2"], status=2,
         stdout="one\n", stderr=re.compile("fork: Resource temporarily unavailable"), needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
    Case("strangers", [Program("strangers")], stdout=STRANGERS, machines=("microvm",), cpus=(1,)),
    Case("processors", [BUSYBOX, "nproc"], stdout="2\n", needs=(BUSYBOX,), machines=("microvm",), cpus=(2,)),
    Case("processes", [BUSYBOX, "ps"], stdout=re.compile(r"\n +1 .*busybox ps"), needs=(BUSYBOX,), machines=("microvm",), cpus=(1,)),
]
