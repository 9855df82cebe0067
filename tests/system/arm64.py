"""What system tests need to run on arm64: Debian's arm64 packages, unpacked into a folder laid out like a system (for `--sysroot`), and our programs
compiled against it.

apt gets a configuration of its own, so that nothing of this machine's changes; all is kept outside the source tree and used again.
"""
import fcntl
import functools
import os
import pathlib
import shutil
import subprocess

from system import packages

TRIPLET = "aarch64-linux-gnu"
FIRMWARE = pathlib.Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
# What programs are compiled against, and the programs of the cases.
WANTED = ("libc6", "libc6-dev", "linux-libc-dev", "libgcc-s1", "libgcc-12-dev", "libstdc++6", "libstdc++-12-dev", "musl", "musl-dev", "busybox-static", "bash",
          "dash", "coreutils", "diffutils", "sqlite3", "python3-minimal", "python3.11-minimal", "libpython3.11-stdlib", "perl-base", "perl", "curl", "iperf3", "util-linux")
# Packages that do not begin with lib but are needed by those above.
COMPANIONS = ("zlib1g", "perl-modules-5.36", "media-types", "python3", "python3.11")


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(home, "spore-arm64")


@functools.cache
def apt():
    """Options of apt for arm64 alone, with lists that are fetched once."""
    folder = cache() / "apt"
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    settings = {"APT::Architecture": "arm64", "APT::Architectures": "arm64", "Dir::State::status": folder / "status", "Dir::State::lists": folder / "lists",
                "Dir::Cache": folder, "Dir::Cache::archives": folder / "archives", "APT::Sandbox::User": "root"}
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    with locked(folder / "lock"):
        if not any((folder / "lists").glob("*_Packages*")):
            fetched = subprocess.run(["apt-get", *options, "-q", "update"], capture_output=True, text=True, timeout=600)
            if fetched.returncode:
                raise packages.Missing(f"apt cannot fetch the lists for arm64: {fetched.stderr.strip()[-300:]}")
    return options


class locked:
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def lacks(folder, names):
    """Those that were not unpacked there: each package has a folder of this name [Debian policy 12.5]."""
    return sorted(name for name in names if not (folder / "usr/share/doc" / name).exists())


def unpack(name, wanted, extra=()):
    """The folder with these packages and the libraries that they need. What is there already stays."""
    folder = cache() / name
    cache().mkdir(parents=True, exist_ok=True)
    with locked(f"{folder}.lock"):
        if lacking := lacks(folder, wanted):
            partial, old = pathlib.Path(f"{folder}.new"), pathlib.Path(f"{folder}.old")
            for leftover in (partial, old):
                shutil.rmtree(leftover, ignore_errors=True)
            if folder.exists():
                subprocess.run(["cp", "-al", folder, partial], check=True, timeout=120)
            for part in ("bin", "sbin", "lib"):  # Debian's layout: one /usr, with links to it
                (partial / "usr" / part).mkdir(parents=True, exist_ok=True)
                if not (partial / part).is_symlink():
                    (partial / part).symlink_to(f"usr/{part}")
            names = lacks(partial, (one for one in packages.dependencies(*lacking, apt=apt()) if one in wanted or one in extra or one.startswith(("lib", "lua", "zlib"))))
            for archive in packages.download(names, partial, apt()):
                subprocess.run(f"dpkg-deb --fsys-tarfile {archive.name} | tar -x --keep-directory-symlink", shell=True, cwd=partial, check=True, timeout=120)
                archive.unlink()
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
    return folder


@functools.cache
def sysroot():
    return unpack("system", WANTED, COMPANIONS)


def tree(names):
    return packages.tree(names, cache(), apt())


def package(name):
    return unpack(name, (name, "libc6"), packages.COMPANIONS.get(name, ()))


def compiler(build):
    """The command that compiles a test program; `build` is one of case.BUILDS, or "marked": by itself, its branch targets marked."""
    root = sysroot()
    clang = "clang++-19" if build.startswith("c++") else "clang-19"
    command = [clang, f"--target={TRIPLET}", f"--sysroot={root}", "-fuse-ld=lld-19", "-O2", "-pthread", "-fno-builtin", "-Wno-everything"]
    if build == "musl":
        musl = root / "usr/lib/aarch64-linux-musl"
        gcc = root / f"usr/lib/gcc/{TRIPLET}/12"
        return ([*command, "-nostdinc", "-isystem", str(root / "usr/include/aarch64-linux-musl"), "-static", "-nostdlib", str(musl / "crt1.o"), str(musl / "crti.o")],
                ["-L", str(musl), "-L", str(gcc), "-lc", "-lgcc", "-lgcc_eh", "-lc", str(musl / "crtn.o")])
    if build == "marked":
        return [*command, "-nostdlib", "-static", "-ffreestanding", "-mbranch-protection=bti", "-Wl,-z,force-bti"], []
    return [*command, *{"static-pie": ["-static-pie"], "c++static": ["-static", "-std=c++17"], "c++": ["-std=c++17"]}.get(build, [])], []
