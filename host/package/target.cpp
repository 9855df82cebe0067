#include "host/package/target.hpp"

#include <algorithm>

#include "host/package/appliance.hpp"
#include "host/package/container_disk.hpp"
#include "host/package/disk.hpp"
#include "host/package/firecracker.hpp"
#include "host/package/xen.hpp"

namespace spore::host {

namespace {

Outcome<void> make_raw(const Package& package, const fs::path& output) { return make_disk(package, output); }
Outcome<void> make_qcow2(const Package& package, const fs::path& output) { return make_disk_as(package, {"-c", "-O", "qcow2"}, output); }
Outcome<void> make_virtualbox(const Package& package, const fs::path& output) { return make_appliance(package, virtualbox, output); }
Outcome<void> make_vmware(const Package& package, const fs::path& output) { return make_appliance(package, vmware, output); }

Outcome<void> make_hyperv(const Package& package, const fs::path& output) { return make_disk_as(package, {"-O", "vhdx", "-o", "subformat=dynamic"}, output); }

/// A disk.raw of whole GiB in an archive of GNU's old format, compressed [Google Cloud, "Requirements to manually build custom images"].
Outcome<void> make_gcp(const Package& package, const fs::path& output) {
    TRY(make_disk(package, package.scratch / "disk.raw", 1_GiB));
    return run_tool({"tar", "--format=oldgnu", "--owner=0", "--group=0", "--mtime=@0", "-C", package.scratch, "-Sczf", output, "disk.raw"});
}

constexpr Target all[] = {
    {.name = "disk", .suffix = ".img", .text = "a disk that BIOS and UEFI boot, byte for byte", .make = make_raw,
     .start = "dd if={file} of=DEVICE bs=1M", .arm64 = true, .disk_root = true},
    {.name = "qcow2", .suffix = ".qcow2", .text = "the same for QEMU, libvirt, Proxmox and OpenStack", .make = make_qcow2,
     .start = "virt-install --import --name {name} --memory {memory} --vcpus {cpus} --disk {file},bus=virtio --osinfo generic", .arm64 = true, .disk_root = true},
    {.name = "iso", .suffix = ".iso", .text = "a CD for BIOS and UEFI", .make = make_cd, .start = "qemu-system-x86_64 -m {memory} -cdrom {file} -nographic"},
    {.name = "firecracker", .suffix = "", .text = "a folder with the configuration for Firecracker 1.12 and later", .make = make_firecracker,
     .start = "cd {file} && firecracker --no-api --config-file config.json", .disk_root = true, .disk = Disk::virtio, .nic = Nic::virtio, .mmio = true},
    {.name = "xen", .suffix = "", .text = "a folder with the configuration for Xen's xl, as a guest without emulated devices (PVH)", .make = make_xen,
     .start = "cd {file} && xl create -c xl.cfg", .disk_root = true, .disk = Disk::virtio, .nic = Nic::virtio, .mmio = true, .hypervisor = Hypervisor::xen},
    {.name = "kubevirt", .suffix = ".tar", .text = "a container image with the disk, for KubeVirt", .make = make_container_disk,
     .start = "skopeo copy oci-archive:{file} docker://REGISTRY/{name}", .arm64 = true, .disk_root = true},
    {.name = "virtualbox", .suffix = ".ova", .text = "an appliance for VirtualBox", .make = make_virtualbox,
     .start = "VBoxManage import {file} && VBoxManage modifyvm {name} --uart1 0x3f8 4 --uartmode1 file {name}.log",
     .disk_root = true, .disk = Disk::ahci, .nic = Nic::e1000},
    {.name = "vmware", .suffix = ".ova", .text = "an appliance for VMware", .make = make_vmware, .start = "ovftool {file} vi://HOST/",
     .disk_root = true, .disk = Disk::ahci, .nic = Nic::vmxnet3},
    {.name = "hyperv", .suffix = ".vhdx", .text = "a disk for Hyper-V, of machines of both generations", .make = make_hyperv,
     .start = "New-VM {name} -Generation 2 -MemoryStartupBytes {memory}MB -VHDPath {file} -SwitchName SWITCH; Set-VMFirmware {name} -EnableSecureBoot Off; Start-VM {name}",
     .disk_root = true, .hypervisor = Hypervisor::hyperv},
    {.name = "gcp", .suffix = ".tar.gz", .text = "an image for Google Cloud", .make = make_gcp,
     .start = "gcloud storage cp {file} gs://BUCKET/{name}.tar.gz && gcloud compute images create {name} --source-uri gs://BUCKET/{name}.tar.gz --guest-os-features GVNIC",
     .disk_root = true, .nic = Nic::virtio_or_gve},
    {.name = "aws", .suffix = ".img", .text = "a disk for Amazon's EC2, whose newer machines have it as NVMe", .make = make_raw,
     .start = "aws s3 cp {file} s3://BUCKET/{name}.img && "
              "aws ec2 import-snapshot --disk-container \"Format=RAW,UserBucket={S3Bucket=BUCKET,S3Key={name}.img}\"",
     .disk_root = true, .disk = Disk::nvme, .nic = Nic::ena},
    {.name = "digitalocean", .suffix = ".qcow2", .text = "a custom image for DigitalOcean", .make = make_qcow2,
     .start = "doctl compute image create {name} --image-url URL-OF-{file} --region REGION",
     .disk_root = true, .disk = Disk::virtio, .nic = Nic::virtio},
};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* find_target(std::string_view name) {
    auto found = std::ranges::find(all, name, &Target::name);
    return found == std::end(all) ? nullptr : &*found;
}

}  // namespace spore::host
