// Linux AIO as libaio calls it: prints what each call answered, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static aio_context_t context;
static struct timespec at_once, *patience = &at_once;

static long submit(struct iocb *one) { return syscall(SYS_io_submit, context, 1L, &one); }
static long fetch(long least, long most) {
    struct io_event events[8];
    long got = syscall(SYS_io_getevents, context, least, most, events, patience);
    for (long i = 0; i < got; i++) printf("  event %llu: %lld\n", (unsigned long long)events[i].data, (long long)events[i].res);
    return got;
}
static struct iocb request(int operation, int fd, void *buffer, long size, long offset, int data) {
    return (struct iocb){.aio_lio_opcode = operation, .aio_fildes = fd, .aio_buf = (unsigned long)buffer, .aio_nbytes = size, .aio_offset = offset, .aio_data = data};
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    SHOW(syscall(SYS_io_setup, 0, &context));
    SHOW(syscall(SYS_io_setup, 1, 1L));
    SHOW(syscall(SYS_io_setup, 64, &context));
    SHOW(syscall(SYS_io_setup, 64, &context));

    int fd = open("/tmp/requests", O_RDWR | O_CREAT | O_TRUNC, 0600), readable = open("/tmp/requests", O_RDONLY), told = eventfd(0, EFD_NONBLOCK);
    char in[16] = "", parts[2][4] = {"", ""};
    struct iovec pieces[] = {{parts[0], 3}, {parts[1], 3}};
    struct iocb write_it = request(IOCB_CMD_PWRITE, fd, "hello", 5, 3, 1), read_it = request(IOCB_CMD_PREAD, fd, in, 8, 0, 2);
    struct iocb in_pieces = request(IOCB_CMD_PREADV, fd, pieces, 2, 2, 3), sync_it = request(IOCB_CMD_FSYNC, fd, 0, 0, 0, 4);
    struct iocb *all[] = {&write_it, &read_it, &in_pieces, &sync_it};
    write_it.aio_flags = read_it.aio_flags = IOCB_FLAG_RESFD;
    write_it.aio_resfd = read_it.aio_resfd = told;
    SHOW(syscall(SYS_io_submit, context, 4L, all));
    SHOW(fetch(1, 3));
    patience = NULL;  // Linux syncs in a thread of its own, and a busy disk takes its time
    SHOW(fetch(1, 8));
    patience = &at_once;
    SHOW(fetch(1, 8));
    printf("read %.5s, %.3s, %.3s\n", in + 3, parts[0], parts[1]);
    unsigned long long count = 0;
    SHOW(read(told, &count, sizeof count));
    printf("told %llu times\n", count);

    struct iocb wrong = request(IOCB_CMD_PWRITE, readable, in, 1, 0, 0);
    SHOW(submit(&wrong));
    wrong = request(IOCB_CMD_PREAD, -1, in, 1, 0, 0);
    SHOW(submit(&wrong));
    wrong = request(IOCB_CMD_PREAD, fd, in, 1, -1, 0);
    SHOW(submit(&wrong));
    wrong = request(77, fd, in, 1, 0, 0);
    SHOW(submit(&wrong));
    wrong = request(IOCB_CMD_PREAD, fd, in, 1, 0, 0), wrong.aio_flags = IOCB_FLAG_RESFD, wrong.aio_resfd = fd;
    SHOW(submit(&wrong));
    SHOW(submit((struct iocb *)1));
    wrong = request(IOCB_CMD_PREAD, fd, (void *)4096, 8, 0, 9);  // nothing is mapped there: an event
    SHOW(submit(&wrong));
    SHOW(fetch(1, 1));
    SHOW(syscall(SYS_io_submit, context, -1L, all));
    SHOW(syscall(SYS_io_submit, context, 0L, all));
    SHOW(fetch(2, 1));
    SHOW(syscall(SYS_io_cancel, context, &read_it, 0L));
    SHOW(syscall(SYS_io_cancel, context, 0L, 0L));

    if (fork() == 0) {
        SHOW(fetch(0, 1));  // a child has none
        return 0;
    }
    wait(0);
    SHOW(syscall(SYS_io_destroy, context));
    SHOW(syscall(SYS_io_destroy, context));
    SHOW(fetch(0, 1));
    unlink("/tmp/requests");
    return 0;
}
