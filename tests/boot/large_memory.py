#!/usr/bin/env python3
"""Boots the kernel on a machine with more memory than one entry of its uppermost page table covers, 512 GiB. This machine need not have that: what is
not touched takes nothing. Ends with 77 when something is missing.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "build")
SIZE = "600G"


def main():
    if not shutil.which("qemu-system-x86_64"):
        print("skipped: needs qemu-system-x86_64 (apt-get install qemu-system-x86)")
        return 77
    with tempfile.TemporaryDirectory(prefix="spore-large-") as scratch:
        bundle = pathlib.Path(scratch, "bundle")
        subprocess.run([BUILD / "host/spore", "run", "--save-bundle", bundle, "/bin/busybox", "sh", "-c", "grep MemTotal /proc/meminfo; exit 5"],
                       check=True, timeout=60)
        result = subprocess.run(
            ["qemu-system-x86_64", "-machine", "q35,memory-backend=ram", "-object", f"memory-backend-ram,id=ram,size={SIZE},reserve=off", "-m", SIZE,
             "-accel", "tcg", "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
             "-kernel", BUILD / "kernel/spore-x86_64", "-initrd", bundle],
            capture_output=True, text=True, errors="replace", timeout=120, stdin=subprocess.DEVNULL)
    if "cannot set up guest memory" in result.stderr:
        print(f"skipped: this machine gives no one {SIZE}, used or not (vm.overcommit_memory)")
        return 77
    total = [int(line.split()[1]) for line in result.stdout.splitlines() if line.startswith("MemTotal:")]
    if total and 590 << 20 < total[0] <= 600 << 20 and "spore: exit 0 5" in result.stdout:
        return 0
    print(f"no MemTotal of about {SIZE} in the guest's output:\n{result.stdout[-2000:]}{result.stderr[-500:]}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
