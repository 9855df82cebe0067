// What TCP and UDP sockets of one machine say to one another through its loopback: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static void settle(void) { usleep(60000); }
static void show_poll(const char *what, int fd) {
    struct pollfd f = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
    poll(&f, 1, 0);
    printf("  %s: poll %x\n", what, f.revents);
}
static struct sockaddr_in any_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return a;
}
static int make_listener(struct sockaddr_in *a) {
    int l = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t n = sizeof *a;
    *a = any_port();
    bind(l, (void *)a, sizeof *a), listen(l, 8), getsockname(l, (void *)a, &n);
    return l;
}
static void pair(int s[2]) {
    struct sockaddr_in a;
    int l = make_listener(&a);
    s[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(s[0], (void *)&a, sizeof a);
    s[1] = accept(l, 0, 0);
    close(l);
}
static int value_of(int fd, int level, int name, socklen_t size) {
    int value = 0;
    if (getsockopt(fd, level, name, &value, &size)) return -1;
    printf("%d bytes: ", (int)size);
    return value;
}
static int take_error(int fd) {
    int e = -1;
    socklen_t n = sizeof e;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n);
    return e;
}
static int mark(int fd) {
    int at = -1;
    ioctl(fd, SIOCATMARK, &at);
    return at;
}

static void urgent(int in_line) {
    int s[2];
    char b[32];
    pair(s);
    printf("urgent, inline %d\n", in_line);
    setsockopt(s[1], SOL_SOCKET, SO_OOBINLINE, &in_line, sizeof in_line);
    SHOW(send(s[0], "ab", 2, 0));
    SHOW(send(s[0], "X", 1, MSG_OOB));
    SHOW(send(s[0], "cd", 2, 0));
    settle();
    show_poll("sent", s[1]);
    SHOW(mark(s[1]));
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    SHOW(mark(s[1]));
    show_poll("at the mark", s[1]);
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    printf("%c\n", b[0]);
    SHOW(mark(s[1]));
    show_poll("behind it", s[1]);
    SHOW(recv(s[1], b, 1, MSG_OOB | MSG_DONTWAIT));
    close(s[0]), close(s[1]);
}
static void shut(void) {
    int s[2];
    char b[32];
    puts("reading is shut, and data comes");
    pair(s);
    send(s[0], "abc", 3, 0);
    settle();
    SHOW(shutdown(s[1], SHUT_RD));
    show_poll("shut", s[1]);
    send(s[0], "def", 3, 0);
    settle();
    show_poll("more came", s[1]);
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    SHOW(send(s[1], "back", 4, 0));
    settle();
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(shutdown(s[1], SHUT_RD));
    SHOW(shutdown(s[1], SHUT_WR));
    settle();
    show_poll("both shut", s[1]);
    show_poll("the other", s[0]);
    SHOW(send(s[0], "late", 4, MSG_NOSIGNAL));
    settle();
    show_poll("the other, late", s[0]);
    SHOW(take_error(s[0]));
    SHOW(send(s[0], "late", 4, MSG_NOSIGNAL));
    close(s[0]), close(s[1]);

    puts("writing is shut, and the other closes with data unread");
    pair(s);
    SHOW(shutdown(s[0], SHUT_WR));
    SHOW(shutdown(s[0], SHUT_WR));
    SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
    settle();
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    SHOW(send(s[1], "x", 1, MSG_NOSIGNAL));
    close(s[1]);
    settle();
    show_poll("closed", s[0]);
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(shutdown(s[0], SHUT_RDWR));
    close(s[0]);

    puts("unread data at close");
    pair(s);
    send(s[0], "x", 1, 0);
    settle();
    close(s[1]);
    settle();
    show_poll("reset", s[0]);
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
    SHOW(take_error(s[0]));
    SHOW(shutdown(s[0], SHUT_RDWR));
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    SHOW(getpeername(s[0], (void *)&a, &n));
    SHOW(getsockname(s[0], (void *)&a, &n));
    close(s[0]);

    puts("never connected");
    s[0] = socket(AF_INET, SOCK_STREAM, 0);
    show_poll("new", s[0]);
    SHOW(accept(s[0], 0, 0));
    SHOW(listen(s[0], 1));
    SHOW(listen(s[0], 2));
    show_poll("listening", s[0]);
    SHOW(recv(s[0], b, 32, MSG_DONTWAIT));
    SHOW(send(s[0], b, 1, MSG_NOSIGNAL | MSG_DONTWAIT));
    SHOW(connect(s[0], (void *)&a, sizeof a));
    SHOW(shutdown(s[0], SHUT_WR));
    show_poll("listening, shut for writing", s[0]);
    SHOW(shutdown(s[0], SHUT_RD));
    show_poll("listening, shut", s[0]);
    SHOW(accept(s[0], 0, 0));
    SHOW(listen(s[0], 1));
    show_poll("again", s[0]);
    close(s[0]);
}
static void *reader(void *fd) {
    char b[8];
    long n = recv(*(int *)fd, b, 8, 0);
    return (void *)(n < 0 ? -errno : n);
}
static void show_end(pthread_t reader) {
    void *got;
    pthread_join(reader, &got);
    printf("  the reader got %ld\n", (long)got);
}
static void unblocked(void) {
    puts("shutdown ends others' waiting");
    alarm(20);
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = any_port();
    socklen_t n = sizeof a;
    bind(u, (void *)&a, sizeof a), getsockname(u, (void *)&a, &n);
    pthread_t t;
    pthread_create(&t, 0, reader, &u);
    settle();
    SHOW(shutdown(u, SHUT_RD));
    show_end(t);
    show_poll("datagrams, shut", u);
    SHOW(shutdown(u, SHUT_RDWR));
    show_poll("datagrams, both shut", u);
    SHOW(sendto(u, "x", 1, MSG_NOSIGNAL, (void *)&a, sizeof a));
    close(u);
    int s[2];
    pair(s);
    pthread_create(&t, 0, reader, &s[0]);
    settle();
    SHOW(shutdown(s[0], SHUT_RD));
    show_end(t);
    close(s[0]), close(s[1]);
    puts("and an attempt to connect");
    n = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM, 0), waiting[4];
    a = any_port();
    bind(l, (void *)&a, sizeof a), listen(l, 0), getsockname(l, (void *)&a, &n);
    for (int i = 0; i < 4; ++i) {  // more than the listener holds
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(waiting[i], (void *)&a, sizeof a);
        settle();
    }
    SHOW(shutdown(waiting[3], SHUT_WR));
    SHOW(getpeername(waiting[3], (void *)&a, &n));
    for (int i = 0; i < 4; ++i) close(waiting[i]);
    close(l);
}
static void show_message(int fd, int flags, int room, int control_room) {
    char b[64] = {0}, control[256];
    struct iovec v = {b, room};
    struct sockaddr_storage from;
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = control_room, .msg_name = &from, .msg_namelen = sizeof from};
    errno = 0;
    int n = recvmsg(fd, &m, flags | MSG_DONTWAIT);
    printf("  recvmsg %d flags %x name %d control %d %s\n", n, n < 0 ? 0 : m.msg_flags, n < 0 ? 0 : (int)m.msg_namelen, n < 0 ? 0 : (int)m.msg_controllen, n < 0 ? strerror(errno) : "");
    if (n < 0) return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) printf("    control %d %d %d\n", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
}
static void on(int fd, int level, int name) { int one = 1; if (setsockopt(fd, level, name, &one, sizeof one)) printf("%d %d %s\n", level, name, strerror(errno)); }
static void messages(void) {
    puts("messages");
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = any_port();
    socklen_t n = sizeof a;
    bind(u, (void *)&a, sizeof a), getsockname(u, (void *)&a, &n);
    on(u, SOL_SOCKET, SO_TIMESTAMPNS), on(u, IPPROTO_IP, IP_PKTINFO), on(u, IPPROTO_IP, IP_RECVTTL), on(u, IPPROTO_IP, IP_RECVTOS), on(u, IPPROTO_IP, IP_RECVORIGDSTADDR);
    for (int i = 0; i < 8; ++i) sendto(u, "0123456789", 10, 0, (void *)&a, sizeof a);
    settle();
    show_message(u, MSG_PEEK, 4, 256);
    show_message(u, MSG_PEEK | MSG_TRUNC, 4, 256);
    show_message(u, MSG_TRUNC, 4, 256);
    show_message(u, 0, 4, 256);
    show_message(u, 0, 64, 0);
    show_message(u, 0, 64, 20);
    show_message(u, 0, 64, 40);
    show_message(u, MSG_OOB, 64, 256);
    show_message(u, MSG_ERRQUEUE, 64, 256);
    SHOW(recv(u, &n, 0, MSG_DONTWAIT));
    SHOW(recv(u, &n, 2, MSG_DONTWAIT | MSG_TRUNC));
    SHOW(sendto(u, "", 0, 0, (void *)&a, sizeof a));
    settle();
    SHOW(ioctl(u, FIONREAD, &n));
    show_poll("an empty one behind others", u);
    while (recv(u, &n, 4, MSG_DONTWAIT) > 0);
    SHOW(recv(u, &n, 4, MSG_DONTWAIT));
    SHOW(sendto(u, "x", 1, MSG_OOB, (void *)&a, sizeof a));
    a.sin_family = AF_UNSPEC;
    SHOW(sendto(u, "x", 1, 0, (void *)&a, sizeof a));
    a.sin_family = AF_INET;
    SHOW(sendto(u, "x", 1, 0, (void *)&a, 8));
    SHOW(sendto(u, "x", 1, 0, 0, 0));
    a.sin_port = 0;
    SHOW(sendto(u, "x", 1, 0, (void *)&a, sizeof a));
    static char big[70000];
    SHOW(send(u, big, 65508, 0));
    int u6 = socket(AF_INET6, SOCK_DGRAM, 0), v4 = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
    n = sizeof a6;
    bind(u6, (void *)&a6, sizeof a6), getsockname(u6, (void *)&a6, &n);
    on(u6, SOL_SOCKET, SO_TIMESTAMP), on(u6, IPPROTO_IPV6, IPV6_RECVPKTINFO), on(u6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT), on(u6, IPPROTO_IPV6, IPV6_RECVTCLASS);
    on(u6, IPPROTO_IPV6, 2), on(u6, IPPROTO_IPV6, 8);  // IPV6_2292PKTINFO, IPV6_2292HOPLIMIT
    a = any_port(), a.sin_port = a6.sin6_port;
    SHOW(sendto(v4, "v4", 2, 0, (void *)&a, sizeof a));
    a6.sin6_addr = in6addr_loopback;
    SHOW(sendto(u6, "v6", 2, 0, (void *)&a6, sizeof a6));
    SHOW(sendto(u6, "4!", 2, 0, (void *)&a, sizeof a));
    SHOW(sendto(u6, "v6", 2, 0, (void *)&a6, 24));
    SHOW(sendto(u6, "v6", 2, 0, (void *)&a6, 23));
    settle();
    for (int i = 0; i < 4; ++i) show_message(u6, 0, 64, 256);
    SHOW(setsockopt(u6, IPPROTO_IPV6, IPV6_V6ONLY, &n, 4));
    SHOW(connect(u6, (void *)&a, sizeof a));
    a.sin_addr.s_addr = 0;  // this machine
    SHOW(connect(u6, (void *)&a, sizeof a));
    n = sizeof a6;
    SHOW(getpeername(u6, (void *)&a6, &n));
    printf("%x %x\n", ((unsigned *)&a6.sin6_addr)[2], ((unsigned *)&a6.sin6_addr)[3]);
    a6.sin6_addr = in6addr_loopback;
    SHOW(connect(v4, (void *)&a6, sizeof a6));
    puts("values");
    SHOW(value_of(u, IPPROTO_IP, IP_TTL, 4));
    SHOW(value_of(u, IPPROTO_IP, IP_TTL, 2));
    SHOW(value_of(u, IPPROTO_IP, IP_TTL, 1));
    SHOW(value_of(u, IPPROTO_IP, IP_TTL, 0));
    SHOW(value_of(u, IPPROTO_IP, IP_PKTINFO, 1));
    SHOW(value_of(u, SOL_SOCKET, SO_TYPE, 2));
    SHOW(value_of(u, SOL_SOCKET, SO_TIMESTAMPNS, 4));
    on(u, SOL_SOCKET, SO_TIMESTAMP);
    SHOW(value_of(u, SOL_SOCKET, SO_TIMESTAMPNS, 4));
    SHOW(value_of(u, SOL_SOCKET, SO_TIMESTAMP, 4));
    n = 2;
    SHOW(setsockopt(u6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &n, sizeof n));
    int t = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(setsockopt(t, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &n, sizeof n));
    close(u), close(u6), close(v4), close(t);
}
static void edges(void) {
    puts("edges");
    int s[2], e = epoll_create1(0);
    char b[32];
    pair(s);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET};
    epoll_ctl(e, EPOLL_CTL_ADD, s[1], &ev);
#define EDGE(what) do { settle(); ev.events = 0; int n_ = epoll_wait(e, &ev, 1, 0); printf("  " what ": %d %x\n", n_, n_ > 0 ? ev.events : 0); } while (0)
    EDGE("new");
    EDGE("nothing");
    send(s[0], "abc", 3, 0);
    EDGE("data");
    EDGE("nothing");
    recv(s[1], b, 1, 0);
    EDGE("some was read");
    send(s[0], "abc", 3, 0);
    EDGE("more data");
    send(s[0], "!", 1, MSG_OOB);
    EDGE("urgent");
    shutdown(s[0], SHUT_WR);
    EDGE("end");
    EDGE("nothing");
    while (recv(s[1], b, 32, MSG_DONTWAIT) > 0);
    EDGE("all was read");
    shutdown(s[1], SHUT_WR);
    EDGE("both ended");
    close(s[0]), close(s[1]);
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = any_port();
    socklen_t n = sizeof a;
    bind(u, (void *)&a, sizeof a), getsockname(u, (void *)&a, &n);
    ev.events = EPOLLIN | EPOLLET;
    epoll_ctl(e, EPOLL_CTL_ADD, u, &ev);
    EDGE("datagrams: new");
    sendto(u, "abc", 3, 0, (void *)&a, sizeof a);
    EDGE("one");
    sendto(u, "abc", 3, 0, (void *)&a, sizeof a);
    EDGE("another");
    recv(u, b, 3, 0);
    EDGE("one was read");
    int l = make_listener(&a);
    ev.events = EPOLLIN | EPOLLET;
    epoll_ctl(e, EPOLL_CTL_ADD, l, &ev);
    EDGE("listener: new");
    int c1 = socket(AF_INET, SOCK_STREAM, 0), c2 = socket(AF_INET, SOCK_STREAM, 0);
    connect(c1, (void *)&a, sizeof a);
    EDGE("a connection");
    connect(c2, (void *)&a, sizeof a);
    EDGE("another");
    close(accept(l, 0, 0));
    EDGE("one was accepted");
    close(c1), close(c2), close(u), close(e);
}
static void merged(void) {
    puts("pieces leave no trace");
    int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0);
    static char big[40000], b[2000];
    struct sockaddr_in a = any_port();
    socklen_t n = sizeof a;
    bind(u, (void *)&a, sizeof a), getsockname(u, (void *)&a, &n);
    int segment = 1000, good = 0, got = 0;
    setsockopt(v, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
    for (int i = 0; i < 100; ++i) {
        sendto(v, big, sizeof big, 0, (void *)&a, sizeof a);
        for (int k = 0; k < 40; ++k) good += recv(u, b, sizeof b, 0) == 1000;
    }
    printf("%d\n", good);
    for (int i = 0; i < 20; ++i) sendto(v, "x", 1, 0, (void *)&a, sizeof a);
    settle();
    while (recv(u, b, sizeof b, MSG_DONTWAIT) > 0) ++got;
    printf("%d\n", got);
    close(u), close(v);
}
/// One connection more than it was asked for waits to be accepted: without any, one.
static void short_queues(void) {
    for (int backlog = 0; backlog < 2; backlog++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof here;
        int listener = socket(AF_INET, SOCK_STREAM, 0), clients[3];
        SHOW(bind(listener, (void *)&here, sizeof here));
        getsockname(listener, (void *)&here, &size);
        SHOW(listen(listener, backlog));
        for (int i = 0; i < 3; i++) {
            clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            struct pollfd one = {clients[i], POLLOUT, 0};
            connect(clients[i], (void *)&here, sizeof here);
            SHOW(poll(&one, 1, 100));
        }
        for (int i = 0; i < 3; i++) close(clients[i]);
        close(listener);
    }
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    urgent(0);
    urgent(1);
    shut();
    unblocked();
    messages();
    edges();
    merged();
    short_queues();
}
