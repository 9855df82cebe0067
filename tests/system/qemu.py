"""A machine of QEMU's that a test talks to while it runs: its serial port, and QEMU itself (QMP)."""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from system import arm64, packages

ARM64 = "qemu-system-aarch64"


def shell_bundle(build, folder, system, options=(), arguments=()):
    """A bundle with a shell, for machines without the tool's channel; with `system`, arm64's tree, for arm64."""
    bundle = folder / "bundle"
    subprocess.run([build / "host/spore", "run", "--save-bundle", bundle, *options, *(["--sysroot", system] if system else []), "-e", "PATH=/bin", "/bin/busybox", "sh", *arguments],
                   check=True, timeout=60, stdout=subprocess.DEVNULL)
    return bundle


def run_each(tests):
    """Runs tests, each given as its name, its machine's words, and a function of a scratch folder and arm64's tree (None on another CPU). Prints what is
    wrong; the status to end with: 77 when those for arm64 could not be run."""
    system, problems = None, []
    try:
        system = arm64.sysroot() if arm64.FIRMWARE.exists() and shutil.which(ARM64) else None
    except packages.Missing as missing:
        print(missing)
    for name, words, test in tests:
        on_arm64 = words[0] == ARM64
        if on_arm64 and not system:
            continue
        with tempfile.TemporaryDirectory(prefix="spore-boot-") as scratch:
            try:
                test(pathlib.Path(scratch), system if on_arm64 else None)
            except (AssertionError, subprocess.SubprocessError) as problem:
                problems.append(f"{name}: {problem}")
    print("\n".join(problems), end="")
    return 1 if problems else 0 if system else 77


class Machine:
    """`words` are QEMU's, without serial port and display. To be used with `with`: the machine ends with the block."""

    def __init__(self, words, patience=120):
        self.folder = tempfile.TemporaryDirectory(prefix="spore-qemu-")
        self.deadline = time.monotonic() + patience
        self.text = b""
        self.events = []
        listeners = []
        for name in ("serial", "qmp"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(pathlib.Path(self.folder.name, name)))
            listener.listen(1)
            listener.settimeout(30)
            listeners.append(listener)
        self.process = subprocess.Popen([*words, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"unix:{self.folder.name}/serial",
                                         "-qmp", f"unix:{self.folder.name}/qmp"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.serial, self.qmp = (listener.accept()[0] for listener in listeners)
        except TimeoutError:
            self.process.kill()
            raise AssertionError(f"QEMU does not start: {self.process.communicate()[0].decode(errors='replace')}") from None
        self.serial.settimeout(0.2)
        self.qmp_file = self.qmp.makefile("r")
        self.qmp_file.readline()  # its greeting
        self.ask("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def ask(self, command, **arguments):
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.qmp_file.readline())
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise AssertionError(f"QEMU does not {command}: {answer['error']}")
            else:
                return answer["return"]

    def type(self, text):
        self.serial.sendall(text if isinstance(text, bytes) else text.encode())

    def read_more(self):
        """False when the serial port is closed."""
        try:
            part = self.serial.recv(65536)
        except TimeoutError:
            part = None
        self.text += part or b""
        return part != b""

    def output(self):
        return self.text.decode(errors="replace").replace("\r", "")

    def wait_for(self, text):
        """Until it has come on the serial port."""
        while text not in self.output():
            open_still = self.read_more()
            assert text in self.output() or (open_still and time.monotonic() < self.deadline), f"no {text!r} in the machine's output:\n{self.output()[-2000:]}"

    def wait_for_end(self):
        """Why it ended, as QEMU has it: guest-shutdown, guest-reset."""
        while self.read_more():
            assert time.monotonic() < self.deadline, f"the machine does not end:\n{self.output()[-2000:]}"
        try:
            for line in self.qmp_file:
                self.events.append(json.loads(line))
        except ConnectionError:  # in the midst of it
            pass
        self.process.wait(timeout=30)
        return next((event["data"]["reason"] for event in self.events if event.get("event") == "SHUTDOWN"), "none")
