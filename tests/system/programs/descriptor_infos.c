// What /proc tells of files that are events: prints the lines, the same on every Linux, but for numbers that are each system's own.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int in_order(const void* a, const void* b) { return strcmp(a, b); }

/// The lines of a descriptor that only its kind of files has, in order.
static void show(const char* what, int descriptor) {
    char path[40], lines[10][300], *rest;
    int count = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    FILE* file = fopen(path, "r");
    printf("%s\n", what);
    while (file && count < 10 && fgets(lines[count], sizeof lines[0], file)) {
        char* line = lines[count];
        if (!strncmp(line, "pos:", 4) || !strncmp(line, "flags:", 6) || !strncmp(line, "mnt_id:", 7) || !strncmp(line, "ino:", 4) || !strncmp(line, "eventfd-id:", 11)) continue;
        if ((rest = strstr(line, " ino:"))) *rest = 0;
        if ((rest = strstr(line, "it_value: ("))) rest[strcspn(rest, "1234567890")] = 0;
        line[strcspn(line, "\n")] = 0;
        ++count;
    }
    if (file) fclose(file);
    qsort(lines, count, sizeof lines[0], in_order);
    for (int i = 0; i < count; ++i) printf("  %s\n", lines[i]);
}

/// Whether a watch is told with the inode and the mask that it has.
static void show_watch(int descriptor, const char* watched, unsigned mask) {
    char path[40], line[300];
    struct stat is;
    stat(watched, &is);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    FILE* file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        unsigned number, its_mask;
        unsigned long inode, device;
        if (sscanf(line, "inotify wd:%x ino:%lx sdev:%lx mask:%x", &number, &inode, &device, &its_mask) == 4 && inode == is.st_ino)
            printf("watch %x mask %x %d\n", number, its_mask, its_mask == mask);
    }
    if (file) fclose(file);
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 14);
    int counter = eventfd(0x5abc, EFD_SEMAPHORE), plain = eventfd(0, 0);
    show("eventfd", counter);
    show("eventfd", plain);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, 64), sigaddset(&set, SIGKILL);
    show("signalfd", signalfd(-1, &set, 0));
    int timer = timerfd_create(CLOCK_REALTIME, 0);
    show("timerfd", timer);
    struct itimerspec at = {{3, 4}, {100, 0}};
    timerfd_settime(timer, 0, &at, NULL);
    show("timerfd", timer);
    at.it_value.tv_sec = 1;
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    usleep(50000);
    show("timerfd", timer);
    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0xabcdef0123};
    epoll_ctl(poller, EPOLL_CTL_ADD, counter, &event);
    event.events = EPOLLOUT, event.data.u64 = ~0ull;
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    show("epoll", poller);
    int watcher = inotify_init();
    inotify_add_watch(watcher, "/tmp", IN_CREATE | IN_ONLYDIR);
    inotify_add_watch(watcher, "/proc/self/exe", IN_ALL_EVENTS);
    show_watch(watcher, "/tmp", IN_CREATE);
    show_watch(watcher, "/proc/self/exe", IN_ALL_EVENTS);
    return 0;
}
