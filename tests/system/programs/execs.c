// execve by a thread that is not the main one, several at once, of a file that is being written; and the signal for a parent's death.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char* self;
static pthread_barrier_t barrier;

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"), fflush(stdout); }

static void* replace(void* word) {
    char number[16];
    snprintf(number, sizeof number, "%d", getpid());
    if (word) pthread_barrier_wait(&barrier);
    execl(self, self, "replaced", number, (char*)NULL);
    return NULL;
}
static void* sleep_forever(void* nothing) {
    (void)nothing;
    for (;;) pause();
}
static void* spin_forever(void* nothing) {
    (void)nothing;
    for (;;) {}
}

static int ends_well(void (*child_does)(void)) {
    pid_t child = fork();
    if (!child) {
        child_does();
        _exit(99);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void from_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_forever, NULL);
    pthread_create(&thread, NULL, spin_forever, NULL);
    pthread_create(&thread, NULL, replace, NULL);
    sleep_forever(NULL);
}
static void from_thread_after_main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, replace, NULL);
    pthread_exit(NULL);
}
static void race(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, replace, "race");
    replace("race");
    sleep_forever(NULL);
}

/// A copy of this program that waits in a process until it is killed.
static pid_t run_copy(const char* path) {
    pid_t child = fork();
    if (!child) {
        execl(path, path, "wait", (char*)NULL);
        _exit(errno == ETXTBSY ? 26 : 99);
    }
    return child;
}
static void writers_and_programs(void) {
    const char* path = "/tmp/copy";
    char bytes[65536];
    int from = open(self, O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755), status = 0;
    for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;) write(to, bytes, size);
    check("what is open for writing is not run", waitpid(run_copy(path), &status, 0) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 26);
    int again = open(path, O_RDONLY);
    close(to);

    pid_t child = run_copy(path);
    char link[64], target[64];
    snprintf(link, sizeof link, "/proc/%d/exe", child);
    while (readlink(link, target, sizeof target) != (ssize_t)strlen(path) || memcmp(target, path, strlen(path))) usleep(1000);
    check("what is run is not opened for writing", open(path, O_WRONLY) < 0 && errno == ETXTBSY && open(path, O_RDWR) < 0 && errno == ETXTBSY);
    check("nor truncated", open(path, O_RDONLY | O_TRUNC) < 0 && errno == ETXTBSY && truncate(path, 0) < 0 && errno == ETXTBSY);
    check("but read, and run again", read(again, bytes, 4) == 4 && (kill(run_copy(path), SIGKILL), waitpid(-1, &status, 0) > 0));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    check("and written when it has ended", open(path, O_WRONLY) >= 0);
}

/// With `count` arguments of `size` bytes each, and room for a stack of `stack` MiB; the error, or 0 when the program ran.
static int error_with(int count, size_t size, rlim_t stack) {
    pid_t child = fork();
    if (!child) {
        struct rlimit limit = {stack << 20, RLIM_INFINITY};
        static char* words[256];
        char* word = malloc(size + 1);
        memset(word, 'x', size), word[size] = 0;
        words[0] = self, words[1] = "nothing";
        for (int i = 0; i < count; i++) words[2 + i] = word;
        setrlimit(RLIMIT_STACK, &limit);
        execv(self, words);
        _exit(errno);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
static void much_to_say(void) {
    check("nearly two mebibytes", error_with(16, 129000, 8) == 0);
    check("two are too much for a stack of eight", error_with(17, 129000, 8) == E2BIG);
    check("as are more than Linux ever takes", error_with(64, 129000, 64) == E2BIG);
    check("one of all that there may be", error_with(1, 131071, 8) == 0);
    check("and one more", error_with(1, 131072, 8) == E2BIG);
}

int main(int count, char** words) {
    self = realpath("/proc/self/exe", NULL);
    // The new program is alone, and has the process's number.
    if (count > 2 && !strcmp(words[1], "replaced")) return !(getpid() == atoi(words[2]) && syscall(SYS_gettid) == getpid());

    if (count > 1 && !strcmp(words[1], "wait")) pause();
    if (count > 1 && !strcmp(words[1], "nothing")) return 0;

    check("from a thread", ends_well(from_thread));
    check("from a thread after the main one", ends_well(from_thread_after_main));
    int raced = 0;
    for (int i = 0; i < 20; i++) raced += ends_well(race);
    check("races", raced == 20);

    writers_and_programs();
    much_to_say();

    int told[2];
    pipe(told);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t middle = fork();
    if (!middle) {
        pid_t child = fork();
        if (!child) {
            struct timespec long_enough = {5, 0};
            int kept = 0;
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            prctl(PR_GET_PDEATHSIG, &kept);
            write(told[1], "r", 1);
            char result = kept == SIGUSR1 && sigtimedwait(&set, NULL, &long_enough) == SIGUSR1 ? 'y' : 'n';
            write(told[1], &result, 1);
            _exit(0);
        }
        usleep(200000);
        _exit(0);
    }
    char answer[2] = {0};
    read(told[0], answer, 1);
    waitpid(middle, NULL, 0);
    read(told[0], answer + 1, 1);
    check("parent's death", answer[1] == 'y');
    return 0;
}
