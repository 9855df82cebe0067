// A network interface: a device (or the loopback) with its addresses. Interfaces are made at boot and live as long as the machine.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <string_view>

#include "kernel/device/net.hpp"
#include "kernel/net/address.hpp"
#include "kernel/sync/spin.hpp"
#include "base/locked.hpp"

namespace spore::net {

/// Why packets were not delivered; each has its counter, per CPU, shown by /proc/net and `spore net`. One line a reason: name, text.
#define SPORE_NET_DROP_REASONS(X)                                     \
    X(malformed, "a header breaks its protocol's rules")              \
    X(checksum, "a checksum is wrong")                                \
    X(not_ours, "for another host")                                   \
    X(no_protocol, "nobody takes this protocol")                      \
    X(no_port, "nobody listens on this port")                         \
    X(no_memory, "no memory for it")                                  \
    X(no_route, "no way to its destination")                          \
    X(no_neighbour, "its next hop does not answer")                   \
    X(queue_full, "a queue it should wait in is full")                \
    X(fragment_limit, "too many fragments wait for their rest")       \
    X(fragment_timeout, "its other fragments did not come in time")   \
    X(too_big, "larger than the way to its destination takes")        \
    X(socket_full, "its socket's buffer is full")                     \
    X(backlog_full, "more connections wait than the program accepts") \
    X(outside_window, "no segment of its connection's window")        \
    X(rate_limit, "too many of its kind")                             \
    X(martian, "its source address cannot be")                        \
    X(too_far, "fewer hops left than its socket asks for")            \
    X(filtered, "its socket's filter does not want it")
enum class Drop : u8 {
#define SPORE_NET_REASON(name, text) name,
    SPORE_NET_DROP_REASONS(SPORE_NET_REASON)
#undef SPORE_NET_REASON
};
inline constexpr const char* drop_texts[] = {
#define SPORE_NET_REASON(name, text) text,
    SPORE_NET_DROP_REASONS(SPORE_NET_REASON)
#undef SPORE_NET_REASON
};
inline constexpr const char* drop_names[] = {
#define SPORE_NET_REASON(name, text) #name,
    SPORE_NET_DROP_REASONS(SPORE_NET_REASON)
#undef SPORE_NET_REASON
};
inline constexpr unsigned drop_reasons = sizeof drop_names / sizeof *drop_names;

/// Counts a packet that goes no further; its owner lets go of it.
void count_drop(Drop reason);
u64 dropped(Drop reason);

/// An address of an interface.
struct InterfaceAddress {
    IpAddress address;
    u8 prefix_length = 128;  ///< as in Prefix: of the IPv6 form
    bool tentative = false;  ///< being checked for duplicates: not used yet [RFC 4862 5.4]
    bool deprecated = false; ///< no new conversations
    bool from_router = false; ///< formed from an advertised prefix
    Instant valid_until = Instant::never(), preferred_until = Instant::never();

    Prefix network() const { return {address, prefix_length}; }
};

class Interface final : public device::NetSink {
public:
    static constexpr u32 max_addresses = 16, max_groups = 64;

    u32 index() const { return index_; }          ///< from 1; the loopback's is 1
    const char* name() const { return name_; }    ///< lo, eth0, eth1 …
    bool loopback() const { return !device_; }
    /// What its device can do; the loopback can do everything.
    const device::NetFeatures& features() const { return features_; }
    /// Null for the loopback.
    device::NetDevice* device() const { return device_; }
    const device::MacAddress& mac() const { return mac_; }
    u16 mtu() const { return mtu_.load(std::memory_order_relaxed); }
    /// What IPv6 may use of it, as routers say [RFC 4861 6.3.4].
    u16 mtu_v6() const { return std::min(mtu(), mtu_v6_.load(std::memory_order_relaxed)); }
    void limit_mtu_v6(u32 mtu);
    /// What IPv6 packets have that are sent without a choice, as routers say.
    u8 hop_limit_v6() const { return hop_limit_v6_.load(std::memory_order_relaxed); }
    void set_hop_limit_v6(u8 limit) { hop_limit_v6_.store(limit, std::memory_order_relaxed); }
    /// invalid when the device does not carry so much, or IP does not work with so little.
    Result<void> set_mtu(u16 mtu);
    bool up() const { return !device_ || device_->link_up(); }

    /// exists, no_space.
    Result<void> add_address(const InterfaceAddress& address);
    /// address_not_available.
    Result<void> remove_address(const IpAddress& address);
    bool has_address(const IpAddress& address) const;
    /// Copies up to `into.size()`; how many there are.
    std::size_t addresses(std::span<InterfaceAddress> into) const;

    /// Membership of a multicast group, counted: the last leave() ends it. no_memory.
    Result<void> join(const IpAddress& group);
    void leave(const IpAddress& group);

    /// The groups, and what is to be told of them (ip/group_reports.hpp), under their lock.
    struct Groups {
        struct Group {
            IpAddress address;
            u32 members;
            u8 changes_to_tell = 0;
            bool others_told_last = false;  ///< the last report that the link heard was another host's
            Instant report_at = Instant::never();
        } list[max_groups];
        u32 count = 0;
        /// The older version that the link's router speaks, of IGMP and of MLD.
        struct Querier {
            u8 version = 0;
            Instant until{};
        } queriers[2];
    };
    template <typename F>
    auto with_groups(F&& use) { return groups_.with(use); }
    /// Whether any socket, or the stack itself, has joined.
    bool is_member(const IpAddress& group) const;
    /// Calls visit(group) for each joined group; a copy of the list is walked.
    std::size_t groups(std::span<IpAddress> into) const;
    /// IPv6 addresses whose time is over go, or are deprecated; when that is next so. A chore.
    Instant expire_addresses(Instant now);
    /// A tentative address turned out to be this interface's alone [RFC 4862 5.4].
    void confirm_address(const IpAddress& address);
    /// The address being checked for duplicates, or in use: whether it is among this interface's.
    bool is_tentative(const IpAddress& address) const;

    /// Sends packets whose heads begin with the link header (loopback: with the IP header). Takes them.
    void transmit(device::PacketList& packets);
    /// The same for one. While a batch is being received, packets are collected and leave together at its end.
    void transmit(Owned<device::Packet> packet);

    /// Whether sockets of whole frames (link/socket.hpp) look at what passes here.
    bool watched() const { return watched_.load(std::memory_order_relaxed); }
    void set_watched(bool watched) { watched_.store(watched, std::memory_order_relaxed); }

    void receive(device::NetDevice& device, device::PacketList& batch) override;
    void link_changed(device::NetDevice& device) override;

private:
    friend class Interfaces;
    Interface(u32 index, device::NetDevice* device);
    void accept(Owned<device::Packet> packet);

    void show_all(const device::PacketList& packets);

    u32 index_;
    std::atomic<bool> watched_ = false;
    char name_[16] = {};
    device::NetDevice* device_;
    device::NetFeatures features_;
    device::MacAddress mac_;
    std::atomic<u16> mtu_, mtu_v6_ = 0xffff;
    std::atomic<u8> hop_limit_v6_ = 64;
    struct Addresses {
        InterfaceAddress list[max_addresses];
        u32 count = 0;
    };
    Locked<Addresses, sync::Spin> addresses_;
    Locked<Groups, sync::Spin> groups_;
    std::optional<InterfaceAddress> take_out(const IpAddress& address);
    void tell_device(const Groups& groups);
};

/// Makes the interfaces; the loopback is there as soon as one is asked for.
class Interfaces {
public:
    static constexpr u32 limit = 17;
    static Interface& loopback();
    /// One for a device, started: from now on it receives. no_memory, no_space.
    static Result<Interface*> create(device::NetDevice& device);
    /// Only for tests, between two of them: forgets all.
    static void forget();
};

/// By index, from 1; null beyond the last.
Interface* interface(u32 index);
Interface* find_interface(std::string_view name);
/// The interface that has this address, or null.
Interface* interface_with(const IpAddress& address);

}  // namespace spore::net
