// What a tailored kernel keeps, and why.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/tailor/report.hpp"
#include "host/tailor/selection.hpp"

namespace spore::host {
namespace {

Plan plan_for(std::string program) {
    Plan plan;
    plan.program = std::move(program);
    plan.tailored = true;
    plan.network.choice.kind = NetworkKind::none;
    return plan;
}
u32 number_of(std::string_view name) {
    constexpr std::pair<std::string_view, u32> numbers[] = {{"write", 1}, {"socket", 41}, {"semget", 64}, {"ptrace", 101}, {"setrlimit", 160}};
    return std::ranges::find(numbers, name, &std::pair<std::string_view, u32>::first)->second;
}
Findings findings_of(std::initializer_list<std::pair<std::string_view, FoundCall>> calls) {
    Findings findings;
    for (auto& [name, call] : calls) findings.calls[number_of(name)] = call;
    return findings;
}
bool keeps(const Selection& selection, std::string_view part) { return std::ranges::find(selection.parts, part, &PartChoice::name)->kept; }

TEST(Selection, KeepsWhatWasFoundAndWhatEveryProgramNeeds) {
    auto selection = select_parts(plan_for("/app"), RootPlace::memory, {findings_of({{"write", {Evidence::possible, {"app: main"}}}, {"ptrace", {Evidence::possible, {"app: main"}}}})});
    EXPECT_EQ(selection.all_calls, "");
    EXPECT_EQ(selection.calls.at("write").why, "app: main");
    for (auto* name : {"exit_group", "rt_sigreturn", "clock_gettime"}) EXPECT_EQ(selection.calls.at(name).evidence, "always") << name;
    EXPECT_FALSE(selection.calls.contains("ptrace")) << "the kernel has none";
    EXPECT_FALSE(selection.calls.contains("semget"));
    for (const auto& part : selection.parts) EXPECT_EQ(part.kept, part.name == "balloon") << part.name << ": " << part.why;
}

TEST(Selection, KeepsWhatSavesMachinesInTheBackground) {
    auto plan = plan_for("/app");
    EXPECT_FALSE(keeps(select_parts(plan, RootPlace::memory, {}), "snapshot"));
    plan.detached = true;
    EXPECT_TRUE(keeps(select_parts(plan, RootPlace::memory, {}), "snapshot"));
    plan.platform = Platform::linuxu;
    EXPECT_FALSE(keeps(select_parts(plan, RootPlace::memory, {}), "snapshot"));
}

TEST(Selection, KeepsCoreFilesWhereSomebodyMayAskForThem) {
    auto plan = plan_for("/app");
    EXPECT_FALSE(keeps(select_parts(plan, RootPlace::memory, {findings_of({{"setrlimit", {Evidence::possible, {"libc.so.6: setrlimit"}}}})}), "core_files"));
    EXPECT_TRUE(keeps(select_parts(plan, RootPlace::memory, {findings_of({{"setrlimit", {Evidence::possible, {"app: main"}}}})}), "core_files"));
    plan.limits = {{4, 0, 0}};
    EXPECT_FALSE(keeps(select_parts(plan, RootPlace::memory, {}), "core_files"));
    plan.limits = {{4, ~u64{0}, ~u64{0}}};
    plan.volumes.push_back({"/srv", std::string(core_folder), false, VolumeKind::shared});
    auto selection = select_parts(plan, RootPlace::memory, {});
    for (auto* part : {"core_files", "shares"}) EXPECT_TRUE(keeps(selection, part)) << part;
    EXPECT_EQ(selection.all_calls, "") << "no programs come from there";
}

TEST(Selection, RecordsWhereATraceIsAskedFor) {
    auto plan = plan_for("/app");
    plan.trace = {.points = 1, .events = 4096};
    EXPECT_TRUE(keeps(select_parts(plan, RootPlace::memory, {}), "trace"));
}

TEST(Selection, PartsFollowTheMachine) {
    auto plan = plan_for("/app");
    plan.machine = Machine::q35, plan.bus = Bus::pci;
    plan.memory = 32_MiB;
    plan.volumes.push_back({"/srv", "/data", false, VolumeKind::shared});
    plan.network.choice.kind = NetworkKind::user;
    plan.network.nic = Nic::e1000e;
    auto selection = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"pci", "e1000", "network", "disk", "virtio_disk", "shares"}) EXPECT_TRUE(keeps(selection, part)) << part;
    for (auto* part : {"network_card", "vmxnet3", "ena", "gve", "balloon", "nvme", "ahci"}) EXPECT_FALSE(keeps(selection, part)) << part;
    EXPECT_EQ(selection.all_calls, "programs may come from the shared folder /data");
    plan.network.nic = Nic::vmxnet3;
    auto vmware = select_parts(plan, RootPlace::disk, {});
    EXPECT_TRUE(keeps(vmware, "vmxnet3"));
    for (auto* part : {"network_card", "e1000", "ena", "gve"}) EXPECT_FALSE(keeps(vmware, part)) << part;
    plan.network.nic = Nic::ena;
    auto cloud = select_parts(plan, RootPlace::disk, {});
    EXPECT_TRUE(keeps(cloud, "ena"));
    for (auto* part : {"network_card", "e1000", "vmxnet3", "gve"}) EXPECT_FALSE(keeps(cloud, part)) << part;
    plan.network.nic = Nic::virtio_or_gve;
    auto either = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"network_card", "gve"}) EXPECT_TRUE(keeps(either, part)) << part;
    for (auto* part : {"e1000", "vmxnet3", "ena"}) EXPECT_FALSE(keeps(either, part)) << part;
    plan.disk = Disk::nvme;
    auto nvme = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"disk", "nvme"}) EXPECT_TRUE(keeps(nvme, part)) << part;
    for (auto* part : {"virtio_disk", "ahci"}) EXPECT_FALSE(keeps(nvme, part)) << part;
    plan.disk = std::nullopt;
    auto any = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"disk", "virtio_disk", "nvme", "ahci", "pvscsi", "virtio_scsi"}) EXPECT_TRUE(keeps(any, part)) << part;
    EXPECT_FALSE(keeps(selection, "xen"));
    EXPECT_FALSE(keeps(selection, "hyperv"));
    plan.hypervisor = Hypervisor::xen, plan.memory = 1_GiB;
    auto domain = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"xen", "network", "disk"}) EXPECT_TRUE(keeps(domain, part)) << part;
    for (auto* part : {"pci", "e1000", "vmxnet3", "ena", "gve", "network_card", "virtio_disk", "nvme", "ahci", "pvscsi", "virtio_scsi", "balloon"}) EXPECT_FALSE(keeps(domain, part)) << part;
    plan.hypervisor = Hypervisor::hyperv, plan.standalone = true;
    auto guest = select_parts(plan, RootPlace::disk, {});
    for (auto* part : {"hyperv", "network", "disk", "serial"}) EXPECT_TRUE(keeps(guest, part)) << part;
    for (auto* part : {"xen", "pci", "e1000", "vmxnet3", "ena", "gve", "network_card", "virtio_disk", "nvme", "ahci", "pvscsi", "virtio_scsi", "balloon"}) EXPECT_FALSE(keeps(guest, part)) << part;
    plan.hypervisor = Hypervisor::any, plan.standalone = false;
    plan.platform = Platform::linuxu;
    auto process = select_parts(plan, RootPlace::memory, {});
    for (auto* part : {"pci", "e1000", "vmxnet3", "ena", "gve", "network_card", "disk", "nvme", "balloon"}) EXPECT_FALSE(keeps(process, part)) << part;
    EXPECT_TRUE(keeps(process, "network"));
}

TEST(Selection, TheNetworkIsForWhoAsksByName) {
    auto network_for = [](Evidence evidence, const char* by) {
        return keeps(select_parts(plan_for("/usr/bin/app"), RootPlace::memory, {findings_of({{"socket", {evidence, {by}}}})}), "network");
    };
    EXPECT_FALSE(network_for(Evidence::possible, "libc.so.6: socket"));
    EXPECT_TRUE(network_for(Evidence::by_name, "libc.so.6: socket"));
    EXPECT_TRUE(network_for(Evidence::possible, "app: main")) << "a static program has no names";
}

TEST(Selection, WhatIsNotKnownStays) {
    Findings unclear;
    unclear.unclear = {"libx.so: f"};
    EXPECT_EQ(select_parts(plan_for("/app"), RootPlace::memory, {unclear}).all_calls, "the numbers of some calls could not be followed (in libx.so: f)");
    EXPECT_NE(select_parts(plan_for("/app"), RootPlace::memory, {.findings = {}, .saw_all = false}).all_calls, "");
    auto plan = plan_for("/app");
    plan.kept = {"calls", "disk"};
    auto selection = select_parts(plan, RootPlace::memory, {});
    EXPECT_EQ(selection.all_calls, "--keep calls");
    EXPECT_TRUE(keeps(selection, "disk"));
    plan.kept = {"semget"};
    EXPECT_EQ(select_parts(plan, RootPlace::memory, {}).calls.at("semget").why, "--keep");
}

TEST(Selection, IsWrittenForTheKernelAndForPeople) {
    auto plan = plan_for("/app");
    auto selection = select_parts(plan, RootPlace::memory, {});
    selection.calls = {{"write", {"possible", "app: main"}}};
    EXPECT_EQ(header_of(selection), "inline constexpr std::array<Part, 1> parts{Part::balloon};\ninline constexpr bool all_calls = false;\n"
                                    "inline constexpr std::array<std::string_view, 1> calls{\"write\"};\n");
    auto text = tailor_report(plan, selection, {.whole = 900'000, .tailored = 400'000}, false);
    EXPECT_NE(text.find("a kernel of 391 KiB for /app, 44 % of the whole one\n"), std::string::npos) << text;
    EXPECT_NE(text.find("pci           no "), std::string::npos) << text;
    EXPECT_NE(text.find("write                  possible  app: main\n"), std::string::npos) << text;
    EXPECT_NE(tailor_report(plan, selection, {.whole = 900'000, .tailored = 400'000}, true).find("\"bytes\": 400000"), std::string::npos);
}

TEST(Kept, IsCheckedByName) {
    for (auto* name : {"calls", "network", "mq_open", "ptrace"}) EXPECT_TRUE(parse_kept(name)) << name;
    auto wrong = parse_kept("nonsense");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("one of pci, "), std::string::npos) << wrong.error().message;
}

}  // namespace
}  // namespace spore::host
