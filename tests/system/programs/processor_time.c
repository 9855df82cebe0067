// Whose code a program's processor time went to: its own, or the kernel's on its behalf.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }
static double spent(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static volatile unsigned counter;
static void compute(double span) {
    for (double end = spent() + span; spent() < end;)
        for (int i = 0; i < 1000000; ++i) ++counter;
}
static char bytes[1 << 20];
static void let_kernel_work(double span) {
    int zero = open("/dev/zero", O_RDONLY);
    for (double end = spent() + span; spent() < end;)
        for (int i = 0; i < 10; ++i)
            if (read(zero, bytes, sizeof bytes) < 0) exit(1);
    close(zero);
}

struct share { double user, system; };
static struct share share_of(void (*work)(double)) {
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    work(0.7);
    getrusage(RUSAGE_SELF, &after);
    return (struct share){seconds(after.ru_utime) - seconds(before.ru_utime), seconds(after.ru_stime) - seconds(before.ru_stime)};
}
/// What times() says before and after, in the same ticks.
static int stat_agrees(void) {
    char text[1024] = {0};
    struct tms before, after;
    times(&before);
    int file = open("/proc/self/stat", O_RDONLY);
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    long user, system;
    if (size < 0 || sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2) return 0;
    times(&after);
    return before.tms_utime <= user && user <= after.tms_utime && before.tms_stime <= system && system <= after.tms_stime && user > 0 && system > 0;
}

int main(void) {
    struct share own = share_of(compute), kernels = share_of(let_kernel_work);
    check("what it computes is user time", own.user > 4 * own.system);
    check("what the kernel does for it is system time", kernels.system > 2 * kernels.user);
    check("both together are its processor time", own.user + own.system > 0.65 && kernels.user + kernels.system > 0.65);
    check("/proc and times() say the same", stat_agrees());
    pid_t child = fork();
    if (child == 0) {
        compute(0.2);
        let_kernel_work(0.2);
        _exit(0);
    }
    struct rusage childs;
    wait4(child, NULL, 0, &childs);
    struct tms now;
    times(&now);
    check("a child's goes to its parent", seconds(childs.ru_utime) > 0.1 && seconds(childs.ru_stime) > 0.1);
    check("and into times()", now.tms_cutime >= 10 && now.tms_cstime >= 10);
    return 0;
}
