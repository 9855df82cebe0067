"""The first command of the README, and what else a newcomer does, on a Debian 12 that has nothing yet; see fresh_machine.sh."""
import pathlib
import re

from system.case import Case

CASES = [
    Case("fresh-machine", [str(pathlib.Path(__file__).with_suffix(".sh"))], script='sh "$1" "$PWD/root"', needs=("/usr/sbin/debootstrap",),
         stdout=re.compile("fresh machine: done"), timeout=5400),
]
