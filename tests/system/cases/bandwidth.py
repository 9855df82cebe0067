"""iperf3 in the guest and here, over a TAP interface: programs/bandwidth.py."""
from system.case import PROGRAMS, Case

WAYS = ("TCP to the guest", "TCP from the guest", "four TCP streams over IPv6 to the guest", "UDP to the guest", "UDP from the guest")

CASES = [Case(name, [PROGRAMS / "bandwidth.py", *options], script='program=$1; shift; exec unshare -n python3 "$program" "$SPORE" "$@"', root=True, timeout=120,
              stdout="".join(f"{way}: works\n" for way in WAYS), needs=("/dev/net/tun", "/usr/bin/unshare", "/usr/sbin/ip", "/usr/bin/iperf3"))
         for name, options in {"microvm": ["--machine", "microvm"], "q35-4": ["--machine", "q35", "--cpus", "4"], "linuxu-1": ["--on", "linuxu"],
                               "linuxu-4": ["--on", "linuxu", "--cpus", "4"]}.items()]
