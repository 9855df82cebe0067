// Ends by a fault or an abort, two functions deep.
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) int inner_function(volatile int* at) { return *at + 1; }
__attribute__((noinline)) int outer_function(volatile int* at) { return inner_function(at) * 2; }

int main(int count, char** arguments) {
    printf("before\n");
    fflush(stdout);
    if (count > 1) abort();
    return outer_function((volatile int*)0x10);
}
