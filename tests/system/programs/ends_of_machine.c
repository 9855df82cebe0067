// reboot: who may ask for what.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { first = 0xfee1dead, second = 672274793, newest = 537993216 };

static void ask(const char* what, unsigned a, unsigned b, unsigned command) {
    errno = 0;
    long result = syscall(SYS_reboot, a, b, command, 0);
    printf("%s: %ld %s\n", what, result, result ? strerror(errno) : "");
}

int main(void) {
    ask("a wrong first number", 1, second, 0x4321fedc);
    ask("a wrong second number", first, 1, 0x4321fedc);
    ask("an unknown command", first, second, 12345);
    ask("keys that only tell", first, newest, 0);
    if (setuid(1000) == 0) ask("another user", first, second, 0x4321fedc);
}
