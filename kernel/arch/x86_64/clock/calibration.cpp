// How fast the TSC and the local APIC's timer count. A wrong answer here makes every timeout of the machine wrong by the same factor, and a
// virtual CPU can be put off between any two instructions: hence the care of measurement.hpp.
#include "../apic/local_apic.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "clock.hpp"
#include "kernel/core/log.hpp"
#include "kernel/sync/spin.hpp"
#include "../hyperv/hyperv.hpp"
#include "../xen/xen.hpp"
#include "kernel/core/parts.hpp"
#include "kvm_clock.hpp"
#include "measurement.hpp"
#include "reference.hpp"

namespace spore::arch {
namespace {

/// Long enough for 0.5 % with the PIT; the rate is measured again over longer spans later.
constexpr u64 first_span_ns = 180'000;
constexpr u64 first_tolerance = error_unit / 100, timer_tolerance = error_unit / 200;
constexpr u64 refine_after_ms[] = {20, 1000};

constinit Reference reference{};
/// Of the reference: where longer spans begin, and what is known so far.
constinit Measurement measured{};
constinit sync::Spin refining;
constinit unsigned refinements = 0;

/// Timer ticks in 2^32 cycles of the TSC.
constinit u64 timer_rate = 0;
constexpr u64 timer_mask = 0xffff'ffff;

/// Some microseconds at most, on every processor: little beside first_span_ns.
void rest() {
    for (unsigned i = 0; i < 16; ++i) pause();
}

u64 timer_gone() { return timer_mask - read_timer_count(); }  // it counts down

/// The timer's rate, since a sighting at the start of its count. The longer it takes the better it gets.
void measure_timer(const Sighting& first, u64 hertz) {
    u64 wanted = multiply_divide(first_span_ns, hertz, 1'000'000'000);
    u64 error = ~u64{0};
    for (u32 polls = 0; polls < 200'000 && error > timer_tolerance; ++polls) {
        rest();
        auto last = sight(read_tsc, timer_gone);
        if (last.before - first.before < wanted) continue;
        u64 ticks = last.count - first.count;
        auto rate = rate_between(first, last, ticks, 1);
        if (rate.error >= error) continue;
        error = rate.error;
        timer_rate = multiply_divide(ticks, u64{1} << 32, last.middle() - first.middle());
    }
    if (error > timer_tolerance) core::warn("clock: the local APIC's timer is known to {} in 2^20 only", error);
}

u64 measure_cycles() {
    reference = start_reference();
    u64 wanted = first_span_ns * reference.kind.frequency / 1'000'000'000;
    measured = measure(read_tsc, reference.read, rest, reference.kind, wanted, first_tolerance);
    if (measured.rate.hertz) {
        core::debug("clock: TSC at {} Hz by the {}, to {} in 2^20", measured.rate.hertz, reference.name, measured.rate.error);
        return measured.rate.hertz;
    }
    core::warn("clock: the {} does not count; assuming a 2 GHz TSC", reference.name);
    reference = {};
    return 2'000'000'000;
}

void measure_again() {
    u64 gone = read_tsc() - measured.first.middle();
    if (gone < multiply_divide(refine_after_ms[refinements], measured.rate.hertz, 1000)) return;
    Sighting last = sight_closely(read_tsc, reference.read);
    u64 expected = multiply_divide(last.middle() - measured.first.middle(), reference.kind.frequency, measured.rate.hertz);
    u64 ticks = ticks_gone(measured.first.count, last.count, reference.kind.mask, expected, measured.rate.error);
    auto better = rate_between(measured.first, last, ticks, reference.kind.frequency);
    if (!ticks || !agree(measured.rate, better)) {
        measured.first = last;  // too long ago, or the machine stood still: from here once more
        return;
    }
    if (better.error >= measured.rate.error) return;  // put off again; another interrupt will come
    measured.rate = better;
    ++refinements;
    set_rate(better.hertz);
}

/// Fills features.tsc_khz, unless nobody tells.
const char* ask_for_rate() {
    if (features.tsc_khz) return "told by CPUID";
    if ((features.tsc_khz = kvm_tsc_khz())) return "told by KVM";
    if constexpr (core::has(core::Part::xen))
        if ((features.tsc_khz = xen::tsc_khz())) return "told by Xen";
    if constexpr (core::has(core::Part::hyperv))
        if ((features.tsc_khz = hyperv::tsc_khz())) return "told by Hyper-V";
    return "measured";
}

}  // namespace

const char* calibrate_clock() {
    start_timer_measurement();
    Sighting timer_start{};
    if (!features.tsc_deadline) timer_start = sight_closely(read_tsc, timer_gone);
    const char* source = ask_for_rate();
    u64 hertz = features.tsc_khz ? u64{features.tsc_khz} * 1000 : measure_cycles();
    set_rate(hertz);
    if (!features.tsc_deadline) measure_timer(timer_start, hertz);
    return source;
}

void refine_clock() {
    // Timers end on several CPUs at once; two that changed the page would leave its sequence odd, and readers waiting for ever.
    if (refinements == std::size(refine_after_ms) || !reference.read || !refining.try_lock()) return;
    if (refinements < std::size(refine_after_ms)) measure_again();
    refining.unlock();
}

u32 timer_ticks_until(u64 nanoseconds) {
    u64 then = cycles_at(nanoseconds), now = read_tsc();
    if (then <= now) return 1;
    u64 ticks = multiply_divide(then - now, timer_rate, u64{1} << 32);
    // What the rate's error makes of a long wait is more than an interrupt in vain: a bit early, then again for the rest.
    constexpr u64 long_wait = 1 << 25;
    if (ticks > long_wait) ticks -= ticks >> 7;
    if (ticks == 0) return 1;
    return ticks > timer_mask ? static_cast<u32>(timer_mask) : static_cast<u32>(ticks);
}

}  // namespace spore::arch
