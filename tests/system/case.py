"""System tests: one program, run by the real tool in a real virtual machine, and what must come out.

A file in tests/system/cases/ holds a list `CASES` of `Case`s. Each is run on every machine, in every mode and on every number of processors that it
names, in half of the combinations of these (`half_of`), and is called system/<file>/<case>@<machine>-<mode>-<cpus>. A few run in all combinations
(`everywhere`), as all do with `--everywhere`. `host` cases boot nothing and run once. The files in tests/long/ are
of the same form; their cases are called long/…, and run in all combinations, or with `--arm64` on one of arm64's each.

Each system case also runs on arm64, with Debian's arm64 programs and ours compiled for it, once: all together are spread over virt's interrupt
controllers, buses, modes and numbers of processors (`one_of`). Those few run in all combinations, and through UEFI firmware too; with `--uefi` all that run
on arm64 do that, and nothing else runs. And each runs on linuxu, as a process of this machine.

A case may be a program here that runs the tool itself (`around`), with Linux at the other end of a TAP, say; it takes a machine like the others.
"""
import concurrent.futures
import contextlib
import dataclasses
import importlib
import itertools
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time
import zlib

from system import arm64, packages
from system.programs import tailoring

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"

# How test programs are built: by name, from programs/<name>.c or .cpp.
BUILDS = {
    "musl": ["musl-gcc", "-static", "-O2", "-pthread"],
    "static-pie": ["gcc", "-static-pie", "-O2", "-pthread"],
    "dynamic": ["gcc", "-O2", "-pthread"],
    "c++": ["g++", "-O2", "-pthread", "-std=c++17"],
    "c++static": ["g++", "-O2", "-pthread", "-std=c++17", "-static"],
}


@dataclasses.dataclass(frozen=True)
class Program:
    """A program of ours: `build` is a key of BUILDS."""
    name: str
    build: str = "musl"


@dataclasses.dataclass
class Case:
    name: str
    command: list                  # words; a Program stands for its file, "{scratch}" for a folder of this case
    options: list = dataclasses.field(default_factory=list)   # of `spore run`
    stdin: bytes = b""
    stdout: object = None          # exact bytes or str, or a compiled regular expression to find, or None for anything
    stderr: object = None
    status: int = 0
    machines: tuple = ("microvm", "q35")
    modes: tuple = ("fused", "guarded")
    cpus: tuple = (1, 4)
    memory: str = ""
    timeout: float = 60
    environment: dict = dataclasses.field(default_factory=dict)
    files: dict = dataclasses.field(default_factory=dict)     # made in the scratch folder: name → text, bytes or (bytes, mode)
    host: bool = False             # boots nothing; `command` holds the tool's own arguments
    script: str = ""               # for sh, with the tool as $SPORE and `command` as its arguments; runs once, or, with $OPTIONS for `spore run` in it, with `spread` on both CPUs
    needs: tuple = ()              # files of this machine; the case is skipped without them
    root: bool = False             # makes network interfaces in a namespace of its own, where `around` runs: skipped for other users
    around: str = ""               # one of programs/, run here instead: it gets the words of `command`, the tool, and options for `spore run`
    spread: bool = False           # runs on one of its combinations, not all: its like run on others
    interrupt_after: float = 0     # seconds until SIGINT is sent to the tool
    check: object = None           # function(completed) → problem or None
    ports: tuple = ()              # guest ports to publish, "80" or "53/udp"; {port} in words stands for the first one's on this machine
    client: object = None          # function(Server) → problem or None, while the program runs; then it is sent SIGTERM
    beside: object = None          # function() → context manager giving {word: value}: {word} stands for value while it runs
    package: str = ""              # a Debian package, unpacked: {package} stands for its folder. For the guest's CPU; with `around`, for this machine's
    tree: tuple = ()               # Debian packages: {tree} stands for a root file system of these and all that they depend on, for the guest's CPU
    installed: str = ""            # the Debian package that the files of `needs` come from: where arm64's system has them from
    everywhere: bool = False       # runs in all of its combinations, on arm64 too
    arm64: bool = True
    linuxu: bool = True


@dataclasses.dataclass
class Instance:
    name: str
    case: Case
    machine: str = ""
    mode: str = ""
    cpus: int = 0


# How the tool is told of each machine that instances name.
X86_64_MACHINES = {name: ["--machine", name] for name in ("microvm", "q35", "pc")}
ARM64_MACHINES = {f"virt{gic}{bus}": ["--machine", "virt", "--gic", str(gic), *(["--bus", bus] if bus else [])] for gic in (2, 3) for bus in ("", "pci")}
UEFI_MACHINES = {name.replace("virt", "uefi"): [*options, "--firmware", "uefi"] for name, options in ARM64_MACHINES.items()}
UEFI_SECONDS = 60                   # what firmware may take before the program
MACHINES = X86_64_MACHINES | ARM64_MACHINES | UEFI_MACHINES
MACHINES["linuxu"] = ["--on", "linuxu"]
# Kernels of linuxu for tests: its cases run on each of them when asked for.
VARIANTS = ("sanitized", "coverage", "races")
SLOW = {"races": 4}  # how many times as long a case may take there
SLOW_LONG = 3        # and a long one on arm64: what a browser or a runtime translates is translated once more
MACHINES["tailored"] = [*MACHINES["linuxu"], "--tailor"]
MACHINES |= {name: [*MACHINES["linuxu"], "--kernel", "{build}/kernel/spore-linuxu-" + name] for name in VARIANTS}


def is_arm64(instance):
    return instance.machine in ARM64_MACHINES or instance.machine in UEFI_MACHINES


TAP_NEEDS = ("/dev/net/tun", "/usr/bin/unshare", "/usr/sbin/ip")


def tools(*paths):
    """Options for programs that a script runs and no look at its libraries finds. {system} stands for the folder with the guest's kind of programs."""
    return [word for path in paths for word in ("-v", f"{{system}}{path}:{path}:ro")]


def load_all(kind, everywhere=False):
    """The cases of `kind`: "system", "long"; "long-arm64": these on arm64; "everywhere": those of x86-64 machines in every combination; "uefi": those of arm64 machines through
    firmware, without those in little memory, where that does not run; or one of VARIANTS: those on linuxu, on that kernel, and for "sanitized" the
    mistakes that it must find; or "tailored": those on one processor of linuxu, each on a kernel of its own."""
    if kind == "everywhere":
        return [one for one in load_all("system", everywhere=True) if one.machine in X86_64_MACHINES]
    if kind == "uefi":
        return [dataclasses.replace(one, name=one.name.replace("@virt", "@uefi"), machine=one.machine.replace("virt", "uefi"))
                for one in load_all("system") if one.machine in ARM64_MACHINES and not one.case.memory]
    if kind == "tailored":
        return [dataclasses.replace(one, name=one.name.replace("@linuxu", "@tailored"), machine=kind)
                for one in load_all("system") if one.machine == "linuxu" and one.cpus == min(one.case.cpus) and "--tailor" not in one.case.options]
    if kind in VARIANTS:
        here = [dataclasses.replace(one, name=one.name.replace("@linuxu", "@" + kind), machine=kind) for one in load_all("system") if one.machine == "linuxu"]
        if kind == "sanitized":
            here += [one for case in importlib.import_module("system.mistakes").CASES for one in instances_of(f"system/mistakes/{case.name}", case)]
        return here if kind != "races" else [races().DETECTOR, *(one for one in here if one.cpus > 1)]
    if kind == "long-arm64":
        return [Instance(f"{name}@{machine}-{mode}-{cpus}", case, machine, mode, cpus)
                for name, case in cases_of("long") for machine, mode, cpus in arm64_combinations(name, case)]
    return [one for name, case in cases_of(kind) for one in instances_of(name, case, everywhere)]


def cases_of(kind):
    """The names of the cases in a folder, and they."""
    folder, package = {"system": (HERE / "cases", "system.cases"), "long": (HERE.parent / "long", "long")}[kind]
    for file in sorted(folder.glob("*.py")):
        if file.stem != "__init__":
            yield from ((f"{kind}/{file.stem}/{case.name}", case) for case in importlib.import_module(f"{package}.{file.stem}").CASES)


def races():
    """What is known of the kernel that tells of races: it needs this module."""
    return importlib.import_module("system.races")


def instances_of(name, case, everywhere=False):
    if case.host or case.script and "$OPTIONS" not in case.script:
        return [Instance(name, case)]
    long = name.startswith("long/")
    here = list(itertools.product(case.machines, case.modes, case.cpus))
    if not everywhere and (case.spread or case.script):
        here = one_of(name, here)
    elif not everywhere and not case.everywhere and not long:
        here = half_of(name, case, here)
    combinations = here if long else [*here, *linuxu_combinations(name, case), *arm64_combinations(name, case)]
    return [Instance(f"{name}@{machine}-{mode}-{cpus}", case, machine, mode, cpus) for machine, mode, cpus in combinations]


def one_of(name, combinations):
    """Always the same for a case; those of all cases are spread."""
    return [combinations[zlib.crc32(name.encode()) % len(combinations)]]


def half_of(name, case, combinations):
    """Where there are two or more things to choose: combinations of which each one's neighbours, in which one choice is another, are left out. Every
    choice is among them, of three also every pair. Which of the two halves it is differs between cases."""
    choices = (case.machines, case.modes, case.cpus)
    if sum(len(one) > 1 for one in choices) < 2:
        return combinations
    half = zlib.crc32(name.encode()) % 2
    return [chosen for chosen in combinations if sum(one.index(item) for one, item in zip(choices, chosen)) % 2 == half]


def linuxu_combinations(name, case):
    """A process has one privilege level, and no hardware to choose; its user network has other addresses than QEMU's, where a case looks."""
    alien = {"--nic", "--disk", "--machine", "--ip"} & set(map(str, case.options))
    if not case.linuxu or case.script or "fused" not in case.modes or alien:
        return []
    return [("linuxu", "fused", cpus) for cpus in case.cpus]


def arm64_combinations(name, case):
    if not case.arm64:
        return []
    every = list(itertools.product(ARM64_MACHINES, case.modes, case.cpus))
    if case.everywhere:
        return [*every, *itertools.product(UEFI_MACHINES, case.modes[-1:], case.cpus)]
    return one_of(name, every)


_building = threading.Lock()


def build_program(program, build, for_arm64=False):
    """Compiles a test program when its source is newer; gives its file."""
    source = next(PROGRAMS.glob(program.name + ".c*"))
    target = build / "tests/programs" / ("arm64" if for_arm64 else "") / f"{program.name}-{program.build}"
    before, after = arm64.compiler(program.build) if for_arm64 else (BUILDS[program.build], [])
    newest = max(source.stat().st_mtime, pathlib.Path(arm64.__file__).stat().st_mtime if for_arm64 else 0)
    with _building:
        if not target.exists() or target.stat().st_mtime < newest:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(".new")
            subprocess.run([*before, str(source), *after, "-o", str(partial)], check=True, capture_output=True, text=True, timeout=120)
            os.replace(partial, target)
    return target


def native_twin(path):
    """The same test program for this machine, given the one that a case ran."""
    path = pathlib.Path(path)
    if path.parent.name != "arm64":
        return path
    return build_program(Program(*path.name.split("-", 1)), path.parents[3])


def compare(what, expected, actual):
    if expected is None:
        return None
    if isinstance(expected, re.Pattern):
        pattern = expected if isinstance(expected.pattern, bytes) else re.compile(expected.pattern.encode(), expected.flags & ~re.UNICODE)
        return None if pattern.search(actual) else f"{what} has nothing like {expected.pattern!r}: {actual[-500:]!r}"
    if isinstance(expected, str):
        expected = expected.encode()
    return None if actual == expected else f"{what} is {actual[-500:]!r} instead of {expected[-500:]!r}"


def words_of(instance, build, scratch, values):
    case = instance.case
    for_arm64 = is_arm64(instance)
    values = {"build": build, "scratch": scratch, "programs": PROGRAMS, "system": arm64_system(case) if for_arm64 else "",
              "triplet": arm64.TRIPLET if for_arm64 else "x86_64-linux-gnu", **values}

    if any("{arm64}" in str(part) for part in case.command):  # for scripts
        values["arm64"] = arm64.sysroot()

    def word(part):
        if isinstance(part, Program):
            return str(build_program(part, build, for_arm64))
        part = str(part)
        for name, value in values.items():
            part = part.replace("{" + name + "}", str(value))
        return part

    command = [word(part) for part in case.command]
    tool = [str(build / "host/spore")]
    if case.host:
        return tool + command
    if case.script and not instance.machine:
        return ["sh", "-euc", case.script, "script", *command]
    elsewhere = {"--root", "--sysroot", "--image"} & {*case.options, *case.script.split()}
    from_sysroot = ["--sysroot", str(values["system"])] if values["system"] and not elsewhere else []
    options = [*map(word, MACHINES[instance.machine]), *from_sysroot, "--mode", instance.mode, "--cpus", str(instance.cpus), *map(word, case.options)]
    for guest, here in zip(case.ports, values.get("ports", ())):
        options += ["-p", f"127.0.0.1:{here}:{guest}"]
    if case.memory:
        options += ["-m", case.memory]
    if case.script:
        return ["sh", "-euc", f"OPTIONS={shlex.quote(' '.join(options))}\n{case.script}", "script", *command]
    if case.around:
        return [*(["unshare", "-n"] if case.root else []), "python3", str(PROGRAMS / case.around), *command, *tool, *options]
    return [*tool, "run", *options, *command]


def arm64_system(case):
    """A folder laid out as a system, with what the case needs of one."""
    return arm64.tree((case.installed,)) if case.installed else arm64.sysroot()


def missing_for(instance):
    """What is not there. An arm64 instance finds programs in its sysroot, or uses them beside itself on this machine."""
    places = [pathlib.Path("/")]
    if is_arm64(instance):
        places.append(arm64_system(instance.case))
    needs = [*instance.case.needs, *(TAP_NEEDS if instance.case.around and instance.case.root else ())]
    return [file for file in needs if not any((place / str(file).lstrip("/")).exists() for place in places)]


def run(instance, build, tally):
    case = instance.case
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spore-test-") as scratch:
        try:
            if missing_for(instance) or (case.root and os.geteuid() != 0):
                tally.add(instance.name, skipped=True)
                return
            problem = run_in(instance, build, scratch)
        except subprocess.CalledProcessError as error:
            problem = f"{shlex.join(map(str, error.cmd))}: {error.stderr}"
        except packages.Missing as missing:
            print(f"skipped {instance.name}: {missing}", flush=True)
            tally.add(instance.name, skipped=True)
            return
        except subprocess.TimeoutExpired as error:  # of what a case runs beside the tool
            problem = f"{shlex.join(map(str, error.cmd))} did not end within {error.timeout:.0f} s"
    tally.add(instance.name, problem, seconds=time.monotonic() - began)


def make_files(case, scratch):
    for name, content in case.files.items():
        content, mode = content if isinstance(content, tuple) else (content, 0o644)
        path = pathlib.Path(scratch, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)


def environment_of(case, build, scratch):
    """What is set beyond the environment of the test run itself."""
    environment = {key: value.replace("{scratch}", scratch) for key, value in case.environment.items()}
    return environment | {"SPORE": str(build / "host/spore"), "XDG_RUNTIME_DIR": scratch} if case.script or case.around else environment


def free_ports(count):
    """Ports that nobody has now: other cases find others, as all are held until the last is found."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def files_for(instance, build):
    """What words of the case stand for files elsewhere."""
    case = instance.case
    if case.tree:
        return {"tree": arm64.tree(case.tree) if is_arm64(instance) else packages.tree(case.tree, build / "packages")}
    if not case.package:
        return {}
    of_arm64 = is_arm64(instance) and not case.around
    return {"package": arm64.package(case.package) if of_arm64 else packages.unpack(case.package, build / "packages")}


def run_in(instance, build, scratch):
    case = instance.case
    make_files(case, scratch)
    values = files_for(instance, build)
    if case.ports:
        values["ports"] = free_ports(len(case.ports))
        values["port"] = values["ports"][0]
    with contextlib.ExitStack() as around:
        if case.beside:
            values |= around.enter_context(case.beside())
        return run_with(instance, build, scratch, values)


@dataclasses.dataclass
class Server:
    """What a client knows of the program that it talks to."""
    ports: list   # of this machine, in the order of Case.ports
    process: subprocess.Popen

    def running(self):
        return self.process.poll() is None


def visit(case, server):
    """Lets the case's client talk to the program, then ends that."""
    try:
        return case.client(server)
    except Exception as error:  # whatever a client meets is what the case found
        return f"its client: {error!r}"
    finally:
        server.process.terminate()


def run_with(instance, build, scratch, values):
    case = instance.case
    command = words_of(instance, build, scratch, values)
    environment = {**os.environ, **environment_of(case, build, scratch)}
    tailored = instance.machine == "tailored" or "--tailor" in case.options
    if tailored and not case.around:
        # Before the time counts and clients come: its kernel is kept. What runs around a guest does the same (tailoring.run_words).
        subprocess.run([*command[:2], "--dry-run", *command[2:]], cwd=scratch, env=environment, capture_output=True, timeout=tailoring.SECONDS)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=scratch, env=environment,
                               start_new_session=bool(case.script))
    slowness = SLOW_LONG if instance.name.startswith("long/") and is_arm64(instance) else SLOW.get(instance.machine, 1)
    timeout = case.timeout * slowness + (UEFI_SECONDS if instance.machine in UEFI_MACHINES else 0)
    if tailored and case.around:
        timeout += tailoring.SECONDS
    if case.interrupt_after:
        timer = threading.Timer(case.interrupt_after, process.send_signal, [signal.SIGINT])
        timer.start()
    visitor = None
    if case.client:
        visitor = concurrent.futures.ThreadPoolExecutor(1)
        visited = visitor.submit(visit, case, Server(values["ports"], process))
    try:
        stdout, stderr = process.communicate(case.stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        if case.script:
            os.killpg(process.pid, signal.SIGKILL)  # what it left in the background holds the pipes
        process.kill()
        stdout, stderr = process.communicate()
        return f"did not end within {timeout} s\n{shlex.join(command)}\nstdout: {stdout[-500:]!r}\nstderr: {stderr[-500:]!r}"
    finally:
        if visitor:
            visitor.shutdown(wait=process.returncode is not None, cancel_futures=True)
    completed = subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
    problem = judge(case, completed)
    if instance.machine == "races":
        problem = "\n".join(filter(None, [races().problem(instance, completed, build), problem])) or None
    if visitor and visited.result():
        problem = "\n".join(filter(None, [visited.result(), problem or f"stderr: {stderr[-3000:].decode(errors='replace')}"]))
    return problem


def judge(case, completed):
    """What differs from what must come out, or None."""
    problems = [
        None if completed.returncode == case.status else f"status is {completed.returncode} instead of {case.status}",
        compare("stdout", case.stdout, completed.stdout),
        compare("stderr", case.stderr, completed.stderr),
        case.check(completed) if case.check else None,
    ]
    problems = [problem for problem in problems if problem]
    if not problems:
        return None
    return "\n".join([*problems, shlex.join(completed.args), f"stderr: {completed.stderr[-3000:].decode(errors='replace')}"])
