"""What files hold, whatever is done to them."""
import random

from system.case import Case, Program

STEPS = 3000


def model(seed, *options, **what):
    """Four files: two new ones, and two of the root's image, whose pages are copied when they are written to."""
    bytes_of = random.Random(seed).randbytes
    places = ("/tmp/new", "/data/lower", "/data/other", "/dev/shm/new")
    volumes = [word for name in ("lower", "other") for word in ("-v", f"{{scratch}}/{name}:/data/{name}")]
    return Case(f"model-{seed}", [Program("file_model"), str(seed), str(STEPS), *places], options=[*options, *volumes], stdout="alike\n", machines=("microvm",),
                files={"lower": bytes_of(150_000), "other": bytes_of(100_000)}, timeout=120, **what)


# What it prints on Linux, on a tmpfs of its own.
MANY_FILES = """room for more than 1000: 1, the folder itself counts: 1
as many as were told: 1, then No space left on device
a folder: No space left on device
a link: No space left on device
another name: No space left on device
an attribute: No space left on device
without a name: No space left on device
renamed: done
two less: 2
another name: done
one left: 1
a folder: done
none left: 0, another: No space left on device
a large attribute: No space left on device
large attributes: 3, then No space left on device
the last again: done, smaller: done
all given back: 1
as at first: 1
"""

CASES = [
    Case("many-files", [Program("many_files"), "/dev/shm"], memory="64M", stdout=MANY_FILES, machines=("microvm",), timeout=120, linuxu=False),
    Case("many-descriptors", [Program("many_descriptors", "static-pie")], memory="192M", machines=("microvm",), timeout=120,
         stdout="ready 280000 of 280000\nthe lowest that is free: 200000 100000\nthe last: 1, beyond: Bad file descriptor\na copy, and closed there: 1\nkept 1, closed 1\nand not here: 1\n"),
    model(1), model(2), model(3),
    # Pages are given back and read again all the time.
    model(4, "--root-in", "disk", memory="6M", linuxu=False),
]
