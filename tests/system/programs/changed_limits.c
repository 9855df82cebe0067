// The machine's limits after they were changed: message queues by key, whose messages may be larger than before; how many of them there are; shared
// memory by key; and how many mappings there are.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld%s%s\n", #expression, result_, result_ < 0 ? " " : "", result_ < 0 ? strerror(errno) : ""); } while (0)

static struct {
    long type;
    char text[1 << 17];
} message = {.type = 1};
static int queue;

static long send(size_t size) { return msgsnd(queue, &message, size, IPC_NOWAIT); }
static long receive(void) { return msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT); }
static int set(const char* path, const char* value) {
    int file = open(path, O_WRONLY);
    int result = write(file, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
    close(file);
    return result;
}

/// Every second page of 100, so that no two can be one mapping.
static int split(void) {
    char* pages = mmap(0, 100 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return -1;
    int changed = 0;
    while (changed < 50 && mprotect(pages + (2 * changed + 1) * 4096, 4096, PROT_NONE) == 0) ++changed;
    int error = errno;
    munmap(pages, 100 * 4096);
    errno = error;
    return changed == 50 ? 0 : -1;
}
static void mappings(void) {
    SHOW(split());
    SHOW(set("/proc/sys/vm/max_map_count", "60"));
    SHOW(split());
    SHOW(set("/proc/sys/vm/max_map_count", "65530"));
    SHOW(split());
}

static int segment(size_t size) { return shmget(IPC_PRIVATE, size, 0600) < 0 ? -1 : 0; }
static void segments(void) {
    SHOW(set("/proc/sys/kernel/shmmax", "8192"));
    SHOW(segment(8193));
    SHOW(segment(8192));
    SHOW(set("/proc/sys/kernel/shmall", "3"));
    SHOW(segment(4097));
    SHOW(segment(4096));
    SHOW(set("/proc/sys/kernel/shmall", "100"));
    SHOW(set("/proc/sys/kernel/shmmni", "3"));
    SHOW(segment(1));
    SHOW(segment(1));
    struct shminfo limits;
    SHOW(shmctl(0, IPC_INFO, (struct shmid_ds*)&limits) >= 0);
    printf("%lu %lu %lu\n", limits.shmmax, limits.shmmni, limits.shmall);
}

int main(void) {
    queue = msgget(IPC_PRIVATE, 0600);
    SHOW(send(8193));
    SHOW(set("/proc/sys/kernel/msgmax", "100000"));
    SHOW(set("/proc/sys/kernel/msgmnb", "150000"));
    SHOW(send(100000));
    SHOW((queue = msgget(IPC_PRIVATE, 0600)) != -1);
    SHOW(send(100000));
    SHOW(send(50001));
    SHOW(send(50000));
    SHOW(send(100001));
    SHOW(receive());
    SHOW(receive());
    SHOW(set("/proc/sys/kernel/msgmni", "3"));
    SHOW(msgget(IPC_PRIVATE, 0600) >= 0);
    SHOW(msgget(IPC_PRIVATE, 0600));
    segments();
    mappings();
    return 0;
}
