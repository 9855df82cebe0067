// A core file on its way out: bytes one after another, and holes.
#pragma once

#include "base/bytes.hpp"
#include "kernel/fs/file.hpp"
#include "kernel/linux/core_file/halt.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux {

class CoreOutput {
public:
    /// Room for what is gathered before it is written. no_memory.
    static Result<CoreOutput> create();

    /// From here on, what is put goes into `file`, from its beginning; before, it is only counted. At most `limit` bytes (RLIMIT_CORE), holes not counted.
    void begin(fs::File& file, u64 limit, const CoreHalt& halt) { file_ = &file, limit_ = limit, halt_ = &halt, position_ = gathered_ = 0; }
    u64 position() const { return position_; }
    /// How many bytes may still be put.
    u64 left() const { return limit_ - put_; }

    /// too_big at the limit, canceled when the process was killed meanwhile; what the file says otherwise. After a failure nothing more may be put.
    Result<void> put(ByteSpan bytes);
    template <typename T>
    Result<void> put_value(const T& value) { return put(bytes_of(value)); }
    Result<void> put_zeros(u64 size);
    /// Room for at least `size` bytes, at most most_room, to be filled; then take().
    Result<MutableByteSpan> room(std::size_t size);
    Result<void> take(std::size_t size);
    Result<void> skip_to(u64 position);
    /// Writes what is gathered still, also after a failure, and a hole at the end.
    Result<void> finish();

    static constexpr std::size_t most_room = 64_KiB;

private:
    Result<void> flush();

    HeapArray<std::byte> buffer_;
    std::size_t gathered_ = 0;  ///< they end at position_
    fs::File* file_ = nullptr;
    const CoreHalt* halt_ = nullptr;
    u64 limit_ = ~u64{0}, position_ = 0, put_ = 0, written_end_ = 0;
};

}  // namespace spore::linux
