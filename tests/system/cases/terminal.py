"""`-it`: a shell behind a pseudoterminal."""
import re

from system.case import Case

EXPECTED = ["first", "33 101", "/dev/console", "^C", "status 130", "abd", "one three", "Stopped"]


def check(completed):
    missing = [text for text in EXPECTED if not re.search("(^|[\r\n])[^\r\n]*" + re.escape(text), completed.stdout.decode())]
    return f"without {missing}: {completed.stdout[-3000:]!r}" if missing else None


CASES = [Case("shell", [], around="terminal.py", status=7, check=check, needs=("/bin/busybox",), spread=True, timeout=60)]
