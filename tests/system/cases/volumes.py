"""Volumes: disks with a file system of their own (-v FILE:GUEST:disk), made and looked through by Debian's e2fsprogs."""
import re

from system.case import Case, Program

BUSYBOX = "/bin/busybox"
TOOLS = ("/sbin/mke2fs", "/sbin/e2fsck", "/sbin/debugfs")

# The tools of e2fsprogs lie where a user's $PATH does not lead.
PREPARE = """
    export PATH="$PATH:/sbin"
    make() { mke2fs -q -t ext4 -b 4096 "$@" > /dev/null; }
    run() { "$SPORE" run $OPTIONS -v ./disk:/data:disk "$@"; }
"""
CLEAN = '\ne2fsck -fn disk > report 2>&1 || { cat report; exit 1; }\n'

# What the disk's file takes of this machine, in MiB: while a machine runs, when one has ended, and after Debian's fstrim.
TRIM = """
    make disk 160M
    has() { test $(du -m disk | cut -f 1) -$1 $2; }
    becomes() { for i in $(seq 300); do has "$@" && break; sleep 0.1; done; has "$@" && echo "$3" || du -m disk; }
    mkfifo go
    run /bin/busybox sh -ec 'cd /data; head -c 67108864 /dev/urandom > large; echo kept > file; sync; read x; rm large; sync; read x' < go &
    exec 3> go; becomes gt 76 written; echo >&3; becomes lt 20 removed; echo >&3; exec 3>&-; wait $!
    run /bin/busybox sh -ec 'cd /data; for i in $(seq 500); do head -c 20000 /dev/urandom > $i; done; head -c 20000000 /dev/urandom > large; sync'
    becomes gt 44 written
    run /bin/busybox sh -ec 'cd /data; rm large'
    becomes lt 30 removed
    run /bin/busybox sh -ec 'cd /data; for i in $(seq 250); do rm $((i * 2)); done; cat file 251 | wc -c'
    before=$(du -k disk | cut -f 1)
    run /sbin/fstrim -v /data | grep -c trimmed
    test $(du -k disk | cut -f 1) -lt $before && echo trimmed
    run /sbin/fstrim -v /tmp || :"""
TRIMMED = {"stdout": "written\nremoved\nwritten\nremoved\n20005\n1\ntrimmed\n", "stderr": re.compile("fstrim: /tmp: the discard operation is not supported"), "needs": (BUSYBOX, *TOOLS, "/sbin/fstrim"), "timeout": 120}


def volume(name, script, command=(), needs=(), **what):
    """On virtual machines of both CPUs, and as a process."""
    whole = PREPARE + script + CLEAN
    what = {"needs": (BUSYBOX, *TOOLS, *needs), "timeout": 120, **what}
    return [Case(name, list(command), script=whole, spread=True, linuxu=False, **what),
            Case(f"{name}-linuxu", list(command), script=whole.replace("$OPTIONS", "--on linuxu"), **what)]


CASES = [
    # What one machine writes, the next one reads; and so do Linux's tools.
    *volume("stays", """
        make disk 64M
        run /bin/busybox sh -ec '
            cd /data; echo from one machine > file; mkdir -p a/b; ln -s ../file a/link; ln file a/b/twice; mkfifo -m 600 pipe
            chown 12:34 a; touch -d "2001-02-03 04:05:06" a/b; head -c 3000000 /dev/urandom > large; sha256sum large > sum; rm -r lost+found
            : > empty; echo gone > gone; rm gone; mv a/b moved; grep -c " /data ext4 rw" /proc/mounts'
        e2fsck -fn disk > report 2>&1 || { cat report; exit 1; }
        run /bin/busybox sh -ec '
            cd /data; cat file a/link moved/twice; sha256sum -c sum; ls; stat -c "%a %u:%g %F" a pipe; stat -c "%h %s" file; stat -c %y moved | cut -c 1-19; echo more >> file'
        debugfs -R "cat /moved/twice" disk 2> /dev/null""",
        stdout="1\nfrom one machine\nfrom one machine\nfrom one machine\nlarge: OK\na\nempty\nfile\nlarge\nmoved\npipe\nsum\n755 12:34 directory\n600 0:0 fifo\n2 17\n"
               "2001-02-03 04:05:06\nfrom one machine\nmore\n"),
    # Made by Linux's tools, of their files.
    *volume("brought", """
        mkdir -p from/sub; head -c 5000000 /dev/urandom > from/large; (cd from && sha256sum large > sum); ln -s sub/name from/link; echo inner > from/sub/name
        for i in $(seq 500); do echo $i > from/sub/$i; done
        make -d from disk 64M
        run /bin/busybox sh -ec 'cd /data; sha256sum -c sum; cat link; cat sub/[0-9]* | sort -n | tail -n 1; ls sub | wc -l'""",
        stdout="large: OK\ninner\n500\n501\n"),
    *volume("model", """
        make disk 128M
        run -e CANNOT_ALLOCATE= "$1" 5 1500 /data/new /data/file /data/other /tmp/new""",
        [Program("file_model")], stdout="alike\n", timeout=240),
    *(Case(f"on-{disk}", [], needs=(BUSYBOX, *TOOLS), timeout=120, machines=("q35",), spread=True, options=["--disk", disk], script=PREPARE + """
        make disk 64M
        run /bin/busybox sh -ec 'cd /data; head -c 3000000 /dev/urandom > large; sha256sum large > sum'
        run /bin/busybox sh -ec 'cd /data; sha256sum -c sum; echo more > file; sync; rm large'
        "$SPORE" run $OPTIONS --root-in disk -v ./disk:/data:disk:ro /bin/busybox sh -c 'ls /data; cat /data/file'
        """ + CLEAN, stdout="large: OK\nfile\nlost+found\nsum\nmore\n") for disk in ("nvme", "ahci", "pvscsi", "virtio-scsi")),
    # Nothing that was told to be on the disk is lost when the machine ends at any time; here in the midst of writing.
    *volume("cut-off", """
        make disk 64M
        run --timeout 6 /bin/busybox sh -c '
            cd /data; i=0; while true; do i=$((i + 1)); echo "contents of $i" > new; sync new; mv new kept$i; sync .; echo $i; (echo more; cat kept$i) >> log; rm -f kept$((i - 40)); done' > told 2> message || :
        last=$(tail -n 1 told); test "$last" -ge 3 || { cat message; exit 90; }
        e2fsck -fn disk > /dev/null 2>&1 || echo needs its journal
        run /bin/busybox sh -c "cat /data/kept$last | grep -c '^contents of $last\$'; ls /data | grep -c kept > /dev/null && echo read"
        """, stdout=re.compile(r"1\nread\n$"), timeout=120),
    # The tool's end is the end of all of the machine's processes, large ones too: the next machine has the disk to itself.
    Case("let-go-linuxu", [], needs=(BUSYBOX, *TOOLS, "/usr/bin/flock"), timeout=120, script=PREPARE.replace("$OPTIONS", "--on linuxu -m 1G --cpus 2 --timeout 2") + """
        make disk 16M
        for i in 1 2 3; do
            run /bin/busybox sh -c 'for j in 1 2 3 4; do (echo $j > /data/file$j; dd if=/dev/zero of=/dev/null bs=150M) & done; wait' > told 2>&1 || :
            flock -n disk true || echo held
        done
        tail -n 1 told""", stdout=re.compile("spore: the program did not end in time .*\n$")),
    # Of the superblock's two sectors, one was written: that the journal is needed, without the checksum for it.
    *volume("torn-superblock", """
        make disk 16M
        run /bin/busybox sh -c 'echo kept > /data/file'
        features=$(od -A n -t u1 -j 1120 -N 1 disk); printf "\\\\$(printf %o $((features | 4)))" | dd of=disk bs=1 seek=1120 conv=notrunc 2> /dev/null
        run /bin/busybox cat /data/file""", stdout="kept\n"),
    *volume("read-only", """
        mkdir from; echo here > from/file; make -d from disk 16M; sha256sum disk > sum
        run_read_only() { "$SPORE" run $OPTIONS -v ./disk:/data:disk:ro "$@"; }
        run_read_only /bin/busybox sh -c 'cat /data/file; echo more >> /data/file; rm /data/file; mkdir /data/new' || :
        sha256sum -c sum""",
        stdout="here\ndisk: OK\n", stderr=re.compile(r"file: Read-only file system\n.*Read-only file system\n.*Read-only file system\n")),
    *volume("full", """
        make -N 64 disk 8M
        run /bin/busybox sh -c '
            cd /data; dd if=/dev/zero of=big bs=64k 2>&1 | grep -o "No space.*"; sync; rm big; for i in $(seq 100); do : > file$i || break; done 2>&1 | grep -o "No space.*"
            rm file*; echo room > again; cat again'""",
        stdout="No space left on device\nNo space left on device\nroom\n"),
    # Somebody is in a folder without a name, and writes to a file without one, when the machine ends.
    *volume("in-use", """
        make disk 16M
        run /bin/busybox sh -c '
            mkdir /data/folder; cd /data/folder; rmdir /data/folder; exec 3> /data/file; rm /data/file; echo text >&3
            (sleep 1000; echo) & echo done'""",
        stdout="done\n"),
    *volume("two", """
        make disk 16M; make other 16M
        run -v ./other:/other:disk /bin/busybox sh -c 'echo one > /data/file; echo two > /other/file; mv /data/file /other/moved; cat /other/*e*; ls /data'
        e2fsck -fn other > report 2>&1 || cat report""",
        stdout="two\none\nlost+found\n"),
    # What was deleted takes no room of this machine any more.
    *volume("trim", TRIM, **TRIMMED),
    Case("trim-microvm", [], machines=("microvm",), spread=True, script=PREPARE + TRIM + CLEAN, **TRIMMED),
    *(Case(f"trim-{disk}", [], machines=("q35",), spread=True, options=["--disk", disk], script=PREPARE + TRIM + CLEAN, **TRIMMED)
      for disk in ("nvme", "ahci", "pvscsi", "virtio-scsi")),
    # A database's file, whose pages are written and mapped.
    *volume("sqlite", """
        make disk 64M
        run /usr/bin/sqlite3 /data/base 'pragma journal_mode = wal; create table t(a, b); with recursive c(x) as (select 1 union all select x + 1 from c where x < 20000)
            insert into t select x, hex(randomblob(20)) from c; create index i on t(b); select count(*) from t;'
        run /usr/bin/sqlite3 /data/base 'pragma integrity_check; select count(*), sum(a) from t; delete from t where a % 2; vacuum; select count(*) from t'""",
        stdout="wal\n20000\nok\n20000|200010000\n10000\n", needs=("/usr/bin/sqlite3",), memory="128M"),
    Case("refusals", [], script="""
        PATH="$PATH:/sbin"
        run() { "$SPORE" run -v "$@" /bin/busybox true 2>&1 || echo $?; }
        run ./disk:/data:disk; head -c 1000000 /dev/zero > disk; run ./disk:/data:disk; run .:/data:disk; run LABEL=data:/data:disk; run LABEL=:/data:disk
        mke2fs -q -t ext4 -b 4096 disk 16M; cp disk copy; run ./disk:/:disk; run ./disk:/data:disk -v ./copy:/copy:disk
        (flock 9; run ./disk:/data:disk) 9<> disk
        mke2fs -q -t ext4 -b 1024 copy 16M 2> /dev/null; run ./copy:/data:disk; cp disk part; truncate -s 1M part; run ./part:/data:disk
        mke2fs -q -t ext4 -b 4096 copy 160M 2> /dev/null; dd if=/dev/urandom of=copy bs=100 count=1 seek=12 conv=notrunc 2> /dev/null; run ./copy:/data:disk
        dd if=/dev/zero of=copy bs=4096 count=1 conv=notrunc 2> /dev/null; run ./copy:/data:disk; truncate -s 8M copy; run ./copy:/data:disk
        mke2fs -q -t ext4 -O ^extents,^64bit,bigalloc -b 4096 copy 16M 2> /dev/null || mke2fs -q -t ext4 -O encrypt -b 4096 copy; run ./copy:/data:disk""",
        needs=(BUSYBOX, *TOOLS, "/usr/bin/flock"), stdout=re.compile("\n117\n".join((
            "make it, of 1 GiB for example, with 'mke2fs .*'", ".* holds no ext4 file system: make one with 'mke2fs .*'", ".* a disk is a file .*", ".* labels are for what 'spore build' makes",
            ".* a label has 1 to 16 bytes.*", ".* the root cannot be a volume.*", ".*tune2fs -U random.*", ".* another machine uses it .*",
            ".* blocks of 1024 bytes.* 'mke2fs -t ext4 -b 4096 .*/copy'.*", ".* shorter than .*", ".* damaged.* 'e2fsck -f -b 32768 -B 4096 .*/copy'", ".* gone.* 'e2fsck -f -b 32768 .*", ".* holds no ext4 .*",
            ".* features that Spore does not know.*\n117\n$")))),
]
