// Message queues by name: prints what each call answered, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
#define QUEUE "/spore-test"
static mqd_t queue;
static char text[9000];

static struct timespec soon(int milliseconds) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += milliseconds * 1000000L;
    if (at.tv_nsec >= 1000000000) at.tv_nsec -= 1000000000, ++at.tv_sec;
    return at;
}
static void attributes(mqd_t of) {
    struct mq_attr is;
    memset(&is, 0, sizeof is);
    SHOW(mq_getattr(of, &is));
    printf("flags %lx most %ld size %ld now %ld\n", is.mq_flags, is.mq_maxmsg, is.mq_msgsize, is.mq_curmsgs);
}
static mqd_t of_size(long messages, long size) {
    struct mq_attr is = {.mq_maxmsg = messages, .mq_msgsize = size};
    mqd_t made = mq_open(QUEUE, O_CREAT | O_RDWR, 0600, &is);
    return made;
}
static void receive(void) {
    unsigned priority = 77;
    memset(text, 0, sizeof text);
    ssize_t size = mq_receive(queue, text, sizeof text, &priority);
    printf("received %zd %u '%s'%s\n", size, priority, text, size < 0 ? strerror(errno) : "");
}
static int ready(void) {
    struct pollfd one = {queue, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, 0};
    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void names(void) {
    SHOW(syscall(SYS_mq_open, "", O_RDWR, 0, NULL));
    SHOW(syscall(SYS_mq_open, "/a", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(syscall(SYS_mq_open, "a/b", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(syscall(SYS_mq_open, "..", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(syscall(SYS_mq_open, (char*)1, O_RDWR, 0, NULL));
    SHOW(syscall(SYS_mq_open, QUEUE + 1, O_RDWR | O_CREAT, 0600, (void*)1));
    char name[300];
    memset(name, 'n', sizeof name);
    name[0] = '/', name[257] = 0;
    SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, NULL));
    SHOW(mq_open(QUEUE, O_RDWR));
    SHOW(mq_unlink(QUEUE));
    umask(027);
    queue = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0666, NULL);
    SHOW(queue >= 0);
    SHOW(fcntl(queue, F_GETFD));
    SHOW(mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0666, NULL));
    SHOW(mq_open(QUEUE, 3));
    struct stat is;
    SHOW(fstat(queue, &is));
    printf("mode %o size %ld links %d\n", is.st_mode, (long)is.st_size, (int)is.st_nlink);
    char path[40], target[100] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", queue);
    SHOW(readlink(path, target, sizeof target));
    printf("%s\n", target);
    attributes(queue);
    name[256] = 0;
    mqd_t longest = mq_open(name, O_RDWR | O_CREAT, 0600, NULL);
    SHOW(longest >= 0);
    SHOW(mq_unlink(name));
    SHOW(mq_close(longest));
    SHOW(mq_close(longest));
}

static void messages(void) {
    SHOW(ready());
    SHOW(mq_send(queue, "low", 3, 1));
    SHOW(mq_send(queue, "high", 4, 9));
    SHOW(mq_send(queue, "low again", 9, 1));
    SHOW(mq_send(queue, "highest", 7, 32767));
    SHOW(mq_send(queue, "beyond", 6, 32768));
    SHOW(mq_send(queue, NULL, 0, 0));
    SHOW(mq_send(queue, (char*)1, 4, 0));
    SHOW(mq_send(queue, text, 8193, 0));
    SHOW(mq_send(queue, text, 8192, 0));
    SHOW(mq_receive(queue, text, 8191, NULL));
    SHOW(ready());
    attributes(queue);
    for (int i = 0; i < 4; ++i) receive();
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    struct timespec at = soon(30), wrong = {0, 1000000000}, past = {1, 0};
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &at));
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &past));
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &wrong));
    struct mq_attr wanted = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 3}, old = {0};
    SHOW(mq_setattr(queue, &wanted, &old));
    printf("was %lx\n", old.mq_flags);
    attributes(queue);
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    wanted.mq_flags = O_NONBLOCK | O_APPEND;
    SHOW(mq_setattr(queue, &wanted, NULL));
    for (int i = 0; i < 10; ++i) mq_send(queue, "x", 1, 0);
    SHOW(mq_send(queue, "x", 1, 0));
    SHOW(ready());
    SHOW(fcntl(queue, F_SETFL, 0));
    at = soon(30);
    SHOW(mq_timedsend(queue, "x", 1, 0, &at));
    for (int i = 0; i < 10; ++i) mq_receive(queue, text, sizeof text, NULL);
    SHOW(mq_getattr(0, &old));
    SHOW(mq_send(0, "x", 1, 0));
    mqd_t reader = mq_open(QUEUE, O_RDONLY), writer = mq_open(QUEUE, O_WRONLY | O_NONBLOCK);
    SHOW(mq_send(reader, "x", 1, 0));
    SHOW(mq_receive(writer, text, sizeof text, NULL));
    SHOW(mq_send(writer, "through", 7, 0));
    attributes(writer);
    mq_close(reader), mq_close(writer);
    receive();
    SHOW(write(queue, "x", 1));
}

static void* late(void* what) {
    usleep(50000);
    if (what) mq_send(queue, what, strlen(what), 5);
    else mq_receive(queue, text, sizeof text, NULL);
    return NULL;
}
static void on_alarm(int number) { (void)number; }
/// The errno of a child's call, as its exit status.
static int status(pid_t pid) {
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void waiting(void) {
    pthread_t other;
    pthread_create(&other, NULL, late, "late");
    receive();
    pthread_join(other, NULL);
    attributes(queue);
    mq_close(queue), mq_unlink(QUEUE);
    queue = of_size(1, 16);
    SHOW(mq_receive(queue, text, 15, NULL));
    SHOW(mq_send(queue, "first", 5, 0));
    pthread_create(&other, NULL, late, NULL);
    SHOW(mq_send(queue, "second", 6, 7));
    pthread_join(other, NULL);
    receive();
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}, got = {0};
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, queue, &event));
    SHOW(epoll_wait(set, &got, 1, 0));
    pthread_create(&other, NULL, late, "event");
    SHOW(epoll_wait(set, &got, 1, 5000));
    printf("events %x\n", got.events);
    pthread_join(other, NULL);
    SHOW(epoll_wait(set, &got, 1, 0));
    receive();
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    // Another process's end of its descriptors is not the queue's; two of them meet here.
    pid_t child = fork();
    if (child == 0) {
        char its[16] = "";
        _exit(mq_receive(queue, its, sizeof its, NULL) == 5 && !memcmp(its, "child", 5) ? 42 : 1);
    }
    SHOW(mq_send(queue, "child", 5, 0));
    SHOW(status(child));
}

static volatile sig_atomic_t told;
static volatile int code, value, from_self;
static void on_message(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    ++told, code = info->si_code, value = info->si_value.sival_int, from_self = info->si_pid == getpid() && info->si_uid == getuid();
}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int heard;
static void by_thread(union sigval with) {
    pthread_mutex_lock(&lock);
    heard = with.sival_int;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}
static void notices(void) {
    struct sigaction action = {.sa_sigaction = on_message, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 31};
    SHOW(mq_notify(queue, &event));
    SHOW(mq_notify(queue, &event));
    SHOW(told);
    SHOW(mq_send(queue, "one", 3, 0));
    printf("told %d code %d value %d from self %d\n", told, code, value, from_self);
    SHOW(mq_notify(queue, &event));
    receive();
    SHOW(mq_send(queue, "two", 3, 0));
    SHOW(told);
    receive();
    SHOW(mq_send(queue, "three", 5, 0));
    SHOW(told);
    receive();
    SHOW(mq_notify(queue, NULL));
    // Not while somebody waits for the message; nor is another process's notice taken away.
    SHOW(mq_notify(queue, &event));
    pid_t child = fork();
    if (child == 0) {
        if (mq_notify(queue, NULL) || mq_notify(queue, &event) == 0 || errno != EBUSY) _exit(1);
        char its[16];
        _exit(mq_receive(queue, its, sizeof its, NULL) == 4 ? 0 : 2);
    }
    usleep(200000);
    SHOW(mq_send(queue, "four", 4, 0));
    SHOW(status(child));
    SHOW(told);
    // Closing any of its descriptors ends a process's notice.
    mqd_t another = mq_open(QUEUE, O_RDONLY);
    SHOW(mq_close(another));
    SHOW(mq_notify(queue, &event));
    SHOW(mq_notify(queue, NULL));
    event.sigev_notify = SIGEV_NONE;
    SHOW(mq_notify(queue, &event));
    SHOW(mq_send(queue, "five", 4, 0));
    SHOW(told);
    receive();
    event.sigev_signo = 65, event.sigev_notify = SIGEV_SIGNAL;
    SHOW(mq_notify(queue, &event));
    event.sigev_notify = 9;
    SHOW(mq_notify(queue, &event));
    SHOW(mq_notify(0, NULL));
    struct sigevent raw = {.sigev_notify = SIGEV_THREAD, .sigev_signo = 99, .sigev_value.sival_ptr = text};
    SHOW(syscall(SYS_mq_notify, queue, &raw));
    raw.sigev_signo = 0;
    SHOW(syscall(SYS_mq_notify, queue, &raw));
    raw.sigev_value.sival_ptr = (void*)1;
    SHOW(syscall(SYS_mq_notify, queue, &raw));
    struct sigevent thread = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = by_thread, .sigev_value.sival_int = 99};
    SHOW(mq_notify(queue, &thread));
    SHOW(mq_send(queue, "six", 3, 0));
    pthread_mutex_lock(&lock);
    struct timespec at = soon(900);
    at.tv_sec += 5;
    while (!heard && pthread_cond_timedwait(&changed, &lock, &at) == 0) {}
    printf("heard %d\n", heard);
    pthread_mutex_unlock(&lock);
    receive();
}

static void limits(void) {
    mq_close(queue), mq_unlink(QUEUE);
    SHOW(of_size(0, 10));
    SHOW(of_size(10, 0));
    SHOW(of_size(-1, 10));
    SHOW(of_size(65537, 10));
    SHOW(of_size(10, 16777217));
    struct rlimit few = {10 * (100 + 96), 819200};
    SHOW(setrlimit(RLIMIT_MSGQUEUE, &few));
    SHOW(of_size(10, 101));
    queue = of_size(10, 100);
    SHOW(queue >= 0);
    SHOW(mq_open("/spore-test-2", O_CREAT | O_RDWR, 0600, &(struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 1}));
    SHOW(mq_unlink(QUEUE));
    SHOW(of_size(10, 100));  // it counts until nobody has it any more
    char path[40], target[100] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", queue);
    SHOW(readlink(path, target, sizeof target));
    printf("%s\n", target);
    SHOW(mq_send(queue, "x", 1, 0));
    SHOW(mq_close(queue));
    queue = of_size(10, 100);
    SHOW(queue >= 0);
    mq_close(queue);
    // Another user.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (setgid(1000) || setuid(1000)) _exit(1);
        SHOW(mq_open(QUEUE, O_RDONLY));
        SHOW(mq_unlink(QUEUE));
        SHOW(mq_open(QUEUE, O_CREAT | O_EXCL | O_RDONLY, 0600, NULL));
        SHOW(mq_open("/spore-test-3", O_CREAT | O_RDWR, 0600, &(struct mq_attr){.mq_maxmsg = 11, .mq_msgsize = 1}));
        SHOW(mq_open("/spore-test-3", O_CREAT | O_RDWR, 0600, &(struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 8193}));
        mqd_t own = mq_open("/spore-test-3", O_CREAT | O_RDWR, 0200, &(struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 1});
        SHOW(own >= 0);
        SHOW(mq_open("/spore-test-3", O_RDONLY));
        SHOW(mq_open("/spore-test-3", O_WRONLY) >= 0);
        SHOW(mq_unlink("/spore-test-3"));
        fflush(stdout);
        _exit(0);
    }
    SHOW(status(child));
    SHOW(mq_unlink(QUEUE));
}

/// What a queue's descriptor reads as.
static void show_status(void) {
    char line[200] = "";
    SHOW(lseek(queue, 0, SEEK_SET));
    SHOW(read(queue, line, sizeof line));
    char *told = strstr(line, "NOTIFY_PID:");
    if (told && atoi(told + 11) == getpid()) strcpy(told, "this process's");
    printf("  '%s'\n", line);
}
static void statuses(void) {
    char part[100] = "";
    queue = of_size(3, 20);
    show_status();
    SHOW(read(queue, part, 5));
    SHOW(pread(queue, part, 10, 3));
    printf("  '%.10s'\n", part);
    SHOW(lseek(queue, 6, SEEK_SET));
    SHOW(read(queue, part, 4));
    SHOW(lseek(queue, 0, SEEK_CUR));
    SHOW(lseek(queue, -7, SEEK_END));
    SHOW(lseek(queue, -100, SEEK_END));
    SHOW(lseek(queue, 1000, SEEK_SET));
    SHOW(read(queue, part, 4));
    SHOW(write(queue, part, 4));
    SHOW(mq_send(queue, "twelve bytes", 12, 3));
    SHOW(mq_send(queue, "five.", 5, 3));
    show_status();
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    SHOW(mq_notify(queue, &event));
    show_status();
    SHOW(mq_notify(queue, NULL));
    event.sigev_notify = SIGEV_NONE;
    SHOW(mq_notify(queue, &event));
    show_status();
    SHOW(mq_notify(queue, NULL));
    mqd_t writer = mq_open(QUEUE, O_WRONLY);
    SHOW(read(writer, part, 4));
    mq_close(writer), mq_close(queue), mq_unlink(QUEUE);
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    mq_unlink(QUEUE);
    names();
    messages();
    waiting();
    notices();
    limits();
    statuses();
    return 0;
}
