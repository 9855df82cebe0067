// Options of sockets that change what a socket does later: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
#ifndef TCP_INQ
#define TCP_INQ 36
#endif

static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }
static int get(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) ? -1 : value;
}
static int bound(int type, struct sockaddr_in *a, int reuse) {
    int s = socket(AF_INET, type, 0);
    socklen_t size = sizeof *a;
    set(s, SOL_SOCKET, SO_REUSEADDR, reuse);
    if (bind(s, (void *)a, sizeof *a)) { printf("bind: %s\n", strerror(errno)); close(s); return -1; }
    getsockname(s, (void *)a, &size);
    return s;
}
static struct sockaddr_in any_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return a;
}
static void pair(int s[2]) {
    struct sockaddr_in a = any_port();
    int l = bound(SOCK_STREAM, &a, 0);
    listen(l, 1);
    s[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(s[0], (void *)&a, sizeof a);
    s[1] = accept(l, 0, 0);
    close(l);
}
/// recvmsg, and the number in a control message of this kind; -1 when there is none.
static void receive(int fd, size_t size, int flags, int level, int type) {
    char bytes[4096], control[256];
    struct iovec piece = {bytes, size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, flags);
    int told = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); got >= 0 && c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == level && c->cmsg_type == type) memcpy(&told, CMSG_DATA(c), sizeof told);
    printf("received %zd, told %d\n", got, told);
}

static void queued(void) {
    int s[2];
    pair(s);
    SHOW(get(s[1], IPPROTO_TCP, TCP_INQ));
    SHOW(set(s[1], IPPROTO_TCP, TCP_INQ, 2));
    SHOW(set(s[1], IPPROTO_TCP, TCP_INQ, -1));
    SHOW(send(s[0], "0123456789", 10, 0));
    usleep(50000);
    receive(s[1], 1, 0, IPPROTO_TCP, TCP_INQ);
    SHOW(set(s[1], IPPROTO_TCP, TCP_INQ, 1));
    SHOW(get(s[1], IPPROTO_TCP, TCP_INQ));
    receive(s[1], 4, 0, IPPROTO_TCP, TCP_INQ);
    receive(s[1], 4, MSG_PEEK, IPPROTO_TCP, TCP_INQ);
    receive(s[1], 5, 0, IPPROTO_TCP, TCP_INQ);
    receive(s[1], 5, MSG_DONTWAIT, IPPROTO_TCP, TCP_INQ);
    SHOW(send(s[0], "ab", 2, 0));
    SHOW(shutdown(s[0], SHUT_WR));
    usleep(50000);
    receive(s[1], 1, 0, IPPROTO_TCP, TCP_INQ);
    receive(s[1], 5, 0, IPPROTO_TCP, TCP_INQ);
    receive(s[1], 5, 0, IPPROTO_TCP, TCP_INQ);
    close(s[0]), close(s[1]);
}

static void lost(void) {
    struct sockaddr_in a = any_port();
    int s = bound(SOCK_DGRAM, &a, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    char bytes[1000] = {0};
    SHOW(set(s, SOL_SOCKET, SO_RCVBUF, 8000));
    SHOW(get(s, SOL_SOCKET, SO_RXQ_OVFL));
    SHOW(set(s, SOL_SOCKET, SO_RXQ_OVFL, 7));
    SHOW(get(s, SOL_SOCKET, SO_RXQ_OVFL));
    sendto(from, "first", 5, 0, (void *)&a, sizeof a);
    receive(s, 100, MSG_DONTWAIT, SOL_SOCKET, SO_RXQ_OVFL);
    int sent = 100, got = 0;
    for (int i = 0; i < sent; ++i) sendto(from, bytes, sizeof bytes, 0, (void *)&a, sizeof a);
    while (recv(s, bytes, sizeof bytes, MSG_DONTWAIT) >= 0) ++got;
    printf("some were lost: %d\n", got < sent);
    sendto(from, "again", 5, 0, (void *)&a, sizeof a);
    char control[64];
    struct iovec piece = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    SHOW(recvmsg(s, &message, MSG_DONTWAIT));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    unsigned told = 0;
    if (c) memcpy(&told, CMSG_DATA(c), sizeof told);
    printf("told of all: %d, %d bytes\n", c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL && (int)told == sent - got, c ? (int)c->cmsg_len : 0);
    SHOW(set(s, SOL_SOCKET, SO_RXQ_OVFL, 0));
    sendto(from, "again", 5, 0, (void *)&a, sizeof a);
    receive(s, 100, MSG_DONTWAIT, SOL_SOCKET, SO_RXQ_OVFL);
    close(s), close(from);
}

static void too_far(void) {
    int s[2];
    char b[16];
    pair(s);
    SHOW(get(s[1], IPPROTO_IP, IP_MINTTL));
    SHOW(set(s[1], IPPROTO_IP, IP_MINTTL, -1));
    SHOW(set(s[1], IPPROTO_IP, IP_MINTTL, 256));
    SHOW(set(s[1], IPPROTO_IP, IP_MINTTL, 255));
    SHOW(get(s[1], IPPROTO_IP, IP_MINTTL));
    SHOW(set(s[0], IPPROTO_IP, IP_TTL, 254));
    SHOW(send(s[0], "far", 3, 0));
    usleep(50000);
    SHOW(recv(s[1], b, sizeof b, MSG_DONTWAIT));
    SHOW(set(s[0], IPPROTO_IP, IP_TTL, 255));
    SHOW(recv(s[1], b, sizeof b, 0));  // sent again
    SHOW(set(s[1], IPPROTO_IP, IP_MINTTL, 0));
    close(s[0]), close(s[1]);
    // A listener that nobody reaches, until it asks for less; whom it takes is asked for the same.
    struct sockaddr_in a = any_port();
    int l = bound(SOCK_STREAM, &a, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(set(l, IPPROTO_IP, IP_MINTTL, 200));
    listen(l, 1);
    SHOW(connect(c, (void *)&a, sizeof a));
    struct pollfd p = {c, POLLOUT, 0};
    SHOW(poll(&p, 1, 50));
    SHOW(set(l, IPPROTO_IP, IP_MINTTL, 64));
    SHOW(poll(&p, 1, 5000));
    int taken = accept(l, 0, 0);
    SHOW(get(taken, IPPROTO_IP, IP_MINTTL));
    close(taken), close(c), close(l);
    int six = socket(AF_INET6, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(set(six, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 256));
    SHOW(set(six, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 3));
    SHOW(set(six, IPPROTO_IP, IP_MINTTL, 4));
    SHOW(get(six, IPPROTO_IPV6, IPV6_MINHOPCOUNT));
    SHOW(get(six, IPPROTO_IP, IP_MINTTL));
    SHOW(set(datagrams, IPPROTO_IP, IP_MINTTL, 9));
    SHOW(get(datagrams, IPPROTO_IP, IP_MINTTL));
    close(six), close(datagrams);
}

static void discovery(void) {
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; ++type) {
        int four = socket(AF_INET, type, 0), six = socket(AF_INET6, type, 0);
        printf("type %d: %d %d %d\n", type, get(four, IPPROTO_IP, IP_MTU_DISCOVER), get(six, IPPROTO_IPV6, IPV6_MTU_DISCOVER), get(six, IPPROTO_IP, IP_MTU_DISCOVER));
        for (int value = -1; value <= 6; ++value) {
            int one = set(four, IPPROTO_IP, IP_MTU_DISCOVER, value), two = set(six, IPPROTO_IPV6, IPV6_MTU_DISCOVER, value);
            printf("%d: %d %d, %d %d\n", value, one, two, get(four, IPPROTO_IP, IP_MTU_DISCOVER), get(six, IPPROTO_IPV6, IPV6_MTU_DISCOVER));
        }
        SHOW(get(six, IPPROTO_IP, IP_MTU_DISCOVER));
        close(four), close(six);
    }
}

static void shared_later(void) {
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; ++type) {
        struct sockaddr_in a = any_port();
        int first = bound(type, &a, 0), second;
        printf("type %d\n", type);
        SHOW(bound(type, &a, 1));
        SHOW(set(first, SOL_SOCKET, SO_REUSEADDR, 1));
        SHOW((second = bound(type, &a, 1)) >= 0);
        close(second);
        SHOW(set(first, SOL_SOCKET, SO_REUSEADDR, 0));
        SHOW(bound(type, &a, 1));
        close(first);
    }
}

/// A number of microseconds that is none is EDOM, unlike elsewhere.
static void timeouts(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    static const struct timeval times[] = {{0, 1000000}, {0, -1}, {-1, 999999}, {5, 0}};
    for (int i = 0; i < 4; ++i) {
        SHOW(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &times[i], sizeof times[i]));
        SHOW(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &times[i], sizeof times[i]));
    }
    SHOW(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &times[3], 8));
    close(s);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    queued();
    lost();
    too_far();
    discovery();
    shared_later();
    timeouts();
    return 0;
}
