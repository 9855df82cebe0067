// Who has waited for a child that stopped, or went on, has its SIGCHLD, too.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { rounds = 500 };

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

// The SIGCHLD that waits, if one does, is taken.
static int told_of(int code, pid_t child) {
    sigset_t pending, of_children;
    sigemptyset(&of_children), sigaddset(&of_children, SIGCHLD);
    sigpending(&pending);
    siginfo_t info;
    return sigismember(&pending, SIGCHLD) && sigtimedwait(&of_children, &info, &(struct timespec){0}) == SIGCHLD && info.si_code == code && info.si_pid == child;
}

// A parent that only comes to wait when there is something to be found need not have been told of it yet, on Linux neither.
static void until_it_waits(pid_t process) {
    char path[32], text[128] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    for (const char* name_end = NULL; !name_end || name_end[2] != 'S'; name_end = strrchr(text, ')')) {
        int file = open(path, O_RDONLY);
        ssize_t size = read(file, text, sizeof text - 1);
        text[size > 0 ? size : 0] = 0;
        close(file);
    }
}

int main(void) {
    sigset_t of_children;
    sigemptyset(&of_children), sigaddset(&of_children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &of_children, NULL);
    // Each is told when to do its part: a child that stops at once when it went on is only found stopped.
    int stop_orders[2], orders[2];
    pipe(stop_orders), pipe(orders);
    char order;
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        while (read(stop_orders[0], &order, 1) == 1) until_it_waits(parent), raise(SIGSTOP);
        _exit(0);
    }
    pid_t other = fork();  // so that the parent waits by then
    if (other == 0) {
        close(orders[1]);
        while (read(orders[0], &order, 1) == 1) until_it_waits(parent), kill(child, SIGCONT);
        _exit(0);
    }
    int status, stops = 0, told_stops = 0, continues = 0, told_continues = 0;
    for (int i = 0; i < rounds; i++) {
        write(stop_orders[1], "", 1);
        stops += waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP;
        told_stops += told_of(CLD_STOPPED, child);
        write(orders[1], "", 1);
        continues += waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status);
        told_continues += told_of(CLD_CONTINUED, child);
    }
    check("stops", stops == rounds);
    check("stops by signal", told_stops == rounds);
    check("goes on", continues == rounds);
    check("goes on by signal", told_continues == rounds);
    kill(child, SIGKILL);
    close(orders[1]);
    waitpid(child, &status, 0);
    waitpid(other, &status, 0);
    return 0;
}
