// A program's vector registers, its thread pointer (TPIDR_EL0) and its pointers' keys.
#include <cstring>
#include <new>

#include "../instructions.hpp"
#include "arch/context.hpp"
#include "arch/registers.hpp"
#include "kernel/memory/heap.hpp"
#include "kernel/task/thread.hpp"
#include "pointer_keys.hpp"

namespace spore::arch {

struct VectorRegisters {
    u32 status, control;  ///< FPSR, FPCR
    u8 values[32][16];
};
static_assert(sizeof(VectorRegisters) == 520);  // vector_registers.S, [linux arch/arm64/include/uapi/asm/sigcontext.h]
extern "C" void save_vector_registers(VectorRegisters* to);
extern "C" void load_vector_registers(const VectorRegisters* from);

struct ProgramState {
    u64 thread_pointer = 0;
    PointerKeys keys{};
    VectorRegisters vectors{};
};

namespace {

void write_thread_pointer(u64 value) { SPORE_WRITE_SYSTEM(tpidr_el0, value); }
u64 read_thread_pointer() { return SPORE_READ_SYSTEM(tpidr_el0); }

/// The kernel uses none of these registers, so in the kernel they are still those of the running program.
bool is_live(const ProgramState& state) { return task::current().program_state() == &state; }

}  // namespace

ProgramState* create_program_state() { return new (std::nothrow) ProgramState; }

void reset_program_state(ProgramState& state) {
    state = {};
    (void)renew(state.keys, 0);  // where the CPU has any
    if (is_live(state)) restore_program_state(state);
}

ProgramState* clone_program_state(const ProgramState& from) {
    auto* state = create_program_state();
    if (!state) return nullptr;
    *state = from;
    if (is_live(from)) save_program_state(*state);
    return state;
}

void destroy_program_state(ProgramState* state) { delete state; }

void save_program_state(ProgramState& state) {
    state.thread_pointer = read_thread_pointer();
    save_vector_registers(&state.vectors);
}

void restore_program_state(const ProgramState& state) {
    write_thread_pointer(state.thread_pointer);
    use(state.keys);
    load_vector_registers(&state.vectors);
}

Result<void> renew_program_keys(ProgramState& state, u64 which) {
    TRY(renew(state.keys, which));
    if (is_live(state)) use(state.keys);
    return {};
}

void set_thread_pointer(ProgramState& state, u64 value) {
    state.thread_pointer = value;
    if (is_live(state)) write_thread_pointer(value);
}
u64 thread_pointer(const ProgramState& state) { return is_live(state) ? read_thread_pointer() : state.thread_pointer; }

std::size_t extended_state_size() { return sizeof(VectorRegisters); }
u64 extended_state_components() { return 0; }

[[gnu::always_inline]] void export_extended_state(ProgramState& state, MutableByteSpan out) {
    if (is_live(state)) save_vector_registers(&state.vectors);
    std::memcpy(out.data(), &state.vectors, out.size() < sizeof state.vectors ? out.size() : sizeof state.vectors);
}

/// Any values can be loaded: reserved bits of FPSR and FPCR are ignored.
Result<void> import_extended_state(ProgramState& state, ByteSpan in) {
    if (in.size() < sizeof state.vectors) return fail(Error::invalid);
    std::memcpy(&state.vectors, in.data(), sizeof state.vectors);
    if (is_live(state)) load_vector_registers(&state.vectors);
    return {};
}

}  // namespace spore::arch
