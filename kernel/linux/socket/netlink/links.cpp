// Interfaces and their addresses, as `ip link` and `ip address` ask for them.
#include "kernel/linux/socket/inet/interface_view.hpp"
#include "kernel/linux/socket/netlink/message.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux::netlink {

namespace {

Result<void> add_link(const Request& request, const net::Interface& interface, Answers& answers) {
    auto message = request.answer(new_link);
    message.put(LinkMessage{.family = 0, .padding = 0, .type = hardware_type(interface), .index = static_cast<i32>(interface.index()),
                            .flags = flags_of(interface), .change = 0});
    message.text(link_name, interface.name());
    message.attribute(link_queue_length, u32{1000});
    // IF_OPER_UP, IF_OPER_DOWN; the loopback does not know [RFC 2863].
    message.attribute(link_state, static_cast<u8>(interface.loopback() ? 0 : interface.up() ? 6 : 2));
    message.attribute(link_mode, u8{0});
    message.attribute(link_mtu, u32{interface.mtu()});
    message.attribute(link_group, u32{0});
    u32 queues = interface.device() ? interface.device()->queue_pairs() : 1;
    message.attribute(link_send_queues, queues);
    message.attribute(link_receive_queues, queues);
    message.attribute(link_carrier, static_cast<u8>(interface.up()));
    message.text(link_queue, interface.loopback() ? "noqueue" : "fifo");
    auto mac = interface.mac();
    message.attribute(link_address, mac.bytes);
    std::array<u8, 6> broadcast{};
    if (!interface.loopback()) broadcast.fill(0xff);
    message.attribute(link_broadcast, broadcast);
    auto sum = counters_of(interface);
    LinkStatistics statistics{};
    statistics.packets_received = sum.packets_received, statistics.packets_sent = sum.packets_sent;
    statistics.bytes_received = sum.bytes_received, statistics.bytes_sent = sum.bytes_sent;
    statistics.receive_errors = sum.receive_errors, statistics.receive_dropped = sum.receive_no_memory, statistics.send_dropped = sum.send_queue_full;
    message.attribute(link_statistics64, statistics);
    return answers.add(message.finish());
}

u8 scope_of(const net::IpAddress& address) {
    return address.is_loopback() ? scope_host : address.is_link_local() ? scope_link : scope_universe;
}

u32 seconds_until(Instant end) {
    constexpr u32 forever = ~u32{0};
    if (end == Instant::never()) return forever;
    auto left = end - time::now();
    return left.nanoseconds <= 0 ? 0 : static_cast<u32>(left.nanoseconds / 1'000'000'000);
}

Result<void> add_address(const Request& request, const net::Interface& interface, const net::InterfaceAddress& entry, Answers& answers) {
    bool v4 = entry.address.is_v4();
    auto message = request.answer(new_address);
    u8 flags = static_cast<u8>((entry.tentative ? address_tentative : 0) | (entry.deprecated ? address_deprecated : 0) |
                               (entry.valid_until == Instant::never() ? address_permanent : 0));
    message.put(AddressMessage{.family = static_cast<u8>(v4 ? family_inet : family_inet6),
                               .prefix_length = static_cast<u8>(v4 ? entry.prefix_length - 96 : entry.prefix_length), .flags = flags,
                               .scope = scope_of(entry.address), .index = interface.index()});
    message.address(address_address, entry.address);
    if (v4) {
        message.address(address_local, entry.address);
        if (!interface.loopback()) message.address(address_broadcast, net::IpAddress::v4(entry.address.v4_value() | ~v4_mask(entry)));
        message.text(address_label, interface.name());
    }
    message.attribute(address_flags, u32{flags});
    message.attribute(address_cache, AddressCache{seconds_until(entry.preferred_until), seconds_until(entry.valid_until), 0, 0});
    return answers.add(message.finish());
}

}  // namespace

Result<void> answer_links(const Request& request, Answers& answers) {
    if (request.dump()) {
        Result<void> result;
        for_each_interface([&](const net::Interface& interface) {
            if (result) result = add_link(request, interface, answers);
        });
        return result;
    }
    LinkMessage wanted{};
    if (request.body.size() < sizeof wanted) return fail(Error::invalid);
    std::memcpy(&wanted, request.body.data(), sizeof wanted);
    auto* interface = net::interface(static_cast<u32>(wanted.index));
    if (!interface) {
        auto name = request.attribute(sizeof wanted, link_name);
        auto* text = reinterpret_cast<const char*>(name.data());
        interface = name.empty() ? nullptr : net::find_interface({text, strnlen(text, name.size())});
    }
    if (!interface) return fail(Error::no_device);
    return add_link(request, *interface, answers);
}

Result<void> answer_addresses(const Request& request, Answers& answers) {
    if (!request.dump()) return fail(Error::not_supported);
    Result<void> result;
    u8 family = request.family();
    for_each_interface([&](const net::Interface& interface) {
        for_each_address(interface, [&](const net::InterfaceAddress& entry) {
            if (family != 0 && family != (entry.address.is_v4() ? family_inet : family_inet6)) return;
            if (result) result = add_address(request, interface, entry, answers);
        });
    });
    return result;
}

}  // namespace spore::linux::netlink
