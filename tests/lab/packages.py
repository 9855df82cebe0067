"""Debian packages, downloaded and unpacked into a cache outside the source tree: nothing of them is installed."""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from system import arm64


class Unavailable(Exception):
    """The lab cannot be set up here; the text says why, and what would help."""


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(home, "spore-lab")


def apt(program, architecture, *words, **how):
    """One of apt's programs for that CPU; for another than this machine's with a configuration of its own."""
    if not shutil.which(program):
        raise Unavailable(f"its Linux is unpacked from Debian packages, and there is no {program} here")
    options = arm64.apt() if architecture == "arm64" else []
    return subprocess.run([program, *options, *words], capture_output=True, text=True, **how)


def kernel_package(architecture):
    """The package that linux-image-amd64 or linux-image-arm64 stands for now, and its version."""
    def told(*words):
        result = apt("apt-cache", architecture, *words, timeout=60)
        return result.stdout if result.returncode == 0 else ""

    found = re.search(r"Depends: (linux-image-\S+)", told("depends", f"linux-image-{architecture}"))
    name = found and found[1]
    version = name and re.search(r"^Version: (\S+)", told("show", "--no-all-versions", name), re.MULTILINE)
    return (name, version[1]) if version else None


def unpacked_kernel(architecture):
    """The folder with the newest kernel's files; one that was unpacked before when apt knows none."""
    package = kernel_package(architecture)
    if not package:
        before = sorted(cache().glob(f"linux-image-*-{architecture}_*"), key=lambda folder: folder.stat().st_mtime)
        if not before:
            raise Unavailable(f"apt knows no linux-image-{architecture}: run apt-get update, on Debian 12 for x86-64")
        return before[-1]
    name, version = package
    folder = cache() / f"{name}_{version.replace(':', '%3a')}"
    if not folder.exists():
        download(f"{name}={version}", architecture, folder)
    return folder


def download(package, architecture, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        result = apt("apt-get", architecture, "download", "-q", package, cwd=scratch, timeout=600)
        archives = list(pathlib.Path(scratch).glob("*.deb"))
        if result.returncode or not archives:
            raise Unavailable(f"apt-get download {package} failed: {result.stderr.strip()[-500:]}")
        partial = pathlib.Path(scratch, "files")
        subprocess.run(["dpkg-deb", "-x", archives[0], partial], check=True, timeout=300)
        partial.rename(folder)


# The hypervisor, its tools, and the libraries that only they use.
XEN = ("xen-hypervisor-4.17-amd64", "xen-utils-4.17", "xen-utils-common", "xenstore-utils", "libxenmisc4.17", "libxenstore4", "libxencall1", "libxendevicemodel1",
       "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1", "libxentoollog1", "libxentoolcore1", "libyajl2")


def unpacked_xen():
    """The folder with Debian 12's Xen, laid out as a system; and the hypervisor itself, not compressed, as QEMU starts it."""
    folder = cache() / XEN[0]
    if folder.exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        partial = pathlib.Path(scratch, "files")
        for name in XEN:
            download(name, "amd64", pathlib.Path(scratch, name))
            subprocess.run(["cp", "-a", f"{scratch}/{name}/.", partial], check=True, timeout=120)
        image = next((partial / "boot").glob("xen-*.gz"))
        (partial / "boot/xen").write_bytes(gzip.decompress(image.read_bytes()))
        partial.rename(folder)
    return folder
