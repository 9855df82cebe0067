#include "kernel/drivers/entropy/virtio_entropy.hpp"

#include "kernel/core/random.hpp"
#include "kernel/drivers/virtio/queue.hpp"

namespace spore::drivers {
namespace {

using virtio::Buffer;
using virtio::Queue;

constexpr u32 seed_size = 64;

/// Asks once, at boot; the answer comes by interrupt, later. What is there until then is the CPU's own randomness.
class VirtioEntropy {
public:
    explicit VirtioEntropy(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> open() {
        TRY(device_->negotiate(0));
        queue_ = TRY(Queue::create(*device_, 0, 2, false));
        page_ = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
        TRY(device_->connect_interrupt(on_interrupt, this));
        device_->go();
        Buffer seed{page_.address(), seed_size, Buffer::Direction::from_device};
        TRY(queue_->offer({&seed, 1}, 0));
        queue_->notify();
        return {};
    }

private:
    static void on_interrupt(void* self) {
        auto& source = *static_cast<VirtioEntropy*>(self);
        while (auto done = source.queue_->take())
            core::add_entropy({source.page_.bytes(), done->written < seed_size ? done->written : seed_size});
    }

    Owned<virtio::Device> device_;
    Owned<Queue> queue_;
    memory::FrameRef page_;
};

}  // namespace

Result<void> attach_virtio_entropy(Owned<virtio::Device> device) {
    auto source = TRY(make_owned<VirtioEntropy>(std::move(device)));
    TRY(source->open());
    (void)source.release();  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
