// SIGCONT right behind SIGSTOP: wherever the first one got to, the process goes on. Prints it, the same on every Linux.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int count, char** arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 300;
    _Atomic unsigned* steps = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        for (;; getppid()) ++*steps;
    }
    while (*steps == 0) {}
    int stuck = 0;
    for (int round = 0; round < rounds && !stuck; ++round) {
        kill(child, SIGSTOP);
        for (volatile int i = 0; i < round % 50 * 20; ++i) {}
        kill(child, SIGCONT);
        unsigned before = *steps;
        double began = now();
        while (*steps == before && !stuck) stuck = now() - began > 5;
    }
    printf("%s\n", stuck ? "stuck" : "went on each time");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}
