// A regular file of a share. Reads and writes go to the server; pages exist for mappings, which write them back when they are synchronised or
// the last of them goes.
#pragma once

#include "kernel/fs/ninep/inode.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore::fs::ninep {

class NinepFile final : public NinepInode, private memory::PageSource {
public:
    NinepFile(NinepFileSystem& file_system, const wire::ninep::Attributes& attributes, Shared<Fid> fid)
        : NinepInode(file_system, attributes, std::move(fid)), pages_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    Result<Shared<File>> open(Dentry& entry, OpenMode mode) override;
    Result<u64> read(IoBuffer& into, u64 offset) override;
    Result<u64> write(IoBuffer& from, u64& offset, WriteAt where) override;
    Result<void> truncate(u64 size) override;
    Result<void> sync(bool data_only) override;
    Result<memory::PageCache*> pages(bool) override { return &pages_; }
    Result<u64> at_hand(u64, u64) override { return fail(Error::not_supported); }
    Result<void> begin_mapped_writes() override;
    void end_mapped_writes() override;
    Result<void> write_back() override;
    void contents_differ() override;

    /// A file that was made is open already, for reading and writing.
    void adopt(Shared<Fid> opened);
    /// One open file description less.
    void closed();

private:
    enum class Use : u8 { read, write };
    struct Handles {
        Shared<Fid> of[2];  ///< by Use; the same one where the server allows both
        u32 opens = 0, mapped_writers = 0;
    };
    /// The file as the server has it open for this.
    Result<Shared<Fid>> handle(Use use);
    Result<memory::FrameRef> load_page(u64 index) override;
    Result<void> write_pages(Fid& fid, bool keep_marks);
    Result<u64> write_chunk(Fid& fid, IoBuffer& from, u64 offset);
    /// What was written shows in mappings, too.
    void update_pages(u64 offset, ByteSpan bytes);

    sync::Mutex contents_mutex_;  ///< one change at a time
    memory::PageCache pages_;
    Locked<Handles, sync::Spin> handles_;
};

}  // namespace spore::fs::ninep
