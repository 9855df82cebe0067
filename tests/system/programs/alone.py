#!/usr/bin/env python3
"""usage: unshare -n alone.py SPORE [OPTIONS…]: a guest that the network shall give an address, on a TAP with nobody at its other end."""
import os
import sys

from tap import make_tap

if __name__ == "__main__":
    spore, *options = sys.argv[1:]
    make_tap()
    os.execv(spore, [spore, "run", *options, "--network", "tap=guest", "/bin/busybox", "echo", "started"])
