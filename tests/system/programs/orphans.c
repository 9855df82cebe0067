// Groups of processes that nobody outside could continue: what stops there, and what they are sent. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int told[2];  // what others than this process have to say

static void say(const char *text) { (void)!write(told[1], text, strlen(text)); }
static void show_told(void) {
    char text[200];
    ssize_t size = read(told[0], text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    printf("  told: %s\n", text);
}
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context, (void)info;
    say(number == SIGHUP ? "SIGHUP " : number == SIGCONT ? "SIGCONT " : "handled ");
}
static void handle(int number) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(number, &action, NULL);
}
/// What becomes of the child within a while.
static void watch(const char *what, pid_t child) {
    for (int i = 0; i < 30; ++i) {
        int status;
        pid_t who = waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (who == child) {
            if (WIFSTOPPED(status)) printf("  %s: stopped by %d\n", what, WSTOPSIG(status));
            else if (WIFCONTINUED(status)) printf("  %s: goes on\n", what);
            else printf("  %s: ended with %x\n", what, status);
            return;
        }
        if (who < 0) {
            printf("  %s: %s\n", what, strerror(errno));
            return;
        }
        usleep(10000);
    }
    printf("  %s: runs\n", what);
}
static void finish(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP};
static void send_each(pid_t child) {
    for (int i = 0; i < 4; ++i) {
        kill(child, stops[i]);
        char what[40];
        snprintf(what, sizeof what, "sent %d", stops[i]);
        watch(what, child);
        kill(child, SIGCONT);
        watch("sent SIGCONT", child);
    }
}

/// A child that waits; in a group or session of its own.
static pid_t begin(int (*apart)(void)) {
    int ready[2];
    (void)!pipe(ready);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        apart();
        close(ready[0]), close(ready[1]);
        for (;;) pause();
    }
    close(ready[1]);
    char unused;
    (void)!read(ready[0], &unused, 1);
    close(ready[0]);
    return child;
}
static int own_session(void) { return (int)setsid(); }
static int own_group(void) { return setpgid(0, 0); }

static void interrupted_read(void) {
    puts("a read goes on when the signal stops nothing");
    int ends[2];
    (void)!pipe(ends);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        char byte;
        ssize_t size = read(ends[0], &byte, 1);
        say(size == 1 ? "read one byte" : strerror(errno));
        _exit(0);
    }
    usleep(50000);
    kill(child, SIGTSTP);
    watch("in a read", child);
    (void)!write(ends[1], "x", 1);
    watch("after it", child);
    show_told();
    close(ends[0]), close(ends[1]);
}

/// The parent of a stopped group ends: the group is told, and goes on.
static void left_alone(int stop, int others) {
    printf("left alone, %s%s\n", stop ? "stopped" : "running", others ? ", with another parent outside" : "");
    fflush(stdout);
    int ready[2], joined[2];
    (void)!pipe(ready), (void)!pipe(joined);
    pid_t leader = fork();
    if (leader == 0) {
        setsid();
        pid_t keeper = others ? fork() : 1;
        if (keeper == 0) {  // has a child in the same group as the leader's
            char group[20] = {0};
            (void)!read(ready[0], group, sizeof group - 1);
            pid_t child = fork();
            if (child == 0) {
                setpgid(0, atoi(group));
                for (;;) pause();
            }
            setpgid(child, atoi(group));
            say("kept ");
            (void)!write(joined[1], "j", 1);
            usleep(400000);
            kill(-atoi(group), SIGKILL);
            _exit(0);
        }
        pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);
            handle(SIGHUP), handle(SIGCONT);
            if (stop) raise(SIGSTOP);
            for (int i = 0; i < 20; ++i) usleep(10000);
            say(stop ? "went on" : "ran on");
            _exit(0);
        }
        setpgid(child, child);
        if (stop) waitpid(child, NULL, WUNTRACED);
        if (others) {
            char group[20];
            snprintf(group, sizeof group, "%d", child);
            (void)!write(ready[1], group, strlen(group));
            (void)!read(joined[0], group, 1);
        }
        _exit(0);
    }
    waitpid(leader, NULL, 0);
    usleep(100000);
    show_told();
    if (!others) {
        int status = 0;
        pid_t orphan = waitpid(-1, &status, 0);
        printf("  its child: %s %x\n", orphan > 0 ? "ended" : strerror(errno), status);
        show_told();
    } else {
        while (waitpid(-1, NULL, 0) > 0) {}
    }
    close(ready[0]), close(ready[1]), close(joined[0]), close(joined[1]);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    (void)!pipe(told);
    fcntl(told[0], F_SETFL, O_NONBLOCK);
    // In a session of its own, with somebody outside of it above: what is said does not depend on who runs this.
    pid_t top = fork();
    if (top) {
        int status;
        waitpid(top, &status, 0);
        return WEXITSTATUS(status);
    }
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t child;
    puts("a group of this session");
    child = begin(own_group);
    send_each(child);
    finish(child);
    puts("a session of its own");
    child = begin(own_session);
    send_each(child);
    finish(child);
    puts("the leader of this session");
    signal(SIGTTIN, SIG_DFL);
    raise(SIGTSTP), raise(SIGTTIN), raise(SIGTTOU);
    puts("  runs");
    interrupted_read();
    left_alone(1, 0);
    left_alone(0, 0);
    left_alone(1, 1);
    return 0;
}
