"""What Internet sockets answer over the loopback: must print the same here as on Linux."""
import errno
import os
import select
import socket
import struct
import threading
import time


def show(*what):
    print(*what, flush=True)


def failure_of(call):
    try:
        return call()
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)


def pair(listener):
    client = socket.create_connection(listener.getsockname()[:2])
    return client, listener.accept()[0]


def polled(one, events, timeout=2000):
    poll = select.poll()
    poll.register(one, events)
    return [found for _, found in poll.poll(timeout)]


def receive_all(one):
    received = bytearray()
    while part := one.recv(65536):
        received += part
    return bytes(received)


def streams(listener, address):
    show(listener.getsockname()[0], listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), listener.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))
    client, server = pair(listener)
    show(client.getpeername()[0] == address, server.getpeername() == client.getsockname())
    client.sendall(b"hello")
    show(server.recv(10, socket.MSG_PEEK), server.recv(3), server.recv(10))
    much = os.urandom(3_000_000)
    sender = threading.Thread(target=lambda: (client.sendall(much), client.shutdown(socket.SHUT_WR)))
    sender.start()
    show("all", receive_all(server) == much)
    sender.join()
    server.sendall(b"after")
    show(client.recv(100))
    server.close()
    show("end", client.recv(1), failure_of(lambda: client.sendall(b"x")))


def lingering(listener):
    client, server = pair(listener)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    show("linger", failure_of(lambda: client.recv(1)))
    for first in ("client", "server"):  # close() waits until the peer has everything, and no longer
        client, server = pair(listener)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 30))
        if first == "client":
            client.close()
            server.recv(1)
        else:
            server.send(b"x")
        began = time.monotonic()
        server.close()
        show("lingers", first, time.monotonic() - began < 10, failure_of(lambda: client.recv(2)) if first == "server" else None)


def urgent(listener):
    client, server = pair(listener)
    client.send(b"abc")
    client.send(b"!", socket.MSG_OOB)
    client.send(b"def")
    show("urgent", polled(server, select.POLLPRI), server.recv(1, socket.MSG_OOB), server.recv(10), server.recv(10))


def nonblocking(listener):
    client, server = pair(listener)
    server.setblocking(False)
    client.setblocking(False)
    show("nothing", failure_of(lambda: server.recv(1)))
    sent = 0
    try:
        while True:
            sent += client.send(bytes(100_000))
    except BlockingIOError:
        show("full", sent > 100_000, polled(client, select.POLLOUT, 0))
    received = 0
    while received < sent:
        select.select([server], [], [], 5)
        received += len(server.recv(1 << 20))
    show("drained", received == sent, polled(client, select.POLLOUT))
    client.close()
    show("closed", polled(server, select.POLLIN | select.POLLRDHUP))


def refused(family, address):
    one = socket.socket(family)
    one.setblocking(False)
    show("refused", errno.errorcode[one.connect_ex((address, 1))])
    select.select([], [one], [], 5)
    show(errno.errorcode[one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])


def datagrams(family, address):
    one, other = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    one.bind((address, 0))
    other.connect(one.getsockname())
    other.send(b"datagram")
    part, sender = one.recvfrom(3)
    show(part, sender == other.getsockname())
    other.send(b"")
    show(one.recv(10))
    other.send(bytes(60_000))
    show(len(one.recv(70_000)), failure_of(lambda: other.send(bytes(70_000))))
    one.close()
    other.send(b"x")
    other.settimeout(5)
    show(failure_of(lambda: other.recv(1)))


def options():
    one = socket.socket()
    tcp = ("TCP_NODELAY", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT", "TCP_CORK", "TCP_DEFER_ACCEPT", "TCP_SYNCNT", "TCP_QUICKACK", "TCP_LINGER2")
    sol = ("SO_KEEPALIVE", "SO_REUSEADDR", "SO_REUSEPORT", "SO_OOBINLINE", "SO_BROADCAST")
    for level, names in ((socket.IPPROTO_TCP, tcp), (socket.IPPROTO_IP, ("IP_TTL", "IP_TOS")), (socket.SOL_SOCKET, sol)):
        for name in names:
            number = getattr(socket, name)
            before = failure_of(lambda: one.getsockopt(level, number))
            show(name, before, failure_of(lambda: one.setsockopt(level, number, 1)), failure_of(lambda: one.getsockopt(level, number)))
    for seconds in (-5, 0, 7, 120, 500):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, seconds)
        show("TCP_LINGER2", seconds, one.getsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2))


def binding():
    first, second = socket.socket(), socket.socket()
    first.bind(("127.0.0.1", 0))
    show(failure_of(lambda: second.bind(first.getsockname())), failure_of(lambda: second.bind(("192.0.2.1", 0))))


def both_families():
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    client = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
    server, name = listener.accept()
    show(name[0])
    return client, server


def edges(client, server):
    epoll = select.epoll()
    epoll.register(server, select.EPOLLIN | select.EPOLLET)

    def told(timeout):
        return [events for _, events in epoll.poll(timeout)]
    client.send(b"1")
    show("edge", told(5), told(0))
    client.send(b"2")
    show("edge", told(5), server.recv(9))
    client.close()
    show("edge", told(5))


for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    with socket.create_server((address, 0), family=family) as listening:
        streams(listening, address)
        lingering(listening)
        urgent(listening)
        nonblocking(listening)
    refused(family, address)
    datagrams(family, address)
options()
binding()
edges(*both_families())
