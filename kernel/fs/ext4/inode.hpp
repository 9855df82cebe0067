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

    Result<std::string_view> link_target() override;
    Result<u64> get_attribute(std::string_view name, MutableByteSpan value) override;
    Result<u64> list_attributes(MutableByteSpan names) override;

    Ext4FileSystem& owner() const { return static_cast<Ext4FileSystem&>(file_system()); }
    u32 ino() const { return static_cast<u32>(number()); }
    /// What the checksums of its blocks begin with.
    u32 seed() const { return wire::ext4::inode_seed(owner().super(), ino(), info_.generation); }
    /// Where `block` of the contents lies. With the tree mutex.
    Result<Mapping> map(u64 block);
    bool has_extents() const { return info_.flags & wire::ext4::inode_flag::extents; }

protected:
    /// Under the tree mutex. What Inode keeps (times, owners, links, size) is as it was last read or stored.
    wire::ext4::InodeInfo info_;

private:
    friend class ExtentTree;
    /// All attributes. With the tree mutex.
    Result<void> load_attributes(AttributeList& list);
    Result<Mapping> map_by_blocks(u64 block);
    Locked<Text, sync::Spin> target_;
    std::atomic<bool> target_loaded_ = false;
};

}  // namespace spore::fs::ext4
