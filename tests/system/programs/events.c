// poll, select, epoll, eventfd, timerfd, signalfd, memfd, pidfd and pipes: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static void pipes(void) {
    int p[2];
    SHOW(pipe2(p, O_NONBLOCK));
    char b[8] = {0};
    SHOW(read(p[0], b, 8));
    struct pollfd f[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 0}};
    SHOW(poll(f, 3, 0));
    printf("revents %x %x %x\n", f[0].revents, f[1].revents, f[2].revents);
    SHOW(write(p[1], "hello", 5));
    SHOW(poll(f, 3, 0));
    printf("revents %x %x\n", f[0].revents, f[1].revents);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r), FD_SET(p[1], &w);
    struct timeval tv = {1, 0};
    SHOW(select(p[1] + 1, &r, &w, 0, &tv));
    printf("set %d %d\n", !!FD_ISSET(p[0], &r), !!FD_ISSET(p[1], &w));
    int q[2];
    SHOW(pipe(q));
    SHOW(tee(p[0], q[1], 100, SPLICE_F_NONBLOCK));
    SHOW(read(q[0], b, 8));
    printf("%s\n", b);
    SHOW(splice(p[0], 0, q[1], 0, 3, 0));
    SHOW(read(q[0], b, 8));
    SHOW(read(p[0], b, 8));
    close(p[1]);
    SHOW(poll(f, 1, -1));
    printf("revents %x\n", f[0].revents);
    SHOW(read(p[0], b, 8));
    close(q[0]);
    signal(SIGPIPE, SIG_IGN);
    SHOW(write(q[1], "x", 1));
    f[0].fd = q[1], f[0].events = POLLOUT;
    SHOW(poll(f, 1, -1));
    printf("revents %x\n", f[0].revents);
    f[0].fd = 77;
    SHOW(poll(f, 1, -1));
    printf("revents %x\n", f[0].revents);
    close(p[0]), close(q[1]);
}

static void show_events(struct epoll_event *e, int n) {
    for (int i = 0; i < n; ++i) printf("  event %x data %d\n", e[i].events, (int)e[i].data.u64);
}

static void epolls(void) {
    int e = epoll_create1(EPOLL_CLOEXEC), p[2];
    pipe(p);
    struct epoll_event v = {EPOLLIN, {.u64 = 1}}, out[8];
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &v));
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &v));
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, e, &v));
    SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[1], &v));
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, 99, &v));
    int file = open("/tmp/events_file", O_RDWR | O_CREAT, 0600);
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, file, &v));
    SHOW(epoll_wait(e, out, 8, 0));
    write(p[1], "ab", 2);
    int n;
    SHOW(n = epoll_wait(e, out, 8, 0));
    show_events(out, n);
    SHOW(n = epoll_wait(e, out, 8, 0));
    char c;
    read(p[0], &c, 1);
    SHOW(epoll_wait(e, out, 8, 0));
    read(p[0], &c, 1);
    SHOW(epoll_wait(e, out, 8, 0));
    v.events = EPOLLIN | EPOLLET;
    SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
    write(p[1], "a", 1);
    SHOW(epoll_wait(e, out, 8, 0));
    SHOW(epoll_wait(e, out, 8, 0));
    write(p[1], "b", 1);
    SHOW(epoll_wait(e, out, 8, 0));
    SHOW(epoll_wait(e, out, 8, 0));
    v.events = EPOLLIN | EPOLLONESHOT;
    SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
    SHOW(epoll_wait(e, out, 8, 0));
    write(p[1], "b", 1);
    SHOW(epoll_wait(e, out, 8, 0));
    SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
    SHOW(epoll_wait(e, out, 8, 0));
    // nesting
    int outer = epoll_create1(0);
    v.events = EPOLLIN, v.data.u64 = 2;
    SHOW(epoll_ctl(outer, EPOLL_CTL_ADD, e, &v));
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, outer, &v));
    SHOW(epoll_wait(outer, out, 8, 0));
    v.data.u64 = 3;
    SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
    SHOW(n = epoll_wait(outer, out, 8, 0));
    show_events(out, n);
    struct pollfd f = {outer, POLLIN, 0};
    SHOW(poll(&f, 1, 0));
    // a closed file leaves the set; a duplicate keeps it there
    int copy = dup(p[0]);
    close(p[0]);
    SHOW(epoll_wait(e, out, 8, 0));
    close(copy);
    SHOW(epoll_wait(e, out, 8, 0));
    SHOW(epoll_wait(outer, out, 8, 0));
    // many
    int s[40][2];
    for (int i = 0; i < 40; ++i) {
        pipe(s[i]);
        v.data.u64 = i;
        epoll_ctl(e, EPOLL_CTL_ADD, s[i][0], &v);
        write(s[i][1], "x", 1);
    }
    int seen[40] = {0}, total = 0;
    for (int i = 0; i < 10; ++i) {
        n = epoll_wait(e, out, 8, 0);
        for (int j = 0; j < n; ++j) seen[out[j].data.u64]++, total++;
    }
    int all = 1;
    for (int i = 0; i < 40; ++i) all &= seen[i] == 2;
    printf("fair %d total %d\n", all, total);
    for (int i = 0; i < 40; ++i) close(s[i][0]), close(s[i][1]);
    SHOW(epoll_wait(e, out, 8, 10));
    close(p[1]), close(e), close(outer), close(file);
    unlink("/tmp/events_file");
}

// Threads that wait at sets of their own for the same pipe, each wanting to be the only one woken: one event wakes one.
static _Atomic int woken;
static int common[2];
static void *wait_alone(void *unused) {
    (void)unused;
    int e = epoll_create1(0);
    struct epoll_event v = {.events = EPOLLIN | EPOLLET | EPOLLEXCLUSIVE};
    epoll_ctl(e, EPOLL_CTL_ADD, common[0], &v);
    if (epoll_wait(e, &v, 1, 5000) == 1) ++woken;
    close(e);
    return 0;
}
static void exclusive(void) {
    pthread_t threads[6];
    (void)!pipe(common);
    for (int i = 0; i < 6; i++) pthread_create(&threads[i], 0, wait_alone, 0);
    usleep(300000);
    for (int i = 0; i < 6; i++) {
        (void)!write(common[1], "x", 1);
        while (woken <= i) usleep(1000);
        usleep(20000);
        printf("%d ", woken);
    }
    puts("woken");
    for (int i = 0; i < 6; i++) pthread_join(threads[i], 0);
    close(common[0]), close(common[1]);
}

static void *waker(void *fd) {
    usleep(20000);
    uint64_t one = 5;
    write(*(int *)fd, &one, 8);
    return 0;
}
static void counters(void) {
    int e = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
    uint64_t v = 0;
    SHOW(read(e, &v, 8));
    printf("%d\n", (int)v);
    SHOW(read(e, &v, 4));
    read(e, &v, 8), read(e, &v, 8);
    SHOW(read(e, &v, 8));
    v = ~0ull;
    SHOW(write(e, &v, 8));
    v = ~0ull - 1;
    SHOW(write(e, &v, 8));
    v = 1;
    SHOW(write(e, &v, 8));
    close(e);
    e = eventfd(0, 0);
    pthread_t t;
    pthread_create(&t, 0, waker, &e);
    struct pollfd f = {e, POLLIN, 0};
    SHOW(poll(&f, 1, 5000));
    SHOW(read(e, &v, 8));
    printf("%d\n", (int)v);
    pthread_join(t, 0);
    pthread_create(&t, 0, waker, &e);
    SHOW(read(e, &v, 8));
    pthread_join(t, 0);
    close(e);
}
static void timers(void) {
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    uint64_t n;
    SHOW(read(t, &n, 8));
    struct itimerspec s = {{0, 5000000}, {0, 1000000}}, old;
    SHOW(timerfd_settime(t, 0, &s, 0));
    struct pollfd f = {t, POLLIN, 0};
    SHOW(poll(&f, 1, 1000));
    usleep(30000);
    SHOW(read(t, &n, 8));
    printf("several %d\n", n >= 5);
    SHOW(timerfd_gettime(t, &old));
    printf("%d %d\n", (int)old.it_interval.tv_nsec, old.it_value.tv_nsec > 0);
    memset(&s, 0, sizeof s);
    SHOW(timerfd_settime(t, 0, &s, &old));
    SHOW(read(t, &n, 8));
    s.it_value.tv_nsec = 1;
    SHOW(timerfd_settime(t, TFD_TIMER_ABSTIME, &s, 0));
    fcntl(t, F_SETFL, 0);
    SHOW(read(t, &n, 8));
    SHOW(timerfd_settime(1, 0, &s, 0));
    SHOW(timerfd_create(99, 0));
    close(t);
}
static void on_signal(int n) { (void)n; write(1, "handler\n", 8); }
static void signals(void) {
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    int s = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo i;
    SHOW(read(s, &i, sizeof i));
    int e = epoll_create1(0);
    struct epoll_event v = {EPOLLIN, {.u64 = 1}};
    epoll_ctl(e, EPOLL_CTL_ADD, s, &v);
    SHOW(epoll_wait(e, &v, 1, 0));
    kill(getpid(), SIGUSR1);
    SHOW(epoll_wait(e, &v, 1, 1000));
    SHOW(read(s, &i, sizeof i));
    printf("signal %d from self %d\n", i.ssi_signo, i.ssi_pid == (unsigned)getpid());
    SHOW(epoll_wait(e, &v, 1, 0));
    close(s), close(e);
    // ppoll lets a signal through
    signal(SIGUSR1, on_signal);
    kill(getpid(), SIGUSR1);
    sigset_t none;
    sigemptyset(&none);
    struct timespec ts = {2, 0};
    fflush(stdout);
    SHOW(ppoll(0, 0, &ts, &none));
    fflush(stdout);
    kill(getpid(), SIGUSR1);
    SHOW(pselect(0, 0, 0, 0, &ts, &none));
    sigprocmask(SIG_SETMASK, &none, 0);
}
static void memory(void) {
    int m = memfd_create("thing", MFD_CLOEXEC);
    SHOW(write(m, "hello", 5));
    SHOW(ftruncate(m, 8192));
    char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    printf("%.5s\n", p);
    p[4096] = 'x';
    char c = 0;
    SHOW(pread(m, &c, 1, 4096));
    printf("%c\n", c);
    char path[64], target[64];
    snprintf(path, 64, "/proc/self/fd/%d", m);
    int n = readlink(path, target, 63);
    if (n > 0) target[n] = 0, printf("%s\n", target);
    close(m);
}
static void processes(void) {
    pid_t child = fork();
    if (child == 0) { pause(); _exit(0); }
    int p = syscall(SYS_pidfd_open, child, 0);
    struct pollfd f = {p, POLLIN, 0};
    SHOW(poll(&f, 1, 10));
    SHOW(syscall(SYS_pidfd_send_signal, p, SIGKILL, 0, 0));
    SHOW(poll(&f, 1, 5000));
    siginfo_t i;
    SHOW(waitid(P_PIDFD, p, &i, WEXITED));
    printf("status %d code %d\n", i.si_status, i.si_code);
    SHOW(syscall(SYS_pidfd_send_signal, p, SIGKILL, 0, 0));
    SHOW(syscall(SYS_pidfd_open, -1, 0));
    close(p);
    // a process's directory stands for it, too
    child = fork();
    if (child == 0) { pause(); _exit(0); }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", child);
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    int other = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
    SHOW(syscall(SYS_pidfd_send_signal, other, SIGKILL, 0, 0));
    SHOW(syscall(SYS_pidfd_send_signal, directory, SIGTERM, 0, 0));
    int status = 0;
    SHOW(waitpid(child, &status, 0) == child);
    printf("status %d\n", status);
    close(directory);
    close(other);
    // children that nobody wants to hear of: the wait ends with the last
    signal(SIGCHLD, SIG_IGN);
    for (int n = 1; n <= 2; n++)
        if (fork() == 0) { usleep(n * 20000); _exit(n); }
    SHOW(wait(0));
    signal(SIGCHLD, SIG_DFL);
}
static void many(void) {
    struct rlimit most = {8192, 8192};
    setrlimit(RLIMIT_NOFILE, &most);
    static struct pollfd all[5000];
    int p[2];
    (void)!pipe(p);
    for (int n = 0; n < 5000; n++) all[n].fd = n == 4999 ? 4000 : p[n % 2], all[n].events = POLLIN;
    SHOW(poll(all, 4999, 10));
    SHOW(poll(all, 5000, 10));
    (void)!write(p[1], "x", 1);
    SHOW(poll(all, 4999, -1));
    printf("%d %d %d\n", all[0].revents, all[1024].revents, all[4998].revents);
    close(p[0]), close(p[1]);
    SHOW(syscall(SYS_sched_getaffinity, -1, 8, all));
    SHOW(syscall(SYS_sched_setaffinity, -1, 8, all));
}
int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    pipes();
    epolls();
    exclusive();
    counters();
    timers();
    signals();
    memory();
    many();
    processes();
    return 0;
}
