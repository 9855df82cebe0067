"""The guest's TCP and Linux's carry bytes both ways, over IPv4 and IPv6, while frames between them are lost, late, repeated or spoilt: programs/impaired.py."""
from system.case import PROGRAMS, Case

KINDS = ("none", "loss-1", "loss-5", "reordering", "duplication", "corruption", "far", "narrow")

CASES = [Case(kind, [PROGRAMS / "impaired.py", kind], script='exec unshare -n python3 "$1" "$2" "$SPORE"', stdout="all bytes came\n", root=True, timeout=240,
              needs=("/dev/net/tun", "/usr/bin/unshare", "/usr/sbin/ip")) for kind in KINDS]
