// Ports that several sockets share, and the program that chooses one of them (SO_ATTACH_REUSEPORT_CBPF). Prints who gets what, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif
#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif
#ifndef SO_LOCK_FILTER
#define SO_LOCK_FILTER 44
#endif
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

// struct sock_filter and struct sock_fprog, which not every C library has.
struct instruction {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t value;
};
struct program {
    uint16_t count;
    struct instruction *instructions;
};
enum { load_byte = 0x30, subtract = 0x14, return_accumulator = 0x16, return_value = 0x06, none = 4 };
/// The number that the datagram begins with.
static struct instruction by_digit[] = {{load_byte, 0, 0, 0}, {subtract, 0, 0, '0'}, {return_accumulator, 0, 0, 0}};
static struct instruction always_last[] = {{return_value, 0, 0, 2}};

static int s[none];
static struct sockaddr_in at;

static int on(int fd, int name, int value) { return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value); }
static int attach(int fd, struct instruction *instructions, int count) {
    struct program program = {(uint16_t)count, instructions};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}
static int detach(int fd) { return on(fd, SO_DETACH_REUSEPORT_BPF, 0); }
static int make(int type, int shares) {
    int fd = socket(AF_INET, type, 0);
    if (shares) on(fd, SO_REUSEPORT, 1);
    return fd;
}
static int bind_here(int fd) {
    socklen_t size = sizeof at;
    int result = bind(fd, (void *)&at, sizeof at);
    getsockname(fd, (void *)&at, &size);
    return result;
}
static void anywhere(void) { at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}; }
/// Whose turn it is: the first that has something; `none`: nobody.
static int ready(void) {
    struct pollfd all[none];
    for (int i = 0; i < none; ++i) all[i] = (struct pollfd){s[i], POLLIN, 0};
    poll(all, none, 1000);
    for (int i = 0; i < none; ++i)
        if (all[i].revents & POLLIN) return i;
    return none;
}
static void send_text(const char *text) {
    char b[20];
    int from = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(from, text, strlen(text), 0, (void *)&at, sizeof at);
    int who = ready();
    ssize_t size = who == none ? -1 : recv(s[who], b, sizeof b, MSG_DONTWAIT);
    printf("  '%s' comes to %d: %zd\n", text, who, size);
    close(from);
}
/// Where nobody is chosen anyone may get it, but somebody does.
static void send_astray(const char *text) {
    char b[20];
    int from = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(from, text, strlen(text), 0, (void *)&at, sizeof at);
    int who = ready();
    printf("  '%s' comes to somebody: %d\n", text, who != none && recv(s[who], b, sizeof b, MSG_DONTWAIT) == (ssize_t)strlen(text));
    close(from);
}

static void datagrams(void) {
    puts("-- datagrams");
    anywhere();
    for (int i = 0; i < 3; ++i) s[i] = make(SOCK_DGRAM, 1), bind_here(s[i]);
    s[3] = -1;
    int alone = make(SOCK_DGRAM, 0);
    SHOW(attach(alone, by_digit, 3));
    SHOW(detach(alone));
    SHOW(detach(s[0]));
    SHOW(attach(s[0], by_digit, 0));
    SHOW(attach(s[0], by_digit, 2));
    SHOW(setsockopt(s[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, by_digit, 3));
    SHOW(attach(s[1], by_digit, 3));
    for (int i = 0; i < 2; ++i) send_text("0"), send_text("1"), send_text("2 with more");
    send_astray("3"), send_astray("x");
    send_text("");  // there is no byte to load: 0
    // Another takes the place of one that is gone, a new one comes last.
    close(s[0]);
    s[0] = -1;
    send_text("0"), send_text("1"), send_astray("2");
    s[3] = make(SOCK_DGRAM, 1);
    SHOW(bind_here(s[3]));
    send_text("0"), send_text("1"), send_text("2");
    SHOW(attach(s[3], always_last, 1));
    send_text("0");
    SHOW(detach(s[1]));
    SHOW(detach(s[1]));
    send_astray("0");
    SHOW(on(s[1], SO_LOCK_FILTER, 1));
    SHOW(attach(s[1], by_digit, 3));
    for (int i = 1; i < none; ++i) close(s[i]);

    // Before there is a port.
    anywhere();
    for (int i = 0; i < 3; ++i) s[i] = make(SOCK_DGRAM, 1);
    s[3] = -1;
    SHOW(detach(s[0]));
    SHOW(attach(s[0], by_digit, 3));
    SHOW(attach(s[1], always_last, 1));
    SHOW(bind_here(s[0]));
    SHOW(bind(s[1], (void *)&at, sizeof at));  // which has a program already, and would have to give it up
    SHOW(bind_here(s[2]));
    send_text("1"), send_text("0");
    for (int i = 0; i < 3; ++i) close(s[i]);
    close(alone);
}

static void connections(void) {
    puts("-- connections");
    anywhere();
    for (int i = 0; i < 3; ++i) s[i] = make(SOCK_STREAM, 1), bind_here(s[i]);
    s[3] = -1;
    for (int i = 2; i >= 0; --i) listen(s[i], 10);  // counted from now on
    SHOW(attach(s[0], always_last, 1));
    for (int i = 0; i < 4; ++i) {
        int from = socket(AF_INET, SOCK_STREAM, 0);
        connect(from, (void *)&at, sizeof at);
        int who = ready();
        printf("  a connection comes to %d\n", who);
        if (who != none) close(accept(s[who], NULL, NULL));
        close(from);
    }
    SHOW(detach(s[1]));
    SHOW(detach(s[2]));
    for (int i = 0; i < 3; ++i) close(s[i]);
}

int main(void) {
    datagrams();
    connections();
    int pair[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    SHOW(attach(pair[0], by_digit, 3));
    return 0;
}
