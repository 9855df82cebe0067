#include "host/package/xen.hpp"

namespace spore::host {

std::string xen_configuration(const Package& package) {
    const auto& plan = package.plan;
    auto text = fmt::format(R"(type = "pvh"
name = "{}"
kernel = "kernel"
ramdisk = "bundle"
memory = {}
vcpus = {}
on_crash = "destroy"
)", package.name, plan.memory >> 20, plan.cpus);
    if (plan.network.present()) text += fmt::format("vif = [\"mac={}\"]\n", text_of(plan.network.mac));
    if (!package.root.empty()) text += "disk = [\"format=raw, vdev=xvda, access=ro, target=root.erofs\"]\n";
    return text;
}

Outcome<void> make_xen(const Package& package, const fs::path& folder) {
    std::error_code error;
    fs::create_directory(folder, error);
    TRY(copy_whole_file(package.kernel, folder / "kernel"));
    TRY(copy_whole_file(package.bundle, folder / "bundle"));
    if (!package.root.empty()) TRY(copy_whole_file(package.root, folder / "root.erofs"));
    return write_file(folder / "xl.cfg", xen_configuration(package));
}

}  // namespace spore::host
