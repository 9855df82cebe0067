#!/usr/bin/env python3
"""Holds the include graph to the order of folders: a folder includes only itself and what stands above it in LAYERS.

Prints each include that breaks the order, and exits with 1 when there is one.
"""
import pathlib
import re
import sys

# From the ground up. A folder may include itself and any folder of an earlier line; folders of one line do not include each other.
KERNEL_LAYERS = [
    ["abi"], ["base"], ["wire"], ["kernel/arch/include"], ["kernel/core"], ["kernel/sync"], ["kernel/memory"], ["kernel/time"],
    ["kernel/task"], ["kernel/device"], ["kernel/drivers", "kernel/net", "kernel/fs"], ["kernel/linux"], ["kernel/main"],
]
# sync and memory put threads to sleep: their sources may see what a thread is.
EXCEPTIONS = {("kernel/sync", "kernel/task"), ("kernel/memory", "kernel/task"), ("kernel/sync", "kernel/time"), ("abi", "base")}
# linked, never included from outside: machines and platforms see the generic kernel below `linux`.
IMPLEMENTATIONS = {"kernel/arch": "kernel/device", "kernel/platform": "kernel/device"}
# linux reaches devices through device/ only.
FORBIDDEN = {("kernel/linux", "kernel/drivers")}
HOST = {"abi", "base", "wire", "host"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SUFFIXES = {".hpp", ".cpp", ".h", ".S"}
rank = {folder: level for level, folders in enumerate(KERNEL_LAYERS) for folder in folders}


def folder_of(path):
    """The layer a file belongs to, or None when it is in no layer."""
    text = path.as_posix()
    if text.startswith("arch/") or text.startswith("kernel/arch/include/"):
        return "kernel/arch/include"
    for folder in sorted([*rank, *IMPLEMENTATIONS, "host"], key=len, reverse=True):
        if text.startswith(folder + "/"):
            return folder
    return None


def allowed(source, target):
    if source == target or (source, target) in EXCEPTIONS:
        return True
    if (source, target) in FORBIDDEN or target in IMPLEMENTATIONS or target == "host":
        return False
    if source == "host":
        return target in HOST
    if source in IMPLEMENTATIONS:
        return rank[target] <= rank["kernel/task"] or target == IMPLEMENTATIONS[source]
    return rank[target] < rank[source]


def main():
    tree = pathlib.Path(__file__).resolve().parents[2]
    broken = 0
    for top in ("abi", "base", "wire", "kernel", "host"):
        for file in sorted((tree / top).rglob("*")):
            if file.suffix not in SUFFIXES:
                continue
            here = file.relative_to(tree)
            source = folder_of(here)
            if source is None:
                continue
            for match in INCLUDE.finditer(file.read_text(errors="replace")):
                target = folder_of(pathlib.PurePosixPath(match[1]))
                if target and not allowed(source, target):
                    line = file.read_text().count("\n", 0, match.start()) + 1
                    print(f"{here}:{line}: {source} may not include {target} ({match[1]})")
                    broken += 1
    return 1 if broken else 0


sys.exit(main())
