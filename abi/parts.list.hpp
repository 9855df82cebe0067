// What a kernel may lack when it was tailored to a program and a machine (docs/adr/0008-tailored-kernels.md), besides system calls:
//
//   PART(pci, "devices on PCI")        name, and what it is to a user
//
// kernel/core/parts.hpp makes of them what the kernel asks, host/tailor what the tool decides.
PART(pci, "devices on PCI")
PART(network_card, "virtio network cards")
PART(e1000, "e1000 and e1000e network cards")
PART(vmxnet3, "VMware's network cards (vmxnet3)")
PART(ena, "Amazon's network cards (ENA)")
PART(gve, "Google's network cards (gVNIC)")
PART(network, "TCP/IP and its sockets, /proc/net")
PART(disk, "disks: a root on one")
PART(virtio_disk, "virtio disks")
PART(nvme, "NVMe disks")
PART(ahci, "SATA disks (AHCI)")
PART(pvscsi, "VMware's SCSI disks (PVSCSI)")
PART(virtio_scsi, "SCSI disks behind a virtio adapter")
PART(shares, "folders shared with the host")
PART(volumes, "volumes: disks with a file system of their own (ext4)")
PART(xen, "devices of the hypervisor Xen")
PART(hyperv, "devices of the hypervisor Hyper-V")
PART(power_button, "being asked to stop by the machine: power button, Ctrl-Alt-Del")
PART(core_files, "core files of programs that a signal ends")
PART(serial, "what is typed at the serial port")
PART(balloon, "giving free memory back to the host")
PART(exec, "further programs in the running machine, and files in and out of it (spore exec, spore cp)")
PART(snapshot, "standing still for the machine's state to be saved (spore snapshot)")
PART(trace, "recording what happens, for spore trace")
