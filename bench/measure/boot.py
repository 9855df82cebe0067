"""How long a start takes, and how many instructions."""
import shlex

from . import counting, linux_guest, tools

GOALS = {"microvm": 1.5, "q35": 1.7}


def machine_options(machine):
    """What `spore run` says about the machine itself, so that the floor starts the same one."""
    words = tools.run(tools.spore_run("--machine", machine, "--dry-run", "-m", "64M", tools.hello())).output
    line = next(line for line in words.splitlines() if "qemu-system-x86_64" in line)
    words = shlex.split(line)
    words = words[words.index("qemu-system-x86_64"):]
    kept = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    for option in ("-machine", "-accel", "-cpu", "-m", "-smp", "-bios"):
        if option in words:
            kept += [option, words[words.index(option) + 1]]
    return kept


def start_to_exit(report, runs):
    for machine, goal in GOALS.items():
        floor = [counting.qemu(), *machine_options(machine), "-kernel", tools.floor_kernel()]
        ours = tools.spore_run("--machine", machine, "-m", "64M", tools.hello())
        times = ([], [])
        for _ in range(runs + 1):  # the first fills caches, and does not count
            for command, kept in ((floor, times[0]), (ours, times[1])):
                ended = tools.run(command, 20)
                if ended.status != 0:
                    report.note("start", f"{machine}: status {ended.status}: {ended.errors.strip()[-200:]}")
                    return
                kept.append(ended.seconds)
        report.add("start", f"hello, shell to exit, {machine}", tools.median(times[1][1:]), "s", tools.median(times[0][1:]), "floor", goal, "ratio")


def boot_instructions(machine, memory, program=None):
    """Counters of the boot alone, those at the end, and those at the kernel's entry. `program` may be words for `spore run`."""
    ended, counts = counting.counted_spore(["--machine", machine, "-m", memory, *(program or [tools.hello()])], mmio=True)
    start, end = counts.at(counting.KERNEL_ENTRY), counts.at(counting.PROGRAM_ENTRY)
    if ended.status != 0 or not start or not end:
        raise tools.Missing(f"{machine} -m {memory}: hello ended with {ended.status}: {ended.errors.strip()[-200:]}")
    return {name: end[name] - start[name] for name in counting.COUNTERS}, counts.total, start


def arm64_instructions(report, runs):
    try:
        samples = []
        for _ in range(runs):
            ended, counts = counting.counted_arm64(["-m", "64M", tools.hello_arm64()])
            start, end = counts.at(counting.KERNEL_ENTRY), counts.at(counting.PROGRAM_ENTRY)
            if ended.status != 0 or not start or not end:
                raise tools.Missing(f"hello ended with {ended.status}: {ended.errors.strip()[-200:]}")
            samples.append(end["instructions"] - start["instructions"])
    except tools.Missing as missing:
        return report.note("boot", f"virt: {missing}")
    report.add("boot", "instructions to hello, virt -m 64M", tools.median(samples), "", goal=700_000)


def instructions(report, runs):
    for machine in GOALS:
        small = None
        for memory in ("64M", "8G"):
            samples = [boot_instructions(machine, memory) for _ in range(runs)]
            value = tools.median([sample[0]["instructions"] for sample in samples])
            report.add("boot", f"instructions to hello, {machine} -m {memory}", value, "", small, "64M" if small else "",
                       1.1 if small else 600_000 if machine == "microvm" else None, "ratio" if small else "value")
            small = small or value
            if memory == "64M":
                for name in ("mmio", "port_io"):
                    report.add("boot", f"  {name.replace('_', ' ')} accesses, {machine}", tools.median([sample[0][name] for sample in samples]), "")
                report.add("boot", f"  firmware's instructions, {machine}", tools.median([sample[2]["instructions"] for sample in samples]), "")
                report.add("boot", f"  all instructions, {machine}", tools.median([sample[1]["instructions"] for sample in samples]), "")
    arm64_instructions(report, runs)
    _, counts = linux_guest.counted(tools.micro(), ["--power-off", "loop"], timeout=120)
    entry = counts.at(counting.PROGRAM_ENTRY)
    if entry:
        report.add("boot", "  a Linux guest, q35, for reference", entry["instructions"], "")
