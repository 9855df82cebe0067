// How many processes a user may have (RLIMIT_NPROC). Begins as user 0; prints what happened, the same on every Linux. many
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { user = 54321 };
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static void limit(rlim_t most) {
    struct rlimit both = {most, 1000};
    if (setrlimit(RLIMIT_NPROC, &both)) exit(2);
}
static pid_t made[10];
// A child that waits to be ended.
static int make(int number) {
    fflush(stdout);
    made[number] = fork();
    if (made[number] == 0)
        for (;;) pause();
    return made[number] < 0 ? -1 : 0;
}
static int end(int number) { return kill(made[number], SIGKILL); }
static int wait_for(int number) { return waitpid(made[number], NULL, 0) == made[number] ? 0 : -1; }
static void *idle(void *unused) {
    for (;;) pause();
    return unused;
}
static int make_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, idle, NULL);
    return errno ? -1 : 0;
}
// In a child that acts as `user`; what it prints of execve.
static void run(const char *self) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        SHOW(setresuid(user, user, user));
        execl(self, self, "ran", NULL);
        printf("execve: %s\n", strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}
static int make_as_user(int number) {
    fflush(stdout);
    made[number] = fork();
    if (made[number] == 0) {
        if (setresuid(user, user, user)) _exit(1);
        for (;;) pause();
    }
    usleep(50000);
    return made[number] < 0 ? -1 : 0;
}

int main(int count, char **arguments) {
    setvbuf(stdout, 0, _IOLBF, 0);
    if (count == 2) {
        puts("ran");
        return 0;
    }
    limit(1);
    SHOW(make(0));  // user 0 may
    end(0), wait_for(0);
    limit(2);
    SHOW(make_as_user(0));
    SHOW(make_as_user(1));
    run(arguments[0]);
    SHOW(make_as_user(2));
    run(arguments[0]);
    limit(4);
    run(arguments[0]);
    for (int i = 0; i < 3; ++i) end(i), wait_for(i);
    limit(4);
    if (setresuid(user, user, user)) return 3;
    SHOW(make(0));
    SHOW(make(1));
    SHOW(make_thread());
    SHOW(make(2));
    SHOW(make_thread());
    SHOW(end(0));
    usleep(100000);
    SHOW(make(2));  // it has ended, and nobody asked
    SHOW(wait_for(0));
    SHOW(make(2));
    SHOW(make(3));
    limit(5);
    SHOW(make(3));
    SHOW(make_thread());
    for (int i = 1; i < 4; ++i) end(i), wait_for(i);
    return 0;
}
