#!/usr/bin/env python3
"""Boots the kernel through GRUB and Multiboot2: an ISO image on SeaBIOS, without the host tool's channel. With a small bundle, and with one that
leaves no room below 16 MiB, since GRUB puts it right behind the kernel.

Ends with 77 when a tool is missing. The program's output and the exit status then come on the serial line.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "build")
TOOLS = ["grub-mkrescue", "xorriso", "mformat", "qemu-system-x86_64"]
CONFIGURATION = """set timeout=0
menuentry spore {
    multiboot2 /boot/spore
    module2 /boot/bundle
}
"""


def main():
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or not pathlib.Path("/usr/lib/grub/i386-pc").is_dir():
        print(f"skipped: needs {' '.join(missing) or 'grub-pc-bin'} (apt-get install grub-common grub-pc-bin xorriso mtools)")
        return 77
    return boots(megabytes=0) or boots(megabytes=30)


def boots(megabytes):
    with tempfile.TemporaryDirectory(prefix="spore-iso-") as scratch:
        tree = pathlib.Path(scratch, "tree/boot")
        (tree / "grub").mkdir(parents=True)
        (tree / "grub/grub.cfg").write_text(CONFIGURATION)
        shutil.copy(BUILD / "kernel/spore-x86_64", tree / "spore")
        ballast = pathlib.Path(scratch, "ballast")
        ballast.write_bytes(b"ballast\n" * (megabytes << 17))
        subprocess.run([BUILD / "host/spore", "run", "--save-bundle", tree / "bundle", "--root-in", "memory", "-v", f"{ballast}:/ballast", "/bin/busybox",
                        "sh", "-c", "echo from an ISO; exit 5"], check=True, timeout=60)
        iso = pathlib.Path(scratch, "spore.iso")
        subprocess.run(["grub-mkrescue", "-o", iso, tree.parent], check=True, capture_output=True, timeout=120)
        result = subprocess.run(
            ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "256M", "-smp", "1,maxcpus=2", "-nodefaults",
             "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-drive", f"file={iso},media=cdrom,format=raw"],
            capture_output=True, text=True, errors="replace", timeout=120, stdin=subprocess.DEVNULL)
    for expected in ("from an ISO", "spore: exit 0 5"):
        if expected not in result.stdout:
            print(f"{megabytes} MiB: no {expected!r} in the guest's output:\n{result.stdout[-2000:]}{result.stderr[-500:]}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
