"""Every network card that `--nic` offers carries much data both ways at once, unharmed. Over QEMU's user network."""
import contextlib
import re
import socket
import socketserver
import threading

from system.case import Case, Program

ECHO = """
import hashlib, os, socket, sys, threading
sent = os.urandom(1 << 20) * 4
for server in sys.argv[1:]:
    host, port = server.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)))
    def send():
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    came = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    sender.join()
    print("whole" if came == sent else f"{len(came)} bytes came, of {len(sent)} and others")
    for size in 1, 100, 1472 - 20 * (":" in host):  # datagrams of a frame at most
        with socket.socket(connection.family, socket.SOCK_DGRAM) as one:
            one.settimeout(10)
            one.sendto(sent[:size], (host, int(port)))
            print(size, one.recv(2000) == sent[:size])
"""


class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, own = self.request
        own.sendto(data, self.client_address)


class Stream6(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6


class Datagram6(socketserver.UDPServer):
    address_family = socket.AF_INET6


@contextlib.contextmanager
def echo_server():
    """At the addresses that QEMU's network has for this machine."""
    with contextlib.ExitStack() as around:
        servers, values = [], {}
        for name, own, alias, streams, datagrams in (("server", "127.0.0.1", "10.0.2.2", socketserver.ThreadingTCPServer, socketserver.UDPServer),
                                                     ("server6", "::1", "fec0::2", Stream6, Datagram6)):
            stream = around.enter_context(streams((own, 0), Stream))
            port = stream.server_address[1]
            servers += [stream, around.enter_context(datagrams((own, port), Datagram))]
            values[name] = f"{alias}:{port}"
        threads = [threading.Thread(target=one.serve_forever) for one in servers]
        for thread in threads:
            thread.start()
        try:
            yield values
        finally:
            for one in servers:
                one.shutdown()
            for thread in threads:
                thread.join()


V4, V6 = "whole\n1 True\n100 True\n1472 True\n", "whole\n1 True\n100 True\n1452 True\n"


def card(name, machines, nic=None, options=(), v6=False, cpus=(2,), **more):
    return Case(name, ["/usr/bin/python3", "-c", ECHO, "{server}", *["{server6}"] * v6], options=["--network", "user", "--nic", nic or name, *options],
                beside=echo_server, machines=machines, stdout=V4 + V6 * v6, memory="128M", cpus=cpus, **more)


# What the tool does not offer: the root file system's disk, the console, the entropy source, the balloon and the card over packed rings.
PACKED_QEMU = """#!/bin/sh
case "$*" in *"-machine virt,"*) cpu=aarch64;; *) cpu=x86_64;; esac
exec /usr/bin/qemu-system-$cpu -global virtio-net-device.packed=on -global virtio-blk-device.packed=on -global virtio-serial-device.packed=on \
    -global virtio-rng-device.packed=on -global virtio-balloon-device.packed=on "$@"
"""
RING_PACKED = 1 << 34


def all_packed(completed):
    features = {int(device): int(bits, 16) for device, bits in re.findall(rb"virtio device (\d+): features ([0-9a-f]+)", completed.stderr)}
    if not {1, 3, 4} <= features.keys():
        return f"of card, console and entropy source some were not found: {features}"
    return next((f"virtio device {device} has no packed rings" for device, bits in features.items() if not bits & RING_PACKED), None)


# As Linux says; error 95 is EOPNOTSUPP, and 19 ENODEV.
SETTINGS = """eth0
  driver: 0 virtio_net
  link: 0 1
  settings: 0, speed ffff
  link settings: 0 with masks, then 0 speed -1, duplex 255, masks
  negotiation: 95
lo
  driver: 95 
  link: 0 1
  settings: 95, speed 0
  link settings: 95 , then 95 speed 0, duplex 0, no masks
  negotiation: 95
none
  driver: 19 
  link: 19 0
  settings: 19, speed 0
  link settings: 19 , then 19 speed 0, duplex 0, no masks
  negotiation: 19
"""

CASES = [
    Case("settings", [Program("card_settings"), "eth0", "lo", "none"], options=["--network", "user"], stdout=SETTINGS, machines=("microvm",), cpus=(1,), linuxu=False),
    card("virtio", ("microvm", "q35", "pc")), card("e1000", ("q35", "pc")), card("e1000e", ("q35", "pc")),
    card("vmxnet3", ("q35", "pc"), v6=True, cpus=(1, 4)),
    card("virtio-packed", ("microvm", "q35"), nic="virtio", options=["--log", "debug"], environment={"SPORE_QEMU": "{scratch}/qemu"},
         files={"qemu": (PACKED_QEMU, 0o755)}, check=all_packed),
]
