"""Every test and figure that SPECIFICATION.md says holds a promise exists."""
import fnmatch
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
DECLARED = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\((\w+),\s*(\w+)", re.M)
SINGLE = ("layering", "docs/reference", "docs/specification", "bench/stack")


def unit_tests():
    """Both binaries' cases, named as run.py names them. Those with parameters and types have their suite's other name before them, which nobody promises by."""
    for source in (TESTS / "unit").rglob("*.cpp"):
        binary = "unit-host" if source.is_relative_to(TESTS / "unit/host") else "unit-kernel"
        for suite, name in DECLARED.findall(source.read_text()):
            yield f"{binary}/{suite}.{name}"


def names(system):
    """All tests there are; `system` gives the names of those that run programs."""
    files = (("fuzz-", "fuzz/*.cpp"), ("boot/", "boot/*.py"))
    return [*SINGLE, *unit_tests(), *system, *(prefix + file.stem for prefix, pattern in files for file in TESTS.glob(pattern)),
            *(f"docs/guides/{guide.stem}" for guide in (ROOT / "docs/guides").glob("*.md"))]


def exists(name, known):
    pattern = name.replace("…", "*") + "*"
    return any(fnmatch.fnmatchcase(one, pattern) for one in known)


def promised(text):
    """What the tables' last column names as held by tests, and by measurements."""
    for line in text.splitlines():
        if not line.startswith("| "):
            continue
        *_, cell = line.strip("| ").split(" | ")
        for name in re.findall(r"`([^`]+)`", cell):
            if re.match(r"(system|long|lab|races|docs|boot|bench)/|(unit|fuzz)-|layering", name):
                yield "test", name
        for names_of_figures in re.findall(r"bench ((?:`[^`]+`(?:, )?)+)", cell):
            yield from (("bench", name) for name in re.findall(r"`([^`]+)`", names_of_figures))


def problem(system):
    """Nothing, or what is promised and held by nothing."""
    known, figures = names(system), re.findall(r'^    "([\w-]+)": ', (ROOT / "bench/run").read_text(), re.M)
    lacking = [f"{kind} {name}" for kind, name in promised((ROOT / "SPECIFICATION.md").read_text())
               if not (name in figures if kind == "bench" else exists(name, known))]
    return f"SPECIFICATION.md names what there is not: {', '.join(lacking)}" if lacking else None
