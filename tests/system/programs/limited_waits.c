// What a signal does to calls that wait at a socket: made again without a time-out, failed with one, whatever the handler asks for [signal(7)]. Prints it,
// the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum Call { call_recv, call_recvmsg, call_read, call_readv, call_all, call_accept, call_send, call_write, call_connect };
static char b[1 << 16];
static socklen_t size;
static struct sockaddr_un full_name;

static void on_tick(int number) { (void)number; }
static void tick(int on) {
    struct itimerval often = {{0, on ? 20000 : 0}, {0, on ? 20000 : 0}};
    setitimer(ITIMER_REAL, &often, NULL);
}
static void rest(long milliseconds) {
    struct timespec span = {0, milliseconds * 1000000};
    while (nanosleep(&span, &span) != 0) {}
}
static void limit(int fd, int seconds) {
    struct timeval span = {seconds, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof span);
}
static long make(enum Call call, int fd) {
    struct iovec part = {b, 10};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    switch (call) {
    case call_recv: return recv(fd, b, 10, 0);
    case call_recvmsg: return recvmsg(fd, &message, 0);
    case call_read: return read(fd, b, 10);
    case call_readv: return readv(fd, &part, 1);
    case call_all: return recv(fd, b, 10, MSG_WAITALL);
    case call_accept: return accept(fd, NULL, NULL) < 0 ? -1 : 0;
    case call_send: return send(fd, b, 100, 0);
    case call_write: return write(fd, b, 100);
    case call_connect: return connect(fd, (void *)&full_name, size);
    }
    return -2;
}
static const char *answer(long result) {
    static char text[80];
    sprintf(text, "%ld%s%s", result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
    return text;
}
/// With ticks all the while; `other` writes three bytes to the socket at last when there is no time-out.
static void show(const char *what, enum Call call, int fd, int other) {
    limit(fd, 20);
    tick(1);
    long result = make(call, fd);
    tick(0);
    printf("%s, limited: %s\n", what, answer(result));
    if (other < 0) return;
    limit(fd, 0);
    pid_t child = fork();
    if (child == 0) {
        rest(150);
        _exit(write(other, "abc", 3) != 3);
    }
    tick(1);
    result = make(call, fd);
    tick(0);
    printf("%s, without a limit: %s\n", what, answer(result));
    waitpid(child, NULL, 0);
}
/// The same in a child that is stopped and continued, without handlers.
static void show_stops(const char *what, enum Call call, int fd, int seconds, int other) {
    fflush(stdout);
    limit(fd, seconds);
    pid_t child = fork();
    if (child == 0) {
        long result = make(call, fd);
        printf("%s, stopped: %s\n", what, answer(result));
        fflush(stdout);
        _exit(0);
    }
    for (int round = 0;; ++round) {
        rest(20);
        if (waitpid(child, NULL, WNOHANG) == child) return;
        kill(child, SIGSTOP);
        rest(5);
        kill(child, SIGCONT);
        if (seconds == 0 && round == 5) (void)!write(other, "abc", 3);
    }
}
static int fill(int fd) {
    int any = 0;
    while (send(fd, b, sizeof b, MSG_DONTWAIT) > 0) any = 1;
    while (send(fd, b, 1, MSG_DONTWAIT) > 0) any = 1;
    return any;
}

int main(void) {
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    int s[2], d[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, d);
    show("unix stream recv", call_recv, s[0], s[1]);
    show("unix stream recvmsg", call_recvmsg, s[0], s[1]);
    show("unix stream read", call_read, s[0], s[1]);
    show("unix stream readv", call_readv, s[0], s[1]);
    show("unix datagram recv", call_recv, d[0], d[1]);
    show_stops("unix stream recv, limited", call_recv, s[0], 20, -1);
    show_stops("unix stream recv", call_recv, s[0], 0, s[1]);

    // What came before the signal is told; the wait after that one has no limit.
    (void)!write(s[1], "abc", 3);
    show("unix stream recv of all", call_all, s[0], -1);
    int p[2];
    (void)!pipe(p);
    if (fork() == 0) {
        rest(150);
        _exit(write(p[1], "abcd", 4) != 4);
    }
    tick(1);
    long result = read(p[0], b, 10);
    tick(0);
    wait(NULL);
    printf("pipe read: %s\n", answer(result));

    fill(s[0]);
    show("unix stream send", call_send, s[0], -1);
    show("unix stream write", call_write, s[0], -1);
    show_stops("unix stream send, limited", call_send, s[0], 20, -1);
    fill(d[0]);
    show("unix datagram send", call_send, d[0], -1);

    int listener = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
    full_name.sun_family = AF_UNIX;
    sprintf(full_name.sun_path + 1, "limited-waits-%d", getpid());
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(full_name.sun_path + 1));
    bind(listener, (void *)&full_name, size);
    listen(listener, 0);
    show("unix accept", call_accept, listener, -1);
    connect(first, (void *)&full_name, size);
    show("unix connect", call_connect, second, -1);

    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_size = sizeof at;
    int u = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    bind(u, (void *)&at, sizeof at);
    getsockname(u, (void *)&at, &at_size);
    connect(from, (void *)&at, sizeof at);
    show("UDP recv", call_recv, u, from);
    show("UDP read", call_read, u, from);

    int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_port = 0;
    bind(l, (void *)&at, sizeof at);
    listen(l, 1);
    getsockname(l, (void *)&at, &at_size);
    show("TCP accept", call_accept, l, -1);
    show_stops("TCP accept, limited", call_accept, l, 20, -1);
    connect(c, (void *)&at, sizeof at);
    limit(l, 0);
    int t = accept(l, NULL, NULL);
    show("TCP recv", call_recv, t, c);
    show("TCP read", call_read, t, c);
    show_stops("TCP recv, limited", call_recv, t, 20, -1);
    show_stops("TCP recv", call_recv, t, 0, c);
    (void)!write(c, "abc", 3);
    show("TCP recv of all", call_all, t, -1);
    // Full on both sides: what is on its way may still make room.
    while (fill(c)) rest(200);
    show("TCP send", call_send, c, -1);
    show("TCP write", call_write, c, -1);
    return 0;
}
