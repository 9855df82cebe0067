// What programs may ask for in all: Committed_AS, CommitLimit and vm.overcommit_memory [proc_sys_vm(5)].
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

static long kilobytes(const char* label) {
    static char text[8192];
    int file = open("/proc/meminfo", O_RDONLY);
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    const char* line = strstr(text, label);
    return line ? atol(line + strlen(label)) : -1;
}
static long promised(void) { return kilobytes("Committed_AS:"); }
static int set(const char* path, const char* value) {
    int file = open(path, O_WRONLY);
    int failed = write(file, value, strlen(value)) < 0;
    close(file);
    return failed ? errno : 0;
}
static char* map_with(size_t size, int protection, int flags) { return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0); }
static char* map(size_t size, int protection) { return map_with(size, protection, 0); }

/// More than could ever be had at once is refused, but to who says that he does not want it all.
static void far_too_much(long total) {
    size_t size = (size_t)total * 2 * 1024 + (512ul << 20);
    long before = promised();
    check("far too much", map(size, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
    char* place = map(size, PROT_NONE);
    check("a place for it", place != MAP_FAILED);
    check("that cannot be written either", mprotect(place, size, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    munmap(place, size);
    char* sparse = map_with(size, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    check("a few pages of it", sparse != MAP_FAILED && (sparse[size / 2] = 1));
    check("are no promise", promised() == before);
    munmap(sparse, size);
    check("nor when they are gone", promised() == before);
}

int main(void) {
    const char* mode = "/proc/sys/vm/overcommit_memory";
    setvbuf(stdout, NULL, _IOLBF, 0);
    size_t size = 16 << 20;
    long before = promised();
    char* area = map(size, PROT_READ);
    check("what cannot be written is not promised", promised() == before);
    mprotect(area, size, PROT_READ | PROT_WRITE);
    check("what can be written is", promised() == before + 16384);
    munmap(area, size);
    check("until it goes", promised() == before);

    long total = kilobytes("MemTotal:"), limit = kilobytes("CommitLimit:");
    check("half of the memory", limit > total / 2 - 4096 && limit <= total / 2 + 4096);
    far_too_much(total);
    check("no such mode", set(mode, "3") == EINVAL);
    check("never more", set(mode, "2") == 0);
    size = (size_t)(limit - promised()) * 1024 / 4 * 3 & ~4095ul;
    area = map(size, PROT_READ | PROT_WRITE);
    check("three quarters", area != MAP_FAILED);
    check("no further three", map(size, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
    char* later = map(size, PROT_NONE);
    check("but a place for them", later != MAP_FAILED);
    check("that cannot be written", mprotect(later, size, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(0);
    check("no copy of them", child == -1 && errno == ENOMEM);
    check("as many as wanted", set(mode, "1") == 0 && mprotect(later, size, PROT_READ | PROT_WRITE) == 0);
    child = fork();
    if (child == 0) _exit(0);
    int status = 1;
    check("and a copy", child > 0 && waitpid(child, &status, 0) == child && status == 0);
    char* all = map((size_t)total * 4096, PROT_READ | PROT_WRITE);
    check("far too much, too", all != MAP_FAILED);
    munmap(all, (size_t)total * 4096);
    munmap(area, size), munmap(later, size);
    check("all is given back", promised() == before);
    return 0;
}
