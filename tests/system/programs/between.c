// futex_waitv, kcmp, and another process's memory: prints what each call answered, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static long cmp(pid_t a, pid_t b, int what, unsigned long i, unsigned long j) {
    long result = syscall(SYS_kcmp, a, b, what, i, j);
    return result == 2 ? 1 : result;  // which of two is the greater is not told
}
static void comparing(void) {
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int one = open("/dev/null", O_RDONLY), two = open("/dev/null", O_RDONLY), copy = dup(one);
    SHOW(cmp(self, self, 0, one, copy));
    SHOW(cmp(self, self, 0, one, two));
    SHOW(cmp(self, child, 0, 1, 1));
    SHOW(cmp(self, child, 0, 1, 99));
    SHOW(cmp(self, self, 1, 0, 0));
    SHOW(cmp(self, child, 1, 0, 0));
    SHOW(cmp(self, child, 2, 0, 0));
    SHOW(cmp(self, child, 3, 0, 0));
    SHOW(cmp(self, child, 4, 0, 0));
    SHOW(cmp(self, self, 5, 0, 0));
    SHOW(cmp(self, self, 6, 0, 0));
    SHOW(cmp(self, child, 5, 0, 0));
    SHOW(cmp(self, child, 6, 0, 0));
    int semaphores = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf raise = {0, 1, SEM_UNDO};
    semop(semaphores, &raise, 1);
    SHOW(cmp(self, child, 6, 0, 0));
    SHOW(cmp(self, self, 6, 0, 0));
    semctl(semaphores, 0, IPC_RMID);
    // What an epoll set watches, also under a number that means another file by now.
    int set = epoll_create1(0), ends[2], more[2];
    pipe(ends);
    pipe(more);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event);
    int kept = dup(ends[0]);
    dup2(more[0], ends[0]);
    epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event);
    struct { unsigned set, descriptor, skipped; } slot = {set, ends[0], 0};
    long first = cmp(self, self, 7, kept, (uintptr_t)&slot), other = cmp(self, self, 7, ends[0], (uintptr_t)&slot);
    slot.skipped = 1;
    long second = cmp(self, self, 7, kept, (uintptr_t)&slot);
    printf("watched twice: %d, %d\n", (first == 0) + (second == 0), (first == 0) != (other == 0));
    slot.skipped = 2;
    SHOW(cmp(self, self, 7, kept, (uintptr_t)&slot));
    slot.skipped = 0, slot.descriptor = 77;
    SHOW(cmp(self, self, 7, kept, (uintptr_t)&slot));
    slot.set = ends[1];
    SHOW(cmp(self, self, 7, kept, (uintptr_t)&slot));
    SHOW(cmp(self, self, 7, kept, 16));
    SHOW(cmp(self, child, 99, 0, 0));
    SHOW(cmp(self, 999999, 1, 0, 0));
    // Another's memory.
    static char text[2 * 4096] = "before";
    struct iovec here[] = {{"written", 4}, {"by another", 11}}, there[] = {{text, 2}, {text + 100, 3}, {text + 200, 500}};
    SHOW(process_vm_writev(child, here, 2, there, 3, 0));
    char back[16] = "";
    struct iovec into = {back, 15}, from = {text, 15};
    SHOW(process_vm_readv(child, &into, 1, &from, 1, 0));
    printf("%s %s\n", back, text);
    from.iov_base = text + 200;
    SHOW(process_vm_readv(child, &into, 1, &from, 1, 0));
    printf("%s\n", back);
    struct iovec wrong = {(void*)16, 5};
    SHOW(process_vm_writev(child, here, 2, &wrong, 1, 0));
    SHOW(process_vm_writev(child, here, 2, there, 3, 1));
    SHOW(process_vm_writev(999999, here, 2, there, 3, 0));
    struct iovec read_only = {(void*)(uintptr_t)"constant", 4};
    SHOW(process_vm_writev(child, here, 2, &read_only, 1, 0));
    kill(child, SIGKILL);
    wait(NULL);
}

struct waitv { uint64_t value, address; uint32_t flags, reserved; };
static uint32_t words[4];
static void* waker(void* which) {
    usleep(50000);
    words[(long)which] = 1;
    syscall(SYS_futex, &words[(long)which], 129, 10, NULL, NULL, 0);
    return NULL;
}
static void on_alarm(int number) { (void)number; }
static void several_words(void) {
    struct waitv all[130] = {{0, 0, 0, 0}};
    for (int i = 0; i < 130; ++i) all[i] = (struct waitv){0, (uintptr_t)&words[i % 4], 130, 0};
    struct timespec at;
    pthread_t other;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += 20000000;
    if (at.tv_nsec >= 1000000000) at.tv_nsec -= 1000000000, ++at.tv_sec;
    SHOW(syscall(449, all, 4, 0, &at, CLOCK_MONOTONIC));
    SHOW(syscall(449, all, 4, 0, &at, CLOCK_REALTIME));
    SHOW(syscall(449, all, 4, 0, &at, 7));
    SHOW(syscall(449, all, 0, 0, NULL, 0));
    SHOW(syscall(449, all, 129, 0, NULL, 0));
    SHOW(syscall(449, all, 4, 1, NULL, 0));
    SHOW(syscall(449, NULL, 4, 0, NULL, 0));
    SHOW(syscall(449, (void*)16, 4, 0, NULL, 0));
    for (long i = 0; i < 4; ++i) {
        pthread_create(&other, NULL, waker, (void*)i);
        SHOW(syscall(449, all, i == 3 ? 128 : 4, 0, NULL, 0));
        pthread_join(other, NULL);
        words[i] = 0;
    }
    words[2] = 5;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    words[2] = 0;
    all[1].value = 1ull << 32;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    all[1].value = 0, all[1].reserved = 1;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    all[1].reserved = 0, all[1].flags = 128;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    all[1].flags = 130, all[1].address += 1;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    all[1].address = 16;
    SHOW(syscall(449, all, 4, 0, NULL, 0));
    all[1].address = (uintptr_t)&words[1];
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SHOW(syscall(449, all, 4, 0, NULL, 0));
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    comparing();
    several_words();
    return 0;
}
