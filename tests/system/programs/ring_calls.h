// io_uring by its calls alone, for programs that print what it answers.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

struct ring {
    int fd;
    struct io_uring_params params;
    char *rings;
    struct io_uring_sqe *entries;
    unsigned tail, submitted;
};

static _Atomic unsigned *word(struct ring *ring, unsigned offset) { return (_Atomic unsigned *)(ring->rings + offset); }

static int ring_open(struct ring *ring, unsigned entries, struct io_uring_params params) {
    memset(ring, 0, sizeof *ring);
    ring->params = params;
    ring->fd = (int)syscall(SYS_io_uring_setup, entries, &ring->params);
    if (ring->fd < 0) return -1;
    struct io_uring_params *p = &ring->params;
    size_t completion = p->flags & IORING_SETUP_CQE32 ? 32 : 16, size = p->cq_off.cqes + p->cq_entries * completion, array = p->sq_off.array + p->sq_entries * 4;
    ring->rings = mmap(0, size > array ? size : array, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
    ring->entries = mmap(0, p->sq_entries * 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
    return ring->rings == MAP_FAILED || ring->entries == MAP_FAILED ? -1 : 0;
}
static void ring_close(struct ring *ring) {
    munmap(ring->entries, ring->params.sq_entries * 64);
    close(ring->fd);
}

/// The next entry, to be filled.
static struct io_uring_sqe *put(struct ring *ring, int operation, int fd, const void *address, unsigned size, unsigned long long offset, unsigned long long data) {
    unsigned index = ring->tail++ & (ring->params.sq_entries - 1);
    struct io_uring_sqe *entry = ring->entries + index;
    memset(entry, 0, sizeof *entry);
    entry->opcode = (unsigned char)operation, entry->fd = fd, entry->addr = (unsigned long)address, entry->len = size, entry->off = offset, entry->user_data = data;
    ((unsigned *)(ring->rings + ring->params.sq_off.array))[index] = index;
    return entry;
}
static long enter(struct ring *ring, unsigned least, unsigned flags) {
    unsigned count = ring->tail - ring->submitted;
    atomic_store_explicit(word(ring, ring->params.sq_off.tail), ring->tail, memory_order_release);
    long result = syscall(SYS_io_uring_enter, ring->fd, count, least, flags, (void *)0, 0);
    ring->submitted = atomic_load(word(ring, ring->params.sq_off.head));
    return result;
}
/// Submits, and waits for as many completions.
static long submit(struct ring *ring, unsigned least) { return enter(ring, least, least ? IORING_ENTER_GETEVENTS : 0); }
static unsigned waiting(struct ring *ring) {
    return atomic_load(word(ring, ring->params.cq_off.tail)) - atomic_load(word(ring, ring->params.cq_off.head));
}
static int take(struct ring *ring, struct io_uring_cqe *into) {
    unsigned head = atomic_load(word(ring, ring->params.cq_off.head));
    if (!waiting(ring)) return 0;
    size_t size = ring->params.flags & IORING_SETUP_CQE32 ? 32 : 16;
    memcpy(into, ring->rings + ring->params.cq_off.cqes + (head & (ring->params.cq_entries - 1)) * size, 16);
    atomic_store(word(ring, ring->params.cq_off.head), head + 1);
    return 1;
}
/// A socket's completion may tell that there is more to read, or not.
#define SHOWN_FLAGS (~(unsigned)IORING_CQE_F_SOCK_NONEMPTY)
static inline int show_one(struct ring *ring) {
    struct io_uring_cqe one;
    if (!take(ring, &one)) return 0;
    printf("  %llu: %d %s flags %x\n", (unsigned long long)one.user_data, one.res, one.res < 0 ? strerror(-one.res) : "", one.flags & SHOWN_FLAGS);
    return 1;
}
static inline void show(struct ring *ring) {
    while (show_one(ring)) {}
}
/// What is there, in the order of the data: independent operations may end in any.
static inline void show_sorted(struct ring *ring) {
    struct io_uring_cqe all[64];
    int count = 0;
    while (count < 64 && take(ring, &all[count])) count++;
    for (int done = 0; done < count; done++) {
        int least = -1;
        for (int i = 0; i < count; i++)
            if (all[i].flags != ~0u && (least < 0 || all[i].user_data < all[least].user_data)) least = i;
        printf("  %llu: %d %s flags %x\n", (unsigned long long)all[least].user_data, all[least].res, all[least].res < 0 ? strerror(-all[least].res) : "", all[least].flags & SHOWN_FLAGS);
        all[least].flags = ~0u;
    }
}
