"""Types what the guides (docs/guides) tell to type, and compares what comes back with what they show.

In a block marked `console` a line that begins with `$ ` is typed into a shell, and what follows up to the next is its output, both streams together; `…` is
any text, alone on a line any number of lines. A block marked `LANGUAGE file=PATH` is written to that file. Every guide has a shell, a folder and a network of its own.
"""
import os
import pathlib
import re
import secrets
import subprocess
import tempfile

GUIDES = pathlib.Path(__file__).resolve().parents[2] / "docs/guides"
TIMEOUT = 300
END_OF_FILE = "end-of-file"


def commands_of(text):
    """(what is typed, what comes back), in order."""
    found = []
    for file, block in re.findall(r"^```(?:console|\w+ file=(\S+))\n(.*?)^```$", text, re.M | re.S):
        if file:
            found.append((f"mkdir -p {os.path.dirname(file) or '.'}; cat > {file} <<'{END_OF_FILE}'\n{block}{END_OF_FILE}", []))
            continue
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def pattern_of(lines):
    parts = [r"(?:.*\n)*" if line == "…" else ".*".join(re.escape(part) for part in line.split("…")) + "\n" for line in lines]
    return re.compile("".join(parts))


def script_of(commands, mark):
    # A status is asked for by the next command, so what writes the mark must not change it.
    return "".join(f"{typed}\ns=$?; echo {mark}; (exit $s)\n" for typed, _ in commands)


def run(guide, build):
    """Nothing, or what is wrong."""
    commands = commands_of(guide.read_text())
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="spore-guide-") as folder:
        environment = {**os.environ, "PATH": f"{build / 'host'}:/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR": folder, "LC_ALL": "C.UTF-8"}
        own_network = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        try:
            done = subprocess.run([*own_network, "bash", "-c", "ip link set lo up\n" + script_of(commands, mark)], cwd=folder, env=environment, timeout=TIMEOUT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired as late:
            return f"not done within {TIMEOUT} s; so far:\n{(late.stdout or b'').decode(errors='replace')}"
    answers = done.stdout.decode(errors="replace").split(f"{mark}\n")
    if len(answers) <= len(commands):
        return f"the shell ended early:\n{done.stdout.decode(errors='replace')}"
    problems = [f"$ {typed}\n{answer}" for (typed, lines), answer in zip(commands, answers) if not pattern_of(lines).fullmatch(answer)]
    return "what came back differs:\n" + "\n".join(problems) if problems else None


def all_guides():
    return [guide for guide in sorted(GUIDES.glob("*.md")) if commands_of(guide.read_text())]
