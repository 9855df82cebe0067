// The filter is a program for the host's packet filter machine [linux Documentation/userspace-api/seccomp_filter.rst]; constants are from
// linux/seccomp.h, linux/filter.h and linux/audit.h, which come with the host's C library and not with ours.
#include "filter.hpp"

#include <sys/prctl.h>

#include <iterator>

#include "call.hpp"

extern "C" char host_calls_start[], host_calls_end[];

namespace spore::arch::host {
namespace {

struct Instruction {
    u16 code;
    u8 if_true, if_false;
    u32 operand;
};
struct Program {
    u16 length;
    const Instruction* instructions;
};

constexpr u16 load_word = 0x20, jump_equal = 0x15, jump_greater_equal = 0x35, give_back = 0x06;
constexpr u32 allow = 0x7fff'0000, trap = 0x0003'0000;
constexpr u32 machine_offset = 4, address_low_offset = 8, address_high_offset = 12;
constexpr u32 machine_x86_64 = 0xc000'003e;
constexpr int set_filter = 1;

}  // namespace

bool close_calls() {
    auto start = reinterpret_cast<u64>(host_calls_start), end = reinterpret_cast<u64>(host_calls_end);
    const Instruction instructions[] = {
        {load_word, 0, 0, machine_offset},
        {jump_equal, 0, 6, machine_x86_64},
        {load_word, 0, 0, address_high_offset},
        {jump_equal, 0, 4, static_cast<u32>(start >> 32)},
        {load_word, 0, 0, address_low_offset},
        {jump_greater_equal, 0, 2, static_cast<u32>(start)},
        {jump_greater_equal, 1, 0, static_cast<u32>(end)},
        {give_back, 0, 0, allow},
        {give_back, 0, 0, trap},
    };
    const Program program{static_cast<u16>(std::size(instructions)), instructions};
    if (call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return false;
    return call(SYS_seccomp, set_filter, 0, &program) == 0;
}

}  // namespace spore::arch::host
