"""iperf3 in the guest and here, over a TAP interface."""
from system.case import Case

WAYS = ("TCP to the guest", "TCP from the guest", "four TCP streams over IPv6 to the guest", "UDP to the guest", "UDP from the guest")

CASES = [Case("iperf3", [], around="bandwidth.py", root=True, stdout="".join(f"{way}: works\n" for way in WAYS), needs=("/usr/bin/iperf3",), modes=("fused",), timeout=120)]
