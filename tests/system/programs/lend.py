"""Sends with MSG_ZEROCOPY to a server that answers with the hash of all it got, changing each buffer once the kernel gives it back; then to itself.

The argument is the server's address and port.
"""
import hashlib
import mmap
import select
import socket
import struct
import sys

SO_ZEROCOPY, MSG_ZEROCOPY, ORIGIN_ZEROCOPY, COPIED = 60, 0x4000000, 5, 1


class Sender:
    def __init__(self, connection):
        self.connection = connection
        connection.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        self.begun, self.told, self.codes = 0, [], set()
        self.poll = select.poll()
        self.poll.register(connection, 0)

    def send(self, parts):
        sent = self.connection.sendmsg(parts, [], MSG_ZEROCOPY)
        self.begun += 1
        return sent

    def wait(self):
        """Until everything that was sent is told of."""
        while len(self.told) < self.begun:
            assert self.poll.poll(20000), f"not told within 20 s: {self.told} of {self.begun}"
            try:
                _, control, flags, _ = self.connection.recvmsg(0, 200, socket.MSG_ERRQUEUE)
            except BlockingIOError:
                continue
            assert flags & socket.MSG_ERRQUEUE and len(control) == 1, (flags, control)
            number, origin, _, code, _, first, last = struct.unpack_from("=IBBBBII", control[0][2])
            assert number == 0 and origin == ORIGIN_ZEROCOPY, control
            self.told += range(first, last + 1)
            self.codes.add(code)
        assert self.told == list(range(self.begun)), self.told


def lend(server):
    """Pages of all kinds: large and odd, of several pieces, of a file. Each is changed as soon as it may be."""
    connection = socket.create_connection(server)
    sender = Sender(connection)
    hashed = hashlib.sha256()
    large = mmap.mmap(-1, 8 << 20)
    with open("/usr/bin/python3", "rb") as file:
        mapped = mmap.mmap(file.fileno(), 1 << 20, prot=mmap.PROT_READ)
    for turn in range(4):
        for at in range(0, len(large), 4096):
            large[at] = at // 4096 + turn & 255
        pieces = [memoryview(large)[turn * 1111:-turn - 1], b"a piece of its own", memoryview(mapped)[turn:(turn + 1) * 100000]]
        whole = b"".join(pieces)
        while pieces:
            sent = sender.send(pieces)
            while pieces and sent >= len(pieces[0]):
                sent -= len(pieces.pop(0))
            if pieces:
                pieces[0] = memoryview(pieces[0])[sent:]
        hashed.update(whole)
        sender.wait()
    connection.shutdown(socket.SHUT_WR)
    answer = b"".join(iter(lambda: connection.recv(100), b"")).decode()
    print("whole" if answer == hashed.hexdigest() else "damaged", "copied" if sender.codes != {0} else "lent")


def lend_to_self():
    """What the receiver has not read yet stays as it was sent, whatever the sender does with its buffer afterwards."""
    listener = socket.create_server(("127.0.0.1", 0))
    connection = socket.create_connection(listener.getsockname())
    accepted, _ = listener.accept()
    sender = Sender(connection)
    buffer = bytearray(b"x" * 20000)
    sent = sender.send([buffer])
    sender.wait()
    buffer[:] = b"y" * len(buffer)
    print(accepted.recv(sent, socket.MSG_WAITALL) == b"x" * sent, "copied" if sender.codes == {COPIED} else "lent")


def refusals():
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        datagrams.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        print("taken")
    except OSError:
        print("refused")
    # Without the option the flag means nothing.
    listener = socket.create_server(("127.0.0.1", 0))
    connection = socket.create_connection(listener.getsockname())
    connection.sendmsg([b"plain"], [], MSG_ZEROCOPY)
    try:
        connection.recvmsg(0, 200, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except BlockingIOError:
        print("nothing to tell")


address, port = sys.argv[1].rsplit(":", 1)
lend((address, int(port)))
lend_to_self()
refusals()
