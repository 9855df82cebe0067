#pragma once

#include "kernel/fs/ext4/inode.hpp"
#include "wire/ext4/directory.hpp"

namespace spore::fs::ext4 {

class Ext4Directory final : public Ext4Inode {
public:
    using Ext4Inode::Ext4Inode;

    Result<Shared<Inode>> look_up(std::string_view name) override;
    Result<void> read_directory(u64 position, DirectorySink& sink) override;

private:
    using Entries = wire::ext4::DirectoryBlock;
    using Index = wire::ext4::IndexNode;
    using Entry = wire::ext4::DirectoryEntry;

    u64 blocks() const { return size() / block_size; }
    bool is_indexed() const { return info_.flags & wire::ext4::inode_flag::indexed; }
    Result<Block> block(u64 index);
    Result<Entries> entries(const Block& block);
    Result<Index> index(const Block& block, Index::Kind kind);

    /// The way through the index to a leaf.
    struct Path {
        Block root, inner;
        unsigned root_at = 0, inner_at = 0;
        bool has_inner = false;
        u8 version = 0;
    };
    /// Takes the way to where names of this hash are, and gives the leaf.
    Result<u64> walk(u32 major, Path& path);
    /// The leaf behind the path's, which becomes its own; and from which hash on it has names. Nothing at the end.
    struct NextLeaf {
        u64 block;
        u32 hash;
    };
    Result<bool> advance(Path& path, NextLeaf& next);
    Result<u64> leaf_of(const Path& path);

    /// Where a name is.
    struct Found {
        Block block;
        Entry entry;
    };
    Result<Found> find(std::string_view name);
    /// A leaf's names in the order of their hashes.
    struct Hashed {
        wire::ext4::NameHash hash;
        u16 offset;
    };
    static constexpr unsigned most_hashed = page_size / sizeof(Hashed);
    Result<unsigned> sort(const Entries& entries, u8 version, std::span<Hashed> into);
    Result<void> read_by_hash(u64 position, DirectorySink& sink);
};

}  // namespace spore::fs::ext4
