"""Core files: which signals leave one, what it is called and what it holds."""
import re

from system.case import Case, Program

WRITTEN, NONE, FILE = "core 1, code dumped", "core 0, code killed", "file 600, uid 0, more than a page"
FOUND, MISSING = (f"area {how}, segments, 0 outside, sparse" for how in ("found", "missing"))
RULES = "\n".join([
    f"no limit: signal 11, {NONE}, no file",
    *(f"by default: signal {number}, {WRITTEN}, {FILE}" for number in (3, 4, 5, 6, 7, 8, 11, 24, 25, 31)),
    f"by default: signal 15, {NONE}, no file",
    f"by default: signal 9, {NONE}, no file",
    f"a page less a byte: signal 11, {NONE}, no file",
    f"cut: signal 11, {WRITTEN}, within",
    f"not dumpable: signal 11, {NONE}, no file",
    f"with memory: signal 11, {WRITTEN}, {FOUND}",
    f"hidden: signal 11, {WRITTEN}, {MISSING}",
    f"shown again: signal 11, {WRITTEN}, {FOUND}",
    f"filtered: signal 11, {WRITTEN}, {MISSING}",
    "filter 00000033", "filter 00000023", "after exec 00000023",
    f"shared: signal 11, {WRITTEN}, {FOUND}",
    f"shared, filtered: signal 11, {WRITTEN}, {MISSING}",
    f"with pid: signal 11, {WRITTEN}, {FILE}",
    f"pattern: signal 6, {WRITTEN}, {FILE}",
    f"path: signal 6, {WRITTEN}, {FILE}",
    f"pipe: signal 6, {NONE}",
    f"missing folder: signal 6, {NONE}",
    f"over a link: signal 6, {WRITTEN}, {FILE}", "elsewhere has 0",
    f"over a folder: signal 6, {NONE}, other 755, uid 0, a page or less",
    f"another's: signal 6, {NONE}, 0",
    f"changed: signal 6, {NONE}, no file",
    f"changed, dumpable: signal 6, {WRITTEN}, file 600, uid 1234, more than a page",
    "mode 3: -22",
    f"mode 2, here: signal 6, {NONE}, no file",
    f"mode 2, elsewhere: signal 6, {WRITTEN}, {FILE}",
]) + "\n"


CASES = [
    Case("rules", [Program("cores"), "rules", "/tmp"], stdout=RULES,
         stderr=re.compile(r"core_pattern names a program.*\n(.*\n)*.*no core file missing/core: there is no such folder\n(.*\n)*.*no core file core: what has that name stays"), options=["--log", "warn"], timeout=120),
    # Threads come and go while one of them ends them all.
    Case("strain", [Program("cores"), "strain", "/tmp"], stdout=f"strain: signal 6, {WRITTEN}, {FILE}\n" * 15, timeout=120),
    # A file system that is full, and little memory: the process ends as it would have.
    Case("full", ["/bin/busybox"], script="""
        "$SPORE" run $OPTIONS -m 24M --ulimit core=unlimited "$1" sh -c '
            cd /tmp; busybox dd if=/dev/zero of=full bs=64k 2>/dev/null
            busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"
            busybox rm full; busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"; test -s core && echo there' """,
         stdout="status 139\nstatus 139\nthere\n", stderr=re.compile("core"), needs=("/bin/busybox",), spread=True, timeout=120),
    # Nobody asked for one.
    Case("none", ["/bin/busybox"], script="""
        "$SPORE" run $OPTIONS "$1" sh -c 'cd /tmp; busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"; ls' """, stdout="status 139\n", spread=True),
]
