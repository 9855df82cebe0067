// Who holds which local port. Binding is rare beside sending, so one lock for each transport serves.
#include "kernel/net/binding.hpp"

#include <array>
#include <new>
#include <utility>

#include "base/locked.hpp"
#include "kernel/core/random.hpp"
#include "kernel/net/interface.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net {

class PortTable {
public:
    bool taken(const Binding& by, u16 port) const {
        for (auto* held = of(port); held; held = held->next_)
            if (held->local_.port == port && conflict(*held, by)) return true;
        return false;
    }
    bool any(u16 port) const {
        for (auto* held = of(port); held; held = held->next_)
            if (held->local_.port == port) return true;
        return false;
    }
    bool another_listens(const Binding& self) const {
        for (auto* held = of(self.local_.port); held; held = held->next_)
            if (held != &self && held->listening_ && held->local_.port == self.local_.port && overlap(*held, self) && !shared(*held, self)) return true;
        return false;
    }
    void insert(Binding& binding) {
        auto*& head = of(binding.local_.port);
        binding.next_ = head;
        head = &binding;
    }
    void remove(Binding& binding) {
        auto** at = &of(binding.local_.port);
        while (*at && *at != &binding) at = &(*at)->next_;
        if (*at) *at = binding.next_;
        leave_group(binding);
    }
    /// Joins those to whom comes what comes to `self`, if there are any; the group that it had.
    Shared<PortGroup> join_group(Binding& self) {
        Shared<PortGroup> former;
        if (!self.options_.group) return former;
        for (auto* held = of(self.local_.port); held; held = held->next_) {
            if (held == &self || !held->place() || held->local_.port != self.local_.port || !same_traffic(*held, self)) continue;
            former = std::exchange(self.options_.group, held->options_.group);
            break;
        }
        self.place_.store(self.options_.group->members_++, std::memory_order_relaxed);
        return former;
    }
    /// A port that nobody holds, from a random one on; 0 when all are taken.
    u16 choose(const Binding& by, u32 start) const {
        constexpr u32 count = last_chosen_port - first_chosen_port + 1;
        for (u32 i = 0; i < count; ++i) {
            auto port = static_cast<u16>(first_chosen_port + (start + i) % count);
            if (!any(port)) return port;
        }
        // All are held: one that can be shared will do.
        for (u32 i = 0; i < count; ++i) {
            auto port = static_cast<u16>(first_chosen_port + (start + i) % count);
            if (!taken(by, port)) return port;
        }
        return 0;
    }

private:
    static constexpr u32 bucket_count = 256;
    Binding* const& of(u16 port) const { return buckets_[port % bucket_count]; }
    Binding*& of(u16 port) { return buckets_[port % bucket_count]; }

    void leave_group(Binding& self) {
        auto place = self.place();
        if (!place) return;
        u32 last = --self.options_.group->members_;
        for (auto* held = of(self.local_.port); held; held = held->next_)
            if (held->options_.group.get() == self.options_.group.get() && held->place() == last) held->place_.store(*place, std::memory_order_relaxed);
        self.place_.store(Binding::nowhere, std::memory_order_relaxed);
    }
    static bool same_traffic(const Binding& a, const Binding& b) {
        return shared(a, b) && a.local_.address == b.local_.address && a.options_.interface == b.options_.interface && a.options_.only_v6 == b.options_.only_v6;
    }
    static bool takes_v4(const Binding& b) { return b.local_.address.is_v4() || (b.local_.address.is_unspecified() && !b.options_.only_v6); }
    static bool takes_v6(const Binding& b) { return !b.local_.address.is_v4(); }
    /// Whether a packet could be for both.
    static bool overlap(const Binding& a, const Binding& b) {
        if (a.options_.interface && b.options_.interface && a.options_.interface != b.options_.interface) return false;
        if (!a.local_.address.is_unspecified() && !b.local_.address.is_unspecified()) return a.local_.address == b.local_.address;
        return (takes_v4(a) && takes_v4(b)) || (takes_v6(a) && takes_v6(b));
    }
    static bool shared(const Binding& a, const Binding& b) {
        return a.options_.reuse_port && b.options_.reuse_port && a.options_.user == b.options_.user;
    }
    /// SO_REUSEADDR lets several hold a port as long as none listens on it; of UDP sockets, always [socket(7), ip(7)].
    static bool conflict(const Binding& held, const Binding& by) {
        if (!overlap(held, by) || (shared(held, by) && !by.brings_group_)) return false;
        return !(held.options_.reuse_address && by.options_.reuse_address && !held.listening_);
    }

    std::array<Binding*, bucket_count> buckets_{};
};

namespace {

constinit std::array<Locked<PortTable, sync::Spin>, 3> tables;  // raw has none
auto& table_of(Transport transport) { return tables[static_cast<u32>(transport)]; }

bool may_bind(const Endpoint& local, const BindOptions& options) {
    auto& address = local.address;
    return options.free_bind || address.is_unspecified() || address.is_loopback() || address.is_multicast() ||
           address.is_limited_broadcast() || interface_with(address);
}

}  // namespace

Result<Owned<Binding>> Binding::create(Transport transport, const Endpoint& local, const BindOptions& options) {
    if (!may_bind(local, options)) return fail(Error::address_not_available);
    Owned<Binding> binding(new (std::nothrow) Binding(transport, local, options));
    if (!binding) return fail(Error::no_memory);
    if (transport == Transport::raw) return binding;
    if (!options.reuse_port) binding->options_.group = nullptr;
    else if (options.group) binding->brings_group_ = true;
    else binding->options_.group = TRY(make_shared<PortGroup>());
    Shared<PortGroup> former;  // goes without the lock
    u32 start = local.port ? 0 : static_cast<u32>(core::random_u64());
    TRY(table_of(transport).with([&](PortTable& table) -> Result<void> {
        u16 port = local.port ? local.port : table.choose(*binding, start);
        if (port == 0 || (local.port && table.taken(*binding, port))) return fail(Error::address_in_use);
        binding->local_.port = port;
        table.insert(*binding);
        if (transport == Transport::udp) former = table.join_group(*binding);
        return {};
    }));
    return binding;
}

Binding::~Binding() {
    if (transport_ == Transport::raw) return;
    table_of(transport_).with([&](PortTable& table) { table.remove(*this); });
}

Result<void> Binding::listen() {
    Shared<PortGroup> former;  // goes without the lock
    return table_of(transport_).with([&](PortTable& table) -> Result<void> {
        if (table.another_listens(*this)) return fail(Error::address_in_use);
        if (!std::exchange(listening_, true)) former = table.join_group(*this);
        return {};
    });
}

void Binding::set_reuse_address(bool reuse) {
    if (transport_ == Transport::raw) return;
    table_of(transport_).with([&](PortTable&) { options_.reuse_address = reuse; });
}

bool is_bound(Transport transport, u16 port) {
    return table_of(transport).with([&](PortTable& table) { return table.any(port); });
}

}  // namespace spore::net
