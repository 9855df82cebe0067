#include "device_tree.hpp"

#include <algorithm>
#include <cstring>

#include "../../common/boot/memory_map.hpp"
#include "../platform/tree_machine.hpp"

namespace spore::arch {
namespace {

using namespace wire::fdt;

constinit Tree tree;
constinit bool present = false;
constinit char command_line[2048];
constinit std::byte seed[96];

void keep_command_line(BootInfo& info, std::string_view text) {
    auto size = std::min(text.size(), sizeof command_line);
    std::memcpy(command_line, text.data(), size);
    info.command_line = {command_line, size};
}

/// The tree is seen at another place later.
void keep_seed(BootInfo& info, const Node& node) {
    std::size_t size = 0;
    for (const char* name : {"rng-seed", "kaslr-seed"}) {
        auto bytes = node.property(name).value_or(ByteSpan());
        auto part = bytes.first(std::min(bytes.size(), sizeof seed - size));
        std::ranges::copy(part, seed + size);
        size += part.size();
    }
    info.seed = {seed, size};
}

void add_memory_node(BootInfo& info, const Node& node) {
    for (u32 i = 0; auto region = node.region(i); ++i)
        if (region->size <= ~u64{0} - region->address) add_ram(info, region->address, region->address + region->size);
}

/// [devicetree 3.6; linux Documentation/arch/arm64/booting.rst]
void read_chosen(BootInfo& info, const Node& node) {
    if (auto text = node.text("bootargs")) keep_command_line(info, *text);
    keep_seed(info, node);
    auto start = node.number("linux,initrd-start"), end = node.number("linux,initrd-end");
    if (start && end && *start < *end) info.bundle = {{*start}, {*end}};
}

/// Memory that is somebody else's: the kernel neither uses nor maps it.
void leave_reserved(BootInfo& info) {
    for (u32 i = 0; auto region = tree.reserved(i); ++i) occupy(info, region->address, region->address + region->size);
    bool inside = false;  // /reserved-memory
    Walk walk(tree);
    while (auto node = walk.next()) {
        if (node->depth() == 1) inside = node->name() == "reserved-memory";
        if (!inside || node->depth() != 2) continue;
        for (u32 i = 0; auto region = node->region(i); ++i) occupy(info, region->address, region->address + region->size);
    }
}

}  // namespace

bool read_device_tree(BootInfo& info, u64 address) {
    auto* start = reinterpret_cast<const std::byte*>(address);
    u64 size = Tree::claimed_size({start, 40});
    if (!size || size > Tree::max_size || !is_aligned(address, 8)) return false;
    auto parsed = Tree::parse({start, size});
    if (!parsed) return false;
    tree = *parsed;
    present = true;
    bool memory_known = info.usable_count > 0;
    info.protocol = "device tree";
    Walk walk(tree);
    while (auto node = walk.next()) {
        if (node->depth() == 0) continue;
        if (node->name() == "chosen") read_chosen(info, *node);
        else if (!node->enabled()) continue;
        else if (node->name().starts_with("memory@")) memory_known ? void() : add_memory_node(info, *node);
        else read_machine_node(found_machine(), *node);
    }
    leave_reserved(info);
    return info.usable_count > 0;
}

void show_device_tree_at(const std::byte* start) { tree = tree.seen_at(start); }
const Tree& device_tree() { return tree; }
bool has_device_tree() { return present; }

}  // namespace spore::arch
