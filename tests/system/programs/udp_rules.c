// UDP's sockets: peeking further on (SO_PEEK_OFF). Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(void) {
    peeking(AF_INET);
    peeking(AF_INET6);
    return 0;
}
