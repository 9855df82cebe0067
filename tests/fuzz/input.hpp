// What a fuzzer plays by: numbers out of the input's bytes, zeros after its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "base/types.hpp"

namespace spore::fuzz {

/// Ends the run as a finding.
inline void must(bool condition) {
    if (!condition) std::abort();
}

class Input {
public:
    Input(const u8* data, std::size_t size) : data_(data), left_(size) {}
    bool empty() const { return left_ == 0; }
    u8 byte() { return left_ ? --left_, *data_++ : u8{0}; }
    u16 half() { return static_cast<u16>(byte() | byte() << 8); }
    u32 word() { return half() | u32{half()} << 16; }
    /// As many as there are, up to `most`.
    std::vector<u8> bytes(std::size_t most) {
        auto size = std::min(most, left_);
        std::vector<u8> taken(data_, data_ + size);
        data_ += size, left_ -= size;
        return taken;
    }

private:
    const u8* data_;
    std::size_t left_;
};

}  // namespace spore::fuzz
