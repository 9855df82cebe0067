/* The code that programs call instead of the system calls for the time: mapped into each of them, with the kernel's clock page below it.
   A shared object of its own [vdso(7)], so plain C without any of the kernel's flags. */
typedef unsigned long u64;
typedef long i64;
typedef unsigned u32;
typedef int i32;

struct timespec {
    i64 seconds, nanoseconds;
};
struct timeval {
    i64 seconds, microseconds;
};

/* As the kernel writes it: the machine's clock, and on the next page kernel/time/clock.cpp. */
struct clock_page {
    u32 sequence, usable, has_cpu_number, padding;
    u64 base_cycles, base_nanoseconds, multiplier;
};
extern const volatile struct clock_page clock_page __attribute__((visibility("hidden")));
extern const volatile i64 wall_base __attribute__((visibility("hidden")));

enum { realtime = 0, monotonic = 1, monotonic_raw = 4, realtime_coarse = 5, monotonic_coarse = 6, boottime = 7, tai = 11 };

static int read_monotonic(u64* nanoseconds);

#if defined(__x86_64__)
#include "x86_64.h"
#elif defined(__aarch64__)
#include "arm64.h"
#endif

/* False when the kernel must be asked. */
static int read_monotonic(u64* nanoseconds) {
    for (;;) {
        u32 before = clock_page.sequence;
        order_loads(); /* pairs with the kernel's fences where it sets the rate */
        if (!clock_page.usable) return 0;
        u64 cycles = read_counter(), base = clock_page.base_cycles;
        u64 passed = cycles > base ? cycles - base : 0;
        *nanoseconds = clock_page.base_nanoseconds + (u64)((unsigned __int128)passed * clock_page.multiplier >> 32);
        order_loads();
        if (!(before & 1) && before == clock_page.sequence) return 1;
    }
}

static int is_wall(i32 clock) { return clock == realtime || clock == realtime_coarse || clock == tai; }
static int is_monotonic(i32 clock) { return clock == monotonic || clock == monotonic_raw || clock == monotonic_coarse || clock == boottime; }

i32 NAME(clock_gettime)(i32 clock, struct timespec* result) {
    u64 now;
    if ((!is_wall(clock) && !is_monotonic(clock)) || !read_monotonic(&now)) return (i32)system_call(call_clock_gettime, clock, (i64)result, 0);
    if (is_wall(clock)) now += (u64)wall_base;
    result->seconds = (i64)(now / 1000000000);
    result->nanoseconds = (i64)(now % 1000000000);
    return 0;
}

i32 NAME(gettimeofday)(struct timeval* result, void* zone) {
    u64 now;
    if (zone || !result || !read_monotonic(&now)) return (i32)system_call(call_gettimeofday, (i64)result, (i64)zone, 0);
    now += (u64)wall_base;
    result->seconds = (i64)(now / 1000000000);
    result->microseconds = (i64)(now % 1000000000 / 1000);
    return 0;
}

i32 NAME(clock_getres)(i32 clock, struct timespec* result) {
    if ((!is_wall(clock) && !is_monotonic(clock)) || !result) return (i32)system_call(call_clock_getres, clock, (i64)result, 0);
    result->seconds = 0;
    result->nanoseconds = 1;
    return 0;
}
