"""Commands for gdb on a Spore machine: the program's libraries and the kernel's threads.

Loaded by `spore gdb`, which sets $SPORE_FILES to a JSON file: the program, where it is loaded, and which file of this
machine stands behind each path of the guest.
"""
import json
import os

import gdb

WORD = 8
DT_DEBUG = 21
PAN = 1 << 22  # of PSTATE: QEMU reads nothing of a program's for gdb while a CPU that has it set is in the kernel
R_MAP_OFFSET = 8  # struct r_debug: int r_version, padding, then the list of loaded files


def read_word(address):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, WORD).tobytes(), "little")


def read_text(address, limit=4096):
    text = b""
    while len(text) < limit:
        byte = gdb.selected_inferior().read_memory(address + len(text), 1).tobytes()
        if byte == b"\0":
            break
        text += byte
    return text.decode(errors="replace")


def load_description():
    path = os.environ.get("SPORE_FILES")
    if not path or not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


class Libraries(gdb.Command):
    """spore-libraries: loads the symbols of the shared libraries that the program has loaded by now."""

    def __init__(self):
        super().__init__("spore-libraries", gdb.COMMAND_FILES)
        self.loaded = set()

    def invoke(self, argument, from_tty):
        description = load_description()
        dynamic = description.get("dynamic", 0)
        if not dynamic:
            print("the program is static: it loads no libraries")
            return
        if not any([self.load_seen_by(cpu, description, dynamic) for cpu in gdb.selected_inferior().threads()]):
            print("the dynamic linker has not run yet: continue to a breakpoint in the program first")

    def load_seen_by(self, cpu, description, dynamic):
        """gdb reads memory as a CPU sees it, and not each has the program's address space. Whether this one has."""
        selected = gdb.selected_thread()
        cpu.switch()
        state = int(gdb.parse_and_eval("$cpsr")) if is_arm64() else 0
        try:
            if state & PAN:
                gdb.execute(f"set var $cpsr = {state & ~PAN}")
            entry = self.find_list(dynamic)
            while entry:
                base, name_at, _, entry = (read_word(entry + i * WORD) for i in range(4))
                name = read_text(name_at) if name_at else ""
                if name:
                    self.load(description, name, base)
            return True
        except gdb.MemoryError:
            return False
        finally:
            if state & PAN:
                gdb.execute(f"set var $cpsr = {state}")
            selected.switch()

    def find_list(self, dynamic):
        while read_word(dynamic):
            if read_word(dynamic) == DT_DEBUG:
                debug = read_word(dynamic + WORD)
                return read_word(debug + R_MAP_OFFSET) if debug else 0
            dynamic += 2 * WORD
        return 0

    def load(self, description, name, base):
        host = description.get("files", {}).get(os.path.realpath(name)) or description.get("files", {}).get(name)
        if not host or (host, base) in self.loaded:
            return
        self.loaded.add((host, base))
        gdb.execute(f"add-symbol-file {host} -o {base:#x}", to_string=True)
        print(f"{name} at {base:#x}")


def is_process():
    """Whether the machine is a process of this Linux (kernel/arch/linuxu)."""
    return gdb.lookup_global_symbol("debugger_code_came") is not None


def is_arm64():
    return gdb.selected_inferior().architecture().name() == "aarch64"


def program_counter(frame):
    return int(frame["pc" if is_arm64() else "rip"])


def kernel_start():
    return 0x700000000000 if is_process() else 1 << 63


def kernel_list(head, link):
    """The items of one of the kernel's intrusive lists (base/list.hpp)."""
    item = head["first_"]
    while int(item):
        yield item
        item = item.dereference()[link]["next"]


class Threads(gdb.Command):
    """spore-threads: the program's threads as the kernel knows them, with state, CPU, and where each waits in the kernel."""

    def __init__(self):
        super().__init__("spore-threads", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        tree = gdb.parse_and_eval("'spore::linux::(anonymous namespace)::the_tree'")
        buckets = tree["tasks"]["buckets_"]
        low, high = buckets.type.range()
        tasks = [task.dereference() for i in range(low, high + 1) for task in kernel_list(buckets[i], "number_link")]
        for task in sorted(tasks, key=lambda task: int(task["id_"])):
            self.show(task)

    def show(self, task):
        thread = task["thread_"].dereference()
        state = int(thread["state_"]["__a_"]["__a_value"])
        states = [field.name.split("::")[-1] for field in gdb.lookup_type("spore::task::State").fields()]
        name = task["name"].string(errors="replace")
        cpu = int(thread["cpu_"]["__a_"]["__a_value"])
        frame_type = gdb.lookup_type("spore::arch::TrapFrame").pointer()
        frame = (thread["stack_top_"].cast(frame_type) - 1).dereference()
        print(f"thread {int(task['id_'])} of process {int(task['process_id_'])} \"{name}\": {states[state]}, CPU {cpu}, program at {program_counter(frame):#x}")
        if states[state] == "blocked":
            self.backtrace(int(thread["context_"]["stack_pointer"]))

    def backtrace(self, stack):
        """A switched-out thread's stack: saved registers, the last of them the frame pointer, and the return address (switch_context)."""
        saved = 10 if is_arm64() else 5
        frame, place = read_word(stack + saved * WORD), read_word(stack + (saved + 1) * WORD)
        for _ in range(24):
            symbol = gdb.execute(f"info symbol {place - 1:#x}", to_string=True).split(" in section")[0].strip()
            print(f"    at {place:#x} {symbol}")
            if not frame:
                break
            try:
                frame, place = read_word(frame), read_word(frame + WORD)
            except gdb.MemoryError:
                break
            if place < kernel_start():
                break


class CodeWatch(gdb.Breakpoint):
    """Where the kernel of a machine that is a process tells what becomes of program code (kernel/arch/linuxu/mmu/debugger.hpp)."""

    def __init__(self, function, what):
        super().__init__(function, internal=True)
        self.silent = True
        self.commands = f"python {what}()\ncontinue"


class WaitingBreakpoints:
    """Breakpoints in program code that is not mapped: gdb could not write them, so they are disabled until it is."""

    def __init__(self):
        self.waiting = []
        gdb.events.breakpoint_created.connect(self.created)
        CodeWatch("debugger_code_came", "spore_breakpoints.code_came")
        CodeWatch("debugger_code_goes", "spore_breakpoints.code_goes")

    def created(self, breakpoint):
        if breakpoint.enabled and not all(self.is_mapped(at) for at in self.addresses(breakpoint)):
            self.wait(breakpoint)

    def code_came(self):
        ready = [b for b in self.waiting if b.is_valid() and all(self.is_mapped(at) for at in self.addresses(b))]
        self.waiting = [b for b in self.waiting if b.is_valid() and b not in ready]
        for breakpoint in ready:
            breakpoint.enabled = True

    def code_goes(self):
        start, end = (int(gdb.selected_frame().read_register(name)) & (1 << 64) - 1 for name in ("rdi", "rsi"))
        for breakpoint in gdb.breakpoints():
            if breakpoint.enabled and any(start <= at < end for at in self.addresses(breakpoint)):
                self.wait(breakpoint)

    def wait(self, breakpoint):
        breakpoint.enabled = False
        self.waiting.append(breakpoint)

    @staticmethod
    def addresses(breakpoint):
        return [location.address for location in breakpoint.locations if location.address is not None and location.address < kernel_start()]

    @staticmethod
    def is_mapped(address):
        try:
            gdb.selected_inferior().read_memory(address, 1)
            return True
        except gdb.MemoryError:
            return False


Libraries()
Threads()
if is_process():
    spore_breakpoints = WaitingBreakpoints()
