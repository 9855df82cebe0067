/* Two ends of a TCP connection in lwIP, over its loopback, by its callbacks: the counterpart of stack.cpp, whose words and output it shares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"

enum { request_size = 64, answer_size = 612, write_size = 32768 };
static char contents[write_size];
static struct tcp_pcb *client, *server;
static unsigned long received;
static int connected, bulk;

u32_t sys_now(void) { return 3600000; }

static void give_up(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void deliver(void) {
    struct netif *loop = netif_list;
    while (loop->loop_first) netif_poll(loop);
}

static err_t take(void *end, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
    (void)error;
    if (!data) return ERR_OK;  /* the other end has closed */
    received += data->tot_len;
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
    if (end && !bulk && received == request_size) {
        received = 0;
        if (tcp_write(pcb, contents, answer_size, TCP_WRITE_FLAG_COPY) != ERR_OK || tcp_output(pcb) != ERR_OK) give_up("not sent");
    }
    return ERR_OK;
}
static err_t accepted(void *context, struct tcp_pcb *pcb, err_t error) {
    (void)context, (void)error;
    server = pcb;
    tcp_nagle_disable(pcb);
    tcp_arg(pcb, contents);  /* the server's end */
    tcp_recv(pcb, take);
    return ERR_OK;
}
static err_t established(void *context, struct tcp_pcb *pcb, err_t error) {
    (void)context, (void)pcb, (void)error;
    connected = 1;
    return ERR_OK;
}

static void begin(void) {
    ip_addr_t address;
    IP_ADDR4(&address, 127, 0, 0, 1);
    client = tcp_new();
    if (!client) give_up("no connection");
    tcp_nagle_disable(client);
    tcp_arg(client, NULL);
    tcp_recv(client, take);
    connected = 0;
    server = NULL;
    if (tcp_connect(client, &address, 80, established) != ERR_OK) give_up("no connection");
    deliver();
    if (!connected || !server) give_up("not connected");
}
static void converse(void) {
    received = 0;
    if (tcp_write(client, contents, request_size, TCP_WRITE_FLAG_COPY) != ERR_OK || tcp_output(client) != ERR_OK) give_up("not sent");
    deliver();
    if (received != answer_size) give_up("not received");
}
static void end(void) {
    tcp_recv(server, NULL);
    if (tcp_close(server) != ERR_OK) give_up("not closed");
    deliver();
    tcp_recv(client, NULL);
    if (tcp_close(client) != ERR_OK) give_up("not closed");
    deliver();
}
static void pour(unsigned long bytes) {
    unsigned long sent = 0;
    for (bulk = 1, received = 0; received < bytes;) {
        unsigned long size = bytes - sent < write_size ? bytes - sent : write_size;
        if (size > tcp_sndbuf(client)) size = tcp_sndbuf(client);
        if (size && tcp_write(client, contents, size, TCP_WRITE_FLAG_COPY) == ERR_OK) sent += size;
        tcp_output(client);
        deliver();
    }
}

int main(int count, char **words) {
    struct timespec began, ended;
    struct tcp_pcb *listener;
    unsigned long i, times;
    if (count != 3) give_up("usage: lwip-alone request|open|bulk COUNT");
    times = strtoul(words[2], NULL, 10);
    lwip_init();
    listener = tcp_new();
    if (!listener || tcp_bind(listener, IP_ADDR_ANY, 80) != ERR_OK) give_up("no port");
    listener = tcp_listen(listener);
    if (!listener) give_up("no listener");
    tcp_accept(listener, accepted);
    clock_gettime(CLOCK_MONOTONIC, &began);
    if (!strcmp(words[1], "open")) {
        for (i = 0; i < times; ++i) begin(), converse(), end();
    } else {
        begin();
        if (!strcmp(words[1], "bulk")) pour(times << 20);
        else for (i = 0; i < times; ++i) converse();
        end();
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%lu %ld\n", (unsigned long)lwip_stats.tcp.xmit, (ended.tv_sec - began.tv_sec) * 1000000000L + ended.tv_nsec - began.tv_nsec);
    return 0;
}
