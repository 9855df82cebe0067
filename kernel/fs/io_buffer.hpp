// Where a read puts bytes and a write takes them from: kernel memory, or pieces of the program's memory (iovec).
// A copy to or from the program may fault, so it may sleep: never with a spin lock held.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::fs {

/// One piece of memory; shaped like the ABI's struct iovec.
struct Piece {
    u64 base;
    u64 size;
};

class IoBuffer {
public:
    /// Kernel memory, for the kernel's own reads and writes. Bytes are only read from a const span.
    template <typename Byte, std::size_t Extent>
        requires std::is_same_v<std::remove_const_t<Byte>, std::byte>
    static IoBuffer kernel(std::span<Byte, Extent> bytes) { return {reinterpret_cast<u64>(bytes.data()), bytes.size(), false}; }
    /// Pieces of the program's memory, which the caller has bounds-checked; `pieces` must outlive the buffer.
    static IoBuffer program(std::span<const Piece> pieces);
    static IoBuffer program(VirtAddr at, u64 size) { return {at.value, size, true}; }

    /// Bytes left to transfer.
    u64 remaining() const { return remaining_; }
    bool in_program() const { return in_program_; }
    /// The piece that is used next; empty at the end.
    Piece front() const { return {current_.base, current_.size < remaining_ ? current_.size : remaining_}; }
    /// Copies into the buffer (a read's result) and advances. bad_address when the program's memory is not there.
    /// At most remaining() bytes, here and below.
    Result<void> put(ByteSpan bytes);
    /// Fills with zeros and advances.
    Result<void> put_zeros(u64 size);
    /// Copies out of the buffer (a write's data) and advances.
    Result<void> take(MutableByteSpan bytes);
    /// Passes over bytes without touching them.
    void skip(u64 size);
    /// Fewer bytes than given: drops what is beyond.
    void limit(u64 size) { if (remaining_ > size) remaining_ = size; }

private:
    IoBuffer() = default;
    IoBuffer(u64 base, u64 size, bool in_program) : current_{base, size}, remaining_(size), in_program_(in_program) {}
    template <typename Copy>
    Result<void> transfer(u64 size, Copy copy);
    void next_piece();

    std::span<const Piece> pieces_;  ///< beyond the current one
    Piece current_{};
    u64 remaining_ = 0;
    bool in_program_ = false;
};

}  // namespace spore::fs
