"""What a program has sent before it ends arrives, though the machine ends with it: programs/farewell.py."""
from system.case import PROGRAMS, Case

CASES = [Case("last-bytes", [PROGRAMS / "farewell.py"], script='exec unshare -n python3 "$1" "$SPORE"', stdout="all was said\n", root=True, timeout=120,
              needs=("/dev/net/tun", "/usr/bin/unshare", "/usr/sbin/ip"))]
