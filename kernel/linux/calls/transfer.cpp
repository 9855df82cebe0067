#include "kernel/linux/calls/transfer.hpp"

#include "kernel/fs/permission.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

Result<Pieces> Pieces::read(UserIn<fs::Piece> from, i64 count) {
    constexpr i64 most = 1024;  // UIO_MAXIOV
    if (count < 0 || count > most) return fail(Error::invalid);
    Pieces pieces;
    TRY(pieces.pieces_.reserve(static_cast<std::size_t>(count)));
    TRY(from.read_all(pieces.pieces_.span()));
    for (auto& piece : pieces.pieces_) {
        if (static_cast<i64>(piece.size) < 0) return fail(Error::invalid);
        if (piece.size && !is_program_range({piece.base}, piece.size)) return fail(Error::bad_address);
        piece.size = std::min(piece.size, largest_transfer - pieces.total_);
        pieces.total_ += piece.size;
    }
    return pieces;
}

Result<fs::IoBuffer> program_buffer(UserBytes at, u64 size) {
    if (size > largest_transfer) size = largest_transfer;
    if (size && !is_program_range(at, size)) return fail(Error::bad_address);
    return fs::IoBuffer::program(at, size);
}

Result<u64> written(Task& task, fs::File& to, Result<u64> result) {
    if (!result && result.error() == Error::broken_pipe && (to.kind() != fs::FileKind::socket || static_cast<Socket&>(to).type() == socket_stream))
        send_to_task(task, SignalInfo::from_process(sigpipe, si_user, task.process().id(), task.process().credentials().uid));
    return result;
}

Result<void> check_size_limit(Task& task, u64 end) {
    if (end <= task.process().limit(limit_file_size).soft) [[likely]] return {};
    if (!task.operands[0]) send_to_task(task, SignalInfo::from_kernel(sigxfsz));  // not for what a ring does
    return fail(Error::too_big);
}

Result<void> end_trust_of(Task& task, fs::File& file) {
    Caller caller(task);
    if (TRY(fs::end_trust(caller, *file.inode()))) fs::tell(file, fs::Change::attributes);
    return {};
}

Result<Shared<fs::File>> readable(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (!file->mode().read || file->mode().path_only) return fail(Error::bad_descriptor);
    return file;
}
Result<Shared<fs::File>> writable(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (!file->mode().write || file->mode().path_only) return fail(Error::bad_descriptor);
    return file;
}

}  // namespace spore::linux
