// Ends by a fault, two functions deep or below a library, or by an abort.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int inner_function(volatile int* at) { return *at + 1; }
__attribute__((noinline)) int outer_function(volatile int* at) { return inner_function(at) * 2; }
__attribute__((noinline)) int compare(const void* a, const void* b) { return inner_function((volatile int*)0x10) + (a < b); }

int main(int count, char** arguments) {
    printf("before\n");
    fflush(stdout);
    int numbers[] = {3, 1, 2};
    if (count > 1 && strcmp(arguments[1], "library") == 0) qsort(numbers, 3, sizeof *numbers, compare);
    if (count > 1) abort();
    return outer_function((volatile int*)0x10);
}
