#pragma once

#include "base/text.hpp"
#include "kernel/fs/ext4/file_system.hpp"
#include "wire/ext4/extent.hpp"

namespace spore::fs {
class AttributeList;
}

namespace spore::fs::ext4 {

/// Where blocks of a file lie.
struct Mapping {
    enum class Kind : u8 { hole, unwritten, written } kind = Kind::hole;
    u64 start = 0;
    u64 length = 0;  ///< so many from the one that was asked for are alike
};

/// A file of any type.
class Ext4Inode : public TabledInode {
public:
    Ext4Inode(Ext4FileSystem& file_system, u32 number, const wire::ext4::InodeInfo& info);
    ~Ext4Inode() override;

    Result<void> change(const AttributeChange& change) override;
    Result<void> sync(bool data_only) override;
    void note_access() override;
    void note_mapped_write() override { stamp_modified(); }
    Result<std::string_view> link_target() override;
    Result<u64> get_attribute(std::string_view name, MutableByteSpan value) override;
    Result<u64> list_attributes(MutableByteSpan names) override;
    Result<void> set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) override;
    Result<void> remove_attribute(std::string_view name) override;

    Ext4FileSystem& owner() const { return static_cast<Ext4FileSystem&>(file_system()); }
    u32 ino() const { return static_cast<u32>(number()); }
    /// What the checksums of its blocks begin with.
    u32 seed() const { return wire::ext4::inode_seed(owner().super(), ino(), info_.generation); }
    /// Where `block` of the contents lies. With the tree mutex.
    Result<Mapping> map(u64 block);
    bool has_extents() const { return info_.flags & wire::ext4::inode_flag::extents; }

    /// Puts on the disk what is only in memory of it, as far as the journal; with `data_only` but for the times, which nobody needs to find the rest.
    virtual Result<void> write_back(bool data_only);
    /// Nobody will look at it again, unless somebody has it open.
    virtual void forget_contents() {}

    // With a handle and the tree mutex:
    /// Where it lies is part of the transaction: store() cannot fail then.
    Result<void> prepare_store();
    Result<void> store();
    /// The number of names, and what follows from there being none: prepare_unlink() comes first.
    void set_links(u32 links);
    Result<void> prepare_unlink();
    Result<void> prepare_unlink_directory();
    u32 links() { return attributes_.with([](Stat& s) { return s.links; }); }
    void stamp_changed();
    /// One name more; too_many_links.
    Result<void> check_more_links();

protected:
    void stamp_modified();
    bool needs_store() const { return unstored_.load(std::memory_order_relaxed); }
    /// It is safe with this transaction.
    void is_safe_after(u64 transaction) {
        u64 before = safe_after_.load(std::memory_order_relaxed);
        while (before < transaction && !safe_after_.compare_exchange_weak(before, transaction, std::memory_order_relaxed)) {}
    }
    virtual u64 size_to_store() const { return size(); }
    Owned<Orphan> orphan_;  ///< once it has no names
    /// Under the tree mutex. What Inode keeps (times, owners, links, size) is as it was last read or stored.
    wire::ext4::InodeInfo info_;

private:
    friend class ExtentTree;
    friend class Ext4FileSystem;
    friend class Ext4Directory;
    Result<void> release_attribute_block();
    Ext4Inode* next_changed_ = nullptr;      ///< the file system's
    std::atomic<bool> in_changed_ = false;
    std::atomic<bool> unstored_ = false;     ///< attributes are newer than what the disk has
    std::atomic<u64> safe_after_ = 0;
    bool may_gain_link_ = false;             ///< it never had a name, and may get one
    /// All attributes. With the tree mutex.
    Result<void> load_attributes(AttributeList& list);
    Result<void> store_attributes(const AttributeList& list);
    Result<Mapping> map_by_blocks(u64 block);
    Locked<Text, sync::Spin> target_;
    std::atomic<bool> target_loaded_ = false;
};

}  // namespace spore::fs::ext4
