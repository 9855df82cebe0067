// EROFS, read-only and uncompressed, read in place.
#pragma once

#include "kernel/fs/erofs/image.hpp"
#include "kernel/fs/inode_table.hpp"
#include "wire/erofs/inode.hpp"

namespace spore::fs::erofs {

class ErofsInode;

class ErofsFileSystem final : public FileSystem {
public:
    /// corrupt, truncated or not_supported say what is wrong with the image.
    static Result<Shared<ErofsFileSystem>> create(Owned<Image> image);

    ErofsFileSystem(Owned<Image> image, const wire::erofs::Superblock& super) : image_(std::move(image)), super_(super) {}
    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override;
    const char* kind() const override { return "erofs"; }
    bool read_only() const override { return true; }
    bool may_wait() const override { return image_->in_memory().empty(); }

    /// The one inode object for a number.
    Result<Shared<ErofsInode>> inode(u64 nid);
    Image& image() { return *image_; }
    const wire::erofs::Superblock& super() const { return super_; }

private:
    friend class ErofsInode;

    Owned<Image> image_;
    wire::erofs::Superblock super_;
    InodeTable inodes_;
};

}  // namespace spore::fs::erofs
