// One operation of the system each, repeated, between two markers that bench/plugin/count.c recognises: even id at the start, odd at
// the end. It runs unchanged in Spore, as the first program of a Linux guest, and natively (where markers do nothing).
//
//   micro              every benchmark
//   micro NAME…        these
//   micro --list       the names with ids and repetitions, for the harness
//   micro --power-off  every benchmark, then the machine is turned off: for running as init
//   micro --time       every benchmark, several times; prints the least nanoseconds that one operation took
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __aarch64__
#define MARKER(id) __asm__ volatile("movz xzr, %0, lsl #48" : : "i"(0xb500 + (id)) : "memory")
#else
#define MARKER(id) __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, %c0, 0x4b, 0x52, 0x4d" : : "i"(id) : "memory")
#endif
#define BEGIN(id) do { start_time(); MARKER(2 * (id)); } while (0)
#define END(id) do { MARKER(2 * (id) + 1); stop_time(); } while (0)
/// Runs `body` for `warm` rounds unseen, then `count` rounds between the markers of `id`.
#define MEASURE(id, warm, count, body)                   \
    do {                                                 \
        for (int round_ = 0; round_ < (warm); round_++) { body; }  \
        BEGIN(id);                                       \
        for (int round_ = 0; round_ < (count); round_++) { body; } \
        END(id);                                         \
    } while (0)

enum { page = 4096, FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };  // musl-gcc sees no linux/futex.h
static char buffer[2 * page] __attribute__((aligned(4096)));
static const char* self;

static bool timing;
static double spent, started;  ///< nanoseconds between markers so far, and when the last began
static double clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}
static void start_time(void) { if (timing) started = clock_now(); }
static void stop_time(void) { if (timing) spent += clock_now() - started; }

/// Without the C library's wrapper, which would take as long as a short system call itself.
static inline long system_call(long number, long a, long b, long c, long d) {
#ifdef __aarch64__
    register long which __asm__("x8") = number, first __asm__("x0") = a, second __asm__("x1") = b, third __asm__("x2") = c, fourth __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(first) : "r"(which), "r"(second), "r"(third), "r"(fourth) : "memory");
    return first;
#else
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return number;
#endif
}

static void need(bool good, const char* what) {
    if (good) return;
    printf("micro: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

enum Id {
    id_loop, id_getpid, id_clock, id_yield, id_futex_wake, id_futex_pingpong, id_pipe_pingpong, id_socket_pingpong, id_process_pingpong,
    id_fault, id_fault_file, id_mmap, id_mmap_touch, id_mprotect, id_open, id_stat, id_read, id_write, id_null, id_pipe_self,
    id_signal, id_poll, id_epoll, id_thread, id_fork, id_exec, id_epoll_many,
};

static void run_loop(int count) { MEASURE(id_loop, 10, count, __asm__ volatile("")); }
static void run_getpid(int count) { MEASURE(id_getpid, 10, count, system_call(SYS_getpid, 0, 0, 0, 0)); }
static void run_yield(int count) { MEASURE(id_yield, 10, count, system_call(SYS_sched_yield, 0, 0, 0, 0)); }

static void run_clock(int count) {
    struct timespec now;
    MEASURE(id_clock, 10, count, clock_gettime(CLOCK_MONOTONIC, &now));
}

static void run_futex_wake(int count) {
    static int word;
    MEASURE(id_futex_wake, 10, count, system_call(SYS_futex, (long)&word, FUTEX_WAKE_PRIVATE, 1, 0));
}

// Ping-pong: one operation is one round trip, so two switches between threads.
static int turn, rounds;
static void wait_turn(int mine) {
    int seen;
    while ((seen = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine) system_call(SYS_futex, (long)&turn, FUTEX_WAIT_PRIVATE, seen, 0);
}
static void pass_turn(int next) {
    __atomic_store_n(&turn, next, __ATOMIC_RELEASE);
    system_call(SYS_futex, (long)&turn, FUTEX_WAKE_PRIVATE, 1, 0);
}
static void* futex_partner(void* unused) {
    for (int i = 0; i < rounds; i++) wait_turn(1), pass_turn(0);
    return NULL;
}
static void run_futex_pingpong(int count) {
    pthread_t partner;
    rounds = count + 10;
    need(!pthread_create(&partner, NULL, futex_partner, NULL), "pthread_create");
    MEASURE(id_futex_pingpong, 10, count, (pass_turn(1), wait_turn(0)));
    pthread_join(partner, NULL);
}

static int there[2], back[2];
static void* echo_partner(void* unused) {
    char byte;
    while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) continue;
    return NULL;
}
static void bounce(void) {
    char byte = 0;
    need(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "ping-pong");
}
static void run_pipe_pingpong(int count) {
    pthread_t partner;
    need(!pipe(there) && !pipe(back), "pipe");
    need(!pthread_create(&partner, NULL, echo_partner, NULL), "pthread_create");
    MEASURE(id_pipe_pingpong, 10, count, bounce());
    close(there[1]);
    pthread_join(partner, NULL);
}
static void run_socket_pingpong(int count) {
    pthread_t partner;
    int pair[2];
    need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    there[1] = back[0] = pair[0];
    there[0] = back[1] = pair[1];
    need(!pthread_create(&partner, NULL, echo_partner, NULL), "pthread_create");
    MEASURE(id_socket_pingpong, 10, count, bounce());
    shutdown(pair[0], SHUT_RDWR);
    pthread_join(partner, NULL);
}
static void run_process_pingpong(int count) {
    need(!pipe(there) && !pipe(back), "pipe");
    pid_t child = fork();
    need(child >= 0, "fork");
    if (!child) {
        close(there[1]);
        echo_partner(NULL);
        _exit(0);
    }
    MEASURE(id_process_pingpong, 10, count, bounce());
    close(there[1]);
    waitpid(child, NULL, 0);
}

/// Touches fresh pages, few enough at once that no huge page can serve them.
static inline __attribute__((always_inline)) void touch_pages(int id, int count, int flags, int file) {
    enum { at_once = 64 };
    for (int done = 0; done < count; done += at_once) {
        char* at = mmap(NULL, at_once * page, PROT_READ | PROT_WRITE, flags, file, 0);
        need(at != MAP_FAILED, "mmap");
        at[0] = 1;  // the tables
        BEGIN(id);
        for (int i = 1; i < at_once; i++) at[i * page] = 1;
        END(id);
        munmap(at, at_once * page);
    }
}
static void run_fault(int count) { touch_pages(id_fault, count, MAP_PRIVATE | MAP_ANONYMOUS, -1); }

static int temporary_file(int size) {
    int file = open("/tmp/micro", O_RDWR | O_CREAT | O_TRUNC, 0600);
    need(file >= 0, "/tmp/micro");
    for (int done = 0; done < size; done += page) need(write(file, buffer, page) == page, "write");
    return file;
}
static void run_fault_file(int count) {
    int file = temporary_file(64 * page);
    touch_pages(id_fault_file, count, MAP_SHARED, file);
    close(file);
}
static void run_mmap(int count) {
    MEASURE(id_mmap, 10, count, {
        char* at = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(at != MAP_FAILED, "mmap");
        munmap(at, 16 * page);
    });
}
static void run_mmap_touch(int count) {
    MEASURE(id_mmap_touch, 10, count, {
        char* at = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(at != MAP_FAILED, "mmap");
        at[0] = 1;
        munmap(at, 16 * page);
    });
}
static void run_mprotect(int count) {
    char* at = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(at != MAP_FAILED, "mmap");
    for (int i = 0; i < 16; i++) at[i * page] = 1;
    MEASURE(id_mprotect, 10, count, {
        mprotect(at + 4 * page, page, PROT_READ);
        mprotect(at + 4 * page, page, PROT_READ | PROT_WRITE);
    });
}
static void run_open(int count) {
    close(temporary_file(page));
    MEASURE(id_open, 10, count, {
        int file = open("/tmp/micro", O_RDONLY);
        need(file >= 0, "open");
        close(file);
    });
}
static void run_stat(int count) {
    struct stat status;
    close(temporary_file(page));
    MEASURE(id_stat, 10, count, need(!stat("/tmp/micro", &status), "stat"));
}
static void run_read(int count) {
    int file = temporary_file(page);
    MEASURE(id_read, 10, count, need(pread(file, buffer, page, 0) == page, "pread"));
    close(file);
}
static void run_write(int count) {
    int file = temporary_file(page);
    MEASURE(id_write, 10, count, need(pwrite(file, buffer, page, 0) == page, "pwrite"));
    close(file);
}
static void run_null(int count) {
    int file = open("/dev/null", O_WRONLY);
    need(file >= 0, "/dev/null");
    MEASURE(id_null, 10, count, need(write(file, buffer, 1) == 1, "write"));
    close(file);
}
static void run_pipe_self(int count) {
    need(!pipe(there), "pipe");
    MEASURE(id_pipe_self, 10, count, need(write(there[1], buffer, page) == page && read(there[0], buffer, page) == page, "pipe"));
}

static volatile int seen;
static void on_signal(int number) { seen++; }
static void run_signal(int count) {
    struct sigaction action = {.sa_handler = on_signal};
    need(!sigaction(SIGUSR1, &action, NULL), "sigaction");
    pid_t me = getpid(), thread = (pid_t)syscall(SYS_gettid);
    MEASURE(id_signal, 10, count, system_call(SYS_tgkill, me, thread, SIGUSR1, 0));
}
static void run_poll(int count) {
    struct pollfd one = {eventfd(1, 0), POLLIN, 0};
    need(one.fd >= 0, "eventfd");
    MEASURE(id_poll, 10, count, need(poll(&one, 1, -1) == 1, "poll"));
}
static void run_epoll(int count) {
    int event = eventfd(1, 0), epoll = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN}, ready;
    need(event >= 0 && epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest), "epoll");
    MEASURE(id_epoll, 10, count, need(epoll_wait(epoll, &ready, 1, -1) == 1, "epoll_wait"));
}
static void run_epoll_many(int count) {
    enum { many = 1000, ready_ones = 10 };
    struct rlimit limit;
    need(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    need(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    int events[many], epoll = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN}, ready[many];
    need(epoll >= 0, "epoll");
    for (int i = 0; i < many; i++) {
        events[i] = eventfd(i % (many / ready_ones) == 0, 0);
        need(events[i] >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, events[i], &interest), "epoll");
    }
    MEASURE(id_epoll_many, 10, count, need(epoll_wait(epoll, ready, many, -1) == ready_ones, "epoll_wait"));
    for (int i = 0; i < many; i++) close(events[i]);
    close(epoll);
}
static void* nothing(void* unused) { return NULL; }
static void run_thread(int count) {
    pthread_t thread;
    MEASURE(id_thread, 5, count, {
        need(!pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
        pthread_join(thread, NULL);
    });
}
static void fork_once(bool execute) {
    pid_t child = fork();
    need(child >= 0, "fork");
    if (!child) {
        if (execute) execl(self, self, "--exit", NULL);
        _exit(0);
    }
    need(waitpid(child, NULL, 0) == child, "waitpid");
}
static void run_fork(int count) { MEASURE(id_fork, 3, count, fork_once(false)); }
static void run_exec(int count) { MEASURE(id_exec, 3, count, fork_once(true)); }

static const struct {
    int id;
    const char* name;
    int count;
    void (*run)(int count);
    const char* description;
} benchmarks[] = {
    {id_loop, "loop", 1000, run_loop, "the loop around every operation"},
    {id_getpid, "getpid", 1000, run_getpid, "getpid system call"},
    {id_clock, "clock_gettime", 1000, run_clock, "clock_gettime(CLOCK_MONOTONIC)"},
    {id_yield, "sched_yield", 1000, run_yield, "sched_yield, nobody else to run"},
    {id_futex_wake, "futex-wake", 1000, run_futex_wake, "futex wake, nobody waits"},
    {id_futex_pingpong, "futex-pingpong", 1000, run_futex_pingpong, "two threads and a futex, round trip"},
    {id_pipe_pingpong, "pipe-pingpong", 1000, run_pipe_pingpong, "two threads and two pipes, round trip"},
    {id_socket_pingpong, "socket-pingpong", 1000, run_socket_pingpong, "two threads and a Unix socket pair, round trip"},
    {id_process_pingpong, "process-pingpong", 1000, run_process_pingpong, "two processes and two pipes, round trip"},
    {id_fault, "page-fault", 1280, run_fault, "first write to an anonymous page"},
    {id_fault_file, "page-fault-file", 1280, run_fault_file, "first write to a page of a shared tmpfs file"},
    {id_mmap, "mmap", 500, run_mmap, "mmap + munmap of 64 KiB"},
    {id_mmap_touch, "mmap-touch", 500, run_mmap_touch, "mmap + one write + munmap"},
    {id_mprotect, "mprotect", 500, run_mprotect, "mprotect of one page, there and back"},
    {id_open, "open", 1000, run_open, "open + close of a tmpfs file"},
    {id_stat, "stat", 1000, run_stat, "stat of a tmpfs file"},
    {id_read, "read-4k", 1000, run_read, "read of 4 KiB from tmpfs"},
    {id_write, "write-4k", 1000, run_write, "write of 4 KiB to tmpfs"},
    {id_null, "write-null", 1000, run_null, "write of a byte to /dev/null"},
    {id_pipe_self, "pipe-4k", 1000, run_pipe_self, "4 KiB into a pipe and out"},
    {id_signal, "signal", 1000, run_signal, "signal to oneself: handler and return"},
    {id_poll, "poll", 1000, run_poll, "poll of one ready descriptor"},
    {id_epoll, "epoll", 1000, run_epoll, "epoll_wait with one ready descriptor"},
    {id_epoll_many, "epoll-1000", 1000, run_epoll_many, "epoll_wait on 1000 descriptors, ten of them ready"},
    {id_thread, "thread", 100, run_thread, "thread create + join"},
    {id_fork, "fork", 50, run_fork, "fork + exit + wait"},
    {id_exec, "exec", 20, run_exec, "fork + exec + exit + wait"},
};
enum { benchmark_count = sizeof benchmarks / sizeof *benchmarks };

static void run_one(int index) {
    printf("%s\n", benchmarks[index].name);
    fflush(stdout);
    benchmarks[index].run(benchmarks[index].count);
}

static void time_one(int index) {
    enum { repetitions = 7 };
    double least = 0;
    for (int i = 0; i < repetitions; i++) {
        spent = 0;
        benchmarks[index].run(benchmarks[index].count);
        if (i == 0 || spent < least) least = spent;
    }
    printf("%s\t%.1f\n", benchmarks[index].name, least / benchmarks[index].count);
    fflush(stdout);
}

int main(int count, char** arguments) {
    self = arguments[0];
    if (count > 1 && !strcmp(arguments[1], "--exit")) return 0;
    if (count > 1 && !strcmp(arguments[1], "--list")) {
        for (int i = 0; i < benchmark_count; i++)
            printf("%d\t%s\t%d\t%s\n", benchmarks[i].id, benchmarks[i].name, benchmarks[i].count, benchmarks[i].description);
        return 0;
    }
    bool power_off = count > 1 && !strcmp(arguments[1], "--power-off");
    timing = count > 1 && !strcmp(arguments[1], "--time");
    if (power_off) mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
    for (int i = 0; i < benchmark_count; i++) {
        bool wanted = count == 1 || power_off || (timing && count == 2);
        for (int argument = 1; argument < count; argument++) wanted |= !strcmp(arguments[argument], benchmarks[i].name);
        if (wanted) (timing ? time_one : run_one)(i);
    }
    if (power_off) reboot(RB_POWER_OFF);
    return 0;
}
