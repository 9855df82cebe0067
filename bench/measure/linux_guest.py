"""The yardstick: Debian's cloud kernel on the same QEMU, with our program as its first, from an initramfs that is nothing else.

The kernel's package is downloaded with apt-get and unpacked into the build folder; nothing is installed.
"""
import gzip
import re
import shutil
import subprocess
from pathlib import Path

from . import counting, tools
from .tools import arm64_system


# In the order in which they need each other; what the cloud kernel has of a network card is modules.
# On virt devices are reached by virtio-mmio, as `spore run` has them there.
NETWORK_MODULES_ARM64 = ("virtio_ring", "virtio", "virtio_mmio", "failover", "net_failover", "virtio_net")
PCI_MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci")
NETWORK_MODULES = (*PCI_MODULES, "failover", "net_failover", "virtio_net")
# ext4 is in the kernel itself; its checksums are quick by the last one.
DISK_MODULES = (*PCI_MODULES, "virtio_blk", "crc32c-intel")


# The machine as `spore run` has it.
VIRT = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "virt,gic-version=3", "-accel", "tcg",
        "-cpu", "max,pauth-impdef=on,sve=off,sme=off", "-smp", "1,maxcpus=2")


def network_modules(architecture="x86_64"):
    if architecture == "arm64":
        kernel_image_arm64()
        wanted, folder = NETWORK_MODULES_ARM64, tools.CACHE / "linux-arm64/modules"
    else:
        kernel_image()
        wanted, folder = NETWORK_MODULES, tools.CACHE / "linux/modules"
    return present(folder, wanted)


def present(folder, wanted):
    return [file for file in (folder / f"{name}.ko" for name in wanted) if file.exists()]  # others are in the kernel itself


def disk_modules():
    kernel_image()
    return present(tools.CACHE / "linux/modules", DISK_MODULES)


def keep_modules(unpacked, wanted):
    modules = unpacked / "modules"
    modules.mkdir(exist_ok=True)
    for name in wanted:
        for file in (unpacked / "lib").rglob(f"{name}.ko"):
            shutil.copy(file, modules)
    shutil.rmtree(unpacked / "lib", ignore_errors=True)


def kernel_image():
    found = sorted(tools.CACHE.glob("linux/boot/vmlinuz-*"))
    if found and (tools.CACHE / f"linux/modules/{DISK_MODULES[-1]}.ko").exists():
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
    keep_modules(tools.CACHE / "linux", {*NETWORK_MODULES, *DISK_MODULES})
    return sorted(tools.CACHE.glob("linux/boot/vmlinuz-*"))[-1]


def kernel_image_arm64():
    """The same kernel's arm64 build, from the system tests' apt for that CPU."""
    folder = tools.CACHE / "linux-arm64"
    if not (folder / "modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        options = arm64_system.apt()
        depends = subprocess.run(["apt-cache", *options, "depends", "linux-image-cloud-arm64"], capture_output=True, text=True).stdout
        package = re.search(r"Depends: (linux-image-[^\s:]+)", depends)
        if not package or subprocess.run(["apt-get", *options, "download", "-q", package[1]], cwd=folder, capture_output=True).returncode:
            raise tools.Missing("the package linux-image-cloud-arm64 of the Linux guest cannot be downloaded")
        for archive in folder.glob("linux-image-*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
            archive.unlink()
        keep_modules(folder, NETWORK_MODULES_ARM64)
    return sorted(folder.glob("boot/vmlinuz-*"))[-1]


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
    for file in (*files, *contents):
        folders |= {str(parent).lstrip("/") for parent in Path(file).parents if str(parent) not in ("/", ".")}
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


def counted_arm64(program, arguments, timeout=600, memory="512M"):
    """`counted` on virt with a GICv3, as `spore run` has it."""
    image = tools.WORK / "initramfs-arm64"
    image.write_bytes(gzip.compress(initramfs(program), 1))
    return counting.counted_qemu([
        *VIRT, "-m", memory, "-kernel", str(kernel_image_arm64()), "-initrd", str(image), "-serial", "stdio", "-append", f"console=ttyAMA0 quiet panic=-1 -- {' '.join(arguments)}"], timeout, deterministic=True, architecture="arm64")


def counted(program, arguments, files=(), timeout=240, memory="512M", profile=None, contents={}, disk=None):
    """The program as the first of a Linux guest; it has to turn the machine off itself."""
    image = tools.WORK / "initramfs"
    image.write_bytes(gzip.compress(initramfs(program, files, contents), 1))
    return counting.counted_qemu([
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", "tcg", "-cpu", "max",
        "-m", memory, "-smp", "1,maxcpus=2", "-kernel", str(kernel_image()), "-initrd", str(image), "-serial", "stdio",
        *(("-drive", f"if=virtio,format=raw,file={disk}") if disk else ()),
        "-append", f"console=ttyS0 quiet panic=-1 -- {' '.join(arguments)}"], timeout, profile=profile, deterministic=True)
