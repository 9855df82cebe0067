#include "kernel/fs/erofs/file_system.hpp"

#include "kernel/fs/erofs/inode.hpp"

namespace spore::fs::erofs {

Result<Shared<ErofsFileSystem>> ErofsFileSystem::create(Owned<Image> image) {
    auto first = TRY(image->block(0));
    auto super = TRY(wire::erofs::parse_superblock(first.bytes, image->size()));
    auto made = TRY(make_shared<ErofsFileSystem>(std::move(image), super));
    if (!TRY(made->root())->is_directory()) return fail(Error::corrupt);
    return made;
}

Result<Shared<Inode>> ErofsFileSystem::root() { return TRY(inode(super_.root_nid)); }

Result<FileSystemStat> ErofsFileSystem::stat() {
    return FileSystemStat{.magic = wire::erofs::superblock_magic, .blocks = super_.size / wire::erofs::block_size,
                          .files = super_.inodes, .read_only = true};
}

Result<Shared<ErofsInode>> ErofsFileSystem::inode(u64 nid) {
    if (auto found = inodes_.find<ErofsInode>(nid)) return found;
    u64 offset = TRY(wire::erofs::inode_offset(super_, nid));
    std::byte raw[sizeof(wire::erofs::RawExtendedInode)];
    MutableByteSpan bytes = std::span(raw).first(std::min<u64>(sizeof raw, super_.size - offset));
    TRY(image_->read(offset, bytes));
    auto info = TRY(wire::erofs::parse_inode(super_, offset, bytes));
    Shared<ErofsInode> made;
    if (info.type == static_cast<u8>(FileType::regular)) made = TRY(make_shared<ErofsFile>(*this, nid, info));
    else made = TRY(make_shared<ErofsInode>(*this, nid, info));
    return inodes_.add(std::move(made));
}

}  // namespace spore::fs::erofs
