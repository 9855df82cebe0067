// Signals that come through while a call waits, and that nothing is done about: the call goes on. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("  %s = %ld %s, handled %d\n", #expression, result_, result_ < 0 ? strerror(errno) : "", (int)handled); handled = 0; } while (0)

static volatile sig_atomic_t handled;
static void handle(int number) { (void)number, ++handled; }

int main(void) {
    sigset_t all, none;
    sigemptyset(&none);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, handle);
    signal(SIGALRM, handle);
    struct timespec soon = {0, 100000000};
    int set = epoll_create1(0);
    static const struct { const char *name; int number; } signals[] = {{"ignored by itself", SIGWINCH}, {"ignored by wish", SIGUSR1}, {"handled", SIGUSR2}};
    for (int i = 0; i < 3; ++i) {
        puts(signals[i].name);
        raise(signals[i].number);
        SHOW(ppoll(NULL, 0, &soon, &none));
        raise(signals[i].number);
        SHOW(pselect(0, NULL, NULL, NULL, &soon, &none));
        raise(signals[i].number);
        struct epoll_event event;
        SHOW(epoll_pwait(set, &event, 1, 100, &none));
        raise(signals[i].number);
        alarm(1);
        SHOW(sigsuspend(&none));
        alarm(0);
    }
    return 0;
}
