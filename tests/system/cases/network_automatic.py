"""`--ip auto` on a TAP, with a real server: dnsmasq gives addresses by DHCP, DHCPv6 and router advertisements."""
import re

from system.case import Case


def case(kind, address_v6, server):
    """The IPv4 part is the same for all."""
    wanted = [r"inet 10\.9\.0\.\d+/24 .*dynamic", f"inet6 {address_v6}", r"default via 10\.9\.0\.1 ", "default via fe80::", r"search spore\.test\n",
              server, r"nameserver 10\.9\.0\.1\n"]

    def check(completed):
        missing = [one for one in wanted if not re.search(one, completed.stdout.decode())]
        return f"nothing like {missing} in\n{completed.stdout.decode()}" if missing else None
    return Case(f"dnsmasq-{kind}", ["{package}", kind], around="automatic.py", root=True, package="dnsmasq-base", needs=("/bin/busybox",), spread=True, linuxu=False, timeout=90,
                check=check)


FORMED, SERVER_V6 = r"fd09::5054:[0-9a-f:]+/64 scope global", r"nameserver fd09:[0:]*53\n"
CASES = [
    case("slaac", FORMED, SERVER_V6),
    case("stateful", r"fd09::1[0-9a-f]{2}/128 scope global dynamic", SERVER_V6),
    case("stateless", FORMED, SERVER_V6),
]
