// MAP_32BIT, which x86-64 alone has: as mono asks for its code, all of which must lie within 2 GiB.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const char *place(void *hint, size_t size) {
    char *p = mmap(hint, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (p == MAP_FAILED) return strerror(errno);
    uintptr_t start = (uintptr_t)p;
    return start >= 1u << 30 && start + size <= 1u << 31 ? "second GiB" : hint == p ? "as hinted" : "elsewhere";
}

int main(void) {
    puts(place(0, 1 << 20));
    puts(place((void *)0x600000000000, 1 << 20));
    puts(place((void *)0x20000000, 1 << 20));
    puts(place(0, 1 << 30 | 1 << 12));
    int pieces = 0;
    const char *outcome;
    while (!strcmp(outcome = place(0, 64 << 20), "second GiB")) ++pieces;
    printf("then, after most of %d: %s\n", pieces >= 12 && pieces <= 16 ? 16 : pieces, outcome);
    return 0;
}
