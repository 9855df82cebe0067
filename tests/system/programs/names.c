// Names and what stands behind them, at their edges: opening with a slash at the end, files without a name, links, renaming, set-gid
// directories, other users' directories, and copies. Begins as user 0; prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int made(const char *path, int flags, mode_t mode) {
    int fd = open(path, flags, mode);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}
static long mode_of(const char *path) {
    struct stat s;
    return lstat(path, &s) ? -1 : (long)(s.st_mode & 07777);
}
static long group_of(int fd) {
    struct stat s;
    return fstat(fd, &s) ? -1 : (long)s.st_gid;
}
static long size_of(const char *path) {
    struct stat s;
    return lstat(path, &s) ? -1 : (long)s.st_size;
}

enum { no_replace = 1, exchange = 2 };  // RENAME_* [linux/fs.h]
static int renamed(const char *from, const char *to, int flags) {
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void slashes(void) {
    SHOW(made("f/", O_RDONLY, 0));
    SHOW(made("f/", O_CREAT | O_RDWR, 0600));
    SHOW(made("to_f/", O_CREAT | O_RDWR, 0600));
    SHOW(made("f/", O_CREAT | O_EXCL | O_RDWR, 0600));
    SHOW(made("dangling/", O_CREAT | O_RDWR, 0600));
    SHOW(made("d/", O_CREAT | O_RDONLY, 0600));
    SHOW(made("new/", O_CREAT | O_RDWR, 0600));
    SHOW(made("dangling", O_CREAT | O_EXCL | O_RDWR, 0600));
    SHOW(made("d/.", O_CREAT | O_EXCL | O_RDONLY, 0600));
    SHOW(mkdir("dangling/", 0755));
    SHOW(rmdir("to_d/"));
    SHOW(unlink("to_f/"));
    SHOW(symlink("x", "new/"));
}

// Without a number for it no file is made, nor cut.
static void numbers(void) {
    struct rlimit limit, less;
    getrlimit(RLIMIT_NOFILE, &limit);
    less = limit;
    less.rlim_cur = dup(0);
    close(less.rlim_cur);
    setrlimit(RLIMIT_NOFILE, &less);
    SHOW(made("f", O_WRONLY | O_TRUNC, 0));
    SHOW(made("not_made", O_WRONLY | O_CREAT, 0600));
    setrlimit(RLIMIT_NOFILE, &limit);
    SHOW(size_of("f"));
    SHOW(size_of("not_made"));
    SHOW(made("not_made", O_WRONLY | O_CREAT | O_DIRECTORY | O_PATH, 0600));
    int first = open("f", O_RDONLY), second = open("f", O_RDONLY);
    SHOW(second - first);
    close(first);
    SHOW(made("missing", O_RDONLY, 0));
    SHOW(open("f", O_RDONLY) - first);
    close(first), close(second);
}

static void unnamed(void) {
    char path[64];
    int fd = open("u", O_RDWR | O_CREAT, 0600);
    unlink("u");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
    close(fd);
    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "v", AT_SYMLINK_FOLLOW));
    SHOW(unlink("u"));
    SHOW(unlink("v"));
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
    close(fd);
    fd = open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
    close(fd);
    SHOW(made(".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600));
    SHOW(made(".", O_TMPFILE | O_RDWR | O_CREAT, 0600));
    SHOW(made(".", O_TMPFILE | O_RDONLY, 0600));
    fd = open("of_group", O_TMPFILE | O_RDWR, 0600);
    SHOW(group_of(fd));
    close(fd);
}

static void links_and_renames(void) {
    SHOW(link("d", "f"));
    SHOW(link("d", "new"));
    SHOW(link("/proc/self/status", "f"));
    SHOW(link("/proc/self/status", "new"));
    SHOW(link("f", "new/"));
    SHOW(renamed("f", "f", no_replace));
    SHOW(renamed("f", "f", exchange));
    SHOW(renamed("f", "d", exchange));
    SHOW(renamed("f", "d", exchange));
    SHOW(rename("f", "d"));
    SHOW(rename("d", "f"));
    mkdir("gone", 0755);
    chdir("gone");
    rmdir("../gone");
    char buffer[64];
    SHOW(syscall(SYS_getcwd, buffer, sizeof buffer));
    SHOW(made("x", O_CREAT | O_RDWR, 0600));
    chdir("..");
}

static void as_another(void) {
    SHOW(made("of_group/y", O_CREAT | O_RDWR, 02755));
    SHOW(mode_of("of_group/y"));
    SHOW(made("open/y", O_CREAT | O_RDWR, 02755));
    SHOW(mode_of("open/y"));
    SHOW(rename("open/unwritable", "open/below/unwritable"));
    SHOW(rename("open/unwritable", "open/renamed"));
    SHOW(rename("closed/f", "closed/same"));
    SHOW(rename("closed/f", "closed/f"));
    SHOW(rename("closed/f", "closed/other"));
    struct timespec one_now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    SHOW(utimensat(AT_FDCWD, "f", one_now, 0));
    SHOW(utimensat(AT_FDCWD, "f", now, 0));
    SHOW(utimensat(AT_FDCWD, "closed/f", none, 0));
    SHOW(utimensat(AT_FDCWD, "missing", none, 0));
    SHOW(setxattr("sticky", "user.a", "b", 1, 0));
}

static void attributes(void) {
    SHOW(setxattr("f", "user.", "b", 1, 0));
    SHOW(setxattr("f", "trusted.", "b", 1, 0));
    SHOW(setxattr("f", "system.other", "b", 1, 0));
    SHOW(getxattr("f", "system.other", 0, 0));
    SHOW(setxattr("f", "system.posix_acl_access", "bad", 3, 0) < 0);
}

static void places(void) {
    int fd = open("f", O_PATH);
    struct flock lock = {.l_type = F_UNLCK};
    SHOW(fcntl(fd, F_SETLK, &lock));
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW(fcntl(fd, F_GETOWN));
    SHOW(fcntl(fd, F_GETFD));
    close(fd);
}

static void copies(void) {
    int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600), end = open("to", O_WRONLY | O_APPEND);
    int directory = open("d", O_RDONLY), ends[2];
    if (pipe(ends) || write(from, "0123456789", 10) != 10) return;
    lseek(from, 0, SEEK_SET);
    loff_t at = -1, put = 0;
    SHOW(copy_file_range(from, &at, to, 0, 5, 0));
    at = 0, put = 3;
    SHOW(copy_file_range(from, &at, from, &put, 5, 0));
    at = 5, put = 1;
    SHOW(copy_file_range(from, &at, from, &put, 5, 0));
    at = 0, put = 10;
    SHOW(copy_file_range(from, &at, from, &put, 5, 0));
    SHOW(copy_file_range(directory, 0, to, 0, 5, 0));
    SHOW(copy_file_range(from, 0, ends[1], 0, 5, 0));
    SHOW(copy_file_range(ends[0], 0, to, 0, 5, 0));
    at = 0x7fffffffffffffff;
    SHOW(copy_file_range(from, &at, to, 0, 5, 0));
    at = 12;
    SHOW(copy_file_range(from, &at, to, 0, 100, 0));
    SHOW(copy_file_range(from, 0, to, 0, 0, 0));
    SHOW(sendfile(end, from, 0, 5));
    SHOW(sendfile(ends[1], from, 0, 5));
    SHOW(fallocate(ends[1], 0, 0, 5));
    SHOW(size_of("from"));
    SHOW(size_of("to"));
}

// A directory is replaced as long as it is empty, and nothing is put into one that was: one of both comes first.
static pthread_barrier_t turn;
static int replaced_fd, put_result;
static void *put_names(void *count) {
    for (long i = 0; i < (long)count; ++i) {
        pthread_barrier_wait(&turn);
        put_result = openat(replaced_fd, "x", O_CREAT | O_RDWR, 0600);
        pthread_barrier_wait(&turn);
    }
    return 0;
}
static void replaced(void) {
    enum { rounds = 500 };
    pthread_t thread;
    long wrong = 0;
    pthread_barrier_init(&turn, 0, 2);
    pthread_create(&thread, 0, put_names, (void *)rounds);
    for (int i = 0; i < rounds; ++i) {
        mkdir("a", 0755), mkdir("b", 0755);
        replaced_fd = open("b", O_RDONLY);
        pthread_barrier_wait(&turn);
        int moved = rename("a", "b");
        pthread_barrier_wait(&turn);
        wrong += (moved == 0) == (put_result >= 0);
        if (put_result >= 0) close(put_result);
        close(replaced_fd);
        unlink("b/x"), rmdir("a"), rmdir("b");
    }
    pthread_join(thread, 0);
    SHOW(wrong);
}

/// Where one is when that is not below one's root.
static void outside(void) {
    char path[256];
    fflush(stdout);
    if (fork() == 0) {
        SHOW(chroot("d"));
        SHOW(syscall(SYS_getcwd, path, sizeof path));
        puts(path);
        SHOW(syscall(SYS_getcwd, path, 15));
        SHOW(chdir("/"));
        SHOW(syscall(SYS_getcwd, path, sizeof path));
        puts(path);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    umask(022);
    mkdir("/tmp/names", 0755);
    if (chdir("/tmp/names")) return 1;
    int fd = open("f", O_RDWR | O_CREAT, 0666);
    if (write(fd, "hello", 5) != 5) return 1;
    fchmod(fd, 0666);
    mkdir("d", 0755);
    symlink("f", "to_f"), symlink("d", "to_d"), symlink("nowhere", "dangling");
    mkdir("of_group", 0777), chown("of_group", 0, 77), chmod("of_group", 02777);
    mkdir("open", 0777), chmod("open", 0777), mkdir("open/below", 0777), chmod("open/below", 0777);
    mkdir("open/unwritable", 0555), chown("open/unwritable", 1000, 1000);
    mkdir("closed", 0755), made("closed/f", O_CREAT | O_RDWR, 0644), link("closed/f", "closed/same");
    mkdir("sticky", 0777), chmod("sticky", 01777);
    slashes();
    numbers();
    unnamed();
    links_and_renames();
    if (fork() == 0) {
        if (syscall(SYS_setgroups, 0, 0) || setgid(1000) || setuid(1000)) return 1;
        as_another();
        return 0;
    }
    wait(0);
    attributes();
    places();
    copies();
    replaced();
    outside();
    return 0;
}
