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


CASES = [
    model(1), model(2), model(3),
    # Pages are given back and read again all the time.
    model(4, "--root-in", "disk", memory="6M", linuxu=False),
]
