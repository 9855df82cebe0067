"""The emulated machines whose processors virtualise, and what belongs to each: its kernel, and the root that Linux gives the tool or the toolstack."""
import dataclasses
import lzma
import pathlib
import shutil
import struct

from lab import packages, tool
from system import arm64
from system import case as system_case


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    guests: tuple          # the tool's machines that run in it
    architecture: str      # as Debian says it
    hardware: tuple        # QEMU's program and options
    parameters: str        # Linux's
    modules: tuple = ("9p", "9pnet_virtio", "virtio_pci", "overlay")
    hypervisor: str = ""   # Xen's parameters, where Linux runs on that: as its first domain


@dataclasses.dataclass
class Root:
    """What the machine's Linux runs on: layers, and what stands elsewhere than here. `busybox` is for its CPU."""
    busybox: pathlib.Path
    layers: list
    binds: dict = dataclasses.field(default_factory=dict)  # the path inside → this machine's


def guests_of(gic):
    return tuple(name for name in (*system_case.ARM64_MACHINES, *system_case.UEFI_MACHINES) if str(gic) in name)


ARM64 = {"architecture": "arm64", "parameters": "console=ttyAMA0 kvm-arm.mode=nvhe"}
MACHINES = (
    Machine("x86-64", ("microvm", "q35", "pc"), "amd64", ("qemu-system-x86_64", "-machine", "q35", "-cpu", "max,+svm"),
            "console=ttyS0 no_timer_check tsc=reliable", (*Machine.modules, "kvm-amd")),
    # Supervisor mode access prevention, as QEMU 7.2 emulates it, ends a paravirtual Linux on Xen.
    Machine("xen", ("xen",), "amd64", ("qemu-system-x86_64", "-machine", "q35", "-cpu", "max,+svm,-smap"), "console=hvc0",
            (*Machine.modules, "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xen-netback", "xen-blkback", "bridge", "loop"),
            "console=com1 com1=115200,8n1 dom0_mem=1536M no-real-mode"),
    # KVM shows guests the GIC that the machine has. Linux stays at EL1, with a part of KVM alone at EL2: with all of it there (VHE) a
    # machine takes minutes to start, emulated by QEMU 7.2. One processor has signed pointers, the other is of ARMv8.0.
    Machine("arm64-gic3", guests_of(3), hardware=("qemu-system-aarch64", "-machine", "virt,virtualization=on,gic-version=3", "-cpu", "max,pauth-impdef=on,sve=off,sme=off"), **ARM64),
    Machine("arm64-gic2", guests_of(2), hardware=("qemu-system-aarch64", "-machine", "virt,virtualization=on,gic-version=2", "-cpu", "cortex-a72"), **ARM64),
)


def kernel(machine):
    """The folder with its package's files, and the image that QEMU starts."""
    folder = packages.unpacked_kernel(machine.architecture)
    return folder, vmlinux(folder) if machine.architecture == "amd64" else next((folder / "boot").glob("vmlinuz-*"))


def vmlinux(folder):
    """The kernel itself out of its compressed image [linux Documentation/arch/x86/boot.rst: payload_offset], kept beside it."""
    plain = folder / "vmlinux"
    if plain.exists():
        return plain
    image = next((folder / "boot").glob("vmlinuz-*")).read_bytes()
    setup_sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    try:
        content = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(image[start:start + length])
    except lzma.LZMAError as error:
        raise packages.Unavailable(f"the kernel in {folder} is not packed with xz: {error}") from error
    partial = plain.with_suffix(".new")
    partial.write_bytes(content)
    partial.rename(plain)
    return plain


def root(machine, build):
    """This machine's own root, with its QEMU, for its own CPU; for another Debian's packages for that, and the tool built for it in the
    place of this machine's."""
    if not shutil.which(machine.hardware[0]):
        raise packages.Unavailable(f"it needs {machine.hardware[0]}")
    if machine.hypervisor:
        xen = packages.unpacked_xen()  # where its tools look for each other; the rest is in /opt/xen
        places = [xen / part for part in ("usr/lib/xen-4.17", "usr/lib/xen-common", "etc/xen")]
        return Root(pathlib.Path("/bin/busybox"), [pathlib.Path("/")], {pathlib.Path("/opt/xen"): xen, **{"/" / place.relative_to(xen): place for place in places}})
    if machine.architecture == "amd64":
        return Root(pathlib.Path("/bin/busybox"), [pathlib.Path("/")])
    system = arm64.sysroot()
    here = [system_case.HERE.parent.parent, build, arm64.cache()]
    return Root(system / "bin/busybox", [arm64.unpack("qemu", tool.RUN_BY, tool.COMPANIONS), system],
                {**{path: path for path in here}, build / "host/spore": tool.build_for_arm64(build)})
