# What the kernel runs rarely: once at boot, once per program, or when somebody asks. It is compiled to be small (-Oz), all else to be
# fast (-O2): the image's size counts against every start, these folders' speed against none. A folder stands for all below it.
#
# Not here, though called only at times: what a program's own loop can call (descriptors, memory, futexes, pipes, sockets, signals,
# time, threads), what a packet or a block passes, and what a page fault or a switch goes through.
set(SPORE_COLD_SOURCES
    # boot
    kernel/arch/common/boot kernel/arch/common/backtrace.cpp
    kernel/main/bundle.cpp kernel/main/devices.cpp kernel/main/main.cpp kernel/main/program.cpp kernel/main/report.cpp kernel/main/root.cpp
    kernel/main/channel.cpp kernel/main/channel_console.cpp kernel/main/execution.cpp kernel/main/serial_console.cpp kernel/main/stop.cpp kernel/main/trace.cpp kernel/linux/start.cpp kernel/linux/system.cpp
    kernel/core/log.cpp kernel/core/panic.cpp kernel/core/trace.cpp
    # finding devices and setting them up
    kernel/sync/sleep.cpp kernel/drivers/bus kernel/drivers/console kernel/drivers/entropy kernel/drivers/net/e1000/attach.cpp kernel/drivers/net/vmxnet3/attach.cpp kernel/drivers/net/vmxnet3/device.cpp kernel/drivers/net/ena/attach.cpp kernel/drivers/net/ena/command_queue.cpp kernel/drivers/net/ena/device.cpp kernel/drivers/net/ena/queue_pair.cpp kernel/drivers/net/ena/registers.cpp kernel/drivers/net/ena/set_up.cpp kernel/drivers/net/gve/attach.cpp kernel/drivers/net/gve/command_queue.cpp kernel/drivers/net/gve/device.cpp kernel/drivers/net/gve/registers.cpp kernel/drivers/net/gve/set_up.cpp kernel/drivers/net/fewer_pieces.cpp kernel/drivers/net/nurse.cpp kernel/drivers/net/watched_device.cpp kernel/drivers/block/ahci/attach.cpp kernel/drivers/block/ahci/controller.cpp kernel/drivers/block/ahci/open.cpp kernel/drivers/block/nvme/attach.cpp kernel/drivers/block/nvme/controller.cpp kernel/drivers/block/pvscsi/attach.cpp kernel/drivers/block/pvscsi/open.cpp kernel/drivers/block/scsi/disks.cpp kernel/fs/erofs/file_system.cpp kernel/drivers/virtio/attach.cpp kernel/drivers/virtio/device.cpp
    kernel/drivers/hyperv/bus.cpp kernel/drivers/hyperv/integration.cpp kernel/drivers/hyperv/start.cpp kernel/drivers/hyperv/storage.cpp
    kernel/drivers/hyperv/net/attach.cpp kernel/drivers/hyperv/net/control.cpp kernel/drivers/hyperv/net/device.cpp kernel/drivers/hyperv/net/set_up.cpp
    kernel/drivers/virtio/mmio.cpp kernel/drivers/virtio/mmio_list.cpp kernel/drivers/virtio/pci.cpp kernel/drivers/xen/block.cpp kernel/drivers/xen/console.cpp kernel/drivers/xen/events.cpp
    kernel/drivers/xen/frontend.cpp kernel/drivers/xen/grants.cpp kernel/drivers/xen/start.cpp kernel/drivers/xen/store.cpp kernel/drivers/xen/net/device.cpp
    wire/acpi.cpp wire/bundle.cpp wire/elf.cpp wire/manifest.cpp wire/start_request.cpp
    # a program's start and end
    kernel/linux/exec kernel/linux/core_file kernel/linux/crash.cpp kernel/memory/advice.cpp kernel/linux/process/clone.cpp kernel/linux/process/exit.cpp kernel/linux/process/pidfd.cpp
    kernel/linux/process/process.cpp kernel/linux/vdso
    # text for people: /proc, strace, messages
    kernel/linux/proc kernel/linux/strace.cpp kernel/fs/generated base/format.cpp
    # a person's pace
    kernel/linux/terminal
    # changes to the tree of files and to what files are, rather than to what is in them
    kernel/fs/attribute_list.cpp kernel/fs/attributes.cpp kernel/fs/devices kernel/fs/locks.cpp kernel/fs/mount.cpp kernel/fs/names.cpp
    kernel/drivers/share kernel/main/shares.cpp kernel/fs/ninep wire/ninep.cpp kernel/fs/special_file.cpp kernel/fs/directory_file.cpp kernel/fs/tmpfs/directory.cpp kernel/fs/tmpfs/file_system.cpp
    kernel/fs/tmpfs/inode.cpp kernel/fs/ext4/attributes.cpp kernel/fs/ext4/directory_change.cpp kernel/fs/ext4/file_system.cpp
    kernel/fs/ext4/orphans.cpp kernel/fs/ext4/replay.cpp wire/ext4/attributes.cpp
    wire/ext4/superblock.cpp wire/erofs/attributes.cpp wire/erofs/superblock.cpp
    kernel/linux/calls/attribute.cpp kernel/linux/calls/directory.cpp kernel/linux/calls/lock.cpp kernel/linux/calls/names.cpp
    # settings of a process, and making what is then used often
    kernel/linux/calls/event.cpp kernel/linux/calls/inotify.cpp kernel/linux/calls/request.cpp kernel/linux/event/request_context.cpp kernel/linux/calls/ring.cpp kernel/linux/ring kernel/linux/event/inotify_file.cpp kernel/linux/calls/identity.cpp kernel/linux/calls/ioctl.cpp kernel/linux/calls/priority.cpp kernel/linux/calls/reboot.cpp
    kernel/linux/calls/process.cpp kernel/linux/calls/resource.cpp kernel/linux/calls/socket.cpp kernel/linux/calls/system.cpp
    kernel/linux/calls/timer.cpp kernel/linux/socket/unix/in_flight.cpp kernel/linux/socket/unix/listener.cpp
    kernel/linux/calls/wait.cpp kernel/linux/event/memory_file.cpp kernel/linux/event/signal_file.cpp kernel/linux/signal/file_events.cpp kernel/linux/futex/pi.cpp
    kernel/linux/futex/robust_list.cpp kernel/linux/socket/unix/name.cpp kernel/linux/socket/unix/unix_socket.cpp
    kernel/linux/time/interval_timer.cpp kernel/memory/remap.cpp kernel/linux/ipc kernel/linux/calls/segment.cpp kernel/linux/calls/semaphore.cpp kernel/linux/calls/queue.cpp kernel/linux/calls/named_queue.cpp kernel/linux/calls/numa.cpp kernel/linux/calls/compare.cpp kernel/linux/futex/several.cpp kernel/linux/calls/capability.cpp
    kernel/linux/process/capabilities.cpp
    # the network's set-up, its settings and what tells of it; errors, and packets that keep a network going rather than programs' data
    kernel/main/network.cpp kernel/linux/socket/netlink kernel/linux/socket/packet kernel/net/link kernel/linux/socket/inet/families.cpp kernel/linux/socket/inet/ethtool.cpp kernel/linux/socket/inet/interface_ioctl.cpp
    kernel/linux/socket/inet/interface_view.cpp kernel/linux/socket/socket_options.cpp kernel/linux/socket/inet/inet_options.cpp
    kernel/linux/socket/inet/tcp_options.cpp kernel/linux/socket/inet/datagram_options.cpp
    kernel/linux/socket/inet/datagram_errors.cpp kernel/linux/socket/inet/memberships.cpp kernel/net/datagram/errors.cpp kernel/net/datagram/membership.cpp
    kernel/net/datagram/datagram_socket.cpp kernel/net/raw kernel/net/ping kernel/net/ip/group_reports.cpp
    kernel/drivers/net/virtio_control.cpp kernel/drivers/net/virtio_net.cpp
    kernel/net/start.cpp kernel/net/interface.cpp kernel/net/interface_addresses.cpp kernel/net/interface_groups.cpp kernel/net/interfaces.cpp
    kernel/net/chores.cpp kernel/net/ip/arp.cpp kernel/net/ip/duplicate.cpp kernel/net/ip/fragment.cpp kernel/net/ip/icmp.cpp kernel/net/ip/icmp_errors.cpp
    kernel/net/ip/local_table.cpp kernel/net/ip/nd.cpp kernel/net/ip/neighbour.cpp kernel/net/ip/path_mtu.cpp kernel/net/ip/reassembly.cpp
    kernel/net/ip/route.cpp kernel/net/ip/source.cpp kernel/net/tcp/fast_open.cpp kernel/net/tcp/info.cpp kernel/net/tcp/orphans.cpp
    kernel/net/tcp/syn_cookie.cpp kernel/net/tcp/urgent.cpp
    kernel/net/automatic.cpp kernel/net/dhcp kernel/net/dhcp6 kernel/net/name_servers.cpp kernel/net/wait_for_addresses.cpp kernel/net/udp/own_port.cpp
    kernel/net/ip/advertised.cpp kernel/net/ip/router_discovery.cpp wire/net/dhcp.cpp wire/net/dhcp6.cpp wire/net/nd.cpp)

set(SPORE_COLD_SOURCES_x86_64
    kernel/linux/machine/x86_64/core_registers.cpp
    kernel/arch/x86_64/apic/io_apic.cpp kernel/arch/x86_64/boot kernel/arch/x86_64/platform kernel/arch/x86_64/clock/calibration.cpp
    kernel/arch/x86_64/clock/reference.cpp kernel/arch/x86_64/clock/kvm_clock.cpp kernel/arch/x86_64/hyperv kernel/arch/x86_64/xen
    kernel/arch/isa/x86_64/cpu/describe.cpp kernel/arch/isa/x86_64/cpu/features.cpp kernel/arch/x86_64/cpu/setup.cpp kernel/arch/x86_64/cpu/smp.cpp
    kernel/arch/x86_64/mmu/kernel_map.cpp)
set(SPORE_COLD_SOURCES_linuxu
    kernel/linux/machine/x86_64/core_registers.cpp
    kernel/arch/linuxu/boot kernel/arch/linuxu/cpu/smp.cpp kernel/arch/linuxu/host/filter.cpp kernel/arch/isa/x86_64/cpu/describe.cpp
    kernel/arch/isa/x86_64/cpu/features.cpp)
set(SPORE_COLD_SOURCES_arm64
    kernel/linux/machine/arm64/core_registers.cpp
    kernel/arch/arm64/boot kernel/arch/arm64/platform kernel/arch/arm64/cpu/features.cpp kernel/arch/arm64/cpu/smp.cpp
    kernel/arch/arm64/gic/messages.cpp)

# Takes those of the sources in the variable `list` that the lists above name out of it, into the variable `small`. Stops where the lists name
# what is no longer there.
function(separate_cold_sources list machine small)
    set(cold_sources)
    foreach(cold ${SPORE_COLD_SOURCES} ${SPORE_COLD_SOURCES_${machine}})
        set(found FALSE)
        foreach(source ${${list}})
            cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE relative)
            string(FIND "${relative}/" "${cold}/" at)
            if(at EQUAL 0)
                set(found TRUE)
                if(relative MATCHES "\\.cpp$")
                    list(APPEND cold_sources ${source})
                endif()
            endif()
        endforeach()
        if(NOT found)
            message(FATAL_ERROR "kernel/cold.cmake names ${cold}, of which there is no source")
        endif()
    endforeach()
    set(sources ${${list}})
    list(REMOVE_ITEM sources ${cold_sources})
    set(${list} ${sources} PARENT_SCOPE)
    set(${small} ${cold_sources} PARENT_SCOPE)
endfunction()
