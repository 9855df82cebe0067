// Memory at the edges of what mremap, madvise, mprotect and mmap take, and its limits across execve. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

enum { page = 4096 };

static char* room(int pages) { return mmap(0, (size_t)pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static long failed(const void* at) { return at == MAP_FAILED ? -1 : 0; }

/// A range that begins in one mapping and ends in another cannot move, even if it shrinks.
static void shrinking_move(void) {
    char *from = room(4), *to = room(4);
    memset(from, 1, page), memset(from + page, 2, page);
    mprotect(from + page, 2 * page, PROT_READ);
    SHOW(failed(mremap(from, 3 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to)));
    SHOW(from[0]);
    SHOW(from[page]);
}

/// What a program wrote into its copy of a file is not memory that may be freed.
static void advice(void) {
    int file = memfd_create("file", 0);
    SHOW(ftruncate(file, 2 * page));
    char* copy = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    copy[0] = 7;
    SHOW(madvise(copy, page, MADV_FREE));
    SHOW(copy[0]);
    SHOW(madvise(copy, page, MADV_DONTNEED));
    SHOW(copy[0]);
    char* own = room(2);
    own[0] = 7;
    SHOW(mlock(own, page));
    SHOW(madvise(own, page, MADV_DONTNEED));
    SHOW(madvise(own, page, MADV_FREE));
    SHOW(own[0]);
    SHOW(munlock(own, page));
    SHOW(madvise(own, page, MADV_DONTNEED));
    SHOW(own[0]);
    SHOW(mprotect(own, page, PROT_READ));
    SHOW(madvise(own, page, MADV_POPULATE_READ));
    SHOW(madvise(own, page, MADV_POPULATE_WRITE));
    SHOW(mprotect(own, page, PROT_NONE));
    SHOW(madvise(own, page, MADV_POPULATE_READ));
}

/// Locked pages are not given up, not even to be read anew.
static void invalidation(void) {
    char* at = room(3);
    SHOW(msync(at, 3 * page, MS_SYNC | MS_INVALIDATE));
    SHOW(mlock(at + page, page));
    SHOW(msync(at, 3 * page, MS_SYNC | MS_INVALIDATE));
    SHOW(msync(at, page, MS_ASYNC | MS_INVALIDATE));
    SHOW(msync(at, 3 * page, MS_SYNC));
    SHOW(munmap(at, 3 * page));
}

/// Who asks that unknown flags be refused must hear of it: MAP_SYNC promises that data is durable.
static void validated_flags(void) {
    enum { sync = 0x80000, unknown = 0x00800000 };
    int file = memfd_create("file", 0);
    SHOW(ftruncate(file, page));
    SHOW(failed(mmap(0, page, PROT_READ, MAP_SHARED_VALIDATE, file, 0)));
    SHOW(failed(mmap(0, page, PROT_READ, MAP_SHARED_VALIDATE | sync, file, 0)));
    SHOW(failed(mmap(0, page, PROT_READ, MAP_SHARED_VALIDATE | unknown, file, 0)));
    SHOW(failed(mmap(0, page, PROT_READ, MAP_SHARED | sync | unknown, file, 0)));
    SHOW(failed(mmap(0, page, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0)));
    SHOW(failed(mmap(0, 0, PROT_READ, MAP_SHARED, file, 0)));
    SHOW(failed(mmap(0, 0, PROT_READ, MAP_SHARED, 1000, 0)));
}

/// Up to the first hole all is changed.
static void protection_before_hole(void) {
    char* at = room(3);
    munmap(at + page, page);
    SHOW(mprotect(at, 3 * page, PROT_READ));
    int ends[2];
    SHOW(pipe(ends));
    SHOW(write(ends[1], "ab", 2));
    SHOW(read(ends[0], at, 1));
    SHOW(read(ends[0], at + 2 * page, 1));
}

/// What takes the place of something counts only for what it adds.
static void limit_of_replacement(void) {
    struct rlimit limit, before;
    char* big = room(65536);  // 256 MiB, none of it touched
    getrlimit(RLIMIT_AS, &before);
    limit = before, limit.rlim_cur = 400u << 20;
    SHOW(setrlimit(RLIMIT_AS, &limit));
    SHOW(failed(mmap(big, 65536ul * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    SHOW(failed(room(65536)));
    SHOW(setrlimit(RLIMIT_AS, &before));
    SHOW(munmap(big, 65536ul * page));
}

int main(int count, char** arguments) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count > 1) {
        // What execve brought along. Larger than the limit of all; than that of data; and what was said before.
        SHOW(failed(room(200 * 256)));
        SHOW(failed(mmap(0, 200 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
        SHOW(failed(room(70 * 256)));
        SHOW(failed(mmap(0, 70 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
        return 0;
    }
    shrinking_move();
    advice();
    invalidation();
    validated_flags();
    protection_before_hole();
    limit_of_replacement();
    struct rlimit all = {160 << 20, 160 << 20}, data = {64 << 20, 64 << 20};
    SHOW(setrlimit(RLIMIT_AS, &all));
    SHOW(setrlimit(RLIMIT_DATA, &data));
    char* const again[] = {arguments[0], "again", NULL};
    execv("/proc/self/exe", again);
    return 1;
}
