"""How large the kernel is, and in how little memory programs run."""
import os
import subprocess

from . import tools


def image(report, runs):
    report.add("size", "kernel image, stripped", tools.kernel().stat().st_size / 1024, "KiB", goal=500)


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


def native_resident(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss / 1024


def memory(report, runs):
    python = ["/usr/bin/python3", "-c", "print(1)"]
    report.add("memory", "smallest -m: static hello", smallest([tools.hello()], "hello", 64), "MiB", goal=4)
    report.add("memory", "smallest -m: busybox", smallest(["/bin/busybox", "echo", "hello"], "hello", 64), "MiB", goal=6)
    resident = native_resident(python)
    report.add("memory", "smallest -m: python3 -c 'print(1)'", smallest(python, "1", 256), "MiB", resident, "resident", 1.3 * resident + 6)
