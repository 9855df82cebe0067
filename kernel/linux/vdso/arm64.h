/* What of the vDSO is arm64's: system calls, the counter, the names, and where handlers return to [linux arch/arm64/kernel/vdso]. */
enum { call_clock_gettime = 113, call_clock_getres = 114, call_gettimeofday = 169 };

static i64 system_call(i64 number, i64 first, i64 second, i64 third) {
    register i64 x8 __asm__("x8") = number;
    register i64 x0 __asm__("x0") = first;
    register i64 x1 __asm__("x1") = second;
    register i64 x2 __asm__("x2") = third;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

static inline void order_loads(void) { __asm__ volatile("dmb ishld" ::: "memory"); }

static inline u64 read_counter(void) {
    u64 value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory"); /* without isb it may be read early [arm/ddi0487 D12.2.1] */
    return value;
}

#define NAME(call) __kernel_##call

/* Unwinders know a handler's frame by these two instructions, so they stand alone: no BTI landing, no frame of their own. */
__asm__(".pushsection .text.signal_return, \"ax\"\n"
        "    .balign 16\n"
        "    nop\n" /* unwinders look up the address before a return address */
        "    .globl __kernel_rt_sigreturn\n"
        "    .type __kernel_rt_sigreturn, %function\n"
        "__kernel_rt_sigreturn:\n"
        "    mov x8, #139\n"
        "    svc #0\n"
        "    .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn\n"
        ".popsection\n");
