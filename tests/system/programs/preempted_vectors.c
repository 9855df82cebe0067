/* Threads, more than there are processors, that compute in vector registers while they are taken off and put back: each checks what it has written. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 6, WORDS = 1 << 16, ROUNDS = 60 };

static void *compute(void *argument) {
    unsigned number = (unsigned)(long)argument;
    unsigned *area = malloc(WORDS * sizeof *area);
    if (!area) return "no memory";
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < WORDS; i++) area[i] = i * 2654435761u + round + number;
        for (unsigned i = 0; i < WORDS; i++)
            if (((volatile unsigned *)area)[i] != i * 2654435761u + round + number) return printf("thread %u, round %u: word %u is wrong\n", number, round, i), "wrong";
        usleep(500);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, compute, (void *)i)) return 2;
    int bad = 0;
    for (int i = 0; i < THREADS; i++) {
        void *outcome;
        pthread_join(threads[i], &outcome);
        bad |= outcome != NULL;
    }
    puts(bad ? "registers were mixed up" : "each has its own");
    return bad;
}
