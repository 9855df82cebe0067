// NETLINK_SOCK_DIAG about sockets of this program: their states, queues and inodes, in a dump and one by one; and what is refused.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int netlink;
static char answer[32768];

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

static void ask(struct question* q) {
    q->header.nlmsg_len = sizeof *q, q->header.nlmsg_flags |= NLM_F_REQUEST;
    send(netlink, q, sizeof *q, 0);
}

/// How many sockets the answer tells of that stand in `state` and have `port` on this side; -errno for an error.
static int count(unsigned short port, int state, int inode_of, unsigned queue, struct inet_diag_msg* found) {
    int matches = 0;
    for (;;) {
        int size = recv(netlink, answer, sizeof answer, 0);
        if (size < 0) return -errno;
        for (struct nlmsghdr* m = (struct nlmsghdr*)answer; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size)) {
            if (m->nlmsg_type == NLMSG_DONE) return matches;
            if (m->nlmsg_type == NLMSG_ERROR) return *(int*)NLMSG_DATA(m);
            struct inet_diag_msg* it = NLMSG_DATA(m);
            struct stat told = {0};
            if (inode_of >= 0) fstat(inode_of, &told);
            if (ntohs(it->id.idiag_sport) == port && it->idiag_state == state && it->idiag_inode == told.st_ino && it->idiag_rqueue == queue) {
                ++matches;
                if (found) *found = *it;
            }
            if (!(m->nlmsg_flags & NLM_F_MULTI)) return matches;
        }
    }
}

static unsigned short port_of(int socket) {
    struct sockaddr_in6 name;
    socklen_t size = sizeof name;
    getsockname(socket, (struct sockaddr*)&name, &size);
    return ntohs(name.sin6_port);  // at one place in both families
}

static struct question dump(int family, int protocol, unsigned states) {
    return (struct question){{.nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_DUMP}, {.sdiag_family = family, .sdiag_protocol = protocol, .idiag_states = states}};
}

static void of(int family, const struct sockaddr* any, socklen_t size) {
    enum { established = 1, closed = 7, listening = 10 };
    int listener = socket(family, SOCK_STREAM, 0), client = socket(family, SOCK_STREAM, 0), datagram = socket(family, SOCK_DGRAM, 0);
    bind(listener, any, size), listen(listener, 5), bind(datagram, any, size);
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    getsockname(listener, (struct sockaddr*)&name, &length);
    connect(client, (struct sockaddr*)&name, length);
    int server = accept(listener, NULL, NULL);
    write(client, "five!", 5);
    char peeked[5];
    recv(server, peeked, 5, MSG_PEEK | MSG_WAITALL);
    unsigned short port = port_of(listener);

    struct question q = dump(family, IPPROTO_TCP, ~0u);
    struct inet_diag_msg found = {0};
    ask(&q), printf("%d listens", count(port, listening, listener, 0, NULL));
    ask(&q), printf(", %d connected", count(port, established, server, 5, &found));
    ask(&q), printf(", %d to it", count(port_of(client), established, client, 0, NULL));
    q = dump(family, IPPROTO_TCP, 1 << established);
    ask(&q), printf(", %d listens among those connected", count(port, listening, listener, 0, NULL));
    q = dump(family, IPPROTO_UDP, ~0u);
    ask(&q), printf(", %d datagram socket\n", count(port_of(datagram), closed, datagram, 0, NULL));
    q = dump(family, IPPROTO_TCP, ~0u);
    q.header.nlmsg_flags = 0, q.body.id = found.id;
    ask(&q), printf("alone: %d", count(port, established, server, 5, NULL));
    q.body.id.idiag_cookie[0] = q.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    ask(&q), printf(", %d without a cookie\n", count(port, established, server, 5, NULL));
    close(server), close(client), close(listener), close(datagram);
}

int main(void) {
    netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int protocol;
    socklen_t size = sizeof protocol;
    printf("protocol %d\n", getsockopt(netlink, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) ? -errno : protocol);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    of(AF_INET, (struct sockaddr*)&v4, sizeof v4);
    of(AF_INET6, (struct sockaddr*)&v6, sizeof v6);
    struct question q = dump(AF_INET, IPPROTO_TCP, ~0u);
    q.header.nlmsg_type = 99;
    ask(&q), printf("another type: %d\n", count(0, 0, -1, 0, NULL));
    q = dump(AF_APPLETALK, IPPROTO_TCP, ~0u);
    ask(&q), printf("another family: %d\n", count(0, 0, -1, 0, NULL));
    q = dump(AF_INET, IPPROTO_TCP, ~0u);
    q.header.nlmsg_flags = 0, q.body.id.idiag_sport = htons(1), q.body.id.idiag_dport = htons(1);
    ask(&q), printf("not there: %d\n", count(0, 0, -1, 0, NULL));
    return 0;
}
