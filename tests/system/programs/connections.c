// Connections opened and closed in a row, over the loopback: more than there are ports, by the end that connects and by the one that accepts. Each
// carries a byte both ways and ends in order.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(int held, const char *what, int number) {
    if (held) return;
    printf("connection %d: %s: %s\n", number, what, strerror(errno));
    exit(1);
}

static void end(int first, int second, int number) {
    char byte;
    close(first);
    check(read(second, &byte, 1) == 0, "no end", number);
    close(second);
}

int main(int count, char **words) {
    int wanted = count > 1 ? atoi(words[1]) : 100000;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(bind(listener, (void *)&address, size) == 0 && listen(listener, 16) == 0, "listen", 0);
    getsockname(listener, (void *)&address, &size);
    for (int i = 1; i <= wanted; ++i) {
        char byte = (char)i, got = 0;
        int client = socket(AF_INET, SOCK_STREAM, 0);
        check(client >= 0, "socket", i);
        check(connect(client, (void *)&address, sizeof address) == 0, "connect", i);
        int server = accept(listener, NULL, NULL);
        check(server >= 0, "accept", i);
        check(write(client, &byte, 1) == 1 && read(server, &got, 1) == 1 && got == byte, "to the server", i);
        check(write(server, &got, 1) == 1 && read(client, &got, 1) == 1 && got == byte, "to the client", i);
        if (i & 1) end(client, server, i);
        else end(server, client, i);
    }
    printf("%d connections\n", wanted);
}
