"""Runs QEMU with the counting plugin, and reads what it counted."""
import os
import shlex
import shutil
import struct
from pathlib import Path

from . import tools

COUNTERS = ("instructions", "port_io", "mmio", "halts", "msr_writes", "cpuids", "system_calls", "interrupt_returns", "table_loads",
            "translations")
KERNEL_ENTRY, PROGRAM_ENTRY = 0x100, 0x101
MAX_EVENTS = 4000
XEN_PHYS32_ENTRY = 18


class Counts:
    """Counters at the end, and events: (id, counters then)."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        size = len(COUNTERS)
        self.total = dict(zip(COUNTERS, struct.unpack_from(f"<{size}Q", data)))
        (count,) = struct.unpack_from("<Q", data, size * 8)
        self.events = []
        for index in range(min(count, MAX_EVENTS)):
            identity, *counters = struct.unpack_from(f"<{size + 1}Q", data, (size + 1) * 8 * (1 + index))
            self.events.append((identity, dict(zip(COUNTERS, counters))))

    def at(self, identity):
        return next((counters for found, counters in self.events if found == identity), None)

    def between(self, first, second):
        """The sum over every pair of these events, or None when one is missing."""
        total, start, pairs = dict.fromkeys(COUNTERS, 0), None, 0
        for identity, counters in self.events:
            if identity == first:
                start = counters
            elif identity == second and start is not None:
                pairs += 1
                for name in COUNTERS:
                    total[name] += counters[name] - start[name]
                start = None
        return (total, pairs) if pairs else None


def pvh_entry(image):
    """The physical address that a PVH loader jumps to, from the kernel's ELF note."""
    data = Path(image).read_bytes()
    offset, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for index in range(count):
        kind, _, at, _, _, size = struct.unpack_from("<IIQQQQ", data, offset + 56 * index)
        if kind == 4 and size >= 16:
            name, described, note = struct.unpack_from("<III", data, at)
            if note == XEN_PHYS32_ENTRY:
                return struct.unpack_from("<I", data, at + 12 + (name + 3) // 4 * 4)[0]
    raise ValueError(f"{image} has no PVH entry note")


def qemu(architecture="x86_64"):
    name, package = {"x86_64": ("qemu-system-x86_64", "qemu-system-x86"), "arm64": ("qemu-system-aarch64", "qemu-system-arm")}[architecture]
    return tools.find_tool(name, package)


def plugin_options(counts, entry=None, mmio=False, profile=None):
    option = f"{tools.plugin()},out={counts}"
    if entry:
        option += f",entry={entry:#x}"
    if mmio:
        option += ",mmio=on"
    if profile:
        option += f",profile={profile}"
    return ["-plugin", option]


def wrapper_path(extra, architecture="x86_64"):
    """An environment whose QEMU takes further options: so that `spore run` itself is what is measured. Named in $SPORE_QEMU, it keeps root's
    rights, and the plugin can write beside the other results."""
    folder = tools.WORK / f"wrapper-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "qemu"
    script.write_text(f"#!/bin/sh\nexec {shlex.quote(qemu(architecture))} \"$@\" {shlex.join(extra)}\n")
    script.chmod(0o755)
    return {"SPORE_QEMU": str(script)}, folder


def counted_spore(arguments, timeout=60, mmio=False, profile=None, deterministic=False):
    """`spore run` with these arguments, counted: (Ended, Counts)."""
    counts = tools.WORK / f"counts-{os.getpid()}.bin"
    extra = plugin_options(counts, pvh_entry(tools.kernel()), mmio, profile)
    if deterministic:
        extra += ["-icount", "shift=0,sleep=off"]
    environment, folder = wrapper_path(extra)
    try:
        ended = tools.run(tools.spore_run(*arguments), timeout, environment)
        return ended, Counts(counts)
    finally:
        shutil.rmtree(folder)
        counts.unlink(missing_ok=True)


def counted_arm64(arguments, timeout=60, deterministic=False):
    """The same on QEMU's virt. Only the numbers of instructions mean something there: the plugin tells x86-64's kinds apart."""
    counts = tools.WORK / f"counts-{os.getpid()}.bin"
    reset = 0x40000000  # QEMU's few instructions before the kernel count, too
    extra = plugin_options(counts, reset) + (["-icount", "shift=0,sleep=off"] if deterministic else [])
    environment, folder = wrapper_path(extra, "arm64")
    try:
        ended = tools.run(tools.spore_run(*arguments, architecture="arm64"), timeout, environment)
        return ended, Counts(counts)
    finally:
        shutil.rmtree(folder)
        counts.unlink(missing_ok=True)


def counted_qemu(arguments, timeout=120, entry=None, mmio=False, profile=None, deterministic=False, architecture="x86_64"):
    counts = tools.WORK / f"counts-{os.getpid()}.bin"
    command = [qemu(architecture), *arguments, *plugin_options(counts, entry, mmio, profile)]
    if deterministic:
        command += ["-icount", "shift=0,sleep=off"]
    try:
        ended = tools.run(command, timeout)
        return ended, Counts(counts)
    finally:
        counts.unlink(missing_ok=True)
