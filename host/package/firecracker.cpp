#include "host/package/firecracker.hpp"

#include <nlohmann/json.hpp>

#include "host/package/volume_disks.hpp"

namespace spore::host {

std::string firecracker_configuration(const Package& package) {
    const auto& plan = package.plan;
    nlohmann::ordered_json configuration;
    configuration["boot-source"] = {{"kernel_image_path", "kernel"}, {"initrd_path", "bundle"}, {"boot_args", ""}};
    configuration["drives"] = nlohmann::ordered_json::array();
    if (!package.root.empty())
        configuration["drives"].push_back({{"drive_id", "root"}, {"path_on_host", "root.erofs"}, {"is_root_device", false}, {"is_read_only", true}});
    for (const auto& disk : volume_disks(plan))
        configuration["drives"].push_back({{"drive_id", fmt::format("volume{}", configuration["drives"].size())}, {"path_on_host", disk.file}, {"is_root_device", false}, {"is_read_only", disk.read_only}});
    configuration["machine-config"] = {{"vcpu_count", plan.cpus}, {"mem_size_mib", plan.memory >> 20}};
    if (plan.network.present())
        configuration["network-interfaces"] = {{{"iface_id", "net0"}, {"host_dev_name", "tap0"}, {"guest_mac", text_of(plan.network.mac)}}};
    return configuration.dump(2) + "\n";
}

Outcome<void> make_firecracker(const Package& package, const fs::path& folder) {
    std::error_code error;
    fs::create_directory(folder, error);
    TRY(copy_whole_file(package.kernel, folder / "kernel"));
    TRY(copy_whole_file(package.bundle, folder / "bundle"));
    if (!package.root.empty()) TRY(copy_whole_file(package.root, folder / "root.erofs"));
    return write_file(folder / "config.json", firecracker_configuration(package));
}

}  // namespace spore::host
