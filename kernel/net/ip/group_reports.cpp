#include "kernel/net/ip/group_reports.hpp"

#include <algorithm>

#include "kernel/core/random.hpp"
#include "kernel/net/chores.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/ip/source.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/group_reports.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::group_reports {

namespace {

namespace igmp = wire::igmp;
namespace mld = wire::mld;

constexpr IpAddress group_v6(u8 last) { return IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}); }
constexpr auto all_hosts_v4 = IpAddress::v4(0xe0000001), all_routers_v4 = IpAddress::v4(0xe0000002), reports_v4 = IpAddress::v4(0xe0000016);
constexpr auto all_nodes_v6 = group_v6(1), all_routers_v6 = group_v6(2), reports_v6 = group_v6(0x16);

/// A change is told twice, in case one report is lost: the second within this time [RFC 3376 8.1, 8.11].
constexpr Duration repeat_within = Duration::seconds(1);

/// Everybody is in the group of all; groups of scope 1 or less do not leave the host [RFC 3376 6, 3810 6].
bool is_told(const IpAddress& group) {
    if (group.is_v4()) return group != all_hosts_v4;
    return group != all_nodes_v6 && (group.bytes()[1] & 0xf) > 1;
}

Duration random_up_to(Duration most) {
    return most.nanoseconds ? Duration::ns(static_cast<i64>(core::random_u64() % static_cast<u64>(most.nanoseconds))) : Duration{};
}

template <typename Message>
void append(device::Packet& packet, const Message& message) {
    std::memcpy(packet.append(sizeof message).data(), &message, sizeof message);
}

/// With the router alert option in a header of its own making, so that routers look at it [RFC 2113].
void send_v4(Interface& interface, const IpAddress& to, Owned<device::Packet> packet) {
    auto path = Path::find(to, {.source = source_on(interface, to), .interface = interface.index(), .any_source = true});
    if (!path) return count_drop(Drop::no_route);
    constexpr u32 alert = 0x9404'0000, size = sizeof(wire::ipv4::Header) + sizeof alert;
    u16 checksum = wire::checksum_of(packet->head());
    reinterpret_cast<igmp::Message*>(packet->head().data())->checksum = checksum;
    auto bytes = packet->push(size);
    auto& header = *reinterpret_cast<wire::ipv4::Header*>(bytes.data());
    header = {.version_and_size = 0x40 | size / 4, .traffic_class = 0xc0, .total_size = {}, .identification = {}, .fragment = {}, .hop_limit = 1,
              .protocol = igmp::protocol, .checksum = {}, .source = {}, .destination = {}};
    header.total_size = static_cast<u16>(packet->size());
    header.fragment = wire::ipv4::dont_fragment;
    header.source = path->source().v4_value();
    header.destination = to.v4_value();
    *reinterpret_cast<be32*>(bytes.data() + sizeof header) = alert;
    header.checksum = wire::checksum_of(bytes);
    (void)path->send_with_header(std::move(packet));  // a report that is lost is told again when a router asks
}

/// The same for IPv6 [RFC 2711, 3810 5].
void send_v6(Interface& interface, const IpAddress& to, Owned<device::Packet> packet) {
    auto source = source_on(interface, to);
    if (!source.is_link_local()) source = {};  // before there is one, reports come from nobody [RFC 3590 4]
    auto path = Path::find(to, {.source = source, .interface = interface.index(), .any_source = true});
    if (!path) return count_drop(Drop::no_route);
    wire::InternetSum sum(pseudo_header_sum(path->source(), to, wire::ipv6::icmp, packet->size()));
    sum.add(packet->head());
    u16 checksum = sum.checksum();
    reinterpret_cast<mld::Message*>(packet->head().data())->checksum = checksum;
    constexpr u8 options[] = {wire::ipv6::icmp, 0, 5, 2, 0, 0, 1, 0};  // the next header, 8 bytes; router alert: MLD; padding
    std::memcpy(packet->push(sizeof options).data(), options, sizeof options);
    (void)path->send(std::move(packet), {.protocol = wire::ipv6::hop_by_hop, .hop_limit = 1});
}

/// `change`: a record's kind; for the older versions only whether the group is left means something.
void send(Interface& interface, const IpAddress& group, u8 change, u8 version) {
    bool leaves = change == wire::to_include;
    auto made = device::Packet::create();
    if (!made) return count_drop(Drop::no_memory);
    auto packet = std::move(*made);
    if (group.is_v4()) {
        be32 address;
        address = group.v4_value();
        if (version >= 3) {
            be16 one;
            one = 1;
            append(*packet, igmp::Report3{.type = igmp::report_3, .reserved = 0, .checksum = {}, .reserved2 = {}, .records = one, .change = change, .auxiliary = 0,
                                          .sources = {}, .group = address});
            return send_v4(interface, reports_v4, std::move(packet));
        }
        if (leaves && version < 2) return;  // version 1 knows no leaving
        u8 type = leaves ? igmp::leave_2 : version < 2 ? igmp::report_1 : igmp::report_2;
        append(*packet, igmp::Message{.type = type, .response_code = 0, .checksum = {}, .group = address});
        return send_v4(interface, leaves ? all_routers_v4 : group, std::move(packet));
    }
    if (version >= 2) {
        be16 one;
        one = 1;
        mld::Report2 report{.type = mld::report_2, .reserved = 0, .checksum = {}, .reserved2 = {}, .records = one, .change = change, .auxiliary = 0, .sources = {}, .group = {}};
        std::memcpy(report.group, group.bytes().data(), sizeof report.group);
        append(*packet, report);
        return send_v6(interface, reports_v6, std::move(packet));
    }
    mld::Message message{.type = leaves ? mld::done_1 : mld::report_1, .code = 0, .checksum = {}, .response_code = {}, .reserved = {}, .group = {}};
    std::memcpy(message.group, group.bytes().data(), sizeof message.group);
    append(*packet, message);
    send_v6(interface, leaves ? all_routers_v6 : group, std::move(packet));
}

u8 newest_version(const IpAddress& group) { return group.is_v4() ? 3 : 2; }

/// What routers of this link understand.
u8 version_now(const Interface::Groups& groups, const IpAddress& group, Instant now) {
    auto& querier = groups.queriers[group.is_v4() ? 0 : 1];
    return querier.until > now ? querier.version : newest_version(group);
}

/// A router asks: for one group, or with the unspecified address for all.
void answer(Interface& interface, const IpAddress& group, Duration within, u8 version) {
    auto now = time::now();
    interface.with_groups([&](Interface::Groups& groups) {
        // An older router is believed for as long as its queries keep coming [RFC 3376 7.2.1, 8.12].
        if (version < newest_version(group)) groups.queriers[group.is_v4() ? 0 : 1] = {version, now + Duration::seconds(260)};
        for (auto& one : std::span(groups.list, groups.count)) {
            if (one.address.is_v4() != group.is_v4() || !is_told(one.address)) continue;
            if (!group.is_unspecified() && one.address != group) continue;
            one.report_at = std::min(one.report_at, now + random_up_to(within));
            wake_chores_at(one.report_at);
        }
    });
}

/// Another host has told that it is a member, in an older version's way. Where the router speaks that, one report for the link is enough [RFC 2236 3, 2710 4].
void heard_report(const Arrival& arrival, const IpAddress& group) {
    if (arrival.interface.has_address(arrival.source)) return;  // our own, come round
    arrival.interface.with_groups([&](Interface::Groups& groups) {
        if (version_now(groups, group, time::now()) == newest_version(group)) return;
        for (auto& one : std::span(groups.list, groups.count)) {
            if (one.address != group) continue;
            one.report_at = Instant::never();
            one.changes_to_tell = 0;
            one.others_told_last = true;
        }
    });
}

}  // namespace

void joined(Interface& interface, const IpAddress& group) {
    if (!interface.device() || !is_told(group)) return;
    auto now = time::now();
    interface.with_groups([&](Interface::Groups& groups) {
        for (auto& one : std::span(groups.list, groups.count))
            if (one.address == group) one.changes_to_tell = 2, one.report_at = now;
    });
    wake_chores_at(now);
}

void left(Interface& interface, const IpAddress& group, LastReport last) {
    if (!interface.device() || !is_told(group)) return;
    u8 version = interface.with_groups([&](Interface::Groups& groups) { return version_now(groups, group, time::now()); });
    if (last == LastReport::others && version < newest_version(group)) return;
    send(interface, group, wire::to_include, version);
}

void tell_all(Interface& interface) {
    if (!interface.device()) return;
    answer(interface, IpAddress::any_v4(), Duration{}, newest_version(IpAddress::any_v4()));
    answer(interface, IpAddress(), Duration{}, newest_version(IpAddress()));
}

void input_v4(Owned<device::Packet> packet, const Arrival& arrival) {
    if (!packet->gather(std::min(packet->size(), igmp::query_3_size))) return count_drop(Drop::malformed);
    const auto* message = view_at<igmp::Message>(packet->head(), 0);
    if (!message) return count_drop(Drop::malformed);
    wire::InternetSum sum;
    packet->for_each_piece(0, packet->size(), [&](ByteSpan piece) { sum.add(piece); });
    if (!sum.verifies()) return count_drop(Drop::checksum);
    if (message->type == igmp::report_1 || message->type == igmp::report_2) return heard_report(arrival, IpAddress::v4(message->group));
    if (message->type != igmp::query) return;  // others' reports of version 3, and their leaving
    u8 version = packet->size() >= igmp::query_3_size ? 3 : message->response_code ? 2 : 1;
    u32 tenths = version == 3 ? igmp::response_tenths(message->response_code) : version == 2 ? message->response_code : 100u;  // [RFC 3376 7.2.1]
    answer(arrival.interface, IpAddress::v4(message->group), Duration::ms(tenths * 100), version);
}

void input_v6(Owned<device::Packet> packet, const Arrival& arrival) {
    // From a router of this very link [RFC 3810 6.2].
    if (arrival.hop_limit != 1 || !arrival.source.is_link_local() || packet->size() < sizeof(mld::Message) || !packet->gather(sizeof(mld::Message)))
        return count_drop(Drop::malformed);
    auto& message = *reinterpret_cast<const mld::Message*>(packet->head().data());
    std::array<u8, 16> group;
    std::memcpy(group.data(), message.group, sizeof group);
    if (message.type == mld::report_1) return heard_report(arrival, IpAddress::v6(group));
    u8 version = packet->size() >= mld::query_2_size ? 2 : 1;
    u32 ms = version == 2 ? mld::response_ms(message.response_code) : u32{message.response_code};
    if (auto address = IpAddress::v6(group); !address.is_v4()) answer(arrival.interface, address, Duration::ms(ms), version);
}

Instant expire(Instant now) {
    struct Due {
        IpAddress group;
        u8 change, version;
    } due[8];
    auto next = Instant::never();
    for (u32 index = 2; auto* one = interface(index); ++index) {
        u32 count = 0;
        next = std::min(next, one->with_groups([&](Interface::Groups& groups) {
            auto earliest = Instant::never();
            for (auto& group : std::span(groups.list, groups.count)) {
                if (group.report_at <= now && count < std::size(due)) {
                    bool change = group.changes_to_tell && group.changes_to_tell--;
                    due[count++] = {group.address, change ? wire::to_exclude : wire::is_exclude, version_now(groups, group.address, now)};
                    group.others_told_last = false;
                    group.report_at = group.changes_to_tell ? now + random_up_to(repeat_within) : Instant::never();
                }
                earliest = std::min(earliest, group.report_at);
            }
            return earliest;
        }));
        for (auto& report : std::span(due, count)) send(*one, report.group, report.change, report.version);
    }
    return next;
}

}  // namespace spore::net::group_reports
