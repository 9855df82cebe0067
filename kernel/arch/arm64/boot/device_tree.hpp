// The device tree that the loader gave: what boot needs of it at once, and the tree itself for whoever looks for devices later.
#pragma once

#include "arch/boot.hpp"
#include "wire/fdt.hpp"

namespace spore::arch {

/// Reads memory, command line, bundle and the machine (platform/machine.hpp) from the tree at `address`, which is mapped there. Where memory is known
/// already, the tree is not asked. False when it is no tree, or one without memory.
bool read_device_tree(BootInfo& info, u64 address);
/// The tree has moved to where it stays.
void show_device_tree_at(const std::byte* start);
bool has_device_tree();
/// Without a node when there is none.
const wire::fdt::Tree& device_tree();

}  // namespace spore::arch
