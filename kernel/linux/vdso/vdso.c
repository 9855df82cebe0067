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

/* As the kernel writes it: kernel/arch/x86_64/clock/clock.hpp, and on the next page kernel/time/clock.cpp. */
struct clock_page {
    u32 sequence, usable, has_cpu_number, padding;
    u64 base_cycles, base_nanoseconds, multiplier;
};
extern const volatile struct clock_page clock_page __attribute__((visibility("hidden")));
extern const volatile i64 wall_base __attribute__((visibility("hidden")));

enum { realtime = 0, monotonic = 1, monotonic_raw = 4, realtime_coarse = 5, monotonic_coarse = 6, boottime = 7, tai = 11 };
enum { call_gettimeofday = 96, call_time = 201, call_clock_gettime = 228, call_clock_getres = 229, call_getcpu = 309 };

static i64 system_call(i64 number, i64 first, i64 second, i64 third) {
    i64 result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return result;
}

/* False when the kernel must be asked. */
static int read_monotonic(u64* nanoseconds) {
    for (;;) {
        u32 before = clock_page.sequence;
        __asm__ volatile("" ::: "memory"); /* loads stay in order on x86; pairs with the kernel's fences in set_rate */
        if (!clock_page.usable) return 0;
        u32 low, high;
        __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
        u64 cycles = (u64)high << 32 | low, base = clock_page.base_cycles;
        u64 passed = cycles > base ? cycles - base : 0;
        *nanoseconds = clock_page.base_nanoseconds + (u64)((unsigned __int128)passed * clock_page.multiplier >> 32);
        __asm__ volatile("" ::: "memory");
        if (!(before & 1) && before == clock_page.sequence) return 1;
    }
}

static int is_wall(i32 clock) { return clock == realtime || clock == realtime_coarse || clock == tai; }
static int is_monotonic(i32 clock) { return clock == monotonic || clock == monotonic_raw || clock == monotonic_coarse || clock == boottime; }

i32 __vdso_clock_gettime(i32 clock, struct timespec* result) {
    u64 now;
    if ((!is_wall(clock) && !is_monotonic(clock)) || !read_monotonic(&now)) return (i32)system_call(call_clock_gettime, clock, (i64)result, 0);
    if (is_wall(clock)) now += (u64)wall_base;
    result->seconds = (i64)(now / 1000000000);
    result->nanoseconds = (i64)(now % 1000000000);
    return 0;
}

i32 __vdso_gettimeofday(struct timeval* result, void* zone) {
    u64 now;
    if (zone || !result || !read_monotonic(&now)) return (i32)system_call(call_gettimeofday, (i64)result, (i64)zone, 0);
    now += (u64)wall_base;
    result->seconds = (i64)(now / 1000000000);
    result->microseconds = (i64)(now % 1000000000 / 1000);
    return 0;
}

i64 __vdso_time(i64* result) {
    u64 now;
    if (!read_monotonic(&now)) return system_call(call_time, (i64)result, 0, 0);
    i64 seconds = (i64)((now + (u64)wall_base) / 1000000000);
    if (result) *result = seconds;
    return seconds;
}

i32 __vdso_clock_getres(i32 clock, struct timespec* result) {
    if ((!is_wall(clock) && !is_monotonic(clock)) || !result) return (i32)system_call(call_clock_getres, clock, (i64)result, 0);
    result->seconds = 0;
    result->nanoseconds = 1;
    return 0;
}

i32 __vdso_getcpu(u32* cpu, u32* node, void* unused) {
    (void)unused;
    if (!clock_page.has_cpu_number) return (i32)system_call(call_getcpu, (i64)cpu, (i64)node, 0);
    u32 low, high, number;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(number)); /* TSC_AUX holds the CPU's number */
    if (cpu) *cpu = number;
    if (node) *node = 0;
    return 0;
}

/* glibc before 2.31 and others look for the names without the prefix, too. */
i32 clock_gettime(i32, struct timespec*) __attribute__((weak, alias("__vdso_clock_gettime")));
i32 gettimeofday(struct timeval*, void*) __attribute__((weak, alias("__vdso_gettimeofday")));
i64 time(i64*) __attribute__((weak, alias("__vdso_time")));
i32 clock_getres(i32, struct timespec*) __attribute__((weak, alias("__vdso_clock_getres")));
i32 getcpu(u32*, u32*, void*) __attribute__((weak, alias("__vdso_getcpu")));
