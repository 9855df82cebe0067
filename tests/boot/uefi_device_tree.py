#!/usr/bin/env python3
"""Boots the arm64 kernel through UEFI firmware that describes the machine by a device tree: QEMU's virt without ACPI, with EL2 and without.

The system tests `…@uefi…` have ACPI. Ends with 77 when something is missing. The program's output and the exit status come on the serial line.
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


def boots(bundle, machine):
    """What is wrong, or None."""
    result = subprocess.run(
        ["qemu-system-aarch64", "-machine", f"virt,acpi=off,{machine}", "-accel", "tcg", "-cpu", "cortex-a72", "-m", "256M", "-smp", "2", "-nodefaults",
         "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-bios", arm64.FIRMWARE, "-kernel", BUILD / "kernel/spore-arm64",
         "-initrd", bundle], capture_output=True, text=True, errors="replace", timeout=180, stdin=subprocess.DEVNULL)
    for expected in ("platform: device tree", "from firmware", "spore: exit 0 5"):
        if expected not in result.stdout:
            return f"{machine}: no {expected!r} in the guest's output:\n{result.stdout[-2000:]}{result.stderr[-500:]}"
    return None


def main():
    if not arm64.FIRMWARE.exists() or not shutil.which("qemu-system-aarch64"):
        print("skipped: needs qemu-efi-aarch64 and qemu-system-arm")
        return 77
    try:
        system = arm64.sysroot()
    except packages.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    with tempfile.TemporaryDirectory(prefix="spore-uefi-") as scratch:
        bundle = pathlib.Path(scratch, "bundle")
        subprocess.run([BUILD / "host/spore", "run", "--log", "debug", "--save-bundle", bundle, "--sysroot", system, "/bin/busybox", "sh", "-c",
                        "echo from firmware; exit 5"], check=True, timeout=60)
        problems = [problem for machine in ("gic-version=2,virtualization=on", "gic-version=3") if (problem := boots(bundle, machine))]
    print("\n".join(problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
