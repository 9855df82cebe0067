// What changes a file's times: reading once after each change, mapping, and writing through a mapping. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { page = 4096 };
static int file;
static struct stat last;

static int differ(struct timespec a, struct timespec b) { return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec; }

static void show(const char* what) {
    struct stat now;
    fstat(file, &now);
    printf("%s:%s%s%s\n", what, differ(now.st_atim, last.st_atim) ? " accessed" : "", differ(now.st_mtim, last.st_mtim) ? " modified" : "",
           differ(now.st_ctim, last.st_ctim) ? " changed" : "");
    last = now;
    usleep(20000);  // Linux's times are coarse
}

int main(void) {
    static char bytes[2 * page];
    file = open("/dev/shm/file_times", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0) return 1;
    write(file, bytes, sizeof bytes), show("made");
    pread(file, bytes, 10, 0), show("read");
    pread(file, bytes, 10, 0), show("read again");
    write(file, bytes, 10), show("written");
    int traceless = open("/dev/shm/file_times", O_RDONLY | O_NOATIME);
    read(traceless, bytes, 10), show("read without a trace");
    pread(file, bytes, 10, 0), show("read");
    fchmod(file, 0644), show("another mode");

    char* map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    show("mapped");
    map[0] = 1, show("written there");
    map[1] = 1, show("written there again");
    msync(map, page, MS_SYNC), show("synchronised");
    map[page] = 1, show("another page");
    munmap(map, 2 * page), show("unmapped");
    map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0), show("mapped privately");
    map[0] = 2, show("written there");
    unlink("/dev/shm/file_times"), show("without a name");

    mkdir("/dev/shm/directory_times", 0700);
    file = open("/dev/shm/directory_times", O_RDONLY | O_DIRECTORY), show("directory");
    DIR* list = fdopendir(dup(file));
    readdir(list), closedir(list), show("listed");
    mkdirat(file, "inside", 0700), show("one inside");
    unlinkat(file, "inside", AT_REMOVEDIR), show("and gone");
    rmdir("/dev/shm/directory_times");
    return 0;
}
