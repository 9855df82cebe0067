#include "kernel/drivers/hyperv/start.hpp"

#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/drivers/hyperv/bus.hpp"
#include "kernel/drivers/hyperv/integration.hpp"
#include "kernel/drivers/hyperv/net/attach.hpp"
#include "kernel/drivers/hyperv/storage.hpp"
#include "kernel/task/thread.hpp"

namespace spore::drivers::hyperv {
namespace {

Result<void> attach(Bus& bus, const Offer& offer) {
    if (is_service(offer)) return attach_service(bus, offer);
    if constexpr (core::has(core::Part::disk) || core::has(core::Part::volumes))
        if (is_storage(offer)) return attach_storage(bus, offer);
    if constexpr (core::has(core::Part::network))
        if (is_net(offer)) return attach_net(bus, offer);
    return {};  // of what there is most means nothing here: screens, keyboards
}

}  // namespace

void start() {
    auto made = make_owned<Bus>();
    if (!made) return core::warn("no memory for the way to Hyper-V's host: its devices stay unused");
    auto& bus = *made->release();  // lives as long as the machine: interrupts lead to it
    if (auto connected = bus.connect(); !connected) return core::warn("there is no way to Hyper-V's host: its devices stay unused: error {}", connected.error());
    core::debug("hyperv: {} devices are offered", bus.offers().size());
    // By copies: the list may shrink meanwhile.
    for (std::size_t i = 0; i < bus.offers().size(); ++i) {
        Offer offer = bus.offers()[i];
        if (auto attached = attach(bus, offer); !attached) core::warn("Hyper-V's device {:x} at channel {} does not start: error {}", offer.interface.a, offer.channel, attached.error());
    }
    auto thread = task::Thread::create("hyperv", [](void* self) { static_cast<Bus*>(self)->serve(), task::end(); }, &bus);
    if (thread) task::start(std::move(*thread));
    else core::warn("no memory to hear of devices that Hyper-V takes away");
}

}  // namespace spore::drivers::hyperv
