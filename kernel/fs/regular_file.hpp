// An open regular file (or anything else whose contents its inode reads and writes at offsets).
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

class RegularFile : public File {
public:
    RegularFile(Dentry& entry, OpenMode mode) : File(mode), entry_(entry) { mode_.counted = false; }
    static Result<Shared<File>> create(Dentry& entry, OpenMode mode);
    /// Counts the file as used, when that is wanted. text_busy when it is used the other way.
    Result<void> begin_use(bool counted);
    ~RegularFile() override;

    Result<u64> read(IoBuffer& into) override;
    Result<u64> write(IoBuffer& from) override;
    Result<u64> read_at(IoBuffer& into, u64 offset) override;
    Result<u64> write_at(IoBuffer& from, u64 offset) override;
    Result<u64> seek(i64 offset, Whence whence) override;
    Result<void> truncate(u64 size) override;
    Result<void> allocate(u32 mode, u64 offset, u64 size) override;
    Result<void> sync(bool data_only) override { return inode()->sync(data_only); }
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<Shared<memory::MappedObject>> map(MapWrites writes) override;
    std::string_view describe(std::span<char> buffer) override;
    Inode* inode() override { return entry_->inode(); }
    Dentry* dentry() override { return entry_.get(); }

private:
    void note_access();
    /// `offset` moves on.
    Result<u64> write_to(IoBuffer& from, u64& offset);
    UseCount::Use use() const { return mode_.execute ? UseCount::Use::execute : UseCount::Use::write; }

    Shared<Dentry> entry_;
    sync::Mutex position_mutex_;  ///< one read or write with the position at a time [POSIX 2.9.7]
    u64 position_ = 0;
};

}  // namespace spore::fs
