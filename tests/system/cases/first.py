"""The thinnest slice: a program starts, speaks, listens and ends."""
import re

from system.case import Case, Program

SOURCE_C = """#include <stdio.h>
#include "words.h"
int main(int count, char** words) {
    printf("%s %s\\n", WORDS, words[1]);
    return count;
}
"""
SOURCE_CPP = """#include <atomic>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>
int main() {
    std::atomic<int> caught = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] {
        try { throw std::runtime_error("thrown"); } catch (std::exception&) { ++caught; }
    });
    for (auto& thread : threads) thread.join();
    std::cout << "thrown and caught by " << caught << " threads" << std::endl;
}
"""

CASES = [
    Case("hello-musl", [Program("hello")], stdout="hello from a program\n", everywhere=True),
    Case("hello-static-pie", [Program("hello", "static-pie")], stdout="hello from a program\n"),
    Case("hello-dynamic", [Program("hello", "dynamic")], stdout="hello from a program\n", everywhere=True),
    Case("busybox-echo", ["/bin/busybox", "echo", "hello"], stdout="hello\n", needs=("/bin/busybox",)),
    Case("exit-status", [Program("arguments"), "exit", "42"], status=42),
    Case("killed-by-signal", [Program("arguments"), "signal", "6"], status=134, stderr=re.compile("SIGABRT")),
    Case("arguments", [Program("arguments"), "show", "", "two words", "ü"], stdout="show||two words|ü|\n"),
    Case("environment", [Program("arguments"), "environment", "KEY"], options=["-e", "KEY=value with spaces"],
         stdout="value with spaces\n"),
    Case("stdin-echo", [Program("arguments"), "copy"], stdin=bytes(range(256)) * 1000, stdout=bytes(range(256)) * 1000),
    Case("stdin-end", [Program("arguments"), "copy"], stdin=b"", stdout=b""),
    Case("both-outputs", [Program("arguments"), "both"], stdout="out\n", stderr=re.compile("^err\n$")),
    Case("working-directory", [Program("arguments"), "directory"], options=["-w", "/somewhere"], stdout="/somewhere\n"),
    Case("much-output", [Program("arguments"), "much", "20000000"], stdout=b"x" * 20000000, machines=("microvm",), cpus=(1,)),
    Case("timeout", [Program("arguments"), "sleep", "100"], options=["--timeout", "2"], status=124,
         stderr=re.compile("--timeout"), machines=("microvm",)),
    Case("interrupt", [Program("arguments"), "sleep", "100"], interrupt_after=2, status=130, machines=("microvm",)),
    Case("program-in-tmp", [Program("hello")], script='mkdir tmp && cp "$1" tmp/app && "$SPORE" run --root . /tmp/app',
         stdout="hello from a program\n"),
    # A source is compiled, anew each time: what it includes may be another.
    Case("source-c", ["./hello.c", "of one"], files={"hello.c": SOURCE_C, "words.h": '#define WORDS "a program"\n'}, machines=("microvm",), arm64=False,
         script=""""$SPORE" run $OPTIONS "$@" || echo $?; echo '#define WORDS "another"' > words.h; "$SPORE" run $OPTIONS hello.c ofmore || echo $?""",
         stdout="a program of one\n2\nanother ofmore\n2\n"),
    Case("source-cpp", ["{scratch}/hello.cpp"], files={"hello.cpp": SOURCE_CPP}, stdout="thrown and caught by 3 threads\n", machines=("microvm",), arm64=False, cpus=(4,)),
    Case("source-with-mistakes", ["{scratch}/app.c"], files={"app.c": "int main( {\n"}, status=126, machines=("microvm",), arm64=False, linuxu=False, cpus=(1,), modes=("fused",),
         stderr=re.compile(r"(?s)app\.c:1:.*error.*app\.c does not compile: see what .* says above")),
    Case("options-end-with-a-mark", [Program("arguments")], machines=("microvm",), cpus=(1,), script='"$SPORE" run $OPTIONS -- "$1" show -- -m', stdout="show|--|-m|\n"),
    # What the root has below /tmp is there, and others can write beside it.
    Case("script-in-tmp", ["/bin/busybox", "sh", "/tmp/script"], options=["-v", "{scratch}/script:/tmp/script"],
         files={"script": ("echo new > /tmp/file; /bin/busybox stat -c %a /tmp; /bin/busybox cat /tmp/file\n", 0o755)},
         stdout="1777\nnew\n", needs=("/bin/busybox",), machines=("microvm",), cpus=(1,)),
    Case("user-and-limits", ["/bin/busybox", "sh", "-c", "id -u; id -g; echo $HOME; ulimit -n; ulimit -H -n; ulimit -c; echo x > /etc/file || touch /tmp/file && ls -ln /tmp/file; echo out > /dev/stdout; ls /proc/self/fd/1"],
         options=["-u", "1000:100", "--ulimit", "nofile=100:200", "--ulimit", "core=unlimited"],
         stdout=re.compile(r"^1000\n100\n/\n100\n200\nunlimited\n-rw-r--r-- +1 1000 +100 .*/tmp/file\nout\n/proc/self/fd/1\n$"), stderr=re.compile("Permission denied")),
    Case("user-by-name", ["/bin/busybox", "sh", "-c", "id -u; id -g; echo $HOME"], options=["-u", "nobody:tty"], stdout="65534\n5\n/nonexistent\n"),
    Case("user-groups", ["{system}/bin/busybox"], machines=("microvm",), script="""
        mkdir -p root/bin root/etc && cp "$1" root/bin/busybox && ln -s busybox root/bin/sh
        printf 'root:x:0:0::/root:/bin/sh\\nweb:x:33:34::/srv/web:/bin/sh\\n' > root/etc/passwd
        printf 'root:x:0:\\nstaff:x:50:web\\nlogs:x:51:root,web\\nothers:x:52:website\\n' > root/etc/group; echo readable > root/log; chmod 640 root/log
        export XDG_RUNTIME_DIR="$PWD"
        for user in web web:logs 33 0; do "$SPORE" run $OPTIONS --root root -u $user /bin/busybox sh -c 'echo "$(busybox id -u) $(busybox id -G) $HOME"'; done
        "$SPORE" run $OPTIONS --root root -u web -d --name job /bin/busybox sleep 1000 > started
        for user in '' '-u web' '-u web:logs' '-u 33:34'; do "$SPORE" exec $user job busybox id -G; done
        "$SPORE" rm -f job > ended
        """, stdout="33 34 50 51 /srv/web\n33 51 /srv/web\n33 33 /srv/web\n0 0 /root\n34 50 51\n34 50 51\n51\n34\n", needs=("/bin/busybox",)),
    Case("root-read-only", ["/bin/busybox", "sh", "-c", """
            cd /; for file in /x /etc/x /tmp/x /var/cache/x /dev/shm/x /kept/x; do echo 1 > $file && echo $file; done 2> /dev/null
            rm /etc/hostname 2> /dev/null || echo kept; chmod 777 /etc 2> /dev/null || echo same; grep -E ' (/|/tmp|/var/cache) ' /proc/mounts; stat -c %a /tmp /var/cache
            dd if=/dev/zero of=/tmp/big bs=1k count=100 2> /dev/null || echo full"""],
         options=["--read-only", "--tmpfs", "/tmp:size=64k,mode=1700", "--tmpfs", "/var/cache", "-v", "{scratch}/folder:/kept"], files={"folder/file": ""},
         stdout="/tmp/x\n/var/cache/x\n/dev/shm/x\nkept\nsame\noverlay / overlay ro,relatime 0 0\ntmpfs /tmp tmpfs rw,relatime 0 0\ntmpfs /var/cache tmpfs rw,relatime 0 0\n1700\n1777\nfull\n",
         needs=("/bin/busybox",)),
    Case("volume-read-only", ["/bin/busybox", "sh", "-c", """
            echo more >> /data/file; rm /data/file; mkdir /data/new; chmod 700 /data; ln /data/file /data/link; mv /data /moved
            echo more > /one; rm /one
            cat /data/file /one; grep ' ro,' /proc/mounts; echo new > /data2/file; cat /data2/file"""],
         options=["-v", "{scratch}/folder:/data:ro", "-v", "{scratch}/folder:/data2", "-v", "{scratch}/folder/file:/one:ro"], files={"folder/file": "from the host\n"},
         stdout="from the host\nfrom the host\noverlay /data overlay ro,relatime 0 0\noverlay /one overlay ro,relatime 0 0\nnew\n",
         stderr=re.compile(r"(?s)^(.*Read-only file system\n){5}.*Device or resource busy\n.*Read-only file system\n.*Device or resource busy\n$")),
    Case("volume", ["/bin/busybox", "cat", "/data/file"], options=["-v", "{scratch}/file:/data/file:ro"], files={"file": "from the host\n"},
         stdout="from the host\n", needs=("/bin/busybox",), cpus=(1,)),
]
