// Processes: fork with copy-on-write, exit statuses, pipes, signals between them, orphans, words that they share, execve. Says "ok" for each part.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) do { if (!(condition)) { printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno); exit(1); } } while (0)

static void copy_on_write(void) {
    enum { size = 1 << 20 };
    unsigned char* own = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char* common = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(own != MAP_FAILED && common != MAP_FAILED);
    memset(own, 1, size), memset(common, 1, size);
    for (int child = 0; child < 4; child++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            for (int i = 0; i < size; i += 4096) if (own[i] != 1) _exit(1);
            memset(own, 10 + child, size);
            for (int i = child * 4096; i < size; i += 4 * 4096) common[i] = 20;
            for (int i = 0; i < size; i += 4096) if (own[i] != 10 + child) _exit(2);
            _exit(100 + child);
        }
    }
    int seen = 0;
    for (int child = 0; child < 4; child++) {
        int status;
        CHECK(wait(&status) > 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) >= 100);
        seen |= 1 << (WEXITSTATUS(status) - 100);
    }
    CHECK(seen == 15);
    CHECK(wait(0) == -1 && errno == ECHILD);
    for (int i = 0; i < size; i += 4096) CHECK(own[i] == 1 && common[i] == 20);
    puts("copy-on-write ok");
}

static void pipeline(void) {
    // Each process adds one to every number that it passes on.
    enum { stages = 5, count = 2000 };
    int from = -1, ends[2];
    for (int stage = 0; stage < stages; stage++) {
        CHECK(pipe(ends) == 0);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            for (int i = 0; i < count; i++) {
                int number = i;
                if (from >= 0 && read(from, &number, sizeof number) != sizeof number) _exit(1);
                number++;
                if (write(ends[1], &number, sizeof number) != sizeof number) _exit(2);
            }
            _exit(0);
        }
        close(ends[1]);
        if (from >= 0) close(from);
        from = ends[0];
    }
    for (int i = 0; i < count; i++) {
        int number;
        CHECK(read(from, &number, sizeof number) == sizeof number && number == i + stages);
    }
    int number;
    CHECK(read(from, &number, sizeof number) == 0);
    for (int stage = 0, status; stage < stages; stage++) CHECK(wait(&status) > 0 && status == 0);
    puts("pipeline ok");
}

static volatile sig_atomic_t pings, children;
static volatile pid_t sender;
static void on_ping(int signal, siginfo_t* information, void* context) {
    (void)signal, (void)context;
    pings++, sender = information->si_pid;
}
static void on_child(int signal) { (void)signal, children++; }

static void signals(void) {
    struct sigaction action = {.sa_sigaction = on_ping, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGUSR1, &action, 0) == 0);
    sigset_t blocked, before;
    sigemptyset(&blocked), sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        for (int i = 0; i < 100; i++) {
            kill(parent, SIGUSR1);
            while (pings == i) sigsuspend(&before);
            if (sender != parent) _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        while (pings == i) sigsuspend(&before);
        CHECK(sender == pid);
        kill(pid, SIGUSR1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    sigprocmask(SIG_SETMASK, &before, 0);

    // Killed, stopped and continued.
    signal(SIGCHLD, on_child);
    pid = fork();
    if (pid == 0) for (;;) pause();
    CHECK(kill(pid, SIGSTOP) == 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(kill(pid, SIGCONT) == 0 && waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    CHECK(kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(children >= 1);
    // Who waits is told of the child, and the signal that tells of it too has come by then.
    struct sigaction once = {.sa_handler = on_child};
    CHECK(sigaction(SIGCHLD, &once, 0) == 0);
    for (int i = 0; i < 200; i++) {
        children = 0;
        if ((pid = fork()) == 0) _exit(i & 1);
        CHECK(waitpid(pid, &status, 0) == pid && status == (i & 1) << 8 && children == 1);
        CHECK(kill(pid, 0) == -1 && errno == ESRCH && syscall(SYS_sched_getscheduler, pid) == -1 && errno == ESRCH);
    }
    once.sa_flags = SA_NOCLDWAIT;
    CHECK(sigaction(SIGCHLD, &once, 0) == 0);
    for (int i = 0; i < 100; i++) {
        if ((pid = fork()) == 0) _exit(0);
        CHECK(wait(&status) == -1 && errno == ECHILD);
    }
    signal(SIGCHLD, SIG_DFL);
    pid = fork();
    if (pid == 0) {
        volatile int* nowhere = 0;
        *nowhere = 1;
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    CHECK(kill(pid, 0) == -1 && errno == ESRCH);
    puts("signals ok");
}

static void orphans(void) {
    // A grandchild whose parent is gone comes to the process that asked for such.
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork(), grandchild;
    if (child == 0) {
        if (fork() == 0) {
            pid_t me = getpid();
            write(ends[1], &me, sizeof me);
            while (getppid() == child) usleep(1000);
            usleep(20000);
            _exit(33);
        }
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    CHECK(waitpid(grandchild, &status, 0) == grandchild && WEXITSTATUS(status) == 33);
    puts("orphans ok");
}

// Two processes find each other at a word of a file that each has mapped by itself, as named semaphores are.
static void shared_words(void) {
    enum { wait = 0, wake = 1 };
    const char* name = "/dev/shm/word";
    int file = open(name, O_RDWR | O_CREAT, 0600);
    CHECK(file >= 0 && ftruncate(file, 8192) == 0);
    pid_t pid = fork();
    int own = open(name, O_RDWR);
    // At different addresses, and at different places of their mappings.
    char* memory = pid ? mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0) : mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, own, 4096);
    CHECK(memory != MAP_FAILED);
    _Atomic int* word = (_Atomic int*)(memory + (pid ? 4096 : 0));
    struct timespec most = {10, 0};
    if (pid == 0) {
        while (syscall(SYS_futex, word, wake, 1, 0, 0, 0) == 0) usleep(1000);
        _exit(0);
    }
    CHECK(syscall(SYS_futex, word, wait, 0, &most, 0, 0) == 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(munmap(memory, 8192) == 0 && syscall(SYS_futex, word, wake, 1, 0, 0, 0) == -1 && errno == EFAULT);
    close(file), close(own), unlink(name);
    puts("shared words ok");
}

int main(int count, char** words) {
    setvbuf(stdout, 0, _IOLBF, 0);
    if (count > 1 && !strcmp(words[1], "again")) return getenv("KEY") && !strcmp(getenv("KEY"), "value") ? 55 : 1;
    copy_on_write();
    pipeline();
    signals();
    orphans();
    shared_words();
    pid_t pid = fork();
    if (pid == 0) {
        char* arguments[] = {words[0], "again", 0};
        char* environment[] = {"KEY=value", 0};
        execve("/proc/self/exe", arguments, environment);
        execve(words[0], arguments, environment);
        _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 55);
    puts("execve ok");
    for (int i = 0; i < 100; i++) {
        if ((pid = fork()) == 0) _exit(i);
        CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == i);
    }
    puts("many ok");
    return 0;
}
