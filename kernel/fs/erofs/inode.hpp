#pragma once

#include "base/text.hpp"
#include "kernel/fs/erofs/file_system.hpp"

namespace spore::fs::erofs {

class ErofsInode : public TabledInode {
public:
    ErofsInode(ErofsFileSystem& file_system, u64 nid, const wire::erofs::InodeInfo& info);
    ~ErofsInode() override { owner().inodes_.remove(*this); }

    Result<Stat> stat() override;
    Result<void> change(const AttributeChange&) override { return fail(Error::read_only); }
    Result<Shared<Inode>> look_up(std::string_view name) override;
    Result<Shared<Inode>> create(std::string_view, const NewInode&) override { return fail(Error::read_only); }
    Result<void> read_directory(u64 position, DirectorySink& sink) override;
    Result<std::string_view> link_target() override;
    Result<u64> get_attribute(std::string_view name, MutableByteSpan value) override;
    Result<u64> list_attributes(MutableByteSpan names) override;

    ErofsFileSystem& owner() const { return static_cast<ErofsFileSystem&>(file_system()); }

protected:
    /// Where a block of the contents lies: a block of the image, the tail behind the inode, or nowhere (zeros).
    struct Place {
        enum class Kind : u8 { block, tail, hole } kind;
        u64 at;  ///< block: its index; tail: its offset in the image
    };
    Result<Place> place(u64 block);
    /// A block of the contents as far as the size covers it, for directories and links.
    Result<BlockView> contents(u64 block);

    wire::erofs::InodeInfo info_;

private:
    template <typename Visitor>
    Result<void> visit_attributes(Visitor visitor);

    Locked<Text, sync::Spin> target_;
    std::atomic<bool> target_loaded_ = false;
};

/// A regular file: its pages are the image's where they fill a block.
class ErofsFile final : public ErofsInode, private memory::PageSource {
public:
    ErofsFile(ErofsFileSystem& file_system, u64 nid, const wire::erofs::InodeInfo& info)
        : ErofsInode(file_system, nid, info), pages_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    Result<u64> read(IoBuffer& into, u64 offset) override;
    Result<u64> write(IoBuffer&, u64&, WriteAt) override { return fail(Error::read_only); }
    Result<void> truncate(u64) override { return fail(Error::read_only); }
    Result<memory::PageCache*> pages(bool for_writing) override;
    Result<u64> at_hand(u64 offset, u64 size) override;

private:
    Result<memory::FrameRef> load_page(u64 index) override;
    memory::FrameRef page_at_hand(u64 index) override;
    memory::PageCache pages_;
};

}  // namespace spore::fs::erofs
