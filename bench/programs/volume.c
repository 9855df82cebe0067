// What programs do with files on a disk of their own, in /data: each kind of work between two markers of bench/plugin/count.c. `volume --list` tells
// them; `volume NAME` does one. In a Linux guest it is the first program (`--first` before the name): it brings up the disk, and turns the machine off.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MARKER(id) __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, %c0, 0x4b, 0x52, 0x4d" : : "i"(id) : "memory")

enum { page = 4096, chunk = 65536, large = 32 << 20, commits = 300, files = 1000 };
static char buffer[chunk];

static void check(int good, const char* what) {
    if (good) return;
    perror(what);
    exit(1);
}

static int open_file(const char* name, int flags) {
    int file = open(name, flags, 0644);
    check(file >= 0, name);
    return file;
}

static void write_large(void) {
    int file = open_file("/data/large", O_CREAT | O_WRONLY | O_TRUNC);
    MARKER(0);
    for (int done = 0; done < large; done += chunk) check(write(file, buffer, chunk) == chunk, "write");
    check(fsync(file) == 0, "fsync");
    MARKER(1);
    close(file);
}

static void read_large(void) {
    int file = open_file("/data/large", O_RDONLY);
    MARKER(0);
    for (int done = 0; done < large; done += chunk) check(read(file, buffer, chunk) == chunk, "read");
    MARKER(1);
    close(file);
}

/// As a database commits: a page anywhere in a file, which is durable then.
static void commit(void) {
    int file = open_file("/data/large", O_WRONLY);
    unsigned at = 1;
    MARKER(0);
    for (int i = 0; i < commits; i++) {
        at = at * 1103515245 + 12345;
        check(pwrite(file, buffer, page, (off_t)(at / 65536 % (large / page)) * page) == page, "pwrite");
        check(fdatasync(file) == 0, "fdatasync");
    }
    MARKER(1);
    close(file);
}

/// As a log grows: a line more, which is durable then.
static void append(void) {
    int file = open_file("/data/log", O_CREAT | O_WRONLY | O_APPEND | O_TRUNC);
    MARKER(0);
    for (int i = 0; i < commits; i++) {
        check(write(file, buffer, 100) == 100, "write");
        check(fdatasync(file) == 0, "fdatasync");
    }
    MARKER(1);
    close(file);
}

static void create(void) {
    char name[64];
    mkdir("/data/many", 0755);
    MARKER(0);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "/data/many/file%d", i);
        int file = open_file(name, O_CREAT | O_WRONLY | O_EXCL);
        check(write(file, buffer, page) == page, "write");
        close(file);
    }
    sync();
    MARKER(1);
}

static void stat_all(void) {
    char name[64];
    struct stat found;
    MARKER(0);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "/data/many/file%d", i);
        check(stat(name, &found) == 0, name);
    }
    MARKER(1);
}

static void remove_all(void) {
    char name[64];
    MARKER(0);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "/data/many/file%d", i);
        check(unlink(name) == 0, name);
    }
    sync();
    MARKER(1);
}

static const struct {
    const char* name;
    void (*run)(void);
    int count;
    const char* unit;
} works[] = {
    // In this order, on one disk: some find what others have left.
    {"write", write_large, large / page, "4 KiB of 32 MiB, fsync at the end"},
    {"read", read_large, large / page, "4 KiB of 32 MiB, from the disk"},
    {"commit", commit, commits, "4 KiB anywhere, with fdatasync"},
    {"append", append, commits, "100 bytes more, with fdatasync"},
    {"create", create, files, "file of 4 KiB, sync at the end"},
    {"stat", stat_all, files, "file, from the disk"},
    {"remove", remove_all, files, "file, sync at the end"},
};
enum { work_count = sizeof works / sizeof works[0] };

/// The modules by their numbers, as bench/measure/volume.py has put them.
static void bring_up_disk(void) {
    char name[64];
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "/modules/%d.ko", i);
        int file = open(name, O_RDONLY);
        if (file < 0) break;
        check(syscall(SYS_finit_module, file, "", 0) == 0 || errno == EEXIST, name);
        close(file);
    }
    mkdir("/data", 0755);
    check(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) == 0, "/dev");
    for (int i = 0; i < 200 && access("/dev/vda", F_OK) != 0; i++) usleep(10000);  // it is found beside all this
    check(mount("/dev/vda", "/data", "ext4", 0, NULL) == 0, "/data");
}

int main(int count, char** words) {
    int first = count > 1 && !strcmp(words[1], "--first");
    if (first) bring_up_disk();
    const char* wanted = count > 1 + first ? words[1 + first] : "";
    if (!strcmp(wanted, "--list"))
        for (int i = 0; i < work_count; i++) printf("%s\t%d\t%s\n", works[i].name, works[i].count, works[i].unit);
    memset(buffer, 'x', sizeof buffer);
    for (int i = 0; i < work_count; i++)
        if (!strcmp(wanted, works[i].name)) {
            works[i].run();
            printf("done\n");
            fflush(stdout);
        }
    if (!first) return 0;
    umount("/data");
    reboot(RB_POWER_OFF);
}
