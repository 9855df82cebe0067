#include "machine.hpp"

#include "../boot/device_tree.hpp"
#include "acpi_machine.hpp"
#include "arch/firmware.hpp"
#include "tree_machine.hpp"

namespace spore::arch {
namespace {
constinit Machine machine;
}

Machine& found_machine() { return machine; }

void for_each_processor(void (*found)(u64 affinity)) {
    if (has_device_tree()) for_each_processor_in_tree(found);
    else for_each_processor_in_acpi(found);
}

bool next_virtio_mmio(u64& position, VirtioMmioSlot& slot) {
    return has_device_tree() ? next_virtio_mmio_in_tree(position, slot) : next_virtio_mmio_in_acpi(position, slot);
}

}  // namespace spore::arch
