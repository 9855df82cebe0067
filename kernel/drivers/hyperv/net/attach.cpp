#include "kernel/drivers/hyperv/net/attach.hpp"

#include "base/owned.hpp"
#include "kernel/drivers/hyperv/net/device.hpp"

namespace spore::drivers::hyperv {

bool is_net(const Offer& offer) { return offer.interface == wire::hyperv::network_card; }

Result<void> attach_net(Bus& bus, const Offer& offer) {
    auto& card = *TRY(make_owned<netvsc::Device>()).release();  // lives as long as the machine: events lead to it, and the host has its memory
    TRY(card.open(bus, offer));
    device::add_net_device(card);
    return {};
}

}  // namespace spore::drivers::hyperv
