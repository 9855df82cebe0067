// A message that never was a packet, as a socket's filter sees it: bytes, and nothing beside them.
#pragma once

#include <cstring>

#include "wire/net/bpf.hpp"

namespace spore::linux {

class FilteredBytes final : public wire::bpf::Subject {
public:
    explicit FilteredBytes(ByteSpan bytes) : bytes_(bytes) {}
    u32 size() const override { return static_cast<u32>(bytes_.size()); }
    bool read(From from, u32 offset, MutableByteSpan into) const override {
        if (from != From::shown || offset > bytes_.size() || bytes_.size() - offset < into.size()) return false;
        std::memcpy(into.data(), bytes_.data() + offset, into.size());
        return true;
    }
    std::optional<u32> fact(wire::bpf::Fact which) const override {
        using wire::bpf::Fact;
        if (which == Fact::interface || which == Fact::link_type) return std::nullopt;
        return 0;
    }

private:
    ByteSpan bytes_;
};

}  // namespace spore::linux
