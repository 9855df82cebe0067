// What both sides have agreed on when a connection begins.
#pragma once

#include "kernel/net/address.hpp"
#include "kernel/net/tcp/segment.hpp"

namespace spore::net::tcp {

struct Handshake {
    u32 iss, irs;             ///< initial sequence numbers: ours, the peer's
    u16 peer_mss = 0;         ///< 0: it did not say
    u8 send_scale = 0, receive_scale = 0;  ///< of the peer's windows, of ours; both 0 when not agreed
    bool scaling = false, timestamps = false, sack = false, ecn = false;
    u32 timestamp_offset = 0;
    u32 recent_timestamp = 0; ///< TS.Recent
    u32 rtt_us = 0;           ///< from SYN-ACK to its acknowledgement; 0: unknown
    u32 receive_window = 0;   ///< as offered with the SYN

    /// What follows from the peer's SYN, when we would agree to everything.
    static Handshake from(const Segment& syn, u8 our_scale);
};

/// For windows of 6 MiB [RFC 7323 2.3].
inline constexpr u8 default_scale = 7, max_scale = 14;
/// What a SYN offers: nothing is scaled yet [RFC 7323 2.2].
inline constexpr u32 initial_receive_window = 65'535;
/// Segments are never smaller, whatever a peer or an ICMP message says: each costs us a packet and a record.
inline constexpr u32 min_mss = 88;
/// When the peer says nothing [RFC 9293 3.7.1].
inline constexpr u32 default_mss_v4 = 536, default_mss_v6 = 1220;

/// The shift with which the whole of a receive buffer can be offered; 0 bytes: one that grows by itself.
constexpr u8 scale_for(u32 buffer) {
    u8 scale = default_scale;
    if (buffer) for (scale = 0; scale < max_scale && (buffer >> scale) > 0xffff;) ++scale;
    return scale;
}

constexpr u32 headers_size(bool v4) { return (v4 ? 20 : 40) + 20; }

/// The options of a SYN or SYN-ACK. As an answer it holds only what the peer's SYN had.
wire::tcp::Options syn_options(u32 mss, u8 scale, u32 timestamp, u32 echo, const Handshake* answered);

}  // namespace spore::net::tcp
