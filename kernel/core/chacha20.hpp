// The ChaCha20 block function [RFC 8439 2.3].
#pragma once

#include <array>
#include <bit>

#include "base/types.hpp"

namespace spore::core {

using ChaChaKey = std::array<u32, 8>;
using ChaChaBlock = std::array<u32, 16>;

constexpr ChaChaBlock chacha20_block(const ChaChaKey& key, u32 counter, const std::array<u32, 3>& nonce = {}) {
    ChaChaBlock state = {0x6170'7865, 0x3320'646e, 0x7962'2d32, 0x6b20'6574};  // "expand 32-byte k"
    for (std::size_t i = 0; i < 8; ++i) state[4 + i] = key[i];
    state[12] = counter;
    for (std::size_t i = 0; i < 3; ++i) state[13 + i] = nonce[i];

    ChaChaBlock x = state;
    auto quarter = [&x](unsigned a, unsigned b, unsigned c, unsigned d) {
        x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 16);
        x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 12);
        x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 8);
        x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 7);
    };
    for (int round = 0; round < 10; ++round) {
        quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15);
        quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14);
    }
    for (std::size_t i = 0; i < 16; ++i) x[i] += state[i];
    return x;
}

}  // namespace spore::core
