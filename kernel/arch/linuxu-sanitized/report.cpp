// "a write of size 1 at 0x…, out of a heap object's bounds: 3 bytes behind the object at 0x… (29 bytes); shadow 00 00 00 05 [fa] fa fa": one line, and
// the panic's backtrace.
#include <atomic>
#include <cstring>

#include "../linuxu/cpu/local.hpp"
#include "access.hpp"
#include "kernel/core/panic.hpp"

namespace spore::arch {
namespace {

constinit std::atomic<bool> reporting = false;

/// Each process has memory of its own behind these addresses, and signals come on a stack there; but the shadow is everybody's.
bool is_own(u64 at) { return at - reinterpret_cast<u64>(&this_cpu) < sizeof(CpuLocal) || at - kernel_half::own < sizeof(OwnMemory); }

std::string_view word_for(memory::Touch touch) {
    switch (touch) {
    case memory::Touch::read: return "read";
    case memory::Touch::write: return "write";
    case memory::Touch::free: return "free";
    }
    return "";
}

std::string_view describe(u64 bad, std::span<char> text) {
    for (auto describe_one : {describe_global, describe_local, describe_object})
        if (auto found = describe_one(bad, text); !found.empty()) return found;
    return "no object is known there";
}

/// The shadow around, the byte in question in brackets.
std::string_view picture(u64 bad, std::span<char> text) {
    constexpr char digits[] = "0123456789abcdef";
    constexpr int around = 4;
    std::size_t used = 0;
    for (int i = -around; i <= around; ++i) {
        u8 byte = *(shadow.of(bad) + i);
        for (char c : {i == 0 ? '[' : ' ', digits[byte >> 4], digits[byte & 15], i == 0 ? ']' : ' '})
            if (c != ' ') text[used++] = c;
        text[used++] = ' ';
    }
    return {text.data(), used - 1};
}

}  // namespace

void report(u64 at, u64 size, u64 bad, memory::Touch touch) {
    if (is_own(bad)) return;
    if (reporting.exchange(true)) return;  // the report itself may look where others may not
    char place[112], bytes[48];
    core::panic("a {} of size {} at 0x{:x}, {}: {}; shadow {}", word_for(touch), size, at, words_for(shadow.reason(bad)), describe(bad, place),
                picture(bad, bytes));
}

}  // namespace spore::arch
