// Who has waited for a child that stopped, or went on, has its SIGCHLD, too.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
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

int main(void) {
    sigset_t of_children;
    sigemptyset(&of_children), sigaddset(&of_children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &of_children, NULL);
    // Each is told when to do its part: a child that stops at once when it went on is only found stopped.
    int stop_orders[2], orders[2];
    pipe(stop_orders), pipe(orders);
    char order;
    pid_t child = fork();
    if (child == 0) {
        while (read(stop_orders[0], &order, 1) == 1) usleep(500), raise(SIGSTOP);
        _exit(0);
    }
    pid_t other = fork();  // so that the parent waits by then
    if (other == 0) {
        close(orders[1]);
        while (read(orders[0], &order, 1) == 1) usleep(500), kill(child, SIGCONT);
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
