// A container image with the disk in it, as KubeVirt runs machines from registries [KubeVirt user guide, "containerDisk"].
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// An archive of an OCI image layout, for `skopeo copy oci-archive:…`.
Outcome<void> make_container_disk(const Package& package, const fs::path& output);

}  // namespace spore::host
