#include "kernel/fs/ninep/file_system.hpp"

#include "kernel/fs/ninep/file.hpp"

namespace spore::fs::ninep {

namespace {
constexpr u64 magic = 0x0102'1997;  // V9FS_MAGIC [linux/magic.h]
}

Result<Shared<NinepFileSystem>> NinepFileSystem::create(device::Share& share) {
    return make_shared<NinepFileSystem>(TRY(Client::connect(share)));
}

Result<Shared<Inode>> NinepFileSystem::root() { return TRY(inode(TRY(client_->attach()))); }

Result<FileSystemStat> NinepFileSystem::stat() {
    auto top = TRY(client_->attach());
    auto said = TRY(client_->stat_file_system(*top));
    return FileSystemStat{.magic = magic, .blocks = said.blocks, .free_blocks = said.available, .files = said.files, .free_files = said.free_files,
                          .block_size = said.block_size ? said.block_size : u32{page_size}, .name_limit = said.name_limit};
}

Result<Shared<NinepInode>> NinepFileSystem::inode(Shared<Fid> fid) {
    auto attributes = TRY(client_->get_attributes(*fid));
    auto type = static_cast<FileType>(attributes.mode >> 12 & 15);
    if (auto known = inodes_.find<NinepInode>(attributes.qid.path); known && known->type() == type) {
        // It may have another name by now, by which the server must look for it.
        u32 changes = known->changes_.load(std::memory_order_acquire);
        known->fid_.with([&](Shared<Fid>& old) { std::swap(old, fid); });
        TRY(known->take(attributes, changes));
        return known;
    }
    Shared<NinepInode> made;
    if (type == FileType::regular) made = TRY(make_shared<NinepFile>(*this, attributes, std::move(fid)));
    else made = TRY(make_shared<NinepInode>(*this, attributes, std::move(fid)));
    TRY(made->take(attributes, 0));
    return inodes_.add(std::move(made));
}

void NinepFileSystem::renew_below(NinepInode& moved) {
    Guard guard(renew_mutex_);
    u32 now = moved.renewal_ = ++renewals_;
    // Parents before children: as often as the tree is deep.
    for (bool any = true; any;) {
        any = false;
        unsigned bucket = 0;
        for (auto inode = inodes_.next<NinepInode>(bucket, nullptr); inode; inode = inodes_.next(bucket, inode.get())) {
            if (inode->renewal_ == now) continue;
            auto parent = inodes_.find<NinepInode>(inode->place_.with([](NinepInode::Place& place) { return place.parent; }));
            if (!parent || parent->renewal_ != now) continue;
            inode->renewal_ = now;
            any = true;
            (void)inode->renew(*parent);  // what cannot be found leads nowhere
        }
    }
}

Result<void> NinepFileSystem::sync() {
    Result<void> outcome;
    unsigned bucket = 0;
    for (auto inode = inodes_.next<NinepInode>(bucket, nullptr); inode; inode = inodes_.next(bucket, inode.get()))
        if (auto written = inode->write_back(); !written) outcome = written;
    return outcome;
}

}  // namespace spore::fs::ninep
