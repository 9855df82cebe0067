// Unix sockets: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static void show_poll(int fd) {
    struct pollfd f = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    poll(&f, 1, 0);
    printf("  poll %x\n", f.revents);
}
static int send_fd(int s, int fd, const char *text) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec v = {(void *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(s, &m, 0);
}
static int receive(int s, int flags) {
    char text[32] = {0}, control[256];
    struct iovec v = {text, 31};
    struct sockaddr_un from;
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control, .msg_name = &from, .msg_namelen = sizeof from};
    int n = recvmsg(s, &m, flags);
    if (n < 0) { printf("recvmsg %s\n", strerror(errno)); return -1; }
    printf("recvmsg %d '%s' flags %x name %d\n", n, text, m.msg_flags, (int)m.msg_namelen);
    int fd = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        printf("  control %d %d %d\n", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
        if (c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred u;
            memcpy(&u, CMSG_DATA(c), sizeof u);
            printf("  own pid %d\n", u.pid == getpid());
        }
    }
    return fd;
}
static void pairs(void) {
    int s[2];
    char b[32] = {0};
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
    show_poll(s[0]);
    SHOW(send(s[0], "hello", 5, 0));
    show_poll(s[1]);
    int n;
    SHOW(ioctl(s[1], FIONREAD, &n));
    printf("%d\n", n);
    SHOW(recv(s[1], b, 3, MSG_PEEK));
    SHOW(recv(s[1], b, 32, 0));
    printf("%s\n", b);
    SHOW(recv(s[1], b, 32, MSG_DONTWAIT));
    write(s[0], "ab", 2), write(s[0], "cd", 2);
    SHOW(recv(s[1], b, 32, 0));
    SHOW(send_fd(s[0], s[0], "fd"));
    write(s[0], "more", 4);
    int fd = receive(s[1], MSG_PEEK);
    close(fd);
    fd = receive(s[1], MSG_CMSG_CLOEXEC);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(write(fd, "x", 1));
    close(fd);
    SHOW(recv(s[1], b, 32, 0));
    SHOW(shutdown(s[0], SHUT_WR));
    show_poll(s[0]);
    show_poll(s[1]);
    SHOW(recv(s[1], b, 32, 0));
    SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
    SHOW(send(s[1], "y", 1, 0));
    SHOW(recv(s[0], b, 32, 0));
    int v = 1;
    SHOW(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &v, sizeof v));
    SHOW(send(s[1], "cred", 4, 0));
    receive(s[0], 0);
    struct ucred u;
    socklen_t l = sizeof u;
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &u, &l));
    printf("%d\n", u.pid == getpid());
    l = sizeof v;
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &l));
    printf("%d\n", v);
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_DOMAIN, &v, &l));
    printf("%d\n", v);
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &v, &l));
    SHOW(getsockopt(s[0], SOL_SOCKET, 9999, &v, &l));
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, &l));
    printf("%d\n", v);
    v = 10000;
    SHOW(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, sizeof v));
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, &l));
    printf("%d\n", v);
    write(s[1], "unread", 6);
    write(s[1], "unread", 6);
    close(s[0]);
    show_poll(s[1]);
    SHOW(recv(s[1], b, 32, 0));
    SHOW(recv(s[1], b, 32, 0));
    SHOW(send(s[1], "x", 1, MSG_NOSIGNAL));
    close(s[1]);
    // messages
    SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
    SHOW(send(s[0], "first", 5, 0));
    SHOW(send(s[0], "", 0, 0));
    SHOW(send(s[0], "third", 5, 0));
    receive(s[1], 0);
    receive(s[1], 0);
    SHOW(recv(s[1], b, 2, MSG_TRUNC));
    close(s[0]);
    SHOW(recv(s[1], b, 2, 0));
    close(s[1]);
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
    SHOW(send(s[0], "first", 5, 0));
    receive(s[1], 0);
    fcntl(s[0], F_SETFL, O_NONBLOCK);
    int count = 0;
    while (send(s[0], "x", 1, 0) == 1) ++count;
    printf("full %s after some %d\n", strerror(errno), count > 5);
    show_poll(s[0]);
    close(s[1]);
    SHOW(send(s[0], "x", 1, 0));
    close(s[0]);
    SHOW(socket(AF_UNIX, 77, 0));
    SHOW(socket(AF_UNIX, SOCK_STREAM, 7));
    SHOW(bind(1, 0, 0));
}
static void *client(void *unused) {
    struct sockaddr_un a = {AF_UNIX, "/tmp/sockets_test"};
    int c = socket(AF_UNIX, SOCK_STREAM, 0);
    connect(c, (void *)&a, sizeof a);
    write(c, "from client", 11);
    char b[32];
    int n = read(c, b, 32);
    b[n < 0 ? 0 : n] = 0;
    static char got[32];
    strcpy(got, b);
    close(c);
    return got;
}
static void servers(void) {
    struct sockaddr_un a = {AF_UNIX, "/tmp/sockets_test"}, other;
    socklen_t l;
    unlink(a.sun_path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    show_poll(s);
    SHOW(connect(c, (void *)&a, sizeof a));
    SHOW(listen(s, 5));
    SHOW(bind(s, (void *)&a, sizeof a));
    SHOW(bind(s, (void *)&a, sizeof a));
    SHOW(bind(c, (void *)&a, sizeof a));
    struct stat st;
    stat(a.sun_path, &st);
    printf("socket file %d\n", S_ISSOCK(st.st_mode));
    SHOW(open(a.sun_path, O_RDWR));
    SHOW(connect(c, (void *)&a, sizeof a));
    SHOW(listen(s, 5));
    SHOW(connect(c, (void *)&a, sizeof a));
    SHOW(connect(c, (void *)&a, sizeof a));
    show_poll(s);
    l = sizeof other;
    int d;
    SHOW((d = accept4(s, (void *)&other, &l, SOCK_NONBLOCK)) > 0);
    printf("%d\n", (int)l);
    l = sizeof other;
    SHOW(getsockname(d, (void *)&other, &l));
    printf("%d %s\n", (int)l, other.sun_path);
    l = sizeof other;
    SHOW(getpeername(c, (void *)&other, &l));
    printf("%d %s\n", (int)l, other.sun_path);
    char b[32];
    SHOW(read(d, b, 32));
    SHOW(write(c, "hi", 2));
    SHOW(read(d, b, 32));
    close(c);
    show_poll(d);
    SHOW(read(d, b, 32));
    close(d);
    pthread_t t;
    pthread_create(&t, 0, client, 0);
    d = accept(s, 0, 0);
    int n = read(d, b, 32);
    printf("%.*s\n", n, b);
    write(d, "from server", 11);
    void *got;
    pthread_join(t, &got);
    printf("%s\n", (char *)got);
    close(d), close(s);
    c = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(c, (void *)&a, sizeof a));
    close(c);
    unlink(a.sun_path);
    // abstract, datagrams
    struct sockaddr_un x = {AF_UNIX, "\0name"}, y = {AF_UNIX, "\0other"};
    socklen_t xl = offsetof(struct sockaddr_un, sun_path) + 5, yl = offsetof(struct sockaddr_un, sun_path) + 6;
    int p = socket(AF_UNIX, SOCK_DGRAM, 0), q = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(sendto(p, "x", 1, 0, (void *)&y, yl));
    SHOW(send(p, "x", 1, 0));
    SHOW(bind(p, (void *)&x, xl));
    SHOW(bind(q, (void *)&x, xl));
    SHOW(bind(q, (void *)&y, yl));
    SHOW(sendto(p, "datagram", 8, 0, (void *)&y, yl));
    l = sizeof other;
    SHOW(recvfrom(q, b, 32, 0, (void *)&other, &l));
    printf("%d %s\n", (int)l, other.sun_path + 1);
    SHOW(connect(q, (void *)&x, xl));
    SHOW(send(q, "back", 4, 0));
    receive(p, 0);
    s = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(s, (void *)&x, xl));
    close(p), close(q), close(s);
    s = socket(AF_UNIX, SOCK_STREAM, 0);
    a.sun_family = AF_UNIX;
    SHOW(bind(s, (void *)&a, 2));
    l = sizeof other;
    getsockname(s, (void *)&other, &l);
    printf("automatic %d\n", (int)l);
    struct timeval tv = {0, 50000};
    int e[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, e);
    SHOW(setsockopt(e[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    SHOW(recv(e[0], b, 1, 0));
    close(e[0]), close(e[1]), close(s);
}
static void rings(void) {
    // Sockets that hold each other in their queues, again and again: memory must not run out.
    for (int i = 0; i < 2000; ++i) {
        int s[2], t[2];
        socketpair(AF_UNIX, SOCK_STREAM, 0, s);
        socketpair(AF_UNIX, SOCK_STREAM, 0, t);
        send_fd(s[0], s[0], "a"), send_fd(s[0], t[1], "b"), send_fd(t[0], s[1], "c");
        close(s[0]), close(s[1]), close(t[0]), close(t[1]);
    }
    printf("rings\n");
    // A chain: each socket in the queue of the next.
    int last = -1;
    for (int i = 0; i < 3000; ++i) {
        int s[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, s)) { perror("socketpair"); break; }
        if (last >= 0) send_fd(s[0], last, "x"), close(last);
        close(s[0]);
        last = s[1];
    }
    close(last);
    printf("chain\n");
}
static void *reader(void *fd) {
    static char b[65536];
    long total = 0;
    for (long n; (n = read(*(int *)fd, b, sizeof b)) > 0;) total += n;
    return (void *)total;
}
static void volume(void) {
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    pthread_t t;
    pthread_create(&t, 0, reader, &s[1]);
    static char b[100000];
    long sent = 0;
    for (int i = 0; i < 200; ++i) sent += write(s[0], b, sizeof b);
    close(s[0]);
    void *got;
    pthread_join(t, &got);
    printf("%ld %ld\n", sent, (long)got);
    close(s[1]);
}
// This socket's line in /proc/net/unix, but for what is the kernel's own: where it lies, its owners and its inode.
static void show_listed(const char *what, int fd) {
    struct stat self;
    fstat(fd, &self);
    FILE *list = fopen("/proc/net/unix", "r");
    char line[512];
    for (int first = 1; list && fgets(line, sizeof line, list); first = 0) {
        unsigned long inode = 0;
        char protocol[16], flags[16], type[8], state[8], path[128] = "";
        if (first) { printf("%s", strstr(line, "RefCount")); continue; }
        sscanf(line, "%*s %*s %15s %15s %7s %7s %lu %127[^\n]", protocol, flags, type, state, &inode, path);
        if (inode == self.st_ino) printf("%s: %s %s %s %s '%s'\n", what, protocol, flags, type, state, path);
    }
    if (list) fclose(list);
}
static void listed(void) {
    int s[2], stream = socket(AF_UNIX, SOCK_STREAM, 0), packets = socket(AF_UNIX, SOCK_SEQPACKET, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/tmp/listed"}, hidden = {.sun_family = AF_UNIX, .sun_path = "\0listed\0here"};
    unlink(path.sun_path);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
    show_listed("new", stream);
    bind(stream, (struct sockaddr *)&path, sizeof path);
    show_listed("bound", stream);
    listen(stream, 1);
    show_listed("listening", stream);
    connect(client, (struct sockaddr *)&path, sizeof path);
    show_listed("client", client);
    int accepted = accept(stream, NULL, NULL);
    show_listed("accepted", accepted);
    bind(packets, (struct sockaddr *)&hidden, offsetof(struct sockaddr_un, sun_path) + 12);
    show_listed("abstract", packets);
    show_listed("pair", s[0]);
    close(client), close(accepted), close(stream), close(packets), close(s[0]), close(s[1]);
    show_listed("closed", s[0]);
    unlink(path.sun_path);
}
int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    pairs();
    servers();
    rings();
    volume();
    listed();
    return 0;
}
