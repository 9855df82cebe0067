// memfd_create and seals: prints what each call answered, the same on every Linux since 6.7.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#endif
enum { SEAL = 1, SHRINK = 2, GROW = 4, WRITE = 8, FUTURE_WRITE = 16, EXEC = 32 };

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int made(unsigned flags) { return syscall(SYS_memfd_create, "test", flags); }
static int mapped(int fd, int protection, int flags) {
    void *at = mmap(0, 4096, protection, flags, fd, 0);
    if (at == MAP_FAILED) return -1;
    munmap(at, 4096);
    return 0;
}
static int mode(int fd) {
    struct stat st;
    fstat(fd, &st);
    return st.st_mode;
}

int main(void) {
    char text[300], path[64];
    memset(text, 'n', sizeof text), text[250] = 0;
    SHOW(syscall(SYS_memfd_create, text, 0));
    text[249] = 0;
    SHOW(syscall(SYS_memfd_create, text, 0) >= 0);
    SHOW(made(0x40));
    SHOW(made(8 | 16));
    int fd = made(0);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    SHOW(mode(fd));
    fd = made(8);
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(mode(fd));
    SHOW(fchmod(fd, 0755));
    SHOW(fchmod(fd, 0600));
    SHOW(fcntl(made(1), F_GETFD));
    SHOW(fcntl(0, F_ADD_SEALS, 0));
    int p[2];
    pipe(p);
    SHOW(fcntl(p[1], F_GET_SEALS));

    fd = made(2);
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, 0x100));
    SHOW(ftruncate(fd, 8192));
    SHOW(fcntl(fd, F_ADD_SEALS, SHRINK));
    SHOW(ftruncate(fd, 4096));
    SHOW(ftruncate(fd, 12288));
    SHOW(fcntl(fd, F_ADD_SEALS, GROW));
    SHOW(ftruncate(fd, 16384));
    SHOW(ftruncate(fd, 12288));
    SHOW(pwrite(fd, "abc", 3, 12286));
    SHOW(pwrite(fd, "abc", 3, 12285));
    SHOW(fallocate(fd, 0, 0, 16384));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 16384));
    SHOW(fallocate(fd, 0, 0, 12288));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4096));
    char *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    SHOW(fcntl(fd, F_GET_SEALS));
    shared[0] = 'x';
    char *part = mremap(shared, 4096, 8192, MREMAP_MAYMOVE);
    SHOW(munmap(part + 4096, 4096));
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    SHOW(munmap(part, 4096));
    char *readable = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    SHOW(munmap(readable, 4096));
    char *own = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    own[1] = 'y';
    SHOW(pread(fd, text, 3, 0));
    printf("%d %d\n", text[0], text[1]);
    SHOW(pwrite(fd, "abc", 3, 0));
    struct iovec pieces[1] = {{text, 1}};
    SHOW(pwritev(fd, pieces, 1, 0));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4096));
    SHOW(mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    SHOW(mapped(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    readable = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(readable != MAP_FAILED);
    SHOW(mprotect(readable, 4096, PROT_READ | PROT_WRITE));
    SHOW(fcntl(fd, F_ADD_SEALS, SEAL));
    SHOW(fcntl(fd, F_ADD_SEALS, SEAL));
    SHOW(fcntl(fd, F_GET_SEALS));

    fd = made(2);
    SHOW(ftruncate(fd, 4096));
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, FUTURE_WRITE));
    shared[0] = 'f';
    SHOW(pread(fd, text, 1, 0));
    printf("%c\n", text[0]);
    SHOW(write(fd, "abc", 3));
    SHOW(mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    SHOW(mapped(fd, PROT_READ, MAP_SHARED));
    SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY);
    SHOW(fcntl(again, F_GET_SEALS));
    SHOW(fcntl(again, F_ADD_SEALS, SHRINK));
    fd = made(2);
    SHOW(fcntl(fd, F_ADD_SEALS, EXEC));
    SHOW(fcntl(fd, F_GET_SEALS));
    return 0;
}
