// Dumps over rtnetlink, asked for with either bit of NLM_F_DUMP or both: prints how each ends, the same on every Linux. Then the way to addresses
// of the loopback's network.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void show(int s, unsigned type, unsigned flags) {
    struct { struct nlmsghdr header; struct rtgenmsg body; char rest[11]; } question = {{28, type, NLM_F_REQUEST | flags, 1, 0}, {AF_UNSPEC}, ""};
    static char answer[32768];
    send(s, &question, sizeof question.header + 12, 0);
    for (;;) {
        int size = recv(s, answer, sizeof answer, 0);
        for (struct nlmsghdr *m = (struct nlmsghdr *)answer; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size)) {
            if (m->nlmsg_type != NLMSG_DONE && m->nlmsg_type != NLMSG_ERROR) continue;
            printf("%u with %x: ends with %u, %d\n", type, flags, m->nlmsg_type, *(int *)NLMSG_DATA(m));
            return;
        }
    }
}

static void show_way(int s, const char *to, unsigned flags) {
    struct { struct nlmsghdr header; struct rtmsg body; struct rtattr about; struct in_addr to; } question = {
        {sizeof question, RTM_GETROUTE, NLM_F_REQUEST, 1, 0}, {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = flags}, {8, RTA_DST}, {inet_addr(to)}};
    static char answer[4096];
    send(s, &question, sizeof question, 0);
    recv(s, answer, sizeof answer, 0);
    struct nlmsghdr *m = (struct nlmsghdr *)answer;
    struct rtmsg *way = NLMSG_DATA(m);
    printf("to %s: message %u, table %u, type %u, scope %u, flags %x,", to, m->nlmsg_type, way->rtm_table, way->rtm_type, way->rtm_scope, way->rtm_flags);
    int size = RTM_PAYLOAD(m), last = 0;
    for (struct rtattr *a = RTM_RTA(way); RTA_OK(a, size); a = RTA_NEXT(a, size)) {
        last = a->rta_type;
        unsigned value = *(unsigned *)RTA_DATA(a);
        if (a->rta_type == RTA_PREFSRC) printf(" from %s,", inet_ntoa(*(struct in_addr *)&value));
        if (a->rta_type == RTA_OIF || a->rta_type == RTA_TABLE) printf(" attribute %u is %u,", a->rta_type, value);
    }
    printf(" last attribute %d\n", last);
}

int main(void) {
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    unsigned types[] = {RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE}, flags[] = {NLM_F_ROOT, NLM_F_MATCH, NLM_F_DUMP};
    for (unsigned t = 0; t < 5; ++t)
        for (unsigned f = 0; f < 3; ++f) show(s, types[t], flags[f]);
    show_way(s, "127.0.0.1", 0);
    show_way(s, "127.9.9.9", RTM_F_LOOKUP_TABLE);
    return 0;
}
