// Frames that the kernel puts into memory (PACKET_RX_RING): prints what came, the same on every Linux. Must have a loopback of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)

static int sender;
static struct sockaddr_in to = {.sin_family = AF_INET};
static void send_frame(int size) {
    static char bytes[20000];
    for (int i = 0; i < size; ++i) bytes[i] = (char)(i + size);
    sendto(sender, bytes, size, 0, (void *)&to, sizeof to);
}

static void show_frame(const unsigned char *slot, unsigned sll_at, unsigned status, unsigned len, unsigned snaplen, unsigned mac, unsigned net) {
    const struct sockaddr_ll *from = (const void *)(slot + sll_at);
    const unsigned char *ip = slot + net;
    unsigned shown = snaplen > net - mac ? snaplen - (net - mac) : 0, wrong = 0;
    int size = (int)len - (int)(net - mac) - 28;
    for (unsigned i = 28; i < shown; ++i) wrong += ip[i] != (unsigned char)(i - 28 + size);
    printf("  status %x len %u snaplen %u mac %u net %u, kind %d protocol %x interface %d type %d, ip %02x wrong %u\n", status & 0xff & ~(TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID),
           len, snaplen, mac, net, from->sll_pkttype, ntohs(from->sll_protocol), from->sll_ifindex, from->sll_hatype, ip[0], wrong);
}

static int polled(int s, int ms) {
    struct pollfd p = {s, POLLIN, 0};
    int n = poll(&p, 1, ms);
    return n > 0 ? p.revents : 0;
}

static int open_socket(int type, int version) {
    int s = socket(AF_PACKET, type, 0), size = sizeof(int), length = version;
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)if_nametoindex("lo")};
    if (bind(s, (void *)&at, sizeof at)) exit(1);
    SHOW(getsockopt(s, SOL_PACKET, PACKET_HDRLEN, &length, (socklen_t *)&size));
    printf("header %d\n", length);
    SHOW(setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof version));
    return s;
}

static void refusals(int s) {
    struct tpacket_req odd = {4096, 4, 100, 160}, few = {4096, 4, 2048, 9}, none = {0, 0, 0, 1}, small = {4096, 4, 32, 512}, part = {1000, 4, 512, 4};
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &odd, sizeof odd));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &few, sizeof few));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &none, sizeof none));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &small, sizeof small));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &part, sizeof part));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &part, 3));
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, s, 0) == MAP_FAILED);
}

static void slots(int type) {
    printf("-- version 2, type %d\n", type);
    int s = open_socket(type, TPACKET_V2), reserve = 4, version = TPACKET_V3;
    refusals(s);
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof reserve));
    struct tpacket_req ring = {8192, 2, 2048, 8};
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof version));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    unsigned char *memory = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
    SHOW(memory == MAP_FAILED);
    SHOW(polled(s, 0));
    unsigned next = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 3; ++i) send_frame(100 + 1500 * i + round);
        while (polled(s, 100)) {
            unsigned char *slot = memory + next % 8 * 2048;
            struct tpacket2_hdr *h = (void *)slot;
            if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
            show_frame(slot, TPACKET_ALIGN(sizeof *h), h->tp_status, h->tp_len, h->tp_snaplen, h->tp_mac, h->tp_net);
            __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            ++next;
        }
    }
    for (int i = 0; i < 10; ++i) send_frame(50);  // two too many
    struct tpacket_stats stats;
    socklen_t size = sizeof stats;
    SHOW(getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &stats, &size));
    printf("packets %u drops %u\n", stats.tp_packets, stats.tp_drops);
    SHOW(polled(s, 0));
    close(s);
    munmap(memory, 16384);
}

static void blocks(void) {
    printf("-- version 3\n");
    int s = open_socket(SOCK_RAW, TPACKET_V3);
    struct tpacket_req3 ring = {16384, 4, 2048, 32, 100, 13, 0}, large = ring;
    large.tp_sizeof_priv = 16384;
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &large, sizeof large));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    unsigned char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
    SHOW(memory == MAP_FAILED);
    unsigned next = 0;
    for (int round = 0; round < 4; ++round) {
        // The first two end by their time, the others fill blocks.
        for (int i = 0; i < (round < 2 ? 2 : 15); ++i) send_frame(round < 2 ? 200 + i : 1000 + i);
        unsigned long frames = 0;
        int first = 1;
        while (polled(s, 500)) {
            struct tpacket_block_desc *block = (void *)(memory + next % 4 * 16384);
            if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
            struct tpacket_hdr_v1 *b = &block->hdr.bh1;
            int timed_out = (b->block_status & TP_STATUS_BLK_TMO) != 0;
            // Where a block ends by its time depends on the moment.
            if (first) printf("block %u private %u first %u version %u\n", next, block->offset_to_priv, b->offset_to_first_pkt, block->version);
            if (!timed_out) printf("full: %u frames, %u bytes, number %d\n", b->num_pkts, b->blk_len, b->seq_num == next + 1);
            struct tpacket3_hdr *h = (void *)((char *)block + b->offset_to_first_pkt);
            for (unsigned i = 0; i < b->num_pkts; ++i) {
                if (first) show_frame((void *)h, TPACKET_ALIGN(sizeof *h), h->tp_status, h->tp_len, h->tp_snaplen, h->tp_mac, h->tp_net);
                if (i + 1 == b->num_pkts) printf("last %u\n", h->tp_next_offset);
                h = (void *)((char *)h + h->tp_next_offset);
            }
            frames += b->num_pkts;
            first = 0;
            __atomic_store_n(&b->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            ++next;
        }
        printf("round %d: %lu frames\n", round, frames);
    }
    for (int i = 0; i < 50; ++i) send_frame(1200);
    struct tpacket_stats_v3 stats;
    socklen_t size = sizeof stats;
    SHOW(getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &stats, &size));
    printf("%u bytes, packets %u, some dropped %d\n", size, stats.tp_packets, stats.tp_drops > 0);
    memset(&ring, 0, sizeof ring);
    munmap(memory, 65536);
    SHOW(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    close(s);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    socklen_t size = sizeof to;
    int receiver = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(receiver, (void *)&to, size) || getsockname(receiver, (void *)&to, &size)) return 1;
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    slots(SOCK_RAW);
    slots(SOCK_DGRAM);
    blocks();
    return 0;
}
