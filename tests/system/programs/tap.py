"""This machine's end of the way to a guest, in a network namespace that a test has to itself."""
import subprocess


def ip(command):
    subprocess.run(["ip", *command.split()], check=True)


def make_tap(*addresses):
    """The TAP interface `guest`, which `--network tap=guest` takes, with these addresses ("10.9.0.1/24", "fd09::1/64"), usable at once."""
    for command in ("link set lo up", "tuntap add guest mode tap", "link set guest up"):
        ip(command)
    for address in addresses:
        ip(f"address add {address} dev guest{' nodad' if ':' in address else ''}")
