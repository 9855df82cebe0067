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

Shared<ErofsInode> ErofsFileSystem::find(u64 nid) {
    return table_.with([&](Table& table) -> Shared<ErofsInode> {
        for (auto* inode = table.buckets[nid % bucket_count]; inode; inode = inode->table_next_)
            if (inode->number() == nid && inode->try_retain()) return Shared<ErofsInode>::adopt(inode);
        return {};
    });
}

Result<Shared<ErofsInode>> ErofsFileSystem::inode(u64 nid) {
    if (auto found = find(nid)) return found;
    u64 offset = TRY(wire::erofs::inode_offset(super_, nid));
    std::byte raw[sizeof(wire::erofs::RawExtendedInode)];
    MutableByteSpan bytes = std::span(raw).first(std::min<u64>(sizeof raw, super_.size - offset));
    TRY(image_->read(offset, bytes));
    auto info = TRY(wire::erofs::parse_inode(super_, offset, bytes));
    Shared<ErofsInode> made;
    if (info.type == static_cast<u8>(FileType::regular)) made = TRY(make_shared<ErofsFile>(*this, nid, info));
    else made = TRY(make_shared<ErofsInode>(*this, nid, info));
    // Reading may have slept, and another have loaded the same inode: the first one in the table counts.
    auto other = table_.with([&](Table& table) -> Shared<ErofsInode> {
        auto*& bucket = table.buckets[nid % bucket_count];
        for (auto* inode = bucket; inode; inode = inode->table_next_)
            if (inode->number() == nid && inode->try_retain()) return Shared<ErofsInode>::adopt(inode);
        made->table_next_ = std::exchange(bucket, made.get());
        return {};
    });
    return other ? std::move(other) : std::move(made);
}

void ErofsFileSystem::forget(ErofsInode& inode) {
    table_.with([&](Table& table) {
        for (auto** at = &table.buckets[inode.number() % bucket_count]; *at; at = &(*at)->table_next_)
            if (*at == &inode) {
                *at = inode.table_next_;
                return;
            }
    });
}

}  // namespace spore::fs::erofs
