// A short name for what something was made of.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/types.hpp"

namespace spore::host {

/// FNV-1a with 128 bits: names cached files, protects nothing [draft-eastlake-fnv].
class Fingerprint {
public:
    void add(std::string_view text) {
        add_number(text.size());
        for (unsigned char byte : text) step(byte);
    }
    void add_number(u64 number) {
        for (int i = 0; i < 8; ++i) step(static_cast<u8>(number >> (8 * i)));
    }
    std::string text() const { return fmt::format("{:016x}{:016x}", u64(state_ >> 64), u64(state_)); }

private:
    using u128 = unsigned __int128;
    void step(u8 byte) { state_ = (state_ ^ byte) * ((u128{1} << 88) + 0x13b); }
    u128 state_ = (u128{0x6c62272e07bb0142} << 64) | 0x62b821756295c58d;
};

}  // namespace spore::host
