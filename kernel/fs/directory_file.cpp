#include "kernel/fs/directory_file.hpp"

#include "kernel/fs/open.hpp"

namespace spore::fs {
namespace {

/// Passes entries on and remembers up to where they were taken.
class CountingSink final : public DirectorySink {
public:
    CountingSink(DirectorySink& to, u64& position) : to_(to), position_(position) {}
    bool entry(std::string_view name, u64 inode, FileType type, u64 next_position) override {
        if (!to_.entry(name, inode, type, next_position)) return false;
        position_ = next_position;
        return true;
    }

private:
    DirectorySink& to_;
    u64& position_;
};

}  // namespace

Result<u64> DirectoryFile::seek(i64 offset, Whence whence) {
    Guard guard(position_mutex_);
    if (whence == Whence::current) offset += static_cast<i64>(position_);
    else if (whence != Whence::start) return fail(Error::invalid);
    if (offset < 0) return fail(Error::invalid);
    return position_ = static_cast<u64>(offset);
}

Result<void> DirectoryFile::read_directory(DirectorySink& sink) {
    if (!mode_.read) return fail(Error::bad_descriptor);
    if (entry_->deleted()) return fail(Error::not_found);
    Guard guard(position_mutex_);
    CountingSink counting(sink, position_);
    if (position_ == 0 && !counting.entry(".", inode()->number(), FileType::directory, 1)) return {};
    if (position_ == 1) {
        auto above = entry_->parent();
        if (!above && entry_->mount().covered()) above = entry_->mount().covered()->parent();
        if (!counting.entry("..", above ? above->inode()->number() : inode()->number(), FileType::directory, 2)) return {};
    }
    TRY(inode()->read_directory(position_, counting));
    if (!mode_.traceless && !entry_->mount().read_only()) inode()->note_access();
    return {};
}

std::string_view DirectoryFile::describe(std::span<char> buffer) { return describe_entry(*entry_, buffer); }

}  // namespace spore::fs
