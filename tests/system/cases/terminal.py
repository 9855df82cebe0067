"""`-it`: a shell behind a pseudoterminal, as a person uses it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from system.case import Case

BUSYBOX = "/bin/busybox"
# What to wait for, a text that is shown or seconds, and what to type then.
KEYS = [
    ("# ", b"echo first; stty size; tty\n"),
    ("/dev/console", b"sleep 100\n"),
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
EXPECTED = ["first", "33 101", "/dev/console", "^C", "status 130", "abd", "one three", "Stopped"]


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


def check(completed):
    tool = completed.args[0]
    shown, status = use_terminal([tool, "run", "-it", BUSYBOX, "sh"])
    missing = [text for text in EXPECTED if not re.search("(^|[\r\n])[^\r\n]*" + re.escape(text), shown)]
    if status != 7 or missing:
        return f"status {status} instead of 7, without {missing}: {shown[-3000:]!r}"
    return None


CASES = [
    Case("shell", ["--version"], host=True, check=check, needs=(BUSYBOX,), timeout=60),
]
