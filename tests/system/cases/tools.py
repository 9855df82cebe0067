"""What the tool does around a program: background machines, strace, check, crash reports, gdb."""
import re

from system.case import Case, Program

WAIT_FOR_READY = """
until "$SPORE" logs job | grep -q ready; do sleep 0.1; done
"""

CASES = [
    Case("background", [Program("patient")], script="""
        "$SPORE" run -d --name job "$1"
        """ + WAIT_FOR_READY + """
        "$SPORE" ps | grep -q "job.*running"
        if "$SPORE" run -d --name job "$1" 2>/dev/null; then exit 90; fi
        if "$SPORE" rm job 2>/dev/null; then exit 91; fi
        "$SPORE" kill -s USR1 job
        until "$SPORE" logs job 2>&1 >/dev/null | grep -q usr1; do sleep 0.1; done
        "$SPORE" stop job
        "$SPORE" ps -a | grep -q "job.*ended (9)"
        "$SPORE" ps | grep job && exit 92
        "$SPORE" logs -f job
        "$SPORE" wait job || echo "status $?"
        "$SPORE" rm job
        "$SPORE" logs job && exit 93
        exit 0""", stdout="job\njob\nready\nending\nstatus 9\njob\n", stderr=re.compile("usr1"), timeout=120),
    Case("background-removed-at-end", [Program("hello")], script="""
        "$SPORE" run -d --rm --name job "$1"
        while [ -e "$XDG_RUNTIME_DIR/spore/job" ]; do sleep 0.1; done
        "$SPORE" ps -a | grep job && exit 90
        exit 0""", stdout="job\n"),
    Case("background-killed-supervisor", [Program("patient")], script="""
        "$SPORE" run -d --name job "$1"
        """ + WAIT_FOR_READY + """
        kill -9 $("$SPORE" ps --json | grep supervisor | tr -dc 0-9)
        until "$SPORE" ps -a | grep -q "job.*lost"; do sleep 0.1; done
        "$SPORE" rm job""", stdout="job\njob\n"),
    Case("background-refusal", [], script='"$SPORE" run -d --name job /does/not/exist || { echo $?; ls "$XDG_RUNTIME_DIR/spore" 2>/dev/null || :; }', stdout="127\n"),
    Case("strace", [Program("hello")], script='"$SPORE" strace --trace write,writev,exit_group "$1"', stdout="hello from a program\n",
         stderr=re.compile(r"^\[pid 1\] writev?\(1, .*= 21\n\[pid 1\] exit_group\(0\) = \?\n$")),
    Case("strace-summary", [Program("hello")], script='"$SPORE" strace -c -o table "$1" && grep -q "total" table', stdout="hello from a program\n"),
    Case("check-static", [Program("hello")], script='"$SPORE" check "$1"', stdout=re.compile(r"supported +possible +exit_group")),
    Case("check-trace", [Program("hello", "dynamic")], script='"$SPORE" check --trace --json "$1"', stdout=re.compile(r'"evidence": "seen"')),
    Case("crash-report", [Program("crash")], stdout="before\n", status=139, stderr=re.compile(r"nothing is mapped at 0x10(.|\n)*rip (.|\n)*inner_function"), cpus=(1,)),
    Case("abort-report", [Program("crash"), "abort"], stdout="before\n", status=134, stderr=re.compile(r"got signal 6"), cpus=(1,)),
    Case("boot-timeline", [Program("hello")], options=["--log", "debug"], stdout="hello from a program\n", cpus=(1,),
         stderr=re.compile(r"platform: TSC \d+ kHz, .*boot: \d+ us \(\+\d+\) root\n.*boot: \d+ us \(\+\d+\) program", re.DOTALL)),
    Case("gdb", [Program("hello", "static-pie")], needs=("/usr/bin/gdb",), timeout=120, script="""
        "$SPORE" gdb --batch --ex 'break main' --ex continue --ex backtrace --ex spore-threads --ex 'delete' --ex 'continue' "$1" < /dev/null || :""",
         stdout=re.compile(r"Breakpoint 1,(.|\n)* main \((.|\n)*thread 1 of process 1")),
    Case("completions", [], script='"$SPORE" completion bash > c && bash -n c && "$SPORE" completion fish | grep -q memory && "$SPORE" completion zsh | grep -q memory && "$SPORE" manual spore-run | grep -q memory'),
    Case("doctor", ["doctor"], host=True, stdout=re.compile("QEMU"), status=0),
]
