"""What every measurement needs: the tools built, programs run with a time limit, medians."""
import os
import shutil
import statistics
import subprocess
import time
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))
from system import arm64 as arm64_system  # noqa: E402
from system.packages import Missing  # noqa: E402 something that a figure needs is not there; the message says what to do

BUILD = Path(os.environ.get("SPORE_BUILD", SOURCE / "build"))
WORK = BUILD / "bench"
CACHE = WORK / "cache"


def need(path, package):
    if not Path(path).exists():
        raise Missing(f"{path} is missing: apt-get install {package}")
    return Path(path)


def find_tool(name, package):
    found = shutil.which(name)
    if not found:
        raise Missing(f"{name} is missing: apt-get install {package}")
    return found


def make(target, sources, command):
    """Runs `command` when `target` is older than one of its sources."""
    target = WORK / target
    sources = [Path(source) for source in sources]
    if not target.exists() or any(source.stat().st_mtime > target.stat().st_mtime for source in sources):
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(word) for word in command(target)], check=True)
    return target


def plugin():
    source = SOURCE / "bench/plugin/count.c"
    return make("libcount.so", [source], lambda out: ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", out, source])


def floor_kernel():
    source, script = SOURCE / "bench/floor/floor.S", SOURCE / "bench/floor/floor.ld"
    part = make("floor.o", [source], lambda out: ["clang-19", "--target=i386-unknown-none-elf", "-c", "-o", out, source])
    return make("floor", [part, script], lambda out: ["ld.lld-19", "-static", "-T", script, "-o", out, part])


def static_program(name, source):
    find_tool("musl-gcc", "musl-tools")
    source = SOURCE / source
    return make(name, [source], lambda out: ["musl-gcc", "-static", "-O2", "-o", out, source])


def hello():
    return static_program("hello", "bench/programs/hello.c")


def hello_arm64():
    source = SOURCE / "bench/programs/hello_arm64.S"
    return make("hello-arm64", [source], lambda out: ["clang-19", "--target=aarch64-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld-19", "-o", out, source])


def micro(architecture="x86_64"):
    source = "bench/micro/micro.c"
    if architecture == "x86_64":
        return static_program("micro", source)
    before, after = arm64_system.compiler("musl")
    return make("micro-arm64", [SOURCE / source], lambda out: [*before, SOURCE / source, *after, "-o", out])


def spore():
    """The tool; SPORE_TOOL and SPORE_KERNEL name others."""
    tool = Path(os.environ.get("SPORE_TOOL", BUILD / "host/spore"))
    if not tool.exists():
        raise Missing(f"{tool} is missing: build it first, with ./spore --help")
    return tool


def kernel(architecture="x86_64"):
    chosen = os.environ.get("SPORE_KERNEL") if architecture == "x86_64" else None
    image = Path(chosen or BUILD / f"kernel/spore-{architecture}")
    if not image.exists():
        raise Missing(f"{image} is missing: ./spore bench builds it, and so does 'ninja -C {BUILD} kernel_{architecture}'")
    return image


def spore_run(*arguments, architecture="x86_64"):
    return [str(spore()), "run", "--accel", "tcg", "--kernel", str(kernel(architecture)), *[str(word) for word in arguments]]


def on_linuxu(arguments):
    if "SPORE_TOOL" not in os.environ:  # another tool takes the kernel beside it
        kernel("linuxu")
    return [str(spore()), "run", "--on", "linuxu", *[str(word) for word in arguments]]


class Ended:
    def __init__(self, status, output, errors, seconds):
        self.status, self.output, self.errors, self.seconds = status, output, errors, seconds


def run(command, timeout=60, environment=None, stdin=subprocess.DEVNULL):
    """Runs a command to its end; status None when the time was over."""
    began = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **(environment or {})})
    try:
        output, errors = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            output, errors = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        status = None
    return Ended(status, output.decode(errors="replace"), errors.decode(errors="replace"), time.monotonic() - began)


def median(values):
    return statistics.median(values)
