#include "kernel/net/link/socket.hpp"

#include <algorithm>

#include "kernel/net/payload.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net::link {

namespace ethernet = wire::ethernet;

/// All of them, and how many want to hear the interfaces at all.
struct Sockets {
    Socket* first = nullptr;

    /// Interfaces are looked at where a socket wants their frames.
    void mark_interfaces() const {
        for (u32 index = 1; auto* one = interface(index); ++index) {
            bool wanted = false;
            for (auto* socket = first; socket; socket = socket->next_) {
                Guard guard(socket->lock_);
                wanted |= socket->local_.protocol && (socket->local_.interface == 0 || socket->local_.interface == index);
            }
            one->set_watched(wanted);
        }
    }
    template <typename F>
    void for_each(F&& visit) const {
        for (auto* socket = first; socket; socket = socket->next_) visit(*socket);
    }
    /// A copy to everybody who wants it; `header`: bytes of the link header.
    void give(const device::Packet& packet, u32 header, const Address& from) const {
        for_each([&](Socket& socket) {
            auto wanted = socket.local();
            if (wanted.interface && wanted.interface != from.interface) return;
            if (wanted.protocol != every_protocol && (from.kind == Kind::outgoing || wanted.protocol != from.protocol)) return;
            socket.take(packet, header, from);
        });
    }
    u32 promiscuous() const {
        u32 all = 0;
        for (auto* socket = first; socket; socket = socket->next_) all |= socket->promiscuous_;
        return all;
    }
};

namespace {
constinit Locked<Sockets, sync::Spin> sockets;

/// A device whose last watcher of others' frames went, or whose first came, is told. Under the sockets' lock.
void tell_devices(const Sockets& all, u32 before) {
    u32 changed = before ^ all.promiscuous();
    for (u32 index = 1; auto* one = interface(index); ++index)
        if ((changed >> index & 1) && one->device()) one->device()->set_promiscuous(!(before >> index & 1));
}
}  // namespace

Result<Shared<Socket>> Socket::create(Headers headers, u16 protocol, EndpointListener* listener) {
    auto socket = TRY(make_shared<Socket>(headers, listener));
    socket->local_.protocol = protocol;
    sockets.with([&](Sockets& all) {
        socket->next_ = std::exchange(all.first, socket.get());
        socket->listed_ = true;
        all.mark_interfaces();
    });
    return socket;
}

void Socket::close() {
    device::PacketList waiting;  // freed without the locks
    sockets.with([&](Sockets& all) {
        if (!std::exchange(listed_, false)) return;
        auto** at = &all.first;
        u32 before = all.promiscuous();
        while (*at != this) at = &(*at)->next_;
        *at = next_;
        tell_devices(all, before);
        all.mark_interfaces();
    });
    Guard guard(lock_);
    closed_ = true;
    readiness_.set_listener(nullptr);
    waiting.append(received_);
}

Result<void> Socket::bind(u32 index, u16 protocol) {
    if (index && !interface(index)) return fail(Error::no_device);
    sockets.with([&](Sockets& all) {
        {
            Guard guard(lock_);
            local_.interface = index;
            local_.protocol = protocol;
        }
        all.mark_interfaces();
    });
    return {};
}

Address Socket::local() const {
    Guard guard(lock_);
    return local_;
}

Result<void> Socket::set_promiscuous(u32 index, bool on) {
    if (!interface(index)) return fail(Error::no_device);
    return sockets.with([&](Sockets& all) -> Result<void> {
        u32 before = all.promiscuous(), bit = u32{1} << index;
        if (!on && !(promiscuous_ & bit)) return fail(Error::address_not_available);
        promiscuous_ = on ? promiscuous_ | bit : promiscuous_ & ~bit;
        tell_devices(all, before);
        return {};
    });
}

void Socket::set_receive_buffer(u32 bytes) {
    Guard guard(lock_);
    receive_buffer_ = bytes;
}

Statistics Socket::take_statistics() {
    Guard guard(lock_);
    return std::exchange(statistics_, {});
}

Result<u64> Socket::send(ByteSource& from, u64 size, const Address* to) {
    auto where = to ? *to : local();
    auto* out = interface(where.interface);
    if (!out) return fail(Error::no_such_device_address);
    if (!out->up()) return fail(Error::network_down);
    u32 header = headers_ == Headers::seen ? u32{sizeof(ethernet::Header)} : 0;
    if (size > out->mtu() + header) return fail(Error::message_too_long);
    if (size < header) return fail(Error::invalid);
    auto packet = TRY(packet_with_payload(from, static_cast<u32>(size), sizeof(ethernet::Header)));
    packet->mark(device::Layer::link);
    if (headers_ == Headers::hidden) {
        auto& link = *reinterpret_cast<ethernet::Header*>(packet->push(sizeof(ethernet::Header)).data());
        std::memcpy(link.destination, where.mac.bytes.data(), sizeof link.destination);
        std::memcpy(link.source, out->mac().bytes.data(), sizeof link.source);
        link.type = where.protocol;
    }
    TRY(packet->gather(sizeof(ethernet::Header)));
    if (out->loopback()) packet->pop(sizeof(ethernet::Header));  // which has none within
    out->transmit(std::move(packet));
    return size;
}

namespace {
/// The memory that a waiting packet holds.
u32 footprint(const device::Packet& packet) { return static_cast<u32>(sizeof packet + packet.slices().size() * page_size); }
}  // namespace

void Socket::set_tap(Tap* tap) {
    Guard guard(lock_);
    tap_ = tap;
}

void Socket::set_tells_drops(bool tells) {
    Guard guard(lock_);
    tells_drops_ = tells;
}

void Socket::set_filter(Shared<const Filter> filter) {
    Guard guard(lock_);
    std::swap(filter_, filter);  // the old one goes without the lock
}

/// How many bytes the filter lets through; 0: it does not want it.
u32 Socket::wanted_of(const device::Packet& packet, u32 header, const Address& from) const {
    Shared<const Filter> filter;
    {
        Guard guard(lock_);
        if (!filter_) [[likely]] return ~u32{0};
        filter = filter_;
    }
    return filter->run(FilteredPacket(packet, {.shown = headers_ == Headers::hidden ? header : 0, .network = static_cast<i32>(header), .link = 0,
                                               .interface = interface(from.interface), .protocol = from.protocol, .kind = static_cast<u8>(from.kind)}));
}

/// False when there is none.
bool Socket::tapped(const Arrived& arrived) {
    auto& packet = arrived.packet;
    Guard guard(lock_);
    if (!tap_) return false;
    if (closed_) return true;
    auto at = packet.received_at == Instant{} ? time::now() : packet.received_at;
    auto outcome = tap_->take(packet, headers_ == Headers::hidden ? arrived.header : 0, arrived.header, arrived.most, arrived.from, at);
    ++(outcome == Tap::Outcome::dropped ? statistics_.dropped : statistics_.received);
    if (outcome == Tap::Outcome::shown) readiness_.change(Ready::in);
    return true;
}

void Socket::take(const device::Packet& packet, u32 header, const Address& from) {
    // What a filter refuses is counted nowhere: the program does not want to know [linux: packet_rcv].
    u32 most = wanted_of(packet, header, from);
    if (most == 0 || tapped({packet, header, most, from})) return;
    auto copy = packet.clone();
    if (!copy) return count_drop(Drop::no_memory);
    if (headers_ == Headers::hidden) (*copy)->pop(header);
    u32 whole = (*copy)->size();
    (*copy)->truncate(most);
    u32 size = footprint(**copy);
    (*copy)->note<Waiting>() = {from, whole, 0};
    if ((*copy)->received_at == Instant{}) (*copy)->received_at = time::now();
    Guard guard(lock_);
    if (closed_ || (footprint_ + size > receive_buffer_ && !received_.empty())) {
        ++statistics_.dropped;
        ++drops_;
        return;
    }
    if (tells_drops_) (*copy)->note<Waiting>().drops = drops_;
    ++statistics_.received;
    footprint_ += size;
    received_.push_back(std::move(*copy));
    readiness_.change(Ready::in);
}

Result<Received> Socket::receive(ByteSink& into, u64 size, Peek peek) {
    Owned<device::Packet> first;
    {
        Guard guard(lock_);
        if (received_.empty()) return fail(Error::would_block);
        if (peek == Peek::yes) first = TRY(received_.first()->clone());
        else first = received_.pop_front();
        if (peek == Peek::no) footprint_ -= footprint(*first);
        if (received_.empty()) readiness_.change(Ready::none, Ready::in);
    }
    auto& waiting = first->note<Waiting>();
    Received result{.from = waiting.from, .size = first->size(), .whole = waiting.whole, .drops = waiting.drops, .at = first->received_at};
    Result<void> copied{};
    first->for_each_piece(0, static_cast<u32>(std::min<u64>(size, result.size)), [&](ByteSpan bytes) {
        if (copied) copied = into.put(bytes);
    });
    if (!copied) return fail(copied.error());
    return result;
}

u64 Socket::receivable() const {
    Guard guard(lock_);
    return received_.empty() ? 0 : received_.first()->size();
}

Socket::Summary Socket::summary() const {
    Guard guard(lock_);
    return {headers_, local_.protocol, local_.interface, footprint_, inode_};
}

void for_each(void (*visit)(void* context, const Socket::Summary& summary), void* context) {
    sockets.with([&](Sockets& all) { all.for_each([&](Socket& socket) { visit(context, socket.summary()); }); });
}

namespace {

Kind kind_of(const ethernet::Header& header, const Interface& interface) {
    constexpr u8 everybody[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (ethernet::is_group(header.destination)) return std::equal(everybody, everybody + 6, header.destination) ? Kind::broadcast : Kind::group;
    return std::equal(header.destination, header.destination + 6, interface.mac().bytes.data()) ? Kind::own : Kind::other;
}

}  // namespace

void offer(const device::Packet& packet, Interface& interface, bool outgoing) {
    Address from{.interface = interface.index(), .protocol = 0, .kind = outgoing ? Kind::outgoing : Kind::own, .mac = {}};
    u32 header = 0;
    Owned<device::Packet> with_header;
    const device::Packet* shown = &packet;
    if (interface.loopback()) {
        // Programs see an Ethernet header of zeros there [linux: drivers/net/loopback.c].
        if (packet.head().empty()) return;
        from.protocol = static_cast<u8>(packet.head()[0]) >> 4 == 4 ? ethernet::type_ipv4 : ethernet::type_ipv6;
        auto copy = packet.clone();
        if (!copy || !(*copy)->ensure_headroom(sizeof(ethernet::Header))) return count_drop(Drop::no_memory);
        with_header = std::move(*copy);
        auto& link = *reinterpret_cast<ethernet::Header*>(with_header->push(sizeof(ethernet::Header)).data());
        link = {};
        link.type = from.protocol;
        header = sizeof link;
        shown = with_header.get();
    } else {
        auto frame = ethernet::parse(packet.head());
        if (!frame) return;
        from.protocol = frame->type;
        if (!outgoing) from.kind = kind_of(*frame->header, interface);
        std::memcpy(from.mac.bytes.data(), frame->header->source, 6);
        header = frame->header_size;
    }
    sockets.with([&](Sockets& all) { all.give(*shown, header, from); });
}

}  // namespace spore::net::link
