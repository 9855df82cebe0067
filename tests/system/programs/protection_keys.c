// Protection keys [pkeys(7)]: whether there are any goes by the processor and by Linux's configuration, so what the calls must answer stands with
// the case. Memory can be protected without one.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

int main(void) {
    char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(pkey_alloc(0, 0));
    SHOW(pkey_alloc(1, 0));
    SHOW(pkey_alloc(0, 8));
    SHOW(pkey_free(1));
    SHOW(pkey_mprotect(pages, 4096, PROT_READ, 1));
    SHOW(pkey_mprotect(pages + 1, 4096, PROT_READ, -1));
    SHOW(pkey_mprotect(pages, 4096, PROT_READ, -1));
    SHOW(read(0, pages, 1));
    SHOW(read(0, pages + 4096, 1));
    return 0;
}
