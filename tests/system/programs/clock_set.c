// Whoever waits for a point on the wall clock follows that clock when it is set.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif
enum { hour = 3600 };

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

static struct timespec in(long milliseconds) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += milliseconds / 1000, at.tv_nsec += milliseconds % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
    return at;
}
static void set_by_settime(long seconds) {
    struct timespec to = in(seconds * 1000);
    if (clock_settime(CLOCK_REALTIME, &to)) perror("clock_settime");
}
static void set_by_timeofday(long seconds) {
    struct timeval now;
    gettimeofday(&now, NULL);
    now.tv_sec += seconds;
    if (settimeofday(&now, NULL)) perror("settimeofday");
}
static void set_by_adjtimex(long seconds) {
    struct timex step = {.modes = 0x100, .time = {.tv_sec = seconds}};
    if (adjtimex(&step) < 0) perror("adjtimex");
}

static void* sleeps(void* unused) {
    struct timespec at = in(hour * 1000);
    return (void*)(long)(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == 0);
}
// As glibc's sem_timedwait does; musl's waits for a span.
static void* waits_for_word(void* unused) {
    enum { wait_bitset = 9, realtime = 256 };
    int word = 0;
    struct timespec at = in(hour * 1000);
    return (void*)(long)(syscall(SYS_futex, &word, wait_bitset | realtime, 0, &at, NULL, -1) == -1 && errno == ETIMEDOUT);
}
static void* waits_for_message(void* unused) {
    mqd_t queue = mq_open("/clock_set", O_RDWR | O_CREAT, 0600, NULL);
    struct timespec at = in(hour * 1000);
    char message[8192];
    int late = mq_timedreceive(queue, message, sizeof message, NULL, &at) == -1 && errno == ETIMEDOUT;
    mq_unlink("/clock_set");
    return (void*)(long)late;
}

static int timer_file(struct timespec at, int flags) {
    int file = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct itimerspec when = {.it_value = at};
    if (timerfd_settime(file, flags, &when, NULL)) perror("timerfd_settime");
    return file;
}
static int is_ready(int file, int milliseconds) { return poll(&(struct pollfd){file, POLLIN}, 1, milliseconds) == 1; }

static volatile sig_atomic_t signals;
static void count(int signal) { signals++; }
static timer_t signal_timer(struct timespec at) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_create(CLOCK_REALTIME, &event, &timer);
    struct itimerspec when = {.it_value = at};
    timer_settime(timer, TIMER_ABSTIME, &when, NULL);
    return timer;
}
static int signaled(int milliseconds) {
    int before = signals;
    for (int i = 0; i < milliseconds && before == 0 && signals == 0; i += 10) usleep(10000);
    before = signals, signals = 0;
    return before;
}

static void forwards(const char* how, void (*move)(long)) {
    void* (*const waiters[])(void*) = {sleeps, waits_for_word, waits_for_message};
    const char* const names[] = {"sleeps", "waits_for_word", "waits_for_message"};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, waiters[i], NULL);
    timer_t timer = signal_timer(in(hour * 1000));
    int absolute = timer_file(in(hour * 1000), TFD_TIMER_ABSTIME);
    int span = timer_file((struct timespec){hour, 0}, 0);
    usleep(100000);
    move(2 * hour);
    char line[80];
    for (int i = 0; i < 3; i++) {
        void* late;
        pthread_join(threads[i], &late);
        snprintf(line, sizeof line, "%s, %s", how, names[i]);
        check(line, late != NULL);
    }
    check("  timer_create", signaled(5000) == 1);
    check("  timerfd", is_ready(absolute, 5000));
    check("  a span passes on", !is_ready(span, 0));
    timer_delete(timer), close(absolute), close(span);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGUSR1, count);
    struct itimerspec left;
    forwards("clock_settime", set_by_settime);
    forwards("settimeofday", set_by_timeofday);
    forwards("adjtimex", set_by_adjtimex);

    timer_t timer = signal_timer(in(300));
    int file = timer_file(in(300), TFD_TIMER_ABSTIME);
    set_by_settime(-hour);
    check("backwards, timerfd", !is_ready(file, 600));
    check("backwards, timer_create", signaled(10) == 0);
    timer_gettime(timer, &left);
    check("an hour is left", left.it_value.tv_sec > hour - 60 && left.it_value.tv_sec <= hour);
    timerfd_gettime(file, &left);
    check("an hour is left of the file's", left.it_value.tv_sec > hour - 60 && left.it_value.tv_sec <= hour);
    set_by_settime(hour);
    check("and forwards, timerfd", is_ready(file, 5000));
    check("and forwards, timer_create", signaled(5000) == 1);

    unsigned long long times = 0;
    int told = timer_file(in(2 * hour * 1000), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    check("not set yet", !is_ready(told, 0) && read(told, &times, sizeof times) == -1 && errno == EAGAIN);
    set_by_settime(1);
    check("told", is_ready(told, 0) && read(told, &times, sizeof times) == -1 && errno == ECANCELED);
    check("told once", !is_ready(told, 0) && read(told, &times, sizeof times) == -1 && errno == EAGAIN);
    set_by_settime(1);
    struct itimerspec when = {.it_value = in(hour * 1000)};
    check("told when it is set", timerfd_settime(told, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) == -1 && errno == ECANCELED);
    timerfd_gettime(told, &left);
    check("and set", left.it_value.tv_sec > hour - 60 && !is_ready(told, 0));
    timerfd_settime(told, TFD_TIMER_ABSTIME, &when, NULL);
    set_by_settime(1);
    check("told no more", !is_ready(told, 0));
    set_by_settime(2 * hour);
    check("expires", is_ready(told, 5000) && read(told, &times, sizeof times) == 8 && times == 1);
    return 0;
}
