#!/usr/bin/env python3
"""usage: unshare -n bandwidth.py SPORE [OPTIONS…]: iperf3 between this machine and a guest on a TAP interface, TCP and UDP, both ways.

Runs in a network namespace of its own. Rates go to standard error.
"""
import json
import subprocess
import sys
import time

from tap import make_tap
from tailoring import run_words

GUEST, GUEST_6 = "10.9.0.2", "fd09::2"
IPERF = "/usr/bin/iperf3"
WAYS = {
    "TCP to the guest": (GUEST,),
    "TCP from the guest": (GUEST, "--reverse"),
    "four TCP streams over IPv6 to the guest": (GUEST_6, "--parallel", "4"),
    "UDP to the guest": (GUEST, "--udp", "--bitrate", "20M"),
    "UDP from the guest": (GUEST, "--udp", "--bitrate", "20M", "--reverse"),
}


def measure(words, guest, patience=60):
    """The report of one run; the server may not be there yet."""
    deadline = time.monotonic() + patience
    while True:
        done = subprocess.run([IPERF, "--client", *words, "--time", "1", "--json"], capture_output=True, text=True, timeout=60)
        report = json.loads(done.stdout or "{}")
        if done.returncode == 0 and "error" not in report:
            return report
        if time.monotonic() > deadline or guest.poll() is not None:
            sys.exit(f"{' '.join(words)}: {report.get('error', done.stderr)}")
        time.sleep(0.2)


def tell(way, report):
    end = report["end"]
    received = end["sum"] if "UDP" in way else end["sum_received"]
    lost = received.get("lost_percent", 0)
    print(f"{way}: {received['bits_per_second'] / 1e6:.0f} Mbit/s, {lost:.1f} % lost", file=sys.stderr)
    print(f"{way}: {'works' if received['bytes'] > 0 and lost < 50 else received}")


def main():
    spore, *options = sys.argv[1:]
    make_tap("10.9.0.1/24", "fd09::1/64")
    command = run_words(spore, options, "--network", "tap=guest", "--ip", f"{GUEST}/24", "--ip", f"{GUEST_6}/64", IPERF, "--server")
    guest = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for way, words in WAYS.items():
            tell(way, measure(words, guest))
    finally:
        guest.terminate()
        guest.wait(20)


if __name__ == "__main__":
    main()
