#include "kernel/fs/inode.hpp"

#include "kernel/fs/directory_file.hpp"
#include "kernel/fs/locks.hpp"
#include "kernel/fs/pipe.hpp"
#include "kernel/fs/regular_file.hpp"
#include "kernel/fs/special_file.hpp"
#include "kernel/memory/page_cache.hpp"
#include "kernel/time/timer.hpp"

namespace spore::fs {

// 1 is left to what has no file system.
constinit std::atomic<u64> FileSystem::next_device_ = 2;

Inode::~Inode() {
    Owned<FileLocks>(locks.load(std::memory_order_relaxed)).reset();
    if (auto* owned = pipe.load(std::memory_order_relaxed)) Shared<Pipe>::adopt(owned).reset();
}

FileTime current_time() {
    auto now = static_cast<u64>(time::wall_nanoseconds());
    return {static_cast<i64>(now / 1'000'000'000), static_cast<u32>(now % 1'000'000'000)};
}

Result<Stat> Inode::stat() {
    Stat stat = attributes_.with([](const Stat& s) { return s; });
    stat.inode = number_;
    stat.device = file_system_.device();
    stat.type = type_;
    stat.size = size();
    return stat;
}

void AttributeChange::apply(Stat& to, FileTime now) const {
    if (set_permissions) to.permissions = permissions;
    if (set_uid) to.uid = uid;
    if (set_gid) to.gid = gid;
    if (set_accessed) to.accessed = accessed;
    if (set_modified) to.modified = modified;
    to.changed = now;
}

Result<void> Inode::change(const AttributeChange& change) {
    auto now = current_time();
    attributes_.with([&](Stat& s) { change.apply(s, now); });
    return {};
}

Result<void> UseCount::begin(Use use) {
    i32 step = static_cast<i32>(use), now = count_.load(std::memory_order_relaxed);
    do {
        if (now * step < 0) return fail(Error::text_busy);
    } while (!count_.compare_exchange_weak(now, now + step, std::memory_order_acquire));
    return {};
}

Result<Shared<Inode>> Inode::look_up(std::string_view) { return fail(Error::not_directory); }
Result<Shared<Inode>> Inode::create(std::string_view, const NewInode&) { return fail(Error::not_permitted); }
Result<Shared<Inode>> Inode::create_unnamed(const NewInode&) { return fail(Error::not_supported); }
Result<void> Inode::link(std::string_view, Inode&) { return fail(Error::not_permitted); }
Result<void> Inode::unlink(std::string_view, Inode&) { return fail(Error::not_permitted); }
Result<void> Inode::remove_directory(std::string_view, Inode&) { return fail(Error::not_permitted); }
Result<void> Inode::rename(std::string_view, Inode&, Inode&, std::string_view, Inode*, bool) { return fail(Error::not_permitted); }
Result<void> Inode::read_directory(u64, DirectorySink&) { return fail(Error::not_directory); }
Result<std::string_view> Inode::link_target() { return fail(Error::invalid); }
Result<Shared<Dentry>> Inode::follow_directly(const Context&) { return Shared<Dentry>(); }

Result<Shared<File>> Inode::open(Dentry& entry, OpenMode mode) {
    switch (type_) {
    case FileType::regular: return RegularFile::create(entry, mode);
    case FileType::directory: return TRY(make_shared<DirectoryFile>(entry, mode));
    case FileType::fifo: return open_fifo(*this, entry, mode);
    case FileType::character:
    case FileType::block: return open_special(*this, entry, mode);
    default: return fail(Error::no_such_device_address);
    }
}

Result<u64> Inode::read(IoBuffer&, u64) { return fail(type_ == FileType::directory ? Error::is_directory : Error::invalid); }
Result<u64> Inode::write(IoBuffer&, u64&, WriteAt) { return fail(Error::invalid); }
Result<void> Inode::truncate(u64) { return fail(Error::invalid); }
Result<void> Inode::allocate(u32, u64, u64) { return fail(Error::not_supported); }
Result<void> Inode::sync(bool) { return {}; }
Result<u64> Inode::seek_data(u64 offset, Whence whence) { return whence == Whence::data ? offset : size(); }
Result<memory::PageCache*> Inode::pages(bool) { return nullptr; }
Result<u64> Inode::at_hand(u64 offset, u64 size) {
    auto* cache = TRY(pages(false));
    if (!cache) return fail(Error::not_supported);
    u64 end = std::min(offset + size, this->size());
    for (u64 at = offset; at < end; at = align_down(at, page_size) + page_size)
        if (!cache->at_hand(at / page_size)) return at - offset;
    return size;
}

Result<u64> Inode::get_attribute(std::string_view, MutableByteSpan) { return fail(Error::not_supported); }
Result<void> Inode::set_attribute(std::string_view, ByteSpan, bool, bool) { return fail(Error::not_supported); }
Result<u64> Inode::list_attributes(MutableByteSpan) { return 0; }
Result<void> Inode::remove_attribute(std::string_view) { return fail(Error::not_supported); }

Result<u32> Inode::seals() { return fail(Error::invalid); }
Result<void> Inode::add_seals(u32) { return fail(Error::invalid); }

}  // namespace spore::fs
