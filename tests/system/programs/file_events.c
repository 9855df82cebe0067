// Signals that tell of files: F_SETOWN, F_SETSIG, O_ASYNC, SIGIO and SIGURG. Prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static sigset_t watched;
static int expected_fd;

/// Takes a signal that waits and shows it; those that are only numbered differ in how often they are sent.
static void show_one(const char *when) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    struct timespec soon = {2, 0};
    int number = sigtimedwait(&watched, &info, &soon);
    if (number < 0) { printf("%s: none\n", when); return; }
    if (info.si_code == SI_KERNEL || info.si_code == SI_USER) printf("%s: signal %d code %d\n", when, number, info.si_code);
    else printf("%s: signal %d code %d band %lx fd %s\n", when, number, info.si_code, info.si_band, info.si_fd == expected_fd ? "right" : "wrong");
}
static void drop_all(void) {
    struct timespec none = {0, 0};
    while (sigtimedwait(&watched, 0, &none) > 0) {}
}
static void show_none(const char *when) {
    struct timespec none = {0, 0};
    printf("%s: %d\n", when, sigtimedwait(&watched, 0, &none));
}

static void owners(void) {
    int p[2];
    pipe(p);
    struct f_owner_ex ex = {7, 7};
    SHOW(fcntl(p[0], F_GETOWN));
    SHOW(fcntl(p[0], F_GETSIG));
    SHOW(fcntl(p[0], F_GETOWN_EX, &ex));
    printf("type %d pid %d\n", ex.type, ex.pid);
    SHOW(fcntl(p[0], F_SETOWN, getpid()));
    printf("own %d\n", fcntl(p[0], F_GETOWN) == getpid());
    SHOW(fcntl(p[0], F_SETOWN, -getpgrp()));
    SHOW(fcntl(p[0], F_GETOWN_EX, &ex));
    printf("type %d group %d\n", ex.type, ex.pid == getpgrp());
    SHOW(fcntl(p[0], F_SETOWN, 999999));
    SHOW(fcntl(p[0], F_SETOWN, -999999));
    SHOW(fcntl(p[0], F_SETOWN, INT_MIN));
    ex.type = 9;
    SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
    ex.type = F_OWNER_TID, ex.pid = gettid();
    SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
    printf("own %d\n", fcntl(p[0], F_GETOWN) == gettid());
    SHOW(fcntl(p[0], F_SETOWN_EX, 8));
    SHOW(fcntl(p[0], F_GETOWN_EX, 8));
    SHOW(fcntl(p[0], F_SETSIG, 65));
    SHOW(fcntl(p[0], F_SETSIG, SIGRTMIN + 1));
    printf("signal %d\n", fcntl(p[0], F_GETSIG) == SIGRTMIN + 1);
    // The owner is the description's, not the descriptor's.
    int copy = dup(p[0]);
    printf("copy %d other end %d\n", fcntl(copy, F_GETOWN) == gettid(), fcntl(p[1], F_GETOWN));
    pid_t child = fork();
    if (child == 0) _exit(0);
    SHOW(fcntl(p[0], F_SETOWN, child) );
    waitpid(child, 0, 0);
    SHOW(fcntl(p[0], F_GETOWN));
    SHOW(fcntl(p[0], F_SETOWN, 0));
    int s = socket(AF_INET, SOCK_STREAM, 0), pid = getpid(), told = 0;
    SHOW(ioctl(s, FIOSETOWN, &pid));
    SHOW(ioctl(s, SIOCGPGRP, &told));
    printf("told %d\n", told == getpid());
    int on = 1, e = eventfd(0, 0);
    SHOW(ioctl(e, FIOASYNC, &on));
    SHOW(fcntl(e, F_SETFL, O_ASYNC));
    SHOW(ioctl(p[0], FIOASYNC, &on));
    SHOW(fcntl(p[0], F_GETFL) & O_ASYNC ? 1 : 0);
    on = 0;
    SHOW(ioctl(p[0], FIOASYNC, &on));
    SHOW(fcntl(p[0], F_GETFL) & O_ASYNC ? 1 : 0);
    close(p[0]), close(p[1]), close(copy), close(s), close(e);
}

static void pipes(void) {
    int p[2];
    char b[8];
    pipe(p);
    write(p[1], "a", 1);
    show_none("without O_ASYNC");
    fcntl(p[0], F_SETOWN, getpid());
    fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    write(p[1], "b", 1);
    show_one("plain");
    fcntl(p[0], F_SETSIG, SIGIO);
    expected_fd = p[0];
    write(p[1], "c", 1);
    show_one("SIGIO with its file");
    fcntl(p[0], F_SETSIG, SIGRTMIN + 1);
    write(p[1], "d", 1);
    write(p[1], "e", 1);
    show_one("real time");
    show_one("real time");
    show_none("no more");
    fcntl(p[0], F_SETSIG, SIGUSR1);
    write(p[1], "f", 1);
    show_one("one without codes");
    fcntl(p[0], F_SETSIG, SIGSEGV);
    write(p[1], "g", 1);
    show_one("one with other codes");
    fcntl(p[0], F_SETSIG, SIGIO);
    fcntl(p[1], F_SETOWN, getpid());
    fcntl(p[1], F_SETSIG, SIGRTMIN + 2);
    fcntl(p[1], F_SETFL, O_ASYNC | O_NONBLOCK);
    drop_all();
    expected_fd = p[1];
    read(p[0], b, 8);
    show_one("room");
    expected_fd = p[0];
    close(p[1]);
    show_one("the end");
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    close(p[0]);
    show_none("closed");
}

static void limits(void) {
    int p[2];
    pipe(p);
    fcntl(p[0], F_SETOWN, getpid());
    fcntl(p[0], F_SETSIG, SIGRTMIN + 1);
    fcntl(p[0], F_SETFL, O_ASYNC);
    expected_fd = p[0];
    struct rlimit before, few = {0, 0};
    getrlimit(RLIMIT_SIGPENDING, &before);
    few.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_SIGPENDING, &few);
    union sigval v = {0};
    SHOW(sigqueue(getpid(), SIGRTMIN + 1, v));
    write(p[1], "a", 1);
    show_one("too many wait");
    setrlimit(RLIMIT_SIGPENDING, &before);
    SHOW(sigqueue(getpid(), SIGRTMIN + 1, v));
    drop_all();
    close(p[0]), close(p[1]);
}

static void signal_files(void) {
    int p[2], f = signalfd(-1, &watched, SFD_NONBLOCK);
    pipe(p);
    fcntl(p[0], F_SETOWN, getpid());
    fcntl(p[0], F_SETSIG, SIGRTMIN + 1);
    fcntl(p[0], F_SETFL, O_ASYNC);
    write(p[1], "a", 1);
    struct signalfd_siginfo s;
    SHOW(read(f, &s, sizeof s));
    printf("signal %d code %d band %x fd %d pid %u\n", (int)s.ssi_signo, s.ssi_code, s.ssi_band, s.ssi_fd == p[0], s.ssi_pid);
    close(p[0]), close(p[1]), close(f);
}

static void unix_sockets(void) {
    int s[2];
    char b[8];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    fcntl(s[0], F_SETOWN, getpid());
    fcntl(s[0], F_SETSIG, SIGRTMIN + 1);
    fcntl(s[0], F_SETFL, O_ASYNC);
    expected_fd = s[0];
    write(s[1], "a", 1);
    show_one("unix");
    read(s[0], b, 8);
    drop_all();
    close(s[1]);
    close(s[0]);
    drop_all();
}

static void internet(void) {
    int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    bind(l, (void *)&a, n), listen(l, 1), getsockname(l, (void *)&a, &n);
    fcntl(l, F_SETOWN, getpid());
    fcntl(l, F_SETSIG, SIGRTMIN + 1);
    fcntl(l, F_SETFL, O_ASYNC);
    expected_fd = l;
    SHOW(connect(c, (void *)&a, n));
    show_one("a connection");
    int s = accept(l, 0, 0);
    printf("inherited owner %d signal %d\n", fcntl(s, F_GETOWN), fcntl(s, F_GETSIG));
    drop_all();
    SHOW(send(c, "x", 1, MSG_OOB));
    struct pollfd p = {s, POLLPRI, 0};
    poll(&p, 1, 2000);
    show_none("urgent without owner");
    char b[8];
    SHOW(recv(s, b, 1, MSG_OOB));
    fcntl(s, F_SETOWN, getpid());
    SHOW(send(c, "y", 1, MSG_OOB));
    show_one("urgent");
    show_none("only that");
    SHOW(recv(s, b, 1, MSG_OOB));
    fcntl(s, F_SETFL, O_ASYNC | O_NONBLOCK);
    fcntl(s, F_SETSIG, SIGRTMIN + 2);
    expected_fd = s;
    drop_all();
    SHOW(send(c, "z", 1, 0));
    show_one("data");
    drop_all();
    close(c);
    close(s);
    close(l);
    drop_all();
}

static void datagrams(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    bind(s, (void *)&a, n), getsockname(s, (void *)&a, &n);
    int pid = getpid(), on = 1;
    SHOW(ioctl(s, SIOCSPGRP, &pid));
    SHOW(ioctl(s, FIOASYNC, &on));
    SHOW(sendto(s, "x", 1, 0, (void *)&a, n));
    show_one("a datagram");
    close(s);
}

static void *other(void *argument) {
    int *p = argument;
    struct f_owner_ex ex = {F_OWNER_TID, gettid()};
    fcntl(p[0], F_SETOWN_EX, &ex);
    fcntl(p[0], F_SETFL, O_ASYNC);
    write(p[1], "a", 1);
    show_one("in the thread");
    return 0;
}
static void threads(void) {
    int p[2];
    pipe(p);
    pthread_t t;
    pthread_create(&t, 0, other, p);
    pthread_join(t, 0);
    for (int owner; (owner = fcntl(p[0], F_GETOWN)) > 0 && syscall(SYS_tgkill, getpid(), owner, 0) == 0;) usleep(1000);  // joined, and still on its way out
    write(p[1], "b", 1);
    show_none("after the thread");
    SHOW(fcntl(p[0], F_GETOWN));
    close(p[0]), close(p[1]);
}

static void groups(void) {
    int p[2], ready[2], done[2];
    pipe(p), pipe(ready), pipe(done);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        sigset_t io;
        sigemptyset(&io), sigaddset(&io, SIGIO);
        write(ready[1], "r", 1);
        struct timespec soon = {5, 0};
        _exit(sigtimedwait(&io, 0, &soon) == SIGIO ? 3 : 4);
    }
    char b;
    read(ready[0], &b, 1);
    SHOW(fcntl(p[0], F_SETOWN, -child) );
    fcntl(p[0], F_SETFL, O_ASYNC);
    write(p[1], "a", 1);
    int status;
    waitpid(child, &status, 0);
    printf("child's status %d\n", WEXITSTATUS(status));
    show_none("not for us");
    // Somebody else's process: only root may tell it.
    child = fork();
    if (child == 0) {
        pid_t target = fork();
        if (target == 0) {
            sigset_t io;
            sigemptyset(&io), sigaddset(&io, SIGIO);
            write(ready[1], "r", 1);
            struct timespec soon = {0, 300000000};
            _exit(sigtimedwait(&io, 0, &soon) == SIGIO ? 5 : 6);
        }
        read(ready[0], &b, 1);
        setresuid(1234, 1234, 1234);
        fcntl(p[0], F_SETOWN, target);
        write(p[1], "a", 1);
        int inner;
        waitpid(target, &inner, 0);
        _exit(WEXITSTATUS(inner));
    }
    waitpid(child, &status, 0);
    printf("another user's %d\n", WEXITSTATUS(status));
}

static void terminals(void) {
    int m = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(m), unlockpt(m);
    int s = open(ptsname(m), O_RDWR | O_NOCTTY);
    fcntl(s, F_SETOWN, getpid());
    fcntl(s, F_SETSIG, SIGRTMIN + 1);
    fcntl(s, F_SETFL, O_ASYNC);
    expected_fd = s;
    write(m, "line\n", 5);
    show_one("typed");
    drop_all();
    close(s), close(m);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    sigemptyset(&watched);
    int numbers[] = {SIGIO, SIGURG, SIGUSR1, SIGSEGV, SIGRTMIN + 1, SIGRTMIN + 2};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; ++i) sigaddset(&watched, numbers[i]);
    sigprocmask(SIG_BLOCK, &watched, 0);
    // What is ignored by default is not even remembered.
    signal(SIGURG, SIG_DFL);
    owners();
    pipes();
    limits();
    signal_files();
    unix_sockets();
    internet();
    datagrams();
    threads();
    groups();
    terminals();
    puts("done");
}
