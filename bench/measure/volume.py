"""Files on a disk with ext4: instructions for one piece of work each, beside a Linux guest with the same disk."""
import subprocess

from . import counting, linux_guest, tools


def make_disk(name):
    disk = tools.WORK / name
    disk.unlink(missing_ok=True)
    subprocess.run([tools.need("/sbin/mke2fs", "e2fsprogs"), "-q", "-t", "ext4", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk, "256M"], check=True)
    return disk


def per_piece(counts, count):
    found = counts.between(0, 1)
    return found[0]["instructions"] / count if found else None


def volume(report, runs):
    program = tools.static_program("volume", "bench/programs/volume.c")
    ours, theirs = make_disk("volume-spore"), make_disk("volume-linux")
    modules = {f"modules/{number}.ko": file.read_bytes() for number, file in enumerate(linux_guest.disk_modules())}
    for line in tools.run([program, "--list"]).output.splitlines():
        name, count, unit = line.split("\t")
        # A machine for each, so that nothing is in memory at its beginning.
        ended, counts = counting.counted_spore(["--machine", "q35", "-m", "512M", "-v", f"{ours}:/data:disk", program, name], timeout=120, deterministic=True)
        if "done" not in ended.output:
            report.note("volume", f"{name}: status {ended.status}: {ended.errors.strip()[-200:]}")
            continue
        linux, beside = linux_guest.counted(program, ["--first", name], contents=modules, disk=theirs)
        if "done" not in linux.output:
            report.note("volume", f"{name}: Linux says {linux.output.strip()[-200:]}")
        report.add("volume", f"{name}: {unit}", per_piece(counts, int(count)), "instructions", per_piece(beside, int(count)), "Linux", 0.7, "ratio")
