// Leaves core files, in several ways: the first word says which. What it leaves is looked at by a debugger, or told of here.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { page = 4096 };

static volatile int waiting_for = 4711;
static pthread_barrier_t ready;

// Two threads stand in calls of their own, one runs, and the main one crashes with a known number in a vector register.
__attribute__((noinline)) void wait_for_ever(int number) {
    pthread_barrier_wait(&ready);
    while (waiting_for == 4711 + number - number) pause();
}
__attribute__((noinline)) void run_for_ever(int number) {
    pthread_barrier_wait(&ready);
    while (waiting_for == 4711 + number - number) {}
}
static void* wait_in_thread(void* number) { wait_for_ever((int)(intptr_t)number); return NULL; }
static void* run_in_thread(void* number) { run_for_ever((int)(intptr_t)number); return NULL; }

__attribute__((noinline)) int crash_here(const char* word, int depth) {
    if (depth) return crash_here(word, depth - 1) + 1;
#if defined(__x86_64__)
    __asm__ volatile("movq %0, %%xmm7\n\tmovl $0, 0x10" : : "r"(0x1122334455667788) : "xmm7", "memory");
#else
    __asm__ volatile("fmov d7, %0\n\tmov x9, 0x10\n\tstr xzr, [x9]" : : "r"(0x1122334455667788) : "v7", "x9", "memory");
#endif
    return word[0];
}

static int threads(void) {
    pthread_t thread;
    pthread_barrier_init(&ready, NULL, 4);
    pthread_create(&thread, NULL, wait_in_thread, (void*)1);
    pthread_create(&thread, NULL, wait_in_thread, (void*)2);
    pthread_create(&thread, NULL, run_in_thread, (void*)3);
    pthread_barrier_wait(&ready);
    usleep(100000);
    return crash_here("known word", 3);
}

static void set_limit(rlim_t bytes) {
    struct rlimit limit = {bytes, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &limit);
}
static int put(const char* path, const char* text) {
    int file = open(path, O_WRONLY);
    ssize_t written = file < 0 ? -1 : write(file, text, strlen(text));
    close(file);
    return written < 0 ? -errno : 0;
}
static void get(const char* path, char* into, size_t size) {
    int file = open(path, O_RDONLY);
    ssize_t got = file < 0 ? 0 : read(file, into, size - 1);
    into[got > 0 ? got : 0] = 0;
    into[strcspn(into, "\n")] = 0;
    close(file);
}

/// A child that does `before` and ends by `signal_number`, and what its parent hears of that.
static int crash_child(int signal_number, void (*before)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (before) before();
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        _exit(1);
    }
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    int status;
    waitpid(child, &status, 0);
    printf(" signal %d, core %d, code %s", WTERMSIG(status), WCOREDUMP(status) ? 1 : 0, info.si_code == CLD_DUMPED ? "dumped" : info.si_code == CLD_KILLED ? "killed" : "?");
    return child;
}

static long long size_of(const char* path) {
    struct stat file;
    return lstat(path, &file) ? -1 : (long long)file.st_size;
}
static void tell_file(const char* path) {
    struct stat file;
    if (lstat(path, &file)) printf(", no file\n");
    else printf(", %s %o, uid %d, %s\n", S_ISREG(file.st_mode) ? "file" : "other", file.st_mode & 07777, file.st_uid, file.st_size > page ? "more than a page" : "a page or less");
}

static unsigned char* area;        // of this program's, among others
static const size_t area_size = 64 << 20;

/// Whether the core has the area, with what is in its first and middle page.
static void look_for_area(const char* path) {
    int file = open(path, O_RDONLY);
    Elf64_Ehdr header;
    if (file < 0 || read(file, &header, sizeof header) != sizeof header || header.e_type != ET_CORE) { printf(", no core\n"); return; }
    int found = 0, loads = 0, outside = 0;
    long long end = size_of(path);
    for (int i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        pread(file, &segment, sizeof segment, (off_t)(header.e_phoff + (size_t)i * sizeof segment));
        if (segment.p_type != PT_LOAD) continue;
        ++loads;
        if ((long long)(segment.p_offset + segment.p_filesz) > end) ++outside;
        if (segment.p_vaddr > (uintptr_t)area || segment.p_vaddr + segment.p_memsz <= (uintptr_t)area) continue;
        if (!segment.p_filesz) continue;
        unsigned char first = 0, middle = 0, untouched = 1;
        off_t at = (off_t)(segment.p_offset + ((uintptr_t)area - segment.p_vaddr));
        found = pread(file, &first, 1, at) == 1 && pread(file, &middle, 1, at + (off_t)area_size / 2) == 1 && pread(file, &untouched, 1, at + 5 * page) == 1 &&
                first == 11 && middle == 22 && untouched == 0;
    }
    struct stat seen;
    fstat(file, &seen);
    printf(", area %s, %s, %d outside, %s\n", found ? "found" : "missing", loads > 3 ? "segments" : "few segments", outside,
           (long long)seen.st_blocks * 512 < (long long)area_size / 2 ? "sparse" : "not sparse");
    close(file);
}
static void hide_area(void) { if (madvise(area, area_size, MADV_DONTDUMP)) _exit(9); }
static void hide_and_show_area(void) { hide_area(); if (madvise(area, area_size, MADV_DODUMP)) _exit(9); }
static void filter_nothing(void) { put("/proc/self/coredump_filter", "0x0"); }
static void small_limit(void) { set_limit(3 * page + 100); }
static void tiny_limit(void) { set_limit(page - 1); }
static void no_limit_at_all(void) { set_limit(0); }
static void not_dumpable(void) { prctl(PR_SET_DUMPABLE, 0); }
static void become_another(void) { if (setuid(1234)) _exit(9); }
static void become_another_dumpable(void) { become_another(); prctl(PR_SET_DUMPABLE, 1); }
static void be_called(void) { prctl(PR_SET_NAME, "a/b name"); }

static int rules(const char* folder) {
    char text[256];
    if (chdir(folder)) return 2;
    printf("no limit:"), crash_child(SIGSEGV, no_limit_at_all), tell_file("core");
    set_limit(RLIM_INFINITY);
    int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS, SIGTERM, SIGKILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
        printf("by default:"), crash_child(signals[i], NULL), tell_file("core");
        unlink("core");
    }
    printf("a page less a byte:"), crash_child(SIGSEGV, tiny_limit), tell_file("core");
    printf("cut:"), crash_child(SIGSEGV, small_limit);
    printf(", %s\n", size_of("core") > page && size_of("core") <= 3 * page + 100 ? "within" : "not within");
    printf("not dumpable:"), unlink("core"), crash_child(SIGSEGV, not_dumpable), tell_file("core");

    area = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    area[0] = 11, area[area_size / 2] = 22;
    printf("with memory:"), crash_child(SIGSEGV, NULL), look_for_area("core");
    printf("hidden:"), crash_child(SIGSEGV, hide_area), look_for_area("core");
    printf("shown again:"), crash_child(SIGSEGV, hide_and_show_area), look_for_area("core");
    printf("filtered:"), crash_child(SIGSEGV, filter_nothing), look_for_area("core");
    get("/proc/self/coredump_filter", text, sizeof text), printf("filter %s\n", text);
    put("/proc/self/coredump_filter", "0x23"), get("/proc/self/coredump_filter", text, sizeof text), printf("filter %s\n", text);
    fflush(stdout);
    if (fork() == 0) {
        execl("/proc/self/exe", "cores", "filter", NULL);
        _exit(1);
    }
    wait(NULL);
    munmap(area, area_size);
    area = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    area[0] = 11, area[area_size / 2] = 22;
    printf("shared:"), crash_child(SIGSEGV, NULL), look_for_area("core");
    put("/proc/self/coredump_filter", "49");
    printf("shared, filtered:"), crash_child(SIGSEGV, NULL), look_for_area("core");
    unlink("core");

    // Names.
    put("/proc/sys/kernel/core_uses_pid", "1");
    int child = (printf("with pid:"), crash_child(SIGSEGV, NULL));
    snprintf(text, sizeof text, "core.%d", child), tell_file(text), unlink(text);
    put("/proc/sys/kernel/core_pattern", "c.%p.%P.%i.%I.%u.%g.%s.%h.%e.%c.%%.%Z.%");
    printf("pattern:"), child = crash_child(SIGABRT, be_called);
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text, "c.%d.%d.%d.%d.0.0.6.%s.a!b name.18446744073709551615.%%..", child, child, child, child, host), tell_file(text), unlink(text);
    put("/proc/sys/kernel/core_uses_pid", "0");
    put("/proc/sys/kernel/core_pattern", "%E");
    char exe[256] = "";
    (void)!readlink("/proc/self/exe", exe, sizeof exe - 1);
    for (char* at = exe; (at = strchr(at, '/'));) *at = '!';
    printf("path:"), crash_child(SIGABRT, NULL), tell_file(exe), unlink(exe);
    put("/proc/sys/kernel/core_pattern", "|/bin/true %p");
    printf("pipe:"), crash_child(SIGABRT, NULL), printf("\n");
    put("/proc/sys/kernel/core_pattern", "missing/core");
    printf("missing folder:"), crash_child(SIGABRT, NULL), printf("\n");
    put("/proc/sys/kernel/core_pattern", "core");

    // What has its name already.
    close(open("elsewhere", O_CREAT | O_WRONLY, 0644)), symlink("elsewhere", "core");
    printf("over a link:"), crash_child(SIGABRT, NULL), tell_file("core"), printf("elsewhere has %lld\n", size_of("elsewhere"));
    unlink("core"), mkdir("core", 0755);
    printf("over a folder:"), crash_child(SIGABRT, NULL), tell_file("core");
    rmdir("core"), mkdir("open", 0), chmod("open", 01777), (void)!chdir("open");
    int other = open("core", O_CREAT | O_WRONLY, 0666);
    printf("another's:"), crash_child(SIGABRT, become_another_dumpable), printf(", %lld\n", size_of("core"));
    close(other), unlink("core");

    // Who became another.
    printf("changed:"), crash_child(SIGABRT, become_another), tell_file("core");
    printf("changed, dumpable:"), crash_child(SIGABRT, become_another_dumpable), tell_file("core"), unlink("core");
    printf("mode 3: %d\n", put("/proc/sys/fs/suid_dumpable", "3"));
    put("/proc/sys/fs/suid_dumpable", "2");
    printf("mode 2, here:"), crash_child(SIGABRT, become_another), tell_file("core");
    char pattern[300];
    snprintf(pattern, sizeof pattern, "%s/open/core", folder), put("/proc/sys/kernel/core_pattern", pattern);
    printf("mode 2, elsewhere:"), crash_child(SIGABRT, become_another), tell_file("core"), unlink("core");
    return 0;
}

/// Threads that begin and end all the time, while one of the processes that do that crashes.
static void* come_and_go(void* left) {
    pthread_t next;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes), pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), pthread_attr_setstacksize(&attributes, 4 * page * 4);
    while (pthread_create(&next, &attributes, come_and_go, left)) sched_yield();
    return NULL;
}
static void begin_strain(void) {
    pthread_t thread;
    for (int i = 0; i < 4; ++i) pthread_create(&thread, NULL, come_and_go, NULL);
    usleep(5000 + (unsigned)getpid() % 7 * 1000);
}
static int strain(const char* folder) {
    if (chdir(folder)) return 2;
    set_limit(RLIM_INFINITY);
    for (int i = 0; i < 15; ++i) printf("strain:"), crash_child(SIGABRT, begin_strain), tell_file("core"), unlink("core");
    return 0;
}

int main(int count, char** arguments) {
    const char* what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "threads")) return threads();
    if (!strcmp(what, "filter")) {
        char text[64];
        get("/proc/self/coredump_filter", text, sizeof text);
        printf("after exec %s\n", text);
        return 0;
    }
    if (!strcmp(what, "rules")) return rules(count > 2 ? arguments[2] : "/tmp");
    if (!strcmp(what, "strain")) return strain(count > 2 ? arguments[2] : "/tmp");
    return 1;
}
