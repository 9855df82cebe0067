"""Programs that take all there is: they are refused or ended, the rest goes on."""
import re

from system.case import Case, Program

CASES = [
    Case("all", [Program("exhaust")], memory="64M", machines=("microvm",), timeout=240,
         stderr=re.compile(r"out of memory: exhaust-musl \(process \d+\) is ended; give the machine more with -m"),
         stdout="memory: signal 9\nmemory by calls: signal 9\nfile: full\nprocesses: full, all gone\nthreads: status 0\ndescriptors: status 0\n"
         "room as before\n"),
]
