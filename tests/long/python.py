"""Python's own tests of what a system gives it, each inside one machine; tests/system/python-tests.md says what is to be known of them."""
import re

from system.case import Case, tools

# What fails, by suite: {"test_name (test.module.Class.test_name)": why}. Whatever else fails, or does not fail any more, is a problem.
KNOWN = {
    "test_eintr": {},
    "test_epoll": {},
    "test_fcntl": {"test_fcntl_64_bit (test.test_fcntl.TestFcntl.test_fcntl_64_bit)": "asks for F_NOTIFY, which a kernel need not have; inotify is there"},
    "test_fork1": {},
    "test_mmap": {},
    "test_os": {},
    "test_poll": {},
    "test_posix": {},
    "test_pty": {},
    "test_resource": {},
    "test_select": {},
    "test_signal": {},
    "test_subprocess": {},
    "test_threading": {},
    "test_wait4": {},
}
PYTHON = "/usr/bin/python3.11"


def fails_as_known(suite):
    def check(completed):
        said = (completed.stdout + completed.stderr).decode(errors="replace")
        if not re.search(r"^Ran [1-9]\d* tests", said, re.M):
            return "no tests ran: " + said[-2000:]
        failed = set(re.findall(r"^(?:ERROR|FAIL|UNEXPECTED SUCCESS): (test\w+ \(\S+\))", said, re.M))
        problems = [f"fails: {name}\n{details(said, name)}" for name in sorted(failed - KNOWN[suite].keys())]
        problems += [f"fails no more: {name}" for name in sorted(KNOWN[suite].keys() - failed)]
        return "\n".join(problems) or None
    return check


def details(said, name):
    at = re.search(rf"^(?:ERROR|FAIL): {re.escape(name)}", said, re.M)
    return said[at.start():at.start() + 1500] if at else ""


CASES = [
    Case(suite, [PYTHON, "-m", "test", "-v", suite],
         options=["-w", "/tmp", "-v", "{package}/usr/lib/python3.11/test:/usr/lib/python3.11/test",
                  *tools(*(f"/bin/{name}" for name in ("sh", "echo", "cat", "sleep", "true", "false", "ls")), "/usr/bin/env", "/usr/bin/id")],
         package="libpython3.11-testsuite", needs=(PYTHON,), status=2 if known else 0, check=fails_as_known(suite), memory="1G",
         machines=("microvm",), cpus=(2,), timeout=1800)
    for suite, known in KNOWN.items()
]
