"""Real programs, as Debian ships them, and what programs in general lean on."""
import re

from system.case import Case, Program, tools

BUSYBOX = "/bin/busybox"
ONCE = {"machines": ("microvm",)}


def busybox(name, command, stdout, **more):
    return Case(f"busybox-{name}", [BUSYBOX, "sh", "-c", command], stdout=stdout, needs=(BUSYBOX,), **{"machines": ("microvm",), **more})


CASES = [
    busybox("pipes", "echo hello | tr a-z A-Z | { read word; echo got $word; }; (cd /tmp; pwd); echo $(echo nested $(echo twice)); exit 6",
            "got HELLO\n/tmp\nnested twice\n", status=6, machines=("microvm", "q35")),
    busybox("applets", "cd /tmp; seq 1 1000 > n; wc -l < n; sort -rn n | head -n 2; md5sum n; gzip n; zcat n.gz | tail -n 1; tar c n.gz | tar t; "
            "grep -c 9 /etc/passwd || true; find /tmp -type f; awk 'BEGIN { print 6 * 7 }'; sed s/a/b/ <<E\nbanana\nE\nuname -s; id -u; dd if=/dev/zero bs=1k count=64 2>/dev/null | wc -c",
            re.compile(r"(?s)^1000\n1000\n999\n53d025127ae99ab79e8502aae2d9bea6  n\n1000\nn.gz\n\d+\n/tmp/n.gz\n42\nbbnana\nLinux\n0\n65536\n$"),
            options=["-v", "/etc/passwd:/etc/passwd:ro"]),
    busybox("background", "sleep 60 & sleep 0.1 & wait %2; kill %1; wait %1; echo killed $?; for i in 1 2 3 4 5 6 7 8; do (echo $i) & done | sort; wait",
            "killed 143\n1\n2\n3\n4\n5\n6\n7\n8\n"),
    Case("processor", [Program("processor")], stdout="identification ok\nsigning ok\nbranch targets ok\n", machines=(), linuxu=False, everywhere=True),
    # On processors that leave registers which are zero out of what they save (XSAVEOPT), as linuxu's may be.
    Case("preempted-vectors", [Program("preempted_vectors")], stdout="each has its own\n"),
    Case("signal-vectors", [Program("signal_vectors")], stdout="".join(f"round {number}: as they are\n" for number in range(6)), arm64=False),
    Case("segment-bases", [Program("segment_bases", "static-pie")], cpus=(1, 4), arm64=False, stdout="at first 0\nset: 42, and read\nbeyond: Operation not permitted\n"
         "in a signal's handler 42\nthreads: 0 wrong, mine still 42\na child has 42, then 7\na new program starts with 0\nits parent 42\n"),
    Case("processes", [Program("processes")], stdout="copy-on-write ok\npipeline ok\nsignals ok\norphans ok\nshared words ok\nexecve ok\nmany ok\n", everywhere=True),
    Case("taking-turns", [Program("taking_turns")], stdout="360 turns\n", everywhere=True),
    Case("looked-at", [Program("looked_at")], stdout="done\n", machines=("microvm",)),
    Case("ends-of-machine", [Program("ends_of_machine")], stdout="a wrong first number: -1 Invalid argument\na wrong second number: -1 Invalid argument\n"
         "an unknown command: -1 Invalid argument\nkeys that only tell: 0 \nanother user: -1 Operation not permitted\n", machines=("microvm",)),
    Case("ends-of-machine-together", [Program("ends_of_machine"), "together"], stdout="", cpus=(4,)),
    busybox("power-off", "echo before; (sleep 60; echo late) & poweroff -f; sleep 60; echo after", "before\n"),
    busybox("halt", "halt -f; sleep 60", ""),
    busybox("restart", "echo before; reboot -f; sleep 60; echo after", "before\n", status=119, stderr=re.compile("machine ended")),
    Case("endings", [Program("endings")], stdout="exit ok\nexecve ok\ngroup ok\n", cpus=(4,), everywhere=True),
    Case("branch-targets", [Program("branch_targets", "marked")], stdout="marked place called\nunmarked place refused\n", machines=(), linuxu=False),
    Case("processors", [Program("processors", "static-pie")], cpus=(4,), stdout="online 4 affinity 4 used 4 counter 8000\nping-pong 1000\n"),
    Case("processors", [Program("processors", "dynamic")], cpus=(1,), stdout="online 1 affinity 1 used 1 counter 8000\nping-pong 1000\n", **ONCE),
    Case("c++", [Program("language", "c++")], status=3, stdout="caught bottom after 51 destructors\nthreads 8 3251\n"
         "future threw from a thread\ntimeout 11\nfile 499500\nat exit\n"),
    Case("c++-static", [Program("language", "c++static")], status=3, stdout=re.compile("at exit\n$"), **ONCE),
    Case("policies", ["/usr/bin/python3", "-c", "import os; print(os.sched_getscheduler(0))\n"
         "os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(7))\n"
         "print(os.sched_getscheduler(0) == os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_getparam(0).sched_priority, flush=True)\n"
         "child = os.fork()\nif not child: print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, flush=True); os._exit(0)\nos.wait()\n"
         "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)); print(os.sched_getscheduler(0), flush=True)\n"
         "if not os.fork(): print(os.sched_getscheduler(0), flush=True); os._exit(0)\nos.wait()\n"
         "try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(100))\nexcept OSError as error: print(error.errno)\n"
         "os.setuid(1000)\n"
         "try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\nexcept OSError as error: print(error.errno)\n"],
         stdout="0\nTrue 7\n0 0\n3\n3\n22\n1\n", needs=("/usr/bin/python3",), cpus=(1,), **ONCE),
    Case("bash", ["/bin/bash", "/scenario.sh"], status=5, needs=("/bin/bash",),
         options=["-v", "{programs}/scenario.sh:/scenario.sh:ro",
                  *tools("/usr/bin/tr", "/usr/bin/sort", "/bin/cat", "/usr/bin/diff", "/bin/sleep", "/bin/mkdir", "/usr/bin/touch", "/bin/rm", "/bin/ls",
                         "/usr/bin/yes", "/usr/bin/head", "/usr/bin/wc")],
         stdout="word one\nword three\nword two\nsubshell 7\nsubstitution <inner>\nhere string\nhere document 42\nprocess substitution 1\n"
         "killed 143\n1 2 3 \ntrapped\nstatuses 1 0\na/b/c\njobs\n3\ntext\n", **ONCE),
]
