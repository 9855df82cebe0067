// What `spore build` can make, and for whom.
#pragma once

#include <span>

#include "host/package/package.hpp"

namespace spore::host {

struct Target {
    std::string_view name, suffix;  ///< of the file that is made
    std::string_view text;          ///< what it is, for help
    Outcome<void> (*make)(const Package& package, const fs::path& output);
    std::string_view start;         ///< how it is started: {file}, {name}, {memory} and {cpus} stand for this image's
    bool arm64 = false;             ///< whether there is one for that CPU
    bool disk_root = false;         ///< a large root can stay on the disk that the machine was booted from
    std::optional<Disk> disk = {};  ///< how the disk is attached; empty: in ways that differ
    std::optional<Nic> nic = {};    ///< the card that its machines have; empty: the one that is asked for
    bool mmio = false;              ///< devices are at addresses of their own, not on PCI
    Hypervisor hypervisor = Hypervisor::any;
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);

}  // namespace spore::host
