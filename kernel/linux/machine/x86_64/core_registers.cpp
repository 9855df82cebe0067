#include "kernel/linux/machine/core_registers.hpp"

#include "arch/registers.hpp"
#include "kernel/linux/core_file/notes.hpp"

namespace spore::linux::machine {

CoreRegisters core_registers(const Task& task) {
    auto& frame = task.thread().program_frame();
    auto& state = *task.thread().program_state();
    CoreRegisters saved{};
    // Up to the system call's number the frame is in the same order.
    static_assert(offsetof(CoreRegisters, rip) == offsetof(arch::TrapFrame, vector) && offsetof(CoreRegisters, r11) == offsetof(arch::TrapFrame, r11) &&
                  offsetof(CoreRegisters, rax) == offsetof(arch::TrapFrame, rax) && offsetof(CoreRegisters, origin) == offsetof(arch::TrapFrame, origin));
    std::memcpy(&saved, &frame, offsetof(CoreRegisters, rip));
    saved.rip = frame.rip, saved.rflags = frame.rflags, saved.rsp = frame.rsp;
    saved.cs = 0x33, saved.ss = 0x2b;  // Linux's selectors, as in signal frames
    saved.fs_base = arch::thread_pointer(state), saved.gs_base = arch::gs_base(state);
    return saved;
}

/// The 512 bytes that FXSAVE has, and all of the XSAVE area, where debuggers find XCR0 among what the CPU leaves to software [linux] xstate_fx_sw_bytes.
Result<void> put_register_notes(CoreOutput& output, const Task& task) {
    using core_format::Note;
    constexpr std::size_t legacy_size = 512, components_offset = 464;
    auto& state = *task.thread().program_state();
    for (auto [type, size] : {std::pair{Note::floating_point, legacy_size}, {Note::x86_state, arch::extended_state_size()}}) {
        if (type == Note::x86_state && size <= legacy_size) break;
        TRY(begin_note(output, type, size));
        auto bytes = TRY(output.room(size)).first(size);
        arch::export_extended_state(state, bytes);
        u64 components = type == Note::x86_state ? arch::extended_state_components() : 0;
        std::memcpy(bytes.data() + components_offset, &components, sizeof components);
        TRY(output.take(size));
        TRY(end_note(output, size));
    }
    return {};
}

}  // namespace spore::linux::machine
