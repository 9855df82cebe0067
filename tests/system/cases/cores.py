"""Core files: which signals leave one, what it is called and what it holds, to a parent and to gdb."""
import re

from system.case import Case, Program

GDB = ("/usr/bin/gdb", "/usr/bin/gdb-multiarch")
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

LOOK = """--batch --ex 'info threads' --ex 'thread apply all backtrace' --ex 'print (int)waiting_for' --ex 'print $_siginfo.si_signo' """


def threads_are_seen(completed):
    """Of the thread that crashed its place and its number in a vector register, of the others where they stand."""
    text = completed.stdout.decode()
    wanted = {"crash_here": 1, "wait_for_ever": 2, "run_for_ever": 1, "= 4711": 1, "= 11": 1, "1122334455667788": 1, "status 139": 1}
    for what, times in wanted.items():
        found = len(re.findall(rf"^#\d+ .*\b{what}\b" if what.endswith(("_here", "_ever")) else what, text, re.M))
        if found < times:
            return f"{what}: {found} times instead of {times}"
    return None


CASES = [
    Case("rules", [Program("cores"), "rules", "/tmp"], stdout=RULES,
         stderr=re.compile(r"core_pattern names a program.*\n(.*\n)*.*no core file missing/core: there is no such folder\n(.*\n)*.*no core file core: what has that name stays"), options=["--log", "warn"], timeout=120),
    # Threads come and go while one of them ends them all.
    Case("strain", [Program("cores"), "strain", "/tmp"], stdout=f"strain: signal 6, {WRITTEN}, {FILE}\n" * 15, timeout=120),
    # A file system that is full, and little memory: the process ends as it would have.
    Case("full", ["/bin/busybox"], script="""
        "$SPORE" run $OPTIONS --ulimit core=unlimited "$1" sh -c '
            cd /tmp; busybox dd if=/dev/zero of=full bs=64k 2>/dev/null
            busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"
            busybox rm full; busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"; test -s core && echo there' """,
         stdout="status 139\nstatus 139\nthere\n", stderr=re.compile("core"), memory="24M", needs=("/bin/busybox",), spread=True, timeout=120),
    # Nobody asked for one.
    Case("none", ["/bin/busybox"], script="""
        "$SPORE" run $OPTIONS "$1" sh -c 'cd /tmp; busybox sh -c "kill -SEGV \\$\\$" || echo "status $?"; ls' """, stdout="status 139\n", spread=True),
    Case("debugger", [Program("cores", "dynamic")], needs=GDB, timeout=120, script=f"""
        mkdir cores
        "$SPORE" run $OPTIONS --core cores "$1" threads 2> said || echo "status $?"
        grep -o "it left a core file: look at it with 'spore gdb --core .*/cores/core.cores-dynamic.1 " said > /dev/null
        case $OPTIONS in *virt*) register='p/x $v7.d.u[0]' root=$(echo "$OPTIONS" | grep -o -- '--sysroot [^ ]*');; *) register='p/x $xmm7.v2_int64[0]' root=;; esac
        "$SPORE" gdb --core cores/core.* $root {LOOK} --ex "$register" "$1" < /dev/null 2>&1""", check=threads_are_seen),
    # The same frames of the same threads as this machine's own core has, where that is a file.
    Case("as-on-linux", [Program("cores", "dynamic")], needs=GDB, machines=("microvm",), arm64=False, timeout=120, script=f"""
        test "$(cat /proc/sys/kernel/core_pattern)" = core || {{ echo same; exit 0; }}
        mkdir cores native
        frames() {{ "$SPORE" gdb --core "$1" {LOOK} "$2" < /dev/null 2> /dev/null | sed -n 's/^\\(#[0-9]*\\) *\\(0x[0-9a-f]* in\\)*/\\1/p; s/^.[0-9]* = //p' | sed 's/=0x[0-9a-f]*//g' | sort; }}
        "$SPORE" run $OPTIONS --core cores "$1" threads 2> /dev/null || :
        (cd native; ulimit -c unlimited; "$1" threads) 2> /dev/null || :
        frames cores/core.* "$1" > ours; frames native/core* "$1" > theirs
        test "$(grep -c '^#' ours)" -ge 12; cmp ours theirs && echo same""", stdout="same\n"),
    # spore.toml says it, too; and no folder is made.
    Case("folder", [Program("crash")], script="""
        mkdir app; cp "$1" app/program; printf 'program = "./program"\\ncore = "cores"\\n' > app/spore.toml
        "$SPORE" run $OPTIONS app 2>&1 || echo "status $?"
        mkdir app/cores; "$SPORE" run $OPTIONS app 2> said || echo "status $?"
        ls app/cores; grep -c "spore gdb --core" said
        "$SPORE" build --core app/cores -o image "$1" 2> /dev/null || echo "status $?" """,
         stdout=re.compile(r"there is no such folder: make it first\nstatus \d+\nbefore\nstatus 139\ncore.program.1\n1\nstatus 117\n$"), spread=True),
]
