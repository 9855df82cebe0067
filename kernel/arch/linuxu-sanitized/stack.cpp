// Stacks: functions write their frames' shadow themselves, and call this for long runs of it, and where they do not return.
#include "access.hpp"
#include "arch/mmu.hpp"
#include "base/format.hpp"
#include "kernel/memory/kernel_stack.hpp"

using namespace spore;
using arch::shadow;

extern "C" {

/// Before a function that does not return: what lies on the stack now has nobody who would clean up its shadow. Other stacks than kernel stacks are used once.
[[gnu::used]] void __asan_handle_no_return() {
    u64 at = align_down(reinterpret_cast<u64>(__builtin_frame_address(0)), arch::granule);
    u64 offset = at - arch::kernel_stack_region_start;
    if (offset >= arch::kernel_stack_region_size) return;
    u64 top = arch::kernel_stack_region_start + align_down(offset, memory::kernel_stack_slot) + memory::kernel_stack_slot;
    shadow.unpoison(at, top - at);
}

[[gnu::used]] void __asan_poison_stack_memory(u64 at, u64 size) { shadow.poison(at, align_up(size, arch::granule), arch::shadow_byte::stack_scope); }
[[gnu::used]] void __asan_unpoison_stack_memory(u64 at, u64 size) { shadow.unpoison(at, size); }

// `at` is the shadow's own address.
#define SET_SHADOW(value) \
    [[gnu::used]] void __asan_set_shadow_##value(u64 at, u64 size) { __builtin_memset(reinterpret_cast<void*>(at), 0x##value, size); }
SET_SHADOW(00)
SET_SHADOW(01)
SET_SHADOW(02)
SET_SHADOW(03)
SET_SHADOW(04)
SET_SHADOW(05)
SET_SHADOW(06)
SET_SHADOW(07)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f5)
SET_SHADOW(f8)

}  // extern "C"

namespace spore::arch {
namespace {

/// At the start of a frame: this, and the description "<count> { <offset> <size> <length of the name> <name>[:<line>] }…".
constexpr u64 frame_mark = 0x41b5'8ab3;

u64 read_number(std::string_view& text) {
    u64 number = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') number = number * 10 + static_cast<u64>(text[0] - '0'), text.remove_prefix(1);
    if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    return number;
}

const u64* frame_around(u64 at) {
    constexpr u64 longest = 16_KiB;
    u64 lowest = align_down(at, granule), end = lowest - longest;
    while (lowest > end && *shadow.of(lowest) != shadow_byte::stack_left) lowest -= granule;
    while (lowest > end && *shadow.of(lowest - granule) == shadow_byte::stack_left) lowest -= granule;
    auto* frame = reinterpret_cast<const u64*>(lowest);
    return lowest > end && frame[0] == frame_mark ? frame : nullptr;
}

}  // namespace

std::string_view describe_local(u64 bad, std::span<char> text) {
    auto* frame = frame_around(bad);
    if (!frame) return {};
    u64 offset = bad - reinterpret_cast<u64>(frame), nearest = 0, nearest_size = 0;
    std::string_view list = reinterpret_cast<const char*>(frame[1]), name;
    for (u64 count = read_number(list); count > 0; --count) {
        u64 start = read_number(list), size = read_number(list), length = read_number(list);
        auto named = list.substr(0, length);
        list.remove_prefix(length < list.size() ? length + 1 : list.size());
        if (start <= offset || name.empty()) nearest = start, nearest_size = size, name = named;
    }
    if (offset < nearest) return format_to(text, "{} bytes before '{}' on the stack", nearest - offset, name);
    if (offset < nearest + nearest_size) return format_to(text, "{} bytes into '{}' on the stack", offset - nearest, name);
    return format_to(text, "{} bytes behind '{}' ({} bytes) on the stack", offset - nearest - nearest_size, name, nearest_size);
}

}  // namespace spore::arch
