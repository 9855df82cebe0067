"""A server of bytes, for transfers over bad ways: a line "give SIZE" is answered with so many bytes, "take SIZE" with the SHA-256 of the bytes that follow."""
import hashlib
import random
import socket
import sys


def data(size):
    return random.Random(size).randbytes(size)


def serve(connection):
    with connection, connection.makefile("rwb") as stream:
        order, size = stream.readline().split()
        if order == b"give":
            stream.write(data(int(size)))
        else:
            stream.write(hashlib.sha256(stream.read(int(size))).hexdigest().encode())


if __name__ == "__main__":
    with socket.create_server(("::", 5000), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        print("listening", flush=True)
        for _ in range(int(sys.argv[1])):
            serve(listener.accept()[0])
