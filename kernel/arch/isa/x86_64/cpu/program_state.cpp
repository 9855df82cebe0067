// A program's vector and floating point registers, and its segment bases: FS's is the thread pointer.
#include <cstring>
#include <new>

#include "arch/context.hpp"
#include "arch/registers.hpp"
#include "features.hpp"
#include "kernel/memory/heap.hpp"
#include "kernel/task/thread.hpp"
#include "machine_cpu.hpp"

namespace spore::arch {

/// The XSAVE area follows, 64-aligned [intel/vol1 13.4].
struct ProgramState {
    u64 thread_pointer = 0;
    u64 gs_base = 0;
    u64 padding[6];
    std::byte area[];
};
static_assert(sizeof(ProgramState) == 64);

namespace {

constexpr std::size_t mxcsr_offset = 24, header_offset = 512;
constexpr u16 initial_control = 0x37f;
constexpr u32 initial_mxcsr = 0x1f80;

std::size_t state_size() { return sizeof(ProgramState) + features.extended_size; }

ProgramState* allocate() { return static_cast<ProgramState*>(memory::allocate(state_size(), 64)); }

/// With all registers, those too that are in their first state.
void save_all(std::byte* area) {
    if (features.xsave) asm volatile("xsave64 (%0)" : : "r"(area), "a"(static_cast<u32>(features.extended_mask)), "d"(0) : "memory");
    else asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

/// What load_area() needs: XSAVEOPT leaves of registers in their first state what was there before, and only marks them so [intel/vol1 13.9].
void save_area(std::byte* area) {
    if (!features.xsaveopt) return save_all(area);
    asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"(static_cast<u32>(features.extended_mask)), "d"(0) : "memory");
}

void load_area(const std::byte* area) {
    if (features.xsave) asm volatile("xrstor64 (%0)" : : "r"(area), "a"(static_cast<u32>(features.extended_mask)), "d"(0) : "memory");
    else asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

u64 read_thread_pointer() {
    if (!features.fsgsbase) return read_fs_base();
    u64 value;
    asm volatile("rdfsbase %0" : "=r"(value));
    return value;
}

void write_thread_pointer(u64 value) {
    if (!features.fsgsbase) return write_fs_base(value);
    asm volatile("wrfsbase %0" : : "r"(value));
}

/// The kernel uses none of these registers, so in the kernel they are still those of the running program.
bool is_live(const ProgramState& state) { return task::current().program_state() == &state; }

void make_fresh(ProgramState& state) {
    std::memset(static_cast<void*>(&state), 0, state_size());
    std::memcpy(state.area, &initial_control, sizeof initial_control);
    std::memcpy(state.area + mxcsr_offset, &initial_mxcsr, sizeof initial_mxcsr);
}

}  // namespace

ProgramState* create_program_state() {
    auto* state = allocate();
    if (state) make_fresh(*state);
    return state;
}

void reset_program_state(ProgramState& state) {
    make_fresh(state);
    if (is_live(state)) restore_program_state(state);
}

/// There are none.
Result<void> renew_program_keys(ProgramState&, u64) { return fail(Error::invalid); }

ProgramState* clone_program_state(const ProgramState& from) {
    auto* state = allocate();
    if (!state) return nullptr;
    if (is_live(from)) {
        make_fresh(*state);  // XSAVE leaves parts of the header as they are
        save_program_state(*state);
    } else {
        std::memcpy(static_cast<void*>(state), &from, state_size());
    }
    return state;
}

void destroy_program_state(ProgramState* state) { memory::deallocate(state); }

void save_program_state(ProgramState& state) {
    state.thread_pointer = read_thread_pointer();
    state.gs_base = read_gs_base();
    save_area(state.area);
}

void restore_program_state(const ProgramState& state) {
    write_thread_pointer(state.thread_pointer);
    write_gs_base(state.gs_base);
    load_area(state.area);
}

void set_thread_pointer(ProgramState& state, u64 value) {
    state.thread_pointer = value;
    if (is_live(state)) write_thread_pointer(value);
}
u64 thread_pointer(const ProgramState& state) { return is_live(state) ? read_thread_pointer() : state.thread_pointer; }

void set_gs_base(ProgramState& state, u64 value) {
    state.gs_base = value;
    if (is_live(state)) write_gs_base(value);
}
u64 gs_base(const ProgramState& state) { return is_live(state) ? read_gs_base() : state.gs_base; }

std::size_t extended_state_size() { return features.extended_size; }
u64 extended_state_components() { return features.xsave ? features.extended_mask : 0; }

[[gnu::always_inline]] void export_extended_state(ProgramState& state, MutableByteSpan out) {
    if (is_live(state)) save_all(state.area);  // programs look at the registers without asking for the marks
    std::memcpy(out.data(), state.area, out.size() < features.extended_size ? out.size() : features.extended_size);
}

namespace {
/// Leaves nothing in the header that XRSTOR would fault on: unknown components, reserved bytes [intel/vol1 13.8.1].
void check_header(ProgramState& state, std::size_t size) {
    u64 components = 3;  // x87 and SSE, when the caller gave the legacy area only
    if (size > header_offset + 8) std::memcpy(&components, state.area + header_offset, sizeof components);
    components &= features.extended_mask;
    std::memset(state.area + header_offset, 0, 64);
    std::memcpy(state.area + header_offset, &components, sizeof components);
}
}  // namespace

Result<void> import_extended_state(ProgramState& state, ByteSpan in) {
    if (in.size() < 512) return fail(Error::invalid);
    std::size_t size = in.size() < features.extended_size ? in.size() : features.extended_size;
    std::memcpy(state.area, in.data(), size);
    u32 mxcsr;  // its reserved bits fault too
    std::memcpy(&mxcsr, state.area + mxcsr_offset, sizeof mxcsr);
    mxcsr &= 0xffff;
    std::memcpy(state.area + mxcsr_offset, &mxcsr, sizeof mxcsr);
    if (features.xsave) check_header(state, size);
    if (is_live(state)) load_area(state.area);
    return {};
}

}  // namespace spore::arch
