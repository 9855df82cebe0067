// Uses a lot of memory until it is told to give it back, by SIGUSR1: burst MIB. Then it waits to be ended.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char** arguments) {
    sigset_t told;
    int number;
    sigemptyset(&told), sigaddset(&told, SIGUSR1), sigprocmask(SIG_BLOCK, &told, NULL);
    size_t size = (count > 1 ? strtoul(arguments[1], NULL, 10) : 100) << 20;
    volatile char* memory = malloc(size);
    if (!memory) return 1;
    for (size_t at = 0; at < size; at += 4096) memory[at] = 7;
    puts("full"), fflush(stdout);
    sigwait(&told, &number);
    free((void*)memory);
    for (;;) pause();
}
