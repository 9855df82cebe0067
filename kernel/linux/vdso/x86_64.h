/* What of the vDSO is x86-64's: system calls, the counter, the names [linux arch/x86/entry/vdso]. */
enum { call_gettimeofday = 96, call_time = 201, call_clock_gettime = 228, call_clock_getres = 229, call_getcpu = 309 };

static i64 system_call(i64 number, i64 first, i64 second, i64 third) {
    i64 result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return result;
}

static inline void order_loads(void) { __asm__ volatile("" ::: "memory"); } /* they stay in order by themselves */

static inline u64 read_counter(void) {
    u32 low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (u64)high << 32 | low;
}

#define NAME(call) __vdso_##call

i64 __vdso_time(i64* result) {
    u64 now;
    if (!read_monotonic(&now)) return system_call(call_time, (i64)result, 0, 0);
    i64 seconds = (i64)((now + (u64)wall_base) / 1000000000);
    if (result) *result = seconds;
    return seconds;
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
