#include "tests/fakes/net/stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/net/automatic.hpp"
#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/icmp.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/path_mtu.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::fakes {

namespace {

/// Every test begins with a stack that knows nothing, an hour after boot.
void forget_everything() {
    net::neighbours::forget();
    net::ip::forget_fragments();
    net::path_mtu::forget();
    net::icmp::forget_rate();
    net::forget_detection();
    net::forget_automatic();
    net::Interfaces::forget();
}

net::Route default_route(const IpAddress& gateway, u32 interface) {
    return {.prefix = gateway.is_v4() ? net::Prefix::v4(0, 0) : net::Prefix{}, .gateway = gateway, .interface = interface};
}

}  // namespace

Stack::Stack(const NetDevice::Options& options)
    : device(options), peer(device), own_v4(ip("10.0.0.1")), own_v6(ip("fd00::1")), peer_v4(ip("10.0.0.2")), peer_v6(ip("fd00::2")),
      far_v4(ip("198.51.100.7")), far_v6(ip("2001:db8::7")) {
    set_time(static_cast<u64>(Duration::seconds(3600).nanoseconds));
    forget_everything();
    for (unsigned reason = 0; reason < net::drop_reasons; ++reason) drops_before_[reason] = net::dropped(static_cast<net::Drop>(reason));
    peer.addresses = {peer_v4, peer_v6, ip("fe80::99")};
    auto made = net::Interfaces::create(device);
    EXPECT_TRUE(made);
    if (!made) return;
    interface = *made;
    EXPECT_TRUE(interface->add_address({.address = own_v4, .prefix_length = 96 + 24}));
    EXPECT_TRUE(interface->add_address({.address = own_v6, .prefix_length = 64}));
    EXPECT_TRUE(interface->add_address({.address = ip("fe80::1"), .prefix_length = 64}));
    EXPECT_TRUE(net::add_route(default_route(peer_v4, interface->index())));
    EXPECT_TRUE(net::add_route(default_route(peer_v6, interface->index())));
}

Stack::~Stack() {
    peer.run();
    device.stop();
    forget_everything();
    // The chores find nothing left to do, and their timer is armed no more.
    for (int times = 0; times < 100 && armed_deadline() != ~u64{0}; ++times) {
        set_time(std::max(armed_deadline(), time::now().nanoseconds));
        fire_timer();
    }
    set_time(0);  // others begin at boot
}

void Stack::advance(Duration duration) {
    auto end = time::now() + duration;
    peer.run();
    while (armed_deadline() <= end.nanoseconds) {
        set_time(std::max(armed_deadline(), time::now().nanoseconds));
        fire_timer();
        peer.run();
    }
    set_time(end.nanoseconds);
    peer.run();
}

u64 Stack::all_drops() const {
    u64 sum = 0;
    for (unsigned reason = 0; reason < net::drop_reasons; ++reason) sum += drops(static_cast<net::Drop>(reason));
    return sum;
}

}  // namespace spore::fakes
