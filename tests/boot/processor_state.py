#!/usr/bin/env python3
"""What every processor of a guarded x86-64 machine is set to, as QEMU's monitor sees it: SMEP, SMAP, UMIP and machine checks on, the 8259s' line masked.
Then a machine check, which the kernel says before the machine ends; and the warning of processors whose programs may read the kernel's memory.

Ends with 77 when something is missing.
"""
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "build")
CPUS = 4
CR4 = {"MCE": 6, "UMIP": 11, "SMEP": 20, "SMAP": 21}
MACHINE_CHECK = "mce 0 1 0xb200000000000000 0x5 0 0"  # valid, uncorrected, enabled; the context is lost [intel/vol3 16.3.2]


class Failed(Exception):
    pass


class Machine:
    """A program of busybox's that sleeps, on a processor of this model."""

    def __init__(self, scratch, bundle, model, cpus):
        self.monitor_path, self.serial = scratch / "monitor", scratch / "serial"
        for path in (self.monitor_path, self.serial):
            path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", model, "-m", "256M", "-smp", str(cpus), "-nodefaults", "-no-user-config",
             "-display", "none", "-no-reboot", "-serial", f"file:{self.serial}", "-monitor", f"unix:{self.monitor_path},server=on,wait=off",
             "-kernel", BUILD / "kernel/spore-x86_64", "-initrd", bundle], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def said(self):
        return self.serial.read_text(errors="replace") if self.serial.exists() else ""

    def wait_for(self, text):
        end = time.monotonic() + 60
        while text not in self.said():
            if time.monotonic() > end or self.process.poll() is not None and text not in self.said():
                raise Failed(f"no {text!r} in the guest's output:\n{self.said()[-2000:]}")
            time.sleep(0.05)

    def ask(self, command):
        """The monitor's answer."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(30)
            monitor.connect(str(self.monitor_path))
            answer = b""
            for line in ("", command):
                if line:
                    monitor.sendall(line.encode() + b"\n")
                answer = b""
                while not answer.endswith(b"(qemu) "):
                    if not (part := monitor.recv(65536)):
                        break
                    answer += part
            return answer.decode(errors="replace")

    def end(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def machine(*arguments):
    it = Machine(*arguments)
    try:
        it.wait_for("ready")
        yield it
    finally:
        it.end()


def check_state(scratch, bundle):
    with machine(scratch, bundle, "max", CPUS) as it:
        found = re.findall(r"CR4=([0-9a-f]+)", it.ask("info registers -a"))
        if len(found) != CPUS:
            raise Failed(f"{len(found)} processors instead of {CPUS}")
        for cpu, value in enumerate(found):
            for name, bit in CR4.items():
                if not int(value, 16) >> bit & 1:
                    raise Failed(f"processor {cpu}: {name} is off (CR4 {value})")
            line = re.search(r"LVT0\s.*", it.ask(f"info lapic {cpu}"))
            if not line or "masked" not in line[0]:
                raise Failed(f"processor {cpu}: LINT0 is not masked: {line and line[0]}" )
        it.ask(MACHINE_CHECK)
        it.wait_for("machine check")


def check_warning(scratch, bundle):
    for model, warned in (("Skylake-Client-v1", True), ("EPYC-v1", False)):
        with machine(scratch, bundle, model, 1) as it:
            if ("Meltdown" in it.said()) != warned:
                raise Failed(f"{model}: {'no' if warned else 'a'} warning of Meltdown:\n{it.said()[-2000:]}")


def main():
    if not shutil.which("qemu-system-x86_64"):
        print("skipped: needs qemu-system-x86_64 (apt-get install qemu-system-x86)")
        return 77
    with tempfile.TemporaryDirectory(prefix="spore-processor-") as name:
        scratch = pathlib.Path(name)
        bundle = scratch / "bundle"
        subprocess.run([BUILD / "host/spore", "run", "--save-bundle", bundle, "--mode", "guarded", "--log", "warn", "/bin/busybox", "sh", "-c",
                        "echo ready; sleep 600"], check=True, timeout=60)
        try:
            check_state(scratch, bundle)
            check_warning(scratch, bundle)
        except Failed as problem:
            print(problem)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
