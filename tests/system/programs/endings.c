// A process ends, by exit or by execve, while its threads make others: these end, too, and nobody waits for ever. A signal to a group misses none of
// those that its processes are making. Says "ok" for each part.
#define _GNU_SOURCE  // environ
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) do { if (!(condition)) { printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno); exit(1); } } while (0)

enum { rounds = 80, group_rounds = 10, threads = 40, makers = 2 };

static const char* part;
static void too_long(int number) {
    (void)number;
    printf("%s: a process did not end\n", part);
    _exit(1);
}

static void* wait_for_ever(void* nothing) {
    for (;;) pause();
    return nothing;
}

static void* make_threads(void* nothing) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    pthread_t thread;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread, &small, wait_for_ever, 0)) break;
    return wait_for_ever(nothing);
}

static void end_while_threads_begin(const char* name, int round, void (*end)(void)) {
    part = name;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        pthread_t maker;
        for (int i = 0; i < makers; i++)
            if (pthread_create(&maker, 0, make_threads, 0)) _exit(1);
        struct timespec moment = {0, round * 3000L};  // so that each round ends at another place
        nanosleep(&moment, 0);
        end();
        _exit(2);
    }
    alarm(30);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    alarm(0);
}

static void by_exit(void) { _exit(7); }
static void by_execve(void) {
    char* arguments[] = {"endings", "again", 0};
    execve("/proc/self/exe", arguments, environ);
}

static void make_processes(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 25; i++)
        if (fork() == 0) {
            fork(), fork();
            wait_for_ever(0);
        }
    wait_for_ever(0);
}

static void end_of_group(int round) {
    part = "group";
    alarm(30);
    pid_t group = fork();
    CHECK(group >= 0);
    if (group == 0) {
        setpgid(0, 0);
        make_processes();
    }
    setpgid(group, group);
    struct timespec moment = {0, 1000000 + round * 50000L}, while_they_end = {0, 1000000};
    nanosleep(&moment, 0);
    CHECK(kill(-group, SIGKILL) == 0);
    CHECK(waitpid(group, 0, 0) == group);
    while (kill(-group, 0) == 0) {
        while (waitpid(-1, 0, WNOHANG) > 0) continue;  // in a machine of its own this program inherits them
        nanosleep(&while_they_end, 0);
    }
    CHECK(errno == ESRCH);
    alarm(0);
}

int main(int count, char** words) {
    if (count > 1 && !strcmp(words[1], "again")) return 7;
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGALRM, too_long);
    for (int i = 0; i < rounds; i++) end_while_threads_begin("exit", i, by_exit);
    puts("exit ok");
    for (int i = 0; i < rounds; i++) end_while_threads_begin("execve", i, by_execve);
    puts("execve ok");
    for (int i = 0; i < group_rounds; i++) end_of_group(i);
    puts("group ok");
    return 0;
}
