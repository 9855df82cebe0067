#!/usr/bin/env python3
"""usage: terminal.py [exec] SPORE [OPTIONS…]: a shell behind a pseudoterminal, used as a person does; with exec, beside a machine's first program. Prints what was
shown; its status is the shell's."""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from tailoring import run_words

# What to wait for, a text that is shown or seconds, and what to type then.
KEYS = [
    ("# ", b"echo first; stty size; tty\n"),
    ("/dev/", b"sleep 100\n"),
    (0.7, b"\x03"),
    ("# ", b"echo status $?\n"),
    ("status 130", b"cat\n"),
    (0.7, b"abc\x7fd\n"),
    (0.7, b"one two\x17three\n"),
    (0.7, b"\x04"),
    ("# ", b"sleep 200\n"),
    (0.7, b"\x1a"),
    ("Stopped", b"fg\n"),
    (0.7, b"\x03"),
    ("# ", b"exit 7\n"),
]


def use_terminal(command):
    """Types KEYS; gives what was shown, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
        os.execv(command[0], command)
    shown, seen, end = b"", 0, time.monotonic() + 50

    def pump(seconds):
        nonlocal shown
        if select.select([terminal], [], [], seconds)[0]:
            shown += os.read(terminal, 4096)

    try:
        for wait, keys in KEYS:
            until = time.monotonic() + wait if isinstance(wait, float) else end
            while time.monotonic() < until and (isinstance(wait, float) or wait.encode() not in shown[seen:]):
                pump(0.1)
            seen = len(shown)
            time.sleep(0.2)
            os.write(terminal, keys)
        while time.monotonic() < end:
            pump(0.5)
    except OSError:
        pass  # the tool has ended
    if time.monotonic() >= end:
        os.kill(pid, signal.SIGKILL)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    beside = sys.argv[1] == "exec"
    spore, *options = sys.argv[1 + beside:]
    if beside:
        keep = ["--keep", "exec"] if "--tailor" in options else []
        subprocess.run(run_words(spore, [*options, *keep], "-d", "--name", "job", "/bin/busybox", "sleep", "1000"), check=True)
        words = [spore, "exec", "-it", "job", "busybox", "sh"]
    else:
        words = run_words(spore, options, "-it", "/bin/busybox", "sh")
    shown, status = use_terminal(words)
    print(shown)
    if beside:
        subprocess.run([spore, "stop", "job"], check=True)
    sys.exit(status)
