// io_uring with sockets: connections, messages, operations that go on, splices. Prints what each step answered, the same on every Linux.
#include "ring_calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct ring ring;

static void connections(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
    socklen_t size = sizeof here, from_size = sizeof from;
    put(&ring, IORING_OP_SOCKET, AF_INET, 0, 0, SOCK_STREAM, 1);
    SHOW(submit(&ring, 1));
    struct io_uring_cqe one;
    SHOW(take(&ring, &one));
    int listener = one.res;
    SHOW(bind(listener, (void *)&here, sizeof here));
    SHOW(listen(listener, 8));
    getsockname(listener, (void *)&here, &size);

    put(&ring, IORING_OP_ACCEPT, listener, &from, 0, (unsigned long)&from_size, 2);
    SHOW(submit(&ring, 0));
    SHOW(waiting(&ring));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    put(&ring, IORING_OP_CONNECT, client, &here, 0, sizeof here, 3);
    SHOW(enter(&ring, 2, IORING_ENTER_GETEVENTS));
    int peer = -1, connected = -1;
    for (int i = 0; i < 2; i++) {
        take(&ring, &one);
        if (one.user_data == 2) peer = one.res;
        else connected = one.res;
    }
    printf("  connected: %d\n", connected);
    SHOW(peer >= 0);
    SHOW(from_size);
    SHOW(fcntl(peer, F_GETFD));

    static char in[64], large[300000], drained[300000];
    put(&ring, IORING_OP_RECV, peer, in, 10, 0, 4)->msg_flags = MSG_WAITALL;
    put(&ring, IORING_OP_SEND, client, "hello", 5, 0, 5);
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    put(&ring, IORING_OP_SEND, client, "world", 5, 0, 6);
    SHOW(enter(&ring, 2, IORING_ENTER_GETEVENTS));
    show_sorted(&ring);
    printf("%s\n", in);
    memset(large, 'x', sizeof large);
    put(&ring, IORING_OP_SEND, client, large, sizeof large, 0, 7)->msg_flags = MSG_WAITALL;
    put(&ring, IORING_OP_RECV, peer, drained, sizeof drained, 0, 8)->msg_flags = MSG_WAITALL;
    SHOW(enter(&ring, 2, IORING_ENTER_GETEVENTS));
    show_sorted(&ring);
    SHOW(memcmp(large, drained, sizeof large));
    put(&ring, IORING_OP_RECV, peer, in, 10, 0, 9)->msg_flags = MSG_DONTWAIT;
    SHOW(submit(&ring, 1));
    show(&ring);
    put(&ring, IORING_OP_READ, peer, in, 10, 0, 10);
    put(&ring, IORING_OP_SHUTDOWN, client, 0, SHUT_WR, 0, 11);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    put(&ring, IORING_OP_RECV, listener, in, 10, 0, 12);
    put(&ring, IORING_OP_RECV, ring.fd, in, 10, 0, 13);
    put(&ring, IORING_OP_ACCEPT, client, 0, 0, 0, 14);
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    close(peer), close(client);

    // Nobody listens there any more.
    put(&ring, IORING_OP_ACCEPT, listener, 0, 0, 0, 15)->ioprio = IORING_ACCEPT_MULTISHOT;
    SHOW(submit(&ring, 0));
    for (int i = 0; i < 3; i++) {
        client = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(connect(client, (void *)&here, sizeof here));
        SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
        SHOW(take(&ring, &one) && one.res >= 0);
        printf("  %llu flags %x\n", (unsigned long long)one.user_data, one.flags);
        close(one.res), close(client);
    }
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)15, 0, 0, 16);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    close(listener);
    client = socket(AF_INET, SOCK_STREAM, 0);
    put(&ring, IORING_OP_CONNECT, client, &here, 0, sizeof here, 17);
    SHOW(submit(&ring, 1));
    show(&ring);
    close(client);
}

static void messages(void) {
    int pair[2];
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    char in[16] = "", control[64] = "";
    struct iovec pieces[2] = {{"ab", 2}, {"cd", 2}}, into = {in, sizeof in};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } rights = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    *(int *)CMSG_DATA(&rights.header) = 1;
    struct msghdr out = {.msg_iov = pieces, .msg_iovlen = 2, .msg_control = &rights, .msg_controllen = sizeof rights};
    struct msghdr got = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    put(&ring, IORING_OP_RECVMSG, pair[0], &got, 1, 0, 1);
    put(&ring, IORING_OP_SENDMSG, pair[1], &out, 1, 0, 2);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    printf("%s %lu bytes of control\n", in, (unsigned long)got.msg_controllen);
    // A ring is nothing to hand on.
    *(int *)CMSG_DATA(&rights.header) = ring.fd;
    SHOW(sendmsg(pair[1], &out, 0));
    // What it was given is copied before the submission ends.
    put(&ring, IORING_OP_RECVMSG, pair[0], &got, 1, 0, 3);
    SHOW(submit(&ring, 0));
    into.iov_base = (void *)8, got.msg_iovlen = 99;
    SHOW(send(pair[1], "later", 6, 0));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    printf("%s\n", in);
    put(&ring, IORING_OP_SENDMSG, pair[1], (void *)8, 1, 0, 4);
    SHOW(submit(&ring, 1));
    show(&ring);
    close(pair[0]);
    put(&ring, IORING_OP_SEND, pair[1], "x", 1, 0, 5);
    SHOW(submit(&ring, 1));
    show(&ring);
    close(pair[1]);
}

static void again_and_again(void) {
    static char memory[8][16];
    int pair[2];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    put(&ring, IORING_OP_PROVIDE_BUFFERS, 4, memory, 16, 0, 1)->buf_group = 3;
    struct io_uring_sqe *entry = put(&ring, IORING_OP_RECV, pair[0], 0, 0, 0, 2);
    entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 3, entry->ioprio = IORING_RECV_MULTISHOT;
    SHOW(submit(&ring, 1));
    show(&ring);
    for (int i = 0; i < 3; i++) {
        SHOW(send(pair[1], "piece", 5, 0));
        SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
        show(&ring);
    }
    SHOW(send(pair[1], "more than one buffer holds", 26, 0));
    SHOW(enter(&ring, 2, IORING_ENTER_GETEVENTS));
    show(&ring);
    entry = put(&ring, IORING_OP_PROVIDE_BUFFERS, 4, memory + 4, 16, 4, 3);
    entry->buf_group = 3;
    entry = put(&ring, IORING_OP_RECV, pair[0], 0, 0, 0, 4);
    entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 3, entry->ioprio = IORING_RECV_MULTISHOT;
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    close(pair[1]);
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    entry = put(&ring, IORING_OP_RECV, pair[0], memory, 10, 0, 5);
    entry->ioprio = IORING_RECV_MULTISHOT;
    SHOW(submit(&ring, 1));
    show(&ring);
    close(pair[0]);
}

static void splices(void) {
    int first[2], second[2];
    char in[16] = "";
    SHOW(pipe(first));
    SHOW(pipe(second));
    SHOW(write(first[1], "through", 7));
    struct io_uring_sqe *entry = put(&ring, IORING_OP_SPLICE, second[1], (void *)-1l, 7, -1ull, 1);
    entry->splice_fd_in = first[0];
    SHOW(submit(&ring, 1));
    show(&ring);
    SHOW(read(second[0], in, 16));
    printf("%s\n", in);
    SHOW(write(first[1], "tee", 3));
    entry = put(&ring, IORING_OP_TEE, second[1], 0, 3, 0, 2);
    entry->splice_fd_in = first[0];
    SHOW(submit(&ring, 1));
    show(&ring);
    SHOW(read(second[0], in, 16) + read(first[0], in, 16));
    // It waits for something to come.
    entry = put(&ring, IORING_OP_SPLICE, second[1], (void *)-1l, 7, -1ull, 3);
    entry->splice_fd_in = first[0];
    SHOW(submit(&ring, 0));
    SHOW(write(first[1], "later", 5));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    entry = put(&ring, IORING_OP_SPLICE, second[1], (void *)-1l, 7, -1ull, 4);
    entry->splice_fd_in = -1;
    SHOW(submit(&ring, 1));
    show(&ring);
    close(first[0]), close(first[1]), close(second[0]), close(second[1]);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    SHOW(ring_open(&ring, 16, (struct io_uring_params){}));
    connections(), messages(), again_and_again(), splices();
    ring_close(&ring);
    return 0;
}
