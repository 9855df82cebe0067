"""Containers below Podman, as machines (spore-oci) and as the processes that runc makes of them: the same image, storage and engine, in turns."""
import os
import shutil
import tempfile
from pathlib import Path

from . import tools

LARGE = Path("/usr/lib/python3")  # twice that is as many files as Debian's slim image has
# Looking at each file of an image, to know whether it has been seen, is what a machine's container takes longer.
GOALS = {"small": 1.5, "large": 2.0}


class Podman:
    def __init__(self, folder):
        self.words = [tools.find_tool("podman", "podman"), "--root", folder / "store", "--runroot", folder / "runroot", "--tmpdir", folder / "tmp", "--cgroup-manager", "cgroupfs",
                      "--events-backend", "file", "--storage-driver", "overlay"]

    def __call__(self, *words, timeout=120):
        done = tools.run([*self.words, *words], timeout)
        if done.status != 0:
            raise tools.Missing(f"podman {words[0]} failed: {done.errors.strip()[-300:]}")
        return done

    def image(self, name, folder):
        archive = folder.parent / f"{name}.tar"
        tools.run(["tar", "-C", folder, "-cf", archive, "."], 120)
        self("import", "-q", archive, name)


def measure(report, podman, image, runs):
    # Without network and with modest limits: a runtime that may not raise them can make the container as well.
    options = ["run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", image, "/bin/busybox", "true"]
    runtimes = {"spore": tools.spore().with_name("spore-oci"), "runc": tools.find_tool("runc", "runc")}
    seconds = {name: [] for name in runtimes}
    for attempt in range(runs + 1):
        for name, runtime in runtimes.items():
            done = podman("--runtime", runtime, *options)
            if attempt:  # at first the root's image is made
                seconds[name].append(done.seconds)
            elif name == "spore":
                first = done.seconds
    report.add("engine", f"podman run, {image} image, the first time", first, "s")
    report.add("engine", f"podman run, {image} image", tools.median(seconds["spore"]), "s", tools.median(seconds["runc"]), "runc", GOALS[image], "ratio")


def engine(report, runs):
    busybox = tools.need("/bin/busybox", "busybox-static")
    if os.geteuid() != 0:
        raise tools.Missing("containers with an overlay of their own are root's: run it as root")
    with tempfile.TemporaryDirectory(prefix="spore-bench-") as name:
        folder = Path(name)
        for image in ("small", "large"):
            (folder / image / "bin").mkdir(parents=True)
            shutil.copy(busybox, folder / image / "bin/busybox")
        for number in range(2):
            shutil.copytree(LARGE, folder / f"large/usr/{number}", symlinks=True)
        os.environ["HOME"] = name
        podman = Podman(folder)
        try:
            for image in ("small", "large"):
                podman.image(image, folder / image)
                measure(report, podman, image, runs)
        finally:
            tools.run([*podman.words, "rm", "-f", "-a", "-t", "0"], 60)
            tools.run([*podman.words, "rmi", "-f", "-a"], 60)
            tools.run(["umount", "-q", folder / "store/overlay"], 60)
