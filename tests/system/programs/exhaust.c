// Takes all there is of something, in a child where that may be fatal, and shows that the machine is well afterwards.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { many = 100000, page = 4096 };

/// Touches memory until it is killed.
static void take_memory(void) {
    for (;;) {
        char* more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) _exit(errno == ENOMEM ? 3 : 4);
        memset(more, 1, 1 << 20);
    }
}

/// The same, but the kernel is the first to touch it.
static void take_memory_by_calls(void) {
    int zero = open("/dev/zero", O_RDONLY);
    for (;;) {
        char* more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) _exit(errno == ENOMEM ? 3 : 4);
        if (read(zero, more, 1 << 20) < 0) _exit(errno == EFAULT ? 5 : 6);
    }
}

static void show_end(const char* what, int status) {
    if (WIFSIGNALED(status)) printf("%s: signal %d\n", what, WTERMSIG(status));
    else printf("%s: status %d\n", what, WEXITSTATUS(status));
    fflush(stdout);
}

static void in_child(const char* what, void (*act)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) act();
    if (child < 0 || waitpid(child, &status, 0) != child) printf("%s: %s\n", what, strerror(errno));
    else show_end(what, status);
}

/// How much a child can take of the machine now, in MiB.
static long room(void) {
    int ends[2];
    char byte;
    long taken = 0;
    if (pipe(ends)) return -1;
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            char* more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (more == MAP_FAILED) _exit(0);
            memset(more, 1, 1 << 20);
            if (write(ends[1], "x", 1) != 1) _exit(0);
        }
    }
    close(ends[1]);
    while (read(ends[0], &byte, 1) == 1) ++taken;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return taken;
}

static void files(void) {
    static char block[64 * page];
    int file = open("/tmp/all", O_CREAT | O_RDWR, 0600), error = 0;
    while (!error)
        if (write(file, block, sizeof block) <= 0) error = errno;
    printf("file: %s\n", error == ENOSPC || error == ENOMEM ? "full" : strerror(error));
    close(file);
    unlink("/tmp/all");
}

static void processes(void) {
    static pid_t children[many];
    int count = 0, error = 0;
    for (; count < many; ++count) {
        children[count] = fork();
        if (children[count] == 0) {
            pause();
            _exit(0);
        }
        if (children[count] < 0) {
            error = errno;
            break;
        }
    }
    for (int i = 0; i < count; ++i) kill(children[i], SIGKILL);
    int gone = 0;
    while (wait(NULL) > 0) ++gone;
    printf("processes: %s, %s\n", count > 20 && (error == EAGAIN || error == ENOMEM) ? "full" : strerror(error), gone == count ? "all gone" : "some left");
    fflush(stdout);
}

static void* wait_for_ever(void* unused) {
    (void)unused;
    pause();
    return NULL;
}
static void threads(void) {
    pthread_t thread;
    int count = 0, error = 0;
    while (count < many && !(error = pthread_create(&thread, NULL, wait_for_ever, NULL))) ++count;
    _exit(count > 20 && error == EAGAIN ? 0 : 1);
}

static void descriptors(void) {
    int ends[2], count = 0;
    while (!pipe(ends)) ++count;
    _exit(errno == EMFILE && count > 100 ? 0 : 1);
}

int main(void) {
    long before = room();
    in_child("memory", take_memory);
    in_child("memory by calls", take_memory_by_calls);
    files();
    processes();
    in_child("threads", threads);
    in_child("descriptors", descriptors);
    long after = room();
    printf("room %s\n", after >= before - before / 10 ? "as before" : "lost");
    if (after < before - before / 10) printf("%ld MiB before, %ld after\n", before, after);
    return 0;
}
