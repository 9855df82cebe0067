// Pipes, and moving bytes through them. Bytes are copied by way of a kernel buffer: what Linux saves in copies here, it pays for with
// pages that change under a reader's feet.
#include "kernel/fs/pipe.hpp"

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/socket.hpp"
#include "kernel/linux/uapi/open.hpp"
#include "kernel/linux/uapi/transfer.hpp"

namespace spore::linux::calls {

Result<u64> pipe2(Task& task, UserOut<i32> ends, Flags flags) {
    if (flags & ~u32{o_close_on_exec | o_nonblock | o_direct}) return fail(Error::invalid);
    auto made = TRY(fs::create_pipe({.nonblocking = (flags & o_nonblock) != 0}));
    auto on_exec = flags & o_close_on_exec ? OnExec::close : OnExec::keep;
    u64 limit = task.process().limit(limit_files).soft;
    i32 numbers[2];
    numbers[0] = static_cast<i32>(TRY(task.files().add(std::move(made.reader), on_exec, limit)));
    auto second = task.files().add(std::move(made.writer), on_exec, limit);
    if (second) numbers[1] = static_cast<i32>(*second);
    Result<void> told = second ? ends.write_all(numbers) : Result<void>(fail(second.error()));
    if (told) return 0;
    (void)task.files().close({numbers[0]});
    if (second) (void)task.files().close({numbers[1]});
    return fail(told.error());
}
Result<u64> pipe(Task& task, UserOut<i32> ends) { return pipe2(task, ends, {0}); }

namespace {

constexpr u64 chunk = fs::default_pipe_size;

/// One side of a splice: a file at its own position or at an offset that is advanced.
struct Side {
    Shared<fs::File> file;
    SpliceOffset at{};
    i64 offset = 0;

    bool placed() const { return at.user || at.value != -1; }
    Result<void> begin() {
        if (!placed()) return {};
        if (fs::pipe_of(*file)) return fail(Error::illegal_seek);
        if (!file->seek(0, fs::Whence::current)) return fail(Error::invalid);  // sockets have no places
        offset = at.user ? TRY(at.user.read()) : at.value;
        if (offset < 0) return fail(Error::invalid);
        return {};
    }
    Result<void> end() { return at.user ? at.user.write(offset) : Result<void>{}; }
    /// `more_follows`: further bytes follow at once, which sockets wait for before they send a small packet.
    Result<u64> put(MutableByteSpan bytes, bool more_follows) {
        auto buffer = fs::IoBuffer::kernel(bytes);
        if (more_follows && file->kind() == fs::FileKind::socket) {
            SendRequest request{.data = buffer, .flags = msg_more};
            return static_cast<Socket&>(*file).send(request);
        }
        if (!placed()) return file->write(buffer);
        u64 done = TRY(file->write_at(buffer, static_cast<u64>(offset)));
        offset += static_cast<i64>(done);
        return done;
    }
    Result<u64> get(MutableByteSpan bytes) {
        auto buffer = fs::IoBuffer::kernel(bytes);
        if (!placed()) return file->read(buffer);
        u64 done = TRY(file->read_at(buffer, static_cast<u64>(offset)));
        offset += static_cast<i64>(done);
        return done;
    }
};

/// Whether a file can be an end of a splice at all: what tells of events only cannot.
bool splices(const fs::File& file) {
    switch (file.kind()) {
    case fs::FileKind::epoll: case fs::FileKind::event: case fs::FileKind::process:
    case fs::FileKind::inotify: case fs::FileKind::signal: case fs::FileKind::timer: case fs::FileKind::ring:
        return false;
    default: return true;
    }
}

/// From a pipe to any file: what does not arrive stays in the pipe.
Result<u64> from_pipe(fs::Pipe& pipe, Side& to, u64 size, bool may_wait, bool more_follows) {
    auto bytes = TRY(HeapArray<std::byte>::create(std::min(size, chunk)));
    u64 done = 0;
    while (done < size) {
        auto buffer = fs::IoBuffer::kernel(bytes.span().first(std::min<u64>(bytes.size(), size - done)));
        auto seen = pipe.begin_taking(buffer, may_wait && done == 0);
        if (!seen || *seen == 0) return done ? Result<u64>(done) : seen;
        auto put = to.put(bytes.span().first(*seen), more_follows || (done + *seen < size && pipe.available() > *seen));
        pipe.end_taking(put ? *put : 0);
        if (!put) return done ? Result<u64>(done) : put;
        done += *put;
        if (*put < *seen) break;
    }
    return done;
}

/// From a pipe to another. What is waited for is waited for with nothing begun: others may read and write meanwhile.
Result<u64> between_pipes(fs::Pipe& in, fs::Pipe& out, u64 size, bool may_wait) {
    auto bytes = TRY(HeapArray<std::byte>::create(std::min(size, chunk)));
    while (true) {
        u64 part = std::min<u64>(bytes.size(), TRY(out.wait_for_room(may_wait)));
        auto buffer = fs::IoBuffer::kernel(bytes.span().first(part));
        u64 seen = TRY(in.begin_taking(buffer, may_wait));
        if (seen == 0) return 0;
        auto from = fs::IoBuffer::kernel(ByteSpan(bytes.span().first(seen)));
        auto put = out.write(from, false);
        in.end_taking(put ? *put : 0);
        if (put || put.error() != Error::would_block || !may_wait) return put;
    }
}

/// From a file into a pipe: no more is read than there is room for.
Result<u64> to_pipe(Side& from, fs::Pipe& pipe, u64 size, bool may_wait) {
    auto bytes = TRY(HeapArray<std::byte>::create(std::min(size, pipe.capacity())));
    u64 room = TRY(pipe.begin_putting(may_wait));
    auto got = from.get(bytes.span().first(std::min<u64>(bytes.size(), room)));
    auto put = pipe.end_putting(bytes.span().first(got ? *got : 0));
    if (!got) return fail(got.error() == Error::is_directory ? Error::invalid : got.error());
    return put;
}

}  // namespace

Result<u64> splice_at(Task& task, Descriptor from, SpliceOffset from_offset, Descriptor to, SpliceOffset to_offset, u64 size, Flags flags) {
    if (flags & ~u32{splice_known}) return fail(Error::invalid);
    if (size == 0) return 0;
    Side source{TRY(readable(task, from)), from_offset}, target{TRY(writable(task, to)), to_offset};
    auto* in = fs::pipe_of(*source.file);
    auto* out = fs::pipe_of(*target.file);
    if ((!in && !out) || in == out || target.file->mode().append || !splices(*source.file) || !splices(*target.file)) return fail(Error::invalid);
    TRY(source.begin());
    TRY(target.begin());
    bool may_wait = !(flags & splice_non_blocking);
    size = std::min(size, largest_transfer);
    if (in) TRY(about_to_change(task, *target.file));
    bool may_wait_for_bytes = may_wait && !source.file->mode().nonblocking, may_wait_for_room = may_wait && !target.file->mode().nonblocking;
    auto moved = in && out ? between_pipes(*in, *out, size, may_wait_for_bytes && may_wait_for_room)
               : in        ? from_pipe(*in, target, size, may_wait_for_bytes, (flags & splice_more) != 0)
                           : to_pipe(source, *out, size, may_wait_for_room);
    if (!moved) return written(task, *target.file, moved);
    TRY(source.end());
    TRY(target.end());
    (void)told(*source.file, fs::Change::accessed, moved);
    return told(*target.file, fs::Change::modified, moved);
}

Result<u64> splice(Task& task, Descriptor from, UserInOut<i64> from_offset, Descriptor to, UserInOut<i64> to_offset, u64 size, Flags flags) {
    return splice_at(task, from, {.user = from_offset}, to, {.user = to_offset}, size, flags);
}

Result<u64> tee(Task& task, Descriptor from, Descriptor to, u64 size, Flags flags) {
    if (flags & ~u32{splice_known}) return fail(Error::invalid);
    auto source = TRY(readable(task, from)), target = TRY(writable(task, to));
    auto* in = fs::pipe_of(*source);
    auto* out = fs::pipe_of(*target);
    if (!in || !out || in == out) return fail(Error::invalid);
    if (size == 0) return 0;
    auto bytes = TRY(HeapArray<std::byte>::create(std::min(size, chunk)));
    auto into = fs::IoBuffer::kernel(bytes.span());
    u64 seen = TRY(in->peek(into, !(flags & splice_non_blocking)));
    auto buffer = fs::IoBuffer::kernel(ByteSpan(bytes.span().first(seen)));
    return written(task, *target, out->write(buffer, !(flags & splice_non_blocking)));
}

Result<u64> vmsplice(Task& task, Descriptor descriptor, UserIn<fs::Piece> user, u64 count, Flags flags) {
    if (flags & ~u32{splice_known}) return fail(Error::invalid);
    auto file = TRY(task.files().get(descriptor));
    auto* pipe = fs::pipe_of(*file);
    if (!pipe) return fail(Error::bad_descriptor);
    auto pieces = TRY(Pieces::read(user, static_cast<i64>(count)));
    auto buffer = pieces.buffer();
    bool may_wait = !(flags & splice_non_blocking) && !file->mode().nonblocking;
    if (!file->mode().write) return pipe->read(buffer, may_wait);
    if (buffer.remaining() <= fs::pipe_atomic_size) return written(task, *file, pipe->write(buffer, may_wait));
    // It waits for some room, and not for the rest of it.
    while (true) {
        if (auto room = pipe->wait_for_room(may_wait); !room) return written(task, *file, room);
        auto put = pipe->write(buffer, false);
        if (put || put.error() != Error::would_block) return written(task, *file, put);
    }
}

}  // namespace spore::linux::calls
