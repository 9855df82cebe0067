// Advisory locks of files and ranges: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int range(int fd, int command, int type, long start, long length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int result = fcntl(fd, command, &lock);
    if (command == F_GETLK && result == 0)
        printf("  type %d start %ld length %ld parent %d\n", lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_pid == getppid());
    return result;
}

/// One of another kind takes the place of the one that is held, even if it cannot be had.
static void upgrades(int a, int b) {
    SHOW(flock(b, LOCK_SH));
    SHOW(flock(a, LOCK_SH));
    SHOW(flock(a, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_UN));
}

static void say(int fd) {
    if (write(fd, "x", 1) != 1) abort();
}
static void hear(int fd) {
    char c;
    if (read(fd, &c, 1) != 1) abort();
}

/// Who has just been given what it waited for stands in nobody's way.
static void circles(int fd) {
    int from_child[2];
    if (pipe(from_child)) abort();
    SHOW(range(fd, F_SETLK, F_UNLCK, 0, 0));
    SHOW(range(fd, F_SETLK, F_WRLCK, 0, 1));
    if (fork() == 0) {
        range(fd, F_SETLK, F_WRLCK, 1, 1);
        say(from_child[1]);
        _exit(range(fd, F_SETLKW, F_WRLCK, 0, 1) != 0);
    }
    hear(from_child[0]);
    usleep(100000);  // by then it waits
    range(fd, F_SETLK, F_UNLCK, 0, 1);
    int result = range(fd, F_SETLKW, F_WRLCK, 1, 1);
    int status;
    SHOW(result);
    wait(&status);
    SHOW(status);
    SHOW(range(fd, F_SETLK, F_UNLCK, 0, 0));
}

static void *wait_for_lock(void *fd) {
    SHOW(range(*(int *)fd, F_SETLKW, F_WRLCK, 0, 1));
    return 0;
}
/// A lock that comes after its descriptor was closed is none.
static void closes(const char *path, int fd) {
    int from_child[2], to_child[2];
    if (pipe(from_child) || pipe(to_child)) abort();
    SHOW(range(fd, F_SETLK, F_WRLCK, 0, 1));
    if (fork() == 0) {
        pthread_t thread;
        int own = open(path, O_RDWR);
        pthread_create(&thread, 0, wait_for_lock, &own);
        usleep(100000);
        close(own);
        say(from_child[1]);
        pthread_join(thread, 0);
        say(from_child[1]);
        hear(to_child[0]);
        _exit(0);
    }
    hear(from_child[0]);
    range(fd, F_SETLK, F_UNLCK, 0, 1);
    hear(from_child[0]);
    SHOW(range(fd, F_SETLK, F_WRLCK, 0, 1));
    say(to_child[1]);
    wait(0);
    SHOW(range(fd, F_SETLK, F_UNLCK, 0, 0));
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    const char *path = "/tmp/locks_file";
    int a = open(path, O_RDWR | O_CREAT, 0600), b = open(path, O_RDWR);
    SHOW(flock(a, LOCK_EX));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(a, LOCK_SH));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    SHOW(flock(a, LOCK_UN));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(b, 77));
    SHOW(range(a, F_SETLK, F_WRLCK, 10, 20));
    SHOW(range(b, F_SETLK, F_RDLCK, 15, 1));
    SHOW(range(a, F_SETLK, F_WRLCK, 10, 20));
    if (fork() == 0) {
        SHOW(range(b, F_GETLK, F_WRLCK, 0, 0));
        SHOW(range(b, F_SETLK, F_WRLCK, 0, 11));
        SHOW(range(b, F_SETLK, F_WRLCK, 0, 10));
        SHOW(range(b, F_SETLK, F_UNLCK, 0, 0));
        SHOW(range(b, F_GETLK, F_WRLCK, 12, 1));
        return 0;
    }
    wait(0);
    SHOW(range(a, F_SETLK, F_RDLCK, 0, 5));  // after those behind it, and told of before them
    SHOW(range(a, F_SETLK, F_UNLCK, 15, 5));
    SHOW(range(a, F_SETLK, F_RDLCK, 17, 1));
    if (fork() == 0) {
        SHOW(range(b, F_GETLK, F_WRLCK, 0, 0));
        SHOW(range(b, F_GETLK, F_RDLCK, 0, 0));
        SHOW(range(b, F_GETLK, F_WRLCK, 15, 0));
        SHOW(range(b, F_GETLK, F_WRLCK, 18, 0));
        return 0;
    }
    wait(0);
    SHOW(fcntl(1, F_SETLK, (struct flock *)1));
    SHOW(range(a, F_OFD_SETLK, F_WRLCK, 100, 10));
    SHOW(range(b, F_OFD_SETLK, F_WRLCK, 105, 10));
    SHOW(range(a, F_SETLK, 9, 0, 0));
    SHOW(range(a, F_SETLK, F_WRLCK, -5, 1));
    upgrades(a, b);
    circles(a);
    closes(path, a);
    SHOW(range(a, F_OFD_SETLK, F_UNLCK, 0, 0));
    SHOW(range(a, F_SETLK, F_WRLCK, 1, 0x7fffffffffffffff));
    SHOW(range(a, F_SETLK, F_WRLCK, 2, 0x7fffffffffffffff));
    SHOW(range(a, F_SETLK, F_UNLCK, 0, 0));
    close(b);  // and with it every lock of this process on the file
    if (fork() == 0) {
        SHOW(range(a, F_GETLK, F_WRLCK, 12, 1));
        return 0;
    }
    wait(0);
    unlink(path);
    return 0;
}
