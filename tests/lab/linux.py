"""Linux as an emulated machine whose processor virtualises: its /dev/kvm is the real one, one level down.

The machine's root is layers of this machine's files (machines.py), read-only over 9p with one in memory above them. One folder is shared writably, under the same path on both sides: what is to be run, and what came out.
"""
import pathlib
import re
import subprocess
import time

from lab import machines, packages

MEMORY = "3G"
PATIENCE = 180  # seconds without a sign of life; it needs 4 to 10 to start where nothing else runs, and a minute or more on a busy machine

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host /layer /root
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in $(cat /modules); do insmod /lib/$module || echo "lab: no $module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 host /host
mount -t tmpfs layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=$(cat /layers),upperdir=/layer/upper,workdir=/layer/work root /root
mkdir -p /root/proc /root/sys /root/dev /root/run /root/tmp
while read from to; do
    [ -d /host$from ] && mkdir -p /root$to
    mount --bind /host$from /root$to
done < /binds
work=$(cat /work)
mkdir -p /root$work
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts -o ptmxmode=666 pts /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t tmpfs run /root/run
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 share /root$work
(while date > /root$work/alive; do sleep 1; done) &
HOME=$(cat /home) chroot /root /bin/sh $work/script || echo "lab: the script did not run"
poweroff -f
"""


def module_files(folder, wanted):
    """The modules with those that they need, in an order in which they can be loaded."""
    by_name = {path.stem.replace("-", "_"): path for path in (folder / "lib/modules").glob("*/kernel/**/*.ko")}
    ordered = []

    def add(name):
        path = by_name.get(name.replace("-", "_"))
        if path is None or path in ordered:  # not there: built in
            return
        needs = re.search(rb"\0depends=([^\0]*)", path.read_bytes())
        for need in (needs[1].decode().split(",") if needs else []):
            if need:
                add(need)
        ordered.append(path)

    for module in wanted:
        add(module)
    return ordered


def archive(files):
    """A cpio archive as the kernel takes it [linux Documentation/driver-api/early-userspace/buffer-format.rst]."""
    out = bytearray()
    for number, (name, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))], 1):
        text = name.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(text), 0]
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + text
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return bytes(out)


def initial_files(folder, machine, root, work):
    program, text, directory = 0o100755, 0o100644, 0o040755
    modules = module_files(folder, machine.modules)
    return {
        "bin": (directory, b""), "lib": (directory, b""), "init": (program, INIT.encode()),
        "bin/busybox": (program, root.busybox.read_bytes()),
        "work": (text, str(work).encode()), "home": (text, str(pathlib.Path.home()).encode()),
        "layers": (text, ":".join(f"/host{layer}" for layer in root.layers).encode()),
        "binds": (text, "".join(f"{source} {target}\n" for target, source in root.binds.items()).encode()),
        "modules": (text, "\n".join(path.name for path in modules).encode()),
        **{f"lib/{path.name}": (text, path.read_bytes()) for path in modules},
    }


def boot_options(machine, kernel, initramfs):
    parameters = f"quiet panic=-1 {machine.parameters}"
    if machine.hypervisor:  # which takes them as modules of Multiboot: Linux with its parameters comes first
        xen = packages.unpacked_xen() / "boot/xen"
        return ["-kernel", str(xen), "-initrd", f"{kernel} {parameters},{initramfs}", "-append", machine.hypervisor]
    return ["-kernel", str(kernel), "-initrd", str(initramfs), "-append", parameters]


def run(machine, build, work):
    """Boots it to run `work`/script, and returns what its console said when it has ended, by itself or because it was found dead: emulated
    virtualisation has bugs of its own, and what hangs then is this machine with all that is in it."""
    root = machines.root(machine, build)
    folder, kernel = machines.kernel(machine)
    initramfs, console = work / "initramfs", work / "console"
    initramfs.write_bytes(archive(initial_files(folder, machine, root, work)))

    def share(name, path, more=""):
        return ["-virtfs", f"local,path={path},mount_tag={name},security_model=none,multidevs=remap{more}"]

    command = ["setpriv", "--pdeathsig", "KILL", *machine.hardware, "-accel", "tcg,thread=multi", "-smp", "2", "-m", MEMORY,
               "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{console}",
               *boot_options(machine, kernel, initramfs),
               *share("host", "/", ",readonly=on"), *share("share", work)]
    errors = work / "errors"
    with errors.open("w") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as emulator:
        try:
            watch(emulator, work / "alive")
        finally:
            emulator.kill()
    return "".join(file.read_text(errors="replace") for file in (console, errors) if file.exists())


def watch(machine, alive):
    """Waits for the machine's end, for as long as it gives signs of life."""
    since = time.time()
    while machine.poll() is None and time.time() - since < PATIENCE:
        time.sleep(0.1)
        if alive.exists():
            since = max(since, alive.stat().st_mtime)
