#!/usr/bin/env python3
"""Types to a shell at the serial port, which is a terminal where there is no control channel: a PC's (16550), and Arm's (PL011) as a device tree and as ACPI
describe it.

Ends with 77 when something is missing for arm64.
"""
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from system import arm64  # noqa: E402
from system.qemu import ARM64, Machine, run_each, shell_bundle  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TESTS.parent / "build")

X86_64 = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "128M", "-kernel", BUILD / "kernel/spore-x86_64"]
AARCH64 = [ARM64, "-accel", "tcg", "-cpu", "cortex-a72", "-m", "256M", "-smp", "2", "-kernel", BUILD / "kernel/spore-arm64"]
MACHINES = {
    "microvm": [*X86_64, "-smp", "1,maxcpus=2", "-machine", "microvm,pit=on,rtc=on,isa-serial=on"],
    "q35": [*X86_64, "-smp", "2", "-machine", "q35"],
    "virt": [*AARCH64, "-machine", "virt,gic-version=2"],
    "virt, UEFI": [*AARCH64, "-machine", "virt,gic-version=3", "-bios", arm64.FIRMWARE],
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
    return run_each((name, words, lambda scratch, system, words=words: talk(words, shell_bundle(BUILD, scratch, system))) for name, words in MACHINES.items())


if __name__ == "__main__":
    sys.exit(main())
