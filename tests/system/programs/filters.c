// Filters of sockets (SO_ATTACH_FILTER): which programs are taken, and what each kind of socket sees through one. Prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ATTACH(fd, ...) attach(fd, (struct sock_filter[]){__VA_ARGS__}, COUNT(((struct sock_filter[]){__VA_ARGS__})))
#define S BPF_STMT
#define J BPF_JUMP

static int attach(int fd, const struct sock_filter *program, unsigned count) {
    struct sock_fprog what = {(unsigned short)count, (struct sock_filter *)program};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &what, sizeof what);
}
static int set(int fd, int name, int value) { return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value); }
static int get(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -1 : value;
}
static struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((unsigned short)port)};
    return a;
}
static int bound(int type, struct sockaddr_in *a) {
    int s = socket(AF_INET, type, 0);
    socklen_t size = sizeof *a;
    *a = loopback(0);
    bind(s, (void *)a, sizeof *a);
    getsockname(s, (void *)a, &size);
    return s;
}

static void which_are_taken(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    static struct sock_filter many[4097];
    for (unsigned i = 0; i < COUNT(many); ++i) many[i] = (struct sock_filter)S(BPF_RET | BPF_K, i);
    SHOW(attach(s, many, 0));
    SHOW(attach(s, many, 4096));
    SHOW(attach(s, many, 4097));
    SHOW(attach(s, (void *)8, 2));
    struct sock_fprog whole = {1, many};
    SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole - 1));
    SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole + 1));
    SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole));
    // The end
    SHOW(ATTACH(s, S(BPF_LD | BPF_IMM, 1)));
    SHOW(ATTACH(s, S(BPF_RET | BPF_A, 0)));
    SHOW(ATTACH(s, S(BPF_RET | BPF_X, 0)));
    SHOW(ATTACH(s, S(0xff, 0), S(BPF_RET | BPF_K, 0)));
    // Every code that there could be
    unsigned long taken = 0;
    for (unsigned code = 0; code < 0x200; ++code) {
        int result = ATTACH(s, S(BPF_ST, 1), S((unsigned short)code, 1), S(BPF_RET | BPF_K, 1), S(BPF_RET | BPF_K, 1));
        if (result == 0) taken = taken * 31 + code, printf("%x ", code);
    }
    printf("= %lu\n", taken);
    // Jumps
    SHOW(ATTACH(s, S(BPF_JMP | BPF_JA, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_JMP | BPF_JA, 1), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_JMP | BPF_JA, 0xffffffff), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, J(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), S(BPF_RET | BPF_K, 0)));
    // Memory
    SHOW(ATTACH(s, S(BPF_ST, 15), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_ST, 16), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_LD | BPF_MEM, 3), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_STX, 3), S(BPF_LDX | BPF_MEM, 3), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), S(BPF_ST, 3), S(BPF_LD | BPF_MEM, 3), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2), S(BPF_ST, 3), S(BPF_JMP | BPF_JA, 1), S(BPF_ST, 3), S(BPF_LD | BPF_MEM, 3), S(BPF_RET | BPF_K, 0)));
    // Division, shifts
    SHOW(ATTACH(s, S(BPF_ALU | BPF_DIV | BPF_K, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_ALU | BPF_MOD | BPF_K, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_ALU | BPF_DIV | BPF_X, 0), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_ALU | BPF_LSH | BPF_K, 31), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_ALU | BPF_LSH | BPF_K, 32), S(BPF_RET | BPF_K, 0)));
    // Offsets that are none
    SHOW(ATTACH(s, S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 2), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MAX), S(BPF_RET | BPF_K, 0)));
    SHOW(ATTACH(s, S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF - 1), S(BPF_RET | BPF_K, 0)));
    close(s);
}

static void given_back_and_locked(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sock_filter read[4] = {{0}};
    socklen_t count = 4;
    SHOW(set(s, SO_DETACH_FILTER, 0));
    SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, read, &count));
    printf("%d\n", (int)count);
    SHOW(ATTACH(s, S(BPF_LD | BPF_LEN, 0), J(BPF_JMP | BPF_JGT | BPF_K, 9, 0, 0), S(BPF_RET | BPF_A, 7)));
    count = 0;
    SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, read, &count));
    printf("%d\n", (int)count);
    count = 2;
    SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, read, &count));
    count = 4;
    SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, (void *)8, &count));
    SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, read, &count));
    printf("%d: ", (int)count);
    for (int i = 0; i < 4; ++i) printf("%x %d %d %u, ", read[i].code, read[i].jt, read[i].jf, read[i].k);
    printf("\n");
    SHOW(get(s, SO_LOCK_FILTER));
    SHOW(set(s, SO_LOCK_FILTER, 0));
    SHOW(set(s, SO_LOCK_FILTER, 5));
    SHOW(get(s, SO_LOCK_FILTER));
    SHOW(set(s, SO_LOCK_FILTER, 0));
    SHOW(set(s, SO_LOCK_FILTER, 1));
    SHOW(set(s, SO_DETACH_FILTER, 0));
    SHOW(ATTACH(s, S(BPF_RET | BPF_K, 1)));
    SHOW(ATTACH(s, S(BPF_RET | BPF_X, 1)));
    SHOW(setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, 0, 0));
    SHOW(get(s, SO_DETACH_FILTER));
    close(s);
}

/// What comes through of a datagram of eight bytes.
static void through(const char *what, int to, const struct sockaddr_in *a) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    char bytes[64];
    sendto(s, "abcdefgh", 8, 0, (const void *)a, sizeof *a);
    struct iovec piece = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct pollfd p = {to, POLLIN, 0};
    int ready = poll(&p, 1, 50);
    ssize_t size = recvmsg(to, &message, MSG_DONTWAIT | MSG_TRUNC);
    printf("%s: %d, %zd, %x, %.*s\n", what, ready, size, message.msg_flags, size > 0 ? (int)size : 0, bytes);
    close(s);
}
static void datagrams(void) {
    struct sockaddr_in a;
    int s = bound(SOCK_DGRAM, &a);
    through("no filter", s, &a);
#define TRY_FILTER(...) do { if (ATTACH(s, __VA_ARGS__)) perror("attach"); through(#__VA_ARGS__, s, &a); } while (0)
#define WHEN(condition, number) J(BPF_JMP | (condition) | BPF_K, number, 0, 1), S(BPF_RET | BPF_K, ~0u), S(BPF_RET | BPF_K, 0)
    TRY_FILTER(S(BPF_RET | BPF_K, 0));
    TRY_FILTER(S(BPF_RET | BPF_K, 1));
    TRY_FILTER(S(BPF_RET | BPF_K, 8));
    TRY_FILTER(S(BPF_RET | BPF_K, 11));
    TRY_FILTER(S(BPF_RET | BPF_K, 16));
    TRY_FILTER(S(BPF_RET | BPF_K, 17));
    TRY_FILTER(S(BPF_LD | BPF_LEN, 0), WHEN(BPF_JEQ, 16));
    TRY_FILTER(S(BPF_LDX | BPF_LEN, 0), S(BPF_MISC | BPF_TXA, 0), WHEN(BPF_JEQ, 16));
    TRY_FILTER(S(BPF_LD | BPF_H | BPF_ABS, 4), WHEN(BPF_JEQ, 16));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, 8), WHEN(BPF_JEQ, 0x61626364));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, 12), WHEN(BPF_JEQ, 0x65666768));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, 13), S(BPF_RET | BPF_K, ~0u));
    TRY_FILTER(S(BPF_LD | BPF_B | BPF_ABS, 15), WHEN(BPF_JEQ, 'h'));
    TRY_FILTER(S(BPF_LD | BPF_B | BPF_ABS, 16), S(BPF_RET | BPF_K, ~0u));
    TRY_FILTER(S(BPF_LDX | BPF_IMM, 5), S(BPF_LD | BPF_B | BPF_IND, 3), WHEN(BPF_JEQ, 'a'));
    TRY_FILTER(S(BPF_LDX | BPF_IMM, 9), S(BPF_LD | BPF_B | BPF_IND, ~0u), WHEN(BPF_JEQ, 'a'));
    TRY_FILTER(S(BPF_LDX | BPF_IMM, 0), S(BPF_LD | BPF_B | BPF_IND, ~0u), S(BPF_RET | BPF_K, ~0u));
    TRY_FILTER(S(BPF_LDX | BPF_MSH | BPF_B, 8), S(BPF_MISC | BPF_TXA, 0), WHEN(BPF_JEQ, 4));
    TRY_FILTER(S(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF), WHEN(BPF_JEQ, 0x45));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + 16), WHEN(BPF_JEQ, 0x7f000001));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + 28), WHEN(BPF_JEQ, 0x61626364));
    TRY_FILTER(S(BPF_LDX | BPF_MSH | BPF_B, SKF_NET_OFF), S(BPF_MISC | BPF_TXA, 0), WHEN(BPF_JEQ, 20));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL), WHEN(BPF_JEQ, 0x800));
    TRY_FILTER(S(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL), WHEN(BPF_JEQ, 0x800));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE), WHEN(BPF_JEQ, 0));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX), WHEN(BPF_JEQ, 1));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_HATYPE), WHEN(BPF_JEQ, 772));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MARK), WHEN(BPF_JEQ, 0));
    TRY_FILTER(S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT), WHEN(BPF_JEQ, 0));
    TRY_FILTER(S(BPF_LD | BPF_IMM, 12), S(BPF_LDX | BPF_IMM, 10), S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_ALU_XOR_X), WHEN(BPF_JEQ, 6));
    // Arithmetic, the size that is left being the result
#define RESULT(...) TRY_FILTER(S(BPF_LD | BPF_IMM, 9), S(BPF_LDX | BPF_IMM, 3), __VA_ARGS__, S(BPF_RET | BPF_A, 0))
    RESULT(S(BPF_ALU | BPF_ADD | BPF_X, 0));
    RESULT(S(BPF_ALU | BPF_SUB | BPF_K, ~0u));
    RESULT(S(BPF_ALU | BPF_MUL | BPF_X, 0), S(BPF_ALU | BPF_SUB | BPF_K, 14));
    RESULT(S(BPF_ALU | BPF_DIV | BPF_X, 0), S(BPF_ALU | BPF_ADD | BPF_K, 7));
    RESULT(S(BPF_ALU | BPF_MOD | BPF_K, 4), S(BPF_ALU | BPF_ADD | BPF_K, 9));
    RESULT(S(BPF_LDX | BPF_IMM, 0), S(BPF_ALU | BPF_DIV | BPF_X, 0));
    RESULT(S(BPF_LDX | BPF_IMM, 0), S(BPF_ALU | BPF_MOD | BPF_X, 0));
    RESULT(S(BPF_ALU | BPF_OR | BPF_K, 6));
    RESULT(S(BPF_ALU | BPF_AND | BPF_K, 8), S(BPF_ALU | BPF_OR | BPF_X, 0));
    RESULT(S(BPF_ALU | BPF_XOR | BPF_X, 0));
    RESULT(S(BPF_ALU | BPF_LSH | BPF_X, 0), S(BPF_ALU | BPF_RSH | BPF_K, 3), S(BPF_ALU | BPF_ADD | BPF_K, 1));
    RESULT(S(BPF_ALU | BPF_NEG, 0), S(BPF_ALU | BPF_NEG, 0));
    RESULT(S(BPF_STX, 2), S(BPF_ST, 4), S(BPF_LD | BPF_MEM, 2), S(BPF_LDX | BPF_MEM, 4), S(BPF_ALU | BPF_ADD | BPF_X, 0));
    RESULT(S(BPF_MISC | BPF_TAX, 0), S(BPF_LD | BPF_IMM, 0), S(BPF_MISC | BPF_TXA, 0), S(BPF_ALU | BPF_ADD | BPF_K, 1));
    RESULT(J(BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0), S(BPF_RET | BPF_K, 0), J(BPF_JMP | BPF_JGE | BPF_K, 9, 1, 0), S(BPF_RET | BPF_K, 0));
    RESULT(J(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0), S(BPF_RET | BPF_K, 0), S(BPF_JMP | BPF_JA, 1), S(BPF_RET | BPF_K, 0));
    SHOW(set(s, SO_DETACH_FILTER, 0));
    through("detached", s, &a);
    SHOW(set(s, SO_DETACH_FILTER, 0));
    close(s);
}

static void streams(void) {
    struct sockaddr_in a;
    char b[16];
    int l = bound(SOCK_STREAM, &a), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    listen(l, 5);
    // Only data that does not begin with N passes; what has none passes, too.
    SHOW(ATTACH(l, S(BPF_LD | BPF_B | BPF_ABS, 12), S(BPF_ALU | BPF_AND | BPF_K, 0xf0), S(BPF_ALU | BPF_RSH | BPF_K, 2), S(BPF_MISC | BPF_TAX, 0), S(BPF_LD | BPF_LEN, 0),
                J(BPF_JMP | BPF_JEQ | BPF_X, 0, 2, 0), S(BPF_LD | BPF_B | BPF_IND, 0), J(BPF_JMP | BPF_JEQ | BPF_K, 'N', 1, 0), S(BPF_RET | BPF_K, ~0u), S(BPF_RET | BPF_K, 0)));
    connect(c, (void *)&a, sizeof a);
    int s = accept(l, 0, 0);
    SHOW(get(s, SO_LOCK_FILTER));
    SHOW(send(c, "Yes", 3, 0));
    SHOW(recv(s, b, sizeof b, 0));
    SHOW(send(c, "No", 2, 0));
    usleep(50000);
    SHOW(recv(s, b, sizeof b, MSG_DONTWAIT));
    SHOW(set(s, SO_DETACH_FILTER, 0));
    SHOW(recv(s, b, sizeof b, 0));  // sent again
    // Nobody comes in any more.
    SHOW(ATTACH(l, S(BPF_RET | BPF_K, 0)));
    int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(other, (void *)&a, sizeof a));
    usleep(50000);
    struct pollfd p = {other, POLLOUT, 0};
    SHOW(poll(&p, 1, 0));
    close(other), close(c), close(s), close(l);
}

static void local(void) {
    int pair[2];
    char b[16] = {0};
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type = type == SOCK_STREAM ? SOCK_DGRAM : type == SOCK_DGRAM ? SOCK_SEQPACKET : 99) {
        printf("type %d\n", type);
        socketpair(AF_UNIX, type, 0, pair);
        SHOW(ATTACH(pair[1], S(BPF_LD | BPF_B | BPF_ABS, 0), J(BPF_JMP | BPF_JEQ | BPF_K, 'N', 1, 0), S(BPF_RET | BPF_K, 3), S(BPF_RET | BPF_K, 0)));
        SHOW(send(pair[0], "No", 2, 0));
        SHOW(send(pair[0], "Yes, yes", 8, 0));
        ssize_t got = recv(pair[1], b, sizeof b, MSG_DONTWAIT | MSG_TRUNC);
        printf("%zd %.*s\n", got, (int)got, b);
        SHOW(ATTACH(pair[1], S(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX), S(BPF_RET | BPF_K, 9)));
        SHOW(send(pair[0], "No", 2, 0));
        SHOW(recv(pair[1], b, sizeof b, MSG_DONTWAIT));
        close(pair[0]), close(pair[1]);
    }
}

static void frames(void) {
    struct sockaddr_in a, other;
    int to = bound(SOCK_DGRAM, &a), aside = bound(SOCK_DGRAM, &other), from = socket(AF_INET, SOCK_DGRAM, 0);
    unsigned port = ntohs(a.sin_port);
    for (int type = SOCK_STREAM; type <= SOCK_RAW; ++type) {
        int s = socket(type == SOCK_STREAM ? AF_INET : AF_PACKET, type == SOCK_STREAM ? SOCK_RAW : type, type == SOCK_STREAM ? IPPROTO_UDP : 0);
        unsigned header = type == SOCK_RAW ? ETH_HLEN : 0;
        int on = 1;
        printf("type %d\n", type);
        if (s < 0) { perror("socket"); continue; }
        // As tcpdump writes "udp dst port …", what is longer than 31 bytes of IP being cut off.
        SHOW(ATTACH(s, S(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 9), J(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4), S(BPF_LDX | BPF_B | BPF_MSH, header),
                    S(BPF_LD | BPF_H | BPF_IND, header + 2), J(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1), S(BPF_RET | BPF_K, header + 31), S(BPF_RET | BPF_K, 0)));
        if (type != SOCK_STREAM) {
            struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1};
            SHOW(setsockopt(s, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on));
            SHOW(bind(s, (void *)&where, sizeof where));
        }
        for (int i = 0; i < 3; ++i) {
            sendto(from, "aside", 5, 0, (void *)&other, sizeof other);
            sendto(from, "12345", 5, 0, (void *)&a, sizeof a);
        }
        char bytes[128], control[128];
        for (int i = 0; i < 4; ++i) {
            struct iovec piece = {bytes, sizeof bytes};
            struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
            ssize_t size = recvmsg(s, &message, MSG_DONTWAIT | MSG_TRUNC);
            printf("%zd %x", size, message.msg_flags);
            if (size >= (int)header + 28) printf(" %.*s", (int)(size - header - 28), bytes + header + 28);
            struct cmsghdr *c = CMSG_FIRSTHDR(&message);
            if (size >= 0 && c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
                struct tpacket_auxdata *told = (void *)CMSG_DATA(c);
                printf(" of %u, %u", told->tp_len, told->tp_snaplen);
            }
            printf("\n");
        }
        if (type != SOCK_STREAM) {
            struct tpacket_stats counted;
            socklen_t size = sizeof counted;
            SHOW(getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &counted, &size));
            printf("%u, dropped %u\n", counted.tp_packets, counted.tp_drops);
        }
        close(s);
    }
    close(to), close(aside), close(from);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    which_are_taken();
    given_back_and_locked();
    datagrams();
    streams();
    local();
    frames();
    return 0;
}
