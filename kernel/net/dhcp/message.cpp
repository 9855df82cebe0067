// What a DHCP client sends [RFC 2131 4.4.1, table 5].
#include "kernel/net/dhcp/client.hpp"
#include "kernel/net/ip/arp.hpp"
#include "kernel/net/udp/own_port.hpp"

namespace spore::net::dhcp {

namespace {

using wire::dhcp::Type;
namespace option = wire::dhcp::option;

/// In the order of [RFC 3442]: classless routes before the router.
constexpr u8 wanted[] = {option::subnet_mask, option::classless_routes, option::router, option::name_server, option::domain_name, option::domain_search,
                         option::mtu, option::lease_time, option::server, option::renewal_time, option::rebinding_time};

void write_host_name(wire::dhcp::Writer& writer, std::string_view name) {
    if (name.empty() || !wire::dhcp::is_domain_name(name)) return;
    if (name.find('.') == name.npos) return writer.option(option::host_name, std::as_bytes(std::span(name)));
    // A full name goes with its own option, and then without the short one [RFC 4702 3.1]: flags (the server updates the DNS; ASCII), two
    // bytes of nothing, the name.
    std::byte bytes[3 + 64] = {std::byte{1}};
    auto size = name.copy(reinterpret_cast<char*>(bytes) + 3, 64);
    writer.option(option::full_name, std::span(bytes).first(3 + size));
}

}  // namespace

u32 Client::write(const Work& work, MutableByteSpan into) const {
    wire::dhcp::Header header{};
    header.operation = wire::dhcp::request;
    header.hardware_type = wire::dhcp::ethernet;
    header.hardware_size = 6;
    header.transaction = work.transaction;
    header.seconds = work.seconds;
    // Without an address, unicast might not reach this host.
    if (work.ciaddr == 0 && *work.send != Type::decline) header.flags = wire::dhcp::flag_broadcast;
    header.client = work.ciaddr;
    auto& mac = interface_.mac().bytes;
    std::memcpy(header.hardware, mac.data(), mac.size());
    header.cookie = wire::dhcp::magic;

    wire::dhcp::Writer writer(into, header);
    u8 type = static_cast<u8>(*work.send);
    writer.option(option::type, bytes_of(type));
    u8 identity[7] = {wire::dhcp::ethernet};
    std::memcpy(identity + 1, mac.data(), mac.size());
    writer.option(option::client, bytes_of(identity));
    if (work.requested) writer.number32(option::requested_address, work.requested);
    if (work.server && !work.unicast) writer.number32(option::server, work.server);
    if (*work.send != Type::decline) {
        be16 most;
        most = static_cast<u16>(interface_.mtu() - 28);
        writer.option(option::max_size, bytes_of(most));
        writer.option(option::parameters, bytes_of(wanted));
        write_host_name(writer, host_name_);
    }
    return writer.finish();
}

void Client::run(const Work& work) const {
    if (work.probe) arp::probe(interface_, work.probe);
    if (work.announce) arp::announce(interface_, work.announce);
    if (!work.send) return;
    auto allocated = memory::allocate_frames();
    if (!allocated) return count_drop(Drop::no_memory);
    auto frame = memory::FrameRef::adopt(*allocated);
    u32 size = write(work, {frame.bytes(), page_size});
    Endpoint server{work.unicast ? IpAddress::v4(work.server) : IpAddress::v4(~u32{0}), wire::dhcp::server_port, 0};
    udp::send_from_own_port(wire::dhcp::client_port, server,
                            {.source = IpAddress::v4(work.ciaddr), .interface = interface_.index(), .allow_broadcast = true, .any_source = true},
                            std::move(frame), size);
}

}  // namespace spore::net::dhcp
