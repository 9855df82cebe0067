// Says how many processors its threads ran on, and whether that made the work quicker than one thread after the other would be.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { threads = 4 };
static atomic_int present, used[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static long counter;

static long processors_used(void) {
    long seen = 0;
    for (int i = 0; i < 64; i++) seen += used[i];
    return seen;
}

static void* meet(void* unused) {
    // No thread can go on before all run at once: with fewer processors than threads this takes time slices.
    present++;
    while (present < threads) sched_yield();
    // A busy host may keep a virtual processor waiting for longer than one round takes.
    long all = sysconf(_SC_NPROCESSORS_ONLN) < threads ? sysconf(_SC_NPROCESSORS_ONLN) : threads;
    for (int round = 0; round < 1 || (round < 200 && processors_used() < all); round++)
        for (long i = 0; i < 2000000; i++) {
            __asm__ volatile("" ::: "memory");
            if (i % 1000 == 0) used[sched_getcpu()] = 1;
        }
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void* ping_pong(void* side) {
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&lock);
        while (counter % 2 != (long)side) pthread_cond_wait(&turn, &lock);
        counter++;
        pthread_cond_broadcast(&turn);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

static void* where(void* unused) {
    (void)unused;
    return (void*)(long)sched_getcpu();
}

int main(void) {
    pthread_t handles[threads];
    for (int i = 0; i < threads; i++) pthread_create(&handles[i], 0, meet, 0);
    for (int i = 0; i < threads; i++) pthread_join(handles[i], 0);
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    printf("online %ld affinity %d used %ld counter %ld\n", sysconf(_SC_NPROCESSORS_ONLN), CPU_COUNT(&set), processors_used(), counter);
    counter = 0;
    for (long i = 0; i < 2; i++) pthread_create(&handles[i], 0, ping_pong, (void*)i);
    for (long i = 0; i < 2; i++) pthread_join(handles[i], 0);
    // A thread bound to each processor runs there, and so does one that it makes.
    for (int i = 0; i < CPU_COUNT(&set); i++) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        if (sched_setaffinity(0, sizeof one, &one) || sched_getcpu() != i) return 2;
        pthread_create(&handles[0], 0, where, 0);
        void* other;
        pthread_join(handles[0], &other);
        if ((long)other != i) return 3;
    }
    printf("ping-pong %ld\n", counter);
    return 0;
}
