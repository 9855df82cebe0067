// An appliance for VirtualBox or VMware: a machine's description and its disk in one archive [DMTF DSP0243, Open Virtualization Format 1.1].
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// What the two want to be told differently.
struct ApplianceKind {
    std::string_view system;  ///< of which machine this is
    std::string_view nic;     ///< a card that both it and the kernel have
    std::string_view disks;   ///< and a SATA controller
};
inline constexpr ApplianceKind virtualbox{"virtualbox-2.2", "E1000", "AHCI"}, vmware{"vmx-13", "VmxNet3", "vmware.sata.ahci"};

/// The description, for a disk in `disk` of that many bytes, which holds `capacity`.
std::string appliance_description(const Package& package, const ApplianceKind& kind, std::string_view disk, u64 disk_size, u64 capacity);
Outcome<void> make_appliance(const Package& package, const ApplianceKind& kind, const fs::path& output);

}  // namespace spore::host
