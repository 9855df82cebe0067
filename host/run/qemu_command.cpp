#include "host/run/qemu_command.hpp"

#include <cstdlib>

#include "host/run/network.hpp"

namespace spore::host {

namespace {

std::string machine_option(const Plan& plan, Accelerator accelerator) {
    switch (plan.machine) {
        case Machine::microvm: return "microvm,pit=on,rtc=on,isa-serial=on";
        // Nothing that firmware would have to probe: it starts our kernel, and that looks at the hardware itself. Not graphics=off,
        // which makes SeaBIOS write to the serial port; without a VGA device there are no graphics anyway.
        case Machine::q35: return "q35,smm=off,sata=off,smbus=off,vmport=off,usb=off";
        case Machine::pc: return "pc,smm=off,vmport=off,usb=off";
        // A hardware GIC can show guests its own version only.
        case Machine::virt: return fmt::format("virt,gic-version={}", plan.gic ? name_of(*plan.gic) : accelerator == Accelerator::kvm ? "host" : "3");
    }
    return "";
}

/// All that the accelerator has; for arm64 emulated without what costs a lot and programs rarely use: pointer authentication by its slow
/// algorithm, vectors of variable length.
std::string processor_option(const Plan& plan, Accelerator accelerator) {
    if (plan.architecture == Architecture::x86_64) return "max";
    return accelerator == Accelerator::kvm ? "host" : "max,pauth-impdef=on,sve=off,sme=off";
}

/// QEMU keeps commas in values by doubling them.
std::string escape(const std::string& value) {
    std::string text;
    for (char character : value) {
        if (character == ',') text += ',';
        text += character;
    }
    return text;
}

}  // namespace

std::string qemu_program(Architecture architecture) {
    const char* chosen = std::getenv("SPORE_QEMU");
    return chosen && *chosen ? std::string(chosen) : std::string(facts_of(architecture).qemu);
}

bool has_monitor(const Plan& plan) { return plan.platform == Platform::qemu && (plan.detached || plan.restored); }

std::vector<std::string> qemu_command(const Plan& plan, Accelerator accelerator, RootPlace root) {
    // Files by descriptor: QEMU may run as a user who could not open their paths.
    auto descriptor = [](int number) { return fmt::format("/proc/self/fd/{}", number); };
    bool pci = plan.bus == Bus::pci;
    std::vector<std::string> command{
        qemu_program(plan.architecture), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-machine", machine_option(plan, accelerator), "-accel", std::string(name_of(accelerator)), "-cpu", processor_option(plan, accelerator),
        "-m", fmt::format("{}M", plan.memory >> 20),
        // A machine that can have one processor only loses the guest's memory barriers under TCG before QEMU 8.1.
        "-smp", plan.cpus == 1 ? "1,maxcpus=2" : fmt::format("{}", plan.cpus),
        "-kernel", descriptor(qemu_descriptor::kernel), "-initrd", descriptor(qemu_descriptor::bundle),
        "-chardev", fmt::format("socket,id=channel,fd={}", qemu_descriptor::channel),
        "-chardev", fmt::format("socket,id=serial,fd={}", qemu_descriptor::serial), "-serial", "chardev:serial"};
    auto add = [&](std::initializer_list<std::string> more) { command.insert(command.end(), more); };
    if (!plan.firmware.empty()) add({"-bios", descriptor(qemu_descriptor::firmware)});
    if (!pci) add({"-global", "virtio-mmio.force-legacy=false"});
    auto virtio = [&](std::string_view name, std::string_view options) {
        return fmt::format("virtio-{}-{}{}", name, pci ? "pci,disable-legacy=on,romfile=" : "device", options);
    };
    add({"-device", virtio("serial", ",max_ports=1"), "-device", "virtconsole,chardev=channel"});
    add({"-device", virtio("rng", "")});
    // What the guest has used and uses no more goes back to this machine.
    if (plan.memory >= smallest_memory_with_balloon) add({"-device", virtio("balloon", ",free-page-reporting=on")});
    // An ATA disk cannot be read-only: what is written to it goes nowhere.
    std::string_view kept = plan.disk == Disk::ahci ? "snapshot=on" : "readonly=on";
    int disks = 0;
    auto attach = [&](const std::string& drive) {
        switch (plan.disk.value_or(Disk::virtio)) {
            case Disk::virtio: add({"-device", virtio("blk", ",drive=" + drive)}); break;
            case Disk::nvme: add({"-device", fmt::format("nvme,serial={0},drive={0}", drive)}); break;
            case Disk::ahci:
                if (!disks) add({"-device", "ich9-ahci,id=disks"});
                add({"-device", fmt::format("ide-hd,bus=disks.{},drive={}", disks, drive)});
                break;
            case Disk::pvscsi:
            case Disk::virtio_scsi:
                if (!disks) add({"-device", plan.disk == Disk::pvscsi ? "pvscsi,id=disks" : virtio("scsi", ",id=disks")});
                add({"-device", fmt::format("scsi-hd,bus=disks.0,scsi-id={},drive={}", disks, drive)});
        }
        ++disks;
    };
    if (root == RootPlace::disk) {
        add({"-drive", fmt::format("if=none,id=root,format=raw,{},cache.direct=off,file.locking=off,file={}", kept, descriptor(qemu_descriptor::root))});
        attach("root");
    }
    int share = 0;
    for (const auto& volume : plan.volumes) {
        if (volume.kind != VolumeKind::shared) continue;
        // What the guest writes belongs to whom QEMU runs as; files of several file systems keep numbers of their own.
        add({"-fsdev", fmt::format("local,id=share{},path={},security_model=none,multidevs=remap{}", share,
                                   descriptor(qemu_descriptor::first_share + share), volume.read_only ? ",readonly=on" : ""),
             "-device", virtio("9p", fmt::format(",fsdev=share{},mount_tag=share{}", share, share))});
        ++share;
    }
    int disk = 0;
    for (const auto& volume : plan.volumes) {
        if (volume.kind != VolumeKind::disk) continue;
        // As a set of descriptors, not by path: it can be opened for writing by who owns it only. The tool has locked it.
        add({"-add-fd", fmt::format("fd={},set={}", qemu_descriptor::first_disk + disk, disk),
             "-drive", fmt::format("if=none,id=volume{},format=raw,auto-read-only=off,discard=unmap,file.locking=off,file=/dev/fdset/{}{}{}", disk, disk, volume.read_only ? "," : "",
                                   volume.read_only ? kept : "")});
        attach(fmt::format("volume{}", disk));
        ++disk;
    }
    auto attached = plan.network;
    if (plan.restored) attached.ports.clear();  // until it runs, see forward_ports()
    auto network = network_options(attached, pci || plan.network.nic != Nic::virtio, qemu_descriptor::network);
    command.insert(command.end(), network.begin(), network.end());
    if (has_monitor(plan)) add({"-chardev", fmt::format("socket,id=monitor,fd={}", qemu_descriptor::monitor), "-mon", "chardev=monitor,mode=control"});
    if (plan.restored) add({"-incoming", fmt::format("fd:{}", qemu_descriptor::state)});
    if (!plan.debugger.empty()) add({"-gdb", fmt::format("unix:path={},server=on,wait=off", escape(plan.debugger))});
    if (plan.paused) add({"-S"});
    return command;
}

}  // namespace spore::host
