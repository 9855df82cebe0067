// A regular file: pages of its own over those of a lower file.
#pragma once

#include "kernel/fs/tmpfs/inode.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore::fs::tmpfs {

class TmpFile final : public TmpInode, private memory::PageSource {
public:
    TmpFile(TmpFileSystem& file_system, u64 number, const NewInode& request)
        : TmpInode(file_system, number, request), pages_(*this, memory::PageCache::Keep::always) {
        seals_.unguarded().set = request.seals;
    }
    TmpFile(TmpFileSystem& file_system, Shared<Inode> lower_inode, const Stat& stat)
        : TmpInode(file_system, std::move(lower_inode), stat), pages_(*this, memory::PageCache::Keep::always), lower_size_(stat.size),
          borrowed_(true) {}
    ~TmpFile() override;

    Result<Stat> stat() override;
    Result<Shared<File>> open(Dentry& entry, OpenMode mode) override;
    Result<u64> read(IoBuffer& into, u64 offset) override;
    Result<u64> write(IoBuffer& from, u64& offset, WriteAt where) override;
    Result<void> truncate(u64 size) override;
    Result<void> allocate(u32 mode, u64 offset, u64 size) override;
    Result<u64> seek_data(u64 offset, Whence whence) override;
    Result<memory::PageCache*> pages(bool for_writing) override;
    Result<u64> at_hand(u64 offset, u64 size) override;
    Result<void> change(const AttributeChange& change) override;
    void note_access() override {
        if (!borrowed_.load(std::memory_order_relaxed)) note_own_access();
    }
    Result<u32> seals() override { return seals_.with([](Seals& s) { return s.set; }); }
    Result<void> add_seals(u32 seals) override;
    Result<void> begin_mapped_writes() override;
    void end_mapped_writes() override;

private:
    Result<memory::FrameRef> load_page(u64 index) override;
    void page_unused() override { uncharge(1); }
    void uncharge(u64 pages);
    /// Contents are about to differ from the lower file's.
    void make_own();
    void drop_pages(u64 first, u64 end, memory::PrivateCopies copies);
    Result<void> resize(u64 size);
    Result<void> zero(u64 offset, u64 size);
    struct Seals {
        u32 set = seal_seal;
        u32 mapped_writers = 0;
    };
    bool sealed(u32 against) { return seals_.with([=](Seals& s) { return (s.set & against) != 0; }); }
    Result<void> check_resize(u64 size);
    bool has_lower(u64 index) const { return index * page_size < lower_size_.load(std::memory_order_acquire); }

    sync::Mutex contents_mutex_;  ///< one change at a time
    memory::PageCache pages_;
    std::atomic<u64> charged_ = 0;     ///< pages that count against the limit
    std::atomic<u64> lower_size_ = 0;  ///< bytes from the start that the lower file still provides where pages_ has nothing
    std::atomic<bool> borrowed_ = false;  ///< all contents are the lower file's
    Locked<Seals, sync::Spin> seals_;     ///< a seal is added under contents_mutex_, so what is being changed is done by then
};

}  // namespace spore::fs::tmpfs
