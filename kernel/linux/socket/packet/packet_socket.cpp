#include "kernel/linux/socket/packet/packet_socket.hpp"

#include "arch/user_memory.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/family.hpp"
#include "kernel/linux/socket/packet/address.hpp"
#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/linux/socket/inet/interface_view.hpp"
#include "kernel/linux/uapi/packet.hpp"

namespace spore::linux {

namespace link = net::link;
using fs::Ready;

namespace {

constexpr SocketFamily family{family_packet, &PacketSocket::create};

SocketAddress to_socket_address(const link::Address& from) {
    auto told = to_link_address(from);
    SocketAddress address;
    std::memcpy(address.bytes, &told, sizeof told);
    address.size = sizeof told;
    return address;
}

Result<link::Address> from_socket_address(const SocketAddress& address) {
    constexpr u32 least = 12;  // the link address may be shorter
    LinkAddress told{};
    if (address.size < least || address.family() != family_packet) return fail(Error::invalid);
    std::memcpy(&told, address.bytes, std::min<u32>(address.size, sizeof told));
    link::Address result{.interface = static_cast<u32>(told.interface), .protocol = told.protocol, .kind = {}, .mac = {}};
    std::memcpy(result.mac.bytes.data(), told.address, result.mac.bytes.size());
    return result;
}

}  // namespace

LinkAddress to_link_address(const link::Address& from) {
    auto* interface = net::interface(from.interface);
    LinkAddress told{.family = family_packet, .protocol = {}, .interface = static_cast<i32>(from.interface),
                     .hardware_type = interface ? hardware_type(*interface) : u16{0}, .kind = static_cast<u8>(from.kind), .address_size = 6, .address = {}};
    told.protocol = from.protocol;
    std::memcpy(told.address, from.mac.bytes.data(), from.mac.bytes.size());
    return told;
}

void register_packet_family() { register_family(family); }

Result<Shared<Socket>> PacketSocket::create(u16 type, i32 protocol, fs::OpenMode mode) {
    if (!current_task().process().credentials().may(Capability::net_raw)) return fail(Error::not_permitted);
    if (type != socket_raw && type != socket_datagram) return fail(Error::socket_type_not_supported);
    auto number = __builtin_bswap16(static_cast<u16>(protocol));  // programs give it as it is on the wire
    auto socket = TRY(make_shared<PacketSocket>(family_packet, type, static_cast<u16>(protocol), mode));
    socket->endpoint_ = TRY(link::Socket::create(type == socket_raw ? link::Headers::seen : link::Headers::hidden, number, socket.get()));
    socket->endpoint_->set_owner(socket->number());
    return Shared<Socket>(std::move(socket));
}

PacketSocket::~PacketSocket() {
    if (endpoint_) endpoint_->close();
}

Result<void> PacketSocket::bind(const SocketAddress& address) {
    auto wanted = TRY(from_socket_address(address));
    return endpoint_->bind(wanted.interface, wanted.protocol ? wanted.protocol : endpoint_->local().protocol);
}

Result<SocketAddress> PacketSocket::name() {
    auto local = endpoint_->local();
    if (auto* interface = net::interface(local.interface)) local.mac = interface->mac();
    return to_socket_address(local);
}

Result<u64> PacketSocket::send(SendRequest& request) {
    if (request.flags & msg_oob) return fail(Error::not_supported);
    link::Address to;
    if (request.to) to = TRY(from_socket_address(*request.to));
    BufferSource source(request.data);
    return endpoint_->send(source, request.data.remaining(), request.to ? &to : nullptr);
}

Result<u64> PacketSocket::receive(ReceiveRequest& request) {
    if (request.flags & msg_errqueue) return fail(Error::would_block);
    BufferSink sink(request.data);
    u64 room = request.data.remaining();
    auto peek = request.flags & msg_peek ? link::Socket::Peek::yes : link::Socket::Peek::no;
    auto received = TRY(wait_at_socket(source_, Ready::in, receive_deadline(request.flags), [&] { return endpoint_->receive(sink, room, peek); }));
    request.from = to_socket_address(received.from);
    u64 copied = std::min<u64>(received.size, room);
    if (received.size > room) request.result_flags |= msg_trunc;
    TRY(put_timestamp(request, received.at));
    TRY(put_drops(request, received.drops));
    if (request.control && auxiliary_.load(std::memory_order_relaxed)) {
        constexpr u32 user = 1;  // TP_STATUS_USER
        PacketAuxiliary told{.status = user, .size = received.whole, .copied = received.size, .link_at = 0,
                             .network_at = static_cast<u16>(type() == socket_raw ? 14 : 0), .vlan = 0, .vlan_protocol = 0};
        TRY(request.control->put(level_packet, packet_auxiliary, bytes_of(told), request.result_flags));
    }
    return request.flags & msg_trunc ? received.size : copied;
}

Result<u64> PacketSocket::get_option(i32 level, i32 name, MutableByteSpan value) {
    if (level != level_packet) return Socket::get_option(level, name, value);
    Guard guard(ring_mutex_);
    switch (name) {
    case packet_auxiliary: return give_option(value, auxiliary_.load(std::memory_order_relaxed));
    case packet_version: return give_option(value, static_cast<i32>(version_));
    case packet_reserve: return give_option(value, static_cast<i32>(reserve_));
    case packet_header_size: {  // of the version that the program put there
        constexpr i32 sizes[] = {32, sizeof(RingFrame2), sizeof(RingFrame3)};
        i32 version = TRY(option_number(value));
        if (version < 0 || static_cast<std::size_t>(version) >= std::size(sizes)) return fail(Error::invalid);
        return give_option(value, sizes[version]);
    }
    case packet_statistics: {
        auto counted = endpoint_->take_statistics();
        const u32 all[] = {counted.received + counted.dropped, counted.dropped, 0};  // and how often the queue froze
        return give_option(value, std::as_bytes(std::span(all).first(version_ == PacketVersion::three ? 3 : 2)));
    }
    default: return fail(Error::no_protocol_option);
    }
}

Result<void> PacketSocket::set_ring(ByteSpan value) {
    PacketRing::Shape shape{.version = version_, .reserve = reserve_, .headers = type() == socket_raw ? link::Headers::seen : link::Headers::hidden};
    u64 size = version_ == PacketVersion::three ? sizeof shape.request : offsetof(RingRequest, timeout_ms);
    if (value.size() < size) return fail(Error::invalid);
    std::memcpy(&shape.request, value.data(), size);
    if (shape.request.block_count == 0) {
        if (shape.request.frame_count) return fail(Error::invalid);
        endpoint_->set_tap(nullptr);
        shown_ring_.with([](PacketRing*& ring) { ring = nullptr; });
        ring_ = nullptr;
        return {};
    }
    if (ring_) return fail(Error::busy);
    ring_ = TRY(PacketRing::create(shape, *this));
    shown_ring_.with([&](PacketRing*& ring) { ring = ring_.get(); });
    endpoint_->set_tap(ring_.get());
    return {};
}

Result<Shared<memory::MappedObject>> PacketSocket::map(fs::MapWrites) {
    Guard guard(ring_mutex_);
    if (!ring_) return fail(Error::invalid);
    return ring_->object();
}

Ready PacketSocket::ready() {
    auto ready = static_cast<Ready>(endpoint_->ready());
    return shown_ring_.with([&](PacketRing* ring) {
        if (!ring) return ready;
        return (ready & Ready::out) | (ring->readable() ? Ready::in : Ready::none);
    });
}

Result<void> PacketSocket::set_option(i32 level, i32 name, ByteSpan value) {
    if (level != level_packet) return Socket::set_option(level, name, value);
    switch (name) {
    case packet_add_membership:
    case packet_drop_membership: {
        auto wanted = TRY(value_as<LinkMembership>(value));
        // A single group's frames come with all others.
        return endpoint_->set_promiscuous(static_cast<u32>(wanted.interface), name == packet_add_membership);
    }
    case packet_auxiliary: auxiliary_.store(TRY(option_number(value)) != 0, std::memory_order_relaxed); return {};
    case packet_original_device: return {};  // there are no devices below other devices
    case packet_version:
    case packet_reserve: {
        auto number = static_cast<u32>(TRY(option_number(value)));
        Guard guard(ring_mutex_);
        if (ring_) return fail(Error::busy);
        if (name == packet_version) {
            if (number > static_cast<u32>(PacketVersion::three)) return fail(Error::invalid);
            version_ = static_cast<PacketVersion>(number);
        } else {
            if (static_cast<i32>(number) < 0) return fail(Error::invalid);
            reserve_ = number;
        }
        return {};
    }
    case packet_receive_ring: {
        Guard guard(ring_mutex_);
        return set_ring(value);
    }
    default: return fail(Error::no_protocol_option);
    }
}

Result<void> PacketSocket::option_set(i32 name) {
    if (name == so_receive_buffer || name == so_receive_buffer_force) endpoint_->set_receive_buffer(options().receive_buffer);
    if (name == so_tell_drops) endpoint_->set_tells_drops(is_on(so_tell_drops));
    if (name == so_attach_filter || name == so_detach_filter) endpoint_->set_filter(options().filter);
    return {};
}

Result<u64> PacketSocket::ioctl(u32 request, u64 argument) {
    constexpr u32 bytes_to_read = 0x541b;  // SIOCINQ
    if (request != bytes_to_read) return interface_ioctl(request, argument, family_packet);
    i32 told = static_cast<i32>(endpoint_->receivable());
    TRY(arch::copy_to_program(VirtAddr{argument}, &told, sizeof told));
    return 0;
}

}  // namespace spore::linux
