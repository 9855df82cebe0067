// Looking names up, and listing them.
#include "kernel/fs/ext4/directory.hpp"

#include <algorithm>

namespace spore::fs::ext4 {

using namespace wire::ext4;

Result<Block> Ext4Directory::block(u64 index) {
    if (index >= blocks()) return fail(Error::corrupt);
    auto where = TRY(map(index));
    if (where.kind != Mapping::Kind::written) return fail(Error::corrupt);
    return owner().disk().get(where.start);
}

Result<DirectoryBlock> Ext4Directory::entries(const Block& block) {
    auto found = TRY(Entries::parse(owner().super(), block.bytes()));
    if (block.kind() == BlockKind::directory) return found;
    if (!directory_block_matches(owner().super(), seed(), block.bytes())) return fail(Error::corrupt);
    block.set_kind(BlockKind::directory);
    return found;
}

Result<IndexNode> Ext4Directory::index(const Block& block, Index::Kind kind) {
    auto node = TRY(Index::parse(owner().super(), block.bytes(), kind, blocks()));
    if (block.kind() == BlockKind::index) return node;
    if (!node.matches(seed())) return fail(Error::corrupt);
    block.set_kind(BlockKind::index);
    return node;
}

Result<u64> Ext4Directory::leaf_of(const Path& path) {
    if (path.has_inner) return TRY(index(path.inner, Index::Kind::inner)).block(path.inner_at);
    return TRY(index(path.root, Index::Kind::root)).block(path.root_at);
}

Result<u64> Ext4Directory::walk(u32 major, Path& path) {
    path.root = TRY(block(0));
    auto root = TRY(index(path.root, Index::Kind::root));
    path.version = root.version();
    path.root_at = root.search(major);
    path.has_inner = root.levels() != 0;
    if (path.has_inner) {
        path.inner = TRY(block(root.block(path.root_at)));
        path.inner_at = TRY(index(path.inner, Index::Kind::inner)).search(major);
    }
    return leaf_of(path);
}

Result<bool> Ext4Directory::advance(Path& path, NextLeaf& next) {
    if (path.has_inner) {
        auto inner = TRY(index(path.inner, Index::Kind::inner));
        if (path.inner_at + 1 < inner.count()) {
            ++path.inner_at;
            next = {inner.block(path.inner_at), inner.hash(path.inner_at)};
            return true;
        }
    }
    auto root = TRY(index(path.root, Index::Kind::root));
    if (path.root_at + 1 >= root.count()) return false;
    ++path.root_at;
    next = {root.block(path.root_at), root.hash(path.root_at)};
    if (path.has_inner) {
        path.inner = TRY(block(next.block));
        path.inner_at = 0;
        next.block = TRY(index(path.inner, Index::Kind::inner)).block(0);
    }
    return true;
}

Result<Ext4Directory::Found> Ext4Directory::find(std::string_view name) {
    Found found;
    if (is_indexed()) {
        Path path;
        path.root = TRY(block(0));
        auto hash = hash_name(owner().super(), TRY(index(path.root, Index::Kind::root)).version(), name);
        if (hash) {
            u64 leaf = TRY(walk(hash->major, path));
            while (true) {
                found.block = TRY(block(leaf));
                if (TRY(entries(found.block)).find(name, found.entry)) return found;
                // Names of one hash may go on in the next leaf, whose hash then has the lowest bit set.
                NextLeaf next;
                if (!TRY(advance(path, next)) || next.hash != (hash->major | 1)) return fail(Error::not_found);
                leaf = next.block;
            }
        }
    }
    for (u64 i = 0; i < blocks(); ++i) {
        found.block = TRY(block(i));
        // Nodes of the index, which is of no use here, hold no names.
        auto names = entries(found.block);
        if (!names && is_indexed()) continue;
        if (TRY(std::move(names)).find(name, found.entry)) return found;
    }
    return fail(Error::not_found);
}

Result<Shared<Inode>> Ext4Directory::look_up(std::string_view name) {
    u32 number;
    {
        Guard guard(owner().tree());
        number = TRY(find(name)).entry.inode;
    }
    // Nobody gives names to the file system's own files.
    if (number < owner().super().first_inode && number != wire::ext4::root_inode) return fail(Error::corrupt);
    return TRY(owner().inode(number));
}

Result<unsigned> Ext4Directory::sort(const Entries& entries, u8 version, std::span<Hashed> into) {
    unsigned count = 0;
    Entry entry;
    for (u32 at = 0; entries.next(at, entry); at = entry.offset + 1u) {
        if (entry.name == "." || entry.name == "..") continue;
        if (count == into.size()) return fail(Error::corrupt);
        into[count++] = {TRY(hash_name(owner().super(), version, entry.name)), entry.offset};
    }
    // By a heap: the standard library's sort is large.
    auto before = [](const Hashed& a, const Hashed& b) { return a.hash < b.hash; };
    std::make_heap(into.begin(), into.begin() + count, before);
    std::sort_heap(into.begin(), into.begin() + count, before);
    return count;
}

namespace {

/// A position in the order of hashes; behind those of the dots.
u64 position_of(NameHash hash) { return (u64{hash.major >> 1} << 32 | hash.minor) + 2; }

}  // namespace

Result<void> Ext4Directory::read_by_hash(u64 position, DirectorySink& sink) {
    u64 wanted = position - 2;
    auto memory = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    std::span hashed(reinterpret_cast<Hashed*>(memory.bytes()), most_hashed);
    Path path;
    path.version = owner().super().hash_version;
    u64 leaf = 0;
    u32 major = static_cast<u32>(wanted >> 32) << 1;
    if (is_indexed()) {
        Guard guard(owner().tree());
        leaf = TRY(walk(major, path));
    }
    while (true) {
        Block here;
        {
            Guard guard(owner().tree());
            here = TRY(block(leaf));
            TRY(entries(here));
        }
        // Names change under the directory's mutex only.
        auto names = TRY(Entries::parse(owner().super(), here.bytes()));
        unsigned count = TRY(sort(names, path.version, hashed));
        for (auto& one : hashed.first(count)) {
            u64 at = position_of(one.hash);
            Entry entry;
            if (at < position || !names.next(one.offset, entry)) continue;
            if (!sink.entry(entry.name, entry.inode, static_cast<FileType>(entry.type), at + 1)) return {};
        }
        if (!is_indexed()) return {};
        NextLeaf next;
        Guard guard(owner().tree());
        if (!TRY(advance(path, next))) return {};
        leaf = next.block;
    }
}

Result<void> Ext4Directory::read_directory(u64 position, DirectorySink& sink) {
    Guard mutex(directory_mutex());
    auto& super = owner().super();
    bool hashes = super.compatible & compatible::dir_index;
    u8 version = super.hash_version;
    if (hashes && is_indexed()) {
        Guard guard(owner().tree());
        version = TRY(index(TRY(block(0)), Index::Kind::root)).version();
    }
    // As soon as a directory may get an index its names have that order, so that positions outlive its making.
    if (hashes && (is_indexed() || blocks() == 1) && hash_name(super, version, "")) return read_by_hash(position, sink);
    for (u64 at = (position - 2) / block_size; at < blocks(); ++at) {
        Block here;
        {
            Guard guard(owner().tree());
            here = TRY(block(at));
            if (!entries(here) && !is_indexed()) return fail(Error::corrupt);
        }
        auto names = Entries::parse(super, here.bytes());
        if (!names) continue;
        Entry entry;
        u32 from = at == (position - 2) / block_size ? static_cast<u32>((position - 2) % block_size) : 0;
        for (; names->next(from, entry); from = entry.offset + 1u) {
            if (entry.name == "." || entry.name == "..") continue;
            if (!sink.entry(entry.name, entry.inode, static_cast<FileType>(entry.type), at * block_size + entry.offset + 3)) return {};
        }
    }
    return {};
}

}  // namespace spore::fs::ext4
