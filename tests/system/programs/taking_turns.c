// Processes that take turns, each with memory of its own, memory and a file that all share, and a second thread that changes mappings: whoever has its
// turn must find what was written last, and nothing where others have cut the file.
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { page = 4096, processes = 6, own_pages = 24, file_pages = 16, turns = 60 };

struct shared {
    uint32_t file_length;  // pages
    uint32_t file_values[file_pages];
    uint32_t counter;
};
static struct shared* shared;
static char* mapped_file;
static int file, ring[processes][2];
static int me;

#define CHECK(condition)                                                                                  \
    do {                                                                                                  \
        if (!(condition)) printf("process %d, line %d: %s\n", me, __LINE__, #condition), fflush(stdout), _exit(1); \
    } while (0)

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }
static int fault_of(volatile char* at) {
    int signal = sigsetjmp(back, 1);
    if (signal == 0) (void)*at;
    return signal;
}

static uint32_t next_random(uint32_t* state) { return (*state = *state * 1664525 + 1013904223) >> 8; }

static void put(char* at, uint32_t value) { *(uint32_t*)at = *(uint32_t*)(at + page - 4) = value; }
static uint32_t get(char* at) { return *(uint32_t*)at == *(uint32_t*)(at + page - 4) ? *(uint32_t*)at : ~0u; }

// ---- memory of one's own, which a second thread maps anew ----

static char* own;
static uint32_t values[own_pages];
static int to_helper[2], from_helper[2];

static void change_page(int i, uint32_t how, uint32_t value) {
    char* at = own + i * page;
    switch (how % 4) {
    case 0: CHECK(mmap(at, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at); break;
    case 1: CHECK(madvise(at, page, MADV_DONTNEED) == 0); break;
    case 2:
        CHECK(mprotect(at, page, PROT_READ) == 0 && get(at) == values[i] && mprotect(at, page, PROT_READ | PROT_WRITE) == 0);
        break;
    case 3: {
        char* elsewhere = mmap(0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(elsewhere != MAP_FAILED && mremap(elsewhere, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
    }
    }
    if (how % 4 != 2) CHECK(get(at) == 0);
    put(at, values[i] = value);
}

static void* help(void* unused) {
    uint32_t wish[3];
    while (read(to_helper[0], wish, sizeof wish) == sizeof wish) {
        change_page((int)wish[0], wish[1], wish[2]);
        CHECK(write(from_helper[1], "", 1) == 1);
    }
    return unused;
}

static void use_own(uint32_t* random) {
    for (int i = 0; i < own_pages; i++) CHECK(get(own + i * page) == values[i]);
    char done;
    uint32_t wish[3] = {next_random(random) % own_pages, next_random(random), next_random(random)};
    CHECK(write(to_helper[1], wish, sizeof wish) == sizeof wish && read(from_helper[0], &done, 1) == 1);
    CHECK(get(own + wish[0] * page) == wish[2]);
    change_page((int)(next_random(random) % own_pages), next_random(random), next_random(random));
}

/// A copy of this process sees all as it is, and what it writes is its own.
static void fork_and_write(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < own_pages; i++) CHECK(get(own + i * page) == values[i]);
        for (int i = 0; i < own_pages; i++) put(own + i * page, 1);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

// ---- what all share ----

static void use_file(uint32_t* random) {
    for (uint32_t i = 0; i < file_pages; i++) {
        if (i < shared->file_length) CHECK(get(mapped_file + i * page) == shared->file_values[i]);
        else CHECK(fault_of(mapped_file + i * page) == SIGBUS);
    }
    uint32_t length = next_random(random) % (file_pages + 1);
    CHECK(ftruncate(file, length * page) == 0);
    for (uint32_t i = shared->file_length; i < length; i++) {
        CHECK(get(mapped_file + i * page) == 0);
        shared->file_values[i] = 0;
    }
    shared->file_length = length;
    if (!length) return;
    uint32_t changed = next_random(random) % length;
    put(mapped_file + changed * page, shared->file_values[changed] = next_random(random));
}

static void take_turns(void) {
    uint32_t random = (uint32_t)me * 7919 + 17;
    char token;
    pthread_t helper;
    CHECK(pipe(to_helper) == 0 && pipe(from_helper) == 0 && pthread_create(&helper, 0, help, 0) == 0);
    own = mmap(0, own_pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(own != MAP_FAILED);
    for (int turn = 0; turn < turns; turn++) {
        CHECK(read(ring[me][0], &token, 1) == 1);
        use_file(&random);
        use_own(&random);
        if (turn % 8 == me) fork_and_write();
        shared->counter++;
        CHECK(write(ring[(me + 1) % processes][1], &token, 1) == 1);
    }
    _exit(0);
}

int main(void) {
    file = memfd_create("shared", 0);
    shared = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mapped_file = mmap(0, file_pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(file >= 0 && shared != MAP_FAILED && mapped_file != MAP_FAILED);
    signal(SIGBUS, on_fault);
    for (int i = 0; i < processes; i++) CHECK(pipe(ring[i]) == 0);
    for (me = 0; me < processes; me++)
        if (fork() == 0) take_turns();
    CHECK(write(ring[0][1], "t", 1) == 1);
    for (int i = 0; i < processes; i++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    printf("%u turns\n", shared->counter);
}
