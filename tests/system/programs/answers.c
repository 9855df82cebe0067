// What calls answer at their edges: limits, wrong arguments, files that are only names. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define RNDGETENTCNT 0x80045200u  // linux/random.h
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int ended(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static volatile int over;
static void on_limit(int number) { over = number; }
static void processor_time(void) {
    // The signal at the soft limit, an end at the hard one; what a parent set goes for its child.
    struct rlimit limit = {1, 2};
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CPU, &limit);
        if ((pid = fork()) == 0) {
            signal(SIGXCPU, on_limit);
            while (!over) {}
            printf("signal %d\n", over);
            fflush(stdout);
            for (;;) {}
        }
        _exit(-ended(pid));
    }
    SHOW(ended(pid) == SIGKILL);
}

static void sizes(void) {
    signal(SIGXFSZ, on_limit);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before, limit.rlim_cur = 1000;
    int file = open("/tmp/sizes", O_RDWR | O_CREAT | O_TRUNC, 0600);
    SHOW(ftruncate(file, 3000));
    setrlimit(RLIMIT_FSIZE, &limit);
    SHOW(ftruncate(file, 4000));
    printf("signal %d\n", over);
    over = 0;
    SHOW(ftruncate(file, 2000));
    SHOW(truncate("/tmp/sizes", 2500));
    SHOW(truncate("/tmp/sizes", 900));
    SHOW(posix_fallocate(file, 900, 200));
    SHOW(pwrite(file, "text", 4, 998));
    SHOW(pwrite(file, "text", 4, 1000));
    setrlimit(RLIMIT_FSIZE, &before);
    printf("signal %d\n", over);
    close(file);
}

static void traceless(void) {
    int file = open("/tmp/traceless", O_RDWR | O_CREAT | O_TRUNC, 0666);
    fchmod(file, 0666);
    SHOW(write(file, "text", 4));
    SHOW(open("/tmp/traceless", O_RDONLY | O_NOATIME) >= 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(1000) || setuid(1000)) _exit(1);
        SHOW(open("/tmp/traceless", O_RDONLY | O_NOATIME));
        SHOW(open("/tmp/traceless", O_RDWR | O_TRUNC | O_NOATIME));
        SHOW(lseek(file, 0, SEEK_END));
        SHOW(fcntl(file, F_SETFL, O_NOATIME));
        int own = open("/tmp/traceless-own", O_RDWR | O_CREAT | O_TRUNC | O_NOATIME, 0600);
        SHOW(own >= 0);
        SHOW(fcntl(own, F_SETFL, O_NOATIME));
        SHOW(unlink("/tmp/traceless-own"));
        fflush(stdout);
        _exit(0);
    }
    SHOW(ended(pid));
    close(file);
    unlink("/tmp/traceless");
}

/// Writes that meet memory which is not there.
static void half_there(void) {
    char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    memset(pages, 'x', 4096);
    int file = open("/tmp/half", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
    struct iovec pieces[] = {{pages, 5}, {pages + 4090, 20}, {pages, 7}};
    SHOW(writev(file, pieces, 3));
    SHOW(lseek(file, 0, SEEK_CUR));
    SHOW(write(file, pages + 4000, 200));
    SHOW(write(file, pages + 4096, 200));
    SHOW(pwritev(file, pieces + 1, 2, 1000));
    SHOW(lseek(file, 0, SEEK_END));
    SHOW(pipe(ends));
    SHOW(writev(ends[1], pieces, 3));
    SHOW(write(ends[1], pages + 4096, 1));
    close(file), close(ends[0]), close(ends[1]);
    unlink("/tmp/half");
}

static void names_only(void) {
    char bytes[8];
    int name = open("/tmp/sizes", O_PATH), directory = open("/tmp", O_RDONLY), ends[2];
    (void)!pipe(ends);
    SHOW(fchmod(name, 0600));
    SHOW(fchown(name, -1, -1));
    SHOW(fgetxattr(name, "user.x", bytes, 8));
    SHOW(ftruncate(name, 1));
    SHOW(pread(directory, bytes, 8, 0));
    struct iovec piece = {bytes, 8};
    SHOW(preadv(directory, &piece, 1, 0));
    // What has no offsets says so at either end, a name alone is no descriptor.
    SHOW(pread(ends[0], bytes, 8, 0));
    SHOW(pread(ends[1], bytes, 8, 0));
    SHOW(pwrite(ends[0], bytes, 8, 0));
    SHOW(preadv(ends[1], &piece, 1, 0));
    SHOW(pwritev(ends[0], &piece, 1, 0));
    SHOW(pread(name, bytes, 8, 0));
    SHOW(posix_fadvise(ends[0], 0, 0, POSIX_FADV_NORMAL));
    SHOW(readahead(ends[0], 0, 10));
    SHOW(readahead(directory, 0, 10));
    SHOW(sync_file_range(ends[0], 0, 1, 0));
    // A splice says at once that it cannot be, before it waits for the pipe.
    int set = epoll_create1(0), event = eventfd(0, 0);
    SHOW(splice(ends[0], NULL, set, NULL, 1, 0));
    SHOW(splice(ends[0], NULL, event, NULL, 1, 0));
    SHOW(splice(directory, NULL, ends[1], NULL, 1, 0));
    // What does not fit a pipe is not waited for.
    static char much[200000] __attribute__((aligned(4096)));
    piece = (struct iovec){much, sizeof much};
    SHOW(vmsplice(ends[1], &piece, 1, 0));
    close(name), close(directory), close(ends[0]), close(ends[1]), close(set), close(event);
    unlink("/tmp/sizes");
}

static volatile int fired;
static void on_timer(int number, siginfo_t* info, void* context) { (void)number, (void)info, (void)context, ++fired; }
static void timers(void) {
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    timer_t timer;
    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    // Often: the program goes on all the same.
    struct itimerspec often = {{0, 20000}, {0, 20000}}, never = {0};
    SHOW(timer_settime(timer, 0, &often, NULL));
    while (fired < 20) {}
    SHOW(timer_settime(timer, 0, &never, NULL));
    SHOW(syscall(SYS_timer_settime, timer, 0, NULL, NULL));
    SHOW(timer_delete(timer));
    int id;
    event.sigev_notify = SIGEV_THREAD;
    SHOW(syscall(SYS_timer_create, CLOCK_REALTIME, &event, &id));
}

// Deadlines, which Linux has, and limits of use, which some have, are not asked for.
static void attributes(void) {
    struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long times[3]; unsigned use[2], beyond; } a = {.size = 48, .policy = SCHED_BATCH, .nice = 5};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    memset(&a, 0xff, sizeof a);
    SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 0));
    printf("%u %u %llu %d %u\n", a.size, a.policy, a.flags, a.nice, a.priority);
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &a, 47, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 1));
    SHOW(syscall(SYS_sched_getattr, -1, &a, 48, 0));
    SHOW(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
    memset(&a, 0, sizeof a);
    a.size = 8;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    printf("%d\n", a.size >= 56);
    a.size = sizeof a, a.beyond = 1;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    memset(&a, 0, sizeof a);
    SHOW(syscall(SYS_sched_setattr, 0, &a, 1));
    a.priority = 1;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a.priority = 0, a.policy = 77;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a.policy = 0, a.flags = 1ull << 40;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a.flags = 0x18, a.nice = 11;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    SHOW(syscall(SYS_sched_getscheduler, 0));
    SHOW(getpriority(PRIO_PROCESS, 0));
    a.flags = 0, a.nice = 0;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    SHOW(syscall(SYS_sched_getscheduler, 0));
}

static void scheduling(void) {
    SHOW(syscall(SYS_sched_getparam, 0, NULL));
    SHOW(syscall(SYS_sched_setparam, 0, NULL));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    SHOW(prctl(PR_SET_TIMERSLACK, 70000, 0, 0, 0));
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0), prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
        _exit(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) / 1000);
    }
    SHOW(ended(pid));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_SET_TIMING, 1, 0, 0, 0));
    // Rules for root that no longer apply, one of them for ever.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        SHOW(prctl(PR_SET_SECUREBITS, 0x10000, 0, 0, 0));
        SHOW(prctl(PR_SET_SECUREBITS, 0x34, 0, 0, 0));
        SHOW(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
        SHOW(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
        SHOW(prctl(PR_SET_SECUREBITS, 0x10, 0, 0, 0));
        SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
        SHOW(setuid(1000));
        SHOW(prctl(PR_SET_SECUREBITS, 0x35, 0, 0, 0));
        SHOW(setuid(2000));
        fflush(stdout);
        _exit(0);
    }
    SHOW(ended(child));
    SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
}

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_WAIT_BITSET = 9, FUTEX_CLOCK_REALTIME = 256 };

/// Each timer has room for a signal, of which there is a limit.
static long timers_until_refused(void) {
    struct rlimit few = {40, 40};
    setrlimit(RLIMIT_SIGPENDING, &few);
    timer_t timer;
    for (int made = 0; made < 100; made++)
        if (timer_create(CLOCK_MONOTONIC, NULL, &timer)) return -1;
    return 0;
}

static void limits_of_waits(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(timers_until_refused() == -1 && errno == EAGAIN);
    SHOW(ended(pid));
    // Only some waits are for a point on the wall clock.
    unsigned word = 0;
    struct timespec now = {0, 0};
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &now, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &now, NULL, 1));
}

/// What a child used that nobody waits for is added to nobody's account.
static long used(const struct rusage* usage) { return usage->ru_utime.tv_sec * 1000 + usage->ru_utime.tv_usec / 1000; }
static void unwanted_child(void) {
    enum { size = 64 << 20 };
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, size);
        do {
            for (volatile int i = 0; i < 1000000; i++) continue;  // calls alone take the kernel's time
            getrusage(RUSAGE_SELF, &after);
        } while (used(&after) < 100);
        _exit(0);
    }
    SHOW(waitpid(pid, NULL, 0));
    getrusage(RUSAGE_CHILDREN, &after);
    printf("memory %d, time %d\n", after.ru_maxrss - before.ru_maxrss > size >> 11, used(&after) - used(&before) > 50);
    signal(SIGCHLD, SIG_DFL);
}

/// -1 is a number like others that no call has; and of a number 32 bits count. Each often enough for a way that is taken only then.
static void numbers(void) {
    static const long none[] = {-1, -2, 100000, 1L << 31};
    for (int i = 0; i < 4; ++i)
        for (int often = 0; often < 20; ++often) {
            errno = 0;
            if (syscall(none[i]) != -1 || errno != ENOSYS) printf("call %ld: %s\n", none[i], strerror(errno));
        }
    int same = 0;
    for (int often = 0; often < 20; ++often) same += syscall(SYS_getpid | 1L << 32) == getpid();
    printf("numbers with more bits %d\n", same);
}

static void random_pool(void) {
    int file = open("/dev/urandom", O_RDONLY), bits = 0;
    SHOW(ioctl(file, RNDGETENTCNT, &bits));
    printf("%d bits\n", bits);
    SHOW(ioctl(file, FIONREAD, &bits));
    close(file);
}

// Programs that want to know of mounts wait for that.
static void mounts(void) {
    struct pollfd file = {open("/proc/self/mounts", O_RDONLY), POLLIN | POLLPRI};
    SHOW(poll(&file, 1, 0));
    SHOW(file.revents);
    int set = epoll_create1(0);
    struct epoll_event event = {EPOLLPRI | EPOLLERR, {0}};
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, file.fd, &event));
    SHOW(epoll_wait(set, &event, 1, 0));
    int info = open("/proc/self/mountinfo", O_RDONLY), none = open("/proc/self/status", O_RDONLY);
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, info, &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, none, &event));
    close(set), close(file.fd), close(info), close(none);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    processor_time();
    sizes();
    traceless();
    half_there();
    names_only();
    timers();
    attributes();
    scheduling();
    limits_of_waits();
    unwanted_child();
    random_pool();
    numbers();
    mounts();
    return 0;
}
