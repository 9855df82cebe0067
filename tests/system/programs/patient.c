// Says what it does, and ends in its own way on SIGTERM: for tests of background machines.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void on_term(int number) {
    (void)number;
    static const char text[] = "ending\n";
    (void)!write(1, text, sizeof text - 1);
    _exit(9);
}
static void on_usr1(int number) {
    (void)number;
    static const char text[] = "usr1\n";
    (void)!write(2, text, sizeof text - 1);
}

int main(void) {
    signal(SIGTERM, on_term);
    signal(SIGUSR1, on_usr1);
    printf("ready\n");
    fflush(stdout);
    for (;;) pause();
}
