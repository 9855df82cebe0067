"""Raw sockets, echo sockets, frames, groups and queued errors; what is printed must be what Linux prints."""
import select
import socket
import struct

SOL_RAW, ICMP_FILTER = 255, 1
ECHO_REQUEST, ECHO_REPLY = 8, 0
EXPERIMENT = 253
MSG_ERRQUEUE = getattr(socket, "MSG_ERRQUEUE", 0x2000)
IP_RECVERR, IPV6_RECVERR = 11, 25
IP_ADD_SOURCE_MEMBERSHIP = 39


def checksum(data):
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data) - 1, 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(identifier, sequence, body):
    message = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, identifier, sequence) + body
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def attempt(what, *arguments):
    try:
        return what(*arguments)
    except OSError as error:
        return error.errno


def raw():
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    one.settimeout(5)
    one.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("I", ~(1 << ECHO_REPLY) & 0xffffffff))
    one.sendto(echo_request(7, 1, b"hello!"), ("127.0.0.1", 0))
    packet, sender = one.recvfrom(100)
    print("raw", sender, packet[0], packet[9], packet[20:22], packet[24:], checksum(packet[:20]))
    taker = socket.socket(socket.AF_INET, socket.SOCK_RAW, EXPERIMENT)
    taker.settimeout(5)
    maker = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 9, EXPERIMENT, 0, bytes(4), socket.inet_aton("127.0.0.1"))
    maker.sendto(header + b"own header", ("127.0.0.1", 0))
    packet, sender = taker.recvfrom(100)
    print("own header", sender, packet[8], packet[20:], checksum(packet[:20]))
    print("too short", attempt(maker.sendto, b"E", ("127.0.0.1", 0)))
    six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    six.settimeout(5)
    six.setsockopt(socket.IPPROTO_ICMPV6, 1, struct.pack("8I", *[0xffffffff] * 4, ~(1 << 1) & 0xffffffff, *[0xffffffff] * 3))
    six.sendto(struct.pack("!BBHHH", 128, 0, 0, 3, 4) + b"six", ("::1", 0))
    packet, sender = six.recvfrom(100)
    print("raw6", sender, packet[:2], packet[4:])
    print("protocols", attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, 0), attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM, 255))


def frames():
    watcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    watcher.bind(("lo", 0))
    watcher.settimeout(5)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"seen", ("127.0.0.1", 9))
    for _ in range(4):  # out and in again: the datagram, and the error about it
        frame, about = watcher.recvfrom(100)
        print("frame", about, len(frame), frame[:14], frame[23])
    print("name", watcher.getsockname())
    watcher.close()
    cooked = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    cooked.bind(("lo", 0x0800))
    cooked.settimeout(5)
    sender.sendto(b"cooked", ("127.0.0.1", 9))
    packet, about = cooked.recvfrom(100)
    print("cooked", about, packet[0], len(packet))
    print("no such", attempt(cooked.bind, ("none9", 0x0800)))


def errors():
    for family, level, option, host in ((socket.AF_INET, socket.IPPROTO_IP, IP_RECVERR, "127.0.0.1"), (socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_RECVERR, "::1")):
        one = socket.socket(family, socket.SOCK_DGRAM)
        one.setsockopt(level, option, 1)
        one.sendto(b"lost", (host, 99))
        poll = select.poll()
        poll.register(one, 0)
        print("poll", [event for _, event in poll.poll(5000)])
        print("queued", one.recvmsg(100, 500, MSG_ERRQUEUE))
        print("after", poll.poll(0), attempt(one.recvmsg, 100, 500, MSG_ERRQUEUE | socket.MSG_DONTWAIT), one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        print("no peer", attempt(one.send, b""))


def groups():
    for source in (None, "127.0.0.1", "127.0.0.9"):
        taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        taker.bind(("", 0))
        group, own = socket.inet_aton("239.7.7.7"), socket.inet_aton("127.0.0.1")
        if source:
            request = group + own + socket.inet_aton(source)
            taker.setsockopt(socket.IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, request)
        else:
            taker.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + own)
            print("again", attempt(taker.setsockopt, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + own))
        maker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        maker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        maker.sendto(b"to the group", ("239.7.7.7", taker.getsockname()[1]))
        taker.settimeout(0.5)
        print("group", source, attempt(taker.recv, 100))


raw()
frames()
errors()
groups()
