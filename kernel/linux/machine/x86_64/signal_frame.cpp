#include "kernel/linux/machine/x86_64/signal_frame.hpp"

#include "arch/registers.hpp"
#include "arch/user_memory.hpp"
#include "kernel/linux/signal/frame.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux {

namespace {

constexpr std::size_t red_zone = 128;  // below the stack pointer, the program's own [psABI 3.2.2]
constexpr std::size_t legacy_area = 512, component_word = 512;
// What a handler may change in the flags: the arithmetic ones, direction, alignment check, trap, resume.
constexpr u64 changeable_flags = 0x5'0dd5;

u64 uc_flags(bool has_extended) { return (has_extended ? 1u : 0u) | 2 | 4; }  // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS

SignalContext save_registers(const Task& task, const arch::TrapFrame& frame, SignalSet mask) {
    SignalContext saved{};
    saved.r8 = frame.r8, saved.r9 = frame.r9, saved.r10 = frame.r10, saved.r11 = frame.r11;
    saved.r12 = frame.r12, saved.r13 = frame.r13, saved.r14 = frame.r14, saved.r15 = frame.r15;
    saved.rdi = frame.rdi, saved.rsi = frame.rsi, saved.rbp = frame.rbp, saved.rbx = frame.rbx;
    saved.rdx = frame.rdx, saved.rax = frame.rax, saved.rcx = frame.rcx, saved.rsp = frame.rsp;
    saved.rip = frame.rip, saved.rflags = frame.rflags;
    saved.cs = 0x33, saved.ss = 0x2b;  // Linux's selectors, whatever ours are: programs compare them
    saved.error = frame.error, saved.vector = frame.vector, saved.old_mask = mask.bits;
    saved.fault_address = task.fault_address.value;
    return saved;
}

/// The XSAVE area as programs find it, the closing magic included.
Result<HeapArray<std::byte>> save_extended(Task& task) {
    auto size = arch::extended_state_size();
    bool legacy_only = size <= legacy_area;
    auto bytes = TRY(HeapArray<std::byte>::create(size + (legacy_only ? 0 : sizeof(u32))));
    task::store_program_state();
    arch::export_extended_state(*task.thread().program_state(), bytes.span().first(size));
    ExtendedStateNote note{};
    if (!legacy_only) {
        u64 components;
        std::memcpy(&components, bytes.data() + component_word, sizeof components);
        note = {ExtendedStateNote::magic, static_cast<u32>(bytes.size()), components | 3, static_cast<u32>(size), {}};
        std::memcpy(bytes.data() + size, &ExtendedStateNote::end_magic, sizeof(u32));
    }
    std::memcpy(bytes.data() + ExtendedStateNote::offset, &note, sizeof note);
    return bytes;
}

}  // namespace

u64 smallest_signal_stack() { return arch::extended_state_size() + 1024; }

Result<void> push_signal_frame(Task& task, arch::TrapFrame& frame, const SignalInfo& info, const SignalAction& action, SignalSet restored_mask) {
    // Returning there would fault in the kernel, on the way out.
    if (action.handler >= arch::program_end) return fail(Error::bad_address);
    auto stack = choose_handler_stack(task, {frame.rsp}, action, red_zone);
    auto extended = TRY(save_extended(task));
    u64 extended_at = align_down(stack.top - extended.size(), 64);
    u64 at = align_down(extended_at - sizeof(SignalFrame), 16) - 8;  // as if a call had just pushed the return address
    if (!stack.can_hold(task, {at})) return fail(Error::bad_address);

    SignalFrame pushed{};
    pushed.return_address = action.restorer;
    pushed.context.flags = uc_flags(extended.size() > legacy_area);
    pushed.context.stack = stack.described;
    pushed.context.registers = save_registers(task, frame, restored_mask);
    pushed.context.registers.extended_state = extended_at;
    pushed.context.mask = restored_mask;
    pushed.info.info = info;
    TRY(arch::copy_to_program({extended_at}, extended.data(), extended.size()));
    TRY(arch::copy_to_program({at}, &pushed, sizeof pushed));

    enter_handler_stack(task);
    frame.rsp = at;
    frame.rip = action.handler;
    frame.rdi = static_cast<u64>(info.number);
    frame.rsi = at + offsetof(SignalFrame, info);
    frame.rdx = at + offsetof(SignalFrame, context);
    frame.rax = 0;  // no vector registers in the call, for variadic handlers
    frame.rflags &= ~u64{0x1'0500};  // resume, direction and trap flag
    frame.origin = ~u64{0};
    return {};
}

Result<SignalSet> pop_signal_frame(Task& task, arch::TrapFrame& frame) {
    SignalFrame saved;
    // The restorer's call popped the return address.
    TRY(arch::copy_from_program(&saved, {frame.rsp - 8}, sizeof saved));
    auto& from = saved.context.registers;
    if (from.extended_state) {
        auto size = arch::extended_state_size();
        auto bytes = TRY(HeapArray<std::byte>::create(size));
        TRY(arch::copy_from_program(bytes.data(), {from.extended_state}, legacy_area));
        ExtendedStateNote note;
        std::memcpy(&note, bytes.data() + ExtendedStateNote::offset, sizeof note);
        std::size_t given = legacy_area;
        if (note.magic_1 == ExtendedStateNote::magic && note.state_size > legacy_area && note.state_size <= size) {
            given = note.state_size;
            TRY(arch::copy_from_program(bytes.data() + legacy_area, {from.extended_state + legacy_area}, given - legacy_area));
        }
        task::store_program_state();  // the thread pointer, which the frame does not hold
        TRY(arch::import_extended_state(*task.thread().program_state(), bytes.span().first(given)));
        task::load_program_state();
    }
    frame.r8 = from.r8, frame.r9 = from.r9, frame.r10 = from.r10, frame.r11 = from.r11;
    frame.r12 = from.r12, frame.r13 = from.r13, frame.r14 = from.r14, frame.r15 = from.r15;
    frame.rdi = from.rdi, frame.rsi = from.rsi, frame.rbp = from.rbp, frame.rbx = from.rbx;
    frame.rdx = from.rdx, frame.rax = from.rax, frame.rcx = from.rcx, frame.rsp = from.rsp;
    // A program's code lies in its own half; anything else would fault in the kernel on the way out.
    if (from.rip >= arch::program_end) return fail(Error::bad_address);
    frame.rip = from.rip;
    frame.rflags = (frame.rflags & ~changeable_flags) | (from.rflags & changeable_flags);
    frame.origin = ~u64{0};
    leave_handler_stack(task, saved.context.stack, {frame.rsp});
    return saved.context.mask;
}

SignalInfo describe_fault(const entry::Fault& fault, VirtAddr instruction) {
    using enum entry::FaultKind;
    switch (fault.kind) {
    case divide: return SignalInfo::fault(sigfpe, fpe_intdiv, instruction);
    case overflow: return SignalInfo::fault(sigsegv, si_kernel, {});
    case bounds: return SignalInfo::fault(sigsegv, si_kernel, {});
    case breakpoint: return SignalInfo::fault(sigtrap, si_kernel, {});
    case single_step: return SignalInfo::fault(sigtrap, trap_trace, instruction);
    case invalid_instruction: return SignalInfo::fault(sigill, ill_illopn, instruction);
    case floating_point:
    case vector_floating_point: return SignalInfo::fault(sigfpe, fpe_flterr, instruction);
    case alignment: return SignalInfo::fault(sigbus, bus_adraln, fault.address);
    case general_protection: return SignalInfo::fault(sigsegv, si_kernel, {});
    case stack: return SignalInfo::fault(sigbus, si_kernel, {});
    case page: return SignalInfo::fault(sigsegv, segv_maperr, fault.address);
    case machine_check: return SignalInfo::fault(sigbus, bus_adrerr, fault.address);
    }
    return SignalInfo::from_kernel(sigsegv);
}

}  // namespace spore::linux
