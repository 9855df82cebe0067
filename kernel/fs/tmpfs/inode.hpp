#pragma once

#include "kernel/fs/attribute_list.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"

namespace spore::fs::tmpfs {

/// What all types have in common; device nodes, pipes and sockets are just this.
class TmpInode : public TabledInode {
public:
    TmpInode(TmpFileSystem& file_system, u64 number, const NewInode& request);
    /// Stands for a lower inode, whose attributes are given.
    TmpInode(TmpFileSystem& file_system, Shared<Inode> lower, const Stat& stat);
    ~TmpInode() override;

    Result<Stat> stat() override;
    Result<void> change(const AttributeChange& change) override;
    /// Like a file system that is mounted with relatime: once after each change. What lies below keeps its times.
    void note_access() override;
    void note_mapped_write() override { stamp_modified(); }
    Result<u64> get_attribute(std::string_view name, MutableByteSpan value) override;
    Result<void> set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) override;
    Result<u64> list_attributes(MutableByteSpan names) override;
    Result<void> remove_attribute(std::string_view name) override;

    TmpFileSystem& owner() const { return static_cast<TmpFileSystem&>(file_system()); }
    Inode* lower() const { return lower_.get(); }

    /// Changes the number of names by `difference`; stamps the change. At zero the inode goes with its last user.
    void add_links(int difference);
    /// One name more. not_found when it has none left, which is for ever; unless it is a file that waits for its first.
    Result<void> gain_link();
    void may_gain_first_link() { awaits_link_ = true; }
    u32 links() { return attributes_.with([](Stat& s) { return s.links; }); }

protected:
    /// Contents changed just now.
    void stamp_modified();
    void note_own_access();

private:
    friend class TmpFileSystem;
    struct Extended {
        AttributeList list;
        bool copied = false;  ///< the lower inode's attributes are in the list
        u64 charged = 0;
    };
    /// Takes from the file system's limit, or gives back, so that attributes of `bytes` are charged.
    Result<void> charge_attributes(Extended& extended, u64 bytes);
    Result<void> set_charged(Extended& extended, std::string_view name, ByteSpan value, bool create, bool replace);
    Result<void> copy_lower_attributes(Extended& extended);

    Shared<Inode> lower_;
    Locked<Extended, sync::Mutex> extended_;
    std::atomic<bool> access_noted_ = false;  ///< since the last change; set under the attributes' lock
    bool awaits_link_ = false;  ///< under the attributes' lock, once others see it
    u32 charged_links_ = 0;     ///< those beyond the first that were made here; under the attributes' lock
    bool pinned_ = false;  ///< under the table's lock
};

class TmpLink final : public TmpInode {
public:
    TmpLink(TmpFileSystem& file_system, u64 number, const NewInode& request, Text target)
        : TmpInode(file_system, number, request), target_(std::move(target)) { size_.store(target_.size(), std::memory_order_relaxed); }
    TmpLink(TmpFileSystem& file_system, Shared<Inode> lower, const Stat& stat) : TmpInode(file_system, std::move(lower), stat) {}
    Result<std::string_view> link_target() override {
        if (lower()) return lower()->link_target();
        return target_.view();
    }

private:
    Text target_;
};

}  // namespace spore::fs::tmpfs
