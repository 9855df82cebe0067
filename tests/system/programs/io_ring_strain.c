// io_uring under strain: threads and processes that submit, cancel, close and end while operations wait, and rings whose words are nonsense. Nothing may be
// lost, and nothing may stay behind.
#include "ring_calls.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

/// Each byte that is written comes out of a read that waited for it, though many rings wait at once.
static void *pump(void *argument) {
    long rounds = (long)argument, sum = 0;
    struct ring ring;
    int ends[2];
    if (ring_open(&ring, 8, (struct io_uring_params){}) || pipe(ends)) return (void *)-1;
    for (long i = 0; i < rounds; i++) {
        char in = 0, out = (char)(i & 63);
        put(&ring, IORING_OP_READ, ends[0], &in, 1, 0, 1);
        if (submit(&ring, 0) != 1) return (void *)-2;
        put(&ring, IORING_OP_WRITE, ends[1], &out, 1, 0, 2);
        if (i & 1 ? submit(&ring, 0) != 1 : submit(&ring, 2) != 1) return (void *)-3;
        for (int done = 0; done < 2;) {
            struct io_uring_cqe one;
            if (!take(&ring, &one)) {
                if (!(i & 1)) enter(&ring, 1, IORING_ENTER_GETEVENTS);
                else usleep(10);
                continue;
            }
            if (one.res != 1) return (void *)-4;
            done++;
        }
        sum += in;
    }
    close(ends[0]), close(ends[1]);
    ring_close(&ring);
    return (void *)sum;
}

/// Rings that are closed while much waits in them.
static void *leave(void *argument) {
    long rounds = (long)argument;
    struct __kernel_timespec late = {.tv_sec = 60}, soon = {.tv_nsec = 100000};
    for (long i = 0; i < rounds; i++) {
        struct ring ring;
        int ends[2], pair[2];
        char in[8];
        if (ring_open(&ring, 16, (struct io_uring_params){.flags = i & 1 ? IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN : 0}) || pipe(ends)) return (void *)-1;
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return (void *)-2;
        put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 1)->flags = IOSQE_IO_LINK;
        put(&ring, IORING_OP_LINK_TIMEOUT, -1, i & 2 ? &late : &soon, 1, 0, 2);
        put(&ring, IORING_OP_POLL_ADD, pair[0], 0, IORING_POLL_ADD_MULTI, 0, 3)->poll32_events = POLLIN;
        put(&ring, IORING_OP_RECV, pair[1], in, 8, 0, 4);
        put(&ring, IORING_OP_TIMEOUT, -1, &late, 1, 5, 5);
        put(&ring, IORING_OP_POLL_ADD, ring.fd, 0, 0, 0, 6)->poll32_events = POLLIN;
        if (submit(&ring, 0) != 6) return (void *)-3;
        if (i & 4) (void)!write(pair[1], "x", 1), (void)!write(pair[0], "y", 1);
        if (i & 8) usleep(200);
        ring_close(&ring);
        close(ends[0]), close(ends[1]), close(pair[0]), close(pair[1]);
    }
    return 0;
}

/// One submits reads that wait, others cancel them or serve them; each ends once.
struct shared {
    struct ring ring;
    int ends[2];
    _Atomic int stop;
};
static void *serve(void *argument) {
    struct shared *shared = argument;
    while (!shared->stop) {
        (void)!write(shared->ends[1], "z", 1);
        usleep(50);
    }
    return 0;
}
static void cancel_and_serve(void) {
    struct shared shared = {};
    pthread_t server;
    if (ring_open(&shared.ring, 32, (struct io_uring_params){}) || pipe(shared.ends)) exit(1);
    pthread_create(&server, 0, serve, &shared);
    int ended[3] = {}, wrong = 0;
    char in[64];
    for (int i = 0; i < 2000; i++) {
        put(&shared.ring, IORING_OP_READ, shared.ends[0], in, 1, 0, 1);
        submit(&shared.ring, 0);
        put(&shared.ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 0, 2);
        submit(&shared.ring, 2);
        for (int done = 0; done < 2;) {
            struct io_uring_cqe one;
            if (!take(&shared.ring, &one)) {
                enter(&shared.ring, 1, IORING_ENTER_GETEVENTS);
                continue;
            }
            done++;
            ended[one.user_data]++;
            if (one.user_data == 1 && one.res != 1 && one.res != -ECANCELED) wrong++;
            if (one.user_data == 2 && one.res != 0 && one.res != -ENOENT && one.res != -EALREADY) wrong++;
        }
    }
    shared.stop = 1;
    fcntl(shared.ends[0], F_SETFL, O_NONBLOCK);
    (void)!read(shared.ends[0], in, sizeof in);
    pthread_join(server, 0);
    printf("reads %d, cancels %d, wrong %d\n", ended[1], ended[2], wrong);
    ring_close(&shared.ring);
}

/// The program's words in the ring mean nothing.
static void nonsense(void) {
    struct ring ring;
    if (ring_open(&ring, 4, (struct io_uring_params){})) exit(1);
    unsigned state = 1;
    for (int round = 0; round < 2000; round++) {
        unsigned *entries = (unsigned *)ring.entries;
        for (int i = 0; i < 4 * 16; i++) state = state * 1664525 + 1013904223, entries[i] = state >> 8;
        for (int i = 0; i < 4; i++) {
            ring.entries[i].opcode = (unsigned char)(state >> (8 + i)) % 41;
            if (ring.entries[i].opcode == IORING_OP_CLOSE) ring.entries[i].opcode = IORING_OP_NOP;
            if (round & 1) ring.entries[i].flags &= IOSQE_IO_LINK, ring.entries[i].ioprio = 0, ring.entries[i].personality = 0;
            ring.entries[i].fd = -1;
            ((unsigned *)(ring.rings + ring.params.sq_off.array))[i] = state >> (9 + i) & 7;
        }
        atomic_store(word(&ring, ring.params.sq_off.tail), round & 8 ? state : atomic_load(word(&ring, ring.params.sq_off.head)) + 4);
        atomic_store(word(&ring, ring.params.cq_off.head), round & 16 ? state : atomic_load(word(&ring, ring.params.cq_off.tail)));
        syscall(SYS_io_uring_enter, ring.fd, 4, 0, IORING_ENTER_GETEVENTS, (void *)0, 0);
    }
    ring_close(&ring);
    printf("it lives\n");
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) return 0;  // what a child becomes
    setvbuf(stdout, 0, _IOLBF, 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, i < 2 ? pump : leave, (void *)(i < 2 ? 500L : 100L));
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        printf("%ld\n", (long)result);
    }
    cancel_and_serve();
    // Processes that end, or become others, while something waits.
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        if (child) {
            int status;
            if (i % 3 == 2) usleep(2000), kill(child, SIGKILL);
            waitpid(child, &status, 0);
            if (i % 3 == 2 ? !WIFSIGNALED(status) : status) printf("status %x\n", status);
            continue;
        }
        struct ring ring;
        int ends[2];
        char in[8];
        if (ring_open(&ring, 8, (struct io_uring_params){}) || pipe(ends)) _exit(1);
        put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 1);
        put(&ring, IORING_OP_POLL_ADD, ring.fd, 0, 0, 0, 2)->poll32_events = POLLIN;
        submit(&ring, 0);
        if (i % 3 == 0) syscall(SYS_exit, 0);
        if (i % 3 == 1) execl("/proc/self/exe", "io_ring_strain", "child", (char *)0), _exit(2);
        enter(&ring, 1, IORING_ENTER_GETEVENTS);
        _exit(3);
    }
    nonsense();
    printf("done\n");
    return 0;
}
