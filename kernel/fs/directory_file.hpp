// An open directory: a position in its entries.
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

class DirectoryFile final : public File {
public:
    DirectoryFile(Dentry& entry, OpenMode mode) : File(mode), entry_(entry) {}

    Result<u64> read(IoBuffer&) override { return fail(Error::is_directory); }
    Result<u64> read_at(IoBuffer&, u64) override { return fail(Error::is_directory); }
    Result<u64> seek(i64 offset, Whence whence) override;
    Result<void> sync(bool data_only) override { return inode()->sync(data_only); }
    Result<void> read_directory(DirectorySink& sink) override;
    std::string_view describe(std::span<char> buffer) override;
    Inode* inode() override { return entry_->inode(); }
    Dentry* dentry() override { return entry_.get(); }

private:
    Shared<Dentry> entry_;
    sync::Mutex position_mutex_;
    u64 position_ = 0;
};

}  // namespace spore::fs
