// Changing a tree of extents. Nodes that are full are split on the way, from above: each step leaves a tree that holds what it held.
#include <algorithm>

#include "kernel/fs/ext4/extents.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {
constexpr u64 sectors_per_block = block_size / 512;
}

void ExtentTree::changes(const Path& path, unsigned level) {
    if (level != 0) owner_.journal().modify(path.blocks[level]);
}

void ExtentTree::changed(const Path& path, unsigned level) {
    if (level != 0) set_extent_block_checksum(owner_.super(), inode_.seed(), path.blocks[level].bytes());
}

Result<u64> ExtentTree::goal_for(u32 block) {
    Path path;
    TRY(walk(block, path));
    auto leaf = TRY(node(path, path.depth));
    auto& super = owner_.super();
    if (leaf.count() == 0) {
        // The group of the inode, each file at another place of it, so that files that grow together do not meet at once.
        u64 first = u64{super.group_of_inode(inode_.ino())} * super.blocks_per_group;
        return first + inode_.ino() % 16 * (super.blocks_per_group / 16);
    }
    auto extent = leaf.extent(path.at[path.depth]);
    if (block >= extent.block) return extent.start + (block - extent.block);
    u64 before = extent.block - block;
    return extent.start > before ? extent.start - before : extent.start;
}

Result<Block> ExtentTree::make_node(u64 near) {
    auto run = TRY(owner_.allocator().allocate(near, 1, Allocator::From::reserved));
    auto made = owner_.disk().get_fresh(run.start);
    if (!made) {
        // It was not led to yet: whether it comes back does not matter to anybody.
        if (owner_.allocator().prepare(run.start, 1)) owner_.allocator().give_back(run.start, 1, false);
        return made;
    }
    owner_.journal().modify(*made);
    made->set_kind(BlockKind::extents);
    inode_.info_.blocks += sectors_per_block;
    return made;
}

Result<void> ExtentTree::grow(Path& path) {
    auto root = TRY(node(path, 0));
    if (path.depth == most_depth) return fail(Error::too_big);
    u64 near = root.is_leaf() ? root.extent(0).start : root.child(0);
    auto made = TRY(make_node(near));
    auto below = Node::make(made.bytes(), path.depth);
    u32 key = root.key(0);
    root.move_to(below, 0);
    set_extent_block_checksum(owner_.super(), inode_.seed(), made.bytes());
    root.set_depth(path.depth + 1);
    root.open(0);
    root.set_child(0, key, made.number());
    return {};
}

Result<void> ExtentTree::split(Path& path, unsigned level, u32 block) {
    auto full = TRY(node(path, level));
    auto above = TRY(node(path, level - 1));
    auto made = TRY(make_node(path.blocks[level].number()));
    changes(path, level);
    changes(path, level - 1);
    auto other = Node::make(made.bytes(), full.depth());
    // What grows at its end leaves full nodes behind.
    bool at_end = block > full.key(full.count() - 1);
    full.move_to(other, at_end ? full.count() - 1 : full.count() / 2);
    unsigned at = path.at[level - 1] + 1;
    above.open(at);
    above.set_child(at, other.key(0), made.number());
    set_extent_block_checksum(owner_.super(), inode_.seed(), made.bytes());
    changed(path, level);
    changed(path, level - 1);
    return {};
}

Result<void> ExtentTree::make_room(u32 block, unsigned entries, Path& path) {
    for (unsigned tries = 0; tries < 4 * most_depth; ++tries) {
        path = {};
        TRY(walk(block, path));
        if (TRY(node(path, path.depth)).room() >= entries) return {};
        unsigned level = path.depth;
        while (level > 0 && TRY(node(path, level - 1)).room() == 0) --level;
        if (level == 0) TRY(grow(path));
        else TRY(split(path, level, block));
    }
    return fail(Error::corrupt);
}

Result<void> ExtentTree::fix_keys(const Path& path, unsigned from) {
    for (unsigned level = from; level > 0; --level) {
        auto here = TRY(node(path, level));
        auto above = TRY(node(path, level - 1));
        if (above.key(path.at[level - 1]) != here.key(0)) {
            changes(path, level - 1);
            above.set_key(path.at[level - 1], here.key(0));
            changed(path, level - 1);
        }
        if (path.at[level - 1] != 0) break;
    }
    return {};
}

Result<void> ExtentTree::insert(const Extent& extent) {
    Path path;
    TRY(walk(extent.block, path));
    auto leaf = TRY(node(path, path.depth));
    unsigned at = path.at[path.depth];
    auto follows = [](const Extent& first, const Extent& second) {
        return first.end() == second.block && first.start + first.length == second.start && first.unwritten == second.unwritten &&
               first.length + second.length <= first.most();
    };
    bool behind = leaf.count() != 0 && leaf.key(at) <= extent.block;
    if (behind) {
        auto before = leaf.extent(at);
        if (before.end() > extent.block) return fail(Error::corrupt);
        if (follows(before, extent)) {
            changes(path, path.depth);
            before.length += extent.length;
            leaf.set_extent(at, before);
            if (at + 1 < leaf.count() && follows(before, leaf.extent(at + 1))) {
                before.length += leaf.extent(at + 1).length;
                leaf.set_extent(at, before);
                leaf.remove(at + 1);
            }
            changed(path, path.depth);
            return {};
        }
        ++at;
    }
    if (at < leaf.count()) {
        auto after = leaf.extent(at);
        if (extent.end() > after.block) return fail(Error::corrupt);
        if (follows(extent, after)) {
            changes(path, path.depth);
            leaf.set_extent(at, {extent.block, extent.length + after.length, extent.start, extent.unwritten});
            changed(path, path.depth);
            return fix_keys(path, path.depth);
        }
    }
    TRY(make_room(extent.block, 1, path));
    leaf = TRY(node(path, path.depth));
    at = path.at[path.depth];
    if (leaf.count() != 0 && leaf.key(at) <= extent.block) ++at;
    changes(path, path.depth);
    leaf.open(at);
    leaf.set_extent(at, extent);
    changed(path, path.depth);
    return fix_keys(path, path.depth);
}

Result<void> ExtentTree::set_written(u32 block, u32 length) {
    Path path;
    TRY(walk(block, path));
    auto leaf = TRY(node(path, path.depth));
    unsigned at = path.at[path.depth];
    if (leaf.count() == 0) return fail(Error::corrupt);
    auto extent = leaf.extent(at);
    u64 end = u64{block} + length;
    if (!extent.unwritten || extent.block > block || extent.end() < end) return fail(Error::corrupt);
    u64 start = extent.start + (block - extent.block);
    // Written from the beginning on, behind what was written before: the border moves.
    if (extent.block == block && at > 0) {
        auto before = leaf.extent(at - 1);
        if (!before.unwritten && before.end() == block && before.start + before.length == start && before.length + length <= before.most()) {
            changes(path, path.depth);
            before.length += length;
            leaf.set_extent(at - 1, before);
            if (extent.end() == end) leaf.remove(at);
            else leaf.set_extent(at, {block + length, extent.length - length, start + length, true});
            changed(path, path.depth);
            return {};
        }
    }
    unsigned more = (extent.block < block) + (extent.end() > end);
    if (more) {
        TRY(make_room(block, more, path));
        leaf = TRY(node(path, path.depth));
        at = path.at[path.depth];
    }
    changes(path, path.depth);
    if (extent.block < block) {
        leaf.set_extent(at, {extent.block, block - extent.block, extent.start, true});
        leaf.open(++at);
    }
    leaf.set_extent(at, {block, length, start, false});
    if (extent.end() > end) {
        leaf.open(++at);
        leaf.set_extent(at, {static_cast<u32>(end), static_cast<u32>(extent.end() - end), start + length, true});
    }
    changed(path, path.depth);
    return {};
}

Result<bool> ExtentTree::remove(u32 first, u64 end, unsigned steps) {
    while (steps-- > 0)
        if (TRY(remove_last(first, end))) return true;
    return false;
}

/// One extent, or what of it lies there: true when there was none.
Result<bool> ExtentTree::remove_last(u32 first, u64 end) {
    if (first >= end) return true;
    Path path;
    TRY(walk(static_cast<u32>(end - 1), path));
    auto leaf = TRY(node(path, path.depth));
    if (leaf.count() == 0) return true;
    auto extent = leaf.extent(path.at[path.depth]);
    if (extent.block >= end || extent.end() <= first) return true;
    u32 from = std::max(extent.block, first);
    u64 behind = std::min(extent.end(), end);
    u32 length = static_cast<u32>(behind - from);
    u64 start = extent.start + (from - extent.block);
    bool keeps_head = from > extent.block, keeps_tail = behind < extent.end();
    if (keeps_head && keeps_tail) TRY(make_room(from, 1, path));
    leaf = TRY(node(path, path.depth));
    unsigned at = path.at[path.depth];
    auto& allocator = owner_.allocator();
    TRY(allocator.prepare(start, length));
    // Nodes that this leaves empty go, too.
    unsigned top = path.depth;
    if (!keeps_head && !keeps_tail)
        for (; top > 0 && TRY(node(path, top)).count() == 1; --top) TRY(allocator.prepare(path.blocks[top].number(), 1, true));
    auto rest = TRY(node(path, top));
    for (unsigned level = 0; level <= top; ++level) changes(path, level);

    allocator.give_back(start, length, false);
    inode_.info_.blocks -= length * sectors_per_block;
    if (!keeps_head && !keeps_tail) {
        for (unsigned level = path.depth; level > top; --level) {
            allocator.give_back(path.blocks[level].number(), 1, true);
            inode_.info_.blocks -= sectors_per_block;
        }
        rest.remove(path.at[top]);
        changed(path, top);
        if (rest.count() != 0) TRY(fix_keys(path, top));
        else (void)Node::make(inode_.info_.map, 0);
        return false;
    }
    if (keeps_head) {
        leaf.set_extent(at, {extent.block, from - extent.block, extent.start, extent.unwritten});
        if (keeps_tail) leaf.open(++at);
    }
    if (keeps_tail) leaf.set_extent(at, {static_cast<u32>(behind), static_cast<u32>(extent.end() - behind), start + length, extent.unwritten});
    changed(path, path.depth);
    TRY(fix_keys(path, path.depth));
    return false;
}

}  // namespace spore::fs::ext4
