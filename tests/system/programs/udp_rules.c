// UDP's sockets: peeking further on (SO_PEEK_OFF), sends that tell when they are done (MSG_ZEROCOPY), datagrams in pieces (MSG_MORE, UDP_CORK). Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static char b[4096];
static int from, to;

static int set(int fd, int name, int value) { return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value); }
static int get(int fd, int name) {
    int value = -77;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -99 : value;
}
static void make_pair(int family) {
    struct sockaddr_in6 at6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in at4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *at = family == AF_INET ? (void *)&at4 : (void *)&at6;
    socklen_t size = family == AF_INET ? sizeof at4 : sizeof at6;
    to = socket(family, SOCK_DGRAM, 0), from = socket(family, SOCK_DGRAM, 0);
    bind(to, at, size);
    getsockname(to, at, &size);
    connect(from, at, size);
}
static void show(const char *what, int size, ssize_t got, int flags) {
    printf("  %s %d: %zd '%.*s'%s %s, next at %d\n", what, size, got, got < 0 ? 0 : got > size ? size : (int)got, b, flags & MSG_TRUNC ? " cut" : "",
           got < 0 ? strerror(errno) : "", get(to, SO_PEEK_OFF));
}
static void peek(int size, int flags) {
    struct iovec part = {b, (size_t)size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(to, &message, MSG_PEEK | MSG_DONTWAIT | flags);
    show("peek", size, got, message.msg_flags);
}
static void take(int size, int flags) {
    struct iovec part = {b, (size_t)size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(to, &message, MSG_DONTWAIT | flags);
    show("take", size, got, message.msg_flags);
}
static void peeking(int family) {
    make_pair(family);
    printf("-- peeking at UDP over %s\n", family == AF_INET ? "IPv4" : "IPv6");
    SHOW(get(to, SO_PEEK_OFF));
    SHOW(send(from, "abcdef", 6, 0));
    SHOW(send(from, "ghi", 3, 0));
    SHOW(send(from, "jklmnop", 7, 0));
    peek(4, 0);
    SHOW(set(to, SO_PEEK_OFF, 0));
    peek(4, 0);
    peek(2, 0);
    peek(4, MSG_TRUNC);
    peek(30, 0);
    peek(30, 0);
    take(2, 0);
    take(2, MSG_TRUNC);
    peek(30, 0);
    SHOW(set(to, SO_PEEK_OFF, 3));
    peek(2, 0);
    peek(2, 0);
    take(30, 0);
    take(30, 0);
    SHOW(set(to, SO_PEEK_OFF, 1000));
    SHOW(send(from, "more", 4, 0));
    peek(5, 0);
    SHOW(set(to, SO_PEEK_OFF, -5));
    SHOW(get(to, SO_PEEK_OFF));
    take(30, 0);
    // One without bytes is looked at once.
    SHOW(set(to, SO_PEEK_OFF, 0));
    SHOW(send(from, "", 0, 0));
    SHOW(send(from, "after", 5, 0));
    for (int i = 0; i < 3; ++i) peek(10, 0);
    take(10, 0);
    take(10, 0);
    // A peek waits for what comes after what it has seen.
    SHOW(set(to, SO_PEEK_OFF, 0));
    SHOW(send(from, "seen", 4, 0));
    peek(10, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(send(from, "later", 5, 0) == 5 ? 0 : 1);
    }
    SHOW(recv(to, b, 10, MSG_PEEK));
    waitpid(child, NULL, 0);
    take(10, 0), take(10, 0);
    close(to), close(from);
}

/// struct sock_extended_err, which not every C library has.
struct told {
    uint32_t number;
    uint8_t origin, type, code, padding;
    uint32_t info, data;
};
static void show_told(void) {
    char control[200];
    struct iovec part = {b, sizeof b};
    struct sockaddr_in6 name = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control, .msg_name = &name, .msg_namelen = sizeof name};
    struct pollfd ready = {from, 0, 0};
    int count = poll(&ready, 1, 1000);
    printf("  poll %d %x,", count, ready.revents);
    ssize_t got = recvmsg(from, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got < 0) {
        printf(" %s\n", strerror(errno));
        return;
    }
    printf(" %zd, flags %x", got, message.msg_flags);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct told told;
        memcpy(&told, CMSG_DATA(c), sizeof told);
        printf(", %d/%d: error %u origin %d code %d sends %u … %u", c->cmsg_level, c->cmsg_type, told.number, told.origin, told.code, told.info, told.data);
    }
    puts("");
}
static void lending(int family) {
    make_pair(family);
    printf("-- sends that tell of their end, over %s\n", family == AF_INET ? "IPv4" : "IPv6");
    SHOW(get(from, SO_ZEROCOPY));
    SHOW(send(from, "asked for nothing", 17, MSG_ZEROCOPY));
    take(30, 0);
    ssize_t got = recv(from, b, 1, MSG_ERRQUEUE | MSG_DONTWAIT);
    printf("  %zd %s\n", got, strerror(errno));
    SHOW(set(from, SO_ZEROCOPY, 2));
    SHOW(set(from, SO_ZEROCOPY, 1));
    SHOW(get(from, SO_ZEROCOPY));
    SHOW(send(from, "not this one", 12, 0));
    take(30, 0);
    SHOW(send(from, "first", 5, MSG_ZEROCOPY));
    take(30, 0);
    show_told();
    for (int i = 0; i < 3; ++i) SHOW(send(from, "again", 5, MSG_ZEROCOPY));
    for (int i = 0; i < 3; ++i) take(30, 0);
    show_told();
    show_told();
    SHOW(send(from, "", 0, MSG_ZEROCOPY));
    take(30, 0);
    show_told();
    SHOW(send(from, "last", 4, MSG_ZEROCOPY));
    take(30, 0);
    show_told();
    close(to), close(from);
}

static int set_cork(int value) { return setsockopt(from, IPPROTO_UDP, UDP_CORK, &value, sizeof value); }
static int get_cork(void) {
    int value = -77;
    socklen_t size = sizeof value;
    return getsockopt(from, IPPROTO_UDP, UDP_CORK, &value, &size) ? -99 : value;
}
static void in_pieces(int family) {
    static char large[60000];
    make_pair(family);
    printf("-- pieces over %s\n", family == AF_INET ? "IPv4" : "IPv6");
    SHOW(send(from, "one ", 4, MSG_MORE));
    take(100, 0);
    SHOW(send(from, "two ", 4, MSG_MORE));
    SHOW(send(from, "", 0, MSG_MORE));
    SHOW(send(from, "three", 5, 0));
    take(100, 0);
    take(100, 0);
    SHOW(set_cork(1));
    SHOW(get_cork());
    SHOW(write(from, "a", 1));
    SHOW(write(from, "b", 1));
    take(100, 0);
    SHOW(set_cork(0));
    SHOW(get_cork());
    take(100, 0);
    // Too much drops all of it.
    SHOW(send(from, large, sizeof large, MSG_MORE));
    SHOW(send(from, large, sizeof large, MSG_MORE));
    SHOW(send(from, "rest", 4, 0));
    take(100, 0);
    // Whole as far as there are pieces: more than a packet takes.
    SHOW(send(from, large, 3000, MSG_MORE));
    SHOW(send(from, large, 3000, 0));
    take(100, MSG_TRUNC);
    // Where it goes is said first.
    int other = socket(family, SOCK_DGRAM, 0);
    SHOW(send(other, "x", 1, MSG_MORE));
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    getsockname(to, (void *)&at, &size);
    SHOW(sendto(other, "to ", 3, MSG_MORE, (void *)&at, size));
    SHOW(send(other, "here", 4, 0));
    take(100, 0);
    close(other);
    // What waits when the socket goes is gone.
    SHOW(send(from, "lost", 4, MSG_MORE));
    close(from);
    take(100, 0);
    close(to);
}

/// Longer ones go in fragments, and come whole.
static void limited(void) {
    static char large[5000];
    make_pair(AF_INET6);
    puts("-- the largest packet");
    int sizes[] = {1279, -1, 1280, 70000, 0, 1300};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; ++i) SHOW(setsockopt(from, IPPROTO_IPV6, IPV6_MTU, &sizes[i], sizeof sizes[i]));
    SHOW(setsockopt(from, IPPROTO_IPV6, IPV6_MTU, &sizes[2], 2));
    SHOW(send(from, large, sizeof large, 0));
    take(100, MSG_TRUNC);
    int whole = 1;
    SHOW(setsockopt(from, IPPROTO_IPV6, IPV6_DONTFRAG, &whole, sizeof whole));
    SHOW(send(from, large, 1300, 0));
    SHOW(send(from, large, 1000, 0));
    take(100, MSG_TRUNC);
    int stream = socket(AF_INET6, SOCK_STREAM, 0);
    SHOW(setsockopt(stream, IPPROTO_IPV6, IPV6_MTU, &sizes[2], sizeof sizes[2]));
    close(stream), close(from), close(to);
}

int main(void) {
    peeking(AF_INET);
    peeking(AF_INET6);
    lending(AF_INET);
    lending(AF_INET6);
    in_pieces(AF_INET);
    in_pieces(AF_INET6);
    limited();
    SHOW(set(socket(AF_UNIX, SOCK_DGRAM, 0), SO_ZEROCOPY, 1));
    return 0;
}
