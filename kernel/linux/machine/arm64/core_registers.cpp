#include "kernel/linux/machine/core_registers.hpp"

#include <algorithm>

#include "arch/registers.hpp"
#include "kernel/linux/core_file/notes.hpp"
#include "kernel/linux/machine/return_address.hpp"

namespace spore::linux::machine {

namespace {

/// [linux] struct user_fpsimd_state
struct FloatingPoint {
    u8 registers[32][16];
    u32 status, control, reserved[2];
};
static_assert(sizeof(FloatingPoint) == 528);
/// What arch::export_extended_state() gives.
struct Vectors {
    u32 status, control;
    u8 registers[32][16];
};

}  // namespace

CoreRegisters core_registers(const Task& task) {
    auto& frame = task.thread().program_frame();
    CoreRegisters saved{};
    std::ranges::copy(frame.x, saved.x);
    saved.sp = frame.sp, saved.pc = frame.pc, saved.pstate = frame.pstate;
    return saved;
}

Result<void> put_register_notes(CoreOutput& output, const Task& task) {
    using core_format::Note;
    auto& state = *task.thread().program_state();
    Vectors vectors{};
    arch::export_extended_state(state, std::as_writable_bytes(std::span(&vectors, 1)));
    FloatingPoint saved{};
    std::ranges::copy(std::as_bytes(std::span(vectors.registers)), std::as_writable_bytes(std::span(saved.registers)).begin());
    saved.status = vectors.status, saved.control = vectors.control;
    TRY(put_note(output, Note::floating_point, bytes_of(saved)));
    TRY(put_note(output, Note::arm_thread_pointer, bytes_of(arch::thread_pointer(state))));
    // Which bits of pointers are a signature, for data and for code: debuggers that follow return addresses take them off.
    constexpr u64 signed_pointers = 1u << 30;  // HWCAP_PACA
    if (!(arch::hardware_capabilities() & signed_pointers)) return {};
    constexpr u64 mask = ~unsigned_address(~u64{0}) & ~(u64{0xff} << 56 | u64{1} << 55);
    constexpr u64 masks[] = {mask, mask};
    return put_note(output, Note::arm_pointer_masks, std::as_bytes(std::span(masks)));
}

}  // namespace spore::linux::machine
