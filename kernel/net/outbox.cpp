#include "kernel/net/outbox.hpp"

#include "kernel/core/per_cpu.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net {

namespace {

struct Outbox {
    static constexpr u32 limit = 64;  ///< beyond it, what waits in front has waited long enough
    u32 depth = 0;
    Interface* interface = nullptr;
    device::PacketList packets;

    void flush() {
        if (packets.empty()) return;
        // Taken out first: a device may call back into the stack.
        device::PacketList leaving = std::move(packets);
        interface->transmit(leaving);
    }
};
PER_CPU(Outbox, box);

}  // namespace

Collecting::Collecting() { ++box->depth; }
Collecting::~Collecting() {
    auto& here = *box;
    if (here.depth == 1) here.flush();
    --here.depth;
}

bool outbox::collect(Interface& interface, Owned<device::Packet>& packet) {
    auto& here = *box;
    if (here.depth == 0) return false;
    if (here.interface != &interface || here.packets.count() >= Outbox::limit) {
        here.flush();
        here.interface = &interface;
    }
    here.packets.push_back(std::move(packet));
    return true;
}

}  // namespace spore::net
