"""Debian packages, downloaded and unpacked into a cache outside the source tree: nothing of them is installed."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile


class Unavailable(Exception):
    """The lab cannot be set up here; the text says why, and what would help."""


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(home, "spore-lab")


def apt(*words):
    if not shutil.which("apt-get"):
        raise Unavailable("its Linux is unpacked from Debian packages, and there is no apt-get here")
    result = subprocess.run(["apt-cache", *words], capture_output=True, text=True, timeout=60)
    return result.stdout if result.returncode == 0 else ""


def kernel_package():
    """The package that linux-image-amd64 stands for now, and its version."""
    found = re.search(r"Depends: (linux-image-\S+)", apt("depends", "linux-image-amd64"))
    name = found and found[1]
    version = name and re.search(r"^Version: (\S+)", apt("show", "--no-all-versions", name), re.MULTILINE)
    return (name, version[1]) if version else None


def unpacked_kernel():
    """The folder with the newest kernel's files; one that was unpacked before when apt knows none."""
    package = kernel_package()
    if not package:
        before = sorted(cache().glob("linux-image-*"), key=lambda folder: folder.stat().st_mtime)
        if not before:
            raise Unavailable("apt knows no linux-image-amd64: run apt-get update, on Debian 12 for x86-64")
        return before[-1]
    name, version = package
    folder = cache() / f"{name}_{version.replace(':', '%3a')}"
    if not folder.exists():
        download(f"{name}={version}", folder)
    return folder


def download(package, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        result = subprocess.run(["apt-get", "download", "-q", package], cwd=scratch, capture_output=True, text=True, timeout=600)
        archives = list(pathlib.Path(scratch).glob("*.deb"))
        if result.returncode or not archives:
            raise Unavailable(f"apt-get download {package} failed: {result.stderr.strip()[-500:]}")
        partial = pathlib.Path(scratch, "files")
        subprocess.run(["dpkg-deb", "-x", archives[0], partial], check=True, timeout=300)
        partial.rename(folder)
