#!/usr/bin/env python3
"""Boots what `spore build` makes for x86-64, as nearly as QEMU comes to the machines that the images are for: by SeaBIOS and by UEFI firmware (OVMF),
from disks of several kinds and from a CD, with several network cards. The kernel is entered through Multiboot2 (GRUB), for Firecracker through PVH.

Ends with 77 when a tool is missing. The program's output and the exit status come on the serial line.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ElementTree

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "build")
TOOLS = {"grub-mkimage": "grub-common", "xorriso": "xorriso", "mformat": "mtools", "sfdisk": "fdisk", "qemu-img": "qemu-utils", "umoci": "umoci",
         "qemu-system-x86_64": "qemu-system-x86", "mke2fs": "e2fsprogs", "mkfs.erofs": "erofs-utils"}
FILES = {"/usr/lib/grub/i386-pc/multiboot2.mod": "grub-pc-bin", "/usr/lib/grub/x86_64-efi/multiboot2.mod": "grub-efi-amd64-bin",
         "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf"}
SCRIPT = "echo from an image; ip -4 addr; wc -c </ballast; [ ! -d /data ] || echo seen >> /data/seen; exit 5"
BALLAST = 1_000_000
ADDRESS = "inet 10.0.2.15/24"  # what QEMU's network gives out by DHCP


class Failed(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failed(message)


class Images:
    def __init__(self, scratch):
        self.scratch = scratch
        self.ballast = scratch / "ballast"
        self.ballast.write_bytes(b"ballast\n" * (BALLAST // 8))

    def build(self, target, *options, ballast=None):
        output = self.scratch / f"{target}-image"
        command = [BUILD / "host/spore", "build", "--target", target, "-o", output, "-m", "192M", *options, "-v", f"{ballast or self.ballast}:/ballast",
                   "/bin/busybox", "sh", "-c", SCRIPT]
        made = subprocess.run(command, capture_output=True, text=True, timeout=300)
        expect(made.returncode == 0, f"{target} cannot be built: {made.stderr}")
        expect(str(output) in made.stdout, f"{target}: not told how it is started: {made.stdout}")
        expect(not list(self.scratch.glob("*.d")), f"{target} leaves its work behind: {list(self.scratch.glob('*.d'))}")
        return output

    def boot(self, name, *machine, network="virtio-net-pci", size=BALLAST):
        command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "192M", "-smp", "1,maxcpus=2", "-nodefaults", "-no-user-config", "-display",
                   "none", "-no-reboot", "-serial", "stdio", *machine]
        if network:
            command += ["-netdev", "user,id=net", "-device", f"{network},netdev=net,romfile=" if network.endswith("pci") or "e1000" in network or network == "vmxnet3" else f"{network},netdev=net"]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=180, stdin=subprocess.DEVNULL)
        for expected in ("from an image", str(size), *([ADDRESS] if network else []), "spore: exit 0 5"):
            expect(expected in result.stdout, f"{name}: no {expected!r} in the guest's output:\n{result.stdout[-2000:]}{result.stderr[-500:]}")
        expect("eth1" not in result.stdout, f"{name}: one network card is two:\n{result.stdout}")

    def uefi(self):
        """Firmware, with settings that nobody has changed yet."""
        settings = self.scratch / "settings"
        shutil.copy("/usr/share/OVMF/OVMF_VARS_4M.fd", settings)
        return ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd", "-drive", f"if=pflash,format=raw,file={settings}"]


def made_again(images):
    """The same parts make the same image."""
    for target in ("disk", "qcow2", "iso", "gcp"):
        first = images.build(target).read_bytes()
        time.sleep(2.1)  # the dates of FAT go by twos of seconds
        expect(images.build(target).read_bytes() == first, f"{target}: made again, it is another")


def disk_with_its_root(images):
    """The root stays on the disk that the machine was booted from."""
    disk = images.build("disk", "--root-in", "disk")
    images.boot("a disk, BIOS", "-machine", "q35", "-drive", f"file={disk},format=raw,if=virtio,readonly=on")
    images.boot("a disk, UEFI", "-machine", "q35", *images.uefi(), "-drive", f"file={disk},format=raw,if=virtio", network="e1000e")
    for name, *device in (("an NVMe disk", "nvme,serial=1"), ("q35's SATA", "ide-hd,bus=ide.0"), ("a SATA controller", "ich9-ahci,id=other", "ide-hd,bus=other.3"),
                          ("VMware's SCSI adapter", "pvscsi,id=scsi", "scsi-hd,bus=scsi.0"),
                          ("virtio's SCSI adapter", "virtio-scsi-pci,id=scsi", "scsi-hd,bus=scsi.0,scsi-id=1,lun=2")):
        devices = [word for one in device[:-1] for word in ("-device", one)]
        drive = ["-snapshot", "-drive", f"file={disk},format=raw,if=none,id=disk", *devices, "-device", f"{device[-1]},drive=disk"]
        images.boot(f"{name}, BIOS", "-machine", "q35", *drive, network="vmxnet3" if "VMware" in name else "virtio-net-pci")
    images.boot("an NVMe disk, UEFI", "-machine", "q35", *images.uefi(), "-drive", f"file={disk},format=raw,if=none,id=disk", "-device", "nvme,drive=disk,serial=1")


def compressed_disk(images):
    """The kernel needs no driver for the disk, as the root is in memory."""
    for target in ("qcow2", "digitalocean"):
        disk = images.build(target, "--root-in", "memory")
        expect(subprocess.run(["qemu-img", "check", "-q", disk]).returncode == 0, f"{target} is damaged")
    images.boot("an NVMe disk", "-machine", "q35", "-drive", f"file={disk},format=qcow2,if=none,id=disk", "-device", "nvme,drive=disk,serial=1")


def hyperv(images):
    """The disk of a machine of the first generation, under a BIOS, and of the second, under UEFI. Nothing here has the devices that these have."""
    disk = images.build("hyperv", "--root-in", "memory")
    described = json.loads(subprocess.run(["qemu-img", "info", "--output", "json", disk], check=True, capture_output=True, text=True).stdout)
    expect(described["format"] == "vhdx", f"hyperv: a disk of the format {described['format']}")
    expect(subprocess.run(["qemu-img", "check", "-q", disk]).returncode == 0, "hyperv: the disk is damaged")
    drive = f"file={disk},format=vhdx,if=none,id=disk"
    images.boot("hyperv, BIOS", "-machine", "pc", "-snapshot", "-drive", drive, "-device", "ide-hd,drive=disk", network=None)
    images.boot("hyperv, UEFI", "-machine", "q35", "-snapshot", *images.uefi(), "-drive", drive, "-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk")


def amazon(images):
    """No machine of ours has the cloud's network card; the disk is attached as there."""
    disk = images.build("aws", "--root-in", "disk")
    images.boot("Amazon's disk", "-machine", "q35", "-drive", f"file={disk},format=raw,if=none,id=disk", "-device", "nvme,drive=disk,serial=1", network=None)


def cd(images):
    """So much memory below 16 MiB is not left: GRUB puts the bundle right behind the kernel."""
    large = images.scratch / "large"
    large.write_bytes(b"ballast\n" * (30 << 17))
    image = images.build("iso", ballast=large)
    drive = f"file={image},media=cdrom,format=raw"
    images.boot("a CD, BIOS", "-machine", "q35", "-drive", drive, size=30 << 20)
    images.boot("a CD, UEFI", "-machine", "q35", *images.uefi(), "-drive", drive, size=30 << 20)


def appliances(images):
    space = {"ovf": "http://schemas.dmtf.org/ovf/envelope/1",
             "rasd": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"}
    # Of a tailored kernel's drivers that for this card is the only one.
    for target, subtype, card, options in (("virtualbox", "E1000", "e1000-82545em", ("--root-in", "disk")),
                                           ("vmware", "VmxNet3", "vmxnet3", ("--tailor", "--root-in", "disk"))):
        folder = images.scratch / target
        with tarfile.open(images.build(target, "--cpus", "2", *options)) as archive:
            expect(archive.getnames() == ["busybox.ovf", "busybox.mf", "busybox.vmdk"], f"{target} has {archive.getnames()}")
            archive.extractall(folder, filter="data")
        for line in (folder / "busybox.mf").read_text().splitlines():
            name, digits = line.removeprefix("SHA256(").split(") = ")
            expect(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digits, f"{target}: the checksum of {name} is another")
        description = ElementTree.parse(folder / "busybox.ovf")
        disk = folder / description.find(".//ovf:File", space).get(f"{{{space['ovf']}}}href")
        items = {item.find("rasd:ResourceType", space).text: item for item in description.iterfind(".//ovf:Item", space)}
        quantities = [items[kind].find("rasd:VirtualQuantity", space).text for kind in ("3", "4")]
        expect(quantities == ["2", "192"], f"{target}: processors and memory are {quantities}")
        expect(items["10"].find("rasd:ResourceSubType", space).text == subtype, f"{target}: another network card than {subtype}")
        controller = {"virtualbox": "AHCI", "vmware": "vmware.sata.ahci"}[target]
        expect(items["20"].find("rasd:ResourceSubType", space).text == controller, f"{target}: another disk controller than {controller}")
        images.boot(target, "-machine", "pc", "-snapshot", "-drive", f"file={disk},format=vmdk,if=none,id=disk", "-device", "ich9-ahci,id=sata", "-device",
                    "ide-hd,bus=sata.0,drive=disk", network=card)


def google_cloud(images):
    with tarfile.open(images.build("gcp"), "r:gz") as archive:
        entry = archive.getmember("disk.raw")
        expect(archive.getnames() == ["disk.raw"] and entry.size % (1 << 30) == 0, f"gcp has {archive.getnames()}, of {entry.size} bytes")
    subprocess.run(["tar", "-C", images.scratch, "-xzf", images.scratch / "gcp-image"], check=True)  # sparse, which tarfile would fill
    images.boot("gcp", "-machine", "q35", "-drive", f"file={images.scratch}/disk.raw,format=raw,if=none,id=disk", "-device", "virtio-scsi-pci", "-device",
                "scsi-hd,drive=disk")
    images.build("gcp", "--root-in", "disk")
    subprocess.run(["tar", "-C", images.scratch, "-xzf", images.scratch / "gcp-image"], check=True)
    for kind, *devices in (("NVMe", "nvme,drive=disk,serial=1"), ("SCSI", "virtio-scsi-pci", "scsi-hd,drive=disk,scsi-id=1")):
        images.boot(f"gcp, root on a disk, {kind}", "-machine", "q35", "-drive", f"file={images.scratch}/disk.raw,format=raw,if=none,id=disk,snapshot=on",
                    *(word for device in devices for word in ("-device", device)))


def container_disk(images):
    layout = images.scratch / "layout"
    with tarfile.open(images.build("kubevirt")) as archive:
        archive.extractall(layout, filter="data")
    blob = lambda digest: layout / "blobs" / digest.replace(":", "/")  # noqa: E731
    manifest = json.loads(blob(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]).read_text())
    settings = json.loads(blob(manifest["config"]["digest"]).read_text())
    expect((settings["architecture"], settings["os"]) == ("amd64", "linux"), f"kubevirt is for {settings}")
    with tarfile.open(blob(manifest["layers"][-1]["digest"])) as layer:
        entry = layer.getmember("disk/disk.qcow2")
        expect(entry.mode & 0o777 == 0o444, f"kubevirt: the disk's mode is {entry.mode:o}")
        layer.extract(entry, images.scratch, filter="data")
    images.boot("kubevirt", "-machine", "q35", "-snapshot", "-drive", f"file={images.scratch}/disk/disk.qcow2,format=qcow2,if=virtio")


def firecracker(images):
    """microvm has the same devices. Firecracker names them in the tables of ACPI and on the command line too. The configuration wants nothing added, for the
    root and for a volume."""
    for place in ("memory", "disk"):
        shutil.rmtree(images.scratch / "firecracker-image", ignore_errors=True)
        folder = images.build("firecracker", "--root-in", place, "-v", "LABEL=fire:/data:disk")
        volume = make_volume(folder / "fire.img", "fire")
        settings = json.loads((folder / "config.json").read_text())
        source, drives = settings["boot-source"], settings["drives"]
        expect(settings["machine-config"] == {"vcpu_count": 1, "mem_size_mib": 192}, f"firecracker: {settings}")
        devices = " ".join(f"virtio_mmio.device=512@{0xfeb00000 + 512 * slot:#x}:{16 + slot}" for slot in range(24))
        command = ["-machine", "microvm,pit=on,rtc=on,isa-serial=on", "-global", "virtio-mmio.force-legacy=false", "-kernel", folder / source["kernel_image_path"],
                   "-initrd", folder / source["initrd_path"], "-append", f"{devices} {source['boot_args']}"]
        for drive in drives:
            name, writes = drive["drive_id"], "off" if not drive["is_read_only"] else "on"
            command += ["-drive", f"if=none,id={name},format=raw,readonly={writes},file={folder}/{drive['path_on_host']}", "-device", f"virtio-blk-device,drive={name}"]
        expect(len(drives) == 1 + (place == "disk"), f"firecracker: the root in {place} has {drives}")
        images.boot(f"firecracker, root in {place}", *command, network="virtio-net-device")
        expect(read_volume(volume, "/seen") == "seen\n", f"firecracker: the volume holds {read_volume(volume, '/seen')!r}")


TOOLS_PATH = {"env": os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}}


def make_volume(file, label):
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-N", "128", "-L", label, file, "64M"], check=True, stdout=subprocess.DEVNULL, **TOOLS_PATH)
    return file


def read_volume(file, path):
    return subprocess.run(["debugfs", "-R", f"cat {path}", file], capture_output=True, text=True, **TOOLS_PATH).stdout


def volumes(images):
    """Found by their label or UUID, wherever they are; and not taken for the root, whatever a program has written where one could begin."""
    volume, other, empty = (images.scratch / name for name in ("volume", "other", "empty"))
    make_volume(volume, "data")
    empty.mkdir()
    subprocess.run(["mkfs.erofs", other, empty], check=True, capture_output=True, **TOOLS_PATH)
    with volume.open("r+b") as file:
        file.seek(1 << 20)
        file.write(other.read_bytes())
    for count, name in enumerate(("LABEL=data", volume), 1):
        disk = images.build("disk", "--root-in", "disk", "-v", f"{name}:/data:disk")
        images.boot(f"a volume by {name}", "-machine", "q35", "-drive", f"file={volume},format=raw,if=none,id=volume", "-device", "virtio-blk-pci,drive=volume,addr=4",
                    "-drive", f"file={disk},format=raw,if=none,id=disk,readonly=on", "-device", "virtio-blk-pci,drive=disk,addr=8,bootindex=1")
        checked = subprocess.run(["e2fsck", "-fn", volume], capture_output=True, text=True, **TOOLS_PATH)
        expect(checked.returncode == 0, f"a volume by {name} is not in order: {checked.stdout}")
        written = read_volume(volume, "/seen")
        expect(written == "seen\n" * count, f"a volume by {name} holds {written!r}")


def refusals(images):
    shared = subprocess.run([BUILD / "host/spore", "build", "-v", f"{images.scratch}:/data:shared", "/bin/busybox"], capture_output=True, text=True, timeout=60)
    expect(shared.returncode == 117 and "leave :shared away" in shared.stderr, f"a shared folder: {shared}")
    disk = subprocess.run([BUILD / "host/spore", "build", "--target", "iso", "--root-in", "disk", "/bin/busybox"], capture_output=True, text=True, timeout=60)
    expect(disk.returncode == 117 and "no driver for the disks" in disk.stderr, f"a root on a disk for a CD: {disk}")
    target = subprocess.run([BUILD / "host/spore", "build", "--target", "floppy", "/bin/busybox"], capture_output=True, text=True, timeout=60)
    expect(target.returncode == 125 and "spore build --help" in target.stderr, f"no such target: {target}")
    folder = images.scratch / "taken"
    folder.mkdir()
    (folder / "file").touch()
    taken = subprocess.run([BUILD / "host/spore", "build", "--target", "firecracker", "-o", folder, "/bin/busybox"], capture_output=True, text=True, timeout=60)
    expect(taken.returncode == 125 and "remove it" in taken.stderr and (folder / "file").exists(), f"a folder that is not empty: {taken}")


def main():
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/bin")}
    missing |= {package for file, package in FILES.items() if not pathlib.Path(file).exists()}
    if missing:
        print(f"skipped: needs {' '.join(sorted(missing))}")
        return 77
    problems = []
    for check in (made_again, disk_with_its_root, compressed_disk, hyperv, amazon, cd, appliances, google_cloud, container_disk, firecracker, volumes, refusals):
        with tempfile.TemporaryDirectory(prefix="spore-images-") as scratch:
            try:
                check(Images(pathlib.Path(scratch)))
            except (Failed, subprocess.SubprocessError) as problem:
                problems.append(f"{check.__name__}: {problem}")
    print("\n".join(problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
