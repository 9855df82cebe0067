// The C library registers each thread's restartable sequences area: sched_getcpu() reads it.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rseq *area(void) { return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset); }

static int right_everywhere(void) {
    int right = __rseq_size != 0, cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (int turn = 0; turn < 3 * cpus; turn++) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(turn % cpus, &set);
        unsigned cpu = -1;
        if (sched_setaffinity(0, sizeof set, &set)) return 0;
        syscall(SYS_getcpu, &cpu, 0, 0);
        right = right && cpu == (unsigned)(turn % cpus) && area()->cpu_id == cpu && sched_getcpu() == (int)cpu;
    }
    return right;
}

static void *in_thread(void *right) {
    *(int *)right = right_everywhere();
    return 0;
}

int main(void) {
    printf("first thread: %s\n", right_everywhere() ? "yes" : "NO");
    for (int i = 0; i < 8; i++) {
        int right = 0;
        pthread_t thread;
        pthread_create(&thread, 0, in_thread, &right);
        pthread_join(thread, 0);
        printf("thread: %s\n", right ? "yes" : "NO");
    }
    fflush(stdout);
    int status = 0;
    if (fork() == 0) _exit(right_everywhere() ? 0 : 1);
    wait(&status);
    printf("after fork: %s\n", status == 0 ? "yes" : "NO");
    return 0;
}
