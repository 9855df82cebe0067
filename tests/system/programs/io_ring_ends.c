// io_uring: what becomes of operations whose task ends, rings and buffers that are registered, operations that complete more than once. Some of it is
// newer than Linux 6.1, so the case holds what Linux 6.18 prints.
#include "ring_calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#ifndef IORING_TIMEOUT_MULTISHOT
#define IORING_TIMEOUT_MULTISHOT (1U << 6)
#endif
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#endif
#ifndef IORING_REGISTER_USE_REGISTERED_RING
#define IORING_REGISTER_USE_REGISTERED_RING (1U << 31)
#endif

static struct ring ring;
static int reads[2], polls[2];
static char in[8];

/// Takes as many completions as come, one by one.
static void take_all(unsigned count) {
    while (count--) {
        enter(&ring, 1, IORING_ENTER_GETEVENTS);
        show_one(&ring);  // there may be more by now
    }
}

static void submit_waits(int with_read) {
    if (with_read) put(&ring, IORING_OP_READ, reads[0], in, 4, 0, 1);
    put(&ring, IORING_OP_POLL_ADD, polls[0], 0, 0, 0, 2)->poll32_events = POLLIN;
    SHOW(submit(&ring, 0));
}
static void *submit_and_end(void *unused) {
    submit_waits(1);
    return unused;
}

static void ends_of_tasks(void) {
    SHOW(pipe(reads));
    SHOW(pipe(polls));
    pthread_t thread;
    pthread_create(&thread, 0, submit_and_end, 0);
    pthread_join(thread, 0);
    SHOW(write(polls[1], "x", 1));
    take_all(1);
    SHOW(write(reads[1], "abcd", 4));
    take_all(1);
    SHOW(read(reads[0], in, 8));  // nobody has read it

    fflush(stdout);
    if (read(polls[0], in, 1) != 1) return;
    pid_t child = fork();
    if (child == 0) submit_waits(0), _exit(0);
    waitpid(child, 0, 0);
    ring.tail = ring.submitted = atomic_load(word(&ring, ring.params.sq_off.head));
    SHOW(write(polls[1], "x", 1));
    take_all(1);
}

/// A process that waits for another's operations hears of them, though that one does not ask.
static void waits_of_others(void) {
    put(&ring, IORING_OP_POLL_ADD, reads[0], 0, 0, 0, 8)->poll32_events = POLLIN;
    SHOW(submit(&ring, 0));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        take_all(1);
        fflush(stdout);
        _exit(0);
    }
    usleep(100000);  // it waits by now, most of the time
    SHOW(write(reads[1], "x", 1));
    waitpid(child, 0, 0);
    SHOW(read(reads[0], in, 8));
}

static void rings_by_number(void) {
    struct io_uring_rsrc_update one = {.offset = -1u, .data = (unsigned)ring.fd}, bad = {.offset = 99, .data = (unsigned)ring.fd}, pipe_end = {.offset = -1u, .data = (unsigned)reads[0]};
    struct io_uring_rsrc_update gone = {.offset = 0};
    SHOW(syscall(SYS_io_uring_enter, 0, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 0));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 17));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &bad, 1));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &pipe_end, 1));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 1));
    SHOW(one.offset);
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &one, 1));
    put(&ring, IORING_OP_NOP, -1, 0, 0, 0, 3);
    atomic_store(word(&ring, ring.params.sq_off.tail), ring.tail);
    SHOW(syscall(SYS_io_uring_enter, 0, 1, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, 0, 0));
    ring.submitted = ring.tail;
    show(&ring);
    SHOW(syscall(SYS_io_uring_enter, 1, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0));
    SHOW(syscall(SYS_io_uring_enter, 16, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0));
    SHOW(syscall(SYS_io_uring_register, 0, IORING_REGISTER_USE_REGISTERED_RING | IORING_UNREGISTER_FILES, 0, 0));
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_RING_FDS, &gone, 1));
    SHOW(syscall(SYS_io_uring_enter, 0, 0, 0, IORING_ENTER_REGISTERED_RING, 0, 0));
}

static void repeated_timeouts(void) {
    struct __kernel_timespec soon = {0, 5000000};
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 3, 4)->timeout_flags = IORING_TIMEOUT_MULTISHOT;
    SHOW(submit(&ring, 0));
    take_all(3);
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 5)->timeout_flags = IORING_TIMEOUT_MULTISHOT;
    SHOW(submit(&ring, 0));
    struct io_uring_cqe one;
    int expired = 0, last = 0;
    while (expired < 5) {
        enter(&ring, 1, IORING_ENTER_GETEVENTS);
        while (take(&ring, &one)) expired += one.user_data == 5 && one.res == -ETIME && one.flags == IORING_CQE_F_MORE;
    }
    put(&ring, IORING_OP_TIMEOUT_REMOVE, -1, (void *)5, 0, 0, 6);
    SHOW(submit(&ring, 0));
    while (last < 2) {
        enter(&ring, 1, IORING_ENTER_GETEVENTS);
        while (take(&ring, &one)) last += (one.user_data == 5 && one.res == -ECANCELED && one.flags == 0) || (one.user_data == 6 && one.res == 0);
    }
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 7)->timeout_flags = IORING_TIMEOUT_MULTISHOT | IORING_TIMEOUT_ABS;
    SHOW(submit(&ring, 1));
    show(&ring);
}

static void notices(int from, int to) {
    static char fixed[64] = "registered";
    struct iovec piece = {fixed, sizeof fixed}, word_piece = {"word", 4};
    struct msghdr message = {.msg_iov = &word_piece, .msg_iovlen = 1};
    put(&ring, IORING_OP_SEND_ZC, from, "hello", 5, 0, 10);
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_SEND_ZC, from, "hello", 5, 0, 11)->ioprio = IORING_SEND_ZC_REPORT_USAGE;
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_SENDMSG_ZC, from, &message, 1, 0, 12);
    SHOW(submit(&ring, 2));
    show(&ring);
    SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &piece, 1));
    put(&ring, IORING_OP_SEND_ZC, from, fixed, 10, 0, 13)->ioprio = IORING_RECVSEND_FIXED_BUF;
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_SEND_ZC, from, fixed + 60, 10, 0, 14)->ioprio = IORING_RECVSEND_FIXED_BUF;
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_SEND_ZC, from, (void *)16, 10, 0, 15);
    SHOW(submit(&ring, 2));
    show(&ring);
    char got[64];
    for (int i = 0; i < 4; i++) SHOW(recv(to, got, sizeof got, MSG_DONTWAIT));
    SHOW(recv(to, got, sizeof got, MSG_DONTWAIT));

    // A ring that has room for two completions keeps the others.
    struct ring all = ring;
    SHOW(ring_open(&ring, 1, (struct io_uring_params){}));
    for (int i = 0; i < 3; i++) {
        put(&ring, IORING_OP_SEND_ZC, from, "hello", 5, 0, 20 + (unsigned)i);
        SHOW(submit(&ring, 0));
    }
    for (int i = 0; i < 3; i++) {
        enter(&ring, 1, IORING_ENTER_GETEVENTS);
        show(&ring);
    }
    ring_close(&ring);
    ring = all;
    for (int i = 0; i < 3; i++) SHOW(recv(to, got, sizeof got, MSG_DONTWAIT));
}

static void many_messages(int from, int to) {
    static char buffers[3][64];
    struct msghdr message = {.msg_namelen = sizeof(struct sockaddr_in)};
    put(&ring, IORING_OP_PROVIDE_BUFFERS, 3, buffers, 64, 0, 30)->buf_group = 5;
    SHOW(submit(&ring, 1));
    show(&ring);
    struct io_uring_sqe *entry = put(&ring, IORING_OP_RECVMSG, to, &message, 1, 0, 31);
    entry->ioprio = IORING_RECV_MULTISHOT, entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 5;
    SHOW(submit(&ring, 0));
    static const char *const words[] = {"one", "fourteen bytes", "more than there is room for in one of the buffers"};
    for (int i = 0; i < 3; i++) {
        SHOW(send(from, words[i], strlen(words[i]), 0));
        enter(&ring, i < 2 ? 1 : 2, IORING_ENTER_GETEVENTS);  // after the last buffer it ends
        show(&ring);
        struct io_uring_recvmsg_out out;
        struct sockaddr_in name;
        memcpy(&out, buffers[i], sizeof out), memcpy(&name, buffers[i] + sizeof out, sizeof name);
        printf("  %u %u %u %x from %d: %.32s\n", out.namelen, out.controllen, out.payloadlen, out.flags, name.sin_family == AF_INET, buffers[i] + sizeof out + sizeof name);
    }
    put(&ring, IORING_OP_RECVMSG, to, &message, 1, 0, 32)->ioprio = IORING_RECV_MULTISHOT;
    SHOW(submit(&ring, 1));
    show(&ring);
}

/// An address is the program's own again once the operation is submitted, though that is done later.
static void addresses(int to, struct sockaddr_in where) {
    struct __kernel_timespec soon = {0, 1000000};
    int from = socket(AF_INET, SOCK_DGRAM, 0);
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 50)->flags = IOSQE_IO_HARDLINK;
    put(&ring, IORING_OP_SEND, from, "addressed", 9, (unsigned long)&where, 51)->addr_len = sizeof where;
    SHOW(submit(&ring, 0));
    memset(&where, 0, sizeof where);
    enter(&ring, 2, IORING_ENTER_GETEVENTS);
    show(&ring);
    char got[16];
    SHOW(recv(to, got, sizeof got, MSG_DONTWAIT));
}

/// Who may not lock memory may not register more than RLIMIT_MEMLOCK either.
static void locked_memory(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {65536, 65536};
        char *pages = mmap(0, 131072, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct iovec much = {pages, 131072}, little = {pages, 32768};
        SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
        SHOW(setresuid(1000, 1000, 1000));
        SHOW(ring_open(&ring, 4, (struct io_uring_params){}));
        SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &much, 1));
        SHOW(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &little, 1));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, 0, 0);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    SHOW(ring_open(&ring, 16, (struct io_uring_params){}));
    ends_of_tasks(), waits_of_others(), rings_by_number(), repeated_timeouts();
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(bind(to, (void *)&here, sizeof here));
    getsockname(to, (void *)&here, &size);
    SHOW(connect(from, (void *)&here, sizeof here));
    notices(from, to), many_messages(from, to), addresses(to, here), locked_memory();
    return 0;
}
