// reboot: the end of the machine that a program asks for [reboot(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/exit.hpp"

namespace spore::linux::calls {

namespace {
enum Magic : u32 { first = 0xfee1'dead, second = 672'274'793, second_a = 85'072'278, second_b = 369'367'448, second_c = 537'993'216 };
enum Command : u32 {
    restart = 0x0123'4567,
    halt = 0xcdef'0123,
    keys_restart = 0x89ab'cdef,
    keys_signal = 0,
    power_off = 0x4321'fedc,
    restart_by_name = 0xa1b2'c3d4,
};
bool is_second(u32 magic) { return magic == second || magic == second_a || magic == second_b || magic == second_c; }
}  // namespace

Result<u64> reboot(Task& task, u32 magic, u32 second_magic, u32 command, UserData) {
    if (!task.process().credentials().may(Capability::boot)) return fail(Error::not_permitted);
    if (magic != first || !is_second(second_magic)) return fail(Error::invalid);
    switch (command) {
    case restart:
    case restart_by_name: restart_machine(); return 0;
    // A machine that stands still until somebody ends it is of no use: both end it, as the program's good end.
    case halt:
    case power_off: end_machine(WaitStatus::exited(0)); return 0;
    case keys_restart:
    case keys_signal: return 0;  // Ctrl-Alt-Del asks the program, whoever it is
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
