// What a parent hears of children that stop and go on: SIGCHLD and waits. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

// The next SIGCHLD; none within a while.
static void hear(const char *when) {
    sigset_t only;
    siginfo_t info;
    struct timespec patience = {0, 300000000};
    sigemptyset(&only), sigaddset(&only, SIGCHLD);
    if (sigtimedwait(&only, &info, &patience) < 0) printf("  %s: hears nothing\n", when);
    else printf("  %s: hears code %d status %d of %s user %d\n", when, info.si_code, info.si_status, info.si_pid == child ? "the child" : "another", info.si_uid == getuid());
}
static void ask(const char *what, int options) {
    siginfo_t info = {0};
    int result = waitid(P_PID, (id_t)child, &info, options);
    if (result) printf("  waitid %s: %s\n", what, strerror(errno));
    else if (!info.si_pid) printf("  waitid %s: nothing\n", what);
    else printf("  waitid %s: signal %d code %d status %d\n", what, info.si_signo, info.si_code, info.si_status);
}
static void ask_wait4(const char *what, int options) {
    int status = 0;
    pid_t who = waitpid(child, &status, options);
    printf("  waitpid %s: %s %x\n", what, who == child ? "the child" : who == 0 ? "nothing" : strerror(errno), status);
}
static void *idle(void *unused) {
    for (;;) pause();
    return unused;
}
static void ignore_number(int number) { (void)number; }
static void begin(const char *what, int threads) {
    printf("%s\n", what);
    fflush(stdout);
    child = fork();
    setpgid(child, child);  // in a group that has nobody outside, SIGTSTP stops nothing, and ours may be one
    if (child == 0) {
        for (pthread_t thread; threads--;) pthread_create(&thread, NULL, idle, NULL);
        idle(NULL);
    }
}
static void finish(void) {
    kill(child, SIGKILL);
    hear("killed");
    ask("exited", WEXITED);
}

// A thread runs another program while the process is told to stop: that is done whole, or not yet begun, when it stands still.
static char *self;
static _Atomic int all_there;
static void *run_another(void *argument) {
    while (!all_there) {}
    usleep((unsigned)rand() % 300);
    execl(self, self, "another", NULL);
    return argument;
}
static int count_tasks(void) {
    char path[64], line[200];
    int count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", child);
    FILE *status = fopen(path, "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "Threads: %d", &count);
    if (status) fclose(status);
    return count;
}
static void stop_while_executing(void) {
    enum { rounds = 150, threads = 6 };
    int odd = 0, never_ended = 0;
    for (int round = 0; round < rounds; ++round) {
        int ends[2];
        if (pipe(ends)) exit(1);
        child = fork();
        if (child == 0) {
            srand((unsigned)round);
            for (int i = 0; i < threads; ++i) {
                pthread_t thread;
                pthread_create(&thread, NULL, i == threads - 1 ? run_another : idle, NULL);
            }
            (void)!write(ends[1], "x", 1);
            all_there = 1;
            idle(NULL);
        }
        char ready;
        (void)!read(ends[0], &ready, 1);
        close(ends[0]), close(ends[1]);
        usleep((unsigned)(round * 37 % 600));
        kill(child, SIGSTOP);
        usleep(20000);
        int tasks = count_tasks();
        for (int i = 0; i < 200 && tasks > 1 && tasks != threads + 1; ++i) usleep(10000), tasks = count_tasks();
        odd += tasks > 1 && tasks != threads + 1;
        kill(child, SIGCONT);
        int status = 0;
        struct timespec pause_time = {0, 1000000};
        int waited = 0;
        while (waitpid(child, &status, WNOHANG) == 0 && ++waited < 5000) nanosleep(&pause_time, NULL);
        if (waited == 5000) never_ended++, kill(child, SIGKILL), waitpid(child, &status, 0);
        else if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) printf("ended with %x\n", status);
    }
    printf("stopped while it runs another program: %d in between, %d never ended\n", odd, never_ended);
}

int main(int count, char **arguments) {

    if (count == 2) return 7;
    setvbuf(stdout, 0, _IOLBF, 0);
    self = arguments[0];
    sigset_t only;
    sigemptyset(&only), sigaddset(&only, SIGCHLD);
    sigprocmask(SIG_BLOCK, &only, NULL);

    struct sigaction action = {.sa_handler = ignore_number};
    sigaction(SIGCHLD, &action, NULL);
    for (int threads = 0; threads < 4; threads += 3) {
        begin(threads ? "with threads" : "alone", threads);
        kill(child, SIGCONT);
        hear("told to go on, and runs");
        ask("continued", WCONTINUED | WNOHANG);
        kill(child, SIGSTOP);
        hear("stopped");
        ask("stopped, again", WSTOPPED | WNOHANG | WNOWAIT);
        ask("continued", WCONTINUED | WNOHANG);
        ask("stopped", WSTOPPED | WNOHANG);
        ask("stopped", WSTOPPED | WNOHANG);
        kill(child, SIGSTOP);
        hear("stopped when it is");
        kill(child, SIGCONT);
        hear("goes on");
        ask("stopped", WSTOPPED | WNOHANG);
        ask("continued, again", WCONTINUED | WNOHANG | WNOWAIT);
        ask_wait4("continued", WCONTINUED | WNOHANG);
        ask_wait4("continued", WCONTINUED | WNOHANG);
        kill(child, SIGTSTP);
        hear("stopped by SIGTSTP");
        ask_wait4("untraced", WUNTRACED | WNOHANG);
        kill(child, SIGCONT);
        hear("goes on");
        kill(child, SIGSTOP);
        hear("stopped before anybody asked");
        ask("continued", WCONTINUED | WNOHANG);
        ask_wait4("untraced", WUNTRACED | WNOHANG);
        kill(child, SIGTERM);
        hear("SIGTERM while stopped");
        kill(child, SIGCONT);
        usleep(100000);
        hear("and goes on");
        ask("exited", WEXITED | WNOHANG);
    }
    begin("killed while stopped", 2);
    kill(child, SIGSTOP);
    hear("stopped");
    finish();
    action.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
    begin("does not want to hear", 0);
    kill(child, SIGSTOP);
    hear("stopped");
    ask("stopped", WSTOPPED | WNOHANG);
    kill(child, SIGCONT);
    hear("goes on");
    ask("continued", WCONTINUED | WNOHANG);
    finish();
    stop_while_executing();
    return 0;
}
