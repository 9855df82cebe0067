/* lwIP as lean and as fast as its options make it: no threads, IPv4 and TCP alone, no checksums (the loopback needs none), pools that are large enough,
   windows as wide as Spore's are at first. */
#pragma once

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_UDP 0
#define LWIP_ICMP 0
#define LWIP_ARP 0
#define LWIP_RAW 0
#define LWIP_DNS 0
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 0

#define MEM_ALIGNMENT 8
#define MEM_SIZE (16 << 20)
#define MEMP_NUM_PBUF 4096
#define MEMP_NUM_TCP_PCB 64
#define MEMP_NUM_TCP_SEG 4096
#define PBUF_POOL_SIZE 4096

#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (128 << 10)
#define TCP_SND_BUF (128 << 10)
#define TCP_SND_QUEUELEN 1024
#define TCP_SNDLOWAT 32768
#define TCP_LISTEN_BACKLOG 0

#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LINK_STATS 0
#define IP_STATS 0
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0
#define LWIP_NOASSERT 1

#define CHECKSUM_GEN_IP 0
#define CHECKSUM_GEN_TCP 0
#define CHECKSUM_CHECK_IP 0
#define CHECKSUM_CHECK_TCP 0
