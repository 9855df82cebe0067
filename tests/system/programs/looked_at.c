// Threads that take turns while another looks at the processors' times, then one that touches memory while another forks: what is read of
// processors and pages in use must be what it was at one time. Kernels that find data races (--races) tell when it is not.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { page = 4096, pages = 1024, turners = 2 };
static const long long turned = 1000000000, touched = 2500000000;  // nanoseconds
static _Atomic int over;
static int ring[turners][2];
static char *memory;

static void fail(const char *what) {
    printf("%s\n", what), fflush(stdout);
    _exit(1);
}

// Two of these pass a byte on: each sleeps most of the time.
static void *take_turns(void *number) {
    long me = (long)number;
    char byte;
    while (read(ring[me][0], &byte, 1) == 1)
        if (write(ring[(me + 1) % turners][1], &byte, 1) != 1) fail("write");
    return NULL;
}

// Pages come and go, and are copied after a fork.
static void *touch(void *unused) {
    for (unsigned round = 0; !over; ++round) {
        for (int i = 0; i < pages; ++i) memory[i * page] = (char)round;
        if (round % 8 == 0 && madvise(memory, pages * page, MADV_DONTNEED)) fail("madvise");
    }
    return unused;
}

static void *run_children(void *unused) {
    while (!over) {
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (child == 0) _exit(0);
        if (waitpid(child, NULL, 0) != child) fail("waitpid");
    }
    return unused;
}

static long long elapsed(void) {
    static struct timespec began;
    static int has_begun;
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now)) fail("clock_gettime");
    if (!has_begun) began = now, has_begun = 1;
    return (now.tv_sec - began.tv_sec) * 1000000000ll + now.tv_nsec - began.tv_nsec;
}

int main(void) {
    elapsed();
    pthread_t turning[turners], touching, forking;
    for (int i = 0; i < turners; ++i)
        if (pipe(ring[i])) return 1;
    for (long i = 0; i < turners; ++i)
        if (pthread_create(&turning[i], NULL, take_turns, (void *)i)) return 1;
    if (write(ring[0][1], "", 1) != 1) return 1;
    char text[8192], byte;
    int statistics = open("/proc/stat", O_RDONLY);
    while (elapsed() < turned)
        if (pread(statistics, text, sizeof text, 0) <= 0 || strncmp(text, "cpu ", 4)) fail("/proc/stat");
    if (read(ring[0][0], &byte, 1) != 1) fail("read");  // both wait from now on

    memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    if (pthread_create(&touching, NULL, touch, NULL) || pthread_create(&forking, NULL, run_children, NULL)) return 1;
    while (elapsed() < turned + touched) usleep(1000);
    over = 1;
    pthread_join(touching, NULL), pthread_join(forking, NULL);
    puts("done");
    fflush(stdout);
    _exit(0);
}
