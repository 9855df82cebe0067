"""What a program has sent before it ends arrives, though the machine ends with it."""
from system.case import Case

CASES = [Case("last-bytes", [], around="farewell.py", root=True, stdout="all was said\n", needs=("/usr/bin/python3",), spread=True, linuxu=False, timeout=240)]
