// The clock page, and time computed from it. How the counter's rate becomes known is the machine's.
#include "clock.hpp"

#include "arch/cpu.hpp"
#include "arch/mmu.hpp"
#include "arch/registers.hpp"
#include "scale.hpp"

/// vdso_image.S: starts a page and fills whole ones.
extern "C" const char vdso_image[], vdso_image_end[];

namespace spore::arch {

constinit ClockPage clock_page{};

namespace {

constinit u64 boot_cycles = 0;

constexpr u64 scale(u64 value, u64 multiplier) {
    return static_cast<u64>(static_cast<unsigned __int128>(value) * multiplier >> 32);
}

u64 multiplier_for(u64 hertz) { return multiply_divide(1'000'000'000, u64{1} << 32, hertz); }

struct Conversion {
    u64 base_cycles, base_nanoseconds, multiplier;

    /// The counter may be read a little before another CPU put the base after it.
    u64 nanoseconds(u64 cycles) const { return base_nanoseconds + (cycles > base_cycles ? scale(cycles - base_cycles, multiplier) : 0); }
};

/// The page's fields as one whole; `read` goes on between the two looks at the sequence.
template <typename F>
auto consistently(F&& read) {
    while (true) {
        u32 before = __atomic_load_n(&clock_page.sequence, __ATOMIC_ACQUIRE);
        auto result = read(Conversion{clock_page.base_cycles, clock_page.base_nanoseconds, clock_page.multiplier});
        __atomic_thread_fence(__ATOMIC_ACQUIRE);  // pairs with set_rate
        if (!(before & 1) && before == __atomic_load_n(&clock_page.sequence, __ATOMIC_RELAXED)) return result;
    }
}

}  // namespace

void start_boot_clock() { boot_cycles = arch::cycles(); }

void set_rate(u64 hertz) {
    u64 now = arch::cycles(), multiplier = multiplier_for(hertz);
    Conversion until_now{clock_page.base_cycles, clock_page.base_nanoseconds, clock_page.multiplier};
    u64 nanoseconds = until_now.multiplier ? until_now.nanoseconds(now) : scale(now - boot_cycles, multiplier);
    __atomic_store_n(&clock_page.sequence, clock_page.sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);  // odd before the fields change; readers check before and after
    clock_page.base_nanoseconds = nanoseconds;
    clock_page.base_cycles = now;
    clock_page.multiplier = multiplier;
    clock_page.usable = 1;
    __atomic_store_n(&clock_page.sequence, clock_page.sequence + 1, __ATOMIC_RELEASE);
}

ProgramClock program_clock() {
    auto size = static_cast<std::size_t>(vdso_image_end - vdso_image);
    return {physical(&clock_page), physical(vdso_image), align_up(size, page_size)};
}

u64 monotonic_nanoseconds() {
    return consistently([](const Conversion& c) { return c.nanoseconds(arch::cycles()); });
}

u64 cycles_at(u64 nanoseconds) {
    return consistently([nanoseconds](const Conversion& c) {
        if (nanoseconds <= c.base_nanoseconds) return c.base_cycles;
        u64 ahead = multiply_divide(nanoseconds - c.base_nanoseconds, u64{1} << 32, c.multiplier);
        return ahead > ~u64{0} - c.base_cycles ? ~u64{0} : c.base_cycles + ahead;
    });
}

}  // namespace spore::arch
