#!/usr/bin/env python3
"""What a disk has after a power failure, as two programs: as QEMU (`qemu-system-x86_64 …`, found first in $PATH) it runs the real one, $QEMU, and has it log all that
is written to the first volume, in $WRITES; as `lost_power.py DISK WRITES SEED` it makes of DISK, as it was before, what a disk may hold that lost its power with a
cache in it: all writes until the last flush, and of those after it such sectors as chance chooses."""
import os
import pathlib
import random
import struct
import sys

# The log is that of Linux's dm-log-writes [kernel.org, Documentation/admin-guide/device-mapper/log-writes.rst].
MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")  # sector, sectors, flags, bytes of data
FLUSH, DISCARD = 1, 4


def run_qemu(words):
    log = ",driver=blklogwrites,log.driver=raw,log.file.driver=file,log.file.locking=off,log.file.filename=" + os.environ["WRITES"]
    disk = ",file.driver=raw,file.file.driver=file,file.file.locking=off,file.file.filename="
    words = [word.replace(",format=raw", log).replace(",file.locking=off,file=", disk) if "id=volume0," in word else word for word in words]
    os.execv(os.environ["QEMU"], [os.environ["QEMU"], *words])


def entries(log):
    magic, version, _, size = SUPER.unpack_from(log)
    assert (magic, version) == (MAGIC, 1), "this is no log of writes"
    at = size
    while at + size <= len(log):
        sector, count, flags, _ = ENTRY.unpack_from(log, at)
        if not count and not flags:
            return  # nothing was written here
        length = 0 if flags & DISCARD else count * size
        yield sector * size, log[at + size:at + size + length], count * size, flags
        at += size + length


def lose(disk, log, seed):
    chance = random.Random(seed)
    kept = chance.choice((0, 0.3, 0.9))  # of the sectors that no flush came after
    every = list(entries(log))
    last = max((number for number, (_, _, _, flags) in enumerate(every) if flags & FLUSH), default=-1)
    sectors = 0
    with open(disk, "r+b") as file:
        for number, (at, data, length, flags) in enumerate(every):
            if flags & DISCARD:
                data = bytes(length)
            for offset in range(0, len(data), 512):
                if number <= last or chance.random() < kept:
                    os.pwrite(file.fileno(), data[offset:offset + 512], at + offset)
                else:
                    sectors += 1
    print(f"{len(every)} writes, {sectors} sectors lost", file=sys.stderr)


if __name__ == "__main__":
    if pathlib.Path(sys.argv[0]).name.startswith("qemu"):
        run_qemu(sys.argv[1:])
    lose(sys.argv[1], pathlib.Path(sys.argv[2]).read_bytes(), sys.argv[3])
