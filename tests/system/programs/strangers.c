// What one user may not do to another's processes and files, and to the network. Begins as user 0; says what each call answered.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static char secret[8] = "secret";

static pid_t group;  // of a process of user 0

static void as_another(void) {
    pid_t other = getppid();
    char bytes[8] = "";
    struct iovec here = {bytes, sizeof bytes}, there = {secret, sizeof secret};
    struct sched_param none = {0};
    void* list;
    size_t size;
    SHOW(process_vm_readv(other, &here, 1, &there, 1, 0));
    SHOW(syscall(SYS_get_robust_list, other, &list, &size));
    SHOW(syscall(SYS_sched_setparam, other, &none));
    SHOW(setpriority(PRIO_PROCESS, other, 5));
    SHOW(setpriority(PRIO_PROCESS, 0, -5));
    SHOW(kill(other, SIGTERM));
    SHOW(kill(-group, SIGTERM));
    SHOW(kill(-group, 0));
    SHOW(kill(0, 0));
    struct rlimit limit;
    SHOW(prlimit(other, RLIMIT_CPU, NULL, &limit));
    SHOW(prlimit(other, RLIMIT_CPU, &(struct rlimit){1, 1}, NULL));
    SHOW(prlimit(getpid(), RLIMIT_CPU, NULL, &limit));
    int handle = syscall(SYS_pidfd_open, other, 0);
    SHOW(syscall(SYS_pidfd_getfd, handle, 1, 0));
    int channel = socket(AF_INET, SOCK_STREAM, 0), one = 1, high = 7, low = 6;
    SHOW(setsockopt(channel, SOL_SOCKET, SO_MARK, &one, sizeof one));
    SHOW(setsockopt(channel, SOL_SOCKET, SO_PRIORITY, &high, sizeof high));
    SHOW(setsockopt(channel, SOL_SOCKET, SO_PRIORITY, &low, sizeof low));
    SHOW(setsockopt(channel, SOL_SOCKET, SO_DEBUG, &one, sizeof one));
    SHOW(setsockopt(channel, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one));
    // A directory's own, but not of a group of its owner's: the bit is not given.
    struct stat seen;
    SHOW(chmod("/tmp/of-another-group", 03755));
    stat("/tmp/of-another-group", &seen);
    printf("mode %o\n", seen.st_mode & 07777);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    char bytes[8] = "";
    struct iovec here = {bytes, sizeof bytes}, there = {secret, sizeof secret};
    SHOW(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    mkdir("/tmp/of-another-group", 0755);
    (void)!chown("/tmp/of-another-group", 1000, 5);
    group = fork();
    if (group == 0) {
        setpgid(0, 0);
        for (;;) pause();
    }
    setpgid(group, group);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgroups(0, NULL) || setgid(1000) || setuid(1000)) return 1;
        as_another();
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    kill(group, SIGKILL);
    waitpid(group, NULL, 0);
    return status;
}
