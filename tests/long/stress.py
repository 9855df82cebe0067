"""stress-ng: races and wrong results under load, by its own verification. One case per stressor, two workers each."""
import re

from system.case import Case

STRESS = "/usr/bin/stress-ng"
SECONDS = 5


def stress(stressor, *options, **more):
    return Case(stressor, [STRESS, "--temp-path", "/tmp", "--timeout", str(SECONDS), "--verify", "--" + stressor, "2", *options],
                needs=(STRESS,), stderr=re.compile("successful run completed"), machines=("microvm",), timeout=60 + 4 * SECONDS,
                **{"memory": "512M", **more})


CASES = [
    stress("cpu"),
]
