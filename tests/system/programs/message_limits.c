// Message queues by key after their limits were raised: messages larger than before, for a queue that is made then.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
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
    return 0;
}
