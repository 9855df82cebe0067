// Goes on where it was when its machine is saved and restored: threads that check what they have written, and a count of signals. For SIGUSR1 it prints
// the count, the wall clock's seconds, the seconds since boot, and random bytes; SIGTERM ends it with the count.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { threads = 4, words = 1 << 16 };

static _Atomic int rounds[threads];

static void *check(void *argument) {
    long number = (long)argument;
    unsigned *area = malloc(words * sizeof *area);
    for (unsigned round = 0;; ++round) {
        for (unsigned i = 0; i < words; ++i) area[i] = i * 2654435761u + round + (unsigned)number;
        for (unsigned i = 0; i < words; ++i)
            if (area[i] != i * 2654435761u + round + (unsigned)number) printf("word %u of thread %ld is wrong\n", i, number), exit(100);
        ++rounds[number];
        usleep(1000);
    }
    return NULL;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    for (long i = 0; i < threads; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, check, (void *)i)) return 101;
    }
    puts("ready");
    for (int count = 0, signal; !sigwait(&wanted, &signal);) {
        if (signal == SIGTERM) return count;
        for (int i = 0; i < threads; ++i)  // all of them go on
            for (int before = rounds[i]; rounds[i] == before;) usleep(1000);
        unsigned long long random;
        struct timespec since_boot;
        if (getrandom(&random, sizeof random, 0) != sizeof random) return 102;
        clock_gettime(CLOCK_MONOTONIC, &since_boot);
        printf("%d %ld %ld %016llx\n", ++count, (long)time(NULL), (long)since_boot.tv_sec, random);
    }
    return 103;
}
