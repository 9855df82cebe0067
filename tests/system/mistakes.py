"""What the sanitized kernel must find: each case lets it make a mistake (kernel/arch/linuxu-sanitized/mistakes.cpp), and wants the report."""
import re

from system.case import Case, Program

AT = r"at 0x[0-9a-f]+"


def mistake(name, report):
    """The report, a shadow with the byte in brackets, and a backtrace with names."""
    return Case(name, [Program("hello")], environment={"SPORE_MISTAKE": name}, status=118, stdout="", machines=("sanitized",), modes=("fused",), cpus=(1,), arm64=False, linuxu=False,
                stderr=re.compile(r"kernel panic on CPU 0: " + report + r"; shadow [0-9a-f ]*\[[0-9a-f]{2}\][0-9a-f ]*\n(.*\n)*.*  at 0x[0-9a-f]+ .*start_kernel"))


def beyond(what, size, where):
    return rf"a {what} of size {size} {AT}, {where}"


CASES = [
    mistake("heap-write", beyond("write", 1, rf"out of a heap object's bounds: 0 bytes behind the object {AT} \(29 bytes\)")),
    mistake("heap-read", beyond("read", 8, rf"out of a heap object's bounds: 0 bytes behind the object {AT} \(40 bytes\)")),
    mistake("heap-copy", beyond("write", 101, rf"out of a heap object's bounds: 0 bytes behind the object {AT} \(100 bytes\)")),
    mistake("heap-clear", beyond("write", 2000, rf"out of a heap object's bounds: 0 bytes behind the object {AT} \(1999 bytes\)")),
    mistake("freed-read", beyond("read", 1, rf"in a heap object that was freed: 3 bytes into what held up to 80 {AT}")),
    mistake("freed-twice", beyond("free", 1, rf"in a heap object that was freed: 0 bytes into what held up to 80 {AT}")),
    mistake("freed-large", beyond("write", 1, r"in a frame that is free: frame \d+")),
    mistake("freed-frame", beyond("read", 1, r"in a frame that is free: frame \d+")),
    mistake("local-write", beyond("write", 1, r"out of a local variable's bounds: 0 bytes behind 'buffer\S*' \(20 bytes\) on the stack")),
    mistake("local-scope", beyond("read", 1, r"in a local variable whose scope has ended: 0 bytes into 'scoped\S*' on the stack")),
    mistake("global-write", beyond("write", 1, r"out of a global variable's bounds: 0 bytes behind 'spore::arch::.*table' \(20 bytes\) of mistakes\.cpp")),
    mistake("idle-stack", beyond("write", 1, r"on a kernel stack that nobody runs on: no object is known there")),
    mistake("program-copy", beyond("read", 11, rf"out of a heap object's bounds: 0 bytes behind the object {AT} \(10 bytes\)")),
]
