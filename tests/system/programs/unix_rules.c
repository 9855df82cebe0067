// Unix sockets' rules: who may send to whom, how much waits, and what those hear whose peer has gone. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s%s\n", #expression, result_, result_ < 0 ? strerror(errno) : "", told_of_pipe()); } while (0)

static volatile sig_atomic_t pipes;
static void on_pipe(int number) { (void)number, ++pipes; }
static const char *told_of_pipe(void) {
    int told = pipes;
    pipes = 0;
    return told ? " (SIGPIPE)" : "";
}
static char b[65536];
static int s[2];
static void show_poll(const char *what, int fd) {
    struct pollfd f = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    poll(&f, 1, 0);
    printf("  %s: poll%s%s%s%s%s\n", what, f.revents & POLLIN ? " in" : "", f.revents & POLLOUT ? " out" : "", f.revents & POLLHUP ? " hup" : "",
           f.revents & POLLRDHUP ? " rdhup" : "", f.revents & POLLERR ? " err" : "");
}
static void show_error(int fd) {
    int error = -1;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    printf("  SO_ERROR %s\n", error ? strerror(error) : "none");
}
static struct sockaddr_un named(const char *name, socklen_t *size) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path + 1, name);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    return at;
}
static int bind_to(int fd, const char *name) {
    socklen_t size;
    struct sockaddr_un at = named(name, &size);
    return bind(fd, (void *)&at, size);
}
static int connect_to(int fd, const char *name) {
    socklen_t size;
    struct sockaddr_un at = named(name, &size);
    return connect(fd, (void *)&at, size);
}
static int disconnect(int fd) {
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    return connect(fd, &nowhere, sizeof nowhere);
}
static int send_to(int fd, const char *name, const char *text) {
    socklen_t size;
    struct sockaddr_un at = named(name, &size);
    return sendto(fd, text, strlen(text), MSG_DONTWAIT, (void *)&at, size);
}
static int has_peer(int fd) {
    struct sockaddr_un at;
    socklen_t size = sizeof at;
    return getpeername(fd, (void *)&at, &size);
}
static int count_sends(int fd, int size) {
    int count = 0;
    while (count < 2000 && send(fd, b, size, MSG_DONTWAIT) == size) ++count;
    return count;
}
static void show_peer(const char *what, int fd) {
    struct ucred who = {-2, -2, -2};
    socklen_t size = sizeof who;
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    printf("  %s: %d pid %s uid %d gid %d\n", what, result, who.pid == getpid() ? "own" : who.pid == 0 ? "none" : "another", (int)who.uid == (int)getuid() ? 1 : (int)who.uid,
           (int)who.gid == (int)getgid() ? 1 : (int)who.gid);
}

static void gone(const char *what, int type, int unread) {
    printf("-- %s, the peer goes%s\n", what, unread ? ", with bytes unread" : "");
    socketpair(AF_UNIX, type, 0, s);
    SHOW(send(s[1], "left", 4, 0));
    if (unread) SHOW(send(s[0], "unread", 6, 0));
    close(s[1]);
    show_poll("after", s[0]);
    SHOW(send(s[0], "x", 1, 0));
    SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
    SHOW(recv(s[0], b, 10, MSG_DONTWAIT));
    SHOW(recv(s[0], b, 10, MSG_DONTWAIT));
    SHOW(recv(s[0], b, 10, MSG_DONTWAIT));
    SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
    show_error(s[0]);
    SHOW(has_peer(s[0]));
    show_poll("at last", s[0]);
    close(s[0]);
}
static void half(const char *what, int type, int how, const char *name) {
    printf("-- %s, %s\n", what, name);
    socketpair(AF_UNIX, type, 0, s);
    SHOW(send(s[0], "before", 6, 0));
    SHOW(send(s[1], "before", 6, 0));
    SHOW(shutdown(s[0], how));
    show_poll("this side", s[0]);
    show_poll("the other", s[1]);
    SHOW(send(s[0], "x", 1, MSG_DONTWAIT));
    SHOW(send(s[1], "x", 1, MSG_DONTWAIT));
    for (int i = 0; i < 2; ++i) {
        SHOW(recv(s[0], b, 10, MSG_DONTWAIT));
        SHOW(recv(s[1], b, 10, MSG_DONTWAIT));
    }
    show_poll("this side", s[0]);
    show_poll("the other", s[1]);
    close(s[0]), close(s[1]);
}

static void datagrams(void) {
    puts("-- datagrams by name");
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(bind_to(a, "rules-a"));
    SHOW(bind_to(c, "rules-c"));
    SHOW(bind_to(d, "rules-d"));
    SHOW(bind_to(d, "rules-d"));
    SHOW(bind_to(d, "rules-e"));
    SHOW(connect_to(a, "rules-c"));
    SHOW(send_to(c, "rules-a", "from c"));
    SHOW(send_to(d, "rules-a", "from d"));
    SHOW(connect_to(d, "rules-a"));
    SHOW(send_to(d, "rules-c", "from d"));
    SHOW(send(a, "from a", 6, 0));
    int count = 0;
    while (count < 100 && send_to(d, "rules-c", "more") > 0) ++count;
    printf("%d more until %s\n", count, strerror(errno));
    SHOW(connect_to(d, "rules-c"));
    show_poll("connected to who is full", d);
    SHOW(recv(c, b, 10, 0));
    show_poll("connected to who has room", d);
    // Another peer: what was received from the former is dropped.
    SHOW(connect_to(a, "rules-d"));
    SHOW(recv(a, b, 10, MSG_DONTWAIT));
    SHOW(disconnect(a));
    SHOW(send(a, "x", 1, 0));
    SHOW(has_peer(a));
    SHOW(send_to(d, "rules-a", "from d"));
    SHOW(recv(a, b, 10, MSG_DONTWAIT));
    close(c);
    SHOW(send(d, "x", 1, 0));
    SHOW(send(d, "x", 1, 0));
    SHOW(has_peer(d));
    SHOW(connect_to(d, "rules-c"));
    SHOW(send_to(d, "rules-c", "x"));
    SHOW(connect_to(a, "rules-a"));
    SHOW(send(a, "self", 4, 0));
    SHOW(recv(a, b, 10, MSG_DONTWAIT));
    close(a), close(d);
}

static void amounts(void) {
    puts("-- how much waits");
    static const struct { const char *name; int type; } types[] = {{"stream", SOCK_STREAM}, {"datagrams", SOCK_DGRAM}, {"packets", SOCK_SEQPACKET}};
    for (int i = 0; i < 3; ++i) {
        socketpair(AF_UNIX, types[i].type, 0, s);
        int small = count_sends(s[0], 1);
        show_poll("full", s[0]);
        for (int n = 0; n < small; ++n) (void)!recv(s[1], b, 1, MSG_DONTWAIT);
        show_poll("empty", s[0]);
        int again = count_sends(s[0], 1);
        printf("%s: %s small ones, %s again\n", types[i].name, small > 200 && small < 400 ? "some hundred" : small < 100 ? "few" : "many", again == small ? "as many" : "another number");
        close(s[0]), close(s[1]);
    }
}

static void listeners(void) {
    puts("-- listeners");
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c[6], a;
    show_peer("unconnected", l);
    show_poll("unconnected", l);
    SHOW(listen(l, 1));
    SHOW(bind_to(l, "rules-l"));
    c[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect_to(c[0], "rules-l"));
    SHOW(connect_to(c[0], "rules-none"));
    SHOW(listen(l, 1));
    show_peer("listening", l);
    show_poll("listening", l);
    for (int i = 0; i < 4; ++i) {
        if (i) c[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        SHOW(connect_to(c[i], "rules-l"));
    }
    show_poll("with some waiting", l);
    SHOW(send(l, "x", 1, 0));
    SHOW(recv(l, b, 1, 0));
    SHOW(has_peer(l));
    SHOW(send(c[0], "early", 5, 0));
    a = accept(l, NULL, NULL);
    show_peer("accepted", a);
    show_peer("connected", c[0]);
    SHOW(recv(a, b, 10, 0));
    SHOW(connect_to(c[0], "rules-l"));
    SHOW(listen(a, 1));
    SHOW(shutdown(l, SHUT_RD));
    show_poll("shut down", l);
    show_poll("who waited", c[1]);
    SHOW(accept(l, NULL, NULL) >= 0);
    SHOW(connect_to(c[3], "rules-l"));
    close(l);
    show_poll("who waited", c[1]);
    SHOW(send(c[1], "x", 1, 0));
    SHOW(recv(c[1], b, 1, 0));
    SHOW(connect_to(c[3], "rules-l"));
    int p = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    SHOW(bind_to(p, "rules-p"));
    SHOW(listen(p, 5));
    SHOW(connect_to(c[3], "rules-p"));
    SHOW(send(p, "x", 1, 0));
    SHOW(recv(p, b, 1, MSG_DONTWAIT));
    close(p), close(a);
    for (int i = 0; i < 4; ++i) close(c[i]);
}

static int send_files(int fd, const int *files, int count) {
    char control[CMSG_SPACE(300 * sizeof(int))] = {0};
    struct iovec v = {"f", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), files, count * sizeof(int));
    return sendmsg(fd, &m, MSG_DONTWAIT);
}
static void receive_files(int fd, int room, int size, int flags) {
    char control[CMSG_SPACE(300 * sizeof(int))];
    struct iovec v = {b, size};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    long n = recvmsg(fd, &m, flags | MSG_DONTWAIT);
    printf("  recvmsg with room for %d: %ld %s flags %x control %d", room, n, n < 0 ? strerror(errno) : "", m.msg_flags, n < 0 ? 0 : (int)m.msg_controllen);
    for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)), number;
        printf(" type %d of %d", c->cmsg_type, (int)c->cmsg_len);
        for (int i = 0; c->cmsg_type == SCM_RIGHTS && i < count; ++i) memcpy(&number, CMSG_DATA(c) + i * sizeof(int), sizeof number), close(number);
    }
    puts("");
}
static void files(void) {
    puts("-- files");
    int many[300];
    for (int i = 0; i < 300; ++i) many[i] = 0;
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    SHOW(send_files(s[0], many, 3));
    SHOW(send(s[0], "plain", 5, 0));
    receive_files(s[1], CMSG_SPACE(300 * sizeof(int)), 100, MSG_PEEK);
    receive_files(s[1], CMSG_SPACE(300 * sizeof(int)), 100, 0);
    receive_files(s[1], CMSG_LEN(2 * sizeof(int)), 100, 0);
    receive_files(s[1], 100, 100, 0);
    SHOW(send_files(s[0], many, 2));
    receive_files(s[1], 0, 100, 0);
    SHOW(send_files(s[0], many, 2));
    receive_files(s[1], 8, 100, 0);
    SHOW(send_files(s[0], many, 2));
    receive_files(s[1], CMSG_LEN(0), 100, 0);
    many[1] = 999;
    SHOW(send_files(s[0], many, 2));
    many[1] = 0;
    close(s[0]), close(s[1]);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
    SHOW(send_files(s[0], many, 2));
    receive_files(s[1], CMSG_SPACE(300 * sizeof(int)), 0, MSG_PEEK);
    receive_files(s[1], CMSG_SPACE(300 * sizeof(int)), 0, 0);
    SHOW(send(s[0], "long", 4, 0));
    receive_files(s[1], 100, 2, MSG_TRUNC);
    SHOW(recv(s[1], b, 10, MSG_DONTWAIT));
    close(s[0]), close(s[1]);
}

static int set(int fd, int name, int value) { return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value); }
static int get(int fd, int name) {
    int value = -77;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -99 : value;
}
static void peek(int fd, int size, int flags) {
    ssize_t got = recv(fd, b, (size_t)size, MSG_PEEK | MSG_DONTWAIT | flags);
    printf("  peek %d: %zd '%.*s' %s, next at %d\n", size, got, got > 0 ? (int)got : 0, b, got < 0 ? strerror(errno) : "", get(fd, SO_PEEK_OFF));
}
static void take(int fd, int size) {
    ssize_t got = recv(fd, b, (size_t)size, MSG_DONTWAIT);
    printf("  take %d: %zd '%.*s' %s, next at %d\n", size, got, got > 0 ? (int)got : 0, b, got < 0 ? strerror(errno) : "", get(fd, SO_PEEK_OFF));
}
static void peeking(const char *what, int type) {
    printf("-- peeking at %s\n", what);
    socketpair(AF_UNIX, type, 0, s);
    SHOW(get(s[1], SO_PEEK_OFF));
    SHOW(send(s[0], "abcdef", 6, 0));
    SHOW(send(s[0], "ghi", 3, 0));
    SHOW(send(s[0], "jklmnop", 7, 0));
    peek(s[1], 4, 0);
    SHOW(set(s[1], SO_PEEK_OFF, 0));
    peek(s[1], 4, 0);
    peek(s[1], 4, 0);
    peek(s[1], 4, type == SOCK_STREAM ? 0 : MSG_TRUNC);
    peek(s[1], 30, 0);
    peek(s[1], 30, 0);
    take(s[1], 2);
    take(s[1], 2);
    peek(s[1], 30, 0);
    SHOW(set(s[1], SO_PEEK_OFF, 7));
    peek(s[1], 1, 0);
    take(s[1], 30);
    take(s[1], 30);
    SHOW(set(s[1], SO_PEEK_OFF, 1000));
    peek(s[1], 5, 0);
    SHOW(set(s[1], SO_PEEK_OFF, -5));
    SHOW(get(s[1], SO_PEEK_OFF));
    take(s[1], 30);
    if (type == SOCK_DGRAM) {
        SHOW(set(s[1], SO_PEEK_OFF, 0));
        SHOW(send(s[0], "", 0, 0));
        SHOW(send(s[0], "after", 5, 0));
        for (int i = 0; i < 3; ++i) peek(s[1], 10, 0);
        take(s[1], 10);
        take(s[1], 10);
    }
    // A peek waits for what comes after what it has seen.
    SHOW(set(s[1], SO_PEEK_OFF, 0));
    SHOW(send(s[0], "seen", 4, 0));
    peek(s[1], 10, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(send(s[0], "later", 5, 0) == 5 ? 0 : 1);
    }
    SHOW(recv(s[1], b, 10, MSG_PEEK));
    waitpid(child, NULL, 0);
    close(s[0]);
    peek(s[1], 10, 0);
    take(s[1], 10);
    close(s[1]);
}

static void show_sender(const char *what, int fd, int size) {
    char control[200];
    struct iovec v = {b, (size_t)size};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT);
    printf("  %s: %zd", what, got);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); got >= 0 && c; c = CMSG_NXTHDR(&m, c)) {
        struct ucred who;
        if (c->cmsg_type != SCM_CREDENTIALS) continue;
        memcpy(&who, CMSG_DATA(c), sizeof who);
        printf(", pid %s uid %d gid %d", who.pid == getpid() ? "own" : who.pid == 0 ? "none" : "another", who.uid == getuid() ? 1 : (int)who.uid, who.gid == getgid() ? 1 : (int)who.gid);
    }
    puts("");
}
static int send_named(int fd) {
    char control[CMSG_SPACE(sizeof(struct ucred))] = {0};
    struct iovec v = {"named", 5};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    struct ucred own = {getpid(), getuid(), getgid()};
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_CREDENTIALS, c->cmsg_len = CMSG_LEN(sizeof own);
    memcpy(CMSG_DATA(c), &own, sizeof own);
    return (int)sendmsg(fd, &m, 0);
}
static void senders(const char *what, int type) {
    printf("-- who sent: %s\n", what);
    socketpair(AF_UNIX, type, 0, s);
    SHOW(send(s[0], "early", 5, 0));
    SHOW(send_named(s[0]));
    SHOW(set(s[1], SO_PASSCRED, 1));
    SHOW(send(s[0], "later", 5, 0));
    show_sender("before it was asked for", s[1], type == SOCK_STREAM ? 100 : 10);
    show_sender("before, and told", s[1], type == SOCK_STREAM ? 5 : 10);
    show_sender("after", s[1], 10);
    SHOW(set(s[1], SO_PASSCRED, 0));
    SHOW(set(s[0], SO_PASSCRED, 1));
    SHOW(send(s[0], "from", 4, 0));
    SHOW(set(s[0], SO_PASSCRED, 0));
    SHOW(send(s[0], "then", 4, 0));
    SHOW(set(s[1], SO_PASSCRED, 1));
    show_sender("the sender asked", s[1], 100);
    show_sender("nobody asked", s[1], 100);
    close(s[0]), close(s[1]);
}
static void early_sender(void) {
    puts("-- who sent before it was accepted");
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), a;
    SHOW(bind_to(l, "rules-early"));
    SHOW(listen(l, 1));
    SHOW(connect_to(c, "rules-early"));
    SHOW(send(c, "early", 5, 0));
    a = accept(l, NULL, NULL);
    SHOW(send(c, "late", 4, 0));
    SHOW(set(a, SO_PASSCRED, 1));
    show_sender("before", a, 100);
    show_sender("after", a, 100);
    close(a), close(c), close(l);
}

static void show_name(const char *what, int fd) {
    struct sockaddr_un at;
    socklen_t size = sizeof at;
    memset(&at, 0, sizeof at);
    getsockname(fd, (void *)&at, &size);
    int digits = 0;
    while (digits < 90 && at.sun_path[1 + digits] && strchr("0123456789abcdef", at.sun_path[1 + digits])) ++digits;
    printf("  %s: %d bytes, %d digits\n", what, (int)size, size > 2 && !at.sun_path[0] ? digits : 0);
}
static void automatic_names(void) {
    puts("-- names that nobody gave");
    int l = socket(AF_UNIX, SOCK_STREAM, 0), to = socket(AF_UNIX, SOCK_DGRAM, 0), c;
    SHOW(bind_to(l, "rules-auto"));
    SHOW(listen(l, 5));
    SHOW(bind_to(to, "rules-auto-to"));
    for (int asks = 0; asks < 2; ++asks) {
        c = socket(AF_UNIX, SOCK_STREAM, 0);
        SHOW(set(c, SO_PASSCRED, asks));
        SHOW(connect_to(c, "rules-auto"));
        show_name("connected", c);
        close(c);
        c = socket(AF_UNIX, SOCK_DGRAM, 0);
        SHOW(set(c, SO_PASSCRED, asks));
        SHOW(connect_to(c, "rules-auto-to"));
        show_name("connected for datagrams", c);
        close(c);
        c = socket(AF_UNIX, SOCK_DGRAM, 0);
        SHOW(set(c, SO_PASSCRED, asks));
        show_name("before a datagram", c);
        SHOW(send_to(c, "rules-auto-to", "x"));
        show_name("after a datagram", c);
        close(c);
        for (int i = 0; i < 3; ++i) {
            static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
            socketpair(AF_UNIX, types[i], 0, s);
            SHOW(set(s[0], SO_PASSCRED, asks));
            SHOW(send(s[0], "x", 1, 0));
            show_name("one of a pair", s[0]);
            close(s[0]), close(s[1]);
        }
    }
    close(l), close(to);
}

static int queued(int fd) {
    int size = -1;
    return ioctl(fd, TIOCOUTQ, &size) ? -1 : size;
}
static void out_queues(const char *what, int type) {
    printf("-- what is on its way: %s\n", what);
    socketpair(AF_UNIX, type, 0, s);
    SHOW(queued(s[0]));
    SHOW(send(s[0], "x", 1, 0));
    int one = queued(s[0]);
    SHOW(send(s[0], "y", 1, 0));
    printf("more than the bytes: %d, twice as much for two: %d\n", one > 100, queued(s[0]) == 2 * one);
    SHOW(queued(s[1]));
    SHOW(recv(s[1], b, 1, 0));
    printf("half: %d\n", queued(s[0]) == one);
    SHOW(recv(s[1], b, 1, 0));
    SHOW(queued(s[0]));
    close(s[0]), close(s[1]);
}

static void many_in_flight(void) {
    puts("-- files on their way");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && (setgid(65533) || setuid(65533))) _exit(1);
        struct rlimit few = {30, 30};
        setrlimit(RLIMIT_NOFILE, &few);
        int three[3] = {0, 0, 0}, count = 0;
        socketpair(AF_UNIX, SOCK_STREAM, 0, s);
        while (count < 100 && send_files(s[0], three, 3) == 1) ++count;
        printf("%d until %s\n", count, strerror(errno));
        SHOW(send(s[0], "plain", 5, 0));
        receive_files(s[1], CMSG_SPACE(3 * sizeof(int)), 1, 0);
        SHOW(send_files(s[0], three, 3));
        SHOW(send_files(s[0], three, 1));
        close(s[1]);
        int again[2];
        socketpair(AF_UNIX, SOCK_DGRAM, 0, again);
        SHOW(send_files(again[0], three, 1));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, on_pipe);
    for (int unread = 0; unread < 2; ++unread) {
        gone("stream", SOCK_STREAM, unread);
        gone("packets", SOCK_SEQPACKET, unread);
        gone("datagrams", SOCK_DGRAM, unread);
    }
    static const struct { int how; const char *name; } hows[] = {{SHUT_RD, "reads no more"}, {SHUT_WR, "writes no more"}, {SHUT_RDWR, "does neither any more"}};
    for (int i = 0; i < 3; ++i) {
        half("stream", SOCK_STREAM, hows[i].how, hows[i].name);
        half("packets", SOCK_SEQPACKET, hows[i].how, hows[i].name);
        half("datagrams", SOCK_DGRAM, hows[i].how, hows[i].name);
    }
    datagrams();
    amounts();
    listeners();
    files();
    peeking("a stream", SOCK_STREAM);
    peeking("datagrams", SOCK_DGRAM);
    peeking("packets", SOCK_SEQPACKET);
    senders("stream", SOCK_STREAM);
    senders("datagrams", SOCK_DGRAM);
    senders("packets", SOCK_SEQPACKET);
    early_sender();
    automatic_names();
    out_queues("stream", SOCK_STREAM);
    out_queues("datagrams", SOCK_DGRAM);
    out_queues("packets", SOCK_SEQPACKET);
    many_in_flight();
    return 0;
}
