// Does one small thing, named by its first argument.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char** words) {
    const char* verb = count > 1 ? words[1] : "";
    const char* value = count > 2 ? words[2] : "0";
    if (!strcmp(verb, "exit")) return atoi(value);
    if (!strcmp(verb, "signal")) return raise(atoi(value));
    if (!strcmp(verb, "sleep")) return (int)sleep((unsigned)atoi(value));
    if (!strcmp(verb, "eat")) {
        for (long left = atol(value); left > 0; left--) {
            char* piece = malloc(1 << 20);
            if (!piece) return 3;
            memset(piece, 1, 1 << 20);
        }
        return 0;
    }
    if (!strcmp(verb, "environment")) return puts(getenv(value) ? getenv(value) : "(unset)") < 0;
    if (!strcmp(verb, "both")) return write(1, "out\n", 4) != 4 || write(2, "err\n", 4) != 4;
    if (!strcmp(verb, "directory")) {
        char path[4096];
        return puts(getcwd(path, sizeof path) ? path : "(none)") < 0;
    }
    if (!strcmp(verb, "show")) {
        for (int i = 1; i < count; i++) printf("%s|", words[i]);
        putchar('\n');
        return 0;
    }
    if (!strcmp(verb, "copy")) {
        char buffer[5000];
        for (ssize_t size; (size = read(0, buffer, sizeof buffer)) != 0;) {
            if (size < 0) return 1;
            for (ssize_t done = 0; done < size;) {
                ssize_t written = write(1, buffer + done, (size_t)(size - done));
                if (written < 0) return 2;
                done += written;
            }
        }
        return 0;
    }
    if (!strcmp(verb, "much")) {
        static char buffer[100000];
        memset(buffer, 'x', sizeof buffer);
        for (long left = atol(value); left > 0;) {
            ssize_t written = write(1, buffer, left < (long)sizeof buffer ? (size_t)left : sizeof buffer);
            if (written <= 0) return 1;
            left -= written;
        }
        return 0;
    }
    return 99;
}
