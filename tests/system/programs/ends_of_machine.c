// reboot: who may ask for what; with an argument, what becomes of several who ask at a time.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { first = 0xfee1dead, second = 672274793, newest = 537993216 };

static void ask(const char* what, unsigned a, unsigned b, unsigned command) {
    errno = 0;
    long result = syscall(SYS_reboot, a, b, command, 0);
    printf("%s: %ld %s\n", what, result, result ? strerror(errno) : "");
}

/// None of them goes on after that.
static int ask_together(void) {
    enum { askers = 8 };
    _Atomic int* ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < askers; ++i) {
        if (fork()) continue;
        for (++*ready; *ready < askers;) sched_yield();
        syscall(SYS_reboot, first, second, 0x4321fedc, 0);
        static const char words[] = "went on\n";
        for (;;) write(1, words, sizeof words - 1);
    }
    for (;;) pause();
}

int main(int count, char** arguments) {
    if (count > 1) return ask_together();
    ask("a wrong first number", 1, second, 0x4321fedc);
    ask("a wrong second number", first, 1, 0x4321fedc);
    ask("an unknown command", first, second, 12345);
    ask("keys that only tell", first, newest, 0);
    if (setuid(1000) == 0) ask("another user", first, second, 0x4321fedc);
}
