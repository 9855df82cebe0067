#!/usr/bin/env python3
"""usage: unshare -n farewell.py SPORE [OPTIONS…]: what a program has sent before it ends arrives, though the machine ends with it.

Runs in a network namespace of its own, with Linux at the other end of the guest's TAP. Each guest is one program that sends and ends at once:
to a reader that is slow, by a datagram to a neighbour that must be asked for first, and to a host that has gone silent, for which it must not wait long.
"""
import socket
import subprocess
import sys
import time

from tap import ip, make_tap

HERE, GUEST = "10.9.0.1", "10.9.0.2"
SIZE = 300_000
SILENT_AT_MOST = 30  # seconds

SEND = f"import socket; socket.create_connection(('{HERE}', 5000)).sendall(bytes({SIZE}))"
DATAGRAM = f"import os, socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'last', ('{HERE}', 5000)); print('sent', flush=True); os._exit(0)"
SILENT = f"import socket, time; s = socket.create_connection(('{HERE}', 5002)); print('connected', flush=True); time.sleep(1); s.send(b'never seen')"


def guest(spore, options, program):
    return subprocess.Popen([spore, "run", *options, "--network", "tap=guest", "--ip", f"{GUEST}/24", "/usr/bin/python3", "-c", program],
                            stdout=subprocess.PIPE, text=True)


def slow_reader(spore, options):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        listener.bind((HERE, 5000))
        listener.listen()
        listener.settimeout(30)
        program = guest(spore, options, SEND)
        connection, _ = listener.accept()
        connection.settimeout(30)
        size = 0
        while part := connection.recv(8192):
            size += len(part)
            time.sleep(0.01 if size < SIZE // 2 else 0.05)
        if program.wait(30):
            return "the sender to a slow reader failed"
        return None if size == SIZE else f"{size} of {SIZE} bytes came"


def datagram(spore, options):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("0.0.0.0", 5000))
        receiver.settimeout(30)
        ip(f"address del {HERE}/24 dev guest")  # nobody answers the first question
        program = guest(spore, options, DATAGRAM)
        said = program.stdout.readline()
        ip(f"address add {HERE}/24 dev guest")
        if said != "sent\n" or program.wait(30):
            return "the sender of a datagram failed"
        return None if receiver.recv(10) == b"last" else "another datagram came"


def silent(spore, options):
    with socket.create_server((HERE, 5002)):
        program = guest(spore, options, SILENT)
        if program.stdout.readline() != "connected\n":
            return "the guest did not connect"
        ip(f"address del {HERE}/24 dev guest")
        try:
            return "the sender to a silent host failed" if program.wait(SILENT_AT_MOST) else None
        except subprocess.TimeoutExpired:
            program.kill()
            return f"the machine did not end within {SILENT_AT_MOST} s of its last connection's silence"


def main():
    spore, *options = sys.argv[1:]
    make_tap(f"{HERE}/24")
    return slow_reader(spore, options) or datagram(spore, options) or silent(spore, options)


if __name__ == "__main__":
    if problem := main():
        sys.exit(problem)
    print("all was said")
