// What TCP's and UDP's sockets have in common: addresses, the options of IPPROTO_IP and IPPROTO_IPV6, and waiting for an endpoint of the stack.
#pragma once

#include <array>

#include "kernel/linux/socket/inet/address.hpp"
#include "kernel/linux/socket/wait.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/net/endpoint_events.hpp"

namespace spore::linux {

class InetSocket : public Socket, protected net::EndpointListener {
public:
    using Socket::Socket;
    Result<u64> get_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<void> set_option(i32 level, i32 name, ByteSpan value) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::PollSource* poll_source() override { return &source_; }

protected:
    /// Switches of the IP levels, most of which only say which control messages the program wants.
    enum IpSwitch : u32 {
        packet_info = 1, receive_ttl = 2, receive_tos = 4, receive_errors = 8, free_bind = 16, transparent = 32, bind_no_port = 64, v6_only = 128,
        v6_packet_info = 256, v6_hop_limit = 512, v6_class = 1024, original_destination = 2048, multicast_all = 4096, header_included = 8192,
        receive_ip_options = 1 << 14, no_fragment = 1 << 15, auto_flow_label = 1 << 16, v6_receive_errors = 1 << 17, return_ip_options = 1 << 18, old_v6_packet_info = 1 << 19,
        old_v6_hop_limit = 1 << 20,
    };
    bool has(IpSwitch one) const { return ip_switches_.load(std::memory_order_relaxed) & one; }
    u32 ip_switches() const { return ip_switches_.load(std::memory_order_relaxed); }
    void inherit_ip(const InetSocket& listener) {
        ip_switches_.store(listener.ip_switches(), std::memory_order_relaxed);
        for (std::size_t i = 0; i < choices_.size(); ++i) choices_[i].store(listener.choices_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    }

    /// Small numbers of the IP levels: IP_MTU_DISCOVER, IP_MINTTL, and IPv6's.
    enum class IpChoice : u8 { discovery_v4, discovery_v6, least_hops_v4, least_hops_v6 };
    u8 choice(IpChoice which) const { return choices_[static_cast<u8>(which)].load(std::memory_order_relaxed); }

    /// The header fields that every transport keeps for its packets.
    struct HeaderFields {
        u8 hop_limit = 0, traffic_class = 0;  ///< hop_limit 0: as is usual on the link
    };
    virtual HeaderFields header_fields() = 0;
    virtual Result<void> set_header_fields(const HeaderFields& fields) = 0;
    /// IPV6_MTU; 0: as the path takes them. What is no datagram is never longer than the path takes anyway.
    virtual Result<void> set_largest_packet(u16) { return {}; }
    /// A switch changed that means something to the transport.
    virtual void ip_switch_set(IpSwitch) {}
    /// One of the choices was made.
    virtual Result<void> ip_choice_set() = 0;
    /// Bytes that one IP packet to the peer may have; not_connected.
    virtual Result<u32> path_mtu() = 0;
    virtual bool bound() = 0;
    /// Who shares the port of a bound socket; null when nobody may.
    virtual Shared<net::PortGroup> port_group() = 0;
    Result<void> set_chooser(Shared<const net::Filter> chooser) override;
    /// What getsockopt answers for a level of somebody else's [linux] do_ip_getsockopt, ipv6_getsockopt.
    Error unknown_level() const { return is_v6() ? Error::no_protocol_option : Error::not_supported; }
    /// Options of the transport, and those of IP that only it has. no_protocol_option for all others.
    virtual Result<u64> get_transport_option(i32 level, i32 name, MutableByteSpan value) = 0;
    virtual Result<void> set_transport_option(i32 level, i32 name, ByteSpan value) = 0;

    i32 shown_hop_limit() {
        u8 chosen = header_fields().hop_limit;
        return chosen ? chosen : 64;
    }
    bool is_v6() const { return family() == family_inet6; }
    /// The address that a program names, for bind (a privileged port needs privilege) and for everything else (an IPv6-only socket knows
    /// no IPv4).
    Result<net::Endpoint> local_endpoint(const SocketAddress& address) const;
    Result<net::Endpoint> remote_endpoint(const SocketAddress& address) const { return remote_endpoint(address, family()); }
    Result<net::Endpoint> remote_endpoint(const SocketAddress& address, u16 family) const;
    net::BindOptions bind_options() const;
    SocketAddress name_of(const net::Endpoint& endpoint) const { return inet::to_socket_address(endpoint, family()); }

    // EndpointListener
    void changed(net::Ready what) override { source_.notify(static_cast<fs::Ready>(what)); }

    template <typename Attempt>
    auto wait_for(fs::Ready wanted, Instant deadline, Attempt&& attempt) -> decltype(attempt()) {
        return wait_at_socket(source_, wanted, deadline, std::forward<Attempt>(attempt));
    }

    fs::PollSource source_;

private:
    struct ChoiceOption {
        i32 level, name, most;
        IpChoice which;
    };
    static const ChoiceOption* find_choice(i32 level, i32 name);
    Result<u64> get_any_option(i32 level, i32 name, MutableByteSpan value);
    Result<void> set_ip_number(i32 level, i32 name, i32 value);
    mutable sync::Spin group_lock_;
    Shared<net::PortGroup> group_;  ///< group_lock_; begun before the socket is bound
    std::atomic<u32> ip_switches_ = multicast_all;
    std::array<std::atomic<u8>, 4> choices_ = {1, 1, 0, 0};  // IP_PMTUDISC_WANT
};

/// The program's side of a transfer, as the stack sees it.
class BufferSource final : public net::ByteSource {
public:
    explicit BufferSource(fs::IoBuffer& buffer) : buffer_(buffer) {}
    Result<void> take(MutableByteSpan into) override { return buffer_.take(into); }

private:
    fs::IoBuffer& buffer_;
};
class BufferSink final : public net::ByteSink {
public:
    explicit BufferSink(fs::IoBuffer& buffer) : buffer_(buffer) {}
    Result<void> put(ByteSpan bytes) override { return buffer_.put(bytes); }

private:
    fs::IoBuffer& buffer_;
};

/// Values of options between programs and the kernel: programs give ints, and older ones single bytes for some.
Result<i32> option_number(ByteSpan value);
u64 give_option(MutableByteSpan value, ByteSpan from);
inline u64 give_option(MutableByteSpan value, i32 number) { return give_option(value, bytes_of(number)); }

/// Registers AF_INET and AF_INET6.
void register_inet_families();

}  // namespace spore::linux
