// The control message of MSG_ERRQUEUE: struct sock_extended_err with the address of who reported it [ip(7), ipv6(7)].
#pragma once

#include "kernel/linux/socket/inet/address.hpp"
#include "kernel/linux/socket/socket.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

/// SO_EE_CODE_ZEROCOPY_COPIED: the pages were not needed, the bytes had been copied.
inline constexpr u8 zerocopy_copied = 1;

/// Puts it in the form of the family; `reporter` is null for what this machine found out by itself.
inline Result<void> put_extended_error(ReceiveRequest& request, u16 family, const ExtendedError& error, const net::IpAddress* reporter = nullptr) {
    request.result_flags |= msg_errqueue;
    if (!request.control) return {};
    auto put = [&]<typename Address>(i32 level, i32 type, Address offender) {
        if (reporter) {
            auto address = inet::to_socket_address({*reporter}, family);
            std::memcpy(&offender, address.bytes, sizeof offender);
        }
        struct Body {
            ExtendedError error;
            Address offender;
        } body{error, offender};
        return request.control->put(level, type, bytes_of(body), request.result_flags);
    };
    return family == family_inet ? put(level_ip, ip_receive_errors, InetAddress{}) : put(level_ipv6, ipv6_receive_errors, Inet6Address{});
}

}  // namespace spore::linux
