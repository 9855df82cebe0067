#include "kernel/device/byte_stream.hpp"

namespace spore::device {
namespace {
constinit ByteStream* found = nullptr;
}

ByteStream* channel_stream() { return found; }
void offer_channel_stream(ByteStream& stream) {
    if (!found) found = &stream;
}

}  // namespace spore::device
