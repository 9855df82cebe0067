"""Addresses that the network gives out: QEMU's user network has a DHCP server and a router that advertises itself."""
import re

from system.case import Case

SHOW = "ip addr show eth0; ip route; cat /etc/resolv.conf"

CASES = [
    Case("dhcp", ["/bin/busybox", "sh", "-c", SHOW], options=["--network", "user", "--ip", "auto"],
         stdout=re.compile(r"inet 10\.0\.2\.15/24 .*dynamic eth0.*10\.0\.2\.0/24 dev eth0 .*default via 10\.0\.2\.2 .*\nnameserver 10\.0\.2\.3\n", re.S), stderr=""),
    Case("dhcp-with-server", ["/bin/busybox", "cat", "/etc/resolv.conf"], options=["--network", "user", "--ip", "auto", "--dns", "192.0.2.53"],
         machines=("microvm",), cpus=(1,), stdout=re.compile(r"\Anameserver 192\.0\.2\.53\nnameserver 10\.0\.2\.3\n"), stderr=""),
    # The address is the machine's own once nobody has claimed it for a second.
    Case("router-advertisement", ["/bin/busybox", "sh", "-c", "sleep 2; ip -6 addr; ip -6 route"],
         options=["--network", "user", "--ip", "auto", "--mac", "52:54:00:0a:0b:0c"], machines=("microvm",),
         stdout=re.compile(r"inet6 fec0::5054:ff:fe0a:b0c/64 scope (site|global) dynamic.*default via fe80::2 dev eth0", re.S), stderr=""),
    # The owner's own file stays; an empty one is what container engines leave behind.
    Case("resolv-conf-of-the-root", ["/bin/busybox", "cat", "/etc/resolv.conf"],
         options=["--network", "user", "--ip", "auto", "--root", "{scratch}/root", "-v", "{system}/bin/busybox:/bin/busybox:ro"],
         files={"root/etc/resolv.conf": "nameserver 192.0.2.1\n"}, machines=("microvm",), cpus=(1,), stdout="nameserver 192.0.2.1\n"),
    Case("empty-resolv-conf", ["/bin/busybox", "cat", "/etc/resolv.conf"],
         options=["--network", "user", "--ip", "auto", "--root", "{scratch}/root", "-v", "{system}/bin/busybox:/bin/busybox:ro"],
         files={"root/etc/resolv.conf": ""}, machines=("microvm",), cpus=(1,), stdout=re.compile(r"nameserver 10\.0\.2\.3\n")),
    # A TAP with nobody at its other end: the program starts all the same.
    Case("no-server", [], around="alone.py", root=True, spread=True, linuxu=False, stdout="started\n",
         stderr=re.compile(r"the network gave no address within 15 s: is there a DHCP server\? Name an address with --ip")),
    Case("auto-without-network", ["run", "--ip", "auto", "--network", "none", "/bin/busybox", "true"], host=True, status=125,
         stderr=re.compile(r"--ip auto needs a network: add --network user")),
    Case("auto-and-address", ["run", "--network", "user", "--ip", "auto", "--ip", "10.0.2.16/24", "/bin/busybox", "true"], host=True, status=125,
         stderr=re.compile(r"--ip auto lets the network give out addresses")),
]
