#include "host/run/linuxu_command.hpp"

namespace spore::host {

std::vector<std::string> linuxu_command(const Plan& plan, RootPlace root) {
    using namespace qemu_descriptor;
    std::vector<std::string> command{plan.kernel, fmt::format("memory={}", plan.memory), fmt::format("cpus={}", plan.cpus),
                                     fmt::format("channel={}", channel), fmt::format("serial={}", serial), fmt::format("bundle={}", bundle)};
    if (root == RootPlace::disk) command.push_back(fmt::format("disk={}", qemu_descriptor::root));
    return command;
}

}  // namespace spore::host
