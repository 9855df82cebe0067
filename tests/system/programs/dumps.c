// Dumps over rtnetlink, asked for with either bit of NLM_F_DUMP or both: prints how each ends, the same on every Linux.
#define _GNU_SOURCE
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

int main(void) {
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    unsigned types[] = {RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE}, flags[] = {NLM_F_ROOT, NLM_F_MATCH, NLM_F_DUMP};
    for (unsigned t = 0; t < 5; ++t)
        for (unsigned f = 0; f < 3; ++f) show(s, types[t], flags[f]);
    return 0;
}
