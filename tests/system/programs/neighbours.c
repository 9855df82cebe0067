/* Machines on one network. "serve": says "ready", and then to everyone who connects to port 7000 its host name and 3 000 000 bytes. "ask NAME PORT": finds
   it by name, tells its address and that address's name, and who answers there, with all bytes as they have to be. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT = 3000000 };

static unsigned char byte_at(unsigned i) { return (unsigned char)(i * 2654435761u >> 24); }

static int fail(const char *what) {
    perror(what);
    return 1;
}

static int serve(void) {
    static unsigned char bytes[COUNT];
    for (unsigned i = 0; i < COUNT; i++) bytes[i] = byte_at(i);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(7000)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 16)) return fail("listen");
    puts("ready");
    fflush(stdout);
    for (;;) {
        char name[64] = "";
        int client = accept(listener, NULL, NULL);
        if (client < 0) return fail("accept");
        gethostname(name, sizeof name - 1);
        send(client, name, sizeof name, MSG_NOSIGNAL);
        for (size_t sent = 0; sent < COUNT;) {
            ssize_t size = send(client, bytes + sent, COUNT - sent, MSG_NOSIGNAL);
            if (size <= 0) break;
            sent += (size_t)size;
        }
        close(client);
    }
}

static int ask(const char *name, const char *port) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(name, port, &hints, &found);
    if (error) return fprintf(stderr, "%s: %s\n", name, gai_strerror(error)), 1;
    char address[64], back[64];
    getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
    getnameinfo(found->ai_addr, found->ai_addrlen, back, sizeof back, NULL, 0, 0);
    printf("%s is %s is %s\n", name, address, back);
    int server = socket(found->ai_family, SOCK_STREAM, 0);
    if (connect(server, found->ai_addr, found->ai_addrlen)) return fail("connect");
    char who[64];
    if (recv(server, who, sizeof who, MSG_WAITALL) != sizeof who) return fail("recv");
    static unsigned char bytes[COUNT];
    if (recv(server, bytes, COUNT, MSG_WAITALL) != COUNT) return fail("recv");
    for (unsigned i = 0; i < COUNT; i++)
        if (bytes[i] != byte_at(i)) return fprintf(stderr, "byte %u differs\n", i), 1;
    printf("%s answers\n", who);
    return 0;
}

int main(int count, char **words) { return count > 3 ? ask(words[2], words[3]) : serve(); }
