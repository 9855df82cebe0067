"""How large the kernel is, in how little memory programs run, and what a large root costs."""
import json
import os
import random
import subprocess

from . import boot, tools


def image(report, runs):
    report.add("size", "kernel image, stripped", tools.kernel().stat().st_size / 1024, "KiB", goal=500)
    report.add("size", "kernel image, arm64", tools.kernel("arm64").stat().st_size / 1024, "KiB", goal=550)
    for name, architecture, program in (("", "x86_64", tools.hello()), (", arm64", "arm64", tools.hello_arm64())):
        told = json.loads(subprocess.run([tools.spore(), "tailor", "--json", program], check=True, capture_output=True, text=True).stdout)
        report.add("size", "tailored to a static hello" + name, told["bytes"] / 1024, "KiB", told["whole_kernel_bytes"] / 1024, "whole kernel", 0.55, "ratio")


def smallest(arguments, expected, most):
    """The least -m in MiB that it runs with, by bisection; None when not even `most` is enough."""
    def runs(size):
        ended = tools.run(tools.spore_run("-m", f"{size}M", *arguments), 30)
        return ended.status == 0 and expected in ended.output
    if not runs(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(middle) else (middle, high)
    return high


def make_root(name, megabytes):
    """A root with hello and so much beside it, in files of a MiB that do not compress."""
    folder = tools.WORK / "roots" / name
    if not (folder / "complete").exists():
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "hello").write_bytes(tools.hello().read_bytes())
        (folder / "hello").chmod(0o755)
        source = random.Random(1)
        for index in range(megabytes):
            (folder / "data" / str(index)).write_bytes(source.randbytes(1 << 20))
        (folder / "complete").touch()
    return folder


def root(report, runs):
    """What a large root costs that a program hardly looks into: memory, instructions and time."""
    small, large = make_root("small", 1), make_root("large", 300)
    needed = [smallest(["--root", folder, "/hello"], "hello", 64) for folder in (small, large)]
    report.add("root", "smallest -m: hello in 300 MiB", needed[1], "MiB", needed[0], "1 MiB", 4)
    counts = [boot.boot_instructions("microvm", "64M", ["--root", folder, "/hello"])[0]["instructions"] for folder in (small, large)]
    report.add("root", "instructions to hello in 300 MiB", counts[1], "", counts[0], "1 MiB", 1.2, "ratio")
    times = [tools.median([tools.run(tools.spore_run("-m", "64M", "--root", folder, "/hello")).seconds for _ in range(runs)])
             for folder in (small, large)]
    report.add("root", "hello in 300 MiB, shell to exit", times[1], "s", times[0], "1 MiB", 1.2, "ratio")


def native_resident(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss / 1024


def memory(report, runs):
    python = ["/usr/bin/python3", "-c", "print(1)"]
    report.add("memory", "smallest -m: static hello", smallest([tools.hello()], "hello", 64), "MiB", goal=4)
    report.add("memory", "smallest -m: busybox", smallest(["/bin/busybox", "echo", "hello"], "hello", 64), "MiB", goal=6)
    resident = native_resident(python)
    report.add("memory", "smallest -m: python3 -c 'print(1)'", smallest(python, "1", 256), "MiB", resident, "resident", 1.3 * resident + 6)
