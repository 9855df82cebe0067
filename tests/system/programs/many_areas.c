// maps and smaps of a process with very many areas: every one is there, once and in order, however they are read.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page = 4096, areas = 40000 };

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

// How many lines begin with the areas' addresses, as far as they come in order.
static int count(const char* path, const char* start, int* locked) {
    FILE* file = fopen(path, "r");
    char line[1024];
    int found = 0;
    *locked = -1;
    while (file && fgets(line, sizeof line, file)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) found += from == (unsigned long)(start + (long)found * page) && to == from + page;
        else if (found == 3 && !strncmp(line, "Locked:", 7)) *locked = atoi(line + 7);
    }
    if (file) fclose(file);
    return found;
}

int main(void) {
    char* start = mmap(NULL, (size_t)areas * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return 1;
    for (int i = 0; i < areas; i += 2) mprotect(start + (long)i * page, page, PROT_READ | PROT_WRITE);
    start[2 * page] = 1;
    if (mlock(start + 2 * page, page)) return 1;
    int locked;
    check("maps has all", count("/proc/self/maps", start, &locked) == areas);
    check("smaps has all", count("/proc/self/smaps", start, &locked) == areas);
    check("smaps tells what is locked", locked == 4);

    // The same bytes by offset, read backwards, as by reading on.
    int file = open("/proc/self/maps", O_RDONLY);
    static char text[40000], again[1000];
    size_t size = 0;
    ssize_t part;
    while (size < sizeof text && (part = read(file, text + size, sizeof text - size)) > 0) size += (size_t)part;
    int same = size == sizeof text;
    for (long at = sizeof text - 1000; at >= 0; at -= 13000) {
        size_t got = 0;
        while (got < sizeof again && (part = pread(file, again + got, sizeof again - got, at + (long)got)) > 0) got += (size_t)part;
        same = same && got == sizeof again && !memcmp(again, text + at, got);
    }
    check("offsets are where they were", same);
    return 0;
}
