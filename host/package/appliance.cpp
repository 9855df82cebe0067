#include "host/package/appliance.hpp"

#include <map>

#include "host/package/disk.hpp"

namespace spore::host {

namespace {

/// ResourceType of [DMTF CIM schema 2.29, CIM_ResourceAllocationSettingData].
constexpr std::string_view processor = "3", memory = "4", ethernet = "10", disk_drive = "17", other_storage = "20";

/// Settings of one part of the machine; a map, since the schema wants them in alphabetical order.
using Settings = std::map<std::string_view, std::string_view>;
std::string item(const Settings& settings) {
    std::string text = "      <Item>\n";
    for (auto [name, value] : settings) text += fmt::format("        <rasd:{}>{}</rasd:{}>\n", name, value, name);
    return text + "      </Item>\n";
}

std::string items(const Plan& plan, const ApplianceKind& kind) {
    auto cpus = std::to_string(plan.cpus), megabytes = std::to_string(plan.memory >> 20);
    auto text = item({{"InstanceID", "1"}, {"ElementName", "processors"}, {"ResourceType", processor}, {"VirtualQuantity", cpus}});
    text += item({{"InstanceID", "2"}, {"ElementName", "memory"}, {"ResourceType", memory}, {"AllocationUnits", "byte * 2^20"}, {"VirtualQuantity", megabytes}});
    text += item({{"InstanceID", "3"}, {"ElementName", "disk controller"}, {"ResourceType", other_storage}, {"ResourceSubType", kind.disks}, {"Address", "0"}});
    text += item({{"InstanceID", "4"}, {"ElementName", "disk"}, {"ResourceType", disk_drive}, {"HostResource", "ovf:/disk/disk"}, {"Parent", "3"}, {"AddressOnParent", "0"}});
    if (plan.network.present())
        text += item({{"InstanceID", "5"}, {"ElementName", "network card"}, {"ResourceType", ethernet}, {"ResourceSubType", kind.nic}, {"Connection", "network"},
                      {"AutomaticAllocation", "true"}});
    return text;
}

}  // namespace

std::string appliance_description(const Package& package, const ApplianceKind& kind, std::string_view disk, u64 disk_size, u64 capacity) {
    auto network = package.plan.network.present() ? R"(  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="network"><Description>What the machine is connected to</Description></Network>
  </NetworkSection>
)" : "";
    return fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:id="file" ovf:href="{disk}" ovf:size="{size}"/>
  </References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:diskId="disk" ovf:fileRef="file" ovf:capacity="{capacity}" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
{network}  <VirtualSystem ovf:id="{name}">
    <Info>A program as a virtual machine, made by Spore</Info>
    <Name>{name}</Name>
    <OperatingSystemSection ovf:id="102">
      <Info>Another of 64 bits</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>What the machine has</Info>
      <System>
        <vssd:ElementName>machine</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{system}</vssd:VirtualSystemType>
      </System>
{items}    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
)", fmt::arg("disk", disk), fmt::arg("size", disk_size), fmt::arg("capacity", capacity), fmt::arg("network", network), fmt::arg("name", package.name),
                       fmt::arg("system", kind.system), fmt::arg("items", items(package.plan, kind)));
}

Outcome<void> make_appliance(const Package& package, const ApplianceKind& kind, const fs::path& output) {
    auto disk = package.name + ".vmdk", description = package.name + ".ovf", manifest = package.name + ".mf";
    auto disk_file = package.scratch / disk;
    TRY(make_disk_as(package, {"-O", "vmdk", "-o", "subformat=streamOptimized"}, disk_file));
    std::error_code error;
    u64 size = fs::file_size(disk_file, error), capacity = fs::file_size(package.scratch / "disk.raw", error);
    TRY(write_file(package.scratch / description, appliance_description(package, kind, disk, size, capacity)));
    // Checksums as `sha256sum --tag` writes them: SHA256 (file) = digits; the description comes first in the archive [DSP0243 5.1, 5.3].
    auto folder = package.scratch.string();
    TRY(run_tool({"/bin/sh", "-c", R"(cd "$0" && sha256sum --tag "$1" "$2" | sed 's/SHA256 /SHA256/' >"$3")", folder, description, disk, manifest}));
    return run_tool({"tar", "--format=ustar", "--owner=0", "--group=0", "--mtime=@0", "-C", folder, "-cf", output, description, manifest, disk});
}

}  // namespace spore::host
