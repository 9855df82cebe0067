// The control group that an engine counts and limits a container by [cgroups(7)]: the machine's processes are put there, and its processors are
// held to the container's share. Memory is not: what the program may use is the machine's size already, and QEMU needs some besides.
#pragma once

#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// The folders of the group in the hierarchies that are mounted, of both versions; none where the engine leaves groups to systemd (its
/// path is then "SLICE:PREFIX:NAME"), or asks for none.
std::vector<fs::path> cgroup_folders(const std::string& path, std::string_view mountinfo);

/// Puts this process, and those that it starts, into the group, which is made where it is not there. What this machine does not let us do is left out:
/// groups are for counting and for sharing fairly, and no part of the wall.
void enter_cgroup(const Spec& spec);
/// Takes it away again, once nobody is in it.
void remove_cgroup(const Spec& spec);

}  // namespace spore::host::oci
