// The real stack over a fake device, with a peer at the other end: what tests of the stack begin with.
//
//   fakes::Stack stack;                                   // eth0: 10.0.0.1/24, fd00::1/64 and fe80::…; gateways 10.0.0.2, fd00::2 (the peer)
//   auto path = Path::find(stack.peer_v4);
//   … send; then: auto sent = stack.peer.take();
//   stack.peer.send({.source = stack.peer_v4, .destination = stack.own_v4, .protocol = 17}, bytes);
//   stack.advance(Duration::seconds(1));                  // the clock, timers, and what follows from them
#pragma once

#include "base/time.hpp"
#include "kernel/net/interface.hpp"
#include "tests/fakes/net/peer.hpp"

namespace spore::fakes {

class Stack {
public:
    explicit Stack(const NetDevice::Options& options = {});
    ~Stack();

    NetDevice device;
    Peer peer;
    net::Interface* interface = nullptr;
    const IpAddress own_v4, own_v6, peer_v4, peer_v6;
    /// Hosts behind the peer, which is the gateway.
    const IpAddress far_v4, far_v6;

    /// Time passes; what is due happens, at its time.
    void advance(Duration duration);
    /// How many packets were dropped for this reason since the stack was made.
    u64 drops(net::Drop reason) const { return net::dropped(reason) - drops_before_[static_cast<unsigned>(reason)]; }
    u64 all_drops() const;

private:
    u64 drops_before_[net::drop_reasons];
};

}  // namespace spore::fakes
