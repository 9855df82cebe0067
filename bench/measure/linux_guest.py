"""The yardstick: Debian's cloud kernel on the same QEMU, with our program as its first, from an initramfs that is nothing else.

The kernel's package is downloaded with apt-get and unpacked into the build folder; nothing is installed.
"""
import gzip
import re
import shutil
import subprocess
from pathlib import Path

from . import counting, tools


# In the order in which they need each other; what the cloud kernel has of a network card is modules.
NETWORK_MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover", "virtio_net")


def network_modules():
    kernel_image()
    return [tools.CACHE / f"linux/modules/{name}.ko" for name in NETWORK_MODULES]


def kernel_image():
    found = sorted(tools.CACHE.glob("linux/boot/vmlinuz-*"))
    if found and (tools.CACHE / "linux/modules").exists():
        return found[-1]
    tools.CACHE.mkdir(parents=True, exist_ok=True)
    depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True).stdout
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        raise tools.Missing("the Linux guest needs the package linux-image-cloud-amd64, which apt does not know: apt-get update")
    if subprocess.run(["apt-get", "download", "-q", package[1]], cwd=tools.CACHE, capture_output=True).returncode:
        raise tools.Missing(f"the package {package[1]} of the Linux guest cannot be downloaded")
    for archive in tools.CACHE.glob("linux-image-*.deb"):
        subprocess.run(["dpkg", "-x", archive, tools.CACHE / "linux"], check=True)
        archive.unlink()
    modules = tools.CACHE / "linux/modules"
    modules.mkdir(exist_ok=True)
    for name in NETWORK_MODULES:
        for file in (tools.CACHE / "linux/lib").rglob(f"{name}.ko"):
            shutil.copy(file, modules)
    shutil.rmtree(tools.CACHE / "linux/lib", ignore_errors=True)
    return sorted(tools.CACHE.glob("linux/boot/vmlinuz-*"))[-1]


class Archive:
    """An initramfs [linux Documentation/driver-api/early-userspace/buffer-format]."""

    def __init__(self):
        self.data, self.number = bytearray(), 0

    def add(self, path, mode, content=b"", device=(0, 0), modified=0):
        self.number += 1
        name = path.encode() + b"\0"
        fields = (self.number, mode, 0, 0, 1, modified, len(content), 0, 0, *device, len(name), 0)
        self.data += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self.pad()
        self.data += content
        self.pad()

    def pad(self):
        self.data += bytes(-len(self.data) % 4)

    def finish(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.data)


def tree(folder, more):
    """A whole folder, and files by name besides, all executable."""
    archive = Archive()
    names = {str(path.relative_to(folder)): path for path in Path(folder).rglob("*")}
    folders = {name for name, path in names.items() if path.is_dir()} | {"dev", "proc", "sys", "tmp"}
    folders |= {str(parent) for name in [*names, *more] for parent in Path(name).parents if str(parent) != "."}
    for name in sorted(folders):
        archive.add(name, 0o040755)
    archive.add("dev/console", 0o020600, device=(5, 1))
    archive.add("dev/null", 0o020666, device=(1, 3))
    for name, path in sorted(names.items()):
        if path.is_file():
            archive.add(name, 0o100755, path.read_bytes())
    for name, content in more.items():
        archive.add(name, 0o100755, content)
    return archive.finish()


def initramfs(program, files=(), contents={}):
    """`program` becomes /init; `files` are paths of this machine, which keep their place; `contents` are bytes by name."""
    archive = Archive()
    folders = {"dev", "tmp", "proc", "sys"}
    for file in files:
        folders |= {str(parent).lstrip("/") for parent in Path(file).parents if str(parent) != "/"}
    for folder in sorted(folders):
        archive.add(folder, 0o040755)
    archive.add("dev/console", 0o020600, device=(5, 1))
    archive.add("dev/null", 0o020666, device=(1, 3))
    archive.add("init", 0o100755, Path(program).read_bytes())
    for file in files:
        # With its time, by which Python knows whether what it compiled is still good.
        archive.add(str(file).lstrip("/"), 0o100755, Path(file).read_bytes(), modified=int(Path(file).stat().st_mtime))
    for name, content in contents.items():
        archive.add(name, 0o100644, content)
    return archive.finish()


def counted(program, arguments, files=(), timeout=240, memory="512M", profile=None, contents={}):
    """The program as the first of a Linux guest; it has to turn the machine off itself."""
    image = tools.WORK / "initramfs"
    image.write_bytes(gzip.compress(initramfs(program, files, contents), 1))
    return counting.counted_qemu([
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", "tcg", "-cpu", "max",
        "-m", memory, "-smp", "1,maxcpus=2", "-kernel", str(kernel_image()), "-initrd", str(image), "-serial", "stdio",
        "-append", f"console=ttyS0 quiet panic=-1 -- {' '.join(arguments)}"], timeout, profile=profile, deterministic=True)
