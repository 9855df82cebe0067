"""From the shell to a server's first answer: booted, and started from where it was saved."""
import contextlib
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import tools

# A server that imports what many do.
SERVER = """
import asyncio, sys, email, http.server, json, logging, ssl, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200), self.end_headers()
        self.wfile.write(b"answer")
    def log_message(self, *_): pass
http.server.HTTPServer(("", int((sys.argv + [80])[1])), Handler).serve_forever()
"""
PYTHON = "/usr/bin/python3"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def seconds_until_answer(port, before):
    while not answers(port):
        if time.monotonic() - before > 60:
            raise tools.Missing("the server did not answer within a minute")
        time.sleep(0.002)
    return time.monotonic() - before


@contextlib.contextmanager
def machine(words):
    """Started in the background with a port; gives the seconds until it answered, and its name."""
    port = free_port()
    before = time.monotonic()
    name = tools.run([*words[:2], "-d", "-p", f"127.0.0.1:{port}:80", *words[2:]], 60).output.strip()
    try:
        yield seconds_until_answer(port, before), name
    finally:
        tools.run([words[0], "rm", "-f", name], 60)


def process():
    """The same as a process of this Linux."""
    port = free_port()
    before = time.monotonic()
    with subprocess.Popen([PYTHON, "-c", SERVER, str(port)]) as server:
        try:
            return seconds_until_answer(port, before)
        finally:
            server.terminate()


def first_answer(report, runs):
    tools.need(PYTHON, "python3")
    spore, verb, *options = tools.spore_run(PYTHON, "-c", SERVER)
    with tempfile.TemporaryDirectory(prefix="spore-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # where background machines are kept
        booting = [spore, verb, *options]
        saved = Path(folder, "saved")
        with machine(booting) as (_, name):
            if tools.run([spore, "snapshot", name, str(saved)], 60).status != 0:
                raise tools.Missing("the machine could not be saved")
        booted, restored, native = [], [], []
        for _ in range(runs):
            with machine(booting) as (seconds, _):
                booted.append(seconds)
            with machine([spore, "restore", str(saved)]) as (seconds, _):
                restored.append(seconds)
            native.append(process())
        report.add("restore", "python3's first answer", tools.median(restored), "s", tools.median(booted), "booted", 0.5, "ratio")
        report.add("restore", "the same", tools.median(restored), "s", tools.median(native), "a process")
        report.add("restore", "its state on disk", (saved / "state").stat().st_size / 2**20, "MiB")
