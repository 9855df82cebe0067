// TCP Fast Open [RFC 7413]: cookies that servers have given us, and the ones that we give.
#pragma once

#include "kernel/net/tcp/segment.hpp"
#include "kernel/net/address.hpp"

namespace spore::net::tcp {

/// Adds to a SYN's options the cookie for this server, or the wish for one. Returns how many of `available` bytes may go with it.
u32 request_fast_open(const IpAddress& server, wire::tcp::Options& options, u32 available, u32 headers, u32 mtu);
/// Whether there is a cookie for the server: then the SYN waits for data.
bool knows_fast_open(const IpAddress& server);
/// What the server's SYN-ACK says about it.
void learn_fast_open(const IpAddress& server, const wire::tcp::Options& options);

inline constexpr u32 fast_open_cookie_size = 8;
/// As a server: whether the SYN's cookie is the one that we gave this client.
bool is_our_cookie(const IpAddress& local, const IpAddress& client, const wire::tcp::Options& options);
void give_cookie(const IpAddress& local, const IpAddress& client, wire::tcp::Options& options);

}  // namespace spore::net::tcp
