#include "kernel/net/ip/path.hpp"

#include <algorithm>

#include "kernel/core/random.hpp"
#include "kernel/net/ip/generation.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/output.hpp"
#include "kernel/net/ip/path_mtu.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/ip/source.hpp"
#include "kernel/net/loopback.hpp"

namespace spore::net {

Path::Path() = default;
Path::Path(Path&&) noexcept = default;
Path& Path::operator=(Path&&) noexcept = default;
Path::~Path() = default;

namespace {

/// The interface for destinations that no route names: groups and the limited broadcast.
Interface* default_interface(bool v4) {
    if (auto route = find_route(v4 ? IpAddress::v4(0x01010101) : IpAddress::v6({0x20})); route) return interface(route->interface);
    for (u32 index = 2; auto* one = interface(index); ++index)
        if (one->up()) return one;
    return nullptr;
}

struct Hop {
    Interface* interface = nullptr;
    IpAddress address;  ///< of the next hop
    IpAddress source;   ///< the route's preference
    bool broadcast = false;
};

Result<Hop> find_hop(const IpAddress& destination, u32 wanted) {
    auto local = find_local(destination);
    if (local.kind == LocalKind::own || destination.is_loopback()) return Hop{&Interfaces::loopback(), destination};
    bool v4 = destination.is_v4();
    if (destination.is_multicast() || destination.is_limited_broadcast()) {
        auto* out = wanted ? interface(wanted) : default_interface(v4);
        if (!out) return fail(Error::network_unreachable);
        return Hop{out, destination, {}, destination.is_limited_broadcast()};
    }
    if (local.kind == LocalKind::broadcast) return Hop{interface(local.interface), destination, {}, true};
    if (destination.is_unspecified()) return fail(Error::network_unreachable);
    auto route = TRY(find_route(destination, wanted));
    return Hop{interface(route.interface), route.on_link() ? destination : route.gateway, route.source};
}

}  // namespace

Result<Path> Path::find(const IpAddress& destination, const PathHints& hints) {
    Path path;
    path.destination_ = destination;
    path.hints_ = hints;
    path.v4_ = destination.is_v4();
    TRY(path.look_up());
    return path;
}

/// Everything but the source, which stays once it is chosen: a conversation's addresses do not change.
Result<void> Path::look_up() {
    u32 current = net::generation();
    auto hop = TRY(find_hop(destination_, hints_.interface));
    if (hop.broadcast && !hints_.allow_broadcast) return fail(Error::access_denied);
    interface_ = hop.interface;
    neighbour_ = nullptr;
    if (!interface_->loopback()) {
        neighbour_ = TRY(neighbours::find(*interface_, hop.address, hop.broadcast));
    }
    if (generation_ == 0) {
        source_ = hints_.source;
        if (source_.is_unspecified() && !hop.source.is_unspecified()) source_ = hop.source;
        TRY(choose_source());
    }
    mtu_ = path_mtu::find(destination_, v4_ ? interface_->mtu() : interface_->mtu_v6());
    generation_ = current;
    return {};
}

Result<void> Path::choose_source() {
    if (hints_.any_source) {
        if (source_ == IpAddress() && v4_) source_ = IpAddress::any_v4();
        return {};
    }
    if (!source_.is_unspecified()) {
        if (!source_.same_family(destination_)) return fail(Error::network_unreachable);
        if (find_local(source_).kind != LocalKind::own && !source_.is_loopback()) return fail(Error::address_not_available);
        // What has left this machine from 127.0.0.1 would never be answered [RFC 1122 3.2.1.3 (g)].
        if (source_.is_loopback() && !interface_->loopback()) return fail(Error::invalid);
        return {};
    }
    // From one's own address to it; from 127.0.0.1 to the others of its network.
    source_ = interface_->loopback() && !destination_.is_multicast() && !(v4_ && destination_.is_loopback()) ? destination_ : source_for(*interface_, destination_);
    if (source_.is_unspecified()) return fail(v4_ ? Error::network_unreachable : Error::address_not_available);
    return {};
}

u16 Path::mtu() const {
    if (generation_ == net::generation()) [[likely]] return mtu_;
    return path_mtu::find(destination_, v4_ ? interface_->mtu() : interface_->mtu_v6());
}

inline u16 Path::mtu_for(const IpOptions& options) const {
    if (!options.by_interface && !options.largest) [[likely]] return mtu_;
    u16 taken = !options.by_interface ? mtu_ : v4_ ? interface_->mtu() : interface_->mtu_v6();
    return options.largest ? std::min(options.largest, taken) : taken;
}

u32 Path::max_segmented(device::Segmentation kind) const {
    auto& features = interface_->features();
    bool can = kind == device::Segmentation::tcp4   ? features.send_tcp4_segments
               : kind == device::Segmentation::tcp6 ? features.send_tcp6_segments
               : kind == device::Segmentation::udp  ? features.send_udp_segments
                                                    : false;
    if (!can || !features.send_checksum) return 0;
    u32 link = interface_->loopback() ? 0 : sizeof(wire::ethernet::Header);
    return std::min<u32>(features.max_send_size - link, 65535);
}

void Path::confirm() {
    if (neighbour_) neighbour_->confirm();
}

Result<void> Path::send(Owned<device::Packet> packet, const IpOptions& options) {
    if (generation_ != net::generation()) [[unlikely]] TRY(look_up());
    packet->mark(device::Layer::transport);
    u32 size = packet->size() + (v4_ ? u32{sizeof(wire::ipv4::Header)} : u32{sizeof(wire::ipv6::Header)});
    bool large = packet->segmentation != device::Segmentation::none ? size > max_segmented(packet->segmentation) : size > mtu_for(options);
    if (large || packet->headroom() < 64) [[unlikely]] return send_large(std::move(packet), options);
    send_one(std::move(packet), options);
    return {};
}

inline void Path::put_header(device::Packet& packet, const IpOptions& options) {
    if (v4_) {
        // A packet that is never cut needs no number [RFC 6864 4.1].
        u16 identification = options.dont_fragment ? 0 : static_cast<u16>(core::random_u64());
        ip::put_header_v4(packet, source_.v4_value(), destination_.v4_value(), options, identification,
                          options.dont_fragment ? wire::ipv4::dont_fragment : 0);
    } else {
        ip::put_header_v6(packet, source_, destination_, options, interface_->hop_limit_v6());
    }
}

inline void Path::pass_on(Owned<device::Packet> packet) {
    if (neighbour_) [[likely]] neighbour_->send(std::move(packet));
    else interface_->transmit(std::move(packet));
}

void Path::send_one(Owned<device::Packet> packet, const IpOptions& options) {
    if (packet->checksum == device::Checksum::partial && !interface_->features().send_checksum) ip::complete_checksum(*packet);
    put_header(*packet, options);
    pass_on(std::move(packet));
}

Result<void> Path::send_each(device::PacketList packets, const IpOptions& options) {
    while (auto packet = packets.pop_front()) send_one(std::move(packet), options);
    return {};
}

/// What does not leave as it is: too large, or without room for headers.
Result<void> Path::send_large(Owned<device::Packet> packet, const IpOptions& options) {
    if (packet->headroom() < 64) {
        packet->mark(device::Layer::network);
        return send(TRY(ip::with_headroom(*packet)), options);
    }
    if (packet->segmentation != device::Segmentation::none)
        return send_each(TRY(ip::segment(std::move(packet), source_, destination_)), options);
    if (!options.allow_fragments || (v4_ && options.dont_fragment)) return fail(Error::message_too_long);
    if (packet->size() > 65535 - sizeof(wire::ipv4::Header)) return fail(Error::message_too_long);
    if (packet->checksum == device::Checksum::partial) ip::complete_checksum(*packet);  // a device sees one fragment only
    auto whole = options;
    if (!v4_ && whole.hop_limit == 0) whole.hop_limit = interface_->hop_limit_v6();
    auto fragments = TRY(ip::fragment(std::move(packet), source_, destination_, whole, mtu_for(options)));
    while (auto one = fragments.pop_front()) pass_on(std::move(one));
    return {};
}

Result<void> Path::send_with_header(Owned<device::Packet> packet) {
    if (generation_ != net::generation()) TRY(look_up());
    if (packet->size() > mtu_) return fail(Error::message_too_long);
    packet->mark(device::Layer::network);
    pass_on(std::move(packet));
    return {};
}

void Path::send_to_self(Owned<device::Packet> packet, const IpOptions& options) {
    if (packet->headroom() < sizeof(wire::ipv6::Header)) return count_drop(Drop::no_memory);
    packet->mark(device::Layer::transport);
    put_header(*packet, options);
    deliver_here(std::move(packet), *interface_);
}

}  // namespace spore::net
