#include "kernel/linux/core_file/output.hpp"

#include "kernel/fs/io_buffer.hpp"

namespace spore::linux {

Result<CoreOutput> CoreOutput::create() {
    CoreOutput output;
    output.buffer_ = TRY(HeapArray<std::byte>::create(most_room));
    return output;
}

Result<void> CoreOutput::flush() {
    u64 at = position_ - gathered_;
    auto bytes = buffer_.span().first(std::exchange(gathered_, 0));
    while (file_ && !bytes.empty()) {
        auto buffer = fs::IoBuffer::kernel(bytes);
        auto written = TRY(file_->write_at(buffer, at));
        if (written == 0) return fail(Error::no_space);
        bytes = bytes.subspan(written), at += written, written_end_ = at;
    }
    return {};
}

Result<MutableByteSpan> CoreOutput::room(std::size_t size) {
    if (buffer_.size() - gathered_ < size) TRY(flush());
    return buffer_.span().subspan(gathered_);
}

/// [linux] dump_emit: what would go beyond the limit is not begun.
Result<void> CoreOutput::take(std::size_t size) {
    if (size > left()) return fail(Error::too_big);
    if (halt_ && halt_->killed.load(std::memory_order_relaxed)) return fail(Error::canceled);
    gathered_ += size, position_ += size;
    if (file_) put_ += size;
    return {};
}

Result<void> CoreOutput::put(ByteSpan bytes) {
    while (!bytes.empty()) {
        auto to = TRY(room(1));
        auto part = bytes.first(std::min(bytes.size(), to.size()));
        std::ranges::copy(part, to.begin());
        TRY(take(part.size()));
        bytes = bytes.subspan(part.size());
    }
    return {};
}

Result<void> CoreOutput::put_zeros(u64 size) {
    constexpr std::byte zeros[64] = {};
    for (; size > 0; size -= std::min<u64>(size, sizeof zeros)) TRY(put(std::span(zeros).first(std::min<u64>(size, sizeof zeros))));
    return {};
}

Result<void> CoreOutput::skip_to(u64 position) {
    if (position == position_) return {};
    TRY(flush());
    position_ = position;
    return {};
}

Result<void> CoreOutput::finish() {
    TRY(flush());
    return position_ > written_end_ ? file_->truncate(position_) : Result<void>{};
}

}  // namespace spore::linux
