"""Runs cases on hardware virtualisation: inside an emulated Linux machine with a /dev/kvm of its own, or that is Xen's first domain (linux.py).

Its own cases are in cases.py; every system test can be run here too, when it is asked for by name.
"""
import dataclasses
import pathlib
import shlex
import subprocess
import tempfile

from lab import cases, linux, machines, packages
from system import packages as system_packages
from system import case as system_case

HERE = pathlib.Path(__file__).resolve().parent
MOST_DEATHS = 2  # of the lab's machine in one case
TOOL_WORDS = ["run", "--accel", "kvm"]


def instances(filtered):
    """The lab's own, and with a filter those among which it chooses."""
    own = [placed for case in cases.CASES for one in system_case.instances_of(f"lab/{case.name}", case) for placed in places_of(one)]
    # What needs the test beside the tool stays outside: scripts of the tool's, clients, and signals at a certain time.
    others = [dataclasses.replace(one, name=f"lab/{one.name}") for one in system_case.load_all("system")
              if any(one.machine in machine.guests for machine in machines.MACHINES) and not needs_company(one.case)]
    return own + others if filtered else own


def needs_company(case):
    return case.script or case.around or case.client or case.beside or case.ports or case.interrupt_after


def places_of(instance):
    """For what the tool says without a machine of its own the case names the lab's."""
    if instance.machine:
        return [instance]
    return [dataclasses.replace(instance, name=f"{instance.name}@{name}", machine=name) for name in instance.case.machines]


def words_of(instance, build, scratch):
    if isinstance(instance.case, cases.Domain):
        return ["sh", str(HERE / "domain.sh"), f"{scratch}/image", instance.case.meanwhile, instance.case.afterwards]
    if instance.case.script:  # which gives $OPTIONS to `spore run` itself
        instance = dataclasses.replace(instance, case=dataclasses.replace(instance.case, options=[*TOOL_WORDS[1:], *instance.case.options]))
    words = system_case.words_of(instance, build, scratch, {**system_case.files_for(instance, build), "system": ""})
    return words if instance.case.host or instance.case.script else [words[0], *TOOL_WORDS, *words[2:]]


def build_domain(instance, build, scratch):
    """The image that domain.sh runs: made here, where it is quicker."""
    case = instance.case
    words = [str(system_case.build_program(word, build) if isinstance(word, system_case.Program) else word).replace("{scratch}", str(scratch)) for word in (*case.options, *case.command)]
    made = subprocess.run([build / "host/spore", "build", "--target", "xen", "-o", scratch / "image", "-m", case.memory or "64M", "--mode", instance.mode,
                           "--cpus", str(instance.cpus), *words], capture_output=True, text=True, timeout=120)
    if made.returncode:
        raise packages.Unavailable(f"the image of {instance.name} cannot be made: {made.stderr}")
    subprocess.run(["sh", "-euc", case.prepare], cwd=scratch / "image", check=True)


def step(number, instance, build, work):
    """The lines of the script that run one case, leaving its outputs and its status in its folder."""
    folder = work / str(number)
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    case = instance.case
    system_case.make_files(case, scratch)
    (folder / "stdin").write_bytes(case.stdin)
    if isinstance(case, cases.Domain):
        build_domain(instance, build, scratch)
    environment = system_case.environment_of(case, build, str(scratch))
    if case.script:
        environment["XDG_RUNTIME_DIR"] = "/tmp"  # no socket can be made on 9P
    words = ["env", *(f"{key}={value}" for key, value in environment.items()),
             "timeout", "-s", "KILL", str(case.timeout), *words_of(instance, build, str(scratch))]
    return f"""cd {scratch}
{shlex.join(words)} < ../stdin > ../stdout 2> ../stderr
echo $? > ../status
"""


def verdict(number, instance, build, work):
    folder = work / str(number)
    words = words_of(instance, build, str(folder / "scratch"))
    output, errors = (folder / "stdout").read_bytes(), (folder / "stderr").read_bytes()
    return system_case.judge(instance.case, subprocess.CompletedProcess(words, int((folder / "status").read_text()), output, errors))


def run(chosen, build, tally):
    for machine in machines.MACHINES:
        if here := [one for one in chosen if one.machine in (machine.name, *machine.guests)]:
            run_in(machine, here, build, tally)


def run_in(machine, chosen, build, tally):
    """All of them in one boot, or in as many as it takes when the machine dies under one."""
    waiting = []
    for one in chosen:
        if system_case.missing_for(one):
            tally.add(one.name, skipped=True)
        else:
            waiting.append(one)
    with tempfile.TemporaryDirectory(prefix="spore-lab-") as folder:
        deaths, boot = 0, 0
        while waiting:
            work = pathlib.Path(folder, str(boot))
            work.mkdir()
            boot += 1
            try:
                (work / "script").write_text("".join(step(number, one, build, work) for number, one in enumerate(waiting)))
                console = linux.run(machine, build, work)
            except (packages.Unavailable, system_packages.Missing) as reason:
                return tally.add(f"lab@{machine.name}", f"it cannot be set up here: {reason}")
            done = sum((work / str(number) / "status").exists() for number in range(len(waiting)))
            for number in range(done):
                tally.add(waiting[number].name, verdict(number, waiting[number], build, work))
            deaths = 0 if done else deaths
            waiting = waiting[done:]
            if not waiting:
                break
            print(f"{machine.name} died in {waiting[0].name}", flush=True)
            deaths += 1
            if deaths == MOST_DEATHS:
                tally.add(waiting.pop(0).name, f"{machine.name} died {deaths} times; its console: {console[-1500:]}")
                deaths = 0
        print(f"lab: {len(chosen)} on {'Xen' if machine.hypervisor else 'KVM'} of {machine.name}, in {boot} boots", flush=True)
