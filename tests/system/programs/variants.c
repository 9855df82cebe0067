// The calls whose names end in 2, and flags of others: openat2, preadv2, pwritev2, mremap, file handles; and what calls refuse. Prints what they
// answer, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static void make(const char *path, const char *text) {
    int f = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(f, text, strlen(text)) < 0) exit(1);
    close(f);
}

static int directory;
// The first byte of what is found, or what refuses it.
static void find(const char *path, uint64_t resolve) {
    struct open_how how = {.flags = O_RDONLY, .resolve = resolve};
    int f = syscall(SYS_openat2, directory, path, &how, sizeof how);
    char c = '-';
    if (f >= 0) (void)!read(f, &c, 1), close(f);
    printf("%s %#llx: %s\n", path, (unsigned long long)resolve, f < 0 ? strerror(errno) : (char[]){c, 0});
}

static void resolutions(void) {
    mkdir("in", 0755);
    mkdir("in/deep", 0755);
    make("out", "out");
    make("in/a", "a");
    make("in/deep/b", "b");
    (void)!symlink("/a", "in/absolute");
    (void)!symlink("../../../../a", "in/deep/up");
    (void)!symlink("deep/b", "in/relative");
    (void)!symlink("/proc/self/fd/0", "in/magic");
    (void)!symlink("/", "in/root");
    directory = open("in", O_RDONLY | O_DIRECTORY);
    const char *paths[] = {"a", "/a", "deep/../a", "deep/../../out", "absolute", "deep/up", "relative", "../in/a", "root/a", "/..//a", "/proc/self/fd/0"};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (strcmp(paths[i], "/proc/self/fd/0")) find(paths[i], RESOLVE_IN_ROOT);
        find(paths[i], RESOLVE_BENEATH);
        find(paths[i], RESOLVE_NO_SYMLINKS);
    }
    find("/proc/self/fd/0", RESOLVE_NO_MAGICLINKS);
    find("magic", RESOLVE_NO_MAGICLINKS);
    find("relative", RESOLVE_NO_MAGICLINKS);
    find("/proc/version", RESOLVE_NO_XDEV);
    find("a", RESOLVE_NO_XDEV);
    find("a", RESOLVE_NO_XDEV | RESOLVE_BENEATH);
    find("a", RESOLVE_BENEATH | RESOLVE_IN_ROOT);
    find("a", 64);
    find("a", RESOLVE_CACHED);
    find("deep/../deep/b", RESOLVE_CACHED | RESOLVE_BENEATH);
    find("relative", RESOLVE_CACHED);
    struct open_how changing = {.flags = O_RDWR | O_CREAT, .mode = 0600, .resolve = RESOLVE_CACHED};
    SHOW(syscall(SYS_openat2, directory, "a", &changing, sizeof changing));
    changing = (struct open_how){.flags = O_RDWR | O_TRUNC, .resolve = RESOLVE_CACHED};
    SHOW(syscall(SYS_openat2, directory, "a", &changing, sizeof changing));
    struct { struct open_how how; uint64_t more; } larger = {.how = {.flags = O_RDONLY}};
    SHOW(syscall(SYS_openat2, directory, "a", &larger, sizeof larger) >= 0);
    larger.more = 1;
    SHOW(syscall(SYS_openat2, directory, "a", &larger, sizeof larger));
    SHOW(syscall(SYS_openat2, directory, "a", &larger, 16));
    struct open_how create = {.flags = O_RDWR | O_CREAT, .mode = 0600, .resolve = RESOLVE_IN_ROOT};
    SHOW(syscall(SYS_openat2, directory, "/../made", &create, sizeof create) >= 0);
    SHOW(access("in/made", F_OK));
}

static void transfers(void) {
    int f = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char data[] = "0123456789", got[32] = {0};
    struct iovec all = {data, 10}, three = {data, 3}, into = {got, 4};
    SHOW(pwritev2(f, &all, 1, 0, 0));
    SHOW(pwritev2(f, &three, 1, 1, RWF_APPEND));
    SHOW(lseek(f, 0, SEEK_END));
    SHOW(lseek(f, 2, SEEK_SET));
    SHOW(pwritev2(f, &three, 1, -1, RWF_APPEND));
    SHOW(lseek(f, 0, SEEK_CUR));
    SHOW(pwritev2(f, &three, 1, 5, RWF_DSYNC));
    SHOW(pwritev2(f, &three, 1, -1, RWF_SYNC));
    SHOW(lseek(f, 0, SEEK_CUR));
    SHOW(preadv2(f, &into, 1, 5, RWF_HIPRI));
    printf("%s\n", got);
    SHOW(pwritev2(f, &three, 1, -2, 0));
    SHOW(preadv2(f, &into, 1, 0, 0x4000));
    SHOW(pwritev2(f, &into, 1, 0, 0x4000));
    fcntl(f, F_SETFL, O_APPEND);
    SHOW(pwritev2(f, &three, 1, 0, 0x20 | RWF_APPEND));
    SHOW(pwritev2(f, &three, 1, 0, 0x20));  // RWF_NOAPPEND
    SHOW(lseek(f, 0, SEEK_END));
    close(f);
    int p[2];
    (void)!pipe(p);
    SHOW(preadv2(p[0], &into, 1, -1, RWF_NOWAIT));
    SHOW(pwritev2(p[1], &three, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(p[0], &into, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(p[0], &into, 1, 0, RWF_NOWAIT));
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    static char block[4096];
    while (write(p[1], block, sizeof block) > 0) {}
    fcntl(p[1], F_SETFL, 0);
    SHOW(pwritev2(p[1], &three, 1, -1, RWF_NOWAIT));
    close(p[1]);
    while (read(p[0], got, sizeof got) > 0) {}
    SHOW(preadv2(p[0], &into, 1, -1, RWF_NOWAIT));
    close(p[0]);
}

static void moves(void) {
    char *from = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(from, "first");
    strcpy(from + 8192, "third");
    SHOW(mremap(from, 16384, 16384, MREMAP_DONTUNMAP, 0));
    SHOW(mremap(from, 16384, 8192, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0));
    SHOW(mremap(from, 16384, 16384, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 1));
    char *to = mremap(from, 16384, 16384, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    printf("%d '%s' '%s' left '%s' '%s'\n", to != from && to != MAP_FAILED, to, to + 8192, from, from + 8192);
    strcpy(from, "again");
    printf("'%s' '%s'\n", from, to);
    char *fixed = mmap(0, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(mremap(from, 8192, 8192, MREMAP_DONTUNMAP | MREMAP_MAYMOVE | MREMAP_FIXED, fixed) == fixed);
    printf("'%s' left '%s'\n", fixed, from);
    SHOW(munmap(from, 16384));
    SHOW(munmap(to, 16384));
    int f = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    (void)!write(f, "shared", 6);
    char *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    char *other = mremap(shared, 4096, 4096, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    other[0] = 'S';
    printf("'%s' '%s'\n", shared, other);
    char *own = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
    own[1] = 'H';
    other = mremap(own, 4096, 4096, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    printf("'%s' '%s'\n", own, other);
    close(f);
}

// Cutting a file takes pages from who has changed them for himself, too; holes do not.
static void cuts(void) {
    int f = open("cut", O_RDWR | O_CREAT | O_TRUNC, 0644);
    SHOW(ftruncate(f, 3 * 4096));
    char *own = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
    for (int i = 0; i < 3; i++) memset(own + i * 4096, 'a' + i, 4096);
    SHOW(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 3 * 4096));
    printf("%d %d %d\n", own[0], own[4096], own[8192]);
    SHOW(ftruncate(f, 4096 + 1));
    SHOW(ftruncate(f, 3 * 4096));
    printf("%d %d %d %d\n", own[0], own[4096], own[8191], own[8192]);
    SHOW(munmap(own, 3 * 4096));
    close(f);
}

static void handles(void) {
    struct { unsigned size; int type; char bytes[128]; } handle = {.size = 128};
    int mount;
    SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, "/proc/version", &handle, &mount, 0));
    SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, "/nowhere", &handle, &mount, 0));
    SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, "/proc/version", &handle, &mount, 0x80));
    SHOW(syscall(SYS_name_to_handle_at, 99, "version", &handle, &mount, 0));
}

// What is asked of the wrong thing, in calls that have no test of their own.
static void refusals(void) {
    struct timespec at_once = {0, 0};
    SHOW(syscall(SYS_clock_getres, -1, &at_once));
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &at_once, 0));
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &at_once, 0));
    SHOW(mknod("node", S_IFMT, 0));
    SHOW(mknod("node", S_IFLNK, 0));

    char *pages = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    SHOW(mlock(pages + 100, 1));
    SHOW(mlock(pages, 8192));
    SHOW(munlock(pages, 12288));
    SHOW(munlock(pages, 4096));
    SHOW(madvise(pages, 12288, MADV_WILLNEED));
    SHOW(madvise(pages, 4096, MADV_NORMAL));

    int s = socket(AF_INET, SOCK_STREAM, 0), six = socket(AF_INET6, SOCK_DGRAM, 0), number;
    unsigned size = sizeof number;
    SHOW(getsockopt(s, 500, 1, &number, &size));
    SHOW(getsockopt(s, IPPROTO_UDP, 1, &number, &size));
    SHOW(getsockopt(s, IPPROTO_IPV6, 1, &number, &size));
    SHOW(getsockopt(s, IPPROTO_TCP, -1, &number, &size));
    SHOW(getsockopt(six, 500, 1, &number, &size));
    SHOW(getsockname(s, 0, &size));
    int ends[2];
    (void)!pipe(ends);
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 0x80000001u));
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    char folder[] = "/tmp/variants-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    resolutions();
    transfers();
    moves();
    cuts();
    handles();
    refusals();
    return 0;
}
