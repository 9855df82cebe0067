#include "host/package/container_disk.hpp"

#include "host/package/disk.hpp"

namespace spore::host {

Outcome<void> make_container_disk(const Package& package, const fs::path& output) {
    TRY(need_tools("such an image", {{"umoci", "umoci"}}));
    auto disk = package.scratch / "disk.qcow2", layout = package.scratch / "layout";
    TRY(make_disk_as(package, {"-O", "qcow2"}, disk));  // layers are compressed as they are
    // KubeVirt's QEMU is another user, who only reads it.
    std::error_code error;
    fs::permissions(disk, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read, error);
    auto image = layout.string() + ":latest";
    TRY(run_tool({"umoci", "init", "--layout", layout}));
    TRY(run_tool({"umoci", "new", "--image", image}));
    TRY(run_tool({"umoci", "insert", "--rootless", "--image", image, disk, "/disk/disk.qcow2"}));
    TRY(run_tool({"umoci", "config", "--image", image, "--architecture", std::string(facts_of(package.plan.architecture).debian_name), "--os", "linux"}));
    TRY(run_tool({"umoci", "gc", "--layout", layout}));
    return run_tool({"tar", "-C", layout, "--owner=0", "--group=0", "-cf", output, "oci-layout", "index.json", "blobs"});
}

}  // namespace spore::host
