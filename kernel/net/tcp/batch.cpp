#include "kernel/net/tcp/batch.hpp"

#include "kernel/core/per_cpu.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::tcp {

namespace {
PER_CPU(Batch, batch);
}  // namespace

/// A connection whose last owner was its timer cannot be destroyed in the timer's callback: that happens a moment later.
struct Reaper final : device::PollJob {
    bool poll(u32) override {
        while (auto* block = first) {
            first = block->batch_next;
            delete block;
        }
        return false;
    }
    ControlBlock* first = nullptr;
};

namespace {
PER_CPU(Reaper, reaper);
}  // namespace

Batch& local_batch() { return *batch; }

Instant Batch::time() {
    if (now_ == Instant{}) now_ = time::now();
    return now_;
}

void Batch::deliver(ControlBlock& block, Segment& segment, Owned<device::Packet> packet) {
    Batch* before = nullptr;
    if (block.batch.compare_exchange_strong(before, this, std::memory_order_acquire)) {  // pairs with finish()
        block.batch_next = first_;
        first_ = &block;
        last_ = &block;
        ControlBlock::Session session(block);
        return block.input(segment, std::move(packet), time());
    }
    // In this batch already; or in another CPU's, which may be past finishing it.
    auto owner = Shared<ControlBlock>::adopt(&block);
    ControlBlock::Session session(block);
    block.input(segment, std::move(packet), time());
    if (before != this) block.finish_batch();
}

void Batch::finish() {
    last_ = nullptr;
    while (auto* block = first_) {
        first_ = block->batch_next;
        auto owner = Shared<ControlBlock>::adopt(block);
        block->batch.store(nullptr, std::memory_order_release);
        ControlBlock::Session session(*block);
        block->finish_batch();
    }
    now_ = {};
}

void release_later(ControlBlock& block) {
    if (!block.release()) return;
    block.batch_next = reaper->first;
    reaper->first = &block;
    reaper->schedule();
}

}  // namespace spore::net::tcp
