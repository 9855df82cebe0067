#!/usr/bin/env python3
"""usage: unshare -n impaired.py IMPAIRMENT SPORE [OPTIONS…]: a guest and Linux's own TCP exchange bytes over a way that loses, reorders, repeats or spoils frames.

Runs in a network namespace of its own. The guest has the TAP `guest`, this machine's stack the TAP `here`; a relay carries frames between the two.
No offloads (--pcap sees to that), so that each frame is what a wire would carry.
"""
import collections
import fcntl
import hashlib
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tap import ip
from transfer import data

HERE, GUEST = "10.9.0.1", "10.9.0.2"
HERE_6, GUEST_6 = "fd09::1", "fd09::2"
# Chances of loss, being late, being repeated and being spoilt; seconds of delay; bytes a second.
IMPAIRMENTS = {
    "none": {},
    "loss-1": {"lose": 0.01},
    "loss-5": {"lose": 0.05},
    "reordering": {"late": 0.05},
    "duplication": {"repeat": 0.05},
    "corruption": {"spoil": 0.02},
    "far": {"delay": 0.05},
    "narrow": {"rate": 10e6 / 8},
}


def describe(frame):
    """A frame in a few words: of TCP its ports, what a reader of a failure needs to follow the conversation, and how much it carries."""
    kind, at, end = int.from_bytes(frame[12:14]), 54, len(frame)
    if kind == 0x0800:
        at, end, protocol = 14 + (frame[14] & 15) * 4, 14 + int.from_bytes(frame[16:18]), frame[23]
    elif kind == 0x86dd:
        end, protocol = 54 + int.from_bytes(frame[18:20]), frame[20]
    if kind not in (0x0800, 0x86dd) or protocol != 6 or len(frame) < at + 20:
        return f"{kind:04x}, {len(frame)} bytes"
    ports, sequence, acknowledgement, size, flags, window = struct.unpack_from(">4sIIBBH", frame, at)
    letters = "".join(letter for bit, letter in enumerate("FSRPAUEC") if flags & 1 << bit)
    return (f"{int.from_bytes(ports[:2])}>{int.from_bytes(ports[2:])} {letters} seq {sequence} ack {acknowledgement} window {window} "
            f"{end - at - (size >> 4) * 4} bytes")


class Relay(threading.Thread):
    def __init__(self, impairment):
        super().__init__(daemon=True)
        self.how = impairment
        self.random = random.Random(1)
        self.last = collections.deque(maxlen=40)  # what happened to the latest frames, in words
        self.failure = None
        self.waiting, self.number = [], 0
        self.free_at = {}
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, 0x400454ca, struct.pack("16sH22x", b"here", 0x1002))  # TUNSETIFF, IFF_TAP | IFF_NO_PI
        self.guest = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        self.guest.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.guest.bind(("guest", 0))

    def pass_on(self, frame, send, way):
        chance = self.random.random
        lost = chance() < self.how.get("lose", 0)
        self.last.append(f"{time.monotonic():.3f} {way} {describe(frame)}{' lost' if lost else ''}")
        if lost:
            return
        if chance() < self.how.get("spoil", 0):
            at = self.random.randrange(14, len(frame))
            frame = frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1:]
        due = time.monotonic() + self.how.get("delay", 0)
        if rate := self.how.get("rate"):
            due = max(due, self.free_at.get(send, 0))
            if due - time.monotonic() > 0.2:
                return  # the queue in front of a narrow way is full
            self.free_at[send] = due + len(frame) / rate
        if chance() < self.how.get("late", 0):
            due += 0.005
        for _ in range(2 if chance() < self.how.get("repeat", 0) else 1):
            self.number += 1
            heapq.heappush(self.waiting, (due, self.number, frame, send))

    def run(self):
        try:
            self.relay()
        except Exception as error:  # told when a transfer fails
            self.failure = error

    def relay(self):
        def to_here(frame):
            os.write(self.tap, frame)

        def to_guest(frame):
            self.guest.send(frame)
        while True:
            wait = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready, _, _ = select.select([self.tap, self.guest], [], [], wait)
            if self.tap in ready:
                self.pass_on(os.read(self.tap, 2000), to_guest, "to guest")
            if self.guest in ready:
                frame, (_, _, kind, *_) = self.guest.recvfrom(2000)
                if kind != 4:  # PACKET_OUTGOING: what the relay itself sent
                    self.pass_on(frame, to_here, "to here")
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, frame, send = heapq.heappop(self.waiting)
                try:
                    send(frame)
                except OSError:
                    pass  # a full queue loses a frame, as a wire may


def connect(address, guest, patience=30):
    deadline = time.monotonic() + patience
    while True:
        try:
            return socket.create_connection((address, 5000), 60)
        except OSError:
            if time.monotonic() > deadline or guest.poll() is not None:
                raise
            time.sleep(0.1)


def transfer(address, order, size, guest):
    """None, or what went wrong."""
    bytes_of = data(size)
    with connect(address, guest) as connection, connection.makefile("rwb") as stream:
        stream.write(f"{order} {size}\n".encode())
        if order == "give":
            stream.flush()
            got = stream.read(size)
            return None if got == bytes_of else f"{address}: {len(got)} of {size} bytes came, {'the right' if bytes_of.startswith(got) else 'wrong'} ones"
        stream.write(bytes_of)
        stream.flush()
        answer = stream.read(64).decode()
        return None if answer == hashlib.sha256(bytes_of).hexdigest() else f"{address}: the guest received something else than was sent"


def circumstances(relay, guest):
    """What is to be seen on both sides of a transfer that failed."""
    sockets = subprocess.run(["ss", "-tnaeio"], capture_output=True, text=True).stdout
    lines = [f"the relay: {f'failed, {relay.failure}' if relay.failure else 'runs'}",
             f"the guest: {'runs' if guest.poll() is None else f'ended with {guest.returncode}'}", "sockets here:", sockets, "the last frames:"]
    return "\n".join([*lines, *relay.last])


def main():
    impairment, spore, *options = sys.argv[1:]
    for command in ("link set lo up", "tuntap add guest mode tap", "tuntap add here mode tap", "link set guest addrgenmode none", "link set guest up",
                    f"address add {HERE}/24 dev here", f"-6 address add {HERE_6}/64 dev here nodad"):
        ip(command)
    relay = Relay(IMPAIRMENTS[impairment])
    ip("link set here up")
    relay.start()
    orders = [(GUEST, "give"), (GUEST, "take"), (GUEST_6, "give"), (GUEST_6, "take")]
    size = 400_000 if impairment in ("loss-5", "corruption") else 2_000_000
    server = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transfer.py")
    with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
        guest = subprocess.Popen([spore, "run", *options, "--network", "tap=guest", "--pcap", capture.name, "--ip", f"{GUEST}/24", "--ip", f"{GUEST_6}/64",
                                  "-v", f"{server}:/transfer.py:ro", "/usr/bin/python3", "/transfer.py", str(len(orders))], stdout=subprocess.PIPE, text=True)
        try:
            if guest.stdout.readline() != "listening\n":
                return "the guest does not listen"
            for address, order in orders:
                began = time.monotonic()
                try:
                    problem = transfer(address, order, size, guest)
                except OSError as error:
                    problem = f"{address} {order}: {error}"
                if problem:
                    return f"{problem}\n{circumstances(relay, guest)}"
                print(f"{address} {order}: {size / (time.monotonic() - began) / 1e6:.2f} MB/s", file=sys.stderr)
        finally:
            guest.terminate()
            guest.wait(20)
    return None


if __name__ == "__main__":
    if problem := main():
        sys.exit(problem)
    print("all bytes came")
