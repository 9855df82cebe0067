"""`-it`: a shell behind a pseudoterminal, the machine's first program or one beside it."""
import functools
import re

from system.case import Case

EXPECTED = ["first", "33 101", "^C", "status 130", "abd", "one three", "Stopped"]


def check(terminal, completed):
    missing = [text for text in [*EXPECTED, terminal] if not re.search("(^|[\r\n])[^\r\n]*" + re.escape(text), completed.stdout.decode())]
    return f"without {missing}: {completed.stdout[-3000:]!r}" if missing else None


CASES = [
    Case(name, words, around="terminal.py", status=7, check=functools.partial(check, terminal), needs=("/bin/busybox",), spread=True, timeout=60)
    for name, words, terminal in [("shell", [], "/dev/console"), ("exec", ["exec"], "/dev/pts/0")]
]
