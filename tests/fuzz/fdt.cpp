// Any bytes as a device tree: what passed the check is walked and read without leaving the bytes.
#include <cstdlib>

#include "wire/fdt_key.hpp"

using namespace spore;
using namespace spore::wire::fdt;

namespace {

void read(const Node& node) {
    (void)node.enabled();
    (void)(node.compatible() == "virtio,mmio");
    (void)node.number("linux,initrd-start");
    if (auto text = node.text("bootargs"); text && text->find('\0') != text->npos) std::abort();
    for (u32 i = 0; auto region = node.region(i); ++i)
        if (i > Tree::max_size) std::abort();  // more regions than bytes
    if (auto cells = node.property("interrupts")) (void)read_cells(*cells, 0, 3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
    auto tree = Tree::parse(bytes);
    if (!tree) return 0;
    if (tree->used_size() > Tree::claimed_size(bytes)) std::abort();
    Walk walk(tree->seen_at(bytes.data()));
    u32 depth = 0;
    std::size_t count = 0;
    while (auto node = walk.next()) {
        if (++count > size || node->depth() > depth + 1 || node->depth() >= Tree::max_depth) std::abort();
        depth = node->depth();
        read(*node);
    }
    if (count == 0) std::abort();  // a tree has a root
    if (auto key = find_power_key(*tree); key && key->pin > 7) std::abort();
    return 0;
}
