"""Bad input is refused before anything boots: one line on stderr that states the fix, and a status of its own."""
import pathlib
import re
import struct

from system.case import Case, Program

BUSYBOX = pathlib.Path("/bin/busybox")


def elf(machine=62, file_class=2, kind=2, size=64 + 56, interpreter=""):
    """A minimal ELF program; what is asked for is wrong with it."""
    header = b"\x7fELF" + bytes([file_class, 1, 1]) + bytes(9)
    count = 2 if interpreter else 1
    header += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0x400078, 64, 0, 0, 64, 56, count, 0, 0, 0)
    text = interpreter.encode() + b"\0" if interpreter else b""
    offset = 64 + 56 * count
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, offset + len(text), offset + len(text), 4096)
    if interpreter:
        segments += struct.pack("<IIQQQQQQ", 3, 4, offset, 0x400000 + offset, 0, len(text), len(text), 1)
    return (header + segments + text)[:size if not interpreter else None]


def refusal(name, command, status, says, **more):
    """The message is exactly one line, begins with 'spore: ', and names what is wrong."""
    def one_line(completed):
        lines = completed.stderr.decode(errors="replace").splitlines()
        good = len(lines) == 1 and lines[0].startswith("spore: ")
        return None if good else f"stderr is not one line of ours: {lines}"
    return Case(name, ["run", *command], status=status, stderr=re.compile(says), stdout=b"", host=True, timeout=20, check=one_line, **more)


def program(content):
    return {"app": (content, 0o755)}


def config(text):
    return {"spore.toml": text}


def damaged_root(name, damage):
    """A root image that comes out of mkfs.erofs damaged: `damage` is Python that changes the bytes `image`."""
    script = f"""#!/usr/bin/env python3
import subprocess, sys
subprocess.run(["/usr/bin/mkfs.erofs", *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
path = sys.argv[-2]
image = bytearray(open(path, "rb").read())
{damage}
open(path, "wb").write(image)
"""
    return Case(f"damaged-root-{name}", [Program("hello")], status=117, stdout=b"", stderr=re.compile(r"cannot read its root image: empty the cache \(rm -r \S+/cache/spore\)"),
                files={"bin/mkfs.erofs": (script, 0o755)}, machines=("microvm",), cpus=(1,),
                environment={"XDG_CACHE_HOME": "{scratch}/cache", "PATH": "{scratch}/bin:/usr/bin:/bin"})


INSPECT_IMAGE = """
"$SPORE" run --save-bundle bundle /bin/busybox
"$SPORE" inspect --treemap map.svg bundle
"$SPORE" inspect --treemap map.html bundle > /dev/null
grep -q '<!doctype html>' map.html
python3 - <<EOF
import xml.etree.ElementTree as tree
titles = [title.text.split(" — ")[0] for title in tree.parse("map.svg").iter("{http://www.w3.org/2000/svg}title")]
print("pictures", {"bundle", "bundle/kernel", "bundle//bin/busybox"} <= set(titles) or titles)
EOF
"""

CASES = [
    damaged_root("superblock", "image[1024:1028] = b'none'"),
    damaged_root("root-number", "image[1024 + 14:1024 + 16] = b'\\xff\\xff'"),
    damaged_root("length", "image = image[:2000]"),
    # What happened to it in the cache is noticed, and it is made anew.
    Case("damaged-in-the-cache", [Program("hello")], machines=("microvm",), script="""
        export XDG_CACHE_HOME="$PWD/cache"
        "$SPORE" run $OPTIONS "$1"
        image="$(echo cache/spore/roots/*.erofs)"
        truncate -s -4096 "$image"; "$SPORE" run $OPTIONS "$1"
        printf none | dd of="$image" bs=1 seek=1024 conv=notrunc status=none; "$SPORE" run $OPTIONS "$1"
        : > "$image"; "$SPORE" run $OPTIONS "$1"
        ls cache/spore/roots | wc -l""", stdout="hello from a program\n" * 4 + "1\n"),
    Case("out-of-memory", [Program("arguments"), "eat", "100"], memory="32M", status=137, stdout=b"", stderr=re.compile("out of memory: .*-m"),
         machines=("microvm",)),
    refusal("no-such-path", ["/no/such/program"], 127, "no file /no/such/program"),
    refusal("no-such-name", ["no-such-program-here"], 127, r"not? .*\$PATH"),
    refusal("not-executable", ["{scratch}/app"], 126, r"chmod \+x", files={"app": "text"}),
    refusal("source-without-compiler", ["./app.c"], 111, "cannot start no-such-compiler", files={"app.c": "int main() {}\n"}, environment={"CC": "no-such-compiler"}),
    refusal("folder-without-config", ["{scratch}/"], 110, "spore.toml"),
    refusal("neither-elf-nor-script", ["./app"], 126, "neither an ELF program nor a script", files=program(b"just text")),
    refusal("empty-file", ["./app"], 115, "empty", files=program(b"")),
    refusal("truncated-header", ["./app"], 115, "truncated", files=program(elf()[:40])),
    refusal("truncated-program", ["./app"], 115, "truncated",
            files=program(BUSYBOX.read_bytes()[:100000] if BUSYBOX.exists() else b""), needs=(str(BUSYBOX),)),
    refusal("32-bit", ["./app"], 112, "32-bit", files=program(elf(machine=3, file_class=1))),
    refusal("other-cpu", ["./app"], 112, "RISC-V: get or build it", files=program(elf(machine=243))),
    refusal("arm64-as-x86-64", ["--arch", "x86_64", "./app"], 112, "is a program for arm64: get or build it for x86-64", files=program(elf(machine=183))),
    refusal("arm64-interpreter-missing", ["--kernel", "/dev/null", "./app"], 114, "/lib/ld-linux-aarch64.so.1, which is not there: name a root file system with those for arm64 by --root or --sysroot",
            files=program(elf(machine=183, interpreter="/lib/ld-linux-aarch64.so.1"))),
    refusal("mixed-interpreter", ["--kernel", "/dev/null", "--root", "{scratch}/root", "/app"], 112, "for arm64, and its interpreter /ld.so is for x86-64: take it for arm64",
            files={"root/app": (elf(machine=183, interpreter="/ld.so"), 0o755), "root/ld.so": (elf(), 0o755)}),
    refusal("arm64-on-microvm", ["--machine", "microvm", "./app"], 125, "has no arm64 CPU.*virt", files=program(elf(machine=183))),
    refusal("x86-64-on-virt", ["--machine", "virt", "/bin/true"], 125, "has no x86-64 CPU.*microvm, q35 or pc"),
    refusal("kvm-of-another-cpu", ["--kernel", "/dev/null", "--accel", "kvm", "./app"], 125, "the guest's CPU is arm64 .*--accel tcg", files=program(elf(machine=183))),
    refusal("odd-arch", ["--arch", "mips", "/bin/true"], 125, "x86_64, arm64"),
    refusal("odd-gic", ["--gic", "4", "/bin/true"], 125, "2, 3"),
    refusal("gic-on-x86-64", ["--gic", "3", "/bin/true"], 125, "arm64's virt alone"),
    refusal("gic-2-with-many-cpus", ["--gic", "2", "--cpus", "9", "./app"], 125, "at most 8 processors: give --gic 3", files=program(elf(machine=183))),
    refusal("pci-on-microvm", ["--bus", "pci", "/bin/true"], 125, "--machine q35"),
    refusal("root-and-sysroot", ["--root", "/tmp", "--sysroot", "/tmp", "/bin/true"], 117, "exclude each other"),
    refusal("missing-sysroot", ["--sysroot", "/no/such/folder", "/app"], 117, "--sysroot"),
    refusal("object-file", ["./app"], 126, "object file", files=program(elf(kind=1))),
    refusal("missing-interpreter", ["./app"], 114, "/lib/ld-nothing.so", files=program(elf(interpreter="/lib/ld-nothing.so"))),
    refusal("missing-library", ["--root", "{scratch}/root", "/app"], 113, "libc.so.6",
            files={"root/app": (pathlib.Path("/bin/true").read_bytes(), 0o755),
                   "root/lib64/ld-linux-x86-64.so.2": (pathlib.Path("/lib64/ld-linux-x86-64.so.2").read_bytes(), 0o755)}),
    refusal("script-without-interpreter", ["./app"], 114, "/no/interpreter", files=program("#!/no/interpreter\n")),
    refusal("script-with-empty-first-line", ["./app"], 114, "names no interpreter", files=program("#!\n")),
    refusal("env-script-without-interpreter", ["./app"], 114, "no-such-language", files=program("#!/usr/bin/env no-such-language\n")),
    refusal("too-little-memory", ["-m", "1M", "/bin/true"], 116, "at least -m"),
    refusal("too-little-memory-for-program", ["-m", "3M", "/bin/busybox"], 116, "at least -m", needs=(str(BUSYBOX),)),
    refusal("missing-root", ["--root", "/no/such/folder", "/app"], 117, "--root"),
    refusal("missing-volume", ["-v", "/no/such:/data", "/bin/true"], 117, "/no/such"),
    refusal("volume-too-long", ["-v", "/tmp/" + "a" * 300 + ":/data", "/bin/true"], 117, "cannot look at .*File name too long"),
    refusal("odd-volume", ["-v", "nonsense", "/bin/true"], 117, "HOST:GUEST"),
    refusal("relative-volume", ["-v", "/tmp:data", "/bin/true"], 117, "absolute"),
    refusal("missing-qemu", [Program("hello")], 111, "apt install qemu-system-x86", environment={"SPORE_QEMU": "/no/such/qemu"}),
    refusal("old-qemu", [Program("hello")], 111, r"QEMU 4\.1 is too old: install 7\.2", environment={"SPORE_QEMU": "{scratch}/qemu"},
            files={"qemu": ("#!/bin/sh\necho 'QEMU emulator version 4.1.0 (Debian)'\nexit 1\n", 0o755)}),
    refusal("missing-kernel", ["--kernel", "/no/such/kernel", "/bin/true"], 111, "--kernel"),
    # Whatever --kernel names is looked at before it is started; on linuxu that would be as a program of this machine.
    *[refusal(f"kernel-{name}", [*options, "--kernel", file, "/bin/true"], 111, f"cannot be the kernel: {says}; build spore-", files={"text": "text\n", "empty": ""})
      for name, options, file, says in [("text", [], "{scratch}/text", "it is no kernel image"), ("empty", [], "{scratch}/empty", "it is empty"),
                                        ("folder", [], "/tmp", "Is a directory"), ("device", [], "/dev/null", "No such device"),
                                        ("program", [], "/bin/true", "it is no kernel image"), ("process", [], "{build}/kernel/spore-linuxu", "it is no kernel image"),
                                        ("program-on-linuxu", ["--on", "linuxu"], "/bin/true", "it is no kernel image"),
                                        ("machine-on-linuxu", ["--on", "linuxu"], "{build}/kernel/spore-x86_64", "it is no kernel image")]],
    refusal("kernel-of-another-cpu", ["--kernel", "{build}/kernel/spore-x86_64", "./app"], 111, "cannot be the kernel: it is no kernel image; build spore-arm64", files=program(elf(machine=183))),
    Case("kernel-truncated", [], files=program(elf(machine=183)), script="""
        for words in "x86_64 /bin/true" "linuxu --on linuxu /bin/true" "arm64 ./app"; do
            whole="$(dirname "$SPORE")/../kernel/spore-${words%% *}"
            for size in 100 5000 $(($(stat -c %s "$whole") / 2)) $(($(stat -c %s "$whole") - 5000)); do
                head -c $size "$whole" > cut
                "$SPORE" run --kernel cut ${words#* } 2>&1 || echo "status $?"
            done
        done""", stdout=re.compile(r"\A(spore: \S*/cut cannot be the kernel: it is truncated; build spore-\S+ and give that to --kernel, or leave --kernel away\nstatus 111\n){12}\Z")),
    refusal("odd-memory", ["-m", "lots", "/bin/true"], 125, "64M"),
    refusal("odd-cpus", ["--cpus", "1000", "/bin/true"], 125, "from 1 to 64"),
    refusal("no-cpus", ["--cpus", "0", "/bin/true"], 125, "from 1 to 64"),
    refusal("more-memory-than-there-is", ["-m", "200T", Program("hello")], 116, "does not have the 209715200 MiB of memory"),
    refusal("empty-value", ["--root", "", "/bin/true"], 125, "--root: the value is empty.*spore run --help"),
    refusal("empty-value-behind-an-equals-sign", ["-it", "--cpus", "2", "--memory=", "/bin/true"], 125, "--memory: the value is empty.*spore run --help"),
    refusal("empty-value-before-an-option", ["--name=", "-d", "/bin/true"], 125, "--name: the value is empty.*spore run --help"),
    Case("empty-value-of-a-verb", ["logs", "one", "--follow="], host=True, status=125, stderr=re.compile("^spore: --follow: the value is empty.*spore logs --help'\n$")),
    # Values of other options, and the program's own words, are nobody's business.
    Case("words-that-end-in-an-equals-sign", ["run", "--dry-run", "-ite", "--memory=", "/bin/true", "--memory="], host=True,
         stdout=re.compile(r"(?s)arguments +/bin/true --memory=\n.*environment +--memory=\n")),
    refusal("name-in-the-foreground", ["--name", "one", "/bin/true"], 125, "add -d"),
    refusal("program-too-long", ["./" + "a" * 300], 126, "cannot look at .*File name too long"),
    refusal("folder-for-a-program", ["folder"], 127, "the folder of that name has no spore.toml", files={"folder/file": ""}),
    refusal("port-twice", ["-p", "18080:80", "-p", "18080:81", "/bin/true"], 125, "18080:81: port 18080 of this machine leads elsewhere already"),
    refusal("unknown-user", ["-u", "www-data", "/bin/true"], 125, "/etc/passwd has none of that name"),
    refusal("odd-user", ["-u", "a b", "/bin/true"], 125, "write it as USER or USER:GROUP"),
    refusal("capture-nowhere", ["--network", "user", "--pcap", "/no/such/file", Program("hello")], 125, "--pcap /no/such/file: No such file"),
    refusal("odd-machine", ["--machine", "toaster", "/bin/true"], 125, "microvm, q35, pc, virt"),
    refusal("odd-timeout", ["--timeout", "soon", "/bin/true"], 125, "number of seconds"),
    refusal("unknown-option", ["--nonsense", "/bin/true"], 125, "no option --nonsense"),
    refusal("unknown-option-before-a-mark", ["--nonsense", "--", "/bin/true"], 125, "no option --nonsense"),
    refusal("program-behind-a-mark", ["--", "--nonsense"], 127, "no program '--nonsense'"),
    refusal("odd-port", ["-p", "80", "/bin/true"], 125, "write HOST:GUEST"),
    refusal("odd-port-range", ["-p", "8000-8003:80-81", "/bin/true"], 125, "differ in size"),
    refusal("port-without-network", ["--network", "none", "-p", "8080:80", "/bin/true"], 125, "leave --network none away"),
    refusal("linuxu-guarded", ["--on", "linuxu", "--mode", "guarded", "/bin/true"], 125, "one privilege level"),
    refusal("odd-platform", ["--on", "xenon", "/bin/true"], 125, "qemu, linuxu"),
    refusal("odd-network", ["--network", "bridged", "/bin/true"], 125, "user, none, lan=NAME, tap=NAME, bridge=NAME"),
    Case("no-project", ["up", "{scratch}"], host=True, status=110, stderr=re.compile("there is no project: name a folder with a spore.toml or a Compose file")),
    refusal("odd-lan", ["--network", "lan=a b", "/bin/true"], 125, "such as lan=shop"),
    refusal("lan-with-address", ["--network", "lan=shop", "--ip", "10.0.2.99/24", "/bin/true"], 125, "leave --ip, --gateway and --mac away"),
    refusal("lan-with-odd-name", ["-d", "--network", "lan=shop", "--name", "a_b", "/bin/true"], 125, "is no host name"),
    refusal("no-such-tap", ["--network", "tap=spore-absent", "/bin/true"], 125, "ip tuntap add|/dev/net/tun"),
    refusal("address-without-network", ["--ip", "192.0.2.7/24", "/bin/true"], 125, "add --network user"),
    refusal("capture-without-network", ["--pcap", "file", "/bin/true"], 125, "add --network user"),
    refusal("odd-address", ["--network", "user", "--ip", "192.0.2.7", "/bin/true"], 125, "192.0.2.7/24"),
    refusal("group-mac", ["--network", "user", "--mac", "53:54:00:00:00:01", "/bin/true"], 125, "must be even"),
    refusal("nic-without-pci", ["--network", "user", "--nic", "e1000", "/bin/true"], 125, "--machine q35"),
    refusal("config-network-key", [], 110, r"spore.toml:3: network.prots .*'ports'", files=config('program = "/bin/true"\n[network]\nprots = []\n')),
    refusal("config-unknown-key", [], 110, r"spore.toml:2: there is no key 'memry'; did you mean 'memory'\?",
            files=config('program = "/bin/true"\nmemry = "64M"\n')),
    refusal("config-wrong-type", [], 110, r"spore.toml:1: memory must be", files=config("memory = 64\n")),
    refusal("config-syntax", [], 110, r"spore.toml:2:", files=config('program = "/bin/true"\nmemory = \n')),
    refusal("config-empty", [], 110, "spore.toml names no program", files=config("")),
    refusal("config-twice", [], 110, "spore.toml:2: .*redefine", files=config('program = "/bin/true"\nprogram = "/bin/false"\n')),
    refusal("config-endless-number", [], 110, "spore.toml:2: timeout must be", files=config('program = "/bin/true"\ntimeout = nan\n')),
    refusal("config-odd-variable", [], 110, "spore.toml:3: environment.A=B cannot be the name", files=config('program = "/bin/true"\n[environment]\n"A=B" = "c"\n')),
    refusal("config-huge", [], 110, "spore.toml: File too large", files=config("#" * 5_000_000)),
    refusal("environment-file-without-end", ["--env-file", "/dev/zero", "/bin/true"], 110, "File too large"),
    refusal("environment-file-of-bytes", ["--env-file", "env", "/bin/true"], 110, "env:1: a zero character", files={"env": b"A=b\0C=d\n"}),
    refusal("odd-environment-file", ["--env-file", "{scratch}/env", "/bin/true"], 110, r"env:2:", files={"env": "A=b\nnonsense\n"}),
    Case("kernel-before-it-is-tailored", ["kernel-of", "run", "--tailor", "--keep", "pipe2", "--on", "linuxu", "/bin/true"], host=True, stdout="linuxu\n", stderr=""),
    Case("odd-verb", ["stpo", "x"], host=True, status=125, stderr=re.compile(r"^spore: there is no verb 'stpo'; did you mean 'stop'\?\n$")),
    Case("option-before-a-verb", ["--nonsense"], host=True, status=125, stderr=re.compile("^spore: there is no option --nonsense before a verb; see 'spore --help'\n$")),
    # Output that is lost is a failure, the tool's own and the program's; a file that is opened next does not take a closed stream's place.
    Case("output-lost", [Program("hello")], machines=("microvm",), arm64=False, script="""
        for target in '> /dev/full' '>&-'; do
            for words in ps "run $OPTIONS $1"; do eval "\"\$SPORE\" $words $target" 2>&1 || echo "status $?"; done
        done""", stdout=re.compile(r"\A(spore: cannot write to standard output: No space left on device\nstatus 125\n){2}(spore: cannot write to standard output: Bad file descriptor\nstatus 125\n){2}\Z")),
    Case("inspect-pipe", [], script='mkfifo pipe; timeout 10 "$SPORE" inspect pipe', status=127, stderr=re.compile("^spore: cannot read pipe: .*\n$")),
    Case("folder-that-is-gone", [], script='mkdir gone; cd gone; rmdir ../gone; "$SPORE" run ./app', status=127, stderr=re.compile("^spore: cannot tell where ./app is, .*current folder is gone.*\n$")),
    # What fails for one machine does not keep the others from being done; what `ps` shows of a script stays in its line.
    Case("one-of-several-names", [], script="""
        "$SPORE" run -d --name job /bin/busybox sh -c 'sleep 100
            sleep 1'
        "$SPORE" ps | grep -c 'sleep 100 *sleep 1'
        "$SPORE" rm -f absent job missing 2>&1 || echo "status $?" """, needs=(str(BUSYBOX),),
         stdout="job\n1\njob\nspore: there is no machine named 'absent': 'spore ps -a' lists them\nspore: there is no machine named 'missing': 'spore ps -a' lists them\nstatus 125\n"),
    # A signal while the root's image is made ends the tool at once, by that signal, and leaves nothing. One that is ignored (nohup) does nothing.
    Case("interrupted-early", [], script="""
        mkdir bin; printf '#!/bin/sh\necho $$ > started\nexec sleep 100\n' > bin/mkfs.erofs; chmod +x bin/mkfs.erofs
        for signal in INT TERM HUP ignored; do
            rm -f started
            XDG_CACHE_HOME="$PWD/cache" PATH="$PWD/bin:$PATH" /usr/bin/python3 - "$SPORE" "$signal" <<'EOF'
import os, signal, subprocess, sys, time
ignored = sys.argv[2] == "ignored"
signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
tool = subprocess.Popen([sys.argv[1], "run", "/bin/true"])
while not os.path.exists("started") or not open("started").read(): time.sleep(0.02)
if ignored: tool.send_signal(signal.SIGHUP); time.sleep(0.3)
tool.send_signal(signal.SIGINT if ignored else getattr(signal, "SIG" + sys.argv[2]))
print(signal.Signals(-tool.wait(20)).name, os.path.exists("/proc/" + open("started").read().strip()))
EOF
        done
        find cache -mindepth 2 -not -name roots""", needs=("/usr/bin/python3",), stdout="SIGINT False\nSIGTERM False\nSIGHUP False\nSIGINT False\n"),
    Case("full-cache", ["/bin/true"], root=True, needs=("/usr/bin/unshare",), script="""
        mkdir cache; export XDG_CACHE_HOME="$PWD/cache" SPORE
        unshare -m sh -c 'mount -t tmpfs -o size=64k none cache; "$SPORE" run "$1" || echo "status $?"; find cache -mindepth 3; mount -o remount,ro none cache; "$SPORE" run "$1" || echo "status $?"' sh "$1" 2>&1""",
         stdout=re.compile(r"\Aspore: cannot stage .*No space left on device: make room.*\nstatus 125\nspore: cannot write to the cache folder .*Read-only file system.*\nstatus 125\n\Z")),
    Case("cache-without-home", [], root=True, needs=("/usr/bin/unshare",), script="""
        unset HOME XDG_CACHE_HOME
        unshare -m sh -c 'mount -t tmpfs none /tmp; "$SPORE" run --save-bundle /tmp/bundle /bin/true && stat -c %a /tmp/spore-cache-0
            chmod 777 /tmp/spore-cache-0; "$SPORE" run --save-bundle /tmp/bundle /bin/true || echo "status $?"' 2>&1""",
         stdout="700\nspore: cannot use /tmp/spore-cache-0 as the cache folder, which is not this user's alone: set XDG_CACHE_HOME or HOME\nstatus 125\n"),
    Case("dry-run", ["run", "--dry-run", "/bin/true"], host=True, stdout=re.compile(r"(?s)program +/bin/true\n.*qemu-system-x86_64 .*-sandbox on")),
    Case("dry-run-arm64", ["run", "--dry-run", "--gic", "2", "./app"], host=True, files=program(elf(machine=183)),
         stdout=re.compile(r"(?s)architecture arm64\n.*qemu-system-aarch64 .*-machine virt,gic-version=2 -accel tcg .*virtio-serial-device")),
    Case("dry-run-network", ["run", "--dry-run", "-p", "127.0.0.1:8080-8081:80-81", "-p", "5353:53/udp", "--hostname", "one", "/bin/true"], host=True,
         stdout=re.compile(r"(?s)host name +one\n.*address +10\.0\.2\.15/24\n.*hostfwd=tcp:127\.0\.0\.1:8081-:81,hostfwd=udp::5353-:53")),
    Case("help-lists-statuses", ["run", "--help"], host=True, stdout=re.compile(r"127 no such program")),
    Case("version", ["--version"], host=True, stdout=re.compile(r"^spore \d+\.\d+")),
    Case("inspect-image", [], script=INSPECT_IMAGE, stdout=re.compile(r"(?s)program +/bin/busybox\n.*\n +[\d.]+ [MK]  /\n.* +[\d.]+ [MK] +busybox\n.*pictures")),
    Case("inspect-odd-picture", [], script='"$SPORE" inspect --treemap a.png "$SPORE"', status=125, stderr=re.compile("must end in .svg or .html")),
    Case("inspect-program", ["inspect", "/bin/true"], host=True, stdout=re.compile(r"library +libc.so.6")),
]
