// inotify: does things to files and prints what was told of them, the same on every Linux.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

/// Which cookie it is, in the order in which they came, or -1 for none: other programs' renames use up numbers on Linux.
static int nth_cookie(unsigned cookie) {
    static unsigned seen[64];
    static int count;
    if (!cookie) return -1;
    for (int i = 0; i < count; ++i)
        if (seen[i] == cookie) return i;
    if (count == 64) abort();
    seen[count] = cookie;
    return count++;
}

static void show(int in) {
    char buffer[8192] __attribute__((aligned(8)));
    ssize_t size;
    while ((size = read(in, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + size;) {
            struct inotify_event *e = (void *)at;
            printf("  wd %d mask %08x cookie %d name %u '%s'\n", e->wd, e->mask, nth_cookie(e->cookie), e->len, e->len ? e->name : "");
            at += sizeof *e + e->len;
        }
}
#define STEP(in, ...) do { printf("%s\n", #__VA_ARGS__); __VA_ARGS__; show(in); } while (0)

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write(fd, text, strlen(text));
    close(fd);
}

static void clear(const char *directory) {
    DIR *d = opendir(directory);
    char path[512];
    for (struct dirent *entry; d && (entry = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        unlink(path);
    }
    if (d) closedir(d);
    rmdir(directory);
}

int main(void) {
    char home[] = "/tmp/watches.XXXXXX";
    mkdtemp(home);
    chdir(home);
    mkdir("d", 0755);
    put("d/old", "text");
    int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    SHOW(fcntl(in, F_GETFD));
    SHOW(syscall(SYS_inotify_init1, 1));
    SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "d/old", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "d/none", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "d/old", IN_ALL_EVENTS | IN_ONLYDIR));
    SHOW(inotify_add_watch(in, "d/old", IN_ALL_EVENTS | IN_MASK_CREATE));
    SHOW(inotify_add_watch(in, "d", 0));
    SHOW(inotify_add_watch(0, "d", IN_OPEN));
    SHOW(inotify_add_watch(99, "d", IN_OPEN));
    SHOW(inotify_rm_watch(in, 77));
    SHOW(read(in, home, 4));
    show(in);
    STEP(in, put("d/new", "hello"));
    STEP(in, put("d/old", "again"));
    int fd;
    char c[4];
    STEP(in, fd = open("d/old", O_RDWR));
    STEP(in, read(fd, c, 2); read(fd, c, 2); read(fd, c, 0));
    STEP(in, pread(fd, c, 2, 0); pwrite(fd, c, 2, 0));
    STEP(in, ftruncate(fd, 10); fallocate(fd, 0, 0, 20));
    STEP(in, fchmod(fd, 0600); fchown(fd, 0, 0));
    STEP(in, futimens(fd, 0));
    struct timespec one[2] = {{1, 0}, {0, UTIME_OMIT}};
    STEP(in, futimens(fd, one));
    STEP(in, close(fd));
    STEP(in, mkdir("d/sub", 0755); rmdir("d/sub"));
    STEP(in, symlink("old", "d/link"); link("d/old", "d/hard"); mkfifo("d/fifo", 0600));
    STEP(in, rename("d/new", "d/newer"));
    STEP(in, rename("d/newer", "outside"));
    STEP(in, rename("outside", "d/inside"));
    STEP(in, rename("d/inside", "d/old"));
    STEP(in, put("d/old", "b"));
    STEP(in, unlink("d/hard"));
    mkdir("e", 0755);
    SHOW(inotify_add_watch(in, "e", IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF));
    STEP(in, rename("d/fifo", "e/fifo"));
    STEP(in, syscall(SYS_renameat2, AT_FDCWD, "d/old", AT_FDCWD, "e/fifo", 2));
    STEP(in, rename("e", "f"));
    STEP(in, chmod("d", 0700); close(open("d", O_RDONLY | O_DIRECTORY)));
    STEP(in, close(open("d/link", O_PATH)));
    STEP(in, truncate("f/fifo", 3));

    // the end of watched things
    put("gone", "x");
    SHOW(inotify_add_watch(in, "gone", IN_ALL_EVENTS));
    STEP(in, fd = open("gone", O_RDWR));
    STEP(in, unlink("gone"));
    STEP(in, write(fd, "abc", 3));
    STEP(in, close(fd));
    put("d/both", "x");
    show(in);
    SHOW(inotify_add_watch(in, "d/both", IN_ALL_EVENTS));
    STEP(in, unlink("d/both"));
    mkdir("d/dir", 0755);
    show(in);
    SHOW(inotify_add_watch(in, "d/dir", IN_ALL_EVENTS));
    STEP(in, rmdir("d/dir"));
    // replaced by a rename
    put("d/one", "x"), put("d/two", "x");
    show(in);
    SHOW(inotify_add_watch(in, "d/two", IN_ALL_EVENTS));
    STEP(in, rename("d/one", "d/two"));

    // how a watch behaves
    int other = inotify_init1(IN_NONBLOCK);
    SHOW(inotify_add_watch(other, "d", IN_CREATE | IN_ONESHOT));
    STEP(other, put("d/1", ""); put("d/2", ""));
    SHOW(inotify_add_watch(other, "d", IN_ALL_EVENTS | IN_EXCL_UNLINK));
    STEP(other, fd = open("d/1", O_RDWR); unlink("d/1"); write(fd, "a", 1); close(fd));
    SHOW(inotify_add_watch(other, "d", IN_CREATE));
    SHOW(inotify_add_watch(other, "d", IN_DELETE | IN_MASK_ADD));
    STEP(other, put("d/3", "x"); unlink("d/3"));
    SHOW(inotify_rm_watch(other, 2));
    show(other);
    SHOW(inotify_rm_watch(other, 2));
    SHOW(inotify_add_watch(other, "d", IN_OPEN | IN_CLOSE));
    STEP(other, for (int i = 0; i < 5; ++i) fd = open("d/2", O_RDONLY); close(fd));
    symlink("d", "to_d");
    SHOW(inotify_add_watch(other, "to_d", IN_DONT_FOLLOW | IN_DELETE_SELF));
    STEP(other, unlink("to_d"));

    // waiting
    int e = epoll_create1(0);
    struct epoll_event v = {EPOLLIN, {.u64 = 5}}, out;
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, other, &v));
    SHOW(epoll_wait(e, &out, 1, 0));
    if (fork() == 0) {
        usleep(50000);
        close(open("d/2", O_RDONLY));
        _exit(0);
    }
    SHOW(epoll_wait(e, &out, 1, 10000));
    wait(0);
    int bytes = 0;
    SHOW(ioctl(other, FIONREAD, &bytes));
    printf("%d bytes\n", bytes);
    char tiny[16];
    SHOW(read(other, tiny, 16));
    char small[40];
    SHOW(read(other, small, 40));
    show(other);
    int blocking = inotify_init();
    SHOW(inotify_add_watch(blocking, "d", IN_CREATE));
    if (fork() == 0) {
        usleep(50000);
        put("d/late", "");
        _exit(0);
    }
    char record[64];
    SHOW(read(blocking, record, sizeof record));
    wait(0);
    SHOW(write(blocking, "x", 1));

    // too much
    SHOW(inotify_rm_watch(in, 1));
    show(in);
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    int most = 0;
    fscanf(limit, "%d", &most);
    fclose(limit);
    for (int i = 0; i < most; ++i) close(open("d/2", O_RDONLY));
    int events = 0, last = 0, wd = 0;
    char buffer[4096] __attribute__((aligned(8)));
    for (ssize_t size; (size = read(other, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + size; ++events) {
            struct inotify_event *one_event = (void *)at;
            last = one_event->mask, wd = one_event->wd;
            at += sizeof *one_event + one_event->len;
        }
    printf("of %s: last %x of wd %d\n", events == most + 1 ? "as many as fit, and one" : "another number", last, wd);
    for (int i = 0; i < most; ++i) close(open("d/2", O_RDONLY));
    while (read(other, buffer, sizeof buffer) > 0) {}
    close(other);
    STEP(in, unlink("f/fifo"));
    clear("d");
    clear("f");
    chdir("/");
    clear(home);
    return 0;
}
