"""What the tool does around a program: background machines, strace, check, crash reports, gdb."""
import os
import re

from system.case import Case, Program

WAIT_FOR_READY = """
until "$SPORE" logs job | grep -q ready; do sleep 0.1; done
"""

# Again and again, since nobody knows when gdb has set its breakpoint; ends with the job.
SIGNALS = """
(while sleep 3; do "$SPORE" kill -s USR1 job 2>/dev/null || break; done) &
"""

GDB = ("/usr/bin/gdb", "/usr/bin/gdb-multiarch")

def all_lines(completed):
    told = sorted(int(number) for number in re.findall(r"^\[warn\] system call  \((\d+)\) is not supported: python3 got ENOSYS$", completed.stderr.decode(), re.M))
    written = sorted(map(int, completed.stdout.split()))
    return None if told == written == list(range(452, 512)) else f"{len(told)} lines of the log and {len(written)} of output, instead of 60 each"

# What programs/traced.c did, in the file that `spore trace` made: argv is the file, and how many processors there were.
CHECK_TRACE = r"""
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
ends, last = {}, {}
for event in events:
    if event["ph"] == "M": continue
    track = event["pid"], event["tid"]
    assert track in names, event
    assert event["ts"] >= last.get(track, 0), ("times go back", event)
    last[track] = event["ts"]
    if event["ph"] == "i": continue
    assert event["ph"] == "X" and event["dur"] >= 0, event
    # In whole nanoseconds, which these numbers are.
    begin = round(event["ts"] * 1000)
    end = begin + round(event["dur"] * 1000)
    open_ends = ends.setdefault(track, [])
    while open_ends and open_ends[-1] <= begin: open_ends.pop()
    assert not open_ends or end <= open_ends[-1], ("lies across another", event)
    open_ends.append(end)

def of(name, thread=None):
    return [event for event in events if event["name"] == name and event["ph"] != "M" and (thread is None or names[event["pid"], event["tid"]] == thread)]
def within(inner, outer): return outer["ts"] <= inner["ts"] and inner["ts"] + inner.get("dur", 0) <= outer["ts"] + outer["dur"] + 0.001

def calls(name, thread): return [event["args"]["result"] for event in of(name, thread)]
first = names[1, 1]
assert calls("close", first) == ["-1 EBADF"], calls("close", first)
assert calls("write", first) == [1], calls("write", first)
assert calls("read", "second") == [1] and calls("prctl", "second") == [0]
child, = calls("wait4", first)
assert child in calls("fork", first) + calls("clone", first) and names[child, child] == first
assert [event["args"]["argument"] for event in of("exit_group") if event["pid"] == child] == ["0x3"]
# The second waits in read() until the first wakes it, which sleeps meanwhile.
read, = of("read", "second")
assert read["dur"] > 40_000, read
asleep = [event for event in of("asleep", "second") if within(event, read)]
assert asleep and sum(event["dur"] for event in asleep) > 40_000, (read, asleep)
assert any(event["args"]["by"] == first and within(event, read) for event in of("woken", "second"))
write, = of("write", first)
assert read["ts"] < write["ts"] < read["ts"] + read["dur"]
sleep, = of("nanosleep", first) or of("clock_nanosleep", first)
assert any(within(event, sleep) and event["dur"] > 40_000 for event in of("asleep", first))
# Each on its processor, which idles while nobody runs.
assert of("second")[-1]["pid"] == 0 and of("second")[-1]["tid"] == int(sys.argv[2]) - 1, of("second")
assert of(first) and of("interrupt") and of("timer") and of("page fault", first) and of("exec " + first)
assert any(event["pid"] == 0 and event["dur"] > 10_000 for event in of("asleep"))
"""


CASES = [
    Case("background", [Program("patient")], script="""
        "$SPORE" run $OPTIONS -d --name job "$1"
        """ + WAIT_FOR_READY + """
        "$SPORE" ps | grep -q "job.*running"
        if "$SPORE" run $OPTIONS -d --name job "$1" 2>/dev/null; then exit 90; fi
        if "$SPORE" rm job 2>/dev/null; then exit 91; fi
        "$SPORE" kill -s USR1 job
        until "$SPORE" logs job 2>&1 >/dev/null | grep -q usr1; do sleep 0.1; done
        "$SPORE" stop job
        "$SPORE" ps -a | grep -q "job.*ended (9)"
        "$SPORE" ps | grep job && exit 92
        "$SPORE" logs -f job
        "$SPORE" logs --tail 1 job
        "$SPORE" wait job || echo "status $?"
        "$SPORE" rm job
        "$SPORE" logs job && exit 93
        exit 0""", stdout="job\njob\nready\nending\nending\nstatus 9\njob\n", stderr=re.compile("usr1"), timeout=120),
    Case("top", ["{system}/bin/busybox", "sh", "-c", "sleep 1000 & for i in $(seq 300); do sleep 1000 & done; echo ready; wait"], script="""
        "$SPORE" run $OPTIONS -u 5:6 -d --name job "$@"
        """ + WAIT_FOR_READY + """
        "$SPORE" top job > processes
        sed -n 1p processes; grep -c "^ *[0-9]* *1 *5 S *1 *0:.* [KM]iB  .*sleep 1000$" processes; grep -c "^ *1 *0 *5 S *1 " processes
        "$SPORE" top --json job | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
        "$SPORE" rm -f job
        "$SPORE" top job 2>&1 || echo "status $?" """, needs=("/usr/bin/python3",), timeout=240,
         stdout="job\n    PID    PPID   USER S THREADS       TIME  RESIDENT  COMMAND\n301\n1\n302\njob\nspore: there is no machine named 'job': 'spore ps -a' lists them\nstatus 125\n"),
    # Further programs in it: files as the shell's, the first program's environment and folder, others where something is said.
    Case("exec", ["{system}/bin/busybox", "sh", "-c", "echo ready; while :; do busybox sleep 1; done"], script="""
        "$SPORE" run $OPTIONS -v "$1:/bin/busybox" -e PATH=/bin -e A=first -e B=first -w /tmp -d --name job "$@"
        "$SPORE" exec job busybox echo before it is up
        """ + WAIT_FOR_READY + """
        in_job() { "$SPORE" exec "$@"; }
        echo input | in_job -e A=second job busybox sh -c 'cat; echo $A $B; pwd; echo errors >&2; exit 5' || echo "status $?"
        in_job -u 1000:1001 -w / job /bin/busybox sh -c 'id -u; id -g; pwd; echo $PPID; exec 1>&-; kill -TERM $$' || echo "status $?"
        in_job job none 2>&1 || echo "status $?"
        in_job -w /none job busybox true 2>&1 || echo "status $?"
        in_job -u nobody:tty job busybox sh -c 'id -u; id -g'; in_job -u somebody job busybox true 2>&1 || echo "status $?"
        in_job none busybox true 2>/dev/null || echo "status $?"
        head -c 1000000 /dev/urandom > much
        in_job job busybox cat < much | cmp - much
        in_job job busybox sh -c 'trap "" PIPE; while echo line; do :; done; echo $? > left' 2>/dev/null | head -n 1
        until in_job job busybox cat /tmp/left 2>/dev/null; do sleep 0.1; done
        # As many as it takes, and one more.
        pids=
        for i in $(seq 16); do
            "$SPORE" exec job busybox sh -c "echo here; exec sleep 100" > here-$i & pids="$pids $!"
        done
        for i in $(seq 16); do until grep -qs here here-$i; do sleep 0.1; done; done
        in_job job busybox true 2>&1 || echo "status $?"
        kill -9 $pids; wait $pids || :
        "$SPORE" exec job busybox sh -c "echo here; exec sleep 100" > here & last=$!
        until grep -qs here here; do sleep 0.1; done
        "$SPORE" stop -t 60 job; wait $last || echo "status $?"
        """, stdout="job\nbefore it is up\ninput\nsecond first\n/tmp\nstatus 5\n1000\n1001\n/\n0\nstatus 143\nspore: the program is not in the guest's root: check the path and --root\nstatus 127\n"
         "spore: the folder to begin in (-w) is not in the guest\nstatus 125\n65534\n5\n"
         "spore: user 'somebody': the guest's /etc/passwd has none of that name: give a number, or a root that has it\nstatus 125\nstatus 125\nline\n0\n"
         "spore: the machine runs 16 programs beside its first already: wait until one has ended\nstatus 125\njob\nstatus 137\n", stderr=re.compile("errors"), timeout=240),
    Case("exec-crash-report", [Program("patient"), Program("crash")], script="""
        "$SPORE" run $OPTIONS -v "$2:/crash" -d --name job "$1"
        """ + WAIT_FOR_READY + """
        "$SPORE" exec job /crash || echo "status $?"
        until "$SPORE" logs job 2>&1 | grep -q inner_function; do sleep 0.1; done
        "$SPORE" logs job 2>&1 | grep -c "at 0x10"
        "$SPORE" rm -f job""", stdout="job\nbefore\nstatus 139\n1\njob\n", stderr=re.compile("killed by SIGSEGV")),
    # There is no program in this machine that could: files, folders and links both ways, what is in the way, what is not there.
    Case("cp", [Program("patient")], script="""
        "$SPORE" run $OPTIONS -d --name job "$1"
        """ + WAIT_FOR_READY + """
        mkdir -p tree/sub/empty out; head -c 1000000 /dev/urandom > tree/much; : > tree/nothing
        echo small > tree/sub/small; ln -s ../much tree/sub/link; ln -s nowhere tree/dangling; chmod 600 tree/sub/small; touch -d @981000000 tree/sub/small
        "$SPORE" cp tree job:/tmp; "$SPORE" cp job:/tmp/tree out; diff -r --no-dereference tree out/tree
        stat -c "%a %Y" out/tree/sub/small
        "$SPORE" cp tree job:/tmp/other; "$SPORE" cp job:/tmp/other .; diff -r --no-dereference tree other
        echo replaced > small; "$SPORE" cp small job:/tmp/tree/sub; "$SPORE" cp job:/tmp/tree/sub/small -
        "$SPORE" cp small job:/tmp/tree/sub/link; "$SPORE" cp job:/tmp/tree/sub/link -; "$SPORE" cp job:/tmp/tree/much - | cmp - tree/much
        "$SPORE" cp job:/proc/self/none . || echo "status $?"
        "$SPORE" cp small job:/none/small || echo "status $?"
        "$SPORE" cp none job:/tmp || echo "status $?"
        "$SPORE" cp job:/dev . 2>errors || echo "status $?"; grep -c "job:/dev/null: Operation not supported" errors
        "$SPORE" cp job:/tmp - || echo "status $?"
        "$SPORE" cp tree job:/proc || echo "status $?"
        "$SPORE" cp job:tmp . || echo "status $?"
        "$SPORE" cp small small2 || echo "status $?"
        "$SPORE" cp job:/tmp/tree/much - | head -c 1000 | wc -c
        "$SPORE" rm -f job; "$SPORE" cp job:/tmp . || echo "status $?" """,
         stdout="job\n600 981000000\nreplaced\nreplaced\nstatus 1\nstatus 1\nstatus 1\nstatus 1\n1\nstatus 125\nstatus 1\nstatus 125\nstatus 125\n1000\njob\nstatus 125\n",
         stderr=re.compile("spore: job:/proc/self/none: No such file or directory\nspore: job:/none/small: No such file or directory\nspore: none: No such file or directory\n"
                           "spore: it is no file: give a folder to copy it to\n(.|\n)*job:tmp: give the whole path, from / on\n(.|\n)*one of the two is in a machine"), timeout=120),
    # Both copies go on with the count and the boot's clock that was saved, the time of day, and random numbers of their own.
    Case("snapshot", [Program("saved")], script="""
        tell() { "$SPORE" kill -s USR1 $1; until "$SPORE" logs $1 | grep -q "^$2 "; do sleep 0.1; done; "$SPORE" logs $1 | grep "^$2 "; }
        "$SPORE" run $OPTIONS -d --name job "$1"
        """ + WAIT_FOR_READY + """
        tell job 1 > job1
        "$SPORE" snapshot job saved
        tell job 2 > job2
        "$SPORE" stop job; "$SPORE" wait job || echo "status $?"
        "$SPORE" snapshot job other || echo "status $?"
        sleep 2
        "$SPORE" restore -d --name one saved; "$SPORE" restore -d --name two saved
        tell one 2 > one2; tell two 2 > two2
        now=$(date +%s)
        read count time_saved boot_saved random_saved < job2
        for copy in one two; do
            read count time boot random < ${copy}2
            [ $((now - time)) -le 60 ] && [ $time -gt $((time_saved + 1)) ] || echo "the time is $time, not $now"
            [ $((boot - boot_saved)) -lt $((time - time_saved)) ] || echo "$boot seconds since boot, where $boot_saved were when it was saved"
        done
        cut -d" " -f4 job1 job2 one2 two2 | sort -u | wc -l
        "$SPORE" snapshot one again; "$SPORE" rm -f one two
        "$SPORE" restore -d --name three --rm again; tell three 3 > three3
        "$SPORE" snapshot three again || echo "status $?"
        "$SPORE" stop three
        "$SPORE" restore --timeout 1 again || echo "status $?"
        truncate -s 100000 again/state; "$SPORE" restore again 2>state.err || echo "status $?"
        grep -c "the saved state cannot be loaded" state.err
        echo '{"version": 1}' > again/machine.json; "$SPORE" restore again || echo "status $?"
        "$SPORE" restore nowhere || echo "status $?"
        """, stdout="job\nsaved\njob\nstatus 2\nstatus 125\none\ntwo\n4\nagain\none\ntwo\nthree\nstatus 125\nthree\nstatus 124\nstatus 119\n1\nstatus 125\nstatus 125\n",
         stderr=re.compile("spore: the machine job has ended: .spore ps. lists those that run.*again is there already: remove it, or choose another name\n.*did not end in time.*"
                           "again/machine.json: 'arguments' is missing, or not as spore writes it\n.*nowhere/machine.json: No such file or directory: give a folder that 'spore snapshot' made", re.S),
         linuxu=False, timeout=240),
    # Two machines that need each other, of both kinds: in order, on a network of their own. One that never listens, one that ends before it does.
    Case("project", [Program("neighbours")], script="""
        mkdir shop slow short
        cat > shop/spore.toml <<EOF
program = "$1"
[machines.web]
after = ["db"]
arguments = ["ask", "db", "7000"]
[machines.db]
arguments = ["serve"]
on = "linuxu"
ready = 7000
EOF
        "$SPORE" up shop; "$SPORE" wait shop-web; "$SPORE" logs shop-web
        "$SPORE" up shop --name shop; "$SPORE" wait shop-web; "$SPORE" ps | grep -c "shop-db.*running"
        (cd shop; "$SPORE" down)
        printf "program = '$1'\n[machines.b]\nafter = ['a']\n[machines.a]\nready = 5000\n" > slow/spore.toml
        "$SPORE" up --patience 1 slow || echo "status $?"
        "$SPORE" run slow || echo "status $?"
        "$SPORE" down slow
        printf "[machines.a]\nprogram = '$1'\narguments = ['ask', 'nobody', '1']\nready = 1\n" > short/spore.toml
        "$SPORE" up short || echo "status $?"
        "$SPORE" ps -a | grep -c "short-a.*ended (1)"; "$SPORE" down short; "$SPORE" ps -a""",
         stdout=re.compile("^shop-db\nshop-web\ndb is 10.0.2.16 is db\ndb answers\nshop-db\nshop-web\n1\nshop-web\nshop-db\nslow-a\nstatus 125\nstatus 110\nslow-a\n"
                           "short-a\nstatus 125\n1\nshort-a\nNAME .*\n$"),
         stderr=re.compile("slow-a is not ready: 1 seconds have passed before it listened at port 5000; .*\n.*start them with 'spore up'\n.*short-a has ended before it listened at port 1: 'spore logs short-a' tells why"),
         timeout=120),
    # What is started anew is what would be another: by its keys, by its program, by a copied file; what only became unknown goes on.
    Case("project-changed", ["{system}/bin/busybox"], needs=("/bin/busybox",), machines=("microvm",), modes=("fused",), cpus=(1,), arm64=False, timeout=120, script="""
        mkdir shop; cp "$1" shop/busybox; echo first > shop/text
        printf 'program = "./busybox"\\nmemory = "32M"\\n[machines.a]\\narguments = ["sleep", "1000"]\\nvolumes = ["text:/text"]\\n[machines.b]\\narguments = ["sleep", "1000"]\\n' > shop/spore.toml
        up() {
            before="$("$SPORE" ps --json | grep supervisor || :)"; "$SPORE" up shop > names || echo "status $?"
            after="$("$SPORE" ps --json | grep supervisor)"; echo "$1: $(printf '%s\\n%s\\n' "$before" "$after" | sort | uniq -d | wc -l) of $(echo "$after" | wc -l) kept"
        }
        up first; up again
        sed -i 's/"32M"/"48M"/' shop/spore.toml; up memory
        echo second > shop/text; up file; "$SPORE" exec shop-a busybox cat /text 2> /dev/null || "$SPORE" cp shop-a:/text -
        cp "$1" shop/other; mv shop/other shop/busybox; up program
        echo '[machines.a]' > shop/spore.toml; up damaged 2> said; mv shop/busybox shop/gone
        printf 'program = "./busybox"\\nmemory = "48M"\\n[machines.b]\\narguments = ["sleep", "1000"]\\n' > shop/spore.toml; up unknown 2>> said; cat said; "$SPORE" rm -f shop-a shop-b
        """, stdout=re.compile(r"^first: 0 of 2 kept\nagain: 2 of 2 kept\nmemory: 0 of 2 kept\nfile: 1 of 2 kept\nsecond\nprogram: 0 of 2 kept\nstatus 110\ndamaged: 2 of 2 kept\nunknown: 2 of 2 kept\n"
                               r"spore: \S+spore.toml:1: machines.a names no program[^\n]*\nspore: whether shop-b has changed cannot be told, and it goes on: there is no file [^\n]*\nshop-a\nshop-b\n$")),
    # A server that is ended by its clients is there again each time, on the network too, until it is stopped.
    Case("restart", ["{system}/bin/busybox", "sh", "-c", "echo ready; until [ -e /tmp/end ]; do busybox sleep 0.1; done"], script="""
        "$SPORE" run $OPTIONS -v "$1:/bin/busybox" -e PATH=/bin -d --name job --network lan=test --restart always "$@"
        for times in 1 2; do
            until [ "$("$SPORE" logs job 2>/dev/null | grep -c ready)" = $times ]; do sleep 0.1; done
            "$SPORE" exec job busybox hostname
            "$SPORE" exec job busybox touch /tmp/end || :
        done
        until "$SPORE" ps | grep -q "restarted 2x"; do sleep 0.1; done
        "$SPORE" stop job; "$SPORE" ps -a | grep -c "job .*ended"; "$SPORE" rm job
        "$SPORE" run $OPTIONS -d --name job --restart on-failure:1 "$1" false; "$SPORE" wait job || echo "status $?"
        "$SPORE" logs job; "$SPORE" run $OPTIONS --restart always "$1" || echo "status $?"
        "$SPORE" run $OPTIONS -d --rm --restart always "$1" || echo "status $?"
        "$SPORE" run $OPTIONS -d --restart never "$1" || echo "status $?" """,
         stdout="job\njob\njob\njob\n1\njob\njob\nstatus 1\nstatus 125\nstatus 125\nstatus 125\n",
         stderr=re.compile("^(.*\n)*spore: the machine ended with status 1 and is started anew\nspore: --restart is for machines in the background: add -d.*\n"
                           "spore: --rm forgets.*\nspore: --restart never: give no, always, on-failure or on-failure:TIMES\n$"), timeout=120),
    # Another signal asks the program to stop; who asks twice does not wait for it.
    Case("background-stop-signal", ["{system}/bin/busybox", "sh", "-c", "trap 'echo asked; exit 6' QUIT; trap '' TERM; echo ready; while :; do busybox sleep 1; done"], script="""
        "$SPORE" run $OPTIONS -e PATH=/bin -d --name job --stop-signal SIGQUIT "$@"
        """ + WAIT_FOR_READY + """
        "$SPORE" stop job
        "$SPORE" logs job
        "$SPORE" wait job || echo "status $?"
        "$SPORE" rm job
        "$SPORE" run $OPTIONS -e PATH=/bin -d --name job "$@"
        """ + WAIT_FOR_READY + """
        "$SPORE" stop -t 60 job & "$SPORE" stop -t 60 job
        wait
        "$SPORE" wait job || echo "status $?" """, stdout="job\njob\nready\nasked\nstatus 6\njob\njob\njob\njob\nstatus 137\n", timeout=120),
    Case("background-removed-at-end", [Program("hello")], script="""
        "$SPORE" run $OPTIONS -d --rm --name job "$1"
        while [ -e "$XDG_RUNTIME_DIR/spore/job" ]; do sleep 0.1; done
        "$SPORE" ps -a | grep job && exit 90
        exit 0""", stdout="job\n"),
    Case("background-killed-supervisor", [Program("patient")], script="""
        "$SPORE" run $OPTIONS -d --name job "$1"
        """ + WAIT_FOR_READY + """
        kill -9 $("$SPORE" ps --json | grep supervisor | tr -dc 0-9)
        until "$SPORE" ps -a | grep -q "job.*lost"; do sleep 0.1; done
        "$SPORE" rm job""", stdout="job\njob\n"),
    Case("net", [Program("hello")], needs=("/usr/bin/python3",), script="""
        "$SPORE" run $OPTIONS -d --name job --network user /usr/bin/python3 -c '
import socket, time
server = socket.create_server(("0.0.0.0", 8000))
client = socket.create_connection(("127.0.0.1", 8000))
accepted, _ = server.accept()
client.send(b"unread")
datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagrams.bind(("::1", 53))
print("ready", flush=True)
time.sleep(600)'
        """ + WAIT_FOR_READY + """
        "$SPORE" net job
        "$SPORE" net -a job > all
        grep -q "ESTAB *127.0.0.1:8000 .* 6 *0$" all
        test $(grep -c ESTAB all) = 2
        test $(grep -A 5 "^lo " all | sed -n "s/.*received \\([0-9]*\\) packets.*/\\1/p") -ge 4
        "$SPORE" net --json job | python3 -c '
import json, sys
network = json.load(sys.stdin)
assert {one["name"] for one in network["interfaces"]} == {"lo", "eth0"}, network
assert [one for one in network["sockets"] if one["local"] == "[::1]:53"], network'
        "$SPORE" stop job
        "$SPORE" net job 2> message || cat message""", timeout=120,
         stdout=re.compile(r"(?s)eth0 +up .*10\.0\.2\.15/24.*default +via 10\.0\.2\.2 eth0.*tcp +LISTEN +0\.0\.0\.0:8000 .*udp +UNCONN +\[::1\]:53 .*"
                           r"tcp +ESTAB +2 \(-a.*job\nspore: the machine job has ended: 'spore ps' lists those that run\n$")),
    # Whatever the tool was doing: the machine that it was starting is known, can be removed, and does not keep its name from another.
    Case("background-killed-while-it-starts", [Program("hello")], script="""
        mkdir bin; printf '#!/bin/sh\\necho $$ > started\\nexec sleep 100\\n' > bin/mkfs.erofs; chmod +x bin/mkfs.erofs
        start_and_kill() {
            rm -f started
            XDG_CACHE_HOME="$PWD/cache" PATH="$PWD/bin:$PATH" "$SPORE" run -d --name job $OPTIONS "$1" & tool=$!
            until test -s started; do sleep 0.05; done
            "$SPORE" ps | grep -c "^job *running .*$tool .*hello"
            kill -9 $tool $(cat started); wait $tool || :
            "$SPORE" ps -a | grep -c "^job *lost .*hello"
        }
        start_and_kill "$1"; "$SPORE" rm job
        start_and_kill "$1"; "$SPORE" run -d --name job $OPTIONS "$1"; "$SPORE" wait job; "$SPORE" logs job; "$SPORE" rm job; "$SPORE" ps -a | wc -l""",
         stdout="1\n1\njob\n1\n1\njob\nhello from a program\njob\n1\n"),
    Case("background-refusal", [], script='"$SPORE" run -d --name job /does/not/exist || { echo $?; ls "$XDG_RUNTIME_DIR/spore" 2>/dev/null || :; }', stdout="127\n"),
    # Four processors that log and write at once: frames of the channel must not mix.
    Case("lines-stay-whole", ["/usr/bin/python3", "-c", """
import ctypes, os
call, children = ctypes.CDLL(None).syscall, []
for k in range(4):
    children.append(os.fork())
    if children[-1] == 0:
        for number in range(452 + k, 512, 4):  # Linux has none of these
            call(number)
            os.write(1, b"%d\\n" % number)
        os._exit(0)
for child in children: os.waitpid(child, 0)"""], options=["--log", "warn"], machines=("microvm",), cpus=(4,), check=all_lines),
    Case("strace", [Program("hello")], script='"$SPORE" strace $OPTIONS --trace write,writev,exit_group "$1"', stdout="hello from a program\n",
         stderr=re.compile(r'^\[pid 1\] (write\(1, "hello from a program\\n", 21|writev\(1, .*)\) = 21\n\[pid 1\] exit_group\(0\) = \?\n$')),
    # A -1 of 32 bits is one, and a signal's return has one line.
    Case("strace-signals", ["/bin/busybox"], script='"$SPORE" strace $OPTIONS --trace wait4,rt_sigreturn,exit_group "$1" sh -c "trap : USR1; kill -USR1 \$\$; (exit 3); exit 4" || test $? = 4',
         stderr=re.compile(r'^(?=(?s:.*)rt_sigreturn)(?=(?s:.*)wait4\(-1, )(\[pid \d+\] (rt_sigreturn\(\) = \?|wait4\(-1, .*|exit_group\([34]\) = \?)\n)+$')),
    Case("strace-summary", [Program("hello")], script='"$SPORE" strace $OPTIONS -c -o table "$1" && grep -q "total" table', stdout="hello from a program\n"),
    # Smaller by half, and the same to the program; the second run finds the kernel made.
    Case("tailor", [Program("hello")], script="""
        export XDG_CACHE_HOME="$PWD/cache"
        "$SPORE" tailor --json $OPTIONS -o kernel "$1" > told; test -s kernel.debug
        "$SPORE" run --tailor $OPTIONS "$1"; test "$(ls cache/spore/kernels | wc -l)" = 2
        "$SPORE" run --kernel kernel $OPTIONS "$1"
        /usr/bin/python3 -c '
import json, os
told = json.load(open("told"))
assert told["bytes"] == os.path.getsize("kernel") < told["whole_kernel_bytes"] * 0.55, told
assert not told["all_calls"] and len(told["calls"]) < 70, told
assert [part["name"] for part in told["parts"] if part["kept"] and part["name"] not in ("pci", "balloon")] == [], told'""",
         stdout="hello from a program\nhello from a program\n", needs=("/usr/bin/python3",), spread=True, timeout=200),
    # What no look at the root's files could find. The kernel says what it lacks, and how to have it.
    Case("tailor-left-out", [Program("named_queues")], script="""
        gzip -c "$1" > program.gz
        "$SPORE" run --tailor --keep pipe2 $OPTIONS -v ./program.gz:/program.gz /bin/busybox sh -c 'gunzip -c program.gz > /tmp/program; chmod +x /tmp/program; /tmp/program > /dev/null' 2> told || true
        grep -c "tailored without the system call mq_open, and program got ENOSYS: keep it with --keep" told""",
         stdout="1\n", needs=("/bin/busybox", "/bin/gzip"), machines=("microvm",), timeout=200),
    Case("check-static", [Program("hello")], script='"$SPORE" check "$1"', stdout=re.compile(r"supported +possible +exit_group")),
    Case("check-trace", [Program("hello", "dynamic")], script='"$SPORE" check $OPTIONS --trace --json "$1"', stdout=re.compile(r'"evidence": "seen"')),
    # Through the linkage table into the C library, and from there to numbers that the program never sees.
    Case("check-arm64-static", ["{arm64}"], script='"$SPORE" check --sysroot "$1" sqlite3 > calls && grep -q "supported *by name *mkdirat" calls && grep -q "supported *possible *exit_group" calls'),
    Case("gdb-arm64", ["{arm64}"], needs=("/usr/bin/gdb-multiarch",), timeout=120, script="""
        echo 'int puts(const char*); int inner(int x) { return x * 3; } int main() { puts("said"); return inner(2); }' > app.c
        clang-19 --target=aarch64-linux-gnu --sysroot="$1" -g -O0 -fuse-ld=lld-19 app.c -o app
        "$SPORE" gdb --sysroot "$1" --batch --ex 'break inner' --ex continue --ex backtrace --ex spore-libraries --ex 'info symbol puts' \
            --ex delete --ex continue ./app < /dev/null 2>&1 || echo "status $?" """,
         stdout=re.compile(r"(?s)inner \(x=2\) at .*main \(\) at .*libc\.so\.6 at 0x.*puts in section .text of \S*libc.*ended with status 6")),
    Case("crash-report", [Program("crash")], stdout="before\n", status=139, stderr=re.compile(r"nothing is mapped at 0x10(.|\n)*(rip|pc) (.|\n)*inner_function"), cpus=(1,)),
    Case("abort-report", [Program("crash"), "abort"], stdout="before\n", status=134, stderr=re.compile(r"got signal 6"), cpus=(1,)),
    Case("crash-report-in-library", [Program("crash", "dynamic"), "library"], stdout="before\n", status=139, machines=("microvm",), cpus=(1,),
         stderr=re.compile(r"(rip|pc) (.|\n)*inner_function\+.* in /(.|\n)* compare\+(.|\n)* qsort\w*\+.* in /\S*libc\S*(.|\n)* main\+")),
    # Without symbols: places in files, and what the library exports.
    Case("crash-report-stripped", [Program("crash", "dynamic")], script="""
        llvm-strip-19 -o app "$1"
        "$SPORE" run $OPTIONS ./app library || echo "status $?" """, stdout="before\nstatus 139\n",
         stderr=re.compile(r"at 0x[0-9a-f]+ /\S*/app\+0x[0-9a-f]+\n(.|\n)* qsort\w*\+.* in /\S*libc")),
    Case("panic-report", [Program("patient")], needs=GDB, timeout=120, script="""
        "$SPORE" run $OPTIONS -d --debug --name job "$1"
        """ + WAIT_FOR_READY + SIGNALS + """
        # In interrupts' entry, or, on arm64, before the next sleep. The machine may be gone before it has told gdb that it let go.
        "$SPORE" gdb --attach job --batch --ex 'break machine_trap' --ex 'break wait_for_interrupt' --ex continue --ex 'set var $pc = 0x10' --ex detach < /dev/null > gdb.out 2>&1 || :
        "$SPORE" wait job || echo "status $?"
        "$SPORE" logs job 2>&1 """,
         stdout=re.compile(r"(?s)status 118\n.*kernel panic on CPU \d: .* in the kernel at .*\[error\]   at 0x[0-9a-f]+ (spore::arch::handle_kernel_fault\(.*\)|machine_kernel_trap)\+0x.*stopped with a panic")),
    # The machine's process, and the one of its second CPU, which is its child. What nobody planned ends them, here a signal.
    *(Case(f"linuxu-{name}-ends", [Program("patient")], script="""
        "$SPORE" run -d --name job --on linuxu --cpus 2 "$1"
        """ + WAIT_FOR_READY + f"""
        child() {{ cat /proc/$1/task/*/children | tr -dc 0-9; }}
        machine=$(child $(child $("$SPORE" ps --json | grep supervisor | tr -dc 0-9)))
        kill -KILL {killed}
        "$SPORE" wait job || echo "status $?"
        "$SPORE" logs job 2>&1""", stdout=re.compile(f"(?s)status {status}\n.*{message}"))
      for name, killed, status, message in [("first-cpu", "$machine", 119, r"the machine ended: its process got signal 9 \(Killed\)"),
                                            ("other-cpu", "$(child $machine)", 118, r"kernel panic on CPU 0: the process of CPU 1 has ended \(signal 9\)")]),
    Case("gdb-attach", [Program("patient", "dynamic")], needs=GDB, timeout=120, script="""
        "$SPORE" run $OPTIONS -d --debug --name job "$1"
        """ + WAIT_FOR_READY + SIGNALS + """
        "$SPORE" gdb --attach job --batch --ex spore-threads --ex spore-libraries --ex 'break on_usr1' --ex continue --ex backtrace --ex 'info symbol write' --ex delete --ex detach < /dev/null 2>&1
        "$SPORE" stop job""",
         stdout=re.compile(r"(?s)thread 1 of process 1 .*blocked.*libc\.so\.6 at 0x.*Breakpoint 1, .*on_usr1 .*write in section .text of \S*libc.*job\n$")),
    Case("timeline", [Program("hello")], stdout="hello from a program\n", script="""
"$SPORE" run $OPTIONS --timeline run.svg "$1"
for part in "the tool" "the machine starts" root "program loaded" "the program"; do grep -q ">$part<" run.svg; done
"""),
    Case("trace", [Program("traced")], files={"check.py": CHECK_TRACE}, needs=("/usr/bin/python3",), script="""
        "$SPORE" trace $OPTIONS -o run.json "$1" > said 2> figures || test $? = 7
        python3 check.py run.json $(cut -d " " -f 1 said)
        grep -q "^close  *1  *1 " figures
        grep -q "^processor 0: .* idle, .* context switches, .* interrupts$" figures
        grep "events: ui.perfetto.dev" figures | sed "s/[0-9][0-9]*/N/" """, stdout="run.json shows N events: ui.perfetto.dev and speedscope.app open it\n"),
    # The oldest go, the names stay; of points that nobody asked for there are none.
    Case("trace-overflows", [Program("traced")], needs=("/usr/bin/python3",), script="""
        "$SPORE" trace $OPTIONS -o run.json --events 1024 --points call,fault "$1" 5000 2> figures || echo "status $?"
        grep -o "earlier ones were lost" figures
        python3 -c '
import json
events = json.load(open("run.json"))["traceEvents"]
names = {event["name"] for event in events}
assert not names & {"interrupt", "timer", "woken"}, names
calls = [event for event in events if event["name"] == "getppid"]
assert 100 < len(calls) <= 1024, len(calls)
assert ["traced-musl"] == [event["args"]["name"] for event in events if event["name"] == "thread_name" and event["tid"] == 1 and event["pid"] == 1]'""",
         stdout=re.compile(r"\A\d processors, child \d+\nstatus 7\nearlier ones were lost\n\Z")),
    Case("trace-devices", ["{system}/bin/busybox"], needs=("/usr/bin/python3",), linuxu=False, script="""
        "$SPORE" trace $OPTIONS --network user --root-in disk -o run.json "$1" ping -c 1 10.0.2.2 2> figures | grep -o "1 packets received"
        grep -o "[1-9][0-9]* packets received and [1-9][0-9]* sent, [1-9][0-9]* disk requests of [1-9][0-9]* KiB together" figures | tr -d 0-9
        python3 -c '
import json
events = json.load(open("run.json"))["traceEvents"]
assert [event for event in events if event["name"] == "disk read" and event["dur"] > 0 and event["args"]["bytes"] >= 4096]
for way in ("sent", "received"): assert [event for event in events if event["name"] == "packets " + way and event["args"]["packets"] >= 1]'""",
         stdout="1 packets received\n packets received and  sent,  disk requests of  KiB together\n"),
    # It runs already: what its threads are called is asked, and afterwards its calls take the short way again.
    Case("trace-attached", ["{system}/bin/busybox", "sh", "-c", "echo ready; while :; do busybox sleep 0.05; done"], needs=("/usr/bin/python3",), script="""
        "$SPORE" run $OPTIONS -e PATH=/bin -d --name job "$@"
        """ + WAIT_FOR_READY + """
        for i in 1 2; do "$SPORE" trace --attach job --seconds 1 -o run.json 2> figures; grep -o "events: ui.perfetto.dev" figures; done
        "$SPORE" trace --attach job --seconds nonsense 2> message || cat message
        "$SPORE" rm -f job
        "$SPORE" trace --attach job 2> /dev/null || echo "status $?"
        python3 -c '
import json
events = json.load(open("run.json"))["traceEvents"]
names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
sleeps = [event for event in events if event["name"] in ("nanosleep", "clock_nanosleep") and event["ph"] == "X"]
assert len(sleeps) >= 2 and {event["args"]["result"] for event in sleeps} <= {0, "?"}, sleeps
assert all(names[event["pid"], event["tid"]] == "busybox" for event in sleeps), names
assert names[1, 1] == "busybox" and "report" in names.values(), names
first = min(event["ts"] for event in events if event["ph"] != "M")
assert max(event["ts"] for event in events if event["ph"] != "M") - first < 30e6'""", timeout=120,
         stdout="job\nevents: ui.perfetto.dev\nevents: ui.perfetto.dev\nspore: --seconds nonsense: write it as a number such as 5 or 0.5\njob\nstatus 125\n"),
    Case("trace-points", [Program("hello")], script="""
        "$SPORE" trace --list | grep -c "^call_begin  *call argument "
        "$SPORE" trace --points nonsense "$1" || echo "status $?" """, stdout="1\nstatus 125\n", stderr=re.compile("--points nonsense: there is none of that name")),
    Case("boot-timeline", [Program("hello")], options=["--log", "debug"], stdout="hello from a program\n", cpus=(1,),
         stderr=re.compile(r"platform: .*boot: \d+ us \(\+\d+\) root\n.*boot: \d+ us \(\+\d+\) program", re.DOTALL)),
    Case("installed", [Program("hello")], needs=("/usr/bin/cmake",), script="""
        cmake --install "${SPORE%/host/spore}" --prefix "$PWD/usr" > /dev/null
        usr/bin/spore run "$1"
        usr/bin/spore-oci features | grep -o '"ociVersionMax": ".*"'
        cd usr/share
        for file in man/man1/spore-run.1 man/man5/spore.toml.5 bash-completion/completions/spore zsh/vendor-completions/_spore \\
            fish/vendor_completions.d/spore.fish spore/gdb/spore.py; do test -s "$file"; done""", stdout="hello from a program\n\"ociVersionMax\": \"1.1.0\"\n"),
    # The script of the source tree, twice at once where nothing is built yet: the second waits, and finds it done. A build that fails leaves nothing behind.
    Case("script-builds-once", ["{programs}/../../../spore"], needs=("/usr/bin/flock",), script="""
        mkdir -p bin tree/abi tree/base tree/wire tree/kernel tree/host tree/cmake; cp "$1" tree/spore; touch tree/CMakeLists.txt tree/CMakePresets.json
        printf '#!/bin/sh\nmkdir -p build; touch build/build.ninja\n' > bin/cmake
        printf '#!/bin/sh\nmkdir running || echo two at once; echo built >> builds; sleep 2; rmdir running\ntest ! -e fails || exit 1\nmkdir -p tree/build/host; echo "echo tool \\$*" > tree/build/host/spore; chmod +x tree/build/host/spore\n' > bin/ninja
        chmod +x bin/cmake bin/ninja; export PATH="$PWD/bin:$PATH"
        tree/spore run one > one 2>> said & tree/spore run two > two 2>> said & wait
        cat one two builds; grep -c "waiting for another" said
        touch fails tree/abi/newer; tree/spore run 2> /dev/null || echo "status $?"
        ls -A tree/build | sort | tr '\n' ' '""", stdout="tool run one\ntool run two\nbuilt\n1\nstatus 125\n.lock .spore-built build.ninja configure.log host "),
    # Whatever is measured, its kernel is there.
    Case("script-bench-builds-kernels", ["{programs}/../../../spore"], script="""
        mkdir -p bin tree/abi tree/base tree/wire tree/kernel tree/host tree/cmake tree/bench tree/build; cp "$1" tree/spore; touch tree/CMakeLists.txt tree/CMakePresets.json tree/build/build.ninja
        printf '#!/bin/sh\necho $* | grep -o kernel_.* >> builds\nmkdir -p tree/build/host; cp /bin/true tree/build/host/spore\n' > bin/ninja
        echo 'import sys; print("measured", *sys.argv[1:])' > tree/bench/run
        chmod +x bin/ninja; PATH="$PWD/bin:$PATH" tree/spore bench size 2> /dev/null; cat builds""", stdout="measured size\nkernel_x86_64\nkernel_arm64\nkernel_linuxu\n"),
    Case("unprivileged-qemu", [Program("patient")], script="""
        "$SPORE" run $OPTIONS -d --name job "$1"
        """ + WAIT_FOR_READY + """
        runner=$(cat /proc/$("$SPORE" ps --json | grep supervisor | tr -dc 0-9)/task/*/children)
        qemu=$(cat /proc/${runner% }/task/*/children)
        awk '/^Uid|^NoNewPrivs|^Seccomp:/ { print $1, $2 }' /proc/${qemu% }/status
        "$SPORE" rm -f job""",
         stdout=f"job\nUid: {65534 if os.geteuid() == 0 else os.geteuid()}\nNoNewPrivs: 1\nSeccomp: 2\njob\n"),
    # Memory that the program has freed is this machine's again.
    Case("memory-goes-back", [Program("burst")], linuxu=False, timeout=120, script="""
        "$SPORE" run $OPTIONS -m 512M -d --name job "$1" 300
        until "$SPORE" logs job | grep -q full; do sleep 0.1; done
        runner=$(cat /proc/$("$SPORE" ps --json | grep supervisor | tr -dc 0-9)/task/*/children)
        qemu=$(cat /proc/${runner% }/task/*/children)
        resident() { awk '/^VmRSS/ { print int($2 / 1024) }' /proc/${qemu% }/status; }
        full=$(resident)
        "$SPORE" kill -s USR1 job
        for i in $(seq 1 150); do test $(resident) -gt $((full - 250)) || break; sleep 0.2; done
        test $full -gt 300 && test $(resident) -le $((full - 250)) || echo "$full MiB, then $(resident)"
        "$SPORE" rm -f job""", stdout="job\njob\n"),
    Case("colour-at-a-terminal", [], script="""
        TERM=xterm script -qec "$SPORE run /no/such || true" /dev/null | od -c | grep '033   \\[   3   1   m' > /dev/null
        TERM=xterm NO_COLOR=1 script -qec "$SPORE run /no/such || true" /dev/null | od -c | grep 033 && exit 90
        "$SPORE" run /no/such 2>&1 | od -c | grep 033 && exit 91
        exit 0"""),
    Case("gdb", [Program("hello", "static-pie")], needs=GDB, timeout=120, script="""
        "$SPORE" gdb $OPTIONS --batch --ex 'break main' --ex continue --ex backtrace --ex spore-threads --ex 'delete' --ex 'continue' "$1" < /dev/null || :""",
         stdout=re.compile(r"Breakpoint 1,(.|\n)* main \((.|\n)*thread 1 of process 1")),
    # gdb attaches to the process. Its breakpoint in the program waits for the page to be mapped; the kernel's functions are there from the start.
    Case("gdb-linuxu", [Program("hello", "static-pie")], needs=("/usr/bin/gdb",), timeout=120, script="""
        "$SPORE" gdb --on linuxu --batch --ex 'break main' --ex continue --ex backtrace --ex spore-threads --ex 'delete' --ex 'break spore::linux::exit_process' --ex continue --ex backtrace --ex delete --ex continue "$1" < /dev/null 2>&1""",
         stdout=re.compile(r"Breakpoint 1,(.|\n)* main \((.|\n)*thread 1 of process 1(.|\n)*exit_group \((.|\n)*ended with status 0")),
    # One stack leads from the program into the kernel; perf may have been started for the first time, and be slow.
    Case("flame", [], needs=("/usr/bin/perf", "/bin/busybox"), timeout=120, script="""
        perf record -q -e cpu-clock -o /dev/null true 2>/dev/null || { echo "not tried: perf may not count here"; exit; }
        "$SPORE" flame -o picture.svg --folded stacks /bin/busybox dd if=/dev/zero of=/dev/null bs=64k count=1000000 2>messages || cat messages
        grep -q "picture.svg shows" messages && grep -q "^<svg" picture.svg && grep -q "busybox" stacks && grep -q "spore::linux::calls::read" stacks || cat messages stacks
        "$SPORE" flame --on qemu /bin/true 2>&1 | grep -q linuxu""", stdout=re.compile(r"\A(not tried: .*\n)?\Z")),
    Case("completions", [], script='"$SPORE" completion bash > c && bash -n c && "$SPORE" completion fish | grep -q memory && "$SPORE" completion zsh | grep -q memory && "$SPORE" manual spore-run | grep -q memory'),
    Case("doctor", ["doctor"], host=True, stdout=re.compile("QEMU"), status=0),
]
