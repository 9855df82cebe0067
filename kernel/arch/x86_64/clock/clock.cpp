#include "clock.hpp"

#include "../apic/local_apic.hpp"
#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "arch/registers.hpp"
#include "kernel/core/log.hpp"
#include "kernel/sync/spin.hpp"
#include "kvm_clock.hpp"
#include "reference.hpp"

/// vdso_image.S: starts a page and fills whole ones.
extern "C" const char vdso_image[], vdso_image_end[];

namespace spore::arch {

constinit ClockPage clock_page{};

namespace {

/// Long enough for 0.5 % with the PIT; the rate is measured again over longer spans later.
constexpr u64 first_span_ns = 180'000;
constexpr u64 refine_after_ns[] = {20'000'000, 1'000'000'000};

constinit u64 boot_cycles = 0;
constinit Reference reference{};
constinit u64 reference_start = 0, reference_cycles = 0;
constinit sync::Spin refining;
constinit unsigned refinements = 0;
void measure_again();
constinit u64 timer_frequency = 1'000'000'000;

constexpr u64 scale(u64 value, u64 multiplier) {
    return static_cast<u64>(static_cast<unsigned __int128>(value) * multiplier >> 32);
}

/// a * b / divisor through 128 bits, saturating: the compiler's own division would need a runtime library.
u64 multiply_divide(u64 a, u64 b, u64 divisor) {
    auto product = static_cast<unsigned __int128>(a) * b;
    u64 high = static_cast<u64>(product >> 64), low = static_cast<u64>(product);
    if (high >= divisor) return ~u64{0};
    u64 quotient, remainder;
    asm("divq %4" : "=a"(quotient), "=d"(remainder) : "0"(low), "1"(high), "r"(divisor));
    return quotient;
}

u64 multiplier_for(u64 hertz) { return multiply_divide(1'000'000'000, u64{1} << 32, hertz); }

/// Changes the rate from now on; time itself does not jump.
void set_rate(u64 hertz) {
    u64 now = read_tsc();
    u64 nanoseconds = clock_page.base_nanoseconds + scale(now - clock_page.base_cycles, clock_page.multiplier);
    __atomic_store_n(&clock_page.sequence, clock_page.sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);  // odd before the fields change; readers check before and after
    clock_page.base_nanoseconds = clock_page.multiplier ? nanoseconds : scale(now - boot_cycles, multiplier_for(hertz));
    clock_page.base_cycles = now;
    clock_page.multiplier = multiplier_for(hertz);
    clock_page.usable = 1;
    __atomic_store_n(&clock_page.sequence, clock_page.sequence + 1, __ATOMIC_RELEASE);
}

/// TSC cycles and reference ticks since the start, as a rate. `expected_ticks` resolves how often the counter wrapped.
u64 measured_rate(u64 cycles, u64 ticks) { return multiply_divide(cycles, reference.frequency, ticks); }

}  // namespace

void start_boot_clock() { boot_cycles = read_tsc(); }

void calibrate_clock() {
    u32 timer_start = start_timer_measurement();
    if (!features.tsc_khz) features.tsc_khz = kvm_tsc_khz();
    if (features.tsc_khz) {
        set_rate(u64{features.tsc_khz} * 1000);
        reference = {};
        if (features.tsc_deadline) return;
        u64 start = read_tsc(), span = u64{features.tsc_khz} / 5;  // 200 µs
        while (read_tsc() - start < span) pause();
        timer_frequency = u64{timer_start - read_timer_count()} * 5000;
        return;
    }
    reference = start_pit();
    reference_start = reference.read();
    reference_cycles = read_tsc();
    u32 timer_first = read_timer_count();
    u64 wanted = first_span_ns * reference.frequency / 1'000'000'000;
    u64 ticks, cycles;
    u32 polls = 0;
    do {
        ticks = (reference.read() - reference_start) & reference.mask;
        cycles = read_tsc();
    } while (ticks < wanted && ++polls < 100'000);  // a counter that stands still must not hang us
    u32 timer_last = read_timer_count();
    if (ticks < wanted) {
        core::warn("clock: the {} does not count; assuming a 2 GHz TSC", reference.name);
        reference = {};
        return set_rate(2'000'000'000);
    }
    u64 hertz = measured_rate(cycles - reference_cycles, ticks);
    timer_frequency = measured_rate(timer_first - timer_last, ticks);
    set_rate(hertz);
}

void refine_clock() {
    // Timers end on several CPUs at once; two that changed the page would leave its sequence odd, and readers waiting for ever.
    if (refinements == std::size(refine_after_ns) || !refining.try_lock()) return;
    measure_again();
    refining.unlock();
}

namespace {
void measure_again() {
    if (!reference.read || refinements == std::size(refine_after_ns)) return;
    u64 elapsed = scale(read_tsc() - reference_cycles, clock_page.multiplier);
    if (elapsed < refine_after_ns[refinements]) return;
    u64 expected = scale(elapsed, (u64{reference.frequency} << 32) / 1'000'000'000);
    u64 seen = (reference.read() - reference_start) & reference.mask;
    u64 cycles = read_tsc() - reference_cycles;
    // The counter has wrapped as often as brings it nearest to what the first rate leads us to expect.
    u64 wraps = (expected - seen + reference.mask / 2) / (reference.mask + 1);
    ++refinements;
    if (elapsed > 5'000'000'000) {  // too long since: the wraps are no longer certain
        refinements = std::size(refine_after_ns);
        return;
    }
    set_rate(measured_rate(cycles, seen + wraps * (reference.mask + 1)));
}

}  // namespace

ProgramClock program_clock() {
    clock_page.has_cpu_number = features.rdtscp;
    auto size = static_cast<std::size_t>(vdso_image_end - vdso_image);
    return {physical(&clock_page), physical(vdso_image), align_up(size, page_size)};
}

u64 cycles() { return read_tsc(); }

u64 monotonic_nanoseconds() {
    while (true) {
        u32 before = __atomic_load_n(&clock_page.sequence, __ATOMIC_ACQUIRE);
        u64 now = clock_page.base_nanoseconds + scale(read_tsc() - clock_page.base_cycles, clock_page.multiplier);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);  // pairs with set_rate
        if (!(before & 1) && before == __atomic_load_n(&clock_page.sequence, __ATOMIC_RELAXED)) return now;
    }
}

u64 cycles_at(u64 nanoseconds) {
    if (nanoseconds <= clock_page.base_nanoseconds) return clock_page.base_cycles;
    return clock_page.base_cycles + multiply_divide(nanoseconds - clock_page.base_nanoseconds, u64{1} << 32, clock_page.multiplier);
}

u32 timer_ticks(u64 nanoseconds) {
    u64 ticks = multiply_divide(nanoseconds, timer_frequency, 1'000'000'000);
    if (ticks == 0) return 1;
    return ticks > 0xffff'ffff ? 0xffff'ffff : static_cast<u32>(ticks);
}

}  // namespace spore::arch
