#!/usr/bin/env python3
"""usage: unshare -n resolver.py SPORE [OPTIONS…]: a guest asks a name server of this machine, over a TAP in a network namespace of its own."""
import socket
import subprocess
import sys
import threading

from tap import make_tap

ASK = "import socket\nprint(*sorted({answer[4][0] for answer in socket.getaddrinfo('server.spore.test', 80)}))"
ADDRESSES = {1: socket.inet_aton("10.9.0.77"), 28: socket.inet_pton(socket.AF_INET6, "fd09::77")}  # A, AAAA


def answer(query):
    """An answer to the query's only question [RFC 1035 4]; a name that is not ours does not exist."""
    end = 12
    labels = []
    while query[end]:
        labels.append(query[end + 1:end + 1 + query[end]])
        end += 1 + query[end]
    end += 1
    kind = int.from_bytes(query[end:end + 2], "big")
    question = query[12:end + 4]
    known = b".".join(labels) == b"server.spore.test"
    records = [ADDRESSES[kind]] if known and kind in ADDRESSES else []
    flags = (0x8180 if known else 0x8183).to_bytes(2, "big")
    reply = query[:2] + flags + (1).to_bytes(2, "big") + len(records).to_bytes(2, "big") + bytes(4) + question
    for address in records:
        reply += b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1" + (60).to_bytes(4, "big") + len(address).to_bytes(2, "big") + address
    return reply


def serve(server):
    while True:
        query, client = server.recvfrom(512)
        server.sendto(answer(query), client)


def main():
    spore, *options = sys.argv[1:]
    make_tap("10.9.0.1/24")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("10.9.0.1", 53))
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        return subprocess.run([spore, "run", *options, "--network", "tap=guest", "--ip", "10.9.0.2/24", "--dns", "10.9.0.1",
                               "/usr/bin/python3", "-c", ASK], timeout=60).returncode


if __name__ == "__main__":
    sys.exit(main())
