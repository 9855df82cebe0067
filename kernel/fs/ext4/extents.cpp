#include "kernel/fs/ext4/extents.hpp"

#include <algorithm>

namespace spore::fs::ext4 {

using namespace wire::ext4;

Result<ExtentNode> ExtentTree::node(const Path& path, unsigned level) {
    auto bytes = level == 0 ? MutableByteSpan(inode_.info_.map) : path.blocks[level].bytes();
    return Node::parse(owner_.super(), bytes, path.depth - level);
}

Result<void> ExtentTree::walk(u32 block, Path& path) {
    path.depth = TRY(Node::depth_of(inode_.info_.map));
    for (unsigned level = 0;; ++level) {
        auto here = TRY(node(path, level));
        path.at[level] = here.search(block);
        if (level == path.depth) return {};
        auto& below = path.blocks[level + 1] = TRY(owner_.disk().get(here.child(path.at[level])));
        if (below.kind() == BlockKind::extents) continue;
        if (!extent_block_matches(owner_.super(), inode_.seed(), below.bytes())) return fail(Error::corrupt);
        below.set_kind(BlockKind::extents);
    }
}

Result<u64> ExtentTree::next_key(const Path& path) {
    for (unsigned level = path.depth; level-- > 0;) {
        auto here = TRY(node(path, level));
        if (path.at[level] + 1 < here.count()) return here.key(path.at[level] + 1);
    }
    return u64{1} << 32;
}

Result<Mapping> ExtentTree::find(u32 block) {
    Path path;
    TRY(walk(block, path));
    auto leaf = TRY(node(path, path.depth));
    unsigned at = path.at[path.depth];
    u64 end = TRY(next_key(path));
    if (leaf.count() != 0) {
        auto extent = leaf.extent(at);
        if (block < extent.block) {
            end = extent.block;
        } else if (block < extent.end()) {
            u32 within = block - extent.block;
            return Mapping{extent.unwritten ? Mapping::Kind::unwritten : Mapping::Kind::written, extent.start + within, extent.length - within};
        } else if (at + 1 < leaf.count()) {
            end = leaf.key(at + 1);
        }
    }
    if (end <= block) return fail(Error::corrupt);
    return Mapping{Mapping::Kind::hole, 0, end - block};
}

}  // namespace spore::fs::ext4
