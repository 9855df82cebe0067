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


# In every tree: what a system begins with, a shell and its tools, a client.
FIRST = ("base-files", "base-passwd", "libc-bin", "dash", "bash", "coreutils", "grep", "sed", "curl", "netbase", "procps")
# Of no use to programs.
UNREAD = ("doc", "doc-base", "info", "lintian", "locale", "man")


def dependencies(*packages, apt=()):
    """All that they need. `apt`: options for apt, if it is not to look for this machine's CPU."""
    listed = subprocess.run(["apt-cache", *apt, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
                             "--no-enhances", *packages], capture_output=True, text=True, timeout=120).stdout
    names = sorted(set(re.findall(r"^([a-z0-9][a-z0-9.+-]*)(?::\w+)?$", listed, re.M)))
    if unknown := [package for package in packages if package not in names]:
        raise Missing(f"apt knows no package {' '.join(unknown)}: apt-get update")
    return names


def needed_packages(package):
    return [name for name in dependencies(package) if name == package or name.startswith(("lib", "lua", "zlib")) or name in COMPANIONS.get(package, ())]


def made_once(folder, make):
    """`folder`, which make(path) makes under another name if it is not there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of the cases that want it makes it
        if not folder.exists():
            partial = pathlib.Path(f"{folder}.new")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder


def download(names, folder, apt=()):
    """The archives, in `folder`: each is to be removed."""
    got = subprocess.run(["apt-get", *apt, "download", "-q", *names], cwd=folder, capture_output=True, text=True, timeout=900)
    if got.returncode:
        raise Missing(f"packages cannot be downloaded: {got.stderr.strip()[-300:]}")
    return sorted(folder.glob("*.deb"))


def unpack(package, cache):
    """The folder with `package` and what it needs to run, in `cache`."""
    def make(folder):
        for archive in download(needed_packages(package), folder):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
            archive.unlink()
    return made_once(pathlib.Path(cache, package), make)


def tree(names, cache, apt=()):
    """A folder for `--root` with the packages `names` and all that they depend on, in `cache`. What their scripts do when they are installed is not done."""
    def make(folder):
        for part in ("bin", "sbin", "lib", "lib64"):  # Debian's layout: one /usr, with links to it
            (folder / "usr" / part).mkdir(parents=True)
            (folder / part).symlink_to(f"usr/{part}")
        left_out = " ".join(f"--exclude=./usr/share/{name}/*" for name in UNREAD)
        for archive in download(dependencies(*FIRST, *names, apt=apt), folder, apt):
            subprocess.run(["sh", "-euc", f'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink {left_out}', "sh", archive.name], cwd=folder, check=True, timeout=120)
            archive.unlink()
        for name in ("passwd", "group"):
            shutil.copy(folder / f"usr/share/base-passwd/{name}.master", folder / "etc" / name)
        (folder / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    return made_once(pathlib.Path(cache, "tree-" + "+".join(names)), make)
