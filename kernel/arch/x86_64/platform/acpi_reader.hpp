// Physical memory for wire/acpi: through the direct map, or, where firmware keeps its tables beyond, mapped for it.
#pragma once

#include "../mmu/kernel_map.hpp"
#include "arch/mmu.hpp"
#include "wire/acpi.hpp"

namespace spore::arch {

class DirectReader final : public wire::acpi::PhysicalReader {
public:
    explicit DirectReader(u64 end) : end_(end) {}
    std::optional<ByteSpan> see(u64 address, u64 size) override {
        if (address > end_ || size > end_ - address) {
            auto mapped = size <= largest_table ? map_memory({address}, size) : fail(Error::too_big);
            if (!mapped) return std::nullopt;
            return ByteSpan(static_cast<const std::byte*>(*mapped), size);
        }
        return ByteSpan(static_cast<const std::byte*>(direct({address})), size);
    }

private:
    static constexpr u64 largest_table = 1_MiB;
    u64 end_;  ///< of what the direct map shows
};

}  // namespace spore::arch
