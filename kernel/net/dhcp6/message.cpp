// What a DHCPv6 client sends [RFC 8415 18.2].
#include "kernel/net/dhcp6/client.hpp"
#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/source.hpp"
#include "kernel/net/udp/own_port.hpp"

namespace spore::net::dhcp6 {

using wire::dhcp6::Type;
namespace option = wire::dhcp6::option;

namespace {

/// All servers and relays of the link [RFC 8415 7.1].
constexpr auto servers = IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2});

u32 write(Interface& interface, const Client::Work& work, MutableByteSpan into) {
    wire::dhcp6::Writer writer(into, *work.send, work.transaction);
    u8 identity[10] = {0, 3, 0, 1};  // by the link address: of Ethernet [11.4]
    std::memcpy(identity + 4, interface.mac().bytes.data(), 6);
    writer.option(option::client, bytes_of(identity));
    if (work.server_size) writer.option(option::server, std::span(work.server).first(work.server_size));
    be16 elapsed;
    elapsed = work.elapsed;
    writer.option(option::elapsed, bytes_of(elapsed));
    if (*work.send != Type::decline) {
        constexpr u8 wanted[] = {0, option::name_servers, 0, option::domains, 0, option::refresh_time};
        writer.option(option::wanted, std::as_bytes(std::span(wanted).first(*work.send == Type::information_request ? 6 : 4)));
    }
    if (*work.send == Type::information_request) return writer.size();
    wire::dhcp6::IdentityAssociation association{};
    association.identity = interface.index();
    auto begun = writer.begin(option::ia_na, bytes_of(association));
    if (work.address) {
        wire::dhcp6::AddressOption address{};
        std::memcpy(address.address, work.address->bytes().data(), sizeof address.address);
        writer.option(option::ia_address, bytes_of(address));
    }
    writer.end(begun);
    return writer.size();
}

}  // namespace

Client::Work Client::take_work() { return std::exchange(work_, {}); }

void Client::run(Interface& interface, const Work& work) {
    if (!work.check.is_unspecified()) detect_duplicates(interface, work.check);
    if (!work.send) return;
    // Until the link-local address is known to be ours alone, nobody could answer: it is asked again.
    auto source = source_on(interface, servers);
    if (!source.is_link_local()) return;
    auto allocated = memory::allocate_frames();
    if (!allocated) return count_drop(Drop::no_memory);
    auto frame = memory::FrameRef::adopt(*allocated);
    u32 size = write(interface, work, {frame.bytes(), page_size});
    udp::send_from_own_port(wire::dhcp6::client_port, {servers, wire::dhcp6::server_port, 0}, {.source = source, .interface = interface.index()}, std::move(frame), size);
}

}  // namespace spore::net::dhcp6
