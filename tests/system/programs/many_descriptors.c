// More descriptors, and more items in an epoll set, than one allocation of the kernel's holds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most = 1 << 20, many = 280000 };

int main(int count, char **arguments) {
    (void)arguments;
    if (count == 2) return printf("kept %d, closed %d\n", fcntl(most - 1, F_GETFD) == 0, fcntl(most - 2, F_GETFD) < 0), 0;
    struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_NOFILE, &limit)) return printf("limit: %s\n", strerror(errno)), 1;
    int event = eventfd(0, EFD_NONBLOCK), set = epoll_create1(0), last = event;
    for (int i = 0; i < many; ++i) {
        struct epoll_event wanted = {EPOLLIN, {.u64 = (unsigned)i}};
        int next = dup(event);
        if (next != last + (i ? 1 : 2)) return printf("descriptor %d is %d: %s\n", i, next, strerror(errno)), 1;
        last = next;
        if (epoll_ctl(set, EPOLL_CTL_ADD, next, &wanted)) return printf("item %d: %s\n", i, strerror(errno)), 1;
    }
    unsigned long long one = 1;
    struct epoll_event got[1000];
    static char seen[many];
    int ready = 0;
    if (write(last, &one, sizeof one) != sizeof one) return 1;
    for (int rounds = 0; rounds < many / 1000; ++rounds) {
        int some = epoll_wait(set, got, 1000, 0);
        for (int i = 0; i < some; ++i) ready += !seen[got[i].data.u64]++;
    }
    printf("ready %d of %d\n", ready, many);
    close(last - 100000), close(last - 200000);
    int first = dup(event), second = dup(event);
    printf("the lowest that is free: %d %d\n", last - first, last - second);
    printf("the last: %d, beyond: %s\n", dup2(event, most - 1) == most - 1, dup2(event, most) < 0 ? strerror(errno) : "taken");
    fcntl(dup2(event, most - 2), F_SETFD, FD_CLOEXEC);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char closed = fcntl(last, F_GETFD) == 0 && close_range(100, most - 3, 0) == 0 && fcntl(last, F_GETFD) < 0;
        printf("a copy, and closed there: %d\n", closed);
        fflush(stdout);
        execl("/proc/self/exe", "again", "again", NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    printf("and not here: %d\n", fcntl(last, F_GETFD) == 0);
    return 0;
}
