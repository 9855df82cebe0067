// splice, tee and vmsplice with sockets at one end: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static char got[65536];
static void show_read(int fd, int size) {
    ssize_t n = read(fd, got, size);
    printf("  read %zd '%.*s'\n", n, n > 0 ? (int)n : 0, got);
}
static int waiting(int fd) {
    int bytes = -1;
    ioctl(fd, FIONREAD, &bytes);
    return bytes;
}

static void tcp_pair(int s[2]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void *)&at, size) || listen(listener, 1) || getsockname(listener, (void *)&at, &size)) exit(1);
    s[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s[0], (void *)&at, size)) exit(1);
    s[1] = accept(listener, NULL, NULL);
    close(listener);
}

static void to_and_from(const char *what, const int s[2]) {
    int p[2], q[2];
    loff_t zero = 0;
    printf("-- %s\n", what);
    (void)!pipe(p), (void)!pipe(q);
    (void)!write(p[1], "hello, world", 12);
    SHOW(tee(p[0], q[1], 5, 0));
    SHOW(splice(p[0], NULL, s[0], NULL, 100, 0));
    show_read(s[1], 100);
    SHOW(splice(q[0], NULL, s[0], NULL, 5, SPLICE_F_MORE | SPLICE_F_MOVE));
    (void)!write(s[0], "!", 1);
    while (waiting(s[1]) < 6) usleep(1000);
    SHOW(splice(s[1], NULL, q[1], NULL, 3, 0));
    SHOW(splice(s[1], NULL, q[1], NULL, 100, 0));
    show_read(q[0], 100);
    SHOW(splice(s[1], NULL, s[0], NULL, 1, 0));
    SHOW(splice(s[1], &zero, q[1], NULL, 1, 0));
    (void)!write(p[1], "x", 1);
    SHOW(splice(p[0], NULL, s[0], &zero, 1, 0));
    SHOW(splice(p[0], &zero, s[0], NULL, 1, 0));
    SHOW(splice(p[0], NULL, s[0], NULL, 1, 0x100));
    SHOW(splice(p[0], NULL, s[0], NULL, 0, 0));
    show_read(p[0], 1);
    struct iovec pieces[2] = {{"from memory", 4}, {" to a socket", 12}};
    SHOW(vmsplice(p[1], pieces, 2, 0));
    SHOW(splice(p[0], NULL, s[1], NULL, 100, 0));
    show_read(s[0], 100);
    // What cannot be done now.
    fcntl(s[1], F_SETFL, O_NONBLOCK);
    SHOW(splice(s[1], NULL, q[1], NULL, 10, 0));
    SHOW(splice(p[0], NULL, s[1], NULL, 10, SPLICE_F_NONBLOCK));
    fcntl(q[1], F_SETFL, O_NONBLOCK);
    while (write(q[1], got, 4096) > 0) {}
    (void)!write(s[0], "late", 4);
    while (waiting(s[1]) < 4) usleep(1000);
    SHOW(splice(s[1], NULL, q[1], NULL, 10, 0));
    fcntl(q[1], F_SETFL, 0);
    SHOW(splice(s[1], NULL, q[1], NULL, 10, SPLICE_F_NONBLOCK));
    show_read(s[1], 10);  // it did not go into the full pipe
    close(q[0]);
    (void)!write(s[0], "nobody", 6);
    while (waiting(s[1]) < 6) usleep(1000);
    SHOW(splice(s[1], NULL, q[1], NULL, 10, 0));
    show_read(s[1], 10);
    fcntl(s[1], F_SETFL, 0);
    shutdown(s[0], SHUT_WR);
    SHOW(splice(s[1], NULL, p[1], NULL, 10, 0));
    close(s[0]), close(s[1]), close(p[0]), close(p[1]), close(q[1]);
}

// As proxies do it: everything that comes goes through a pipe into another connection.
enum { volume = 3000000 };
static void *write_all(void *fd) {
    static char block[50000];
    for (int i = 0; i < (int)sizeof block; ++i) block[i] = (char)(i * 7 + i / 256);
    for (int sent = 0; sent < volume; sent += sizeof block)
        if (write(*(int *)fd, block, sizeof block) != sizeof block) exit(1);
    shutdown(*(int *)fd, SHUT_WR);
    return NULL;
}
static void *read_all(void *fd) {
    long total = 0, wrong = 0, n;
    static char block[30000];
    while ((n = read(*(int *)fd, block, sizeof block)) > 0)
        for (long i = 0; i < n; ++i, ++total) {
            int at = total % 50000;
            wrong += block[i] != (char)(at * 7 + at / 256);
        }
    printf("%ld bytes, %ld wrong\n", total, wrong);
    return NULL;
}
static void proxy(void) {
    int in[2], out[2], p[2];
    tcp_pair(in), tcp_pair(out);
    (void)!pipe(p);
    pthread_t writer, reader;
    pthread_create(&writer, NULL, write_all, &in[0]);
    pthread_create(&reader, NULL, read_all, &out[1]);
    for (ssize_t came; (came = splice(in[1], NULL, p[1], NULL, 1 << 20, SPLICE_F_MOVE)) > 0;)
        while (came > 0) {
            ssize_t went = splice(p[0], NULL, out[0], NULL, came, SPLICE_F_MOVE);
            if (went <= 0) exit(2);
            came -= went;
        }
    shutdown(out[0], SHUT_WR);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
}

// Several take from one pipe, by splice and by read: each byte goes to one of them, and none is lost. They meet numbers of four bytes.
enum { numbers = 40000 };
static _Atomic unsigned char seen[numbers];
static void mark(const unsigned *got_numbers, ssize_t bytes) {
    for (ssize_t i = 0; i < bytes / 4; ++i)
        if (got_numbers[i] < numbers) ++seen[got_numbers[i]];
}
static void *take_by_reading(void *fd) {
    unsigned block[64];
    for (ssize_t n; (n = read(*(int *)fd, block, sizeof block)) > 0;) mark(block, n);
    return NULL;
}
static void *take_to_socket(void *fd) {
    unsigned block[256];
    int s[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s)) exit(3);
    for (ssize_t n, went; (went = splice(*(int *)fd, NULL, s[0], NULL, sizeof block, 0)) > 0;)
        for (; went > 0 && (n = read(s[1], block, went)) > 0; went -= n) mark(block, n);
    close(s[0]), close(s[1]);
    return NULL;
}
static void *take_to_pipe(void *fd) {
    unsigned block[256];
    int q[2];
    if (pipe(q)) exit(3);
    for (ssize_t n, went; (went = splice(*(int *)fd, NULL, q[1], NULL, sizeof block, 0)) > 0;)
        for (; went > 0 && (n = read(q[0], block, went)) > 0; went -= n) mark(block, n);
    close(q[0]), close(q[1]);
    return NULL;
}
static void tell(const char *what) {
    int none = 0, often = 0;
    for (int i = 0; i < numbers; ++i) none += seen[i] == 0, often += seen[i] > 1, seen[i] = 0;
    printf("%s: %d lost, %d more than once\n", what, none, often);
}
static void several_takers(void) {
    int p[2];
    pthread_t takers[6];
    void *(*const kinds[])(void *) = {take_by_reading, take_to_socket, take_to_pipe};
    if (pipe(p)) exit(3);
    for (int i = 0; i < 6; ++i) pthread_create(&takers[i], NULL, kinds[i % 3], &p[0]);
    for (unsigned i = 0; i < numbers; i += 400) {
        unsigned block[400];
        for (unsigned j = 0; j < 400; ++j) block[j] = i + j;
        if (write(p[1], block, sizeof block) != sizeof block) exit(4);
    }
    close(p[1]);
    for (int i = 0; i < 6; ++i) pthread_join(takers[i], NULL);
    close(p[0]);
    tell("several takers");
}

// Several splice into one pipe that may not wait, and write: what was fetched has its room.
static int shared_pipe[2];
static void *put_from_socket(void *first) {
    int s[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s)) exit(3);
    for (unsigned i = (unsigned)(unsigned long)first; i < numbers; i += 4) {
        if (write(s[0], &i, 4) != 4) exit(4);
        while (splice(s[1], NULL, shared_pipe[1], NULL, 4, 0) != 4) {
            if (errno != EAGAIN) exit(5);
            usleep(10);
        }
    }
    close(s[0]), close(s[1]);
    return NULL;
}
static void *put_by_writing(void *first) {
    for (unsigned i = (unsigned)(unsigned long)first; i < numbers; i += 4)
        while (write(shared_pipe[1], &i, 4) != 4) usleep(10);
    return NULL;
}
static void several_putters(void) {
    pthread_t putters[4], taker;
    if (pipe(shared_pipe)) exit(3);
    fcntl(shared_pipe[1], F_SETPIPE_SZ, 4096);
    fcntl(shared_pipe[1], F_SETFL, O_NONBLOCK);
    pthread_create(&taker, NULL, take_by_reading, &shared_pipe[0]);
    for (unsigned long i = 0; i < 4; ++i) pthread_create(&putters[i], NULL, i % 2 ? put_by_writing : put_from_socket, (void *)i);
    for (int i = 0; i < 4; ++i) pthread_join(putters[i], NULL);
    close(shared_pipe[1]);
    pthread_join(taker, NULL);
    close(shared_pipe[0]);
    tell("several putters");
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    to_and_from("Unix", s);
    tcp_pair(s);
    to_and_from("TCP", s);
    proxy();
    several_takers();
    several_putters();
    return 0;
}
