#include "kernel/drivers/net/virtio_filter.hpp"

#include <algorithm>

namespace spore::drivers {

using namespace wire::virtio_net;

void VirtioFilter::set_groups(std::span<const device::MacAddress> groups) {
    wanted_.with([&](Wanted& wanted) {
        wanted.all_groups = groups.size() > listed_groups;
        wanted.count = wanted.all_groups ? 0 : static_cast<u32>(groups.size());
        std::copy_n(groups.begin(), wanted.count, wanted.groups);
        wanted.list_told = wanted.all_groups;
        behind_.store(true, std::memory_order_relaxed);
    });
}

void VirtioFilter::set_promiscuous(bool on) {
    wanted_.with([&](Wanted& wanted) {
        wanted.promiscuous = on;
        behind_.store(true, std::memory_order_relaxed);
    });
}

void VirtioFilter::tell(VirtioControl& control) {
    wanted_.with([&](Wanted& wanted) {
        if (tell_differences(wanted, control)) behind_.store(false, std::memory_order_relaxed);
    });
}

Result<void> VirtioFilter::tell_differences(Wanted& wanted, VirtioControl& control) {
    if (wanted.told_all_groups != wanted.all_groups) {
        u8 value = wanted.all_groups;
        TRY(control.post(set_all_multicast, bytes_of(value)));
        wanted.told_all_groups = wanted.all_groups;
    }
    if (!wanted.list_told) {
        struct Addresses {
            le32 unicast, multicast;
            device::MacAddress groups[listed_groups];
        } list;
        static_assert(sizeof list == 8 + 6 * listed_groups && sizeof list <= VirtioControl::max_data);
        list.unicast = 0;
        list.multicast = wanted.count;
        std::copy_n(wanted.groups, wanted.count, list.groups);
        TRY(control.post(set_addresses, bytes_of(list).first(8 + wanted.count * sizeof(device::MacAddress))));
        wanted.list_told = true;
    }
    // Last: until the device has the list, it receives everything.
    if (wanted.told_promiscuous != wanted.promiscuous) {
        u8 value = wanted.promiscuous;
        TRY(control.post(wire::virtio_net::set_promiscuous, bytes_of(value)));
        wanted.told_promiscuous = wanted.promiscuous;
    }
    return {};
}

}  // namespace spore::drivers
