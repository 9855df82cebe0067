// Reading, writing and changing open files.
#include <algorithm>
#include <limits>

#include "kernel/fs/pipe.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/stat_format.hpp"
#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/socket/socket.hpp"
#include "kernel/linux/uapi/transfer.hpp"

namespace spore::linux::calls {

namespace {

/// RLIMIT_FSIZE, for writes at a place that is known before: signal and error when nothing fits.
Result<void> limit_write(Task& task, fs::File& file, fs::IoBuffer& buffer, u64 offset) {
    u64 limit = task.process().limit(limit_file_size).soft;
    if (limit == Limit::infinite) [[likely]] return {};
    auto* inode = file.inode();
    if (!inode || !buffer.remaining()) return {};
    TRY(check_size_limit(task, offset + 1));
    buffer.limit(limit - offset);
    return {};
}

Result<u64> position_of(fs::File& file) { return file.seek(0, fs::Whence::current); }

/// To transfer at an offset. What has none says so even to those who may not read or write it.
Result<Shared<fs::File>> usable_at(Task& task, Descriptor descriptor, Result<Shared<fs::File>> usable) {
    if (usable) [[likely]] return usable;
    auto file = TRY(task.files().get(descriptor));
    if (!file->mode().path_only) TRY(position_of(*file));
    return usable;
}
Result<Shared<fs::File>> readable_at(Task& task, Descriptor descriptor) { return usable_at(task, descriptor, readable(task, descriptor)); }
Result<Shared<fs::File>> writable_at(Task& task, Descriptor descriptor) { return usable_at(task, descriptor, writable(task, descriptor)); }

/// How much of a program's buffer is there to be read, before the first page that is not.
[[gnu::cold]] u64 readable_prefix(fs::IoBuffer buffer) {
    u64 before = buffer.remaining();
    while (buffer.remaining()) {
        auto piece = buffer.front();
        std::byte one;
        u64 part = std::min(piece.size, page_size - piece.base % page_size);
        if (part && !arch::copy_from_program(&one, {piece.base}, 1)) break;
        buffer.skip(part);
    }
    return before - buffer.remaining();
}

/// A write to a file that meets memory which is not there has written what lies before [linux] generic_perform_write. Not so where others wait for
/// what is written: pipes and sockets.
Result<u64> write_what_is_there(fs::File& file, fs::IoBuffer& buffer, auto&& write) {
    auto whole = buffer;
    auto done = write(buffer);
    if (done || done.error() != Error::bad_address || file.poll_source()) [[likely]] return done;
    u64 there = readable_prefix(whole);
    if (there == 0 || there == whole.remaining()) return done;
    whole.limit(there);
    auto part = write(whole);
    return part ? part : done;
}

Result<u64> read_into(Task& task, fs::File& file, fs::IoBuffer buffer) { return has_read(task, file, file.read(buffer)); }
Result<u64> write_from(Task& task, fs::File& file, fs::IoBuffer buffer) {
    if (task.process().limit(limit_file_size).soft != Limit::infinite)
        if (auto position = position_of(file)) TRY(limit_write(task, file, buffer, *position));
    if (buffer.remaining()) TRY(about_to_change(task, file));
    return has_written(task, file, written(task, file, write_what_is_there(file, buffer, [&](fs::IoBuffer& from) { return file.write(from); })));
}
Result<u64> write_at(Task& task, fs::File& file, fs::IoBuffer buffer, u64 offset) {
    TRY(limit_write(task, file, buffer, offset));
    if (buffer.remaining()) TRY(about_to_change(task, file));
    return has_written(task, file, written(task, file, write_what_is_there(file, buffer, [&](fs::IoBuffer& from) { return file.write_at(from, offset); })));
}

/// sendfile and its like count as a read and a write.
Result<u64> has_copied(Task& task, Result<u64> moved) {
    task.reads.count(moved);
    task.writes.count(moved);
    return moved;
}

/// What sendfile and its like do: through a kernel buffer, as much as both sides take.
/// An offset of ~0 means the file's own position.
constexpr u64 own_position = ~u64{0};
Result<u64> copy_between(Task& task, fs::File& from, u64 from_offset, fs::File& to, u64 to_offset, u64 size) {
    constexpr std::size_t chunk = 32_KiB;
    auto bytes = TRY(HeapArray<std::byte>::create(std::min<u64>(size ? size : 1, chunk)));
    if (size) TRY(about_to_change(task, to));
    u64 done = 0;
    while (done < size) {
        auto part = bytes.span().first(std::min<u64>(bytes.size(), size - done));
        auto into = fs::IoBuffer::kernel(part);
        auto got = from_offset == own_position ? from.read(into) : from.read_at(into, from_offset + done);
        if (!got && done) break;
        u64 available = TRY(got);
        if (available == 0) break;
        u64 moved = 0;
        Result<u64> put = 0;
        while (moved < available) {
            auto out = fs::IoBuffer::kernel(ByteSpan(part.subspan(moved, available - moved)));
            put = to_offset == own_position ? to.write(out) : to.write_at(out, to_offset + done + moved);
            if (!put || *put == 0) break;
            moved += *put;
        }
        // What was read and not written stays unread.
        if (moved < available && from_offset == own_position) (void)from.seek(-static_cast<i64>(available - moved), fs::Whence::current);
        done += moved;
        if (moved < available) {
            if (!put && !done) return written(task, to, put);
            break;
        }
    }
    (void)told(from, fs::Change::accessed, done);
    return told(to, fs::Change::modified, done);
}

/// Pages of the file go as they are: the socket refers to them until the peer has them. not_supported where the socket or the file has no such way.
Result<u64> send_pages_of(fs::File& from, u64 offset, Socket& to, u64 size) {
    constexpr u64 batch = 16;
    auto mapped = from.map(fs::MapWrites::nowhere);
    if (!mapped) return fail(Error::not_supported);
    auto& object = **mapped;
    u64 end = object.size();
    size = offset < end ? std::min(size, end - offset) : 0;
    u64 done = 0;
    while (done < size) {
        u64 at = offset + done, first = at / page_size, within = at % page_size;
        u64 part = std::min(size - done, batch * page_size - within);
        memory::FrameRef pages[batch];
        u64 count = (within + part + page_size - 1) / page_size;
        for (u64 i = 0; i < count; ++i) {
            auto page = object.pages().get(first + i);
            if (page) {
                pages[i] = std::move(*page);
                continue;
            }
            if (i == 0) return done ? Result<u64>(done) : fail(page.error());
            count = i, part = i * page_size - within;
        }
        auto sent = to.send_pages({pages, count}, static_cast<u32>(within), part, done + part < size ? msg_more : 0);
        if (!sent) return done ? Result<u64>(done) : sent;
        done += *sent;
        if (*sent < part) break;
    }
    return done;
}

/// sendfile: without a copy where that can be.
Result<u64> send_file(Task& task, fs::File& from, u64 offset, fs::File& to, u64 size) {
    if (to.kind() != fs::FileKind::socket) return copy_between(task, from, offset, to, own_position, size);
    u64 start = offset == own_position ? TRY(position_of(from)) : offset;
    auto sent = send_pages_of(from, start, static_cast<Socket&>(to), size);
    if (!sent && sent.error() == Error::not_supported) return copy_between(task, from, offset, to, own_position, size);
    if (sent && offset == own_position) TRY(from.seek(static_cast<i64>(start + *sent), fs::Whence::start));
    (void)told(from, fs::Change::accessed, sent);
    return written(task, to, sent);
}

Result<void> check_write_flags(u32 flags) {
    if (flags & ~u32{rwf_write_known}) return fail(Error::not_supported);
    if ((flags & rwf_append) && (flags & rwf_no_append)) return fail(Error::invalid);
    return {};
}

/// RWF_NOWAIT. Files that tell when they are ready are looked at first: only another reader that is quicker can still make the call wait. Of the others
/// as much is moved as is in memory: only a page that goes in this moment can.
Result<void> check_no_wait(fs::File& file, fs::IoBuffer& buffer, u64 offset, fs::Ready wanted) {
    if (offset != own_position) TRY(position_of(file));  // what has none has no offsets
    if (!file.poll_source()) {
        if (!file.inode()) return fail(Error::not_supported);
        u64 ready = TRY(file.inode()->at_hand(offset == own_position ? TRY(position_of(file)) : offset, buffer.remaining()));
        if (ready == 0 && buffer.remaining()) return fail(Error::would_block);
        buffer.limit(ready);
        return {};
    }
    if (!any(file.ready() & (wanted | fs::Ready::error | fs::Ready::hang_up))) return fail(Error::would_block);
    return {};
}

/// At the end or at an offset, however the file was opened. The file's own position moves on when that is where to write.
Result<u64> write_where(Task& task, fs::File& file, fs::IoBuffer buffer, u64 offset, fs::WriteAt where) {
    bool own = offset == own_position;
    u64 at = own ? TRY(position_of(file)) : offset;
    TRY(limit_write(task, file, buffer, where == fs::WriteAt::end ? file.inode()->size() : at));
    if (buffer.remaining()) TRY(about_to_change(task, file));
    auto done = has_written(task, file, written(task, file, file.inode()->write(buffer, at, where)));
    if (done && own) TRY(file.seek(static_cast<i64>(at), fs::Whence::start));
    return done;
}

}  // namespace

Result<u64> read(Task& task, Descriptor descriptor, UserBuffer at, u64 size) {
    auto file = TRY(readable(task, descriptor));
    return read_into(task, *file, TRY(program_buffer(at, size)));
}
Result<u64> write(Task& task, Descriptor descriptor, UserData at, u64 size) {
    auto file = TRY(writable(task, descriptor));
    return write_from(task, *file, TRY(program_buffer(at, size)));
}
Result<u64> readv(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count) {
    auto file = TRY(readable(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    return read_into(task, *file, pieces.buffer());
}
Result<u64> writev(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count) {
    auto file = TRY(writable(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    return write_from(task, *file, pieces.buffer());
}
Result<u64> pread64(Task& task, Descriptor descriptor, UserBuffer at, u64 size, i64 offset) {
    if (offset < 0) return fail(Error::invalid);
    auto file = TRY(readable_at(task, descriptor));
    auto buffer = TRY(program_buffer(at, size));
    return has_read(task, *file, file->read_at(buffer, static_cast<u64>(offset)));
}
Result<u64> pwrite64(Task& task, Descriptor descriptor, UserData at, u64 size, i64 offset) {
    if (offset < 0) return fail(Error::invalid);
    auto file = TRY(writable_at(task, descriptor));
    return write_at(task, *file, TRY(program_buffer(at, size)), static_cast<u64>(offset));
}
Result<u64> preadv(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count, u64 offset, u64) {
    if (static_cast<i64>(offset) < 0) return fail(Error::invalid);
    auto file = TRY(readable_at(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    auto buffer = pieces.buffer();
    return has_read(task, *file, file->read_at(buffer, offset));
}
Result<u64> pwritev(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count, u64 offset, u64) {
    if (static_cast<i64>(offset) < 0) return fail(Error::invalid);
    auto file = TRY(writable_at(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    return write_at(task, *file, pieces.buffer(), offset);
}
Result<u64> read_buffer(Task& task, Descriptor descriptor, fs::IoBuffer buffer, u64 offset, u32 flags) {
    if (flags & ~u32{rwf_read_known}) return fail(Error::not_supported);
    if (offset != own_position && static_cast<i64>(offset) < 0) return fail(Error::invalid);
    auto file = TRY(offset == own_position ? readable(task, descriptor) : readable_at(task, descriptor));
    if (flags & rwf_no_wait) TRY(check_no_wait(*file, buffer, offset, fs::Ready::in));
    if (offset == own_position) return read_into(task, *file, buffer);
    return has_read(task, *file, file->read_at(buffer, offset));
}
Result<u64> preadv2(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count, u64 offset, u64 high, Flags flags) {
    if (flags & ~u32{rwf_read_known}) return fail(Error::not_supported);
    if (!(flags & rwf_no_wait)) return offset == own_position ? readv(task, descriptor, from, count) : preadv(task, descriptor, from, count, offset, high);
    if (offset != own_position && static_cast<i64>(offset) < 0) return fail(Error::invalid);
    (void)TRY(offset == own_position ? readable(task, descriptor) : readable_at(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    return read_buffer(task, descriptor, pieces.buffer(), offset, flags);
}
Result<u64> write_buffer(Task& task, Descriptor descriptor, fs::IoBuffer buffer, u64 offset, u32 flags) {
    TRY(check_write_flags(flags));
    if (offset != own_position && static_cast<i64>(offset) < 0) return fail(Error::invalid);
    auto file = TRY(offset == own_position ? writable(task, descriptor) : writable_at(task, descriptor));
    if (flags & rwf_no_wait) TRY(check_no_wait(*file, buffer, offset, fs::Ready::out));
    auto* inode = file->inode();
    Result<u64> done = 0;
    if ((flags & (rwf_append | rwf_no_append)) && inode && inode->type() == fs::FileType::regular)
        done = write_where(task, *file, buffer, offset, flags & rwf_append ? fs::WriteAt::end : fs::WriteAt::offset);
    else done = offset == own_position ? write_from(task, *file, buffer) : write_at(task, *file, buffer, offset);
    if (done && (flags & (rwf_data_sync | rwf_sync)) && inode) TRY(file->sync(!(flags & rwf_sync)));
    return done;
}
Result<u64> pwritev2(Task& task, Descriptor descriptor, UserIn<fs::Piece> from, i32 count, u64 offset, u64 high, Flags flags) {
    TRY(check_write_flags(flags));
    if (flags == 0) return offset == own_position ? writev(task, descriptor, from, count) : pwritev(task, descriptor, from, count, offset, high);
    if (offset != own_position && static_cast<i64>(offset) < 0) return fail(Error::invalid);
    (void)TRY(offset == own_position ? writable(task, descriptor) : writable_at(task, descriptor));
    auto pieces = TRY(Pieces::read(from, count));
    return write_buffer(task, descriptor, pieces.buffer(), offset, flags);
}

Result<u64> lseek(Task& task, Descriptor descriptor, i64 offset, u32 whence) {
    if (whence > static_cast<u32>(fs::Whence::hole)) return fail(Error::invalid);
    return TRY(task.files().get(descriptor))->seek(offset, static_cast<fs::Whence>(whence));
}
Result<u64> fstat(Task& task, Descriptor descriptor, UserOut<UserStat> result) {
    auto stat = TRY(TRY(task.files().get(descriptor))->stat());
    TRY(result.write(to_user_stat(stat)));
    return 0;
}
Result<u64> ftruncate(Task& task, Descriptor descriptor, i64 size) {
    if (size < 0) return fail(Error::invalid);
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    if (!file->mode().write) return fail(Error::invalid);
    if (file->inode() && static_cast<u64>(size) > file->inode()->size()) TRY(check_size_limit(task, static_cast<u64>(size)));
    TRY(about_to_change(task, *file));
    TRY(file->truncate(static_cast<u64>(size)));
    fs::tell(*file, fs::Change::modified);
    return 0;
}
Result<u64> fallocate(Task& task, Descriptor descriptor, Flags mode, i64 offset, i64 size) {
    if (offset < 0 || size <= 0) return fail(Error::invalid);
    if (offset + static_cast<u64>(size) > 0x7fff'ffff'ffff'ffff) return fail(Error::too_big);
    auto file = TRY(writable(task, descriptor));
    constexpr u32 keep_size = 1;
    if (!(mode & keep_size)) TRY(check_size_limit(task, static_cast<u64>(offset) + static_cast<u64>(size)));
    TRY(about_to_change(task, *file));
    TRY(file->allocate(mode, static_cast<u64>(offset), static_cast<u64>(size)));
    fs::tell(*file, fs::Change::modified);
    return 0;
}
Result<u64> fsync(Task& task, Descriptor descriptor) {
    TRY(TRY(task.files().get(descriptor))->sync(false));
    return 0;
}
Result<u64> fdatasync(Task& task, Descriptor descriptor) {
    TRY(TRY(task.files().get(descriptor))->sync(true));
    return 0;
}
Result<u64> sync(Task&) {
    fs::sync_all();
    return 0;
}
Result<u64> syncfs(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (auto* entry = file->dentry()) TRY(entry->mount().file_system().sync());
    return 0;
}
Result<u64> sync_file_range(Task& task, Descriptor descriptor, i64 offset, i64 size, Flags flags) {
    if (offset < 0 || size < 0 || flags > 7) return fail(Error::invalid);
    auto file = TRY(task.files().get(descriptor));
    if (!file->inode() || fs::pipe_of(*file)) return fail(Error::illegal_seek);
    TRY(file->sync(true));
    return 0;
}
Result<u64> fadvise64(Task& task, Descriptor descriptor, i64, i64, i32 advice) {
    auto file = TRY(task.files().get(descriptor));
    if (!file->inode() || fs::pipe_of(*file)) return fail(Error::illegal_seek);
    if (advice < 0 || advice > 5) return fail(Error::invalid);
    return 0;
}
Result<u64> readahead(Task& task, Descriptor descriptor, i64, u64) {
    auto file = TRY(readable(task, descriptor));
    auto* inode = file->inode();
    if (!inode || (inode->type() != fs::FileType::regular && inode->type() != fs::FileType::block)) return fail(Error::invalid);
    return 0;
}

Result<u64> sendfile(Task& task, Descriptor to, Descriptor from, UserInOut<i64> offset, u64 size) {
    auto source = TRY(readable(task, from));
    auto target = TRY(writable(task, to));
    // Only from what has contents of its own: a terminal or pipe would be waited for until `size` bytes have come.
    auto* inode = source->inode();
    if (!inode || (inode->type() != fs::FileType::regular && inode->type() != fs::FileType::block)) return fail(Error::invalid);
    if (target->mode().append && !fs::pipe_of(*target)) return fail(Error::invalid);
    size = std::min(size, largest_transfer);
    if (!offset) return has_copied(task, send_file(task, *source, own_position, *target, size));
    i64 start = TRY(offset.read());
    if (start < 0) return fail(Error::invalid);
    u64 done = TRY(has_copied(task, send_file(task, *source, static_cast<u64>(start), *target, size)));
    TRY(offset.write(start + static_cast<i64>(done)));
    return done;
}
Result<u64> copy_file_range(Task& task, Descriptor from, UserInOut<i64> from_offset, Descriptor to, UserInOut<i64> to_offset, u64 size, Flags flags) {
    if (flags) return fail(Error::invalid);
    auto source = TRY(readable(task, from));
    auto target = TRY(writable(task, to));
    auto *in = source->inode(), *out = target->inode();
    if (!in || !out) return fail(Error::invalid);
    if (in->is_directory() || out->is_directory()) return fail(Error::is_directory);
    if (in->type() != fs::FileType::regular || out->type() != fs::FileType::regular) return fail(Error::invalid);
    if (target->mode().append) return fail(Error::bad_descriptor);
    u64 read_at = from_offset ? static_cast<u64>(TRY(from_offset.read())) : TRY(position_of(*source));
    u64 put_at = to_offset ? static_cast<u64>(TRY(to_offset.read())) : TRY(position_of(*target));
    constexpr u64 most = static_cast<u64>(std::numeric_limits<i64>::max());
    if (read_at + size < read_at || put_at + size < put_at) return fail(Error::overflow);
    if (read_at > most || put_at > most) return fail(Error::invalid);
    if (put_at == most) return fail(Error::too_big);
    u64 end = in->size();
    size = std::min({size, largest_transfer, read_at < end ? end - read_at : 0});
    if (size == 0) return 0;
    u64 limit = task.process().limit(limit_file_size).soft;
    TRY(check_size_limit(task, put_at + 1));
    size = std::min({size, limit - put_at, most - put_at});
    // What is written must not be what is still to be read [copy_file_range(2), EINVAL].
    if (in == out && put_at < read_at + size && read_at < put_at + size) return fail(Error::invalid);
    u64 done = TRY(has_copied(task, copy_between(task, *source, from_offset ? read_at : own_position, *target, to_offset ? put_at : own_position, size)));
    if (from_offset) TRY(from_offset.write(static_cast<i64>(read_at + done)));
    if (to_offset) TRY(to_offset.write(static_cast<i64>(put_at + done)));
    return done;
}

}  // namespace spore::linux::calls
