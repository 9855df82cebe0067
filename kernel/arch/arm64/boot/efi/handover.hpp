// What the EFI stub learnt from firmware, for the kernel: one block behind the image, at its physical address.
#pragma once

#include "base/types.hpp"

namespace spore::arch::efi {

struct Handover {
    u64 device_tree, acpi_root;            ///< 0 where firmware has none; efi/leave.S reads the first
    u64 bundle_start, bundle_end;
    i64 wall_seconds;                      ///< since 1970, when the counter stood at `wall_counter`; 0 when firmware does not know
    u64 wall_counter;
    u64 command_line_size, map_size, descriptor_size;
    u64 seed_size;
    std::byte seed[64];
    char command_line[2048];
    static constexpr u64 max_map_size = 28 * 1024;
    alignas(16) std::byte map[max_map_size];  ///< [wire/efi.hpp]
};

}  // namespace spore::arch::efi
