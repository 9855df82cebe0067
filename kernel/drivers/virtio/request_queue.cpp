#include "kernel/drivers/virtio/request_queue.hpp"

#include "base/locked.hpp"

namespace spore::drivers::virtio {

Result<void> RequestQueue::open(Device& device, u16 index, u16 size, bool event_index, std::size_t longest) {
    queue_ = TRY(Queue::create(device, index, size, event_index));
    if (queue_->size() < longest) return fail(Error::not_supported);  // else it would be waited for room that never comes
    return device.connect_interrupt(on_interrupt, this);
}

Result<u32> RequestQueue::run(u16 slot, std::span<const Buffer> chain) {
    Guard guard(lock_);
    while (queue_->free_buffers() < chain.size()) {
        if (broken()) return fail(Error::io);
        TRY(news_.wait(lock_, sync::Interruptible::no));
    }
    TRY(queue_->offer(chain, slot));
    shown(slot);
    queue_->notify();
    return wait_for(slot);
}

void RequestQueue::reap() {
    while (auto done = queue_->take()) finish(done->token, done->written);
}

bool RequestQueue::listen() {
    if (queue_->has_news()) return true;
    queue_->want_interrupts(true);
    return queue_->has_news();
}

void RequestQueue::on_interrupt(void* self) {
    auto& queue = *static_cast<RequestQueue*>(self);
    Guard guard(queue.lock_);
    queue.look();
}

}  // namespace spore::drivers::virtio
