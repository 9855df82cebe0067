// virtio-mmio devices named on the command line: virtio_mmio.device=<size>[K|M]@<address>:<line>[:<id>]
// [linux Documentation/admin-guide/kernel-parameters.txt].
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::drivers::virtio {

struct MmioSlot {
    PhysAddr address;
    u32 size, line;
};

/// Takes the next device off the front of `rest`; false at the end. Malformed entries are skipped.
bool next_listed(std::string_view& rest, MmioSlot& slot);

template <typename F>
void for_each_listed(std::string_view command_line, F&& visit) {
    MmioSlot slot;
    while (next_listed(command_line, slot)) visit(slot.address, slot.size, slot.line);
}

}  // namespace spore::drivers::virtio
