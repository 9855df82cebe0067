"""Root file systems larger than the guest's memory: they stay on their disk, and what was read is given up when memory is wanted."""
import re

from system.case import Case

BUSYBOX = "/bin/busybox"


def large(machine, disk=None, **more):
    """The file is read from end to end, more of it than there is memory, and then its end once more. Its image is not kept."""
    return Case(f"larger-than-memory-{disk or machine}", ["{system}" + BUSYBOX], needs=(BUSYBOX,), machines=(machine,), memory="32M", timeout=180,
                options=["--disk", disk] if disk else [], **more, script="""
        export XDG_CACHE_HOME="$PWD/cache"
        mkdir -p root/bin && cp "$1" root/bin/busybox
        truncate -s 300M root/large && printf the-end >> root/large
        "$SPORE" run $OPTIONS --root root /bin/busybox sh -c '
            busybox dd if=/large of=/dev/null bs=64k 2>&1 | busybox head -n 1
            busybox tail -c 7 /large
            read word total rest < /proc/meminfo
            [ $total -lt 33000 ] && echo " in $total"'
        """, stdout=re.compile(rb"^4800\+1 records in\nthe-end in \d+\n$"))


DISKS = ("nvme", "ahci", "pvscsi", "virtio-scsi")  # besides virtio
PYTHON = "/usr/bin/python3"
WALK = """
import decimal, email.mime.text, json, sqlite3, unittest
print(decimal.Decimal(2).sqrt(), json.dumps(sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()))
"""
STARTS = {"stdout": "1.414213562373095048801688724 [42]\n", "needs": (PYTHON,), "machines": ("microvm",), "modes": ("fused",), "timeout": 120}

CASES = [
    large("microvm"), large("q35", arm64=False),
    *(large("q35", disk=disk) for disk in DISKS),
    # Both places, whatever the size: a large root read in place, and a small one from a disk.
    Case("python-from-memory", [PYTHON, "-c", WALK], options=["--root-in", "memory", "-m", "512M"], cpus=(1,), **STARTS),
    Case("python-from-disk", [PYTHON, "-c", WALK], options=["--root-in", "disk"], cpus=(4,), **STARTS),
    *(Case(f"python-from-{disk}", [PYTHON, "-c", WALK], options=["--root-in", "disk", "--disk", disk], **STARTS | {"machines": ("q35", "pc"), "modes": ("fused", "guarded")}) for disk in DISKS),
    Case("told-disk", [BUSYBOX, "cat", "/proc/diskstats", "/proc/partitions"], options=["--root-in", "disk"], machines=("microvm",), cpus=(1,),
         stdout=re.compile(r"^ 254       0 vda [1-9]\d* 0 [1-9]\d* \d+ 0 0 0 0 0 \d+ \d+ 0 0 0 0 0 0\nmajor minor  #blocks  name\n\n 254       0 +[1-9]\d* vda\n$"), needs=(BUSYBOX,)),
    Case("small-from-disk", [BUSYBOX, "sh", "-c", "busybox cat /etc/hostname; busybox ls -d /bin/busybox"], options=["--root-in", "disk"],
         stdout="spore\n/bin/busybox\n", needs=(BUSYBOX,)),
    # Linked into the image's making, and copied where links do not reach: owners and set-user-ID bits stay, in the root and on this machine.
    Case("owners", ["{system}" + BUSYBOX], needs=(BUSYBOX, "/dev/shm"), root=True, machines=("microvm",), script="""
        mkdir -p root/bin root/var/log/service && cp "$1" root/bin/busybox && ln -s busybox root/bin/sh
        : > root/var/log/service/log && cp "$1" root/bin/granted && ln -s log root/var/log/service/link
        chown -hR 33:44 root/var/log/service && chmod 2750 root/var/log/service && chown 1000:1000 root/bin/granted && chmod 6755 root/bin/granted
        other=$(mktemp -d -p /dev/shm) && trap 'rm -r "$other"' EXIT
        for XDG_CACHE_HOME in "$PWD/cache" "$other"; do
            export XDG_CACHE_HOME
            "$SPORE" run $OPTIONS --root root /bin/busybox sh -c 'busybox stat -c "%n %u %g %a" /bin/granted /var/log/service /var/log/service/*'
        done
        stat -c '%u %g %a' root/bin/granted
        """, stdout=2 * ("/bin/granted 1000 1000 6755\n/var/log/service 33 44 2750\n/var/log/service/link 33 44 777\n/var/log/service/log 33 44 644\n") +
         "1000 1000 6755\n"),
    # Files that -v brings to a whole root are no part of its image: it is another machine's as well. Code and what is large are.
    Case("files-beside", ["{system}" + BUSYBOX], needs=(BUSYBOX,), machines=("microvm",), script="""
        export XDG_CACHE_HOME="$PWD/cache"
        mkdir -p root/bin root/etc && cp "$1" root/bin/busybox && ln -s busybox root/bin/sh && echo image > root/etc/own
        for number in 1 2; do
            echo "content $number" > file; touch -d "2001-02-03 04:05:0$number UTC" file; chmod 640 file
            "$SPORE" run $OPTIONS --root root -v file:/etc/own -v file:/new/place:ro /bin/busybox sh -c 'cd /; busybox cat etc/own new/place; busybox stat -c "%a %Y" etc/own; echo more >> etc/own; busybox tail -n 1 etc/own; echo x 2> /dev/null > new/place || echo sealed'
        done
        echo "$(ls cache/spore/roots/*.erofs | wc -l) image"
        truncate -s 100K file && "$SPORE" run $OPTIONS --root root -v file:/etc/own /bin/busybox wc -c /etc/own
        printf '#!/bin/sh\\necho script\\n' > file && chmod +x file && "$SPORE" run $OPTIONS --root root -v file:/bin/script /bin/script
        echo "$(ls cache/spore/roots/*.erofs | wc -l) images"
        """, stdout="content 1\ncontent 1\n640 981173101\nmore\nsealed\ncontent 2\ncontent 2\n640 981173102\nmore\nsealed\n1 image\n102400 /etc/own\nscript\n3 images\n"),
    Case("disk-without-pci", ["run", "--root-in", "disk", "--disk", "nvme", BUSYBOX], host=True, status=125, stderr=re.compile(rb"--machine q35")),
    Case("disk-is-checked", ["run", "--disk", "floppy", BUSYBOX], host=True, status=125, stderr=re.compile(rb"--disk floppy: give one of virtio, nvme, ahci, pvscsi, virtio-scsi")),
    Case("place-is-checked", ["run", "--root-in", "attic", BUSYBOX], host=True, status=125, stderr=re.compile(rb"--root-in attic: give one of memory, disk")),
]
