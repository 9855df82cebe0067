// Pieces of program memory for readv and its like.
#pragma once

#include "kernel/fs/notify.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/short_array.hpp"

namespace spore::linux {

/// The most that one call moves ([linux] MAX_RW_COUNT).
inline constexpr u64 largest_transfer = 0x7fff'f000;

/// An iovec array copied in and checked; few pieces lie in place.
class Pieces {
public:
    static Result<Pieces> read(UserIn<fs::Piece> from, i64 count);
    fs::IoBuffer buffer() { return fs::IoBuffer::program(pieces_.span()); }
    u64 total() const { return total_; }

private:
    ShortArray<fs::Piece, 8> pieces_;
    u64 total_ = 0;
};

/// One buffer of a read or write; bad_address when it leaves the program's half.
Result<fs::IoBuffer> program_buffer(UserBytes at, u64 size);

/// Those who watch the file hear of it when bytes were moved.
inline Result<u64> told(fs::File& file, fs::Change what, Result<u64> moved) {
    if (moved && *moved) fs::tell(file, what);
    return moved;
}

/// A call's read or write is over: it counts as one.
inline Result<u64> has_read(Task& task, fs::File& file, Result<u64> moved) {
    task.reads.count(moved);
    return told(file, fs::Change::accessed, moved);
}
inline Result<u64> has_written(Task& task, fs::File& file, Result<u64> moved) {
    task.writes.count(moved);
    return told(file, fs::Change::modified, moved);
}

/// Tells a writer whose reader has gone: SIGPIPE, but where it wrote messages to a socket; then EPIPE.
Result<u64> written(Task& task, fs::File& to, Result<u64> result);
/// RLIMIT_FSIZE: a file is to become `end` bytes long, or longer. Signal and too_big when it may not.
Result<void> check_size_limit(Task& task, u64 end);

/// The contents of an open file are about to change: what it was trusted with ends (fs::end_trust).
Result<void> end_trust_of(Task& task, fs::File& file);
inline Result<void> about_to_change(Task& task, fs::File& file) {
    auto* inode = file.inode();
    if (!inode || inode->type() != fs::FileType::regular || inode->bears_no_trust.load(std::memory_order_relaxed)) [[likely]] return {};
    return end_trust_of(task, file);
}

Result<Shared<fs::File>> readable(Task& task, Descriptor descriptor);
Result<Shared<fs::File>> writable(Task& task, Descriptor descriptor);

// What system calls and the operations of rings (ring/operations.cpp) have in common.
namespace calls {
/// preadv2 and pwritev2 with a buffer that was looked at already; at ~0 the file's own position.
Result<u64> read_buffer(Task& task, Descriptor file, fs::IoBuffer buffer, u64 offset, u32 flags);
Result<u64> write_buffer(Task& task, Descriptor file, fs::IoBuffer buffer, u64 offset, u32 flags);

/// Where a side of a splice begins: at an offset in the program's memory, which moves on, or one that is known; -1: the file's own position.
struct SpliceOffset {
    UserInOut<i64> user{};
    i64 value = -1;
};
Result<u64> splice_at(Task& task, Descriptor from, SpliceOffset from_offset, Descriptor to, SpliceOffset to_offset, u64 size, Flags flags);
}  // namespace calls

}  // namespace spore::linux
