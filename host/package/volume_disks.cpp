#include "host/package/volume_disks.hpp"

#include "host/common/text.hpp"

namespace spore::host {

std::vector<VolumeDisk> volume_disks(const Plan& plan) {
    std::vector<VolumeDisk> disks;
    for (const auto& volume : plan.volumes)
        if (volume.kind == VolumeKind::disk) disks.push_back({volume.label.empty() ? fs::absolute(volume.host).string() : safe_name(volume.label) + ".img", volume.read_only});
    return disks;
}

}  // namespace spore::host
