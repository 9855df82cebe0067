#!/usr/bin/env python3
"""Boots what `spore build` makes for arm64: disks that UEFI firmware (AAVMF) starts, with GICv2 and GICv3, with the root in memory and on the disk.

Ends with 77 when something is missing. The program's output and the exit status come on the serial line.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from system import arm64, packages  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TESTS.parent / "build")
TOOLS = {"mformat": "mtools", "sfdisk": "fdisk", "qemu-img": "qemu-utils", "qemu-system-aarch64": "qemu-system-arm"}


def build(system, target, output, *options):
    """What it says when it fails."""
    return subprocess.run([BUILD / "host/spore", "build", "--target", target, "-o", output, "--sysroot", system, *options, "/bin/busybox", "sh", "-c",
                           "echo from an image; ip -4 addr; exit 5"], capture_output=True, text=True, timeout=120)


def boots(system, scratch, target, form, gic, *options):
    """What is wrong, or None."""
    disk = scratch / f"{target}-{gic}"
    made = build(system, target, disk, *options)
    if made.returncode:
        return f"{target} cannot be built: {made.stderr}"
    result = subprocess.run(
        ["qemu-system-aarch64", "-machine", f"virt,gic-version={gic}", "-accel", "tcg", "-cpu", "cortex-a72", "-m", "256M", "-smp", "2", "-nodefaults",
         "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-bios", arm64.FIRMWARE, "-drive", f"file={disk},format={form},if=none,id=disk",
         "-device", "virtio-blk-pci,drive=disk,bootindex=0", "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="],
        capture_output=True, text=True, errors="replace", timeout=240, stdin=subprocess.DEVNULL)
    for expected in ("from an image", "inet 10.0.2.15/24", "spore: exit 0 5"):
        if expected not in result.stdout:
            return f"{target}, GICv{gic}: no {expected!r} in the guest's output:\n{result.stdout[-2000:]}{result.stderr[-500:]}"
    return None


def main():
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/bin")}
    if missing or not arm64.FIRMWARE.exists():
        print(f"skipped: needs {' '.join(sorted(missing)) or 'qemu-efi-aarch64'}")
        return 77
    try:
        system = arm64.sysroot()
    except packages.Missing as absent:
        print(f"skipped: {absent}")
        return 77
    with tempfile.TemporaryDirectory(prefix="spore-images-") as folder:
        scratch = pathlib.Path(folder)
        problems = [boots(system, scratch, "disk", "raw", 2, "--root-in", "disk"), boots(system, scratch, "qcow2", "qcow2", 3, "--root-in", "memory")]
        refused = build(system, "gcp", scratch / "gcp")
        if refused.returncode != 112 or "give --target disk" not in refused.stderr:
            problems.append(f"gcp for arm64: {refused}")
    problems = [problem for problem in problems if problem]
    print("\n".join(problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
