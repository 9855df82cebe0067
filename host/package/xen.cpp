#include "host/package/xen.hpp"

#include <algorithm>
#include <iterator>

#include "host/package/volume_disks.hpp"

namespace spore::host {

namespace {

/// A string of xl's [xl.cfg(5)]; its backslashes are like C's.
std::string in_quotes(std::string_view text) {
    std::string quotes = "\"";
    for (char character : text) {
        if (character == '"' || character == '\\') quotes += '\\';
        quotes += character;
    }
    return quotes + '"';
}

}  // namespace

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
    std::vector<VolumeDisk> disks;
    if (!package.root.empty()) disks.push_back({"root.erofs", true});
    std::ranges::copy(volume_disks(plan), std::back_inserter(disks));
    char letter = 'a';
    for (const auto& disk : disks) {
        text += letter == 'a' ? "disk = [" : ", ";
        text += in_quotes(fmt::format("format=raw, vdev=xvd{}, access={}, target={}", letter++, disk.read_only ? "ro" : "rw", disk.file));
    }
    if (!disks.empty()) text += "]\n";
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
