#!/usr/bin/env python3
"""Asks machines to stop as hypervisors do: by their power button (ACPI's fixed one, ACPI's event device, a key on a GPIO pin) and by Ctrl-Alt-Del.

Ends with 77 when something is missing for arm64. The program's output and the exit status come on the serial line.
"""
import os
import pathlib
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from system import arm64  # noqa: E402
from system.qemu import ARM64, Machine, run_each, shell_bundle  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TESTS.parent / "build")

# What a program makes of it: ends in its own way, does not listen, ends as programs do that have made nothing of it.
LISTENS = "trap 'echo asked; exit 7' TERM; trap 'echo asked by another; exit 8' QUIT; echo ready; while :; do busybox sleep 1; done"
DEAF = "trap '' TERM; echo ready; while :; do busybox sleep 1; done"
SLOW = "trap 'busybox sleep 15; echo asked; exit 7' TERM; echo ready; while :; do busybox sleep 1; done"
PLAIN = "echo ready; exec busybox sleep 1000"

X86_64 = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "128M", "-smp", "1,maxcpus=2", "-kernel", BUILD / "kernel/spore-x86_64"]
AARCH64 = [ARM64, "-accel", "tcg", "-cpu", "cortex-a72", "-m", "256M", "-smp", "2", "-kernel", BUILD / "kernel/spore-arm64"]
MACHINES = {
    "microvm": [*X86_64, "-machine", "microvm,acpi=on,pit=on,rtc=on,isa-serial=on"],
    "q35": [*X86_64, "-machine", "q35"],
    "pc": [*X86_64, "-machine", "pc"],
    "virt": [*AARCH64, "-machine", "virt,gic-version=2"],
    "virt, UEFI": [*AARCH64, "-machine", "virt,gic-version=3", "-bios", arm64.FIRMWARE],
}
BUTTON = ("system_powerdown", {})
KEYS = ("send-key", {"keys": [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]})
AWHILE = ("sleep", 12)  # after which another request is no insisting

# Machine, what the program does, options, requests, what the console says at last, why the machine ends.
CASES = [
    *((machine, LISTENS, [], [BUTTON], "asked\n\nspore: exit 0 7\n", "guest-shutdown") for machine in MACHINES),
    *((machine, LISTENS, [], [KEYS], "asked\n\nspore: exit 0 7\n", "guest-reset") for machine in ("q35", "pc")),
    ("q35", PLAIN, [], [BUTTON], "ready\n\nspore: exit 1 15\n", "guest-shutdown"),
    ("microvm", DEAF, [], [BUTTON, BUTTON], "ready\n\nspore: exit 1 9\n", "guest-shutdown"),
    ("q35", DEAF, [], [BUTTON, KEYS], "ready\n\nspore: exit 1 9\n", "guest-reset"),
    ("pc", SLOW, [], [BUTTON, AWHILE, BUTTON], "asked\n\nspore: exit 0 7\n", "guest-shutdown"),
    ("virt", LISTENS, ["--stop-signal", "SIGQUIT"], [BUTTON], "asked by another\n\nspore: exit 0 8\n", "guest-shutdown"),
]


def stops(words, bundle, requests, expected, reason):
    with Machine([*words, "-initrd", bundle]) as guest:
        guest.wait_for("ready")
        for command, arguments in requests:
            time.sleep(1)  # the kernel begins to listen when the program has begun, and nothing tells that it has taken the first request
            if command == "sleep": time.sleep(arguments)
            else: guest.ask(command, **arguments)
        ended = guest.wait_for_end()
        assert guest.output().endswith(expected), f"the console says:\n{guest.output()[-1000:]}"
        assert ended == reason, f"the machine ends by {ended}"


def leaves_its_volume_in_order(scratch, system):
    """Also when the program goes on writing, and nobody waits for it."""
    volume, path = scratch / "volume", {"env": os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}}
    for requests in ([BUTTON], [BUTTON, BUTTON]):
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-N", "128", volume, "64M"], check=True, stdout=subprocess.DEVNULL, **path)
        writes = f"{'trap true TERM; ' if len(requests) > 1 else ''}echo kept > /data/kept; echo ready; while :; do echo more >> /data/more; done"
        bundle = shell_bundle(BUILD, scratch, system, ["-v", f"{volume}:/data:disk"], ["-c", writes])
        with Machine([*MACHINES["q35"], "-initrd", bundle, "-drive", f"file={volume},format=raw,if=virtio"]) as guest:
            guest.wait_for("ready")
            for command, arguments in requests:
                time.sleep(1)
                guest.ask(command, **arguments)
            assert guest.wait_for_end() == "guest-shutdown"
        checked = subprocess.run(["e2fsck", "-n", volume], capture_output=True, text=True, **path)
        assert checked.returncode == 0 and "clean" in checked.stdout, f"{len(requests)} requests leave a volume that is not in order: {checked.stdout}"
        written = subprocess.run(["debugfs", "-R", "cat /kept", volume], capture_output=True, text=True, **path).stdout
        assert written == "kept\n", f"{len(requests)} requests leave {written!r}"


def tests():
    for machine, script, options, requests, expected, reason in CASES:
        words = MACHINES[machine]

        def test(scratch, system):
            stops(words, shell_bundle(BUILD, scratch, system, options, ["-c", script]), requests, expected, reason)
        yield f"{machine}, {len(requests)} requests, {reason}", words, test
    yield "a volume", MACHINES["q35"], leaves_its_volume_in_order


if __name__ == "__main__":
    sys.exit(run_each(tests()))
