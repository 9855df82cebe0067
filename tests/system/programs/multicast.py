#!/usr/bin/env python3
"""usage: unshare -n multicast.py SPORE [OPTIONS…]: a guest and this machine are members of one group and speak to it, over a TAP in a network namespace of its own.
Prints what each has heard, and which reports the guest has sent, seen on the wire."""
import socket
import struct
import subprocess
import sys
import threading

from tap import make_tap

GROUPS = {socket.AF_INET: "239.9.9.9", socket.AF_INET6: "ff05::9:9"}
PORT = 9999

# In the guest: joins both groups, says so to them, and tells what it heard from others.
MEMBER = """
import socket, struct, sys
for family, group in ((socket.AF_INET, "239.9.9.9"), (socket.AF_INET6, "ff05::9:9")):
    one = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("", 9999))
    index = socket.if_nametoindex("eth0")
    if family == socket.AF_INET:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + bytes(4))
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 3)
        to = (group, 9999)
    else:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(family, group) + struct.pack("I", index))
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        to = (group, 9999, 0, index)
    one.settimeout(20)
    one.sendto(b"guest", to)
    heard = {one.recv(100), one.recv(100)}
    print("the guest heard", sorted(heard))
    one.setsockopt(*((socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, socket.inet_aton(group) + bytes(4)) if family == socket.AF_INET else
                     (socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, socket.inet_pton(family, group) + struct.pack("I", index))))
"""


def member(family):
    """Answers the guest, when it has spoken to the group."""
    group, index = GROUPS[family], socket.if_nametoindex("guest")
    one = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("", PORT))
    if family == socket.AF_INET:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + struct.pack("4sI", bytes(4), index))
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4sI", bytes(4), bytes(4), index))
        one.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
        to = (group, PORT)
    else:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(family, group) + struct.pack("I", index))
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        to = (group, PORT, 0, index)
    one.settimeout(40)

    def answer():
        heard, control, _, _ = one.recvmsg(100, 100)
        print("this machine heard", heard, [data[0] for level, kind, data in control if level == socket.IPPROTO_IP], flush=True)
        one.sendto(b"this machine", to)
    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def watch(reports, stop):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    wire.bind(("guest", 0))
    wire.settimeout(0.2)
    while not stop.is_set():
        try:
            packet, about = wire.recvfrom(2000)
        except TimeoutError:
            continue
        if about[2] == 4:  # from this machine
            continue
        if about[1] == 0x0800 and packet[9] == 2 and packet[24] == 0x22:  # IGMPv3, behind a router alert
            reports.add((socket.inet_ntop(socket.AF_INET, packet[36:40]), packet[32]))
        elif about[1] == 0x86dd and packet[6] == 0 and packet[48] == 143:  # MLDv2, behind hop-by-hop options
            reports.add((socket.inet_ntop(socket.AF_INET6, packet[60:76]), packet[56]))


def main():
    spore, *options = sys.argv[1:]
    make_tap("10.9.0.1/24", "fd09::1/64")
    reports, stop = set(), threading.Event()
    watcher = threading.Thread(target=watch, args=(reports, stop), daemon=True)
    watcher.start()
    members = [member(family) for family in GROUPS]
    status = subprocess.run([spore, "run", *options, "--network", "tap=guest", "--ip", "10.9.0.2/24", "--ip", "fd09::2/64", "/usr/bin/python3", "-c", MEMBER],
                            timeout=60).returncode
    for one in members:
        one.join()
    stop.set()
    watcher.join()
    for group in GROUPS.values():
        print(group, sorted(kind for name, kind in reports if name == group))
    return status


if __name__ == "__main__":
    sys.exit(main())
