// What /proc/PID/io counts: calls that read and write files, and their bytes; of threads and children that have ended, too.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct counters {
    unsigned long long read, written, reads, writes;
    long own;  // bytes of the read that asked
};

static struct counters ask(const char* path) {
    struct counters now = {0};
    char text[512];
    int file = open(path, O_RDONLY);
    now.own = read(file, text, sizeof text - 1);
    close(file);
    text[now.own > 0 ? now.own : 0] = 0;
    if (sscanf(text, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", &now.read, &now.written, &now.reads, &now.writes) != 4) puts("cannot be read");
    return now;
}
static int differ(struct counters before, struct counters after, unsigned long long read, unsigned long long reads, unsigned long long written, unsigned long long writes) {
    int right = after.read - before.read == read + before.own && after.reads - before.reads == reads + 1 && after.written - before.written == written &&
                after.writes - before.writes == writes;
    if (!right) printf("%llu in %llu read, %llu in %llu written\n", after.read - before.read - before.own, after.reads - before.reads - 1, after.written - before.written, after.writes - before.writes);
    return right;
}
static void check(const char* what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static const char* const own = "/proc/self/io";
static char bytes[1000];
static int file, ends[2];

static void* write_some(void* right) {
    struct counters before = ask("/proc/thread-self/io");
    write(file, bytes, 70);
    *(int*)right = differ(before, ask("/proc/thread-self/io"), 0, 0, 70, 1);
    return NULL;
}

int main(void) {
    // Printing writes, too: not between two askings.
    file = open("/tmp/io_counters", O_RDWR | O_CREAT | O_TRUNC, 0600);
    int other = open("/tmp/io_counters.other", O_RDWR | O_CREAT | O_TRUNC, 0600);
    pipe2(ends, O_NONBLOCK);
    struct iovec pieces[] = {{bytes, 100}, {bytes, 200}};

    struct counters before = ask(own);
    struct counters after = ask(own);
    check("asking", differ(before, after, 0, 0, 0, 0));

    before = ask(own);
    write(file, bytes, 1000), pwrite(file, bytes, 500, 0), writev(file, pieces, 2), pwritev(file, pieces, 2, 0);
    after = ask(own);
    check("writing", differ(before, after, 0, 0, 2100, 4));

    before = ask(own);
    pread(file, bytes, 700, 0), preadv(file, pieces, 2, 0), read(file, bytes, 10), read(ends[0], bytes, 10), read(99, bytes, 10);
    after = ask(own);
    check("reading, at the end, and nothing", differ(before, after, 1000, 4, 0, 0));

    before = ask(own);
    off_t from = 0, to = 0;
    sendfile(ends[1], file, &from, 100), copy_file_range(file, &from, other, &to, 200, 0);
    after = ask(own);
    check("copying", differ(before, after, 300, 2, 300, 2));

    int channel[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, channel);
    before = ask(own);
    send(channel[0], bytes, 20, 0), recv(channel[1], bytes, 20, 0), write(channel[0], bytes, 30), read(channel[1], bytes, 30);
    after = ask(own);
    check("sockets", differ(before, after, 30, 1, 30, 1));

    before = ask(own);
    int right = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, write_some, &right);
    pthread_join(thread, NULL);
    after = ask(own);
    check("a thread's own", right);
    check("a thread", after.written - before.written == 70 && after.writes - before.writes == 1 && after.reads - before.reads == 3);

    before = ask(own);
    pid_t child = fork();
    if (child == 0) write(file, bytes, 300), _exit(0);
    waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT);
    struct counters not_yet = ask(own);
    waitpid(child, NULL, 0);
    after = ask(own);
    check("a child that was not waited for", differ(before, not_yet, 0, 0, 0, 0));
    check("a child", after.written - before.written == 300 && after.writes - before.writes == 1);
    unlink("/tmp/io_counters"), unlink("/tmp/io_counters.other");
    return 0;
}
