// Physical memory through the direct map, for wire/acpi.
#pragma once

#include "arch/mmu.hpp"
#include "wire/acpi.hpp"

namespace spore::arch {

class DirectReader final : public wire::acpi::PhysicalReader {
public:
    explicit DirectReader(u64 end) : end_(end) {}
    std::optional<ByteSpan> see(u64 address, u64 size) override {
        if (address > end_ || size > end_ - address) return std::nullopt;
        return ByteSpan(static_cast<const std::byte*>(direct({address})), size);
    }

private:
    u64 end_;  ///< of what the direct map shows
};

}  // namespace spore::arch
