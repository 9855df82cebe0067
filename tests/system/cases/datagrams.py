"""Sockets of datagrams beyond UDP: raw ones, ICMP echo, whole frames, groups, and errors that are queued."""
import re
import subprocess

from system.case import PROGRAMS, Case, Program, native_twin


def as_on_linux(completed):
    # On a loopback of its own, where nobody else's frames pass.
    native = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link set lo up && exec /usr/bin/python3 "$0"', PROGRAMS / "datagrams.py"], capture_output=True,
                            timeout=60).stdout
    return None if native == completed.stdout else f"not as on Linux:\n{native.decode()}\nbut\n{completed.stdout.decode()}"


def alone_as_on_linux(completed):
    native = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0"', native_twin(completed.args[-1])], capture_output=True, timeout=60).stdout
    if native == completed.stdout:
        return None
    ours, theirs = completed.stdout.decode().splitlines(), native.decode().splitlines()
    return next((f"{here!r}, on Linux {there!r}" for here, there in zip(ours, theirs) if here != there), f"{len(ours)} lines, on Linux {len(theirs)}")


def ping_case(name, words, answer, **more):
    """Debian's ping. passt, the user network of linuxu, answers other pings than QEMU's, and has a larger MTU."""
    return Case(name, ["/bin/ping", *words], package="iputils-ping", options=["--network", "user", "--root", "{package}"], machines=("microvm",),
                stdout=re.compile(answer), linuxu=False, **more)


# Both members hear the guest, it with its TTL of 3; both groups are told of on the wire, joined (4) and left (3).
HEARD = ["this machine heard b'guest' [3]", "this machine heard b'guest' []", *["the guest heard [b'guest', b'this machine']"] * 2,
         "239.9.9.9 [3, 4]", "ff05::9:9 [3, 4]"]

# Three of six datagrams go where it looks.
WATCHED = """
import os, socket, subprocess
os.environ["LD_LIBRARY_PATH"] = "/tcpdump/usr/lib/x86_64-linux-gnu:/tcpdump/lib/x86_64-linux-gnu"
watcher = subprocess.Popen(["/tcpdump/usr/bin/tcpdump", "-Z", "root", "-i", "lo", "-n", "-t", "-c", "3", "udp dst port 5400 and udp[8] = 0x61"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
while b"listening on lo" not in watcher.stderr.readline(): pass
source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
source.bind(("127.0.0.1", 5300))
for text in b"abc", b"def", b"a":
    for port in 5400, 5401: source.sendto(text, ("127.0.0.1", port))
source.sendto(b"again", ("127.0.0.1", 5400))
print(watcher.stdout.read().decode(), watcher.stderr.read().decode(), end="")
"""
SEEN = "".join(f"IP 127.0.0.1.5300 > 127.0.0.1.5400: UDP, length {size}\n" for size in (3, 1, 5)) + " 3 packets captured\n6 packets received by filter\n0 packets dropped by kernel\n"

CASES = [
    Case("sockets", ["/usr/bin/python3", "/datagrams.py"], options=["-v", f"{PROGRAMS}/datagrams.py:/datagrams.py:ro"], check=as_on_linux, machines=("microvm",), timeout=180,
         root=True),
    *(Case(name, [Program(name, "static-pie")], check=alone_as_on_linux, machines=("microvm",), root=True) for name in ("rings", "filters")),
    # What it does not want never comes to it, and is not counted; the loopback shows everything twice, going and coming.
    Case("tcpdump", ["/usr/bin/python3", "-c", WATCHED], package="tcpdump", options=["-v", "{package}:/tcpdump:ro"], machines=("microvm",), needs=("/usr/bin/python3",), arm64=False,
         stdout=SEEN),
    ping_case("ping", ["-4", "-c", "2", "-i", "0.2", "10.0.2.2"], r"64 bytes from 10\.0\.2\.2: icmp_seq=2 ttl=255.*\n2 packets transmitted, 2 received, 0% packet loss".replace(".*", r"[\s\S]*")),
    ping_case("ping-6", ["-6", "-c", "2", "-i", "0.2", "fe80::2%eth0"], r"64 bytes from fe80::2%eth0: icmp_seq=2 ttl=255[\s\S]*\n2 packets transmitted, 2 received, 0% packet loss"),
    ping_case("ping-too-big", ["-c", "1", "-M", "do", "-s", "1600", "10.0.2.2"], r"1 packets transmitted, 0 received, \+1 errors", cpus=(1,), status=1,
              stderr=re.compile("local error: message too long, mtu=1500")),
    Case("multicast", [], around="multicast.py", root=True, needs=("/usr/bin/python3",), spread=True, linuxu=False, timeout=90,
         check=lambda completed: None if sorted(completed.stdout.decode().splitlines()) == sorted(HEARD) else "not what both should have heard"),
]
