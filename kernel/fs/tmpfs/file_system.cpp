#include "kernel/fs/tmpfs/file_system.hpp"

#include "kernel/fs/tmpfs/directory.hpp"
#include "kernel/fs/tmpfs/file.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::fs::tmpfs {
namespace {

/// Above every number that a lower file system of usual size has.
constexpr u64 first_own_number = u64{1} << 32;

u64 half_of_all_pages() { return memory::memory_use().total / 2 / page_size; }
u64 pages_for(u64 limit) { return limit ? limit / page_size : half_of_all_pages(); }

}  // namespace

TmpFileSystem::TmpFileSystem(Shared<FileSystem> lower, u64 page_limit, u64 file_limit)
    : lower_(std::move(lower)), page_limit_(page_limit), file_limit_(file_limit), next_number_(lower_ ? first_own_number : 1) {}

Result<Shared<TmpFileSystem>> TmpFileSystem::create(u64 limit, u16 root_permissions) {
    auto made = TRY(make_shared<TmpFileSystem>(nullptr, pages_for(limit), half_of_all_pages()));
    made->root_ = TRY(made->make({.type = FileType::directory, .permissions = root_permissions}));
    made->root_->add_links(2);
    return made;
}

Result<Shared<TmpFileSystem>> TmpFileSystem::create_over(Shared<FileSystem> lower, u64 limit) {
    auto lower_root = TRY(lower->root());
    auto made = TRY(make_shared<TmpFileSystem>(std::move(lower), pages_for(limit), half_of_all_pages()));
    made->root_ = TRY(made->wrap(std::move(lower_root)));
    return made;
}

TmpFileSystem::~TmpFileSystem() {
    root_.reset();
    // Inodes that differ from the lower ones were kept. One may hold others, which go with it.
    unsigned bucket = 0;
    for (auto inode = inodes_.next<TmpInode>(bucket, nullptr); inode; inode = inodes_.next(bucket, inode.get())) unpin(*inode);
}

Result<Shared<Inode>> TmpFileSystem::root() { return Shared<Inode>(root_); }

Result<FileSystemStat> TmpFileSystem::stat() {
    constexpr u64 tmpfs_magic = 0x0102'1994, overlay_magic = 0x794c'7630;  // [linux/magic.h]
    u64 used_files = std::min((used_records_.load(std::memory_order_relaxed) + file_record - 1) / file_record, file_limit_);
    FileSystemStat stat{.magic = lower_ ? overlay_magic : tmpfs_magic, .blocks = page_limit_, .free_blocks = free_pages(),
                        .files = file_limit_, .free_files = file_limit_ - used_files};
    return stat;
}

u64 TmpFileSystem::free_pages() const { return page_limit_ - std::min(used_pages_.load(std::memory_order_relaxed), page_limit_); }

Result<void> TmpFileSystem::charge() {
    if (used_pages_.fetch_add(1, std::memory_order_relaxed) < page_limit_) return {};
    uncharge(1);
    return fail(Error::no_space);
}

Result<void> TmpFileSystem::charge_records(u64 bytes) {
    if (used_records_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= file_limit_ * file_record) return {};
    uncharge_records(bytes);
    return fail(Error::no_space);
}

Result<Shared<TmpInode>> TmpFileSystem::make(const NewInode& request) {
    TRY(charge_records(file_record));
    auto made = make_uncharged(request);
    if (!made) uncharge_records(file_record);
    return made;
}

Result<Shared<TmpInode>> TmpFileSystem::make_uncharged(const NewInode& request) {
    u64 number = next_number();
    switch (request.type) {
    case FileType::directory: return TRY(make_shared<TmpDirectory>(*this, number, request));
    case FileType::regular: return TRY(make_shared<TmpFile>(*this, number, request));
    case FileType::link: {
        auto target = TRY(Text::copy(request.target));
        return TRY(make_shared<TmpLink>(*this, number, request, std::move(target)));
    }
    default: return TRY(make_shared<TmpInode>(*this, number, request));
    }
}

Result<Shared<TmpInode>> TmpFileSystem::wrap(Shared<Inode> lower) {
    if (auto found = inodes_.find<TmpInode>(lower->number())) return found;
    auto stat = TRY(lower->stat());
    Shared<TmpInode> made;
    switch (lower->type()) {
    case FileType::directory: made = TRY(make_shared<TmpDirectory>(*this, std::move(lower), stat)); break;
    case FileType::regular: made = TRY(make_shared<TmpFile>(*this, std::move(lower), stat)); break;
    case FileType::link: made = TRY(make_shared<TmpLink>(*this, std::move(lower), stat)); break;
    default: made = TRY(make_shared<TmpInode>(*this, std::move(lower), stat)); break;
    }
    return inodes_.add(std::move(made));
}

void TmpFileSystem::pin(TmpInode& inode) {
    if (!inode.lower_) return;
    inodes_.locked([&] {
        // What has lost its last name, under which unpin() comes, is as its users leave it, and goes with them.
        if (inode.links() != 0 && !std::exchange(inode.pinned_, true)) inode.retain();
    });
}

void TmpFileSystem::unpin(TmpInode& inode) {
    if (!inode.lower_) return;
    bool was = inodes_.locked([&] { return std::exchange(inode.pinned_, false); });
    if (was) Shared<TmpInode>::adopt(&inode).reset();
}

}  // namespace spore::fs::tmpfs
