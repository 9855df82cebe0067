// The clock's discipline: what may be asked and changed, by root and by others [adjtimex(2)].
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int change(unsigned modes, long seconds, long part) {
    struct timex state;
    memset(&state, 0, sizeof state);
    state.modes = modes, state.time.tv_sec = seconds, state.time.tv_usec = part;
    return adjtimex(&state) < 0 ? -1 : 0;
}
/// Tenths of seconds that the wall clock is ahead of what it was.
static long ahead(void) {
    static double first;
    struct timespec wall, steady;
    clock_gettime(CLOCK_REALTIME, &wall), clock_gettime(CLOCK_MONOTONIC, &steady);
    double now = (double)(wall.tv_sec - steady.tv_sec) + (double)(wall.tv_nsec - steady.tv_nsec) / 1e9;
    if (first == 0) first = now;
    return (long)((now - first) * 10 + (now > first ? 0.5 : -0.5));
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 12);
    ahead();
    SHOW(change(0, 0, 0));
    SHOW(change(0xa001, 0, 0));
    SHOW(change(0x8000, 0, 0));
    SHOW(change(ADJ_SETOFFSET, 100, 500000));
    SHOW(ahead());
    SHOW(change(ADJ_SETOFFSET | ADJ_NANO, -101, 500000000));
    SHOW(ahead());
    SHOW(change(ADJ_SETOFFSET, 1, 1000000));
    SHOW(change(ADJ_SETOFFSET | ADJ_NANO, 1, 1000000000));
    SHOW(change(ADJ_SETOFFSET, 1, -1));
    SHOW(change(ADJ_SETOFFSET, -5000000000, 0));
    SHOW(ahead());
    fflush(stdout);
    if (fork() == 0) {
        SHOW(setgid(1000) | setuid(1000));
        SHOW(change(0, 0, 0));
        SHOW(change(0xa001, 0, 0));
        SHOW(change(ADJ_SETOFFSET, 1, 0));
        SHOW(change(0x8001, 1, 0));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    SHOW(clock_adjtime(CLOCK_MONOTONIC, &(struct timex){.modes = 0}));
    return 0;
}
