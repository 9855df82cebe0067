// SYN cookies [Bernstein 1996, RFC 4987 3.6]: while too many requests wait, our initial sequence number holds what a request would, signed. What it has no room for
// (scale, SACK, ECN) is kept in the timestamp's lowest bits, which the peer echoes.
#pragma once

#include "base/time.hpp"
#include "kernel/net/tcp/handshake.hpp"

namespace spore::net::tcp {

/// Puts the cookie into handshake.iss. Reduces the handshake to what it can hold; timestamp_offset becomes the whole timestamp to send.
void make_cookie(Handshake& handshake, const Endpoint& local, const Endpoint& remote, Instant now);
/// The handshake of which this acknowledgement is the third segment, when its cookie is ours, at most two minutes old, and such were given lately.
/// `our_scale` is what the listener offers: a cookie has no room for it.
bool check_cookie(const Segment& segment, const Endpoint& local, const Endpoint& remote, Instant now, u8 our_scale, Handshake& handshake);

}  // namespace spore::net::tcp
