#!/usr/bin/env python3
"""Types to a shell at the serial port, which is a terminal where there is no control channel: a PC's (16550), and Arm's (PL011) as a device tree and as ACPI
describe it.

Ends with 77 when something is missing for arm64.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from system import arm64, packages  # noqa: E402
from system.qemu import Machine  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TESTS.parent / "build")
FIRMWARE = pathlib.Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")

X86_64 = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "128M", "-kernel", BUILD / "kernel/spore-x86_64"]
ARM64 = ["qemu-system-aarch64", "-accel", "tcg", "-cpu", "cortex-a72", "-m", "256M", "-smp", "2", "-kernel", BUILD / "kernel/spore-arm64"]
MACHINES = {
    "microvm": [*X86_64, "-smp", "1,maxcpus=2", "-machine", "microvm,pit=on,rtc=on,isa-serial=on"],
    "q35": [*X86_64, "-smp", "2", "-machine", "q35"],
    "virt": [*ARM64, "-machine", "virt,gic-version=2"],
    "virt, UEFI": [*ARM64, "-machine", "virt,gic-version=3", "-bios", FIRMWARE],
}


def talk(words, bundle):
    with Machine([*words, "-initrd", bundle]) as guest:
        guest.wait_for("# ")
        guest.type("[ -t 0 ] && echo is$((6 * 7))\n")
        guest.wait_for("is42")
        guest.type("busybox sleep 1000\n")
        time.sleep(1)
        guest.type("\x03")
        guest.type("echo status-$?\n")
        guest.wait_for("status-130")
        guest.type("busybox cat; echo cat-ended\n")
        time.sleep(1)
        guest.type("wrogn\x7f\x7fng\n")  # erased as it is typed
        guest.wait_for("\nwrong\n")
        guest.type("\x04")
        guest.wait_for("\ncat-ended")
        # Faster than a person types.
        guest.type("busybox stty -echo; busybox wc -c; echo count-ended\n")
        time.sleep(1)
        guest.type("x" * 3000 + "\n\x04")
        guest.wait_for("3001\ncount-ended")
        guest.type("while read line && [ \"$line\" != end ]; do count=$((count + 1)); done; echo took-$count\n")
        for number in range(200):
            guest.type(f"line {number}\n")
        guest.type("end\n")
        guest.wait_for("took-200")
        guest.type("exit 3\n")
        assert guest.wait_for_end() == "guest-shutdown"
        assert guest.output().endswith("\nspore: exit 0 3\n"), f"the console says:\n{guest.output()[-1000:]}"
        assert "\r\r" not in guest.text.decode(errors="replace"), "lines end twice"


def main():
    system = None
    try:
        system = arm64.sysroot() if FIRMWARE.exists() and shutil.which("qemu-system-aarch64") else None
    except packages.Missing as missing:
        print(missing)
    problems = []
    for name, words in MACHINES.items():
        arm = words[0] == ARM64[0]
        if arm and not system:
            continue
        with tempfile.TemporaryDirectory(prefix="spore-console-") as scratch:
            bundle = pathlib.Path(scratch, "bundle")
            try:
                subprocess.run([BUILD / "host/spore", "run", "--save-bundle", bundle, *(["--sysroot", system] if arm else []), "-e", "PATH=/bin", "/bin/busybox", "sh"],
                               check=True, timeout=60, stdout=subprocess.DEVNULL)
                talk(words, bundle)
            except (AssertionError, subprocess.SubprocessError) as problem:
                problems.append(f"{name}: {problem}")
    print("\n".join(problems), end="")
    return 1 if problems else 0 if system else 77


if __name__ == "__main__":
    sys.exit(main())
