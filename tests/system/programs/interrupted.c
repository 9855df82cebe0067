// System calls that are interrupted on their way back are not made again: each moves a file's position by one.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

typedef long Seek(long file, long distance, long whence);

/// lseek's code in memory that can be written too, so that no kernel has changed it into a jump.
static Seek* make_seek(void) {
#if defined(__x86_64__)
    static const unsigned char code[] = {0xb8, SYS_lseek, 0, 0, 0, 0x0f, 0x05, 0xc3};  // mov $8, %eax; syscall; ret
#else
    static const unsigned code[] = {0xd2800008 | SYS_lseek << 5, 0xd4000001, 0xd65f03c0};  // mov x8, #62; svc #0; ret
#endif
    char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    __builtin___clear_cache(page, page + sizeof code);
    return (Seek*)page;
}

static volatile int ticks;
static void on_tick(int number) { (void)number, ++ticks; }

int main(void) {
    enum { calls = 200000, enough = 100 };  // a loaded machine's clock ticks late
    int file = open("/tmp/file", O_CREAT | O_RDWR, 0600);
    Seek* seek = make_seek();
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 100}, {0, 100}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (long i = 1; i <= calls || ticks <= enough; ++i) {
        long at = seek(file, 1, SEEK_CUR);
        if (at != i) return printf("call %ld ends at %ld\n", i, at), 1;
    }
    puts("interrupted and whole");
    return 0;
}
