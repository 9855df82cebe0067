"""Which lines of the kernel the tests run: `./spore test --coverage [FILTER]`.

The unit tests and fuzzers (in build/coverage) and linuxu's kernel (kernel/arch/linuxu-coverage) count in files as they run, each kind in one; llvm-cov
makes lines of what was counted in both, and gcovr a page for each file, build/coverage/report/index.html.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("kernel", "wire", "base")
LEAST = 10   # how many files are named


def begin(build):
    """What is started from here on counts from nothing."""
    counts = build / "coverage/counts"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    os.environ["LLVM_PROFILE_FILE"] = f"{counts}/units-%m%c.profraw"   # a file for each program [clang docs, Source-based Code Coverage]
    os.environ["SPORE_COVERAGE"] = f"{counts}/linuxu.profraw"


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, **options)


def count_lines(build):
    """{file: {line: count}}, with files as the source tree names them. The fuzzers' code is the unit tests'."""
    lines = collections.defaultdict(collections.Counter)
    for kind, program in (("units", build / "coverage/tests/unit-kernel"), ("linuxu", build / "kernel/spore-linuxu-coverage.debug")):
        counts = sorted((build / "coverage/counts").glob(f"{kind}*.profraw"))
        if counts:
            add_lines(lines, program, counts, build / f"coverage/{kind}.profdata")
    return lines


def add_lines(lines, program, counts, merged):
    run("llvm-profdata-19", "merge", "--sparse", "-o", merged, *counts)
    exported = run("llvm-cov-19", "export", "--format=lcov", "--skip-functions", "--skip-branches", f"--instr-profile={merged}", program, capture_output=True, text=True)
    of_file = None
    for record in exported.stdout.splitlines():   # [lcov geninfo(1)]
        key, _, value = record.partition(":")
        if key == "SF":
            path = pathlib.Path(value)
            name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
            of_file = lines[name] if name.startswith(tuple(folder + "/" for folder in FOLDERS)) else None
        elif key == "DA" and of_file is not None:
            number, count = map(int, value.split(",")[:2])
            of_file[number] += count


def draw(build, lines):
    """gcovr reads what it would have written itself (`gcovr --json`)."""
    folder = build / "coverage/report"
    folder.mkdir(exist_ok=True)
    as_gcovr = [{"file": file, "functions": [], "lines": [
        {"line_number": number, "count": count, "branches": [], "gcovr/noncode": False, "gcovr/excluded": False} for number, count in counts.items()]}
        for file, counts in sorted(lines.items())]
    (folder / "lines.json").write_text(json.dumps({"gcovr/format_version": "0.3", "files": as_gcovr}))
    run("gcovr", "--root", ROOT, "--add-tracefile", folder / "lines.json", "--html-details", folder / "index.html", "--html-title", "Spore's kernel", capture_output=True)
    return folder / "index.html"


def folder_of(file):
    """kernel/ by its parts, the others whole."""
    parts = pathlib.Path(file).parts
    return "/".join(parts[:2] if parts[0] == "kernel" else parts[:1])


def share(counts):
    covered, total = sum(map(bool, counts)), len(counts)
    return f"{covered:6} of {total:6} lines  {100 * covered / total:5.1f} %"


def report(build):
    lines = count_lines(build)
    by_folder = collections.defaultdict(list)
    for file, counts in lines.items():
        by_folder[folder_of(file)] += counts.values()
    for folder, counts in sorted(by_folder.items()):
        print(f"{folder:20} {share(counts)}")
    print(f"{'in all':20} {share([count for counts in lines.values() for count in counts.values()])}")
    print("least of their lines ran of:")
    for file, counts in sorted(lines.items(), key=lambda item: sum(not count for count in item[1].values()), reverse=True)[:LEAST]:
        print(f"    {share(counts.values())}  {file}")
    print(f"each file: {draw(build, lines)}")
