#include "host/tailor/selection.hpp"

#include <algorithm>

#include "host/check/call_table.hpp"
#include "host/plan/parts.hpp"

namespace spore::host {

namespace {

/// The vDSO makes these itself where the clock cannot be read without the kernel; the others are how every program, thread and handler ends.
constexpr std::string_view always[] = {"clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu", "exit", "exit_group", "rt_sigreturn", "restart_syscall"};

/// The call by which a program shows that it is about networks, say: it asks for its function by name. A library that could, if somebody asked it to, does
/// not count (libc's own name services).
const FoundCall* find_own_call(std::string_view name, const Plan& plan, const Findings& findings) {
    auto number = find_call_number(name, plan.architecture);
    auto found = number ? findings.calls.find(*number) : findings.calls.end();
    if (found == findings.calls.end()) return nullptr;
    auto program = fs::path(plan.program).filename().string() + ": ";
    bool own = std::ranges::any_of(found->second.by, [&](const std::string& by) { return by.starts_with(program); });
    return own || found->second.evidence != Evidence::possible ? &found->second : nullptr;
}

const Volume* find_volume(const Plan& plan, VolumeKind kind) {
    auto found = std::ranges::find(plan.volumes, kind, &Volume::kind);
    return found == plan.volumes.end() ? nullptr : &*found;
}

/// A shared folder that programs can come from: not that of core files.
const Volume* find_shared_programs(const Plan& plan) {
    auto found = std::ranges::find_if(plan.volumes, [](const Volume& volume) { return volume.kind == VolumeKind::shared && volume.guest != core_folder; });
    return found == plan.volumes.end() ? nullptr : &*found;
}

struct DiskDriver {
    Disk disk;
    std::string_view part;
};
constexpr DiskDriver disk_drivers[] = {{Disk::virtio, "virtio_disk"}, {Disk::nvme, "nvme"}, {Disk::ahci, "ahci"}, {Disk::pvscsi, "pvscsi"}, {Disk::virtio_scsi, "virtio_scsi"}};
bool drives_disks(std::string_view part) { return std::ranges::contains(disk_drivers, part, &DiskDriver::part); }

/// What guests of a hypervisor with devices of its own lack, besides disks. Hyper-V's have a serial port.
constexpr std::string_view others_parts[] = {"pci", "network_card", "e1000", "vmxnet3", "ena", "gve", "power_button", "balloon", "serial"};
std::span<const std::string_view> of_other_machines(Hypervisor hypervisor) {
    return std::span(others_parts).first(std::size(others_parts) - (hypervisor == Hypervisor::hyperv));
}

struct Reason {
    bool kept;
    std::string why;
};

Reason reason_for(std::string_view part, const Plan& plan, RootPlace root, const Findings& findings) {
    bool machine = plan.platform == Platform::qemu;
    for (auto [name, hypervisor, text] : {std::tuple{"xen", Hypervisor::xen, "Xen"}, {"hyperv", Hypervisor::hyperv, "Hyper-V"}}) {
        bool guest = plan.hypervisor == hypervisor, lacks = std::ranges::contains(of_other_machines(hypervisor), part) || drives_disks(part);
        if (part == name) return {guest, guest ? fmt::format("the machine is a guest of {}", text) : fmt::format("the machine is not one of {}'s", text)};
        if (guest && lacks) return {false, fmt::format("a guest of {} has its devices instead", text)};
    }
    if (part == "pci") {
        if (!machine) return {false, "a process has no buses"};
        return {plan.bus == Bus::pci, plan.bus == Bus::pci ? fmt::format("{} has its devices there", name_of(plan.machine)) : "the machine's devices have addresses of their own"};
    }
    if (part == "network_card" || part == "e1000" || part == "vmxnet3" || part == "ena" || part == "gve") {
        if (!machine) return {false, "a process has a link of its own"};
        if (!plan.network.present()) return {false, "the machine has no network card"};
        auto nic = plan.network.nic;
        bool either = nic == Nic::virtio_or_gve;
        auto wanted = nic == Nic::virtio || either ? "network_card" : nic == Nic::vmxnet3 ? "vmxnet3" : nic == Nic::ena ? "ena" : "e1000";
        return {part == wanted || (either && part == "gve"), fmt::format("the machine's card is {}", name_of(nic))};
    }
    if (part == "network") {
        if (plan.network.present()) return {true, fmt::format("the machine has a network: {}", text_of(plan.network.choice))};
        if (auto* call = find_own_call("socket", plan, findings)) return {true, fmt::format("the program asks for sockets: {}", first_of(call->by))};
        return {false, "the machine has no network, and the program asks for none"};
    }
    if (part == "disk" || drives_disks(part)) {
        auto* volume = find_volume(plan, VolumeKind::disk);
        if (root != RootPlace::disk && !volume) return {false, "the root is in memory"};
        auto why = volume ? "-v " + volume->text() : "the root is on one";
        if (part == "disk") return {true, why};
        if (!machine) return {false, "a process has a file for it"};
        if (!plan.disk) return {true, why + ", of whatever kind"};
        return {part == std::ranges::find(disk_drivers, *plan.disk, &DiskDriver::disk)->part, fmt::format("the machine's disks are of {}", name_of(*plan.disk))};
    }
    if (part == "shares") {
        auto* share = find_volume(plan, VolumeKind::shared);
        return share ? Reason{true, "-v " + share->text()} : Reason{false, "no volume is shared"};
    }
    if (part == "volumes") {
        auto* volume = find_volume(plan, VolumeKind::disk);
        return volume ? Reason{true, "-v " + volume->text()} : Reason{false, "no volume is a disk"};
    }
    if (part == "core_files") {
        constexpr u32 core_limit = 4;  // RLIMIT_CORE, which is 0 unless somebody says otherwise
        if (std::ranges::any_of(plan.limits, [](const Limit& limit) { return limit.resource == core_limit && limit.hard > 0; })) return {true, "--core or --ulimit asks for them"};
        for (auto name : {"setrlimit", "prlimit64"})
            if (auto* call = find_own_call(name, plan, findings)) return {true, fmt::format("the program can ask for them: {}", first_of(call->by))};
        return {false, "nobody asks for them: neither --core, --ulimit nor the program"};
    }
    if (part == "power_button") return {plan.standalone, plan.standalone ? "whoever runs the image asks it to stop by the machine" : "spore stop asks by the channel"};
    if (part == "serial") return {plan.standalone, plan.standalone ? "it is the program's console" : "the channel is the program's console"};
    if (part == "exec") return {false, "the kernel is for one program"};
    if (part == "snapshot") {
        bool kept = machine && plan.detached;
        return {kept, kept ? "the machine is in the background, where spore snapshot saves it" : "it cannot be saved: it is not in the background"};
    }
    if (part == "trace") return {plan.trace.has_value(), plan.trace ? "spore trace asks for it" : "nobody asks what happens"};
    if (part == "balloon") {
        bool used = machine && plan.memory >= smallest_memory_with_balloon;
        return {used, fmt::format("memory is {} MiB: {}", plan.memory >> 20, used ? "what is free of it goes back" : "too little to give any back")};
    }
    return {true, "nothing tells when it can go"};
}

}  // namespace

Selection select_parts(const Plan& plan, RootPlace root, const ProgramFacts& facts) {
    Selection selection;
    auto asked_for = [&](std::string_view name) { return std::ranges::contains(plan.kept, name); };
    for (auto [name, text] : declared_parts) {
        auto [kept, why] = reason_for(name, plan, root, facts.findings);
        if (!kept && asked_for(name)) kept = true, why = "--keep";
        selection.parts.push_back({name, text, kept, std::move(why)});
    }
    if (asked_for("calls")) selection.all_calls = "--keep calls";
    else if (auto share = find_shared_programs(plan)) selection.all_calls = fmt::format("programs may come from the shared folder {}", share->guest);
    else if (auto volume = find_volume(plan, VolumeKind::disk)) selection.all_calls = fmt::format("programs may come from the volume {}", volume->guest);
    else if (!facts.saw_all) selection.all_calls = "the root holds more programs than can be looked into";
    else if (!facts.findings.unclear.empty()) selection.all_calls = fmt::format("the numbers of some calls could not be followed (in {})", first_of(facts.findings.unclear));
    for (const auto& [number, found] : facts.findings.calls) {
        auto call = find_call(number, plan.architecture);
        if (!call.name.empty() && call.support != Support::missing) selection.calls[std::string(call.name)] = {std::string(name_of(found.evidence)), first_of(found.by)};
    }
    auto add = [&](std::string_view name, std::string_view why) {
        auto number = find_call_number(name, plan.architecture);
        if (number && find_call(*number, plan.architecture).support != Support::missing) selection.calls.try_emplace(std::string(name), CallChoice{"always", std::string(why)});
    };
    for (auto name : always) add(name, "what every program needs");
    for (const auto& name : plan.kept) add(name, "--keep");
    return selection;
}

std::string header_of(const Selection& selection) {
    std::vector<std::string> parts, calls;
    for (const auto& part : selection.parts)
        if (part.kept) parts.push_back(fmt::format("Part::{}", part.name));
    for (const auto& [name, choice] : selection.calls) calls.push_back(fmt::format("\"{}\"", name));
    return fmt::format("inline constexpr std::array<Part, {}> parts{{{}}};\ninline constexpr bool all_calls = {};\ninline constexpr std::array<std::string_view, {}> calls{{{}}};\n",
                       parts.size(), fmt::join(parts, ", "), !selection.all_calls.empty(), calls.size(), fmt::join(calls, ", "));
}

}  // namespace spore::host
