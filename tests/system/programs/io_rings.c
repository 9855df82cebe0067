// io_uring: rings, files, waits, chains, limits and what is registered. Prints what each step answered, the same on every Linux.
#include "ring_calls.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct ring ring;
static struct __kernel_timespec soon = {.tv_nsec = 20 * 1000 * 1000}, late = {.tv_sec = 60};

static struct io_uring_sqe *nop(unsigned flags, int data) {
    struct io_uring_sqe *entry = put(&ring, IORING_OP_NOP, -1, 0, 0, 0, data);
    entry->flags = (unsigned char)flags;
    return entry;
}
static struct io_uring_sqe *wait_for(int fd, unsigned events, int data) {
    struct io_uring_sqe *entry = put(&ring, IORING_OP_POLL_ADD, fd, 0, 0, 0, data);
    entry->poll32_events = events;
    return entry;
}
static int setup(unsigned entries, struct io_uring_params params) {
    int fd = (int)syscall(SYS_io_uring_setup, entries, &params);
    if (fd >= 0) printf("  %u submissions, %u completions\n", params.sq_entries, params.cq_entries), close(fd);
    return fd < 0 ? -1 : 0;
}
static long reg(unsigned command, const void *argument, unsigned count) { return syscall(SYS_io_uring_register, ring.fd, command, argument, count); }

static void setups(void) {
    SHOW(setup(0, (struct io_uring_params){}));
    SHOW(setup(1, (struct io_uring_params){}));
    SHOW(setup(100, (struct io_uring_params){}));
    SHOW(setup(32769, (struct io_uring_params){}));
    SHOW(setup(8, (struct io_uring_params){.flags = 1u << 31}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_CQSIZE}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 4}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 100}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 65537}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_TASKRUN_FLAG}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_DEFER_TASKRUN}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER}));
    SHOW(setup(8, (struct io_uring_params){.flags = IORING_SETUP_ATTACH_WQ, .wq_fd = 0}));
    SHOW(syscall(SYS_io_uring_setup, 8, 8L));
    SHOW(syscall(SYS_io_uring_enter, -1, 0, 0, 0, 0, 0));
    SHOW(syscall(SYS_io_uring_enter, 1, 0, 0, 0, 0, 0));
    SHOW(syscall(SYS_io_uring_enter, ring.fd, 0, 0, 1u << 20, 0, 0));
    SHOW(fcntl(ring.fd, F_GETFD));
    char byte;
    SHOW(read(ring.fd, &byte, 1));
}

static void files(void) {
    int fd = open("/tmp/io_rings.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char in[16] = "", parts[2][4] = {"", ""};
    struct iovec out = {"hello", 5}, pieces[] = {{parts[0], 3}, {parts[1], 3}};
    put(&ring, IORING_OP_WRITEV, fd, &out, 1, 3, 1)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_READ, fd, in, 8, 0, 2)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_READV, fd, pieces, 2, 2, 3)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_FSYNC, fd, 0, 0, 0, 4);
    SHOW(submit(&ring, 4));
    show(&ring);
    printf("read %.5s, %.3s, %.3s\n", in + 3, parts[0], parts[1]);
    // At the file's own position, which moves on.
    put(&ring, IORING_OP_WRITE, fd, "ab", 2, -1ull, 5)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_WRITE, fd, "cd", 2, -1ull, 6);
    SHOW(submit(&ring, 2));
    show(&ring);
    SHOW(lseek(fd, 0, SEEK_CUR));
    put(&ring, IORING_OP_READ, fd, in, 100, 8, 7)->flags = IOSQE_IO_LINK;  // nothing is there
    nop(0, 8);
    put(&ring, IORING_OP_READ, -1, in, 1, 0, 9);
    put(&ring, IORING_OP_READ, fd, (void *)8, 1, 0, 10);
    put(&ring, IORING_OP_READ, fd, in, 1, 0, 11)->rw_flags = 1 << 20;
    put(&ring, IORING_OP_FSYNC, fd, in, 0, 0, 12);
    SHOW(submit(&ring, 6));
    show_sorted(&ring);
    SHOW(enter(&ring, 0, 0));
    put(&ring, IORING_OP_FALLOCATE, fd, (void *)100, 0, 0, 13);
    SHOW(submit(&ring, 1));
    show(&ring);
    struct stat stat;
    fstat(fd, &stat);
    printf("%ld bytes\n", (long)stat.st_size);
    put(&ring, IORING_OP_CLOSE, fd, 0, 0, 0, 14);
    put(&ring, IORING_OP_CLOSE, ring.fd, 0, 0, 0, 15);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    SHOW(close(fd));
}

static void names(void) {
    mkdir("/tmp/io_rings_names", 0700);
    int at = open("/tmp/io_rings_names", O_DIRECTORY);
    put(&ring, IORING_OP_OPENAT, at, "a", 0600, 0, 1)->open_flags = O_CREAT | O_RDWR | O_EXCL;
    SHOW(submit(&ring, 1));
    struct io_uring_cqe one;
    SHOW(take(&ring, &one) && one.res >= 0 && close(one.res) == 0);
    struct statx status;
    put(&ring, IORING_OP_STATX, at, "a", STATX_BASIC_STATS, (unsigned long)&status, 2);
    put(&ring, IORING_OP_MKDIRAT, at, "b", 0700, 0, 3);
    put(&ring, IORING_OP_SYMLINKAT, at, "a", 0, (unsigned long)"c", 4);
    put(&ring, IORING_OP_LINKAT, at, "a", (unsigned)at, (unsigned long)"d", 5);
    put(&ring, IORING_OP_RENAMEAT, at, "d", (unsigned)at, (unsigned long)"e", 6);
    SHOW(submit(&ring, 5));
    show_sorted(&ring);
    printf("mode %o\n", status.stx_mode);
    put(&ring, IORING_OP_UNLINKAT, at, "a", 0, 0, 7);
    put(&ring, IORING_OP_UNLINKAT, at, "b", 0, 0, 8)->unlink_flags = AT_REMOVEDIR;
    put(&ring, IORING_OP_UNLINKAT, at, "c", 0, 0, 9);
    put(&ring, IORING_OP_UNLINKAT, at, "d", 0, 0, 10);
    put(&ring, IORING_OP_UNLINKAT, at, "e", 0, 0, 11);
    SHOW(submit(&ring, 5));
    show_sorted(&ring);
    close(at);
    SHOW(rmdir("/tmp/io_rings_names"));
}

static void chains(void) {
    nop(IOSQE_IO_LINK, 1), nop(IOSQE_IO_LINK, 2), nop(0, 3);
    SHOW(submit(&ring, 3));
    show(&ring);
    put(&ring, IORING_OP_READ, -1, 0, 0, 0, 4)->flags = IOSQE_IO_LINK;
    nop(IOSQE_IO_LINK, 5), nop(0, 6), nop(0, 7);
    SHOW(submit(&ring, 4));
    show_sorted(&ring);
    put(&ring, IORING_OP_READ, -1, 0, 0, 0, 8)->flags = IOSQE_IO_HARDLINK;
    nop(IOSQE_IO_LINK, 9), nop(0, 10);
    SHOW(submit(&ring, 3));
    show(&ring);
    // A member that cannot be spoils the whole chain; at its end, it ends the submission, too.
    nop(IOSQE_IO_LINK, 11), put(&ring, 250, -1, 0, 0, 0, 12)->flags = IOSQE_IO_LINK, nop(0, 13);
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    nop(IOSQE_IO_LINK, 31), put(&ring, 250, -1, 0, 0, 0, 32), nop(0, 33);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    SHOW(submit(&ring, 1));
    show(&ring);
    nop(IOSQE_CQE_SKIP_SUCCESS, 14), put(&ring, IORING_OP_READ, -1, 0, 0, 0, 15)->flags = IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK, nop(0, 16);
    SHOW(submit(&ring, 1));
    show(&ring);
    nop(IOSQE_BUFFER_SELECT, 17);
    SHOW(submit(&ring, 1));
    nop(0, 18)->ioprio = 1;
    SHOW(submit(&ring, 1));
    nop(IOSQE_IO_DRAIN | IOSQE_CQE_SKIP_SUCCESS, 19);
    SHOW(submit(&ring, 1));
    nop(0, 20)->personality = 77;
    SHOW(submit(&ring, 1));
    show(&ring);
}

static void waits(void) {
    int ends[2];
    SHOW(pipe(ends));
    char in[8] = "";
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 1);
    wait_for(ends[0], POLLIN, 2);
    SHOW(submit(&ring, 0));
    SHOW(waiting(&ring));
    SHOW(write(ends[1], "abc", 3));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    usleep(20000);
    show_sorted(&ring);
    printf("%s\n", in);
    wait_for(ends[1], POLLOUT, 3);
    wait_for(ends[0], POLLIN, 4);
    SHOW(submit(&ring, 1));
    show(&ring);
    put(&ring, IORING_OP_POLL_REMOVE, -1, (void *)4, 0, 0, 5);
    put(&ring, IORING_OP_POLL_REMOVE, -1, (void *)4, 0, 0, 6);
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    // Again and again.
    wait_for(ends[0], POLLIN, 7)->len = IORING_POLL_ADD_MULTI;
    SHOW(submit(&ring, 0));
    for (int i = 0; i < 2; i++) {
        SHOW(write(ends[1], "d", 1));
        SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
        show(&ring);
        SHOW(read(ends[0], in, 8));
    }
    struct io_uring_sqe *change = put(&ring, IORING_OP_POLL_REMOVE, -1, (void *)7, IORING_POLL_UPDATE_USER_DATA | IORING_POLL_ADD_MULTI, 8, 9);
    SHOW(submit(&ring, 1));
    show(&ring);
    (void)change;
    SHOW(close(ends[1]));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)8, 0, 0, 10);
    SHOW(submit(&ring, 1));
    usleep(20000);
    SHOW(enter(&ring, 0, IORING_ENTER_GETEVENTS));
    show_sorted(&ring);
    SHOW(close(ends[0]));
    // Nothing asks: the completion comes by itself.
    SHOW(pipe(ends));
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 11);
    SHOW(submit(&ring, 0));
    SHOW(write(ends[1], "by itself", 9));
    for (int i = 0; i < 500 && !waiting(&ring); i++) usleep(1000);
    show(&ring);
    // One that is not to wait, though the file may; and the other way round.
    SHOW(read(ends[0], in, 8));
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 12)->rw_flags = RWF_NOWAIT;
    SHOW(submit(&ring, 1));
    show(&ring);
    SHOW(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 13);
    SHOW(submit(&ring, 0));
    SHOW(write(ends[1], "!", 1));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    close(ends[0]), close(ends[1]);
}

static void times(void) {
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1);
    SHOW(submit(&ring, 1));
    show(&ring);
    put(&ring, IORING_OP_TIMEOUT, -1, &late, 1, 2, 2);
    nop(0, 3), nop(0, 4);
    SHOW(submit(&ring, 3));
    show(&ring);
    put(&ring, IORING_OP_TIMEOUT, -1, &late, 1, 0, 5);
    put(&ring, IORING_OP_TIMEOUT_REMOVE, -1, (void *)5, 0, 0, 6);
    put(&ring, IORING_OP_TIMEOUT_REMOVE, -1, (void *)5, 0, 0, 7);
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    put(&ring, IORING_OP_TIMEOUT, -1, &late, 1, 0, 8);
    put(&ring, IORING_OP_TIMEOUT_REMOVE, -1, (void *)8, 0, (unsigned long)&soon, 9)->timeout_flags = IORING_TIMEOUT_UPDATE;
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 10)->flags = IOSQE_IO_LINK;
    nop(0, 11);
    SHOW(submit(&ring, 2));
    show(&ring);
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 12)->flags = IOSQE_IO_LINK;
    ring.entries[(ring.tail - 1) & (ring.params.sq_entries - 1)].timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS;
    nop(0, 13);
    SHOW(submit(&ring, 2));
    show(&ring);
    struct __kernel_timespec wrong = {.tv_nsec = -1}, past = {.tv_sec = 1};
    put(&ring, IORING_OP_TIMEOUT, -1, &wrong, 1, 0, 14);
    SHOW(submit(&ring, 1));
    put(&ring, IORING_OP_TIMEOUT, -1, &soon, 2, 0, 15);
    SHOW(submit(&ring, 1));
    put(&ring, IORING_OP_TIMEOUT, -1, &past, 1, 0, 16)->timeout_flags = IORING_TIMEOUT_ABS;
    SHOW(submit(&ring, 3));
    show(&ring);

    int ends[2];
    char in[8];
    SHOW(pipe(ends));
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 20)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 0, 21)->flags = IOSQE_IO_LINK;
    nop(0, 22);
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 23)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 24)->flags = IOSQE_IO_LINK;
    nop(0, 25);
    SHOW(submit(&ring, 0));
    SHOW(write(ends[1], "12345678", 8));
    SHOW(enter(&ring, 3, IORING_ENTER_GETEVENTS));
    show_sorted(&ring);
    nop(IOSQE_IO_LINK, 26), put(&ring, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 27);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    put(&ring, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 28);
    SHOW(submit(&ring, 1));
    show(&ring);
    // Waiting with a limit of its own.
    struct io_uring_getevents_arg argument = {.ts = (unsigned long)&soon};
    SHOW(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument));
    SHOW(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, 8));
    close(ends[0]), close(ends[1]);
}

static void cancels(void) {
    int ends[2], others[2];
    char in[8];
    SHOW(pipe(ends));
    SHOW(pipe(others));
    for (int i = 1; i <= 4; i++) put(&ring, IORING_OP_READ, ends[0], in, 8, 0, (unsigned)i / 2);
    put(&ring, IORING_OP_READ, others[0], in, 8, 0, 3);
    wait_for(others[0], POLLIN, 4);
    SHOW(submit(&ring, 0));
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 0, 10)->cancel_flags = IORING_ASYNC_CANCEL_ALL;
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    put(&ring, IORING_OP_ASYNC_CANCEL, others[0], 0, 0, 0, 11)->cancel_flags = IORING_ASYNC_CANCEL_FD;
    SHOW(submit(&ring, 2));
    SHOW(waiting(&ring));
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, 0, 0, 0, 12)->cancel_flags = IORING_ASYNC_CANCEL_ANY;
    SHOW(submit(&ring, 4));
    SHOW(waiting(&ring));
    struct io_uring_cqe one;
    int canceled = 0;
    while (take(&ring, &one)) canceled += one.res == -ECANCELED;
    printf("%d canceled\n", canceled);
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 0, 13);
    SHOW(submit(&ring, 1));
    put(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 0, 14)->cancel_flags = 1 << 20;
    SHOW(submit(&ring, 1));
    show(&ring);
    // Completions were left out: nobody could tell what came before.
    nop(IOSQE_IO_DRAIN, 15);
    SHOW(submit(&ring, 1));
    show(&ring);
    struct ring before = ring;
    SHOW(ring_open(&ring, 8, (struct io_uring_params){}));
    // The rest comes after all that came before.
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 20);
    nop(IOSQE_IO_DRAIN, 21);
    SHOW(submit(&ring, 0));
    SHOW(waiting(&ring));
    SHOW(write(ends[1], "x", 1));
    SHOW(enter(&ring, 2, IORING_ENTER_GETEVENTS));
    show(&ring);
    ring_close(&ring);
    ring = before;
    close(ends[0]), close(ends[1]), close(others[0]), close(others[1]);
}

static void overflow(void) {
    struct ring before = ring;
    SHOW(ring_open(&ring, 2, (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 2}));
    for (int i = 0; i < 3; i++) {
        nop(0, 2 * i), nop(0, 2 * i + 1);
        SHOW(submit(&ring, 0));
    }
    SHOW(waiting(&ring));
    SHOW(!!(atomic_load(word(&ring, ring.params.sq_off.flags)) & IORING_SQ_CQ_OVERFLOW));
    while (waiting(&ring)) {
        show(&ring);
        SHOW(enter(&ring, 0, IORING_ENTER_GETEVENTS));
    }
    SHOW(!!(atomic_load(word(&ring, ring.params.sq_off.flags)) & IORING_SQ_CQ_OVERFLOW));
    // An entry that does not exist.
    nop(0, 7);
    ((unsigned *)(ring.rings + ring.params.sq_off.array))[0] = ((unsigned *)(ring.rings + ring.params.sq_off.array))[1] = 1000;
    SHOW(submit(&ring, 0));
    SHOW(atomic_load(word(&ring, ring.params.sq_off.dropped)));
    ring_close(&ring);
    ring = before;
}

static void registered(void) {
    int fd = open("/tmp/io_rings.file", O_RDWR | O_CREAT | O_TRUNC, 0600), told = eventfd(0, EFD_NONBLOCK), none = -1;
    char *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec buffers[2] = {{memory, 4096}, {memory + 4096, 4096}}, wrong = {(void *)4096, 4096};
    SHOW(reg(IORING_REGISTER_BUFFERS, &wrong, 1));
    SHOW(reg(IORING_REGISTER_BUFFERS, buffers, 0));
    SHOW(reg(IORING_REGISTER_BUFFERS, buffers, 2));
    SHOW(reg(IORING_REGISTER_BUFFERS, buffers, 2));
    memcpy(memory, "fixed", 5);
    put(&ring, IORING_OP_WRITE_FIXED, fd, memory, 5, 0, 1)->flags = IOSQE_IO_LINK;
    put(&ring, IORING_OP_READ_FIXED, fd, memory + 4096, 5, 0, 2)->buf_index = 1;
    SHOW(submit(&ring, 2));
    put(&ring, IORING_OP_READ_FIXED, fd, memory, 5, 0, 3)->buf_index = 1;
    put(&ring, IORING_OP_READ_FIXED, fd, memory, 5, 0, 4)->buf_index = 9;
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    printf("%.5s\n", memory + 4096);
    SHOW(reg(IORING_UNREGISTER_BUFFERS, 0, 0));
    SHOW(reg(IORING_UNREGISTER_BUFFERS, 0, 0));

    int table[3] = {fd, -1, -1};
    SHOW(reg(IORING_UNREGISTER_FILES, 0, 0));
    SHOW(reg(IORING_REGISTER_FILES, &ring.fd, 1));
    SHOW(reg(IORING_REGISTER_FILES, table, 3));
    SHOW(reg(IORING_REGISTER_FILES, table, 3));
    put(&ring, IORING_OP_READ, 0, memory, 5, 0, 10)->flags = IOSQE_FIXED_FILE;
    put(&ring, IORING_OP_READ, 1, memory, 5, 0, 11)->flags = IOSQE_FIXED_FILE;
    put(&ring, IORING_OP_READ, 3, memory, 5, 0, 12)->flags = IOSQE_FIXED_FILE;
    SHOW(submit(&ring, 3));
    show_sorted(&ring);
    struct io_uring_files_update update = {.offset = 1, .fds = (unsigned long)&fd};
    SHOW(reg(IORING_REGISTER_FILES_UPDATE, &update, 1));
    update.offset = 3;
    SHOW(reg(IORING_REGISTER_FILES_UPDATE, &update, 1));
    put(&ring, IORING_OP_FILES_UPDATE, -1, &none, 1, 0, 13);
    SHOW(submit(&ring, 1));
    put(&ring, IORING_OP_READ, 0, memory, 5, 0, 14)->flags = IOSQE_FIXED_FILE;
    put(&ring, IORING_OP_READ, 1, memory, 5, 0, 15)->flags = IOSQE_FIXED_FILE;
    // Opened into the table, and closed there.
    put(&ring, IORING_OP_OPENAT, AT_FDCWD, "/tmp/io_rings.file", 0, 0, 16)->file_index = 3;
    SHOW(submit(&ring, 3));
    put(&ring, IORING_OP_READ, 2, memory, 5, 0, 17)->flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK;
    put(&ring, IORING_OP_CLOSE, 0, 0, 0, 0, 18)->file_index = 3;
    SHOW(submit(&ring, 2));
    put(&ring, IORING_OP_CLOSE, 0, 0, 0, 0, 19)->file_index = 3;
    SHOW(submit(&ring, 1));
    show_sorted(&ring);
    SHOW(reg(IORING_UNREGISTER_FILES, 0, 0));

    unsigned long long count = 0;
    SHOW(reg(IORING_REGISTER_EVENTFD, &none, 1));
    SHOW(reg(IORING_REGISTER_EVENTFD, &told, 1));
    SHOW(reg(IORING_REGISTER_EVENTFD, &told, 1));
    nop(0, 20);
    SHOW(submit(&ring, 1));
    SHOW(read(told, &count, sizeof count));
    SHOW(reg(IORING_UNREGISTER_EVENTFD, 0, 0));
    show(&ring);
    SHOW(read(told, &count, sizeof count));

    struct io_uring_probe *probe = calloc(1, sizeof *probe + 64 * sizeof probe->ops[0]);
    SHOW(reg(IORING_REGISTER_PROBE, probe, 41));
    for (int i = 0; i <= 40; i++) printf("%d", probe->ops[i].flags & IO_URING_OP_SUPPORTED);
    printf("\n");
    SHOW(reg(IORING_REGISTER_PROBE, probe, 41));
    SHOW(reg(99, 0, 0));
    close(fd), close(told);
}

static void provided(void) {
    static char memory[4][8];
    int ends[2];
    SHOW(pipe(ends));
    put(&ring, IORING_OP_PROVIDE_BUFFERS, 4, memory, 8, 10, 1)->buf_group = 5;
    SHOW(submit(&ring, 1));
    show(&ring);
    struct io_uring_sqe *entry = put(&ring, IORING_OP_READ, ends[0], 0, 8, 0, 2);
    entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 5;
    SHOW(submit(&ring, 0));
    SHOW(write(ends[1], "one", 3));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    put(&ring, IORING_OP_REMOVE_BUFFERS, 10, 0, 0, 0, 3)->buf_group = 5;
    entry = put(&ring, IORING_OP_READ, ends[0], 0, 8, 0, 4);
    entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 5;
    entry = put(&ring, IORING_OP_READ, ends[0], 0, 8, 0, 5);
    entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 6;
    SHOW(write(ends[1], "two", 3));
    SHOW(submit(&ring, 3));
    show_sorted(&ring);

    struct io_uring_buf_ring *buffers = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct io_uring_buf_reg description = {.ring_addr = (unsigned long)buffers, .ring_entries = 3, .bgid = 7};
    SHOW(reg(IORING_REGISTER_PBUF_RING, &description, 1));
    description.ring_entries = 4;
    SHOW(reg(IORING_REGISTER_PBUF_RING, &description, 1));
    SHOW(reg(IORING_REGISTER_PBUF_RING, &description, 1));
    for (unsigned short i = 0; i < 2; i++) {
        buffers->bufs[i].addr = (unsigned long)memory[i], buffers->bufs[i].len = 8, buffers->bufs[i].bid = (unsigned short)(20 + i);
    }
    atomic_store((_Atomic unsigned short *)&buffers->tail, 2);
    for (int i = 0; i < 3; i++) {
        entry = put(&ring, IORING_OP_READ, ends[0], 0, 0, 0, (unsigned)(10 + i));
        entry->flags = IOSQE_BUFFER_SELECT, entry->buf_group = 7;
        SHOW(submit(&ring, 0));
        SHOW(write(ends[1], "xyz", 3) == 3 && enter(&ring, 1, IORING_ENTER_GETEVENTS) == 0);
        show(&ring);
    }
    printf("%.3s\n", memory[0]);
    SHOW(reg(IORING_UNREGISTER_PBUF_RING, &description, 1));
    SHOW(reg(IORING_UNREGISTER_PBUF_RING, &description, 1));
    close(ends[0]), close(ends[1]);
}

static volatile int handled;
static void handle(int signal) { handled = signal; }

static void others(void) {
    // The ring's own readiness.
    struct pollfd poll_it = {ring.fd, POLLIN | POLLOUT, 0};
    SHOW(poll(&poll_it, 1, 0));
    printf("%x\n", poll_it.revents);
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, ring.fd, &event));
    int ends[2];
    SHOW(pipe(ends));
    wait_for(ends[0], POLLIN, 1);
    SHOW(submit(&ring, 0));
    SHOW(epoll_wait(set, &event, 1, 0));
    SHOW(write(ends[1], "x", 1));
    SHOW(epoll_wait(set, &event, 1, 2000));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);

    // A wait that a signal ends.
    signal(SIGALRM, handle);
    struct timespec a_moment = {.tv_nsec = 30 * 1000 * 1000};
    (void)a_moment;
    ualarm(30000, 0);
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    SHOW(handled == SIGALRM);

    // A ring that may not be used yet.
    struct ring before = ring;
    SHOW(ring_open(&ring, 4, (struct io_uring_params){.flags = IORING_SETUP_R_DISABLED}));
    nop(0, 1);
    SHOW(submit(&ring, 0));
    SHOW(reg(IORING_REGISTER_ENABLE_RINGS, 0, 0));
    SHOW(reg(IORING_REGISTER_ENABLE_RINGS, 0, 0));
    SHOW(submit(&ring, 1));
    show(&ring);

    // A completion in another ring.
    put(&ring, IORING_OP_MSG_RING, before.fd, 0, 5, 77, 2);
    put(&ring, IORING_OP_MSG_RING, ends[0], 0, 5, 77, 3);
    SHOW(submit(&ring, 2));
    show_sorted(&ring);
    show(&before);
    ring_close(&ring);

    // What is only done when it is asked for.
    SHOW(ring_open(&ring, 4, (struct io_uring_params){.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG}));
    char in[8];
    SHOW(read(ends[0], in, 8));
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 1);
    SHOW(submit(&ring, 0));
    SHOW(write(ends[1], "y", 1));
    usleep(20000);
    SHOW(waiting(&ring));
    SHOW(!!(atomic_load(word(&ring, ring.params.sq_off.flags)) & IORING_SQ_TASKRUN));
    SHOW(enter(&ring, 1, IORING_ENTER_GETEVENTS));
    show(&ring);
    pid_t child = fork();
    if (!child) {
        nop(0, 5);
        SHOW(submit(&ring, 0));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, 0, 0);
    ring_close(&ring);

    // Large entries.
    struct io_uring_params large = {.flags = IORING_SETUP_CQE32};
    SHOW(ring_open(&ring, 4, large));
    nop(0, 1), nop(0, 2);
    SHOW(submit(&ring, 2));
    show(&ring);
    ring_close(&ring);
    ring = before;

    // A child shares the ring.
    child = fork();
    if (!child) {
        nop(0, 30);
        _exit(submit(&ring, 1) == 1 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("child %d\n", status);
    ring.tail = ring.submitted = atomic_load(word(&ring, ring.params.sq_off.tail));
    show(&ring);
    // Ends while something waits: for a file, for itself.
    put(&ring, IORING_OP_READ, ends[0], in, 8, 0, 40);
    wait_for(ring.fd, POLLIN, 41);
    put(&ring, IORING_OP_TIMEOUT, -1, &late, 1, 0, 42);
    SHOW(submit(&ring, 0));
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    SHOW(ring_open(&ring, 16, (struct io_uring_params){}));
    setups(), files(), names(), chains(), waits(), times(), cancels(), overflow(), registered(), provided(), others();
    unlink("/tmp/io_rings.file");
    return 0;
}
