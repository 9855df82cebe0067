// What cards do to frames for their drivers: checksums, and segments of TCP.
#pragma once

#include "tests/fakes/net/frames.hpp"

namespace spore::fakes {

/// Writes the last `count` bytes of a value, big-endian.
void store(Bytes& bytes, std::size_t at, u64 value, unsigned count);
Bytes part(const Bytes& bytes, std::size_t from, std::size_t count);

/// Sums from `start`, what is in the field included, and puts the result there.
void sum_up(Bytes& frame, std::size_t start, std::size_t field);

/// The frames that a TCP packet becomes, of up to `size` bytes of payload each. Its IP header is behind a plain link header, its TCP header at
/// `transport`, with the sum of the pseudo-header but for the length in place.
std::vector<Bytes> cut_tcp(const Bytes& whole, std::size_t transport, std::size_t size);

}  // namespace spore::fakes
