// Waits while the network configures the machine.
#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/address_events.hpp"
#include "kernel/net/automatic.hpp"
#include "kernel/net/start.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

constinit sync::Spin lock;
constinit sync::WaitQueue waiting;

/// A network with IPv6 alone is known by the silence of DHCP servers: they have answered by then, or do not exist.
constexpr Duration patience_for_v4 = Duration::seconds(3);

enum class Usable : u8 { nothing, v6, v4 };
Usable usable_on(const Interface& interface) {
    InterfaceAddress list[Interface::max_addresses];
    auto best = Usable::nothing;
    for (auto& one : std::span(list).first(interface.addresses(list))) {
        if (one.tentative || one.address.is_link_local()) continue;
        best = std::max(best, one.address.is_v4() ? Usable::v4 : Usable::v6);
    }
    return best;
}

bool all_usable(Usable least) {
    for (u32 index = 2; auto* one = interface(index); ++index)
        if (is_automatic(*one) && usable_on(*one) < least) return false;
    return true;
}

}  // namespace

void addresses_changed() {
    Guard guard(lock);
    waiting.wake_all();
}

bool wait_for_addresses(Duration limit) {
    auto begin = time::now(), end = begin + limit;
    Guard guard(lock);
    while (true) {
        if (all_usable(Usable::v4)) return true;
        auto now = time::now();
        auto v6_is_enough = std::min(begin + patience_for_v4, end);
        if (now >= v6_is_enough && all_usable(Usable::v6)) return true;
        if (now >= end) return false;
        (void)waiting.wait(lock, sync::Interruptible::no, now < v6_is_enough ? v6_is_enough : end);  // the time is looked at above
    }
}

}  // namespace spore::net
