// A pair of rings: commands to the controller, and its answers.
#pragma once

#include <atomic>

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/nvme.hpp"

namespace spore::drivers::nvme {

using wire::nvme::Command;
using wire::nvme::Register;

/// How the controller fares, for all of its queues.
class Health {
public:
    explicit Health(Hardware& hardware) : hardware_(hardware) {}
    bool is_dead() const { return dead_.load(std::memory_order_relaxed); }
    /// Asks the controller.
    bool is_alive();
    /// It is used no more, and can do no harm. Any thread.
    void end();

private:
    Hardware& hardware_;
    std::atomic<bool> dead_ = false;
};

class Queue final : public RequestSlots {
public:
    /// Commands of at most so many bytes need no more pages than a slot has room to list.
    static constexpr u32 listed_pages = 64, most_bytes = listed_pages * page_size;
    static constexpr u32 most_entries = 64;

    Queue(Hardware& hardware, Health& health, u32 number) : RequestSlots(disk_patience), hardware_(hardware), health_(health), number_(number) {}
    ~Queue() = default;

    /// Makes rings of `entries`, at least 2. no_memory.
    Result<void> open(u32 entries, u32 doorbell_stride);
    PhysAddr submissions() const { return submissions_.address(); }
    PhysAddr completions() const { return completions_.address(); }
    u32 entries() const { return entries_; }

    /// A slot's room for a list of pages.
    u64* pages(u16 slot) const { return reinterpret_cast<u64*>(pages_.bytes()) + slot * listed_pages; }
    PhysAddr pages_address(u16 slot) const { return pages_.address() + slot * listed_pages * sizeof(u64); }

    /// Gives the command to the controller and sleeps until it is done: its status, 0 for success. io when the controller is used no more.
    Result<u32> run(u16 slot, Command& command);
    /// The same without sleeping, for the only command that there is: its result. io when it fails or takes too long.
    Result<u32> run_alone(Command& command);

    static void on_interrupt(void* self);

private:
    void show(u16 slot, Command& command);
    void reap() override;
    bool listen() override { return has_news(); }
    volatile wire::nvme::Completion* ring() const { return reinterpret_cast<volatile wire::nvme::Completion*>(completions_.bytes()); }
    bool has_news() const { return wire::nvme::phase_of(ring()[head_].what) == phase_; }
    bool broken() const override { return health_.is_dead(); }
    bool is_alive() override { return health_.is_alive(); }
    void give_up() override { health_.end(); }

    Hardware& hardware_;
    Health& health_;
    u32 number_, entries_ = 0, doorbell_ = 0, completion_doorbell_ = 0;
    u32 tail_ = 0, head_ = 0, result_ = 0;
    bool phase_ = true;  ///< of completions that are new
    memory::FrameRef submissions_, completions_, pages_;
};

}  // namespace spore::drivers::nvme
