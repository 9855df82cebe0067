#include "kernel/linux/socket/inet/interface_ioctl.hpp"

#include "kernel/linux/socket/inet/address.hpp"
#include "kernel/linux/socket/inet/ethtool.hpp"
#include "kernel/linux/socket/inet/interface_view.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux {

namespace {

enum Request : u32 {
    get_name = 0x8910, get_configuration = 0x8912, get_flags = 0x8913, set_flags = 0x8914, get_address = 0x8915, set_address = 0x8916,
    get_destination = 0x8917, get_broadcast = 0x8919, get_netmask = 0x891b, set_netmask = 0x891c, get_metric = 0x891d, get_mtu = 0x8921,
    set_mtu = 0x8922, get_hardware_address = 0x8927, get_index = 0x8933, get_queue_length = 0x8942, get_map = 0x8970,
    ethtool = 0x8946, get_bridge = 0x8940, add_route = 0x890b, delete_route = 0x890c,
};
constexpr std::size_t name_size = 16;  // IFNAMSIZ

/// struct ifreq
struct InterfaceRequest {
    char name[name_size];
    union {
        std::byte value[24];
        InetAddress address;
        i32 number;
        u64 pointer;
        i16 flags;
        struct {
            u16 type;
            u8 bytes[6];
        } hardware;
    };
};
static_assert(sizeof(InterfaceRequest) == 40);
/// struct ifconf
struct InterfaceList {
    i32 size, padding;
    u64 requests;
};

InetAddress inet_address(u32 value) {
    InetAddress address{.family = family_inet, .port = {}, .address = {}, .zero = {}};
    address.address = value;
    return address;
}

void set_name(InterfaceRequest& request, const net::Interface& interface) {
    std::string_view name(interface.name());
    std::memset(request.name, 0, sizeof request.name);
    std::memcpy(request.name, name.data(), std::min(name.size(), name_size - 1));
}

/// One entry for each interface with an IPv4 address.
Result<u64> list(u64 argument) {
    UserInOut<InterfaceList> user{{argument}};
    auto wanted = TRY(user.read());
    i32 used = 0;
    for (u32 index = 1; auto* interface = net::interface(index); ++index) {
        auto address = first_v4(*interface);
        if (!address) continue;
        if (wanted.requests) {
            if (used + static_cast<i32>(sizeof(InterfaceRequest)) > wanted.size) break;
            InterfaceRequest entry{};
            set_name(entry, *interface);
            entry.address = inet_address(address->address.v4_value());
            TRY((UserOut<InterfaceRequest>{{wanted.requests + static_cast<u64>(used)}}.write(entry)));
        }
        used += static_cast<i32>(sizeof(InterfaceRequest));
    }
    wanted.size = used;
    TRY(user.write(wanted));
    return 0;
}

Result<void> answer(u32 what, const net::Interface& interface, InterfaceRequest& request) {
    auto address = first_v4(interface);
    auto of_address = [&](u32 value) -> Result<void> {
        if (!address) return fail(Error::address_not_available);
        request.address = inet_address(value);
        return {};
    };
    u32 own = address ? address->address.v4_value() : 0, mask = address ? v4_mask(*address) : 0;
    std::memset(request.value, 0, sizeof request.value);
    switch (what) {
    case get_flags: request.flags = static_cast<i16>(flags_of(interface) & 0xffff); return {};
    case get_address:
    case get_destination: return of_address(own);
    case get_broadcast: return of_address(interface.loopback() ? 0 : own | ~mask);
    case get_netmask: return of_address(mask);
    case get_metric: return {};
    case get_mtu: request.number = interface.mtu(); return {};
    case get_index: request.number = static_cast<i32>(interface.index()); return {};
    case get_queue_length: request.number = 1000; return {};
    case get_hardware_address: {
        request.hardware.type = hardware_type(interface);
        auto mac = interface.mac();
        std::memcpy(request.hardware.bytes, mac.bytes.data(), mac.bytes.size());
        return {};
    }
    case get_map: return {};
    default: return fail(Error::not_supported);
    }
}

}  // namespace

Result<u64> interface_ioctl(u32 what, u64 argument, u16) {
    switch (what) {
    case get_configuration: return list(argument);
    // Interfaces are as the host gave them: a program can look, and not change them.
    case set_flags: case set_address: case set_netmask: case set_mtu: case add_route: case delete_route: return fail(Error::not_permitted);
    case get_name: case get_flags: case get_address: case get_destination: case get_broadcast: case get_netmask: case get_metric: case get_mtu:
    case get_hardware_address: case get_index: case get_queue_length: case get_map: case ethtool: break;
    default: return fail(Error::not_a_terminal);
    }
    UserInOut<InterfaceRequest> user{{argument}};
    auto request = TRY(user.read());
    if (what == get_name) {
        auto* interface = net::interface(static_cast<u32>(request.number));
        if (!interface) return fail(Error::no_device);
        set_name(request, *interface);
    } else {
        auto* interface = net::find_interface({request.name, strnlen(request.name, name_size)});
        if (!interface) return fail(Error::no_device);
        if (what == ethtool) return answer_ethtool(*interface, request.pointer).transform([] { return u64{0}; });
        TRY(answer(what, *interface, request));
    }
    TRY(user.write(request));
    return 0;
}

}  // namespace spore::linux
