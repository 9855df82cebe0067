"""Real servers from Debian in a guest, Spore or Linux, on a TAP in a network namespace of its own; both guests get the same files.

The packages are downloaded and unpacked, never installed: installing them would start services on this machine.
"""
import contextlib
import gzip
import itertools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import counting, linux_guest, tools

sys.path.insert(0, str(tools.SOURCE / "tests"))
from system import arm64, packages  # noqa: E402

HOST, GUEST, LENGTH = "10.77.0.1", "10.77.0.2", 24
PROGRAMS = {"nginx-light": "/usr/sbin/nginx", "redis-server": "/usr/bin/redis-server"}  # by package
BIG_FILE_BYTES = 100 << 20

NGINX = """daemon off; worker_processes 1; error_log stderr crit; pid /run/nginx.pid; worker_rlimit_nofile 20000;
events { worker_connections 12000; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 3600; sendfile SENDFILE default_type text/html;
 server { listen 80; root /www; location / { index index.html; } } }
"""
REDIS = "port 6379\nprotected-mode no\nsave \"\"\nappendonly no\ndaemonize no\n"

INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t devtmpfs dev /dev; $B mount -t sysfs sys /sys
for m in MODULES; do $B insmod /modules/$m.ko; done
$B ifconfig lo 127.0.0.1 up; $B ifconfig eth0 GUEST netmask 255.255.255.0 up
echo 1 > /proc/sys/vm/overcommit_memory; echo 1024 > /proc/sys/net/core/somaxconn
ulimit -n 20000
exec COMMAND
"""


def unpacked(package):
    try:
        return packages.unpack(package, tools.BUILD / "packages")
    except packages.Missing as missing:
        raise tools.Missing(str(missing))


def add_programs_arm64(root):
    """All libraries of the packages: nothing here can ask the programs which they need."""
    for package, program in PROGRAMS.items():
        source = arm64.package(package)
        shutil.copy((source / program.lstrip("/")).resolve(), root / program.lstrip("/"))
        for folder in ("lib", "usr/lib"):
            for library in (source / folder / arm64.TRIPLET).glob("*.so*"):
                shutil.copy(library, root / "lib" / arm64.TRIPLET / library.name)
    shutil.copy(root / "lib" / arm64.TRIPLET / "ld-linux-aarch64.so.1", root / "lib/")


def add_programs(root):
    for package, program in PROGRAMS.items():
        source = unpacked(package)
        libraries = source / "usr/lib/x86_64-linux-gnu"
        binary = (source / program.lstrip("/")).resolve()
        shutil.copy(binary, root / program.lstrip("/"))
        found = tools.run(["ldd", binary], environment={"LD_LIBRARY_PATH": f"{libraries}:{source}/lib/x86_64-linux-gnu"}).output
        for library in re.findall(r"=> (/\S+)", found):
            shutil.copy(library, root / "lib/x86_64-linux-gnu" / Path(library).name)
    shutil.copy("/lib64/ld-linux-x86-64.so.2", root / "lib64/")


def server_root(architecture="x86_64"):
    """A root file system with both servers, their libraries, configurations and pages."""
    root = tools.WORK / ("server-root" if architecture == "x86_64" else f"server-root-{architecture}")
    done = root / "etc/redis.conf"
    if done.exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    libraries = ("lib64", "lib/x86_64-linux-gnu") if architecture == "x86_64" else (f"lib/{arm64.TRIPLET}",)
    for folder in ("etc", "www", "run", "tmp", "var/log/nginx", "var/lib/nginx", "usr/sbin", "usr/bin", *libraries):
        (root / folder).mkdir(parents=True, exist_ok=True)
    add_programs(root) if architecture == "x86_64" else add_programs_arm64(root)
    (root / "www/index.html").write_bytes(b"x" * 612)
    with open(root / "www/big", "wb") as big:
        for _ in range(BIG_FILE_BYTES >> 20):
            big.write(os.urandom(1 << 20))
    for name, sendfile in (("nginx", "off;"), ("nginx-sendfile", "on; tcp_nopush on;")):
        (root / f"etc/{name}.conf").write_text(NGINX.replace("SENDFILE", sendfile))
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\nwww-data:x:33:\n")
    done.write_text(REDIS)
    return root


class Network:
    """A network namespace with a TAP for the guest; everything in it ends with it."""

    numbers = itertools.count(1)

    def __init__(self):
        self.name = f"spore-bench-{os.getpid()}-{next(self.numbers)}"

    def __enter__(self):
        if os.geteuid() != 0:
            raise tools.Missing("network benchmarks make a network namespace and a TAP: run them as root")
        tools.find_tool("ip", "iproute2")
        # The client waits in TIME_WAIT, and looking for a port among thousands of those would be what is measured.
        ports = "cd /proc/sys/net/ipv4; echo 1 > tcp_tw_reuse; echo 1024 65535 > ip_local_port_range"
        for command in (["ip", "netns", "add", self.name], self.inside(["ip", "link", "set", "lo", "up"]), self.inside(["sh", "-ec", ports]),
                        self.inside(["ip", "tuntap", "add", "tap0", "mode", "tap"]),
                        self.inside(["ip", "address", "add", f"{HOST}/{LENGTH}", "dev", "tap0"]), self.inside(["ip", "link", "set", "tap0", "up"])):
            ended = tools.run(command)
            if ended.status:
                self.__exit__()
                raise tools.Missing(f"`{shlex.join(command)}` failed: {ended.errors.strip()}")
        return self

    def __exit__(self, *_):
        tools.run(["ip", "netns", "delete", self.name])

    def inside(self, command):
        return ["ip", "netns", "exec", self.name, *[str(word) for word in command]]


def command_of(server, configuration):
    return {"nginx": [PROGRAMS["nginx-light"], "-c", f"/etc/{configuration or 'nginx'}.conf"], "redis": [PROGRAMS["redis-server"], "/etc/redis.conf"]}[server]


def port_of(server):
    return {"nginx": 80, "redis": 6379}[server]


def spore_command(words, architecture):
    machine = ["--machine", "q35"] if architecture == "x86_64" else []
    return tools.spore_run(*machine, "-m", "512M", "--network", "tap=tap0", "--ip", f"{GUEST}/{LENGTH}", "--root", server_root(architecture), *words,
                           architecture=architecture)


def linuxu_command(words):
    return tools.on_linuxu(["-m", "512M", "--network", "tap=tap0", "--ip", f"{GUEST}/{LENGTH}", "--root", server_root(), *words])


def native_command(words, network):
    """The same files as a process of this Linux, at the same address."""
    tools.run(network.inside(["ip", "address", "add", f"{GUEST}/32", "dev", "lo"]))
    return ["chroot", server_root(), *words]


def linux_command(words, architecture):
    modules = linux_guest.network_modules(architecture)
    image = tools.WORK / f"server-initramfs-{architecture}"
    busybox = tools.need("/bin/busybox", "busybox-static") if architecture == "x86_64" else arm64.sysroot() / "bin/busybox"
    init = INIT.replace("MODULES", " ".join(module.stem for module in modules)).replace("GUEST", GUEST).replace("COMMAND", " ".join(words))
    tree = linux_guest.tree(server_root(architecture), {"init": init.encode(), "bin/busybox": busybox.read_bytes(),
                                            **{f"modules/{module.name}": module.read_bytes() for module in modules}})
    image.write_bytes(gzip.compress(tree, 1))
    if architecture == "arm64":
        return [counting.qemu("arm64"), *linux_guest.VIRT, "-m", "1G", "-kernel", linux_guest.kernel_image_arm64(), "-initrd", image, "-serial", "null",
                "-global", "virtio-mmio.force-legacy=false", "-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no,vhost=off",
                "-device", "virtio-net-device,netdev=net", "-append", "console=ttyAMA0 quiet panic=-1"]
    return [counting.qemu(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", "tcg", "-cpu", "max",
            "-m", "1G", "-smp", "1,maxcpus=2", "-kernel", linux_guest.kernel_image(), "-initrd", image, "-serial", "null",
            "-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no,vhost=off", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-append", "console=ttyS0 quiet panic=-1"]


class Guest:
    """A running server; `counts()` are the plugin's counters now, when it counts."""

    def __init__(self, process, counters):
        self.process, self.counters = process, counters

    def counts(self):
        return counting.Counts(self.counters).total if self.counters else None

    def signal(self, number):
        """Sends a signal to all that the guest consists of: the tool and its QEMU have a session of their own."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if os.getsid(int(entry.name)) == self.process.pid:
                        os.kill(int(entry.name), number)


def answers(network, port):
    """Whether something accepts on the guest's port."""
    probe = f"import socket; socket.create_connection(('{GUEST}', {port}), 1).close()"
    return subprocess.run(network.inside(["/usr/bin/python3", "-c", probe]), stderr=subprocess.DEVNULL).returncode == 0


@contextlib.contextmanager
def running(kind, server, configuration=None, counted=False, architecture="x86_64"):
    """The server in a guest of this kind ("Spore", "Linux", "linuxu" or "native"): (Network, Guest)."""
    words = command_of(server, configuration)
    with Network() as network:
        counters = tools.WORK / f"counts-{network.name}.bin" if counted else None
        options = counting.plugin_options(counters, mmio=True) if counted else []
        environment, wrapper = dict(os.environ), None
        if kind == "Spore":
            command = spore_command(words, architecture)
            if counted:
                path, wrapper = counting.wrapper_path(options, architecture)
                environment |= path
        elif kind == "linuxu":
            command = linuxu_command(words)
        elif kind == "native":
            command = native_command(words, network)
        else:
            command = [*linux_command(words, architecture), *options]
        log = open(tools.WORK / f"{kind}-{architecture}-{server}.log", "wb")
        process = subprocess.Popen(network.inside(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            deadline = time.monotonic() + (120 if kind == "Linux" or counted else 30)
            while not answers(network, port_of(server)):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = Path(log.name).read_text(errors="replace").strip()[-300:]
                    raise tools.Missing(f"{server} in the {kind} guest does not answer (status {process.poll()}): {said}")
                time.sleep(0.2)
            yield network, Guest(process, counters)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            log.close()
            if wrapper:
                shutil.rmtree(wrapper)
            if counters:
                counters.unlink(missing_ok=True)


@contextlib.contextmanager
def side_by_side(kinds, server, configuration=None, architecture="x86_64"):
    """The server in a guest of each kind at once, to be measured in turns: what else the machine does slows both. {kind: (Network, Guest)}"""
    with contextlib.ExitStack() as guests:
        yield {kind: guests.enter_context(running(kind, server, configuration, architecture=architecture)) for kind in kinds}


@contextlib.contextmanager
def stopped(guests):
    """These guests do not run meanwhile: one that idles takes time of the one that is measured, Linux with its ticks more than Spore."""
    for guest in guests:
        guest.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for guest in guests:
            guest.signal(signal.SIGCONT)
