#pragma once

#include "kernel/fs/ext4/inode.hpp"
#include "wire/ext4/directory.hpp"

namespace spore::fs::ext4 {

class Ext4Directory final : public Ext4Inode {
public:
    using Ext4Inode::Ext4Inode;

    Result<Shared<Inode>> look_up(std::string_view name) override;
    Result<void> read_directory(u64 position, DirectorySink& sink) override;
    Result<Shared<Inode>> create(std::string_view name, const NewInode& request) override;
    Result<Shared<Inode>> create_unnamed(const NewInode& request) override;
    Result<void> link(std::string_view name, Inode& target) override;
    Result<void> unlink(std::string_view name, Inode& target) override;
    Result<void> remove_directory(std::string_view name, Inode& target) override;
    Result<void> rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name, Inode* replaced, bool exchange) override;

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

    // Changes: with a handle and the tree mutex.
    /// A block that has room for the name. It may be a new one, and the index different: that stays, whatever comes of the name.
    Result<Block> make_room(std::string_view name);
    Result<Block> make_room_by_hash(std::string_view name);
    Result<Block> append(u32& index);
    Result<void> make_index();
    Result<void> split_leaf(Path& path, const Block& leaf);
    Result<void> split_index(Path& path);
    void enter(const Block& block, std::string_view name, Ext4Inode& inode);
    void remove(const Found& found);
    void set(const Found& found, Ext4Inode& inode);
    Result<Found> find(std::string_view name, Ext4Inode& target);
    void seal(const Block& block) { wire::ext4::set_directory_block_checksum(owner().super(), seed(), block.bytes()); }
    void seal_index(const Block& block, Index::Kind kind);
    void changed();
    Result<bool> empty();
    /// A new inode with what it holds from the beginning; it has no name yet, and so many links.
    Result<Shared<Ext4Inode>> make_inode(const NewInode& request, u32 links);
    Result<void> check_alive();
    /// Who is above a directory, in its entry for that.
    Result<void> set_above(Ext4Directory& above);
    void drop_name(Ext4Inode& target, u32 links);
};

}  // namespace spore::fs::ext4
