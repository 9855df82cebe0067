// Two threads, the second on the last processor, where it sleeps in read() until the first writes; calls that fail and succeed; a child. What it did
// is known, and looked for in its trace.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2];
static int processors;

static void check(int good, const char* what) {
    if (good) return;
    perror(what);
    exit(1);
}

static void* second(void* nothing) {
    (void)nothing;
    cpu_set_t last;
    CPU_ZERO(&last);
    CPU_SET(processors - 1, &last);
    check(sched_setaffinity(0, sizeof last, &last) == 0, "sched_setaffinity");
    check(prctl(PR_SET_NAME, "second") == 0, "prctl");
    char byte;
    check(read(ends[0], &byte, 1) == 1, "read");
    return NULL;
}

static void sleep_ms(long milliseconds) {
    struct timespec time = {0, milliseconds * 1000000};
    check(nanosleep(&time, NULL) == 0, "nanosleep");
}

/// Keeps the rings busy, where somebody wants to see them overflow.
static void repeat(int count) {
    for (int i = 0; i < count; ++i) (void)getppid();
}

int main(int argc, char** argv) {
    processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    check(pipe(ends) == 0, "pipe");
    pthread_t thread;
    check(pthread_create(&thread, NULL, second, NULL) == 0, "pthread_create");
    sleep_ms(50);
    check(write(ends[1], "x", 1) == 1, "write");
    check(pthread_join(thread, NULL) == 0, "pthread_join");
    check(close(99) == -1, "close");
    if (argc > 1) repeat(atoi(argv[1]));
    pid_t child = fork();
    if (child == 0) _exit(3);
    int status;
    check(child > 0 && wait(&status) == child && WEXITSTATUS(status) == 3, "wait");
    printf("%d processors, child %d\n", processors, child);
    return 7;
}
