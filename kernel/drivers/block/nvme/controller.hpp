// A controller: brought up, asked for its namespaces, and given a pair of queues for each CPU where it has as many.
#pragma once

#include "kernel/drivers/block/nvme/queue.hpp"

namespace spore::drivers::nvme {

class Controller {
public:
    explicit Controller(Owned<Hardware> hardware) : hardware_(std::move(hardware)), health_(*hardware_), admin_(*hardware_, health_, 0) {}

    /// not_supported for controllers of another kind, io when it does not answer. Lives as long as the machine, whether it starts or not, since there may be
    /// interrupts that lead to it.
    Result<void> open();
    /// Adds a disk for each namespace that is usable. How many.
    Result<u32> add_disks();

    /// The calling CPU's.
    Queue& queue() { return *queues_[arch::cpu_id() % queue_count_]; }
    /// What was written is durable after a flush only.
    bool has_cache() const { return has_cache_; }
    /// It can be told of blocks that hold nothing any more.
    bool can_discard() const { return can_discard_; }
    u32 most_bytes() const { return most_bytes_; }

private:
    u32 read(Register r, u32 word = 0) { return hardware_->read(static_cast<u32>(r) + 4 * word); }
    void write(Register r, u32 value, u32 word = 0) { hardware_->write(static_cast<u32>(r) + 4 * word, value); }
    void write_address(Register r, PhysAddr address);
    Result<void> wait_until_ready(bool wanted);
    Result<void> start();
    Result<void> open_queues();
    Result<void> open_queue(u32 number, u32 vector);
    Result<void> identify(u32 what, u32 namespace_id);
    Result<bool> add_disk(u32 namespace_id);

    Owned<Hardware> hardware_;
    Health health_;
    Queue admin_;
    wire::nvme::Capabilities capabilities_{};
    Queue* queues_[arch::max_cpus] = {};
    u32 queue_count_ = 0;
    memory::FrameRef page_;  ///< what identify told last
    u32 most_bytes_ = Queue::most_bytes;
    bool has_cache_ = true, can_discard_ = false;
};

}  // namespace spore::drivers::nvme
