"""Folders that the guest uses where they are (-v HOST:GUEST:shared)."""
import random
import re

from system.case import Case, Program

BUSYBOX = ("/bin/busybox",)
SERVER = ("/usr/sbin/diod", "/usr/bin/bwrap")  # of linuxu
FOLDER = ["-v", "{scratch}/folder:/data:shared"]


def share(name, command, options=(), files=None, **what):
    return Case(name, command, options=[*FOLDER, *options], files=files or {"folder/file": "from the host\n", "folder/sub/empty": ""}, **what)


def scripts(name, command, script, needs=BUSYBOX, **what):
    """On virtual machines, and as a process."""
    return [Case(name, command, script=script, needs=needs, spread=True, linuxu=False, **what),
            Case(f"{name}-linuxu", command, script=script.replace("$OPTIONS", "--on linuxu"), needs=(*needs, *SERVER), **what)]


# Changed by the guest, looked at from the host; and the other way round while the guest runs.
BOTH_WAYS = """
    mkdir folder; echo from the host > folder/file
    "$SPORE" run $OPTIONS -v ./folder:/data:shared /bin/busybox sh -ec '
        cd /data; cat file; echo from the guest > new; mkdir -m 750 made; mv new made; ln -s made/new link; echo more >> file; chmod 600 file
        touch waits; while [ ! -e answer ]; do sleep 0.1; done; cat answer; rm answer waits' &
    while [ ! -e folder/waits ]; do sleep 0.1; done
    echo later from the host > folder/answer.new; mv folder/answer.new folder/answer
    wait $!
    cd folder; ls; cat made/new link file; stat -c '%a %U' made file | sed "s/ $(id -un)/ us/"
"""

CASES = [
    share("names", ["/bin/busybox", "sh", "-ec", """
            cd /data; cat file; echo more >> file; cat file
            echo new > sub/new; mv sub/new newer; ln -s newer link; cat link; ln newer twice; stat -c '%h %s' twice; rm twice link
            chmod 751 sub; stat -c %a sub; mkdir -p a/b/c; rmdir a/b/c a/b; ls; pwd; rm newer; rmdir a
            (rm file; cat) < file; touch file; ls -A . sub; grep -c ' /data 9p rw,' /proc/mounts"""],
          stdout="from the host\nfrom the host\nmore\nnew\n2 4\n751\na\nfile\nnewer\nsub\n/data\nfrom the host\nmore\n.:\nfile\nsub\n\nsub:\nempty\n1\n", needs=BUSYBOX),
    share("model", [Program("file_model"), "5", "1500", "/data/new", "/data/file", "/data/other", "/tmp/new"], ["-e", "CANNOT_ALLOCATE=1"],
          {"folder/file": random.Random(5).randbytes(150_000), "folder/other": random.Random(6).randbytes(100_000)}, stdout="alike\n", machines=("microvm",), timeout=120),
    share("processes", ["/bin/busybox", "sh", "-ec", """
            cd /data; for i in 1 2 3 4; do (for j in $(seq 1 30); do echo $j > new$i; mv new$i old$i; echo $i.$j >> log; rm old$i; done) & done; wait
            sort -u log | wc -l; ls"""], stdout="120\nfile\nlog\nsub\n", needs=BUSYBOX, machines=("microvm",), timeout=120),
    Case("read-only", ["/bin/busybox", "sh", "-c", """
            cat /data/file; echo more >> /data/file; rm /data/file; mkdir /data/new; chmod 700 /data; cat /data/file /data/sub/empty"""],
         options=["-v", "{scratch}/folder:/data:shared:ro"], files={"folder/file": "from the host\n", "folder/sub/empty": ""}, spread=True,
         stdout="from the host\nfrom the host\n", stderr="sh: can't create /data/file: Read-only file system\nrm: can't remove '/data/file': Read-only file system\n"
         "mkdir: can't create directory '/data/new': Read-only file system\nchmod: /data: Read-only file system\n", needs=BUSYBOX),
    share("several", ["/bin/busybox", "sh", "-c", "cat /*/file"], [word for name in "abc" for word in ("-v", f"{{scratch}}/{name}:/{name}:shared")] + ["--network", "user"],
          {f"{name}/file": f"{name}\n" for name in ("folder", "a", "b", "c")}, stdout="a\nb\nc\nfolder\n", spread=True, needs=BUSYBOX),
    # Its libraries are known beforehand, though the folder itself is not copied.
    *scripts("program", [Program("language", "c++")], """
            mkdir folder; cp "$1" folder/program
            "$SPORE" run $OPTIONS -v ./folder:/data:shared /bin/busybox sh -c '/data/program > /data/output; ls /data'
            test -s folder/output""", stdout="output\nprogram\n"),
    *scripts("both-ways", [], BOTH_WAYS,
         stdout="from the host\nlater from the host\nfile\nlink\nmade\nfrom the guest\nfrom the guest\nfrom the host\nmore\n750 us\n600 us\n"),
    # Root shares a folder that is somebody else's as that user.
    *scripts("owner", [], """
            mkdir folder; chmod 700 folder; chown 4711:815 folder
            "$SPORE" run $OPTIONS -v ./folder:/data:shared /bin/busybox sh -c 'echo text > /data/file; chown 1 /data/file || true'
            stat -c '%u:%g %n' folder/file""", stdout="4711:815 folder/file\n", stderr="chown: /data/file: Operation not permitted\n", root=True),
    # What is open in a folder stays open where that is renamed, and no other file is taken for it.
    share("renamed", ["/bin/busybox", "sh", "-ec", """
            cd /data/sub; exec 3>>empty; mv ../sub ../moved; mkdir ../sub; echo other > ../sub/empty
            echo more >&3; touch here; ls . ../sub; cat empty ../sub/empty; rm empty; echo new > empty; echo lost >&3; cat empty"""],
          stdout=".:\nempty\nhere\n\n../sub:\nempty\nmore\nother\nnew\n", needs=BUSYBOX, spread=True),
    # A server that ends costs its folder; the others stay.
    Case("server-ends-linuxu", [], script="""
            mkdir folder other; echo text > other/file
            "$SPORE" run --on linuxu --cpus 4 -v folder:/data:shared -v other:/other:shared /bin/busybox sh -c '
                cd /data; touch waits; while [ -e waits ]; do sleep 0.1; done; touch new; cat /other/file; cd /other; ls' 2> errors &
            tool=$!; while [ ! -e folder/waits ]; do sleep 0.1; done
            for child in $(cat /proc/$tool/task/$tool/children); do
                if grep -q bwrap /proc/$child/comm && grep -q "$PWD/folder" /proc/$child/cmdline; then kill -KILL $child; fi
            done
            wait $tool; grep -c 'server of a folder of the host (share0) has ended' errors; grep -o 'new: .*' errors""",
         stdout="text\nfile\n1\nnew: Input/output error\n", needs=(*BUSYBOX, *SERVER)),
    Case("doctor-linuxu", [], script='"$SPORE" doctor | grep -E "diod|bwrap"', stdout=re.compile(rb"^ok +diod +/.*/diod\nok +bwrap +/.*/bwrap\n$"), needs=SERVER),
    Case("refused", [], script="""
            mkdir folder
            for way in '-v /bin/busybox:/data:shared' '-v folder:/:shared' '-v folder:/data:shared -v folder:/data/sub' \\
                "$(for i in 1 2 3 4 5; do echo -v folder:/$i:shared; done)"; do "$SPORE" run $way /bin/busybox true || echo $?; done""", needs=BUSYBOX,
         stdout="117\n" * 4),
]
