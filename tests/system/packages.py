"""Programs from Debian packages that this machine need not have: downloaded and unpacked, never installed, since installing a server starts it."""
import fcntl
import pathlib
import re
import shutil
import subprocess

# By what makes a program run, out of all that apt would install with it: libraries, and what a name here stands for.
COMPANIONS = {"postgresql-15": ("postgresql-client-15",), "php8.2-cli": ("php8.2-common", "tzdata"), "nginx-light": ("nginx", "nginx-common"), "redis-server": ("redis-tools",)}


class Missing(Exception):
    """The packages cannot be had; the message says why."""


def needed_packages(package):
    listed = subprocess.run(["apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
                             "--no-enhances", package], capture_output=True, text=True, timeout=120).stdout
    names = sorted(set(re.findall(r"^[a-z0-9][a-z0-9.+-]*$", listed, re.M)))
    if package not in names:
        raise Missing(f"apt knows no package {package}: apt-get update")
    return [name for name in names if name == package or name.startswith(("lib", "lua", "zlib")) or name in COMPANIONS.get(package, ())]


def unpack(package, cache):
    """The folder with `package` and what it needs, in `cache`."""
    folder = pathlib.Path(cache, package)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of the cases that want it unpacks it
        if not folder.exists():
            partial = pathlib.Path(f"{folder}.new")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            names = needed_packages(package)
            if subprocess.run(["apt-get", "download", "-q", *names], cwd=partial, capture_output=True, timeout=600).returncode:
                raise Missing(f"the packages of {package} cannot be downloaded: {' '.join(names)}")
            for archive in partial.glob("*.deb"):
                subprocess.run(["dpkg", "-x", archive, partial], check=True)
                archive.unlink()
            partial.rename(folder)
    return folder
