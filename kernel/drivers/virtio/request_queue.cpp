#include "kernel/drivers/virtio/request_queue.hpp"

#include "base/locked.hpp"

namespace spore::drivers::virtio {

Result<void> RequestQueue::open(Device& device, u16 index, u16 size, bool event_index, std::size_t longest) {
    queue_ = TRY(Queue::create(device, index, size, event_index));
    if (queue_->size() < longest) return fail(Error::not_supported);  // else it would be waited for room that never comes
    return device.connect_interrupt(on_interrupt, this);
}

Result<u16> RequestQueue::take_slot() {
    Guard guard(lock_);
    while (true) {
        // Those that have the slots will not give them back.
        if (queue_->broken()) return fail(Error::io);
        for (u16 slot = 0; slot < slots; ++slot) {
            if (states_[slot] != State::free) continue;
            states_[slot] = State::taken;
            return slot;
        }
        TRY(news_.wait(lock_, sync::Interruptible::no));
    }
}

Result<u32> RequestQueue::run(u16 slot, std::span<const Buffer> chain) {
    Guard guard(lock_);
    while (queue_->free_buffers() < chain.size()) {
        if (queue_->broken()) return fail(Error::io);
        TRY(news_.wait(lock_, sync::Interruptible::no));
    }
    TRY(queue_->offer(chain, slot));
    queue_->notify();
    while (states_[slot] != State::done) {
        reap();
        if (states_[slot] == State::done) break;
        if (queue_->broken()) return fail(Error::io);
        queue_->want_interrupts(true);
        if (queue_->has_news()) continue;
        TRY(news_.wait(lock_, sync::Interruptible::no));
    }
    states_[slot] = State::taken;
    return written_[slot];
}

void RequestQueue::give_slot(u16 slot) {
    Guard guard(lock_);
    states_[slot] = State::free;
    news_.wake_all();
}

void RequestQueue::reap() {
    bool any = false;
    while (auto done = queue_->take()) {
        states_[done->token] = State::done;
        written_[done->token] = done->written;
        any = true;
    }
    if (any || queue_->broken()) news_.wake_all();
}

void RequestQueue::on_interrupt(void* self) {
    auto& queue = *static_cast<RequestQueue*>(self);
    Guard guard(queue.lock_);
    queue.reap();
}

}  // namespace spore::drivers::virtio
