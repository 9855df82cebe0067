// The bytes of an EROFS image, block by block: in memory, or on a block device.
#pragma once

#include "base/bytes.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore::fs::erofs {

/// A block's bytes, and what keeps them there.
struct BlockView {
    memory::FrameRef frame;  ///< empty for an image in memory
    ByteSpan bytes;
};

class Image {
public:
    virtual ~Image() = default;
    virtual u64 size() const = 0;
    /// A whole block. May sleep. io when the device failed.
    virtual Result<BlockView> block(u64 index) = 0;
    /// The same as a frame that may be mapped: the image's own where that is possible.
    virtual Result<memory::FrameRef> frame(u64 index) = 0;
    /// The same where that takes no waiting; otherwise nothing.
    virtual memory::FrameRef frame_at_hand(u64 index) = 0;
    /// The whole image, when it lies in memory; else empty.
    virtual ByteSpan in_memory() const { return {}; }

    /// Copies bytes from anywhere. corrupt when they are outside.
    Result<void> read(u64 offset, MutableByteSpan into);
};

/// An image that boot put into memory. `Frames::usable`: it lies page-aligned in physical memory that Frame records cover, so that
/// its pages can be mapped in place.
class MemoryImage final : public Image {
public:
    enum class Frames : u8 { none, usable };
    MemoryImage(ByteSpan bytes, Frames frames) : bytes_(bytes), frames_(frames) {}
    u64 size() const override { return bytes_.size(); }
    Result<BlockView> block(u64 index) override;
    Result<memory::FrameRef> frame(u64 index) override;
    memory::FrameRef frame_at_hand(u64 index) override { return frame(index).value_or(memory::FrameRef{}); }
    ByteSpan in_memory() const override { return bytes_; }

private:
    ByteSpan bytes_;
    Frames frames_;
};

}  // namespace spore::fs::erofs
