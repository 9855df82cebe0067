// Keyed hashes, so that nobody outside can choose which connections collide, guess sequence numbers, or make cookies. The keys are drawn when the
// first is needed and never leave memory.
#pragma once

#include <array>
#include <span>

#include "kernel/net/address.hpp"

namespace spore::net::tcp {

/// SipHash-c-d of 64-bit words [Aumasson, Bernstein 2012].
struct SipKey {
    u64 a, b;
};
u64 sip_hash_1_3(const SipKey& key, std::span<const u64> words);
u64 sip_hash_2_4(const SipKey& key, std::span<const u64> words);

/// Addresses and ports of a connection as words for a hash.
struct FlowWords {
    std::array<u64, 5> words;
    u32 count;
    FlowWords(const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port);
    std::span<const u64> span() const { return std::span(words).first(count); }
};

/// For the connection table, and to spread connections over listeners that share a port.
u32 flow_hash(const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port);
/// [RFC 6528 3]: a hash of the connection plus a clock that ticks every 64 ns.
u32 initial_sequence(const Endpoint& local, const Endpoint& remote);
/// Where a connection's timestamps begin [RFC 7323 5.4]: the same for the same connection, so that they never go back.
u32 timestamp_offset(const Endpoint& local, const Endpoint& remote);
/// A MAC for SYN cookies.
u64 cookie_mac(const Endpoint& local, const Endpoint& remote, u64 what);
/// A MAC of an address, for Fast Open [RFC 7413 4.1.2].
u64 fast_open_mac(const IpAddress& local, const IpAddress& remote);
/// Where to begin to look for a port to this remote [RFC 6056 3.3.3].
u32 port_offset(const IpAddress& local, const Endpoint& remote);

}  // namespace spore::net::tcp
