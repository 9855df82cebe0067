#include "races.hpp"

#include "../isa/x86_64/instructions.hpp"
#include "../linuxu/boot/machine.hpp"
#include "../linuxu/cpu/local.hpp"
#include "../linuxu/host/call.hpp"
#include "../linuxu/host/clock.hpp"
#include "arch/boot.hpp"
#include "base/format.hpp"
#include "machine_layout.hpp"

#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)  // must not call itself

namespace spore::arch::races {
namespace {

constexpr u64 wait_time = 10'000;        // nanoseconds
constexpr u32 average_skip = 1000;       // accesses between two waits
constexpr u32 yield_every = 16;          // waits: where the host has fewer processors, another CPU may have this one's; else that would only cost time
constexpr u64 caught = 1;                // in Cpu::watched
constexpr u32 most_places = 12;          // of a backtrace

/// What a report tells of one side.
struct Side {
    Access access{};
    u32 cpu = 0;
    u64 places[most_places]{};
    u32 count = 0;
};

struct alignas(128) Cpu {
    u64 watched = 0;   ///< what this CPU waits at: address and size << 48 and writes << 63; `caught`; or 0
    u64 told = 0;      ///< `other` is complete
    Side other;        ///< who came by
    u32 skip = 0;      ///< accesses until the next wait
    u32 random = 0;
    u32 waits = 0;
    bool inside = false;  ///< in the detector: what it calls itself is not looked at
};

constinit bool begun = false;
constinit Cpu cpus[max_cpus]{};
constinit bool reporting = false;

u64 encode(const Access& access) { return access.address | access.size << 48 | u64{access.writes} << 63; }
bool conflicts(u64 word, const Access& access) {
    u64 address = word & ((u64{1} << 48) - 1), size = word >> 48 & 0x7fff;
    return word > caught && (word >> 63 || access.writes) && address < access.address + access.size && access.address < address + size;
}

/// CpuLocals lie behind the same address on all CPUs; others reach them by cpu_local().
u64 real(u64 address, u32 cpu) {
    u64 offset = address - reinterpret_cast<u64>(&this_cpu);
    return offset < sizeof(CpuLocal) ? reinterpret_cast<u64>(&cpu_local(cpu)) + offset : address;
}

void describe(Side& side, const Access& access, u32 cpu) {
    side.access = access;
    side.cpu = cpu;
    side.count = static_cast<u32>(backtrace(side.places, access.frame_pointer));
}

u64 value(const Access& access) {
    switch (access.size) {
    case 1: return __atomic_load_n(reinterpret_cast<u8*>(access.address), __ATOMIC_RELAXED);
    case 2: return __atomic_load_n(reinterpret_cast<u16*>(access.address), __ATOMIC_RELAXED);
    case 4: return __atomic_load_n(reinterpret_cast<u32*>(access.address), __ATOMIC_RELAXED);
    case 8: return __atomic_load_n(reinterpret_cast<u64*>(access.address), __ATOMIC_RELAXED);
    default: return 0;
    }
}

// ---- reports ----

/// Pairs of places are told of once.
bool is_new(u64 first, u64 second) {
    static constinit u64 known[256][2]{};
    if (first > second) std::swap(first, second);
    for (auto& pair : known) {
        if (pair[0] == first && pair[1] == second) return false;
        if (pair[0]) continue;
        pair[0] = first, pair[1] = second;
        return true;
    }
    return false;
}

/// What a report is put together in.
struct Text {
    char bytes[3072]{};
    std::size_t size = 0;

    template <typename... Arguments>
    void add(FormatString<Arguments...> format, const Arguments&... arguments) {
        size += format_to(std::span(bytes).subspan(size), format, arguments...).size();
    }
    void add(const Side& side) {
        auto& access = side.access;
        add("{} {} of {} bytes on CPU {}\n", access.marked ? "an atomic" : "a plain", access.writes ? "write" : "read", access.size, side.cpu);
        for (u32 i = 0; i < side.count; ++i) add("  at 0x{:x}\n", side.places[i]);
    }
};

/// In one piece, past all locks: whatever is raced for may be part of what messages take otherwise.
void report(const Side& mine, const Side* other, u64 before, u64 after) {
    while (__atomic_exchange_n(&reporting, true, __ATOMIC_ACQUIRE)) host::call(SYS_sched_yield);
    if (is_new(mine.places[0], other ? other->places[0] : 0)) {
        static constinit Text text;
        text.size = 0;
        text.add("spore: data race at 0x{:x}, which held 0x{:x} and then 0x{:x}: ", mine.access.address, before, after);
        text.add(mine);
        text.add("and ");
        if (other) text.add(*other);
        else text.add("a write that the compiler does not tell of\n");
        text.add("  (the end)\n");
        write_early_console({text.bytes, text.size});
    }
    __atomic_store_n(&reporting, false, __ATOMIC_RELEASE);
}

// ---- both sides of a meeting ----

void wait_for_others(Cpu& cpu, u32 id, const Access& access) {
    u64 before = value(access);
    __atomic_store_n(&cpu.watched, encode(access), __ATOMIC_SEQ_CST);
    if (++cpu.waits % yield_every == 0) host::call(SYS_sched_yield);
    for (u64 end = host::read_clock() + wait_time; host::read_clock() < end;) pause();
    u64 after = value(access);
    bool met = __atomic_exchange_n(&cpu.watched, 0, __ATOMIC_SEQ_CST) == caught;
    if (!met && before == after) return;
    Side mine;
    describe(mine, access, id);
    if (met)
        while (!__atomic_load_n(&cpu.told, __ATOMIC_ACQUIRE)) host::call(SYS_sched_yield);
    report(mine, met ? &cpu.other : nullptr, before, after);
    __atomic_store_n(&cpu.told, 0, __ATOMIC_RELAXED);
}

void catch_waiting(Cpu& waiting, u64 word, const Access& access, u32 id) {
    if (!__atomic_compare_exchange_n(&waiting.watched, &word, caught, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) return;
    describe(waiting.other, access, id);
    __atomic_store_n(&waiting.told, 1, __ATOMIC_RELEASE);  // pairs with wait_for_others
}

u32 next_skip(Cpu& cpu) {
    cpu.random = cpu.random * 1664525 + 1013904223;  // any generator does that no loop keeps step with
    return (cpu.random >> 8) % (2 * average_skip);
}

}  // namespace

void look(const Access& asked) {
    if (!begun || asked.address < kernel_half::start || asked.address >= kernel_half::stack_frames) return;
    u32 id = this_cpu.id;
    auto& cpu = cpus[id];
    if (cpu.inside) return;
    cpu.inside = true;
    if (is_waiting()) {  // what it does on its way is told of by nobody
        cpu.inside = false;
        return;
    }
    Access access = asked;
    access.address = real(asked.address, id);
    for (u32 other = 0, count = cpu_count(); other < count; ++other) {
        if (other == id) continue;
        u64 word = __atomic_load_n(&cpus[other].watched, __ATOMIC_RELAXED);
        if (word && conflicts(word, access)) catch_waiting(cpus[other], word, access, id);
    }
    if (!access.marked && access.size && cpu.skip-- == 0) {
        if (access.size > 8) access.size = 8;
        wait_for_others(cpu, id, access);
        cpu.skip = next_skip(cpu);
    }
    cpu.inside = false;
}

void begin() {
    for (u32 id = 0; id < max_cpus; ++id) cpus[id].random = id + static_cast<u32>(host::read_clock());
    __atomic_store_n(&begun, true, __ATOMIC_RELEASE);
}

}  // namespace spore::arch::races

#pragma clang attribute pop
