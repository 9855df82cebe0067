"""What only many connections show: ports that run out, and rare hangs and errors."""
import re
import subprocess

from system.case import Case, Program
from system.cases.network import NGINX, fetch, until_answered

WRK = "/usr/bin/wrk"
RUNS = 100


def use_wrk(server):
    """Thirty connections at a time, a hundred times: every request is answered, and every run ends in its time."""
    until_answered(server, fetch)
    for run in range(1, RUNS + 1):
        try:
            said = subprocess.run([WRK, "-t1", "-c30", "-d1s", "--timeout", "10s", f"http://127.0.0.1:{server.ports[0]}/"], capture_output=True, text=True,
                                  timeout=60).stdout
        except subprocess.TimeoutExpired:
            return f"run {run} of {RUNS} did not end"
        answered = re.search(r"(\d+) requests in", said)
        if not answered or int(answered[1]) == 0 or "errors" in said or "Non-2xx" in said:
            return f"run {run} of {RUNS}:\n{said}"
    return None


CASES = [
    Case("connections", [Program("connections"), "100000"], stdout="100000 connections\n", machines=("microvm",), memory="128M", timeout=600),
    Case("wrk", ["/usr/sbin/nginx", "-c", "/srv/nginx.conf"], package="nginx-light", needs=(WRK,), ports=("80",), client=use_wrk, memory="128M",
         machines=("q35",), cpus=(1, 4), timeout=900,
         options=["--root", "{package}", "-v", "{scratch}/srv:/srv:ro", "-v", "/etc/passwd:/etc/passwd:ro", "-v", "/etc/group:/etc/group:ro"],
         files={"srv/page": "a page\n", "srv/nginx.conf": NGINX % (2, "on")}),
]
