#include "kernel/net/tcp/listener_table.hpp"

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::tcp {

constinit ListenerTable listeners;

namespace {
/// How well a listener fits, 0: not at all. A specific address counts most, then the interface, then the family.
u32 fitness(const PortListener& listener, const Endpoint& local, u32 interface) {
    auto& binding = listener.binding();
    auto& address = binding.local().address;
    if (binding.local().port != local.port) return 0;
    if (binding.options().interface && binding.options().interface != interface) return 0;
    u32 score = binding.options().interface ? 3 : 1;
    if (!address.is_unspecified()) {
        if (address != local.address) return 0;
        return binding.local().scope && binding.local().scope != interface ? 0 : score + 8;
    }
    if (address.is_v4()) return local.address.is_v4() ? score + 1 : 0;
    if (!local.address.is_v4()) return score + 1;
    return binding.options().only_v6 ? 0 : score;  // [RFC 3493 5.3]
}
}  // namespace

Shared<PortListener> find_listener(const Endpoint& local, u32 hash, const Arrival& arrival, const device::Packet& packet) {
    u32 interface = arrival.interface.index();
    Shared<const Filter> chooser;  // goes without the lock
    auto& bucket = listeners.bucket(local.port);
    Guard guard(bucket.lock);
    u32 best = 0, equals = 0;
    PortListener* found = nullptr;
    for (auto* one = bucket.first; one; one = one->next_of_port) {
        u32 score = fitness(*one, local, interface);
        if (score == 0 || score < best) continue;
        if (score > best) best = score, equals = 0, found = one;
        ++equals;
    }
    if (equals > 1 && found->binding().group() && (chooser = found->binding().group()->chooser())) [[unlikely]] {
        auto* group = found->binding().group().get();
        u32 place = chooser->run(FilteredPacket::from_ip(packet, &arrival.interface, local.address.is_v4(), 0));
        for (auto* one = bucket.first; one; one = one->next_of_port)
            if (one->binding().group().get() == group && one->binding().place() == place && fitness(*one, local, interface) == best) return Shared<PortListener>(*one);
    }
    if (equals > 1) {
        u32 chosen = static_cast<u32>(u64{hash} * equals >> 32);
        for (auto* one = bucket.first; one; one = one->next_of_port)
            if (fitness(*one, local, interface) == best && chosen-- == 0) {
                found = one;
                break;
            }
    }
    return found ? Shared<PortListener>(*found) : Shared<PortListener>();
}

void add_listener(PortListener& listener) {
    auto& bucket = listeners.bucket(listener.local().port);
    Guard guard(bucket.lock);
    listener.next_of_port = bucket.first;
    bucket.first = &listener;
    listener.retain();  // the table's
}

void remove_listener(PortListener& listener) {
    {
        auto& bucket = listeners.bucket(listener.local().port);
        Guard guard(bucket.lock);
        auto** link = &bucket.first;
        while (*link && *link != &listener) link = &(*link)->next_of_port;
        if (!*link) return;
        *link = listener.next_of_port;
    }
    (void)Shared<PortListener>::adopt(&listener);
}

}  // namespace spore::net::tcp
