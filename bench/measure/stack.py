"""The network stack alone, as a program of this machine, beside lwIP from Debian's source: two ends of a connection over each one's loopback."""
import re
import shutil
import subprocess

from . import tools

FOLDER = tools.SOURCE / "bench/stack"
RELEASE = "bookworm"
LWIP_PARTS = ["core/" + name for name in ("init", "def", "inet_chksum", "ip", "mem", "memp", "netif", "pbuf", "stats", "sys", "tcp", "tcp_in", "tcp_out",
                                          "timeouts", "ipv4/ip4", "ipv4/ip4_addr", "ipv4/ip4_frag")]
# Name, what is counted, how often while it is timed, and while instructions are counted: those are what the second adds to the first.
LOADS = (("request", "request and answer", 100_000, (1000, 3000)), ("open", "connection, request, close", 10_000, (300, 900)),
         ("bulk", "MiB in one direction", 500, (8, 24)))


def sources_line():
    """A line for apt: the sources of that of this machine's archives which has Debian's packages."""
    told = tools.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)", "Identifier: Packages"]).output
    for archive, release, component, keys in (line.split(" ", 3) for line in told.splitlines()):
        if (release, component) == (RELEASE, "main"):
            option = "" if keys.startswith("$") else f"[signed-by={keys}] "  # a field that is not set stays as it was asked for
            return f"deb-src {option}{archive} {release} {component}\n"
    raise tools.Missing(f"apt lists no archive with Debian {RELEASE}, which lwIP's source would come from")


def lwip_source():
    """lwIP's source package, unpacked; asked for with lists of its own, since a machine need not list sources."""
    folder = tools.CACHE / "lwip"
    if folder.exists():
        return folder
    partial = tools.CACHE / "lwip.new"
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "lists/partial").mkdir(parents=True)
    (partial / "sources.list").write_text(sources_line())
    apt = ["apt-get", "-q", "-o", f"Dir::Etc::SourceList={partial}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null", "-o",
           f"Dir::State::Lists={partial}/lists", "-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="]
    for words in (["update"], ["source", "--download-only", "lwip"]):
        ended = subprocess.run([*apt, *words], cwd=partial, capture_output=True, text=True, timeout=300)
        if ended.returncode:
            raise tools.Missing(f"lwIP's source cannot be downloaded: {ended.stderr.strip()[-200:]}")
    archive = next(partial.glob("lwip_*.orig.tar.*"))
    subprocess.run(["tar", "-xf", archive, "--strip-components=1"], cwd=partial, check=True)
    shutil.rmtree(partial / "lists")
    partial.rename(folder)
    return folder


def lwip_program():
    source = lwip_source() / "src"
    own = [FOLDER / "lwip.c", FOLDER / "lwip/lwipopts.h", FOLDER / "lwip/arch/cc.h"]
    parts = [own[0], *(source / f"{part}.c" for part in LWIP_PARTS)]
    return tools.make("lwip-alone", [*own, *parts], lambda out: ["clang-19", "-O2", "-flto=thin", "-fuse-ld=lld-19", "-w", f"-I{FOLDER}/lwip",
                                                                 f"-I{source}/include", "-o", out, *parts])


def spore_program():
    ended = tools.run(["ninja", "-C", tools.BUILD, "stack-alone"], 1800)
    if ended.status:
        raise tools.Missing(f"the stack does not build: {(ended.output + ended.errors).strip()[-300:]}")
    return tools.BUILD / "bench/stack/stack-alone"


def nanoseconds(program, load, times):
    ended = tools.run([program, load, times], 120)
    if ended.status:
        raise tools.Missing(f"{program} {load}: {ended.errors.strip()[-200:]}")
    return int(ended.output.split()[1]) / times


def instructions(program, load, times):
    """Those of one more: what the program does before and after cancels out."""
    def collected(count):
        command = [tools.find_tool("valgrind", "valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", program, load, count]
        found = re.search(r"Collected : (\d+)", tools.run(command, 300).errors)
        if not found:
            raise tools.Missing(f"valgrind did not count {program} {load}")
        return int(found[1])
    few, many = times
    return (collected(many) - collected(few)) / (many - few)


def stack(report, runs):
    ours, theirs = spore_program(), lwip_program()
    for load, name, timed, counted in LOADS:
        # In turns, and the least: others use this machine, too.
        samples = [(nanoseconds(ours, load, timed), nanoseconds(theirs, load, timed)) for _ in range(runs)]
        report.add("stack", f"{name}: time", min(one for one, _ in samples), "ns", min(one for _, one in samples), "lwIP", 0.5, "ratio")
        report.add("stack", "  instructions", instructions(ours, load, counted), "", instructions(theirs, load, counted), "lwIP", 0.5, "ratio")
