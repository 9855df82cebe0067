// A signal's frame shows the vector registers as they are, also when all of them are zero again.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static unsigned seen[16];

static void handler(int number, siginfo_t* info, void* context) {
    ucontext_t* user = context;
    for (int i = 0; i < 16; i++) seen[i] = user->uc_mcontext.fpregs->_xmm[i].element[0];
}

// Fills (or clears) all of them and signals itself, with nothing in between that could use one.
static void signal_with(unsigned value) {
    long call = SYS_tgkill;
    long process = getpid(), thread = syscall(SYS_gettid);
#define EACH(instruction) instruction(0) instruction(1) instruction(2) instruction(3) instruction(4) instruction(5) instruction(6) instruction(7) \
    instruction(8) instruction(9) instruction(10) instruction(11) instruction(12) instruction(13) instruction(14) instruction(15)
#define FILL(n) "movd %[value], %%xmm" #n "\n\t"
#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define NAME(n) , "xmm" #n
    if (value)
        asm volatile(EACH(FILL) "syscall" : "+a"(call) : "D"(process), "S"(thread), "d"((long)SIGUSR1), [value] "r"(value) : "rcx", "r11", "memory" EACH(NAME));
    else
        asm volatile(EACH(CLEAR) "syscall" : "+a"(call) : "D"(process), "S"(thread), "d"((long)SIGUSR1) : "rcx", "r11", "memory" EACH(NAME));
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    for (unsigned round = 0; round < 6; round++) {
        unsigned value = round % 2 ? 0 : 0x1234 + round;
        signal_with(value);
        int same = 1;
        for (int i = 0; i < 16; i++) same &= seen[i] == value;
        printf("round %u: %s\n", round, same ? "as they are" : "stale");
    }
}
