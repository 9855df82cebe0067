// A signal to a process is taken by another of its threads, when the one that was to take it blocks it first, or ends. Prints it, the same on every Linux.
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_t main_thread;
static _Atomic int taken_by_other, taken_by_main;
static int ends[2];
static sem_t told;

static void on_signal(int number) {
    (void)number;
    ++*(pthread_equal(pthread_self(), main_thread) ? &taken_by_main : &taken_by_other);
}

static void doze(void) { nanosleep(&(struct timespec){0, 20000000}, NULL); }

/// Lets the signal through, and waits for nothing else.
static void* listen_to_signals(void* unused) {
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    for (;;) pause();
    return unused;
}

/// Wakes the main thread from its poll, which lets the signal through for that time; the signal comes before it runs.
static void* disturb(void* unused) {
    for (int round = 0; round < 20; ++round) {
        sem_wait(&told);
        doze();
        (void)!write(ends[1], "", 1);
        kill(getpid(), SIGUSR1);
    }
    return unused;
}

int main(void) {
    sigset_t set, none;
    sigemptyset(&none), sigemptyset(&set), sigaddset(&set, SIGUSR1);
    main_thread = pthread_self();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
    sem_init(&told, 0, 0);
    (void)!pipe(ends);
    pthread_t listener, disturber;
    pthread_create(&listener, NULL, listen_to_signals, NULL);
    pthread_create(&disturber, NULL, disturb, NULL);
    int lost = 0;
    for (int round = 0; round < 20; ++round) {
        int before = taken_by_main + taken_by_other;
        struct pollfd one = {.fd = ends[0], .events = POLLIN};
        sem_post(&told);
        while (ppoll(&one, 1, NULL, &none) != 1) {}
        char byte;
        (void)!read(ends[0], &byte, 1);
        // Blocked here from now on. It was taken in the poll, or is for the listener.
        for (int i = 0; i < 100 && taken_by_main + taken_by_other == before; ++i) doze();
        lost += taken_by_main + taken_by_other == before;
    }
    printf("%d lost\n", lost);
    return 0;
}
