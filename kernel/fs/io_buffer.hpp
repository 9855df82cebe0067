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
    static IoBuffer kernel(MutableByteSpan bytes);
    static IoBuffer kernel(ByteSpan bytes);
    /// Pieces of the program's memory, which the caller has bounds-checked; `pieces` must outlive the buffer.
    static IoBuffer program(std::span<const Piece> pieces);
    static IoBuffer program(VirtAddr at, u64 size);

    /// Bytes left to transfer.
    u64 remaining() const { return remaining_; }
    /// Copies into the buffer (a read's result) and advances. bad_address when the program's memory is not there.
    Result<void> put(ByteSpan bytes);
    /// Fills with zeros and advances.
    Result<void> put_zeros(u64 size);
    /// Copies out of the buffer (a write's data) and advances.
    Result<void> take(MutableByteSpan bytes);
    /// Fewer bytes than given: drops what is beyond.
    void limit(u64 size) { if (remaining_ > size) remaining_ = size; }

private:
    Piece single_{};
    std::span<const Piece> pieces_;  ///< beyond the current one
    Piece current_{};
    u64 remaining_ = 0;
    bool in_program_ = false;
};

}  // namespace spore::fs
