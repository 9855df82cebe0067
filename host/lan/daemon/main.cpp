// spore-lan: the process behind a network of machines. It has the network's listening socket as standard input, and ends when the network has been
// empty for a while; who wants the network then starts another.
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/lan/daemon/slirp_gateway.hpp"
#include "host/lan/daemon/switch.hpp"

namespace spore::host::lan {
namespace {

/// Of root's rights only the one to open ports below 1024 stays [capabilities(7)].
bool give_up_rights() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (::geteuid() != 0) return true;
    constexpr unsigned nobody = 65534;
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0)
        return false;
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
    sets[0].effective = sets[0].permitted = 1u << CAP_NET_BIND_SERVICE;
    return ::syscall(SYS_capset, &header, sets) == 0;
}

int serve() {
    constexpr auto alone = std::chrono::seconds(5);
    if (!give_up_rights()) return 1;
    ::signal(SIGPIPE, SIG_IGN);
    Switch network(FileDescriptor(STDIN_FILENO), make_slirp_gateway);
    if (!network.works()) return 1;
    network.run(alone);
    return 0;
}

}  // namespace
}  // namespace spore::host::lan

int main() { return spore::host::lan::serve(); }
