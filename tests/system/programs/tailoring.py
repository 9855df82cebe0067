"""How the programs here that may run on a tailored kernel start a guest."""
import subprocess

SECONDS = 600   # what making a kernel may take, on a machine that others use too


def run_words(spore, options, *words):
    """The command that starts a guest. A kernel of its own (`--tailor`) is made now, as the time that a program waits counts from its start; it is kept."""
    if "--tailor" in options:
        subprocess.run([spore, "run", "--dry-run", *options, *words], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=SECONDS, check=True)
    return [spore, "run", *options, *words]
