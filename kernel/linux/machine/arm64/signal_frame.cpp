#include "kernel/linux/machine/arm64/signal_frame.hpp"

#include <algorithm>

#include "arch/registers.hpp"
#include "arch/user_memory.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/frame.hpp"

namespace spore::linux {

namespace {

constexpr u64 branch_type = 3u << 10;
// What a handler sees of the processor state and may change: conditions, TCO, DIT, SSBS, BTYPE [arm/ddi0487 C5.2.19]. The rest, among it the
// exception level, is the kernel's.
constexpr u64 visible_state = 0xf000'0000 | 1u << 25 | 1u << 24 | 1u << 12 | branch_type;
constexpr std::size_t vector_size = sizeof(VectorRecord) - sizeof(RecordHead);

void save_vectors(Task& task, VectorRecord& record) {
    record.head = {VectorRecord::magic, sizeof record};
    task::store_program_state();
    arch::export_extended_state(*task.thread().program_state(), std::as_writable_bytes(std::span(&record, 1)).subspan(sizeof record.head));
}

Result<void> restore_vectors(Task& task, VirtAddr at) {
    VectorRecord record;
    TRY(arch::copy_from_program(&record, at, sizeof record));
    task::store_program_state();  // the thread pointer, which the frame does not hold
    TRY(arch::import_extended_state(*task.thread().program_state(), std::as_bytes(std::span(&record, 1)).subspan(sizeof record.head)));
    task::load_program_state();
    return {};
}

/// Takes what the records hold. Those of an unknown kind are skipped: they belong to parts of the CPU that programs are not told of.
Result<void> restore_records(Task& task, VirtAddr at) {
    bool found = false;
    for (u64 left = records_size; left >= sizeof(RecordHead);) {
        RecordHead head;
        TRY(arch::copy_from_program(&head, at, sizeof head));
        if (head.magic == 0 && head.size == 0 && found) return {};
        if (head.size < sizeof head || head.size > left || head.size % 16) return fail(Error::invalid);
        if (head.magic == VectorRecord::magic) {
            if (found || head.size != sizeof(VectorRecord)) return fail(Error::invalid);
            TRY(restore_vectors(task, at));
            found = true;
        }
        at = at + head.size;
        left -= head.size;
    }
    return fail(Error::invalid);
}

}  // namespace

u64 smallest_signal_stack() { return signal_frame_size + sizeof(FrameRecord) + 16; }

Result<void> push_signal_frame(Task& task, arch::TrapFrame& frame, const SignalInfo& info, const SignalAction& action, SignalSet restored_mask) {
    // Returning there would fault in the kernel, on the way out.
    if (action.handler >= arch::program_end || arch::extended_state_size() != vector_size) return fail(Error::bad_address);
    auto stack = choose_handler_stack(task, {frame.sp}, action);
    FrameRecord record{frame.x[29], frame.x[30]};
    u64 record_at = align_down(stack.top - sizeof record, 16);
    u64 at = record_at - signal_frame_size;
    if (!stack.can_hold(task, {at})) return fail(Error::bad_address);

    SignalFrame pushed{};
    pushed.info.info = info;
    pushed.context.stack = stack.described;
    pushed.context.mask = restored_mask;
    auto& registers = pushed.context.registers;
    registers.fault_address = task.fault_address.value;
    std::ranges::copy(frame.x, registers.x);
    registers.sp = frame.sp, registers.pc = frame.pc, registers.pstate = frame.pstate & visible_state;
    save_vectors(task, pushed.vectors);
    std::size_t used = sizeof pushed;
    if (task.fault_code) {
        pushed.syndrome = {{SyndromeRecord::magic, sizeof pushed.syndrome}, task.fault_code};
    } else {
        pushed.syndrome = {};  // ends the records
        used = offsetof(SignalFrame, syndrome) + sizeof(RecordHead);
    }
    TRY(arch::copy_to_program({record_at}, &record, sizeof record));
    TRY(arch::copy_to_program({at}, &pushed, used));

    enter_handler_stack(task);
    frame.x[0] = static_cast<u64>(info.number);
    frame.x[1] = at + offsetof(SignalFrame, info);
    frame.x[2] = at + offsetof(SignalFrame, context);
    frame.x[29] = record_at;
    frame.x[30] = action.flags & sa_restorer ? action.restorer : task.process().image.signal_return.value;
    frame.sp = at;
    frame.pc = action.handler;
    frame.pstate &= ~branch_type;  // entered as if by falling into it, which any code allows
    frame.origin = ~u64{0};
    return {};
}

Result<SignalSet> pop_signal_frame(Task& task, arch::TrapFrame& frame) {
    UserContext saved;
    if (frame.sp % 16) return fail(Error::bad_address);
    TRY(arch::copy_from_program(&saved, {frame.sp + offsetof(SignalFrame, context)}, sizeof saved));
    auto& from = saved.registers;
    // A program's code lies in its own half; anything else would fault in the kernel on the way out.
    if (from.pc >= arch::program_end) return fail(Error::bad_address);
    TRY(restore_records(task, {frame.sp + records_offset}));
    std::ranges::copy(from.x, frame.x);
    frame.sp = from.sp, frame.pc = from.pc;
    frame.pstate = (frame.pstate & ~visible_state) | (from.pstate & visible_state);
    frame.origin = ~u64{0};
    leave_handler_stack(task, saved.stack, {frame.sp});
    return saved.mask;
}

SignalInfo describe_fault(const entry::Fault& fault, VirtAddr instruction) {
    using enum entry::FaultKind;
    switch (fault.kind) {
    case breakpoint: return SignalInfo::fault(sigtrap, trap_brkpt, instruction);
    case single_step: return SignalInfo::fault(sigtrap, trap_trace, instruction);
    case invalid_instruction: return SignalInfo::fault(sigill, ill_illopc, instruction);
    case divide:
    case floating_point:
    case vector_floating_point: return SignalInfo::fault(sigfpe, fpe_flterr, instruction);
    case alignment: return SignalInfo::fault(sigbus, bus_adraln, fault.address);
    case stack: return SignalInfo::fault(sigbus, bus_adraln, instruction);
    case page: return SignalInfo::fault(sigsegv, segv_maperr, fault.address);
    case machine_check: return SignalInfo::fault(sigbus, bus_objerr, fault.address);
    case overflow:
    case bounds:
    case general_protection: break;  // x86-64's
    }
    return SignalInfo::from_kernel(sigsegv);
}

}  // namespace spore::linux
