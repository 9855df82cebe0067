#!/usr/bin/env python3
"""usage: unshare -n automatic.py PACKAGE KIND SPORE [OPTIONS…]: dnsmasq, from the folder of its unpacked package, gives a guest its addresses, over a TAP in a network namespace of its own.
KIND says what of IPv6 it does: `slaac` advertises a prefix to form an address in, `stateful` gives addresses by DHCPv6, `stateless` only what goes with them."""
import subprocess
import sys
import tempfile
import time

from tap import make_tap

# An address that is the guest's alone takes a second; a busy host more. Which of the two families comes first is open.
SHOW = """for try in $(seq 30); do
    ip addr show eth0 | grep 'inet6 fd09' | grep -qv tentative && grep -q fd09 /etc/resolv.conf && ip addr show eth0 | grep -q 'inet 10' && break
    sleep 1
done
ip addr show eth0; ip route; ip -6 route; cat /etc/resolv.conf"""


def main():
    package, kind, spore, *options = sys.argv[1:]
    make_tap("10.9.0.1/24", "fd09::1/64")
    v6_range = {"slaac": "fd09::,ra-only", "stateful": "fd09::100,fd09::1ff,64,2m", "stateless": "fd09::,ra-stateless"}[kind]
    with tempfile.TemporaryDirectory() as scratch:
        server = subprocess.Popen([f"{package}/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=root", "--group=root", "--bind-interfaces",
                                   "--interface=guest", "--except-interface=lo", "--enable-ra", f"--dhcp-leasefile={scratch}/leases", f"--pid-file={scratch}/pid",
                                   "--dhcp-range=10.9.0.50,10.9.0.99,2m", f"--dhcp-range={v6_range}", "--domain=spore.test",
                                   "--dhcp-option=option6:dns-server,[fd09::53]", "--log-facility=-", "--log-dhcp"], stderr=subprocess.PIPE, text=True,
                                  env={"LD_LIBRARY_PATH": f"{package}/usr/lib/x86_64-linux-gnu:{package}/lib/x86_64-linux-gnu"})
        try:
            time.sleep(0.5)
            status = subprocess.run([spore, "run", *options, "--network", "tap=guest", "--ip", "auto", "/bin/busybox", "sh", "-c", SHOW], timeout=60).returncode
        finally:
            server.terminate()
            log = server.communicate(timeout=10)[1]
    if status:
        print(log, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
