#include "kernel/fs/io_buffer.hpp"

#include <algorithm>

#include "arch/user_memory.hpp"
#include "kernel/core/panic.hpp"

namespace spore::fs {

IoBuffer IoBuffer::program(std::span<const Piece> pieces) {
    IoBuffer buffer;
    buffer.pieces_ = pieces;
    buffer.in_program_ = true;
    for (const auto& piece : pieces) buffer.remaining_ += piece.size;
    buffer.next_piece();
    return buffer;
}

void IoBuffer::next_piece() {
    while (current_.size == 0 && !pieces_.empty()) {
        current_ = pieces_.front();
        pieces_ = pieces_.subspan(1);
    }
}

/// Calls copy(address, offset, size) for each piece that the next `size` bytes lie in.
template <typename Copy>
Result<void> IoBuffer::transfer(u64 size, Copy copy) {
    ASSERT(size <= remaining_);
    for (u64 done = 0; done < size;) {
        u64 part = std::min(size - done, current_.size);
        TRY(copy(current_.base, done, part));
        current_.base += part;
        current_.size -= part;
        remaining_ -= part;
        done += part;
        if (current_.size == 0) next_piece();
    }
    return {};
}

Result<void> IoBuffer::put(ByteSpan bytes) {
    if (in_program_)
        return transfer(bytes.size(), [&](u64 base, u64 done, u64 part) {
            return arch::copy_to_program(VirtAddr{base}, bytes.data() + done, part);
        });
    return transfer(bytes.size(), [&](u64 base, u64 done, u64 part) -> Result<void> {
        std::memcpy(VirtAddr{base}.as<void>(), bytes.data() + done, part);
        return {};
    });
}

Result<void> IoBuffer::put_zeros(u64 size) {
    if (in_program_)
        return transfer(size, [&](u64 base, u64, u64 part) { return arch::zero_program(VirtAddr{base}, part); });
    return transfer(size, [&](u64 base, u64, u64 part) -> Result<void> {
        std::memset(VirtAddr{base}.as<void>(), 0, part);
        return {};
    });
}

Result<void> IoBuffer::take(MutableByteSpan bytes) {
    if (in_program_)
        return transfer(bytes.size(), [&](u64 base, u64 done, u64 part) {
            return arch::copy_from_program(bytes.data() + done, VirtAddr{base}, part);
        });
    return transfer(bytes.size(), [&](u64 base, u64 done, u64 part) -> Result<void> {
        std::memcpy(bytes.data() + done, VirtAddr{base}.as<void>(), part);
        return {};
    });
}

void IoBuffer::skip(u64 size) {
    // Passing over bytes copies nothing, so nothing can go wrong.
    (void)transfer(size, [](u64, u64, u64) -> Result<void> { return {}; });
}

}  // namespace spore::fs
