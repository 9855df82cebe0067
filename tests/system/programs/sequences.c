// rseq and membarrier: registers, is aborted by preemption, by a signal and by a move, and prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); fflush(stdout); } while (0)

struct area { uint32_t cpu_start, cpu; uint64_t section; uint32_t flags, node, map, end; } __attribute__((aligned(32)));
enum { UNREGISTER = 1 };
#ifdef __x86_64__
enum { SIGNATURE = 0x53053053, RSEQ = 334, BARRIER = 324 };
#else
enum { SIGNATURE = 0xd428bc00, RSEQ = 293, BARRIER = 283 };  // an instruction: BRK #0x45e0
#endif

static long reg(struct area *a, uint32_t size, int flags, uint32_t signature) { return syscall(RSEQ, a, size, flags, signature); }
static long barrier(int command) { return syscall(BARRIER, command, 0); }

// Spins in a critical section, which only an abort ends.
extern char spin_section[];
__attribute__((noinline, noclone)) static int spin(struct area *a) {
    int aborted = 0;
#ifdef __x86_64__
    __asm__ volatile(".pushsection sections, \"aw\"\n.balign 32\nspin_section: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
                     "leaq spin_section(%%rip), %%rax\nmovq %%rax, %0\n"
                     "1: pause\njmp 1b\n2:\n"
                     ".byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
                     "4: movl $1, %1\n" : "=m"(a->section), "=r"(aborted) : : "rax", "memory");
#else
    __asm__ volatile(".pushsection sections, \"aw\"\n.balign 32\nspin_section: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
                     "adrp x9, spin_section\nadd x9, x9, :lo12:spin_section\nstr x9, %0\n"
                     "1: yield\nb 1b\n2:\n"
                     ".inst 0xd428bc00\n"
                     "4: mov %w1, #1\n" : "=m"(a->section), "=r"(aborted) : : "x9", "memory");
#endif
    return aborted;
}

static volatile sig_atomic_t noted, stop;
static void note(int number) { noted = number; }
static void *busy(void *unused) {
    while (!stop) {}
    return unused;
}

// Adds 1 to this CPU's counter by a load and a store, which nobody may come between.
static uint64_t counters[64][8];
__attribute__((noinline, noclone)) static int add_one(struct area *a, uint32_t cpu) {
    int aborted = 0;
#ifdef __x86_64__
    __asm__ volatile(".pushsection sections, \"aw\"\n.balign 32\n5: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
                     "leaq 5b(%%rip), %%rax\nmovq %%rax, %0\n"
                     "1: cmpl %3, %2\njne 4f\nmovq %4, %%rax\npause\npause\naddq $1, %%rax\nmovq %%rax, %4\n2:\njmp 3f\n"
                     ".byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
                     "4: movl $1, %1\n3:\n" : "=m"(a->section), "+r"(aborted) : "m"(a->cpu), "r"(cpu), "m"(counters[cpu][0]) : "rax", "cc", "memory");
#else
    __asm__ volatile(".pushsection sections, \"aw\"\n.balign 32\n5: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
                     "adrp x9, 5b\nadd x9, x9, :lo12:5b\nstr x9, %0\n"
                     "1: ldr w9, %2\ncmp w9, %w3\nb.ne 4f\nldr x9, %4\nyield\nyield\nadd x9, x9, #1\nstr x9, %4\n2:\nb 3f\n"
                     ".inst 0xd428bc00\n"
                     "4: mov %w1, #1\n3:\n" : "=m"(a->section), "+r"(aborted) : "m"(a->cpu), "r"(cpu), "m"(counters[cpu][0]) : "x9", "cc", "memory");
#endif
    return aborted;
}

enum { ADDERS = 6, ADDITIONS = 100000 };
static void *add_many(void *unused) {
    static __thread struct area own;
    own.cpu = -1;
    if (reg(&own, 32, 0, SIGNATURE)) return unused;
    for (int done = 0; done < ADDITIONS;) done += !add_one(&own, own.cpu_start);
    reg(&own, 32, UNREGISTER, SIGNATURE);
    return unused;
}

static volatile int spun;
static void *spin_once(void *unused) {
    static __thread struct area own;
    own.cpu = -1;
    if (!reg(&own, 32, 0, SIGNATURE)) spun = 1 + spin(&own);
    return unused;
}

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

int main(void) {
    static struct area area, other;
    area.cpu = -1;
    SHOW(reg((void *)((char *)&area + 4), 32, 0, SIGNATURE));
    SHOW(reg(&area, 16, 0, SIGNATURE));
    SHOW(reg(&area, 32, 2, SIGNATURE));
    SHOW(reg((void *)0xffffffffffff0000, 32, 0, SIGNATURE));
    SHOW(reg(&area, 32, UNREGISTER, SIGNATURE));
    SHOW(reg(&area, 32, 0, SIGNATURE));
    SHOW(reg(&area, 32, 0, SIGNATURE));
    SHOW(reg(&area, 32, 0, 1));
    SHOW(reg(&other, 32, 0, SIGNATURE));
    pin(0);
    printf("cpu %u %u\n", area.cpu_start, area.cpu);

    struct sigaction action = {.sa_handler = note};
    sigaction(SIGALRM, &action, 0);
    struct itimerval soon = {{0, 0}, {0, 30000}};
    setitimer(ITIMER_REAL, &soon, 0);
    int aborted = 1;
    while (!noted) aborted &= spin(&area);  // preempted, or interrupted by the signal
    printf("aborted %d, section left %d\n", aborted, area.section == 0);
    pthread_t thread;
    pthread_create(&thread, 0, busy, 0);
    SHOW(spin(&area));
    stop = 1;
    pthread_join(thread, 0);
    // a section that was left by itself is forgotten
    area.section = (uint64_t)(uintptr_t)spin_section;
    usleep(1000);
    sched_yield();
    usleep(1000);
    printf("forgotten %d\n", area.section == 0);
    // each processor that there is
    int right = 1, cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (int cpu = 0; cpu < cpus; ++cpu) {
        pin(cpu);
        right = right && (int)area.cpu == cpu && (int)area.cpu_start == cpu;
    }
    printf("follows %d\n", right);
    fflush(stdout);
    if (fork() == 0) {
        printf("after fork %d\n", area.cpu < 64);
        fflush(stdout);
        SHOW(reg(&area, 32, 0, SIGNATURE));
        _exit(0);
    }
    wait(0);
    SHOW(reg(&area, 32, UNREGISTER, 1));
    SHOW(reg(&other, 32, UNREGISTER, SIGNATURE));
    SHOW(reg(&area, 32, UNREGISTER, SIGNATURE));
    printf("cpu %u %u\n", area.cpu_start, area.cpu);
    // another signature than the one before the abort handler
    int status;
    if (fork() == 0) {
        pin(0);
        reg(&area, 32, 0, 0x1234);
        setitimer(ITIMER_REAL, &soon, 0);
        spin(&area);
        _exit(1);
    }
    wait(&status);
    printf("ended by %d\n", WTERMSIG(status));

    pthread_t adders[ADDERS];
    cpu_set_t all;
    memset(&all, 0xff, sizeof all);
    sched_setaffinity(0, sizeof all, &all);
    for (int i = 0; i < ADDERS; i++) pthread_create(&adders[i], 0, add_many, 0);
    for (int i = 0; i < ADDERS; i++) pthread_join(adders[i], 0);
    uint64_t sum = 0;
    for (int i = 0; i < 64; i++) sum += counters[i][0];
    SHOW(sum);

    SHOW(barrier(0) & 1023);
    SHOW(barrier(128));
    SHOW(barrier(256));
    SHOW(barrier(512));
    pthread_create(&thread, 0, spin_once, 0);
    while (!spun) {
        if (barrier(128)) break;
        usleep(1000);
    }
    pthread_join(thread, 0);
    SHOW(spun);
    SHOW(syscall(BARRIER, 128, 1, 0));
    SHOW(syscall(BARRIER, 128, 2, 0));
    SHOW(syscall(BARRIER, 8, 1, 0));
    SHOW(barrier(8));
    SHOW(barrier(32));
    SHOW(barrier(16));
    SHOW(barrier(8));
    SHOW(barrier(64));
    SHOW(barrier(32));
    SHOW(barrier(1));
    SHOW(barrier(4));
    SHOW(barrier(2));
    SHOW(barrier(3));
    SHOW(syscall(BARRIER, 0, 5));
    return 0;
}
