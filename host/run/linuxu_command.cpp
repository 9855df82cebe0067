#include "host/run/linuxu_command.hpp"

#include "host/run/share_server.hpp"

namespace spore::host {

std::vector<std::string> linuxu_command(const Plan& plan, RootPlace root) {
    using namespace qemu_descriptor;
    std::vector<std::string> command{plan.kernel, fmt::format("memory={}", plan.memory), fmt::format("cpus={}", plan.cpus),
                                     fmt::format("channel={}", channel), fmt::format("serial={}", serial), fmt::format("bundle={}", bundle)};
    command.push_back(fmt::format("{}={}", root == RootPlace::disk ? "disk" : "root", qemu_descriptor::root));
    if (!plan.debugger.empty()) command.push_back("debugger=1");
    if (plan.paused) command.push_back("paused=1");
    u64 mac = 0;
    for (u8 byte : plan.network.mac) mac = mac << 8 | byte;
    if (plan.network.present()) {
        bool stream = plan.network.choice.kind == NetworkKind::user || plan.network.choice.kind == NetworkKind::lan;
        command.push_back(fmt::format("{}={}", stream ? "stream" : "tap", network));
        command.push_back(fmt::format("mac={}", mac));
    }
    int share = first_share;
    for (const auto& volume : plan.volumes) {
        if (volume.kind != VolumeKind::shared) continue;
        command.push_back(fmt::format("share={}", share++));
        command.push_back(fmt::format("share-user={}", share_user(volume)));
    }
    int disk = first_disk;
    for (const auto& volume : plan.volumes)
        if (volume.kind == VolumeKind::disk) command.push_back(fmt::format("volume={}", disk++));
    return command;
}

}  // namespace spore::host
