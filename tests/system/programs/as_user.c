// Runs a program as another user: as_user UID PROGRAM…
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char** arguments) {
    if (count < 3) return 2;
    unsigned id = (unsigned)atoi(arguments[1]);
    if (setgroups(0, NULL) || setgid(id) || setuid(id)) return perror("setuid"), 1;
    execv(arguments[2], arguments + 2);
    return perror(arguments[2]), 127;
}
