// GS base is each thread's own: by arch_prctl and by the CPU's instructions, over calls, faults, signals, other threads, fork and execve.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { threads = 6, rounds = 2000 };

static unsigned long base(void) {
    unsigned long value = 1;
    if (syscall(SYS_arch_prctl, ARCH_GET_GS, &value)) perror("ARCH_GET_GS");
    return value;
}

static void set_base(const void* to) {
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, to)) perror("ARCH_SET_GS");
}

static unsigned long first_word(void) {
    unsigned long value;
    asm volatile("movq %%gs:0, %0" : "=r"(value));
    return value;
}

static int offers_instructions(void) { return getauxval(AT_HWCAP2) >> 1 & 1; }

static void write_base(const void* to) {
    if (offers_instructions()) asm volatile("wrgsbase %0" : : "r"(to));
    else set_base(to);
}

static unsigned long read_base(void) {
    if (!offers_instructions()) return base();
    unsigned long value;
    asm volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static void* own(void* number) {
    unsigned long words[2] = {(unsigned long)number + 100, 0};
    long wrong = 0;
    write_base(words);
    for (int i = 0; i < rounds; i++) {
        if (i % 16 == 0) sched_yield();
        char* page = i % 64 ? 0 : mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page) {
            *page = 1;
            munmap(page, 4096);
        }
        wrong += first_word() != words[0] || read_base() != (unsigned long)words;
        if (i % 100) continue;
        words[1] = words[0] + 1;
        write_base(words + 1);
        wrong += first_word() != words[1] || base() != (unsigned long)(words + 1);
        set_base(words);
    }
    return (void*)wrong;
}

static unsigned long seen;
static void handler(int number) { seen = first_word(); }

int main(int count, char** arguments) {
    if (count > 1) {
        printf("a new program starts with %lu\n", base());
        return 0;
    }
    unsigned long word = 42;
    printf("at first %lu\n", base());
    set_base(&word);
    printf("set: %lu, %s\n", first_word(), base() == (unsigned long)&word ? "and read" : "not read");
    printf("beyond: %s\n", syscall(SYS_arch_prctl, ARCH_SET_GS, ~0ul >> 1) ? strerror(errno) : "set");

    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    printf("in a signal's handler %lu\n", seen);

    pthread_t made[threads];
    for (long i = 0; i < threads; i++) pthread_create(&made[i], 0, own, (void*)i);
    long wrong = 0;
    for (int i = 0; i < threads; i++) {
        void* result;
        pthread_join(made[i], &result);
        wrong += (long)result;
    }
    printf("threads: %ld wrong, mine still %lu\n", wrong, first_word());

    fflush(stdout);
    if (fork() == 0) {
        unsigned long inherited = first_word(), other = 7;
        write_base(&other);
        sched_yield();
        printf("a child has %lu, then %lu\n", inherited, first_word());
        fflush(stdout);
        execv("/proc/self/exe", (char*[]){arguments[0], "again", 0});
        return 1;
    }
    wait(0);
    printf("its parent %lu\n", first_word());
}
