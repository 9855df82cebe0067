#include "io_apic.hpp"

#include <iterator>

#include "arch/mmu.hpp"

namespace spore::arch {
namespace {

struct IoApic {
    volatile u32* registers = nullptr;
    u32 first_line = 0, lines = 0;

    u32 read(u32 index) const { registers[0] = index; return registers[4]; }
    void write(u32 index, u32 value) const { registers[0] = index; registers[4] = value; }
};
struct Override {
    u32 line = 0;
    bool active_low = false, level = false, set = false;
};

constinit IoApic controllers[8];
constinit u32 controller_count = 0;
constinit Override overrides[16];

constexpr u32 redirection = 0x10, version = 0x01;
constexpr u32 masked = 1 << 16, level_triggered = 1 << 15, low_active = 1 << 13;

}  // namespace

Result<void> add_io_apic(PhysAddr address, u32 first_line) {
    if (controller_count == std::size(controllers)) return fail(Error::no_space);
    auto& controller = controllers[controller_count];
    controller.registers = static_cast<volatile u32*>(TRY(map_device(address, page_size)));
    controller.first_line = first_line;
    controller.lines = (controller.read(version) >> 16 & 0xff) + 1;
    for (u32 line = 0; line < controller.lines; ++line) controller.write(redirection + 2 * line, masked);
    ++controller_count;
    return {};
}

void override_isa_line(u8 isa_line, u32 line, bool active_low, bool level) {
    if (isa_line < 16) overrides[isa_line] = {line, active_low, level, true};
}

Result<void> route_line(u32 line, u8 vector, u32 apic_id, Trigger trigger) {
    bool level = trigger != Trigger::edge;
    bool low = trigger == Trigger::level_low;
    if (line < 16 && overrides[line].set) {
        low = overrides[line].active_low;
        level = overrides[line].level || level;
        line = overrides[line].line;
    }
    for (u32 i = 0; i < controller_count; ++i) {
        auto& c = controllers[i];
        if (line < c.first_line || line - c.first_line >= c.lines) continue;
        u32 index = redirection + 2 * (line - c.first_line);
        c.write(index + 1, apic_id << 24);
        c.write(index, vector | (level ? level_triggered : 0) | (low ? low_active : 0));
        return {};
    }
    return fail(Error::not_found);
}

}  // namespace spore::arch
