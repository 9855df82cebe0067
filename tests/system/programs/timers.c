// Timers that send signals, sleeps that are interrupted, and processor time.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static volatile int alarms, last_value, last_overrun, last_code;
static volatile pid_t taken_by;

static void count(int number) { (void)number, alarms++; }
static void note(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    alarms++, last_value = info->si_value.sival_int, last_overrun = info->si_overrun, last_code = info->si_code;
    taken_by = (pid_t)syscall(SYS_gettid);
}
static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }
static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void spin(double seconds) {
    for (double end = now(CLOCK_THREAD_CPUTIME_ID) + seconds; now(CLOCK_THREAD_CPUTIME_ID) < end;)
        for (volatile int i = 0; i < 1000000; i++) {}
}
static void* thread(void* argument) {
    *(pid_t*)argument = (pid_t)syscall(SYS_gettid);
    for (int i = 0; i < 40 && !alarms; i++) usleep(10000);
    return NULL;
}

int main(void) {
    signal(SIGALRM, count);
    struct itimerval wanted = {{0, 20000}, {0, 20000}}, left;
    double start = now(CLOCK_MONOTONIC);
    setitimer(ITIMER_REAL, &wanted, NULL);
    while (alarms < 5) pause();
    double took = now(CLOCK_MONOTONIC) - start;
    check("interval", took > 0.099);
    check("getitimer", !getitimer(ITIMER_REAL, &left) && left.it_interval.tv_usec == 20000 && left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 20000);
    memset(&wanted, 0, sizeof wanted);
    setitimer(ITIMER_REAL, &wanted, &left);
    check("disarmed", !getitimer(ITIMER_REAL, &left) && !left.it_value.tv_usec && !left.it_value.tv_sec);

    check("alarm", alarm(10) == 0 && alarm(0) == 10);

    alarms = 0;
    wanted.it_value.tv_usec = 50000;
    setitimer(ITIMER_REAL, &wanted, NULL);
    struct timespec second = {1, 0}, rest = {0, 0};
    int result = nanosleep(&second, &rest);
    check("interrupted sleep", result < 0 && errno == EINTR && rest.tv_sec == 0 && rest.tv_nsec > 0 && alarms == 1);

    signal(SIGPROF, count);
    signal(SIGVTALRM, count);
    alarms = 0;
    wanted.it_value.tv_usec = 30000;
    setitimer(ITIMER_PROF, &wanted, NULL);
    usleep(60000);
    int early = alarms;
    spin(0.2);
    check("processor time", early == 0 && alarms == 1);
    alarms = 0;
    setitimer(ITIMER_VIRTUAL, &wanted, NULL);
    spin(0.2);
    check("virtual time", alarms == 1);

    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 4711};
    timer_t timer;
    struct itimerspec setting = {{0, 0}, {0, 20000000}}, current;
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, &old);  // the timer may end before we wait for it
    alarms = 0;
    check("timer_create", !timer_create(CLOCK_MONOTONIC, &event, &timer));
    timer_settime(timer, 0, &setting, NULL);
    sigsuspend(&old);
    check("timer signal", alarms == 1 && last_value == 4711 && last_code == SI_TIMER && last_overrun == 0);

    alarms = 0;
    setting.it_interval.tv_nsec = 10000000;
    timer_settime(timer, 0, &setting, NULL);
    usleep(105000);
    siginfo_t info;
    check("overrun", sigtimedwait(&set, &info, &second) == SIGRTMIN && info.si_overrun >= 5 && timer_getoverrun(timer) == info.si_overrun);
    memset(&setting, 0, sizeof setting);
    timer_settime(timer, 0, &setting, &current);
    check("timer_settime tells", current.it_interval.tv_nsec == 10000000 && current.it_value.tv_nsec > 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    check("timer_delete", !timer_delete(timer) && syscall(SYS_timer_gettime, 12345, &current) < 0 && errno == EINVAL);

    event.sigev_notify = SIGEV_NONE;
    setting.it_value.tv_sec = 100;
    timer_create(CLOCK_REALTIME, &event, &timer);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    setting.it_value.tv_sec = wall.tv_sec + 100;
    timer_settime(timer, TIMER_ABSTIME, &setting, NULL);
    timer_gettime(timer, &current);
    check("absolute", current.it_value.tv_sec >= 98 && current.it_value.tv_sec <= 100);
    timer_delete(timer);

    pid_t id = 0;
    pthread_t other;
    alarms = 0;
    pthread_create(&other, NULL, thread, &id);
    while (!id) usleep(1000);
    struct {
        union sigval value;
        int signo, notify;
        pid_t tid;
        char rest[44];
    } raw = {.signo = SIGRTMIN, .notify = SIGEV_THREAD_ID, .tid = id};
    int number;
    memset(&setting, 0, sizeof setting);
    setting.it_value.tv_nsec = 10000000;
    check("to a thread", !syscall(SYS_timer_create, CLOCK_MONOTONIC, &raw, &number) && !syscall(SYS_timer_settime, number, 0, &setting, NULL));
    pthread_join(other, NULL);
    check("taken by the thread", alarms == 1 && taken_by == id);

    struct timespec resolution;
    check("clock_getres", !clock_getres(CLOCK_MONOTONIC, &resolution) && resolution.tv_sec == 0 && resolution.tv_nsec == 1);
    double own = now(CLOCK_THREAD_CPUTIME_ID), process = now(CLOCK_PROCESS_CPUTIME_ID);  // in this order: both go on
    check("processor clocks", own > 0.3 && process >= own && process < own + 5);  // the other thread, while the host stood still
    struct timex state = {0};
    check("adjtimex", adjtimex(&state) >= 0 && state.time.tv_sec > 1000000000);
    // As often as can be: the program goes on all the same, and what it missed is counted.
    struct sigevent often = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec nanosecond = {{0, 1}, {0, 1}}, never = {{0, 0}, {0, 0}};
    timer_t fast;
    alarms = 0;
    check("a nanosecond's interval", !timer_create(CLOCK_MONOTONIC, &often, &fast) && !timer_settime(fast, 0, &nanosecond, NULL));
    while (alarms < 20) {}
    check("is counted together", !timer_settime(fast, 0, &never, NULL) && last_overrun > 1000);
    struct timespec past = {0, 0};
    check("sleep until the past", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL) == 0);
    return 0;
}
