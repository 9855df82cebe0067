"""The guest's TCP and Linux's carry bytes both ways, over IPv4 and IPv6, while frames between them are lost, late, repeated or spoilt."""
from system.case import Case

KINDS = ("none", "loss-1", "loss-5", "reordering", "duplication", "corruption", "far", "narrow")

CASES = [Case(kind, [kind], around="impaired.py", root=True, stdout="all bytes came\n", needs=("/usr/bin/python3",), spread=True, linuxu=False, timeout=240) for kind in KINDS]
