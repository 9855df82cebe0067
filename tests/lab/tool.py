"""The tool for arm64 hosts, built here against Debian's arm64 packages."""
import subprocess

from lab import packages
from system import arm64
from system import case as system_case

# What the tool runs on its host.
RUN_BY = ("qemu-system-arm", "erofs-utils", "qemu-efi-aarch64")
COMPANIONS = ("qemu-system-common", "qemu-system-data")
BUILT_FROM = ("libc6-dev", "linux-libc-dev", "libgcc-12-dev", "libc++-19-dev", "libc++abi-19-dev", "libunwind-19-dev", "libcapstone-dev", "libcli11-dev",
              "libtomlplusplus-dev", "libfmt-dev", "nlohmann-json3-dev", "libyaml-dev", "libslirp-dev", "libslirp0")


def build_for_arm64(build):
    source, folder = system_case.HERE.parent.parent, build / "lab/arm64"
    # Each time: what it is built from may be elsewhere than when it was configured first.
    commands = [["cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_TOOLCHAIN_FILE={source}/cmake/arm64-linux.cmake",
                 f"-DCMAKE_SYSROOT={arm64.unpack('build', BUILT_FROM)}", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DSPORE_TESTS=OFF"],
                ["ninja", "-C", folder, "spore"]]
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        if result.returncode:
            raise packages.Unavailable(f"the tool cannot be built for arm64: {(result.stdout + result.stderr)[-1500:]}")
    return folder / "host/spore"
