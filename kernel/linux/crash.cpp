#include "kernel/linux/crash.hpp"

#include <algorithm>

#include "arch/registers.hpp"
#include "arch/user_memory.hpp"
#include "kernel/core/log.hpp"
#include "kernel/linux/machine/return_address.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

namespace {

/// Enough for any program's libraries; what does not fit is not recognised as code.
constexpr std::size_t max_code_areas = 64;
constexpr unsigned max_places = 24;

struct CodeAreas {
    struct Range {
        u64 start, end;
    };
    Range ranges[max_code_areas];
    std::size_t count = 0;

    explicit CodeAreas(memory::AddressSpace& memory) {
        memory.visit_areas([](void* context, const memory::AddressSpace::AreaInfo& area) {
            auto& self = *static_cast<CodeAreas*>(context);
            if (area.access.execute && self.count < max_code_areas) self.ranges[self.count++] = {area.start.value, area.end.value};
        }, this);
    }
    bool has(u64 address) const {
        return std::any_of(ranges, ranges + count, [&](const Range& range) { return address >= range.start && address < range.end; });
    }
};

bool is_return_address(const CodeAreas& code, u64 address) {
    u8 before[machine::longest_call];
    return code.has(address) && arch::copy_from_program(before, {address - sizeof before}, sizeof before) && machine::ends_with_call(before);
}

/// Prints one place with the file that is mapped there.
void report_place(memory::AddressSpace& memory, u64 address, std::string_view mark) {
    struct Search {
        u64 address;
        std::string_view mark;
        bool found = false;
    } search{address, mark};
    memory.visit_area_at({address}, [](void* context, const memory::AddressSpace::AreaInfo& area) {
        auto& wanted = *static_cast<Search*>(context);
        if (!area.object) return;
        char buffer[160];
        std::span<char> path(buffer);
        u64 inode, device;
        area.object->describe(path, inode, device);
        core::error("  at 0x{:x} {}+0x{:x}{}", wanted.address, std::string_view(path.data(), path.size()),
                    area.offset + (wanted.address - area.start.value), wanted.mark);
        wanted.found = true;
    }, &search);
    if (!search.found) core::error("  at 0x{:x}{}", address, mark);
}

void report_backtrace(memory::AddressSpace& memory, const arch::TrapFrame& frame) {
    CodeAreas code(memory);
    unsigned places = 0;
    report_place(memory, arch::instruction_pointer(frame).value, "");
    if (u64 link = machine::unsigned_address(machine::return_register(frame)); is_return_address(code, link)) report_place(memory, link, " ?");
    u64 stack = arch::stack_pointer(frame).value;
    // A chain of frame pointers, as long as it looks like one.
    u64 at = arch::frame_pointer(frame).value;
    constexpr u64 largest_frame = 1_MiB;
    while (places < max_places && at >= stack && at - stack < largest_frame && is_aligned(at, 8)) {
        u64 link[2];
        if (!arch::copy_from_program(link, {at}, sizeof link)) break;
        link[1] = machine::unsigned_address(link[1]);
        if (!is_return_address(code, link[1])) break;
        report_place(memory, link[1], "");
        ++places;
        stack = at + sizeof link;
        at = link[0];
    }
    // Programs built without frame pointers: whatever on the stack follows a call.
    constexpr u64 words = 512;
    for (u64 i = 0; i < words && places < max_places; ++i) {
        u64 word;
        if (!arch::copy_from_program(&word, {align_up(stack, 8) + i * 8}, sizeof word)) break;
        word = machine::unsigned_address(word);
        if (!is_return_address(code, word)) continue;
        report_place(memory, word, " ?");
        ++places;
    }
}

std::string_view reason_of(const SignalInfo& info) {
    if (info.number == sigsegv && info.code == segv_maperr) return "nothing is mapped at";
    if (info.number == sigsegv && info.code == segv_accerr) return "it may not do this at";
    if (info.number == sigbus) return "the mapped file ends before";
    return {};
}

}  // namespace

void report_crash(Task& task, const arch::TrapFrame& frame, const SignalInfo& info) {
    if (core::log_level() < core::LogLevel::error) return;
    auto reason = reason_of(info);
    std::string_view name(task.name);
    if (reason.empty()) core::error("{} (pid {}, thread {}) got signal {}", name, task.process_id(), task.id(), info.number);
    else core::error("{} (pid {}, thread {}) got signal {}: {} 0x{:x}", name, task.process_id(), task.id(), info.number, reason, task.fault_address.value);
    char line[200];
    for (u32 i = 0; auto size = arch::describe_registers(frame, i, line); ++i) core::error("  {}", std::string_view(line, size));
    report_backtrace(task.memory(), frame);
}

}  // namespace spore::linux
