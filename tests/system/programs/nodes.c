// Memory policies, locked memory, and what else asks about threads and their memory: prints what each call answered, the same on every Linux
// with one node.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
#define PAGE 4096ul
enum { by_default, preferred, bind_to, interleave, local, preferred_many };
#define STATIC_NODES (1 << 15)
#define RELATIVE_NODES (1 << 14)
#define BALANCING (1 << 13)
static unsigned long mask[16], none[16];
static char* pages;

static long set_policy(int mode, unsigned long nodes) {
    mask[0] = nodes;
    return syscall(SYS_set_mempolicy, mode, mask, 65);
}
static void policy(void) {
    int mode = -1;
    unsigned long nodes[16];
    memset(nodes, 0xff, sizeof nodes);
    SHOW(syscall(SYS_get_mempolicy, &mode, nodes, 1025, 0, 0));
    printf("mode %d nodes %lx %lx %lx\n", mode, nodes[0], nodes[1], nodes[15]);
}

static void policies(void) {
    policy();
    for (int mode = 0; mode < 6; ++mode)
        for (unsigned long nodes = 0; nodes < 4; ++nodes) printf("%d %lu: %ld\n", mode, nodes, set_policy(mode, nodes) < 0 ? -errno : 0l);
    SHOW(set_policy(9, 1));
    SHOW(set_policy(bind_to, 2));
    SHOW(set_policy(bind_to, 3));
    policy();
    SHOW(set_policy(bind_to | STATIC_NODES, 3));
    policy();
    SHOW(set_policy(bind_to | STATIC_NODES, 2));
    SHOW(set_policy(bind_to | RELATIVE_NODES, 2));
    policy();
    SHOW(set_policy(bind_to | RELATIVE_NODES | STATIC_NODES, 1));
    SHOW(set_policy(bind_to | BALANCING, 1));
    policy();
    SHOW(set_policy(interleave | BALANCING, 1));
    SHOW(set_policy(preferred | STATIC_NODES, 0));
    SHOW(set_policy(preferred, 0));
    policy();
    SHOW(syscall(SYS_set_mempolicy, bind_to, (void*)1, 65));
    SHOW(syscall(SYS_set_mempolicy, bind_to, mask, PAGE * 8 + 2));
    SHOW(syscall(SYS_set_mempolicy, preferred, NULL, 0));
    int mode = -1;
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, 0, 1));
    SHOW(set_policy(interleave, 1));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, 0, 1));
    printf("next %d\n", mode);
    policy();
    fflush(stdout);
    if (fork() == 0) {
        policy();
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    SHOW(set_policy(by_default, 0));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, pages, 0));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, pages, 2));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, 16, 2));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, pages, 3));
    printf("node %d\n", mode);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1025, 0, 4));
    printf("allowed %lx\n", mask[0]);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1025, 0, 5));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 0, 0, 0));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0, 0, 8));
    SHOW(syscall(SYS_get_mempolicy, 1, NULL, 0, 0, 0));
}

static void ranges(void) {
    mask[0] = 1;
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, bind_to, mask, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, bind_to, mask, 65, 2));
    SHOW(syscall(SYS_mbind, pages + 1, 4 * PAGE, bind_to, mask, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, bind_to, mask, 65, 16));
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, 9, mask, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, bind_to, none, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 0, bind_to, mask, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 40 * PAGE, bind_to, mask, 65, 0));
    SHOW(syscall(SYS_mbind, pages, 4 * PAGE, by_default, NULL, 0, 0));
    SHOW(syscall(450, pages, 4 * PAGE, 0, 0));
    SHOW(syscall(450, pages, 4 * PAGE, 0, 1));
    SHOW(syscall(450, pages + 1, 4 * PAGE, 0, 0));
    SHOW(syscall(450, pages, 4 * PAGE, 7, 0));
    unsigned long to[16] = {1};
    SHOW(syscall(SYS_migrate_pages, 0, 65, to, to));
    SHOW(syscall(SYS_migrate_pages, 0, 65, to, none));
    SHOW(syscall(SYS_migrate_pages, 999999, 65, to, to));
    pages[0] = 1;
    void* list[] = {pages, pages + 3 * PAGE, (void*)16};
    int nodes[] = {0, 0, 0}, wrong[] = {0, 5, 0}, status[3] = {77, 77, 77};
    SHOW(syscall(SYS_move_pages, 0, 3, list, NULL, status, 0));
    printf("%d %d %d\n", status[0], status[1], status[2]);
    SHOW(syscall(SYS_move_pages, 0, 3, list, nodes, status, 2));
    printf("%d %d %d\n", status[0], status[1], status[2]);
    SHOW(syscall(SYS_move_pages, 0, 3, list, wrong, status, 2));
    SHOW(syscall(SYS_move_pages, 0, 3, list, nodes, status, 1));
    SHOW(syscall(SYS_move_pages, 999999, 3, list, nodes, status, 2));
    SHOW(syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 2));
}

static long locked(void) {
    char line[200];
    long size = -1;
    FILE* file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "VmLck: %ld", &size);
    if (file) fclose(file);
    return size;
}
static void locking(void) {
    SHOW(mlock(pages, 2 * PAGE));
    SHOW(locked());
    SHOW(mlock(pages + PAGE + 5, PAGE));
    SHOW(locked());
    SHOW(munlock(pages + PAGE, 1));
    SHOW(locked());
    SHOW(syscall(SYS_mlock2, pages + 3 * PAGE, PAGE, 1));
    SHOW(syscall(SYS_mlock2, pages + 3 * PAGE, PAGE, 2));
    SHOW(locked());
    SHOW(mlock(pages, 40 * PAGE));
    SHOW(munmap(pages, PAGE));
    SHOW(locked());
    SHOW(mmap(pages, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_LOCKED, -1, 0) == pages);
    SHOW(locked());
    char* grown = mremap(pages + 3 * PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    SHOW(locked());
    SHOW(munmap(grown, 3 * PAGE));
    fflush(stdout);
    if (fork() == 0) _exit((int)locked());
    int status;
    wait(&status);
    SHOW(WEXITSTATUS(status));
    SHOW(munlockall());
    SHOW(locked());
    SHOW(mlockall(0));
    SHOW(mlockall(4));
    SHOW(mlockall(8));
    SHOW(mlockall(MCL_FUTURE));
    SHOW(locked());
    char* later = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(locked());
    unsigned char there[3];
    SHOW(mincore(later, 3 * PAGE, there));
    printf("%d %d %d\n", there[0] & 1, there[1] & 1, there[2] & 1);
    SHOW(mlockall(MCL_CURRENT));
    SHOW(locked() > 12);
    SHOW(munlockall());
    munmap(later, 3 * PAGE);
    SHOW(locked());
    // Another user may lock as much as the limit says.
    struct rlimit few = {5 * PAGE + 100, 5 * PAGE + 100}, nothing = {0, 0};
    fflush(stdout);
    if (fork() == 0) {
        char* own = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        SHOW(setrlimit(RLIMIT_MEMLOCK, &few));
        SHOW(mlock(own, 20 * PAGE));
        SHOW(munlock(own, 20 * PAGE));
        SHOW(setgid(1000) | setuid(1000));
        SHOW(mlock(own, 6 * PAGE));
        SHOW(mlock(own, 5 * PAGE));
        SHOW(mlock(own + 5 * PAGE, PAGE));
        SHOW(mlock(own + PAGE, 2 * PAGE));
        SHOW(munlock(own, PAGE));
        SHOW(mlock(own + 5 * PAGE, PAGE));
        SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0);
        SHOW(mremap(own + 5 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
        SHOW(mlockall(MCL_CURRENT));
        SHOW(mlockall(MCL_FUTURE));
        SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
        SHOW(munlockall());
        SHOW(setrlimit(RLIMIT_MEMLOCK, &nothing));
        SHOW(mlock(own, PAGE));
        SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0);
        SHOW(mlockall(MCL_CURRENT));
        SHOW(munlock(own, PAGE));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static long io_get(int which, int who) { return syscall(SYS_ioprio_get, which, who); }
static long io_set(int which, int who, int class, int level) { return syscall(SYS_ioprio_set, which, who, class << 13 | level); }
static void io_priorities(void) {
    SHOW(io_get(1, 0));
    SHOW(io_get(2, 0) > 0);
    SHOW(io_set(1, 0, 2, 5));
    SHOW(io_get(1, 0));
    SHOW(io_get(1, getpid()));
    fflush(stdout);
    if (fork() == 0) {
        SHOW(setpriority(PRIO_PROCESS, 0, 19));  // the level of no class follows from niceness, which whoever runs this may have changed
        SHOW(io_get(1, 0));
        SHOW(setpgid(0, 0));
        SHOW(io_get(2, 0));
        SHOW(io_set(2, 0, 3, 0));
        SHOW(io_get(1, 0));
        SHOW(io_set(1, 0, 0, 0));
        SHOW(io_get(1, 0));
        SHOW(io_get(2, 0));
        SHOW(io_set(1, 0, 1, 3));
        SHOW(io_get(1, 0));
        SHOW(setgid(1000) | setuid(1000));
        SHOW(io_set(1, 0, 1, 3));
        SHOW(io_set(1, 0, 2, 7));
        SHOW(io_set(1, getppid(), 2, 7));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    SHOW(io_set(1, 0, 0, 1));
    SHOW(io_set(1, 0, 4, 0));
    SHOW(io_set(9, 0, 2, 0));
    SHOW(io_get(9, 0));
    SHOW(io_get(1, 999999));
    SHOW(io_get(2, 999999));
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    pages = mmap(NULL, 41 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4 * PAGE, 37 * PAGE);
    policies();
    ranges();
    locking();
    io_priorities();
    return 0;
}
