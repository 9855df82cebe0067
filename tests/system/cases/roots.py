"""Root file systems larger than the guest's memory: they stay on their disk, and what was read is given up when memory is wanted."""
import re

from system.case import Case

BUSYBOX = "/bin/busybox"


def large(machine):
    """The file is read from end to end, more of it than there is memory, and then its end once more. Its image is not kept."""
    return Case(f"larger-than-memory-{machine}", [], needs=(BUSYBOX,), timeout=180, script=f"""
        export XDG_CACHE_HOME="$PWD/cache"
        mkdir -p root/bin && cp {BUSYBOX} root/bin/busybox
        truncate -s 300M root/large && printf the-end >> root/large
        "$SPORE" run --machine {machine} -m 32M --root root /bin/busybox sh -c '
            busybox dd if=/large of=/dev/null bs=64k 2>&1 | busybox head -n 1
            busybox tail -c 7 /large
            read word total rest < /proc/meminfo
            [ $total -lt 33000 ] && echo " in $total"'
        """, stdout=re.compile(rb"^4800\+1 records in\nthe-end in \d+\n$"))


CASES = [large("microvm"), large("q35")]
