#include "kernel/fs/regular_file.hpp"

#include "arch/user_memory.hpp"
#include "kernel/fs/locks.hpp"
#include "kernel/fs/open.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::fs {
namespace {

constexpr u64 max_offset = ~u64{0} >> 1;

class MappedFile final : public memory::MappedObject {
public:
    MappedFile(Dentry& entry, memory::PageCache& pages) : entry_(entry), pages_(pages) {}
    ~MappedFile() override {
        if (writes_) entry_->inode()->end_mapped_writes();
    }
    Result<void> begin_writes() {
        TRY(entry_->inode()->begin_mapped_writes());
        writes_ = true;
        return {};
    }
    memory::PageCache& pages() override { return pages_; }
    u64 size() const override { return entry_->inode()->size(); }
    void written() override { entry_->inode()->note_mapped_write(); }
    Result<void> write_back() override {
        if (!writes_) return {};
        return entry_->inode()->sync(false);
    }
    void describe(std::span<char>& path, u64& inode, u64& device) const override {
        path = path.first(describe_entry(*entry_, path).size());
        inode = entry_->inode()->number();
        device = entry_->inode()->file_system().device();
    }

private:
    Shared<Dentry> entry_;
    memory::PageCache& pages_;
    bool writes_ = false;
};

}  // namespace

RegularFile::~RegularFile() {
    release_locks(*inode(), this);
    if (mode_.counted) inode()->use.end(use());
}

Result<Shared<File>> RegularFile::create(Dentry& entry, OpenMode mode) {
    auto file = TRY(make_shared<RegularFile>(entry, mode));
    TRY(file->begin_use(mode.counted));
    return file;
}

Result<void> RegularFile::begin_use(bool counted) {
    if (counted) TRY(inode()->use.begin(use()));
    mode_.counted = counted;
    return {};
}

Result<u64> RegularFile::read(IoBuffer& into) {
    if (!mode_.read) return fail(Error::bad_descriptor);
    Guard guard(position_mutex_);
    auto done = TRY(inode()->read(into, position_));
    position_ += done;
    note_access();
    return done;
}

Result<u64> RegularFile::write(IoBuffer& from) {
    if (!mode_.write) return fail(Error::bad_descriptor);
    Guard guard(position_mutex_);
    return write_to(from, position_);
}

Result<u64> RegularFile::write_to(IoBuffer& from, u64& offset) {
    u64 done = TRY(inode()->write(from, offset, mode_.append ? WriteAt::end : WriteAt::offset));
    if (mode_.direct) TRY(inode()->write_through(offset - done, done));
    return done;
}

Result<u64> RegularFile::read_at(IoBuffer& into, u64 offset) {
    if (!mode_.read) return fail(Error::bad_descriptor);
    if (offset > max_offset) return fail(Error::invalid);
    auto done = TRY(inode()->read(into, offset));
    note_access();
    return done;
}

void RegularFile::note_access() {
    if (!mode_.traceless && !entry_->mount().read_only()) inode()->note_access();
}

Result<u64> RegularFile::write_at(IoBuffer& from, u64 offset) {
    if (!mode_.write) return fail(Error::bad_descriptor);
    if (offset > max_offset) return fail(Error::invalid);
    // Linux appends even here when the file was opened so [pwrite(2), bugs].
    return write_to(from, offset);
}

Result<u64> RegularFile::seek(i64 offset, Whence whence) {
    Guard guard(position_mutex_);
    u64 base = 0;
    switch (whence) {
    case Whence::start: break;
    case Whence::current: base = position_; break;
    case Whence::end: base = inode()->size(); break;
    case Whence::data:
    case Whence::hole:
        if (offset < 0 || static_cast<u64>(offset) >= inode()->size()) return fail(Error::no_such_device_address);
        return position_ = TRY(inode()->seek_data(static_cast<u64>(offset), whence));
    }
    u64 target = base + static_cast<u64>(offset);
    if (target > max_offset) return fail(offset > 0 ? Error::overflow : Error::invalid);
    return position_ = target;
}

Result<void> RegularFile::truncate(u64 size) {
    if (!mode_.write || size > max_offset) return fail(Error::invalid);
    return inode()->truncate(size);
}

Result<void> RegularFile::allocate(u32 mode, u64 offset, u64 size) {
    if (!mode_.write) return fail(Error::bad_descriptor);
    if (size == 0 || offset > max_offset || size > max_offset) return fail(Error::invalid);
    if (offset + size > max_offset) return fail(Error::too_big);
    return inode()->allocate(mode, offset, size);
}

Result<u64> RegularFile::ioctl(u32 request, u64 argument) {
    constexpr u32 bytes_to_read = 0x541b;  // FIONREAD [asm-generic/ioctls.h]
    if (request != bytes_to_read || inode()->type() != FileType::regular) return fail(Error::not_a_terminal);
    Guard guard(position_mutex_);
    u64 size = inode()->size();
    i32 left = static_cast<i32>(size > position_ ? size - position_ : 0);
    TRY(arch::copy_to_program(VirtAddr{argument}, &left, sizeof left));
    return 0;
}

Result<Shared<memory::MappedObject>> RegularFile::map(MapWrites writes) {
    auto* pages = TRY(inode()->pages(mode_.write));
    if (!pages) return fail(Error::no_device);
    auto mapped = TRY(make_shared<MappedFile>(*entry_, *pages));
    if (writes == MapWrites::to_file) TRY(mapped->begin_writes());
    note_access();
    return mapped;
}

std::string_view RegularFile::describe(std::span<char> buffer) { return describe_entry(*entry_, buffer); }

}  // namespace spore::fs
