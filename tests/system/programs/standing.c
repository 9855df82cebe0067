// What /proc says of a process's standing: its terminal and who is in the foreground there, nice value, policy, umask; namespaces; held locks.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[65536];

static const char* contents(const char* path) {
    int file = open(path, O_RDONLY);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    text[size < 0 ? 0 : size] = 0;
    return text;
}

/// A field of stat, counted from 1 as in proc_pid_stat(5).
static long field(int number) {
    const char* at = strrchr(contents("/proc/self/stat"), ')');
    for (int i = 2; at && i < number; ++i) at = strchr(at + 1, ' ');
    return at ? atol(at + 1) : -999;
}

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"), fflush(stdout); }

static void at_a_terminal(void) {
    signal(SIGHUP, SIG_IGN);  // whoever gives a terminal up is sent it
    setsid();
    check("no terminal", field(7) == 0 && field(8) == -1);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master), unlockpt(master);
    int slave = open(ptsname(master), O_RDWR);
    struct stat told;
    check("its terminal", !fstat(slave, &told) && field(7) == (long)told.st_rdev && field(8) == getpgrp());
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        check("in the background", field(7) == (long)told.st_rdev && field(8) == getppid() && field(5) == getpid());
        _exit(0);
    }
    waitpid(child, NULL, 0);
    check("given up", !ioctl(slave, TIOCNOTTY) && field(7) == 0 && field(8) == -1);
}

/// By the calls themselves: musl has no functions for them.
static void scheduling(void) {
    check("nice", !setpriority(PRIO_PROCESS, 0, 5) && field(18) == 25 && field(19) == 5 && field(40) == 0 && field(41) == 0);
    struct sched_param none = {0}, some = {.sched_priority = 10};
    check("batch", !syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &none) && field(18) == 25 && field(40) == 0 && field(41) == SCHED_BATCH);
    check("realtime", !syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &some) && field(18) == -11 && field(40) == 10 && field(41) == SCHED_FIFO);
}

static int link_says(const char* path, char* says, size_t size) {
    ssize_t length = readlink(path, says, size - 1);
    says[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static void namespaces(void) {
    static const char* const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; ++i) {
        char own[64], parents[64], says[64], expected[64];
        struct stat told;
        snprintf(own, sizeof own, "/proc/self/ns/%s", names[i]), snprintf(parents, sizeof parents, "/proc/%d/ns/%s", getppid(), names[i]);
        int opened = open(own, O_RDONLY);
        int there = link_says(own, says, sizeof says) && opened >= 0 && !fstat(opened, &told);
        snprintf(expected, sizeof expected, "%.*s:[%lu]", (int)strcspn(names[i], "_"), names[i], (unsigned long)told.st_ino);
        there = there && !strcmp(says, expected) && link_says(parents, says, sizeof says) && !strcmp(says, expected);
        check(names[i], there && read(opened, says, 1) < 0);
        close(opened);
    }
}

/// The first namespaces show nothing of what lies outside of them.
static void about_namespaces(void) {
    unsigned user = 1;
    int mounts = open("/proc/self/ns/mnt", O_RDONLY), users = open("/proc/self/ns/user", O_RDONLY);
    check("its kind", ioctl(mounts, 0xb703) == CLONE_NEWNS && ioctl(users, 0xb703) == CLONE_NEWUSER);
    check("its owner", !ioctl(users, 0xb704, &user) && user == 0 && ioctl(mounts, 0xb704, &user) == -1 && errno == EINVAL);
    check("no parent", ioctl(users, 0xb702) == -1 && errno == EPERM && ioctl(mounts, 0xb702) == -1 && errno == EINVAL);
    check("none around it", ioctl(users, 0xb701) == -1 && errno == EPERM);
    check("not to be written", open("/proc/self/ns/mnt", O_RDWR) == -1 && errno == EPERM);
}

static void locks(const char* directory) {
    char path[256], whole[128], range[128], of_file[128], place[64];
    snprintf(path, sizeof path, "%s/locked", directory);
    int file = open(path, O_RDWR | O_CREAT, 0600), other = open(path, O_RDWR);
    struct stat told;
    fstat(file, &told);
    snprintf(place, sizeof place, "%02x:%02x:%lu", (unsigned)(told.st_dev >> 8 & 0xfff), (unsigned)(told.st_dev & 0xff), (unsigned long)told.st_ino);
    snprintf(whole, sizeof whole, ": FLOCK  ADVISORY  WRITE %d %s 0 EOF\n", getpid(), place);
    snprintf(range, sizeof range, ": POSIX  ADVISORY  READ %d %s 10 19\n", getpid(), place);
    snprintf(of_file, sizeof of_file, ": OFDLCK ADVISORY  WRITE -1 %s 100 EOF\n", place);
    check("unlocked", !strstr(contents("/proc/locks"), place));
    struct flock first = {.l_type = F_RDLCK, .l_start = 10, .l_len = 10}, second = {.l_type = F_WRLCK, .l_start = 100};
    check("locks", !flock(other, LOCK_EX) && !fcntl(file, F_SETLK, &first) && !fcntl(other, F_OFD_SETLK, &second));
    check("a whole file", strstr(contents("/proc/locks"), whole) != NULL);
    check("a range", strstr(contents("/proc/locks"), range) != NULL);
    check("of a description", strstr(contents("/proc/locks"), of_file) != NULL);
    close(other);
    check("let go", !strstr(contents("/proc/locks"), place));
    unlink(path);
}

int main(int count, char** arguments) {
    umask(027);
    check("umask", strstr(contents("/proc/self/status"), "\nUmask:\t0027\n") != NULL);
    if (fork() == 0) {
        at_a_terminal();
        scheduling();
        namespaces();
        about_namespaces();
        locks(count > 1 ? arguments[1] : "/tmp");
        _exit(0);
    }
    wait(NULL);
}
