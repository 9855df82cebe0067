// UEFI's memory map [uefi 7.2.3], as boot services hand it out: descriptors of a size that firmware chooses, in any order.
#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace spore::wire::efi {

/// What memory is for once boot services are gone.
enum class Use : u8 { free, tables };  ///< anybody's; firmware's tables, which stay

struct Region {
    u64 start = 0, end = 0;
    Use use = Use::free;
};

class MemoryMap {
public:
    constexpr MemoryMap() = default;
    /// Nothing when the descriptors are smaller than the fields that we read.
    static std::optional<MemoryMap> parse(ByteSpan map, u64 descriptor_size);
    /// The lowest region of RAM that ends above `address`; what firmware keeps for itself is left out.
    std::optional<Region> first_above(u64 address) const;

private:
    ByteSpan map_;
    u64 descriptor_size_ = 0;
};

}  // namespace spore::wire::efi
