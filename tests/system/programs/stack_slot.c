// A system call whose argument is read from a page of the stack that is not there at that moment. linuxu executes such a read elsewhere.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/// write(1, text, size), the text's address from the slot above the stack pointer.
static long write_from_slot(void* stack, long size) {
    long result;
    __asm__ volatile(
        "mov %%rsp, %%rbx\n"
        "mov %[stack], %%rsp\n"
        "mov $1, %%edi\n"
        "mov $1, %%eax\n"
        "mov 8(%%rsp), %%rsi\n"
        "syscall\n"
        "mov %%rbx, %%rsp\n"
        : "=&a"(result)
        : [stack] "r"(stack), "d"(size)
        : "rbx", "rcx", "rdi", "rsi", "r11", "memory");
    return result;
}

int main(void) {
    enum { page = 4096, rounds = 20 };
    char* pages = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return 1;
    for (int i = 0; i < rounds; ++i) {
        *(const char**)(pages + page) = "text\n";
        if (mprotect(pages + page, page, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE)) return 2;  // it is flushed
        if (write_from_slot(pages + page - 8, 5) != 5) return 3;
        if (madvise(pages + page, page, MADV_DONTNEED)) return 4;
        if (write_from_slot(pages + page - 8, 0) != 0) return 5;  // of a page of zeros
        if (mprotect(pages + page, page, PROT_READ | PROT_WRITE)) return 6;
    }
    return 0;
}
