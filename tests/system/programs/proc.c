// What /proc says about this program, and files opened anew through it.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[65536];

static const char* contents(const char* path) {
    int file = open(path, O_RDONLY);
    if (file < 0) return "(cannot be opened)";
    ssize_t size = 0, part;
    while ((part = read(file, text + size, sizeof text - 1 - size)) > 0) size += part;
    close(file);
    text[size] = 0;
    return text;
}

static int contents_have(const char* path, const char* part) {
    int found = strstr(contents(path), part) != NULL;
    if (!found) printf("%s lacks %s\n", path, part);
    return found;
}

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

static void* wait_in_thread(void* pipe) {
    char byte;
    read(*(int*)pipe, &byte, 1);
    return NULL;
}

static int entries(const char* path) {
    DIR* directory = opendir(path);
    int count = 0;
    if (!directory) return -1;
    while (readdir(directory)) count++;
    closedir(directory);
    return count - 2;
}

// O_RDWR | O_LARGEFILE, which has another number on each CPU; and what the list of its features is called.
#if defined(__aarch64__)
static const char* const large_file_flags = "flags:\t0400002\n", * const features = "Features\t: fp asimd";
#else
static const char* const large_file_flags = "flags:\t0100002\n", * const features = "flags\t\t: fpu";
#endif

// A page that was written before fork is dirty, and both processes have it. (redis takes Linux for broken where it is not.)
static int smaps_know_shared_pages(void) {
    enum { page = 4096 };
    char* pages = mmap(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char* written = pages + page;  // an area of its own
    if (pages == MAP_FAILED || mprotect(written, page, PROT_READ | PROT_WRITE)) return 0;
    *(volatile char*)written = 1;
    pid_t child = fork();
    if (child == 0) {
        char line[32];
        snprintf(line, sizeof line, "%lx-", (unsigned long)written);
        const char* area = strstr(contents("/proc/self/smaps"), line);
        const char* shared = area ? strstr(area, "Shared_Dirty:") : NULL;
        _exit(shared && atoi(shared + strlen("Shared_Dirty:")) == 4 ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return status == 0;
}

static long kilobytes(const char* label) {
    const char* line = strstr(contents("/proc/self/status"), label);
    return line ? atol(line + strlen(label)) : -1;
}
// The program's own code is shown, and which pages are files'. What is written to in a private mapping is the file's no more.
static void memory_is_told_apart(void) {
    enum { pages = 64, page = 4096 };
    int file = open("/tmp/proc-pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
    static char bytes[pages * page];
    write(file, bytes, sizeof bytes);
    char* mapped = mmap(NULL, sizeof bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    int sum = 0;
    long of_files = kilobytes("RssFile:"), own = kilobytes("RssAnon:");
    for (int i = 0; i < pages; i++) sum += ((volatile char*)mapped)[i * page];
    long looked_at = kilobytes("RssFile:");
    for (int i = 0; i < pages; i++) mapped[i * page] = 1;
    long written = kilobytes("RssFile:");
    check("pages of files", sum == 0 && of_files > 0 && looked_at >= of_files + pages * 4 && written <= looked_at - pages * 4);
    check("pages of its own", kilobytes("RssAnon:") >= own + pages * 4);
    long size, resident, shared, code;
    check("statm", sscanf(contents("/proc/self/statm"), "%ld %ld %ld %ld", &size, &resident, &shared, &code) == 4 && shared > 0 && shared < resident && code > 0);
    check("code", kilobytes("VmExe:") == code * 4 && kilobytes("VmLib:") >= 0);
    munmap(mapped, sizeof bytes), close(file), unlink("/tmp/proc-pages");
}

int main(int count, char** words) {
    char path[256], link[256], expected[256];
    (void)count;
    snprintf(path, sizeof path, "%d", getpid());
    ssize_t size = readlink("/proc/self", link, sizeof link - 1);
    check("self", size > 0 && (link[size] = 0, !strcmp(link, path)));

    size = readlink("/proc/self/exe", link, sizeof link - 1);
    struct stat own, named;
    check("exe", size > 0 && (link[size] = 0, !stat(link, &own)) && !stat("/proc/self/exe", &named) && own.st_ino == named.st_ino && named.st_size > 0);
    const char* faults = strstr(contents("/proc/vmstat"), "\npgfault ");
    check("page faults", faults && atol(faults + strlen("\npgfault ")) > 0);
    check("cmdline", !strcmp(contents("/proc/self/cmdline"), words[0]));
    chdir("/tmp");
    size = readlink("/proc/self/cwd", link, sizeof link - 1);
    check("cwd", size == 4 && !memcmp(link, "/tmp", 4));

    int file = open("/tmp/proc-test", O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(file, "still here", 10);
    unlink("/tmp/proc-test");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    size = readlink(path, link, sizeof link - 1);
    check("deleted name", size > 0 && (link[size] = 0, !strcmp(link, "/tmp/proc-test (deleted)")));
    check("deleted contents", !strcmp(contents(path), "still here"));
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", file);
    check("fdinfo", contents_have(path, "pos:\t10\n") && contents_have(path, large_file_flags));

    int ends[2];
    pipe(ends);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    int again = open(path, O_WRONLY);
    char byte = 0;
    check("pipe again", again >= 0 && write(again, "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    close(ends[1]);
    close(again);
    again = open(path, O_RDONLY);
    check("pipe without writers", again >= 0 && read(again, &byte, 1) == 0);

    snprintf(expected, sizeof expected, "%d (", getpid());
    check("stat", !strncmp(contents("/proc/self/stat"), expected, strlen(expected)));
    snprintf(expected, sizeof expected, "\nPid:\t%d\nPPid:\t%d\n", getpid(), getppid());
    check("status", contents_have("/proc/self/status", expected) && contents_have("/proc/self/status", "Threads:\t1\n"));
    check("maps", contents_have("/proc/self/maps", "[stack]") && contents_have("/proc/self/maps", " r-xp "));
    unsigned long start, end;
    contents("/proc/self/maps");
    char* line = strstr(text, "[stack]");
    while (line > text && line[-1] != '\n') line--;
    check("stack range", sscanf(line, "%lx-%lx", &start, &end) == 2 && (unsigned long)&start >= start && (unsigned long)&start < end);
    struct stat tasks;
    check("task", !stat("/proc/self/task", &tasks) && tasks.st_nlink == 3);
    int unused = socket(AF_INET, SOCK_DGRAM, 0);  // a kernel that is tailored to who makes none has no interfaces to tell of
    check("net", contents_have("/proc/self/net/dev", "lo:"));
    close(unused);
    check("limits", contents_have("/proc/self/limits", "Max open files "));
    check("mounts", contents_have("/proc/mounts", " /proc proc ") && contents_have("/proc/self/mountinfo", " - proc proc "));

    int name = open("/proc/self/comm", O_WRONLY);
    write(name, "renamed", 7);
    close(name);
    check("comm", !strcmp(contents("/proc/self/comm"), "renamed\n"));
    name = open("/proc/self/oom_score_adj", O_WRONLY);
    write(name, "500\n", 4);
    close(name);
    check("oom_score_adj", !strcmp(contents("/proc/self/oom_score_adj"), "500\n"));

    name = open("/proc/sys/kernel/domainname", O_WRONLY);
    write(name, "example.org\n", 12);
    close(name);
    check("domain name", !getdomainname(expected, sizeof expected) && !strcmp(expected, "example.org"));

    memory_is_told_apart();

    int wake[2];
    pipe(wake);
    pthread_t thread;
    pthread_create(&thread, NULL, wait_in_thread, &wake[0]);
    check("threads", entries("/proc/self/task") == 2 && contents_have("/proc/self/status", "Threads:\t2\n"));
    write(wake[1], "x", 1);
    pthread_join(thread, NULL);

    pid_t child = fork();
    if (!child) {
        pause();
        _exit(0);
    }
    usleep(50000);
    snprintf(path, sizeof path, "/proc/%d/status", child);
    snprintf(expected, sizeof expected, "PPid:\t%d\n", getpid());
    check("child", contents_have(path, expected) && contents_have(path, "State:\tS"));
    kill(child, 9);
    usleep(50000);
    check("zombie", contents_have(path, "State:\tZ"));
    waitpid(child, NULL, 0);
    check("gone", access(path, F_OK) < 0);

    check("pages that fork shares", smaps_know_shared_pages());
    check("meminfo", contents_have("/proc/meminfo", "MemTotal:") && contents_have("/proc/meminfo", "MemAvailable:"));
    check("cpuinfo", contents_have("/proc/cpuinfo", "processor\t: 0") && contents_have("/proc/cpuinfo", features));
    check("stat of all", contents_have("/proc/stat", "cpu0 ") && contents_have("/proc/stat", "btime "));
    double up, idle;
    check("uptime", sscanf(contents("/proc/uptime"), "%lf %lf", &up, &idle) == 2);
    check("overcommit", atoi(contents("/proc/sys/vm/overcommit_memory")) <= 2);
    check("somaxconn", atoi(contents("/proc/sys/net/core/somaxconn")) == 4096);
    check("boot_id", strlen(contents("/proc/sys/kernel/random/boot_id")) == 37);
    check("processors", contents_have("/sys/devices/system/cpu/online", "0"));
    check("open for writing what is not", open("/proc/uptime", O_WRONLY) >= -1 && open("/proc/self/nothing", O_RDONLY) < 0);
    return 0;
}
