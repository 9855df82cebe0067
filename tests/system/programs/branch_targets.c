// A static program whose properties say that its branch targets are marked: Linux maps its code so that others cannot be jumped to.
#include <signal.h>
#include <stddef.h>

static long call(long number, long a, long b, long c, long d) {
    register long x8 asm("x8") = number, x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c, x3 asm("x3") = d;
    asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static void say(const char* text) {
    size_t length = 0;
    while (text[length]) ++length;
    call(64, 1, (long)text, (long)length, 0);
}

static _Noreturn void end(int status) {
    for (;;) call(94, status, 0, 0, 0);
}

// As the kernel has it.
struct action {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

void marked(void), unmarked(void);
asm(".pushsection .text\nmarked: bti c\n ret\nunmarked: nop\n ret\n.popsection");

static void on_illegal(int signal, siginfo_t* info, void* context) {
    int there = info->si_addr == (void*)unmarked, code = info->si_code;
    say(there && code == ILL_ILLOPC ? "unmarked place refused\n" : "another fault\n");
    end(!there);
}

void _start(void) {
    struct action action = {on_illegal, SA_SIGINFO, NULL, 0};
    call(134, SIGILL, (long)&action, 0, 8);
    void (*volatile target)(void) = marked;
    target();
    say("marked place called\n");
    target = unmarked;
    target();
    say("unmarked place called\n");
    end(1);
}
