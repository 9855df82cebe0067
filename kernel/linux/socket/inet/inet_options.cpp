// Options that all Internet sockets have [ip(7), ipv6(7)].
#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

Result<i32> option_number(ByteSpan value) {
    if (value.empty()) return fail(Error::invalid);
    if (value.size() < sizeof(i32)) return static_cast<u8>(value[0]);
    i32 number;
    std::memcpy(&number, value.data(), sizeof number);
    return number;
}

u64 give_option(MutableByteSpan value, ByteSpan from) {
    u64 size = std::min(value.size(), from.size());
    std::memcpy(value.data(), from.data(), size);
    return size;
}

namespace {

struct SwitchOption {
    i32 level, name;
    u32 bit;
};

// Those of IP apply to IPv6 sockets too, which may carry IPv4.
constexpr SwitchOption switch_options[] = {
    {level_ip, ip_packet_info, 1}, {level_ip, ip_receive_ttl, 2}, {level_ip, ip_receive_tos, 4}, {level_ip, ip_receive_errors, 8},
    {level_ip, ip_free_bind, 16}, {level_ip, ip_transparent, 32}, {level_ip, ip_bind_no_port, 64}, {level_ipv6, ipv6_only, 128},
    {level_ipv6, ipv6_receive_packet_info, 256}, {level_ipv6, ipv6_receive_hop_limit, 512}, {level_ipv6, ipv6_receive_class, 1024},
    {level_ip, ip_receive_original, 2048}, {level_ip, ip_multicast_all, 4096}, {level_ipv6, ipv6_multicast_all, 4096},
    {level_ip, ip_receive_options, 1 << 14}, {level_ip, ip_return_options, 1 << 18}, {level_ip, ip_no_fragment, 1 << 15}, {level_ipv6, ipv6_auto_flow_label, 1 << 16},
    {level_ipv6, ipv6_old_packet_info, 1 << 19}, {level_ipv6, ipv6_old_hop_limit, 1 << 20}, {level_ipv6, ipv6_receive_errors, 1 << 17}, {level_ipv6, ipv6_free_bind, 16}, {level_ipv6, ipv6_transparent, 32},
};

const SwitchOption* find_switch(i32 level, i32 name) {
    for (auto& option : switch_options)
        if (option.level == level && option.name == name) return &option;
    return nullptr;
}

constexpr i32 last_discovery = 5;  // IP_PMTUDISC_OMIT

}  // namespace

/// Null when it is none of them.
const InetSocket::ChoiceOption* InetSocket::find_choice(i32 level, i32 name) {
    static constexpr ChoiceOption all[] = {
        {level_ip, ip_mtu_discover, last_discovery, IpChoice::discovery_v4}, {level_ipv6, ipv6_mtu_discover, last_discovery, IpChoice::discovery_v6},
        {level_ip, ip_least_ttl, 255, IpChoice::least_hops_v4}, {level_ipv6, ipv6_least_hops, 255, IpChoice::least_hops_v6},
    };
    for (auto& one : all)
        if (one.level == level && one.name == name) return &one;
    return nullptr;
}

/// A small number of the IP level is given to a short buffer as one byte [linux: do_ip_getsockopt].
Result<u64> InetSocket::get_option(i32 level, i32 name, MutableByteSpan value) {
    bool is_short = level == level_ip && !value.empty() && value.size() < sizeof(i32);
    if (!is_short) return get_any_option(level, name, value);
    std::byte whole[sizeof(i32)];
    u64 told = TRY(get_any_option(level, name, whole));
    i32 number;
    std::memcpy(&number, whole, sizeof number);
    u64 size = told != sizeof whole ? std::min<u64>(told, value.size()) : number >= 0 && number <= 255 ? 1 : value.size();
    std::memcpy(value.data(), whole, size);
    return size;
}

Result<u64> InetSocket::get_any_option(i32 level, i32 name, MutableByteSpan value) {
    if (level == level_socket && name == so_bind_to_device) {
        auto* bound = net::interface(options().interface);
        if (!bound) return 0;
        std::string_view device(bound->name());
        if (value.size() < device.size() + 1) return fail(Error::invalid);
        std::memcpy(value.data(), device.data(), device.size());
        value[device.size()] = std::byte{0};
        return device.size() + 1;
    }
    if (level == level_socket) return Socket::get_option(level, name, value);
    if (level == level_ipv6 && !is_v6()) return fail(unknown_level());
    if (auto* option = find_choice(level, name)) return give_option(value, choice(option->which));
    if (auto* option = find_switch(level, name)) return give_option(value, static_cast<i32>((ip_switches() & option->bit) != 0));
    if (level == level_ip) {
        switch (name) {
        case ip_tos: return give_option(value, header_fields().traffic_class);
        case ip_ttl: return give_option(value, shown_hop_limit());
        case ip_mtu: return give_option(value, static_cast<i32>(TRY(path_mtu())));
        case ip_options: return 0;
        default: break;
        }
    } else if (level == level_ipv6) {
        switch (name) {
        case ipv6_class: return give_option(value, header_fields().traffic_class);
        case ipv6_unicast_hops: return give_option(value, shown_hop_limit());
        case ipv6_mtu: return give_option(value, static_cast<i32>(TRY(path_mtu())));
        case ipv6_address_preferences: return give_option(value, 0);
        default: break;
        }
    }
    return get_transport_option(level, name, value);
}

Result<void> InetSocket::set_ip_number(i32 level, i32 name, i32 value) {
    bool v6 = level == level_ipv6;
    auto fields = header_fields();
    if (v6 ? name == ipv6_unicast_hops : name == ip_ttl) {
        if (value != -1 && (value < (v6 ? 0 : 1) || value > 255)) return fail(Error::invalid);
        fields.hop_limit = value == -1 ? 0 : static_cast<u8>(value);
        return set_header_fields(fields);
    }
    if (v6 ? name == ipv6_class : name == ip_tos) {
        if (v6 && (value < -1 || value > 255)) return fail(Error::invalid);
        fields.traffic_class = value == -1 ? 0 : static_cast<u8>(value);
        return set_header_fields(fields);
    }
    return fail(Error::no_protocol_option);
}

Result<void> InetSocket::set_option(i32 level, i32 name, ByteSpan value) {
    if (level == level_socket && (name == so_bind_to_device || name == so_bind_to_interface)) {
        u32 index = 0;
        if (name == so_bind_to_interface) {
            index = static_cast<u32>(TRY(option_number(value)));
            if (index && !net::interface(index)) return fail(Error::no_device);
        } else if (!value.empty() && value[0] != std::byte{0}) {
            auto* text = reinterpret_cast<const char*>(value.data());
            auto* found = net::find_interface({text, strnlen(text, value.size())});
            if (!found) return fail(Error::no_device);
            index = found->index();
        }
        return change_options([&](Options& all) { all.interface = index; });
    }
    if (level == level_socket) return Socket::set_option(level, name, value);
    if (level == level_ipv6 && !is_v6()) return fail(Error::no_protocol_option);
    if (auto* option = find_switch(level, name)) {
        i32 number = TRY(option_number(value));
        if (option->bit == v6_only && bound()) return fail(Error::invalid);
        if (option->bit == transparent && number) TRY(check_may_steer());
        if (number) ip_switches_.fetch_or(option->bit, std::memory_order_relaxed);
        else ip_switches_.fetch_and(~option->bit, std::memory_order_relaxed);
        ip_switch_set(static_cast<IpSwitch>(option->bit));
        return {};
    }
    if (auto* option = find_choice(level, name)) {
        if (level == level_ipv6 && value.size() < sizeof(i32)) return fail(Error::invalid);
        i32 number = TRY(option_number(value));
        if (number < 0 || number > option->most) return fail(Error::invalid);
        choices_[static_cast<u8>(option->which)].store(static_cast<u8>(number), std::memory_order_relaxed);
        return ip_choice_set();
    }
    if (level == level_ip && name == ip_options) return value.empty() ? Result<void>{} : fail(Error::not_permitted);
    if ((level == level_ip && (name == ip_tos || name == ip_ttl)) || (level == level_ipv6 && (name == ipv6_class || name == ipv6_unicast_hops)))
        return set_ip_number(level, name, TRY(option_number(value)));
    if (level == level_ipv6 && name == ipv6_mtu) {
        constexpr i32 least = 1280, most = 65'535;  // [RFC 8200 5]
        i32 number = TRY(option_number(value));
        if (value.size() < sizeof number || (number && number < least)) return fail(Error::invalid);
        return set_largest_packet(static_cast<u16>(std::min(number, most)));
    }
    // The order of preferred source addresses [RFC 5014]: there is nothing to choose between.
    if (level == level_ipv6 && name == ipv6_address_preferences) return {};
    return set_transport_option(level, name, value);
}

}  // namespace spore::linux
